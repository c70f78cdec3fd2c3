// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * predict-window.c - the events that wait to be judged, and those that were
 *
 * A ring, in which each place has room of its own for lists.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/prefetch.h"
#include "trace/predict.h"

#define AHEAD 6 /* places that are asked for before they are written */

/* Which of the ring's count an event is. */
static uint64_t number_of(const struct libdma_predictor *frame,
			  const struct foreseen *event)
{
	uint64_t place = (uint64_t)(event - frame->window), oldest = predict_oldest(frame);

	return oldest + ((place - oldest) & frame->mask);
}

struct foreseen *predict_next(struct libdma_predictor *frame, const struct foreseen *event)
{
	uint64_t number = number_of(frame, event) + 1;

	return number < frame->newest ? predict_at(frame, number) : NULL;
}

struct foreseen *predict_previous(struct libdma_predictor *frame,
				  const struct foreseen *event)
{
	uint64_t number = number_of(frame, event);

	return number > predict_oldest(frame) ? predict_at(frame, number - 1) : NULL;
}

struct foreseen *predict_previous_of_cpu(struct libdma_predictor *frame,
					 const struct foreseen *event)
{
	struct foreseen *other = predict_previous(frame, event);

	while (other && other->event.cpu != event->event.cpu)
		other = predict_previous(frame, other);
	return other;
}

bool predict_is_release(unsigned int kind)
{
	switch (kind) {
	case DMA_EVENT_POOL_FREE:
	case DMA_EVENT_SWIOTLB_UNMAP:
	case DMA_EVENT_FREE_IOVA:
	case DMA_EVENT_FLUSH:
	case DMA_EVENT_IOMMU_UNMAP:
		return true;
	default:
		return event_kind_class(kind) == DMA_CLASS_UNMAP ||
		       event_kind_class(kind) == DMA_CLASS_FREE;
	}
}

/* What an interrupt may do, in the name of the task that it came into? */
static bool may_interrupt(const struct dma_event *event, const struct dma_event *other)
{
	return other->pid == event->pid && predict_is_release(other->kind) &&
	       event->ns - other->ns <= PREDICT_INTERRUPT_NS;
}

struct foreseen *predict_interrupted(struct libdma_predictor *frame,
				     const struct foreseen *event)
{
	struct foreseen *other = NULL, *before = predict_previous_of_cpu(frame, event);

	while (before && may_interrupt(&event->event, &before->event)) {
		other = before;
		before = predict_previous_of_cpu(frame, before);
	}
	return other;
}

/* Where events were lost nobody knows what a task did between those that are shown. */
static bool knows_tasks(const struct libdma_predictor *frame)
{
	return frame->lost_number == UINT64_MAX;
}

/* Idle is no task that others run in the place of, and runs where no other waits. */
static bool may_preempt(const struct dma_event *event, const struct dma_event *other)
{
	return event->pid && other->pid && other->pid != event->pid &&
	       event->ns - other->ns <= PREDICT_INTERRUPT_NS;
}

struct foreseen *predict_preempted(struct libdma_predictor *frame,
				   const struct foreseen *event)
{
	struct foreseen *first = NULL, *other = predict_previous(frame, event);
	const struct dma_event *said = &event->event;

	if (!knows_tasks(frame))
		return predict_interrupted(frame, event);
	for (; other; other = predict_previous(frame, other)) {
		if (other->event.cpu != said->cpu) {
			if (said->pid && other->event.pid == said->pid)
				break;
			continue;
		}
		if (!may_interrupt(said, &other->event) && !may_preempt(said, &other->event))
			break;
		first = other;
	}
	return first;
}

bool predict_rested(struct libdma_predictor *frame, const struct foreseen *event,
		    const struct foreseen *other)
{
	const struct foreseen *between = other;

	while ((between = predict_previous(frame, between)) && between != event)
		if (between->event.pid == other->event.pid &&
		    !predict_is_release(between->event.kind))
			return false;
	return knows_tasks(frame) && other->event.pid &&
	       other->event.pid != event->event.pid;
}

/* ---- copies ---- */

static void *copy_list(char **to, const void *from, size_t size)
{
	void *copy = *to;

	if (!from)
		return NULL;
	memcpy(copy, from, size);
	*to += size;
	return copy;
}

/* How much of an event is not 0. */
enum { USES_HEAD, USES_MIDDLE, USES_ALL };

static unsigned int use_of(const struct dma_event *event)
{
	if (predict_has_tail(event))
		return USES_ALL;
	return event->mask | event->boundary | event->coherent_mask ? USES_MIDDLE
								    : USES_HEAD;
}

/* What one event that was longer has left behind the end of this one is 0 again. */
static void copy_short(struct foreseen *to, const struct dma_event *from,
		       unsigned int use)
{
	memcpy(&to->event, from, PREDICT_HEAD);
	if (to->used | use)
		memcpy((char *)&to->event + PREDICT_HEAD,
		       (const char *)from + PREDICT_HEAD, PREDICT_TAIL - PREDICT_HEAD);
	if (to->used == USES_ALL)
		memset((char *)&to->event + PREDICT_TAIL, 0,
		       sizeof(to->event) - PREDICT_TAIL);
	to->used = (uint8_t)use;
}

static __attribute__((noinline)) int copy_all(struct foreseen *to,
					      const struct dma_event *from)
{
	size_t phys = from->phys_count, dma = from->dma_count, size = (phys + dma) * 12;
	char *lists;

	to->used = USES_ALL;
	to->event = *from;
	to->event.text = NULL;
	to->event.text_size = 0;
	if (!size)
		return 0;
	if (size > to->lists_size) {
		lists = realloc(to->lists, size);
		if (!lists)
			return -ENOMEM;
		to->lists = lists;
		to->lists_size = size;
	}
	lists = to->lists;
	to->event.phys_list = copy_list(&lists, from->phys_list, phys * 8);
	to->event.dma_list = copy_list(&lists, from->dma_list, dma * 8);
	to->event.size_list = copy_list(&lists, from->size_list, phys * 4);
	to->event.dma_size_list = copy_list(&lists, from->dma_size_list, dma * 4);
	return 0;
}

/* Give a place an event, with lists of its own; 0 or -ENOMEM. */
static inline int copy(struct foreseen *to, const struct dma_event *from)
{
	unsigned int use = use_of(from);

	if (use == USES_ALL)
		return copy_all(to, from);
	copy_short(to, from, use);
	return 0;
}

/* ---- what comes; not the thread's side ---- */

/* What the thread has looked at is written again. */
static void make_way(const struct foreseen *event)
{
	prefetch_write(event);
	prefetch_write((const char *)event + CACHE_LINE);
}

int libdma_predictor_put(struct libdma_predictor *frame, const struct dma_event *event)
{
	unsigned int kind = event->kind < DMA_EVENT_KINDS ? event->kind : DMA_EVENT_NONE;
	struct foreseen *new;
	int err = frame->come == frame->stop ? predict_thread_go_on(frame) : 0;

	if (err)
		return err;
	make_way(predict_at(frame, frame->come + AHEAD));
	new = predict_at(frame, frame->come);
	err = copy(new, event);
	if (err)
		return err;
	new->place = live_place(event);
	new->class = (uint8_t)event_kinds[kind].class;
	new->judges = frame->judging[kind];
	new->judged = new->done = new->is_page = false;
	new->has_since = new->put_off = false;
	new->memo = NULL;
	frame->come++;
	return frame->thread ? 0 : predict_take_in(frame, frame->come);
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * predict-sort.c - waiting events in the order of what they tell of
 *
 * A recording has them in the order in which there was room for each. What is told
 * before it is done goes behind what was done by then, and an answer before it.
 */
#include "trace/predict.h"

/* Is the event written before what it tells of is done? */
static bool is_announcement(unsigned int kind)
{
	return kind == DMA_EVENT_POOL_FREE || kind == DMA_EVENT_FREE_IOVA ||
	       kind == DMA_EVENT_SWIOTLB_BOUNCED || kind == DMA_EVENT_SWIOTLB_UNMAP;
}

/* What a task does is shown in its order. */
static bool is_same_task(const struct dma_event *one, const struct dma_event *other)
{
	return one->pid == other->pid && (one->pid || one->cpu == other->cpu);
}

static bool is_search(unsigned int kind)
{
	return kind == DMA_EVENT_SWIOTLB_BOUNCED || kind == DMA_EVENT_SWIOTLB_MAP;
}

/* A map's own searches are done before it. */
static bool is_map_of(const struct foreseen *map, const struct foreseen *search)
{
	const struct dma_event *said = &map->event;
	phys_addr_t phys = search->event.phys;

	/* what is announced is the address that the device would use */
	if (search->event.kind == DMA_EVENT_SWIOTLB_BOUNCED && search->device)
		phys -= search->device->offset;
	if (map->device != search->device || event_kind_class(said->kind) != DMA_CLASS_MAP)
		return false;
	for (uint32_t i = 0; i < said->phys_count; i++)
		if (said->phys_list[i] == phys)
			return true;
	return said->phys == phys;
}

/* Is this done behind the event that is judged next? */
static bool is_tied(const struct foreseen *other, const struct foreseen *event)
{
	return is_same_task(&other->event, &event->event) ||
	       (is_search(event->event.kind) && is_map_of(other, event));
}

/* The event that is judged next comes behind this one. */
static void put_behind(struct libdma_predictor *frame, uint64_t behind)
{
	struct foreseen event = *predict_at(frame, frame->next);

	for (uint64_t i = frame->next; i < behind; i++)
		*predict_at(frame, i) = *predict_at(frame, i + 1);
	*predict_at(frame, behind) = event;
}

/*
 * A recorder takes room for an event and then the time, between which its CPU may do
 * something else. What is done behind the event is done behind that time, and so behind
 * all that others show later with an earlier one.
 */
static bool put_off_announcement(struct libdma_predictor *frame)
{
	const struct foreseen *event = predict_at(frame, frame->next);
	uint64_t behind = frame->next;

	if (!is_announcement(event->event.kind))
		return false;
	for (uint64_t i = frame->next + 1; i <= frame->disorder; i++) {
		const struct foreseen *other = predict_at(frame, i);

		/* the time of what was put off says nothing of the place where it is now */
		if (other->put_off)
			continue;
		if (other->event.ns < event->event.ns && !is_map_of(other, event))
			behind = i;
		else if (other->event.cpu == event->event.cpu || is_tied(other, event))
			break;
	}
	put_behind(frame, behind);
	return behind > frame->next;
}

/* Is the event written when what it tells of is done, with the time at which it was? */
static bool is_answer(const struct dma_event *said)
{
	return said->kind == DMA_EVENT_POOL_ALLOC || said->kind == DMA_EVENT_ALLOC_IOVA ||
	       (said->kind == DMA_EVENT_SWIOTLB_MAP && said->flags & DMA_EVENT_SEARCHED);
}

/* The first answer that is shown behind the next event, and was there before all between. */
static uint64_t find_answer(const struct libdma_predictor *frame)
{
	uint64_t earliest_ns = predict_at(frame, frame->next)->event.ns;

	for (uint64_t i = frame->next + 1; i <= frame->disorder; i++) {
		const struct foreseen *other = predict_at(frame, i);
		const struct dma_event *said = &other->event;

		if (other->put_off || said->ns >= earliest_ns)
			continue;
		if (is_answer(said))
			return i;
		earliest_ns = said->ns;
	}
	return frame->next;
}

/*
 * Of an answer a recorder takes the time, and then room for the event: what others show
 * before it with a later time, or an interrupt, was done behind it.
 */
static bool bring_answer(struct libdma_predictor *frame)
{
	uint64_t from = find_answer(frame);
	struct foreseen answer;

	if (from == frame->next)
		return false;
	answer = *predict_at(frame, from);
	for (uint64_t i = from; i > frame->next; i--)
		*predict_at(frame, i) = *predict_at(frame, i - 1);
	*predict_at(frame, frame->next) = answer;
	return true;
}

void predict_sort(struct libdma_predictor *frame)
{
	while (frame->disorder > frame->next &&
	       (bring_answer(frame) || put_off_announcement(frame)))
		;
}

bool predict_put_off(struct libdma_predictor *frame, const struct foreseen *other)
{
	struct foreseen *event = predict_at(frame, frame->next);
	uint64_t behind = frame->next;

	while (behind + 1 < frame->newest && predict_at(frame, behind) != other &&
	       (predict_is_release(predict_at(frame, behind + 1)->event.kind) ||
		!is_tied(predict_at(frame, behind + 1), event)))
		behind++;
	if (behind == frame->next)
		return false;
	event->put_off = true;
	put_behind(frame, behind);
	frame->again = true;
	return true;
}

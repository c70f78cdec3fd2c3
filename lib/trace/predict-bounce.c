// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * predict-bounce.c - which map a bounce belongs to
 *
 * A search for slots is announced on its own; the map or list that it is for follows,
 * with others between them.
 *
 * Kernel counterpart: none; the rules are T2, T3 of RULES.md
 */
#include <errno.h>
#include <stdlib.h>

#include "trace/predict-direct.h"

#define ANY_SIZE UINT64_MAX

static void unlink_bounce(struct direct *direct, struct bounce *bounce)
{
	bounce->next->previous = bounce->previous;
	bounce->previous->next = bounce->next;
	direct->untaken_count--;
	direct->slots->tails -= bounce->tail;
}

void bounces_free(struct taken *taken)
{
	for (uint32_t i = 0; i < taken->count; i++)
		free(taken->bounce[i]);
	free(taken);
}

struct bounce *bounce_create(const struct foreseen *event, phys_addr_t phys,
				 uint64_t size)
{
	struct bounce *bounce = calloc(1, sizeof(*bounce));

	if (!bounce)
		return NULL;
	bounce->number = event->event.number;
	bounce->device = event->device;
	bounce->cpu = event->event.cpu;
	bounce->pid = event->event.pid;
	bounce->phys = phys;
	bounce->size = size;
	return bounce;
}

void bounce_answer(struct direct *direct, struct bounce *bounce, dma_addr_t dma)
{
	bounce->got = dma == DMA_MAPPING_ERROR ? dma : dma - bounce->device->offset;
	bounce->answered = true;
	if (bounce->searched)
		slots_answer(direct->slots, bounce);
}

/* The newest announcement of this buffer; of two, that of the same CPU. */
static struct bounce *find_untaken(struct direct *direct, const struct foreseen *event,
				   phys_addr_t phys, uint64_t size)
{
	struct bounce *found = NULL, *it = direct->untaken.previous;

	for (; it != &direct->untaken; it = it->previous) {
		if (it->device != event->device || it->phys != phys ||
		    (size != ANY_SIZE && it->size != size))
			continue;
		if (it->cpu == event->event.cpu)
			return it;
		if (!found)
			found = it;
	}
	return found;
}

static struct bounce *take(struct direct *direct, const struct foreseen *event,
			   phys_addr_t phys, uint64_t size, dma_addr_t dma)
{
	struct bounce *bounce = find_untaken(direct, event, phys, size);

	if (!bounce)
		return NULL;
	unlink_bounce(direct, bounce);
	if (!bounce->answered)
		bounce_answer(direct, bounce, dma);
	return bounce;
}

struct taken *bounces_of(struct foreseen *event, uint32_t room)
{
	struct taken *taken = calloc(1, sizeof(*taken) + room * sizeof(taken->bounce[0]));

	event->memo = taken;
	return taken;
}

uint32_t list_entries(const struct dma_event *said)
{
	if (!said->dma_list || !said->phys_list)
		return 0;
	return said->dma_count < said->phys_count ? said->dma_count : said->phys_count;
}

int bounces_see_list(struct direct *direct, struct foreseen *event)
{
	const struct dma_event *said = &event->event;
	struct taken *taken = NULL;

	if (!said->dma_size_list || !direct->untaken_count)
		return 0;
	for (uint32_t i = 0; i < list_entries(said); i++) {
		struct bounce *bounce = take(direct, event, said->phys_list[i],
					     said->dma_size_list[i], said->dma_list[i]);

		if (!bounce)
			continue;
		if (!taken && !(taken = bounces_of(event, list_entries(said)))) {
			free(bounce);
			return -ENOMEM;
		}
		taken->bounce[taken->count++] = bounce;
	}
	return 0;
}

/*
 * A list that failed: at its last search, whatever came before is given back. Nothing
 * tells the answers but a recorder of the searches themselves.
 */
int bounces_see_failed(struct direct *direct, struct foreseen *event)
{
	const struct dma_event *said = &event->event;
	struct taken *taken = NULL;

	for (uint32_t i = 0; direct->untaken_count && i < said->phys_count; i++) {
		uint64_t size = said->size_list ? said->size_list[i] : ANY_SIZE;
		struct bounce *bounce =
			find_untaken(direct, event, said->phys_list[i], size);

		if (!bounce)
			continue;
		if (!taken && !(taken = bounces_of(event, said->phys_count)))
			return -ENOMEM;
		unlink_bounce(direct, bounce);
		taken->bounce[taken->count++] = bounce;
	}
	if (taken && !taken->bounce[taken->count - 1]->answered)
		bounce_answer(direct, taken->bounce[taken->count - 1], DMA_MAPPING_ERROR);
	return 0;
}

int bounces_see_single(struct direct *direct, struct foreseen *event)
{
	const struct dma_event *said = &event->event;
	struct taken *taken;
	struct bounce *bounce;

	if (!direct->untaken_count)
		return 0;
	bounce = take(direct, event, said->phys, said->size, said->dma);
	if (!bounce)
		return 0;
	taken = bounces_of(event, 1);
	if (!taken) {
		free(bounce);
		return -ENOMEM;
	}
	taken->bounce[taken->count++] = bounce;
	return 0;
}

int bounces_see_announced(struct direct *direct, struct foreseen *event)
{
	struct bounce *bounce = bounce_create(event, event->event.phys, event->event.size);

	if (!bounce)
		return -ENOMEM;
	bounce->phys -= event->device->offset;
	bounce->next = &direct->untaken;
	bounce->previous = direct->untaken.previous;
	bounce->previous->next = bounce;
	direct->untaken.previous = bounce;
	direct->untaken_count++;
	event->memo = bounce;
	return 0;
}

static void drop(struct direct *direct, struct bounce *bounce)
{
	slots_forget(direct->slots, bounce);
	unlink_bounce(direct, bounce);
	free(bounce);
}

/* A list that failed is told by nobody: what was found for it was given back (D9). */
void bounces_drop_failed(struct direct *direct, const struct bounce *failed)
{
	struct bounce *bounce = direct->untaken.next, *next;

	for (; bounce != &direct->untaken; bounce = next) {
		next = bounce->next;
		if (bounce->judged && !bounce->answered && bounce->cpu == failed->cpu &&
		    bounce->pid == failed->pid && bounce->device == failed->device)
			drop(direct, bounce);
	}
}

/* What was found, where a recorder tells it: the search of this CPU for this buffer. */
void bounces_see_found(struct direct *direct, struct foreseen *event)
{
	struct bounce *bounce = find_untaken(direct, event, event->event.phys,
					     event->event.size);

	if (!bounce || bounce->answered)
		return;
	if (event->event.flags & DMA_EVENT_SEARCHED && !bounce->judged) {
		bounce->timed = true;
		bounce->cpu = event->event.cpu;
		event->memo = bounce;
	}
	/* what the device does not reach is given back at once, and the map fails (S11) */
	if (event->event.error || event->event.dma == DMA_MAPPING_ERROR ||
	    !slots_reach(direct->slots, bounce->device, event->event.dma, bounce->size))
		bounce_answer(direct, bounce, DMA_MAPPING_ERROR);
	else
		bounce_answer(direct, bounce, event->event.dma + event->device->offset);
}

/* Copies that no map took: of a list that failed behind them. */
bool bounces_judge_given_back(struct direct *direct, const struct foreseen *event)
{
	struct bounce *bounce = direct->untaken.previous;

	while (bounce != &direct->untaken &&
	       (bounce->device != event->device || !bounce->judged || !bounce->answered ||
		bounce->got != event->event.dma))
		bounce = bounce->previous;
	if (bounce == &direct->untaken)
		return false;
	slots_release(direct->slots, event, bounce->got);
	unlink_bounce(direct, bounce);
	free(bounce);
	return true;
}

/*
 * A search whose map never comes is that of a list that failed, which nobody records: all
 * that was found for it is given back.
 */
void bounces_drop_oldest(struct direct *direct)
{
	struct bounce *bounce = direct->untaken.next;

	if (direct->untaken_count > UNTAKEN_MAX && bounce->judged)
		drop(direct, bounce);
}

/* The list tells no more of its entries: the searches that it leaves are of the others. */
void bounces_cut(struct direct *direct, const struct foreseen *event)
{
	const struct dma_event *said = &event->event;
	struct bounce *bounce = direct->untaken.next;

	for (; bounce != &direct->untaken; bounce = bounce->next) {
		if (!bounce->judged || bounce->answered || bounce->tail ||
		    bounce->device != event->device || bounce->pid != said->pid)
			continue;
		bounce->tail = true;
		direct->slots->tails++;
		direct->slots->cut_by = said->number;
	}
}

/* The end of a list that the recorder cut: its copies are where the model put them. */
void bounces_drop_tail(struct direct *direct, const struct foreseen *event)
{
	const struct dma_event *said = &event->event, *begin = direct->frame->begin;

	for (uint32_t i = begin->dma_count; said->phys_list && i < said->phys_count; i++) {
		struct bounce *bounce = direct->untaken.next;

		while (bounce != &direct->untaken &&
		       (bounce->device != event->device || !bounce->judged ||
			bounce->phys != said->phys_list[i]))
			bounce = bounce->next;
		if (bounce != &direct->untaken)
			drop(direct, bounce);
	}
}

void bounces_destroy(struct direct *direct)
{
	while (direct->untaken_count) {
		struct bounce *bounce = direct->untaken.next;

		unlink_bounce(direct, bounce);
		free(bounce);
	}
}

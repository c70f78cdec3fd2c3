// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * excerpt.c - a part of a trace that still knows what is mapped
 *
 * Two tables are kept: what is live in the trace, and what whoever reads the part must
 * think is live. Where a piece of the part begins they are made the same.
 */
#include <stdlib.h>
#include <string.h>

#include <libdma/replay.h>

#include "excerpt.h"
#include "output.h"

#define SETTINGS_MOST 4096 /* a device has some; of more, no more are kept */

/* How a device was set: the last event of a kind about it. */
struct setting {
	struct dma_event event;
	bool told;
};

struct excerpt {
	struct libdma_replay *seen;
	struct libdma_replay *told;
	bool inside; /* the last event was wanted, and nothing is pending */
	struct setting setting[SETTINGS_MOST];
	size_t settings;
	struct dma_event lost; /* what the recorder lost since the last piece; a sum */
	struct dma_event *end; /* since the last piece, of what it had; lists are owned */
	size_t ends, room;
	uint64_t *number; /* of the beginnings that were told, in order */
	size_t numbers;
	const struct dma_event **piece; /* to be told when the next piece begins */
	size_t pieces;
};

static struct libdma_replay *create_replay(void)
{
	struct libdma_replay *replay = libdma_replay_create(NULL);

	if (!replay)
		out_of_memory();
	return replay;
}

struct excerpt *excerpt_create(void)
{
	struct excerpt *excerpt = calloc(1, sizeof(*excerpt));

	if (!excerpt)
		out_of_memory();
	excerpt->seen = create_replay();
	excerpt->told = create_replay();
	return excerpt;
}

static void forget_ends(struct excerpt *excerpt)
{
	while (excerpt->ends) {
		struct dma_event *end = &excerpt->end[--excerpt->ends];

		free((void *)end->phys_list);
		free((void *)end->dma_list);
	}
}

void excerpt_destroy(struct excerpt *excerpt)
{
	if (!excerpt)
		return;
	libdma_replay_destroy(excerpt->seen);
	libdma_replay_destroy(excerpt->told);
	forget_ends(excerpt);
	free(excerpt->end);
	free(excerpt);
}

void excerpt_restart(struct excerpt *excerpt)
{
	libdma_replay_destroy(excerpt->told);
	excerpt->told = create_replay();
	forget_ends(excerpt);
	for (size_t i = 0; i < excerpt->settings; i++)
		excerpt->setting[i].told = false;
	excerpt->lost = (struct dma_event) { 0 };
	excerpt->inside = false;
}

static bool is_setting(const struct dma_event *event)
{
	switch (event->kind) {
	case DMA_EVENT_DEVICE:
	case DMA_EVENT_SET_MASK:
	case DMA_EVENT_SET_COHERENT_MASK:
	case DMA_EVENT_IOMMU_ADD_DEVICE_TO_GROUP:
	case DMA_EVENT_IOMMU_REMOVE_DEVICE_FROM_GROUP:
	case DMA_EVENT_IOMMU_ATTACH_DEVICE_TO_DOMAIN:
	case DMA_EVENT_IOMMU_DETACH_DEVICE_FROM_DOMAIN:
		return true;
	default:
		return false;
	}
}

static void keep_setting(struct excerpt *excerpt, const struct dma_event *event,
			 bool told)
{
	size_t i = 0;

	while (i < excerpt->settings &&
	       (excerpt->setting[i].event.kind != event->kind ||
		excerpt->setting[i].event.device != event->device))
		i++;
	if (i == SETTINGS_MOST)
		return;
	excerpt->settings += i == excerpt->settings;
	excerpt->setting[i] = (struct setting) { .event = *event, .told = told };
	excerpt->setting[i].event.text = NULL;
	excerpt->setting[i].event.text_size = 0;
}

static void *copy(const void *list, size_t size)
{
	void *own = list && size ? malloc(size) : NULL;

	if (!list || !size)
		return NULL;
	if (!own)
		out_of_memory();
	return memcpy(own, list, size);
}

static void keep_end(struct excerpt *excerpt, const struct dma_event *event)
{
	struct dma_event *end;

	if (excerpt->ends == excerpt->room) {
		excerpt->room = excerpt->room * 2 + 64;
		excerpt->end = reallocarray(excerpt->end, excerpt->room, sizeof(*end));
		if (!excerpt->end)
			out_of_memory();
	}
	end = &excerpt->end[excerpt->ends++];
	*end = *event;
	end->text = NULL;
	end->text_size = 0;
	/* An end has no lengths that its beginning has not. */
	end->size_list = NULL;
	end->dma_size_list = NULL;
	end->phys_list = copy(event->phys_list, event->phys_count * sizeof(phys_addr_t));
	end->dma_list = copy(event->dma_list, event->dma_count * sizeof(dma_addr_t));
	end->phys_count = end->phys_list ? event->phys_count : 0;
	end->dma_count = end->dma_list ? event->dma_count : 0;
}

static void keep_loss(struct excerpt *excerpt, const struct dma_event *event)
{
	struct dma_event *lost = &excerpt->lost;
	uint64_t until = event->until_ns > event->ns ? event->until_ns : event->ns;

	if (!lost->kind) {
		*lost = *event;
		lost->text = NULL;
		lost->text_size = 0;
	} else {
		lost->count += event->count;
	}
	lost->until_ns = until;
}

static void show(struct libdma_replay *replay, const struct dma_event *event)
{
	if (libdma_replay_put(replay, event))
		out_of_memory();
}

/* An event that is left out, unless the part's reader has to know of it. */
static void leave_out(struct excerpt *excerpt, const struct dma_event *event)
{
	excerpt->inside = false;
	show(excerpt->seen, event);
	if (event->kind == DMA_EVENT_LOST)
		keep_loss(excerpt, event);
	else if (is_setting(event))
		keep_setting(excerpt, event, false);
	if (libdma_replay_change(excerpt->seen)->kind != LIBDMA_CHANGE_ENDED)
		return;
	show(excerpt->told, event);
	if (libdma_replay_change(excerpt->told)->kind == LIBDMA_CHANGE_ENDED)
		keep_end(excerpt, event);
}

static int compare_numbers(const void *a, const void *b)
{
	uint64_t one = *(const uint64_t *)a, two = *(const uint64_t *)b;

	return (one > two) - (one < two);
}

static int compare_events(const void *a, const void *b)
{
	uint64_t one = (*(const struct dma_event *const *)a)->number;
	uint64_t two = (*(const struct dma_event *const *)b)->number;

	return (one > two) - (one < two);
}

static int count_one(void *arg, const struct dma_event *begin, uint64_t times)
{
	(void)begin;
	(void)times;
	++*(size_t *)arg;
	return 0;
}

static int note_number(void *arg, const struct dma_event *begin, uint64_t times)
{
	struct excerpt *excerpt = arg;

	(void)times;
	excerpt->number[excerpt->numbers++] = begin->number;
	return 0;
}

static int note_untold(void *arg, const struct dma_event *begin, uint64_t times)
{
	struct excerpt *excerpt = arg;

	(void)times;
	if (!bsearch(&begin->number, excerpt->number, excerpt->numbers, sizeof(uint64_t),
		     compare_numbers))
		excerpt->piece[excerpt->pieces++] = begin;
	return 0;
}

static void walk(const struct libdma_replay *replay, libdma_live_visitor *visit,
		 void *arg)
{
	if (libdma_replay_walk(replay, visit, arg))
		out_of_memory();
}

/* All that is to be told before the next piece, in the order of the trace. */
static void collect(struct excerpt *excerpt)
{
	size_t told = 0, live = 0;

	walk(excerpt->told, count_one, &told);
	walk(excerpt->seen, count_one, &live);
	excerpt->number = calloc(told + 1, sizeof(*excerpt->number));
	excerpt->piece = calloc(live + excerpt->ends + excerpt->settings + 1,
				sizeof(*excerpt->piece));
	if (!excerpt->number || !excerpt->piece)
		out_of_memory();
	excerpt->numbers = 0;
	excerpt->pieces = 0;
	walk(excerpt->told, note_number, excerpt);
	qsort(excerpt->number, excerpt->numbers, sizeof(uint64_t), compare_numbers);
	walk(excerpt->seen, note_untold, excerpt);
	for (size_t i = 0; i < excerpt->ends; i++)
		excerpt->piece[excerpt->pieces++] = &excerpt->end[i];
	for (size_t i = 0; i < excerpt->settings; i++)
		if (!excerpt->setting[i].told)
			excerpt->piece[excerpt->pieces++] = &excerpt->setting[i].event;
	if (excerpt->lost.kind)
		excerpt->piece[excerpt->pieces++] = &excerpt->lost;
	qsort(excerpt->piece, excerpt->pieces, sizeof(*excerpt->piece), compare_events);
}

/* What ended was taken out of what was told at once. */
static bool is_kept_end(const struct excerpt *excerpt, const struct dma_event *event)
{
	return excerpt->ends && event >= excerpt->end && event < excerpt->end + excerpt->ends;
}

static int begin_piece(struct excerpt *excerpt, excerpt_sink *sink, void *arg)
{
	int err = 0;

	collect(excerpt);
	for (size_t i = 0; i < excerpt->pieces && !err; i++) {
		struct dma_event event = *excerpt->piece[i];

		event.flags |= DMA_EVENT_EARLIER;
		err = sink(arg, &event);
		if (!is_kept_end(excerpt, excerpt->piece[i]))
			show(excerpt->told, &event);
	}
	free(excerpt->number);
	free(excerpt->piece);
	forget_ends(excerpt);
	for (size_t i = 0; i < excerpt->settings; i++)
		excerpt->setting[i].told = true;
	excerpt->lost = (struct dma_event) { 0 };
	excerpt->inside = true;
	return err;
}

int excerpt_put(struct excerpt *excerpt, const struct dma_event *event, bool wanted,
		excerpt_sink *sink, void *arg)
{
	int err = 0;

	if (!wanted) {
		leave_out(excerpt, event);
		return 0;
	}
	if (!excerpt->inside)
		err = begin_piece(excerpt, sink, arg);
	if (err)
		return err;
	show(excerpt->seen, event);
	show(excerpt->told, event);
	if (is_setting(event))
		keep_setting(excerpt, event, true);
	return sink(arg, event);
}

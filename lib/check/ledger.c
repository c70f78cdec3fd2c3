// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ledger.c - what is mapped, range by range, and for a while what was
 *
 * A list is entered segment by segment, as the kernel does it; its records share the
 * event that made them. The last ranges that ended are remembered, so that a second
 * end can be told from one of something that was never there.
 *
 * Kernel counterpart: kernel/dma/debug.c (RULES.md E1, E2)
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"

struct device_check *ledger_device(struct libdma_check *check, uint32_t number)
{
	struct interval *found = intervals_at(&check->devices, number);
	struct device_check *device;

	if (found)
		return member_of(found, struct device_check, by_number);
	device = calloc(1, sizeof(*device));
	if (!device)
		return NULL;
	device->by_number.start = device->by_number.last = number;
	intervals_add(&check->devices, &device->by_number);
	return device;
}

/* Is the mapping where the memory is, without bounce buffer or IOMMU? */
static bool is_direct(const struct dma_event *event)
{
	if (event->kind == DMA_EVENT_MAP_SG)
		return event->phys_count && event->dma_count &&
		       event->phys_list[0] == event->dma_list[0];
	return event->phys == event->dma;
}

/* dma_map_phys() is traced by kernels alone that know dma_need_unmap(). */
bool unmap_may_be_skipped(const struct kernel_rules *rules, const struct dma_event *begin)
{
	return (rules->unmap_can_be_skipped || begin->kind == DMA_EVENT_MAP_PHYS) &&
	       libdma_event_kind_class(begin->kind) == DMA_CLASS_MAP && is_direct(begin);
}

bool ledger_may_skip(const struct libdma_check *check, const struct device_check *device,
		     const struct dma_event *event)
{
	return !check->options.as_kernel && unmap_may_be_skipped(check->rules, event) &&
	       (device->skip_sync || !device->has_skip_sync);
}

/*
 * The events that made what is live
 */

static bool is_list(const struct dma_event *event)
{
	return event->phys_count && event->phys_list &&
	       (event->kind == DMA_EVENT_MAP_SG || event->kind == DMA_EVENT_ALLOC_SGT);
}

static void *copy_list(char **to, const void *from, size_t size)
{
	void *copy = *to;

	if (!from || !size)
		return NULL;
	memcpy(copy, from, size);
	*to += size;
	return copy;
}

struct origin *ledger_origin(const struct dma_event *event)
{
	size_t phys = event->phys_list ? event->phys_count : 0;
	size_t dma = event->dma_list ? event->dma_count : 0;
	struct origin *origin;
	char *to;

	origin = calloc(1, sizeof(*origin) + (phys + dma) * 8 + (phys + dma) * 4);
	if (!origin)
		return NULL;
	to = (char *)origin->lists;
	origin->event = *event;
	origin->event.phys_list = copy_list(&to, event->phys_list, phys * 8);
	origin->event.dma_list = copy_list(&to, event->dma_list, dma * 8);
	origin->event.size_list = copy_list(&to, event->size_list, phys * 4);
	origin->event.dma_size_list = copy_list(&to, event->dma_size_list, dma * 4);
	origin->event.phys_count = (uint32_t)phys;
	origin->event.dma_count = (uint32_t)dma;
	origin->event.text = NULL;
	origin->event.text_size = 0;
	origin->users = 1;
	return origin;
}

void ledger_release(struct origin *origin)
{
	if (origin && !--origin->users)
		free(origin);
}

/* One more range of it is live; an end can name it. */
static void origin_begins(struct device_check *device, struct origin *origin)
{
	origin->users++;
	if (origin->live++ || !is_list(&origin->event))
		return;
	origin->by_phys.start = origin->by_phys.last = origin->event.phys_list[0];
	intervals_add(&device->lists, &origin->by_phys);
}

/* Once none of it is live any more, no end can name it. */
static void origin_ends(struct device_check *device, struct origin *origin)
{
	if (!--origin->live && is_list(&origin->event))
		intervals_remove(&device->lists, &origin->by_phys);
	ledger_release(origin);
}

/*
 * Records
 */

/* The record that can stand for one more mapping of the same, which nobody will end. */
static struct record *find_same(const struct device_check *device,
				const struct reference *ref)
{
	struct interval *at = intervals_at(&device->ranges, ref->dma);

	for (; at; at = intervals_newer(at)) {
		struct record *record = record_of(at);

		if (record->may_be_stale && record->ref.size == ref->size &&
		    record->ref.dir == ref->dir && record->ref.type == ref->type &&
		    record->ref.type != TYPE_SG)
			return record;
	}
	return NULL;
}

static void add_line(struct libdma_check *check, struct record *record)
{
	const struct reference *ref = &record->ref;

	if (!ref->has_phys || !record->device->noncoherent)
		return;
	record->by_line.start = ref->phys;
	record->by_line.last = range_last(ref->phys, ref->size);
	intervals_add(&check->lines, &record->by_line);
	record->has_line = true;
}

/* The kernel counts how often the first line of each mapping is in use (RULES.md E14). */
static int add_kernel_line(struct libdma_check *check, const struct reference *ref)
{
	struct interval *at = intervals_at(&check->kernel_lines, ref->phys >> 6);
	struct line_check *line;

	if (ref->dir == DMA_TO_DEVICE)
		return 0;
	if (at) {
		line = member_of(at, struct line_check, by_line);
		line->overlaps += line->overlaps < KERNEL_OVERLAPS;
		return 0;
	}
	line = calloc(1, sizeof(*line));
	if (!line)
		return -ENOMEM;
	line->attrs = ref->attrs;
	line->by_line.start = line->by_line.last = ref->phys >> 6;
	intervals_add(&check->kernel_lines, &line->by_line);
	return 0;
}

static void end_kernel_line(struct libdma_check *check, const struct reference *ref)
{
	struct interval *at = intervals_at(&check->kernel_lines, ref->phys >> 6);
	struct line_check *line;

	if (ref->dir == DMA_TO_DEVICE || !at)
		return;
	line = member_of(at, struct line_check, by_line);
	if (line->overlaps--)
		return;
	intervals_remove(&check->kernel_lines, at);
	free(line);
}

int ledger_add(struct libdma_check *check, struct device_check *device,
	       struct origin *origin, const struct reference *ref, uint32_t ents,
	       enum error_state error)
{
	bool may_skip = ledger_may_skip(check, device, &origin->event);
	struct record *record = may_skip ? find_same(device, ref) : NULL;

	if (record) {
		record->times++;
		origin_begins(device, origin);
		origin_ends(device, record->origin);
		record->origin = origin;
		record->ref.segment = ref->segment;
		return 0;
	}
	record = calloc(1, sizeof(*record));
	if (!record)
		return -ENOMEM;
	if (check->options.as_kernel && add_kernel_line(check, ref)) {
		free(record);
		return -ENOMEM;
	}
	*record = (struct record) {
		.by_dma = { .start = ref->dma, .last = range_last(ref->dma, ref->size) },
		.origin = origin,
		.device = device,
		.ref = *ref,
		.ents = ents,
		.error = error,
		.times = 1,
		.may_be_stale = may_skip,
		.with_device = !(ref->attrs & DMA_ATTR_SKIP_CPU_SYNC),
		.losses = check->losses,
	};
	origin_begins(device, origin);
	intervals_add(&device->ranges, &record->by_dma);
	device->live++;
	if (!check->options.as_kernel)
		add_line(check, record);
	return 0;
}

/* Remember what ended, in place of what ended long ago. */
static int remember(struct libdma_check *check, const struct record *record,
		    const struct dma_event *event)
{
	struct ended *ended;

	if (!check->ended) {
		check->ended = calloc(ENDED_KEPT, sizeof(*check->ended));
		if (!check->ended)
			return -ENOMEM;
	}
	ended = &check->ended[check->ended_count++ % ENDED_KEPT];
	ledger_release(ended->origin);
	*ended = (struct ended) {
		.device = (uint32_t)record->device->by_number.start,
		.start = record->by_dma.start,
		.last = record->by_dma.last,
		.type = record->ref.type,
		.origin = record->origin,
		.event = *event,
		.flushes = check->flushes,
	};
	ended->event.phys_list = ended->event.dma_list = NULL;
	ended->event.size_list = ended->event.dma_size_list = NULL;
	ended->event.phys_count = ended->event.dma_count = 0;
	ended->event.text = NULL;
	ended->event.text_size = 0;
	ended->origin->users++;
	return 0;
}

static void remove_record(struct libdma_check *check, struct record *record)
{
	struct device_check *device = record->device;

	intervals_remove(&device->ranges, &record->by_dma);
	if (record->has_line)
		intervals_remove(&check->lines, &record->by_line);
	device->live--;
	origin_ends(device, record->origin);
	free(record);
}

int ledger_end(struct libdma_check *check, struct record *record,
	       const struct dma_event *event)
{
	int err = 0;

	if (--record->times)
		return 0;
	if (check->options.as_kernel)
		end_kernel_line(check, &record->ref);
	else
		err = remember(check, record, event);
	remove_record(check, record);
	return err;
}

static void free_device(struct libdma_check *check, struct device_check *device)
{
	while (device->ranges.root)
		remove_record(check, record_of(device->ranges.root));
	free(device);
}

static void free_pool(struct pool_check *pool)
{
	while (pool->blocks.root) {
		struct interval *block = pool->blocks.root;

		intervals_remove(&pool->blocks, block);
		free(member_of(block, struct block_check, by_dma));
	}
	free(pool);
}

void ledger_deinit(struct libdma_check *check)
{
	struct interval *it;

	while ((it = check->devices.root)) {
		intervals_remove(&check->devices, it);
		free_device(check, member_of(it, struct device_check, by_number));
	}
	while ((it = check->pools.root)) {
		intervals_remove(&check->pools, it);
		free_pool(member_of(it, struct pool_check, by_handle));
	}
	while ((it = check->kernel_lines.root)) {
		intervals_remove(&check->kernel_lines, it);
		free(member_of(it, struct line_check, by_line));
	}
	for (size_t i = 0; check->ended && i < ENDED_KEPT; i++)
		ledger_release(check->ended[i].origin);
	free(check->ended);
}

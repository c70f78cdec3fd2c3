// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list.c - the lists of events, from the kernel's own entries
 *
 * A struct scatterlist names its memory by a struct page, which says the physical
 * address only to who knows where the kernel's array of them begins.
 *
 * Kernel counterpart: include/linux/scatterlist.h
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "addresses.h"
#include "list.h"

#define LINK_FLAGS 3 /* of scatterlist.page_link, beside the address */

/* What came of a list so far. One for each probe, level and CPU. */
struct pending {
	uint32_t count;
	uint32_t room;
	uint64_t *phys, *dma;
	uint32_t *size, *dma_size;
	struct pending *next; /* of all */
};

struct lists {
	struct probes *probes;
	struct probes_layout layout;
	bool known; /* the layout is */
	struct addresses *table; /* of pointers */
	struct pending *all;
};

struct lists *lists_create(struct probes *probes)
{
	struct lists *lists = calloc(1, sizeof(*lists));

	if (!lists)
		return NULL;
	lists->probes = probes;
	lists->known = !probes_layout(probes, &lists->layout);
	lists->table = addresses_create(sizeof(struct pending *));
	if (lists->table)
		return lists;
	free(lists);
	return NULL;
}

void lists_destroy(struct lists *lists)
{
	if (!lists)
		return;
	while (lists->all) {
		struct pending *pending = lists->all;

		lists->all = pending->next;
		free(pending->phys);
		free(pending->dma);
		free(pending->size);
		free(pending->dma_size);
		free(pending);
	}
	addresses_destroy(lists->table);
	free(lists);
}

uint64_t lists_phys(const struct lists *lists, uint64_t page, uint64_t offset)
{
	const struct probes_layout *layout = &lists->layout;
	uint64_t base = probes_inside(lists->probes)->vmemmap;

	if (!base || !lists->known || !layout->struct_page_size)
		return 0;
	return (page - base) / layout->struct_page_size * layout->page_size + offset;
}

static struct pending *pending_of(struct lists *lists, const struct dma_probe_event *record)
{
	uint64_t key = 1 + (((uint64_t)record->cpu << 16) | (uint64_t)record->hook << 8 |
			    record->level);
	struct pending **pending = addresses_get(lists->table, key);

	if (!pending || *pending)
		return pending ? *pending : NULL;
	*pending = calloc(1, sizeof(**pending));
	if (*pending) {
		(*pending)->next = lists->all;
		lists->all = *pending;
	}
	return *pending;
}

static int grow(void *list, uint32_t room, size_t size)
{
	void *grown = realloc(*(void **)list, room * size);

	if (!grown)
		return -ENOMEM;
	*(void **)list = grown;
	return 0;
}

static int make_room(struct pending *pending, uint32_t count)
{
	uint32_t room = pending->room ? pending->room : 64;

	while (room < count)
		room *= 2;
	if (room == pending->room)
		return 0;
	if (grow(&pending->phys, room, sizeof(*pending->phys)) ||
	    grow(&pending->dma, room, sizeof(*pending->dma)) ||
	    grow(&pending->size, room, sizeof(*pending->size)) ||
	    grow(&pending->dma_size, room, sizeof(*pending->dma_size)))
		return -ENOMEM;
	pending->room = room;
	return 0;
}

static uint32_t get32(const unsigned char *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint64_t get64(const unsigned char *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static void decode(const struct lists *lists, struct pending *pending,
		   const unsigned char *entry)
{
	const struct probes_layout *layout = &lists->layout;
	uint64_t page = get64(entry + layout->page_link) & ~(uint64_t)LINK_FLAGS;
	uint32_t at = pending->count++;

	pending->phys[at] = lists_phys(lists, page, get32(entry + layout->offset));
	pending->size[at] = get32(entry + layout->length);
	pending->dma[at] = get64(entry + layout->dma_address);
	pending->dma_size[at] = get32(entry + layout->dma_length);
}

static int add(struct lists *lists, struct pending *pending,
	       const struct dma_probe_event *record, size_t size)
{
	const unsigned char *entries = (const unsigned char *)(record + 1);
	int err;

	if (!record->ahead)
		pending->count = 0; /* what came before was of an event that was lost */
	if (!lists->known || !lists->layout.entry_size ||
	    record->entries > (size - sizeof(*record)) / lists->layout.entry_size ||
	    pending->count > DMA_PROBE_LIST)
		return 0;
	err = make_room(pending, pending->count + record->entries);
	for (uint32_t i = 0; i < record->entries && !err; i++)
		decode(lists, pending, entries + (size_t)i * lists->layout.entry_size);
	return err;
}

int lists_add(struct lists *lists, const struct dma_probe_event *record, size_t size)
{
	struct pending *pending = pending_of(lists, record);

	return pending ? add(lists, pending, record, size) : -ENOMEM;
}

static uint64_t sum(const uint32_t *sizes, uint32_t count)
{
	uint64_t size = 0;

	for (uint32_t i = 0; i < count; i++)
		size += sizes[i];
	return size;
}

static void give_entries(const struct pending *pending, struct dma_event *event)
{
	event->phys_list = pending->phys;
	event->phys_count = pending->count;
}

static void give_segments(const struct pending *pending, uint32_t count,
			  struct dma_event *event)
{
	event->dma_count = count < pending->count ? count : pending->count;
	event->dma_list = pending->dma;
	event->dma_size_list = pending->dma_size;
	event->size = sum(pending->dma_size, event->dma_count);
}

int lists_finish(struct lists *lists, const struct dma_probe_event *record, size_t size,
		 struct dma_event *event)
{
	struct pending *pending = pending_of(lists, record);
	int err = pending ? add(lists, pending, record, size) : -ENOMEM;

	if (err)
		return err;
	switch (event->kind) {
	case DMA_EVENT_MAP_SG:
		give_entries(pending, event);
		event->size_list = pending->size;
		give_segments(pending, event->ents, event);
		break;
	case DMA_EVENT_SYNC_SG_FOR_CPU:
	case DMA_EVENT_SYNC_SG_FOR_DEVICE:
		give_segments(pending, event->nents, event);
		break;
	case DMA_EVENT_ALLOC_SGT:
	case DMA_EVENT_FREE_SGT:
		give_entries(pending, event);
		event->dma = pending->count ? pending->dma[0] : 0;
		break;
	case DMA_EVENT_UNMAP_SG:
		give_entries(pending, event);
		event->size = sum(pending->size, pending->count);
		break;
	default: /* a list that could not be mapped */
		give_entries(pending, event);
		event->size_list = pending->size;
		break;
	}
	return 0;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * live-table.c - records found by key, of which several may have the same
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/large.h"
#include "dma/live-table.h"

int table_grow(struct live *live)
{
	uint32_t old_slots = live->slot ? live->mask + 1 : 0;
	uint32_t bits = live->slot ? 33 - live->shift : 8, mask = (1U << (bits & 31)) - 1;
	struct slot *old = live->slot, *slot;

	slot = bits < 32 ? large_alloc(sizeof(*slot) << bits) : NULL;
	if (!slot)
		return -ENOMEM;
	memset(slot, 0xff, sizeof(*slot) << bits);
	live->shift = 32 - bits;
	live->mask = mask;
	live->most = 1U << (bits - 1);
	for (uint32_t i = 0; i < old_slots; i++) {
		uint32_t at;

		if (old[i].link == NONE)
			continue;
		for (at = slot_home(live, old[i].hash); slot[at].link != NONE;)
			at = (at + 1) & mask;
		slot[at] = old[i];
	}
	live->slot = slot;
	free(old);
	return 0;
}

void table_clear_slot(struct live *live, uint32_t at)
{
	uint32_t mask = live->mask, next = at;

	live->used--;
	for (;;) {
		next = (next + 1) & mask;
		if (live->slot[next].link == NONE)
			break;
		if (((next - slot_home(live, live->slot[next].hash)) & mask) <
		    ((next - at) & mask))
			continue;
		live->slot[at] = live->slot[next];
		at = next;
	}
	live->slot[at].link = NONE;
}

/*
 * Chains of records with one key
 */

void table_append(struct live *live, uint32_t oldest, uint32_t number)
{
	struct chain chain = chain_of(live, oldest);

	*link_at(live, number) = (struct link) { .older = chain.newest, .newer = NONE };
	link_at(live, chain.newest)->newer = number;
	*chain_at(live, oldest) = (struct chain) { number, chain.length + 1 };
}

void table_shorten(struct live *live, uint32_t at, uint32_t number)
{
	struct chain chain = chain_of(live, live->slot[at].link);
	struct link link = *link_at(live, number);

	chain.length--;
	if (link.newer == NONE)
		chain.newest = link.older;
	else
		link_at(live, link.newer)->older = link.older;
	if (link.older == NONE)
		live->slot[at].link = link.newer;
	else
		link_at(live, link.older)->newer = link.newer;
	*chain_at(live, live->slot[at].link) = chain;
}

/*
 * Records
 */

int table_grow_records(struct live *live)
{
	uint32_t chunks = live->chunks < CHUNKS_LARGE ? 1 : CHUNKS_LARGE;
	uint32_t count = chunks * CHUNK_SIZE, first = live->chunks * CHUNK_SIZE;
	struct record **chunk, *record;

	if (live->chunks >= NONE >> (CHUNK_SHIFT + 1))
		return -ENOMEM;
	if (!(live->chunks & (live->chunks - 1))) {
		size_t room = live->chunks ? (size_t)live->chunks * 2 : 1;

		chunk = realloc(live->chunk, room * sizeof(struct record *));
		if (!chunk)
			return -ENOMEM;
		live->chunk = chunk;
	}
	record = large_zalloc(count * sizeof(*record));
	if (!record)
		return -ENOMEM;
	for (uint32_t i = 0; i + 1 < count; i++)
		record[i].link.newer = first + i + 1;
	record[count - 1].link.newer = live->free;
	live->free = first;
	for (uint32_t i = 0; i < chunks; i++)
		live->chunk[live->chunks++] = record + i * CHUNK_SIZE;
	return 0;
}

static void *copy_list(char **to, const void *from, size_t size)
{
	void *copy = *to;

	if (!size)
		return NULL;
	memcpy(copy, from, size);
	*to += size;
	return copy;
}

int table_fill(struct record *record, const struct dma_event *event)
{
	size_t phys = event->phys_list ? event->phys_count : 0;
	size_t sizes = event->size_list ? event->phys_count : 0;
	size_t dma = event->dma_list ? event->dma_count : 0;
	size_t dma_sizes = event->dma_size_list ? event->dma_count : 0;
	struct dma_event *own = &record->mapping.event;
	char *to = NULL;

	if (phys | dma) {
		record->lists = malloc(sizeof(struct lists) + (phys + dma) * 8 +
				       (sizes + dma_sizes) * 4);
		if (!record->lists)
			return -ENOMEM;
		to = (char *)record->lists->bytes;
	}
	if (has_list(event))
		record->lists->key =
			key_of(SPACE_LIST, event->device, event->phys_list[0]);
	*own = *event;
	own->phys_list = copy_list(&to, event->phys_list, phys * 8);
	own->dma_list = copy_list(&to, event->dma_list, dma * 8);
	own->size_list = copy_list(&to, event->size_list, sizes * 4);
	own->dma_size_list = copy_list(&to, event->dma_size_list, dma_sizes * 4);
	own->phys_count = (uint32_t)phys;
	own->dma_count = (uint32_t)dma;
	own->text = NULL;
	own->text_size = 0;
	return 0;
}

void table_clear(struct record *record)
{
	free(record->lists);
	record->lists = NULL;
	memset(&record->mapping.event, 0, sizeof(record->mapping.event));
}

int table_init(struct live *live)
{
	live->free = live->ended = NONE;
	return table_grow(live);
}

void table_deinit(struct live *live)
{
	for (uint32_t i = 0; i < live->chunks * CHUNK_SIZE; i++)
		free(record_at(live, i)->lists);
	for (uint32_t i = 0; i < live->chunks; i += i < CHUNKS_LARGE ? 1 : CHUNKS_LARGE)
		free(live->chunk[i]);
	free(live->chunk);
	free(live->slot);
}

/* Does one chain hang together, and which part of the table's slots is it? */
static bool chain_valid(const struct live *live, uint32_t at, uint64_t *links)
{
	uint32_t oldest = live->slot[at].link, link = oldest, last = NONE, length = 0;
	struct key key = key_at(live, oldest), other;

	if (live->slot[at].hash != key_hash(&key) ||
	    slot_find(live, &key, live->slot[at].hash) != at)
		return false;
	for (; link != NONE; link = link_at(live, link)->newer) {
		other = key_at(live, link);
		if (link_at(live, link)->older != last || link >> 1 == live->ended ||
		    !record_at(live, link >> 1)->mapping.order ||
		    !key_equal(&key, &other))
			return false;
		last = link;
		length++;
	}
	*links += length;
	return chain_of(live, oldest).newest == last &&
	       chain_of(live, oldest).length == length;
}

bool table_valid(const struct live *live)
{
	uint64_t count = 0, records = 0, links = 0, used = 0;

	for (uint32_t i = 0; i < live->chunks * CHUNK_SIZE; i++) {
		const struct record *record = record_at(live, i);

		if (!record->mapping.order || i == live->ended)
			continue;
		records++;
		count += record->mapping.times;
		links += has_list(&record->mapping.event) ? 2 : 1;
	}
	for (uint32_t at = 0; at <= live->mask; at++) {
		uint64_t of_chain = 0;

		if (live->slot[at].link == NONE)
			continue;
		used++;
		if (!chain_valid(live, at, &of_chain) || of_chain > links)
			return false;
		links -= of_chain;
	}
	return count == live->count && records == live->records && !links &&
	       used == live->used;
}

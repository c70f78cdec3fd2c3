// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * cache.c - CPU caches that devices do not see, line by line
 *
 * A page of which devices were shown something, or which they wrote, has a copy here,
 * found by a hash of its frame. A page without one is zero to devices, as all memory is
 * at first.
 */
#include <errno.h>
#include <string.h>

#include "base/bits.h"
#include "hardware/cache.h"

#define MIN_LINE  16
#define MIN_SLOTS 64

/* What devices see of one page. */
struct view {
	uint64_t frame;
	bool bypassed; /* the CPU's view is the devices' too; @bytes are not used */
	unsigned char bytes[PAGE_SIZE];
};

struct cache {
	struct heap *heap;
	const struct memory *memory;
	unsigned int line;
	struct view **slot; /* open addressing, half full at most */
	size_t slots;
	size_t used;
};

int cache_create(struct heap *heap, const struct memory *memory, unsigned int line,
		 struct cache **ret)
{
	struct cache *cache;

	if (!is_power_of_two(line) || line < MIN_LINE || line > PAGE_SIZE)
		return -EINVAL;
	cache = heap_alloc(heap, 1, sizeof(*cache));
	if (!cache)
		return -ENOMEM;
	cache->slot = heap_alloc(heap, MIN_SLOTS, sizeof(struct view *));
	if (!cache->slot) {
		heap_free(cache);
		return -ENOMEM;
	}
	cache->heap = heap;
	cache->memory = memory;
	cache->line = line;
	cache->slots = MIN_SLOTS;
	*ret = cache;
	return 0;
}

void cache_destroy(struct cache *cache)
{
	if (!cache)
		return;
	for (size_t at = 0; at < cache->slots; at++)
		heap_free(cache->slot[at]);
	heap_free(cache->slot);
	heap_free(cache);
}

unsigned int cache_line(const struct cache *cache)
{
	return cache->line;
}

/* The slot of a frame, or the empty one where it belongs. */
static size_t slot_of(struct view *const *slot, size_t slots, uint64_t frame)
{
	size_t at = frame * 0x9e3779b97f4a7c15ULL >> 20 & (slots - 1);

	while (slot[at] && slot[at]->frame != frame)
		at = (at + 1) & (slots - 1);
	return at;
}

static struct view *find(const struct cache *cache, uint64_t frame)
{
	return cache->slot[slot_of(cache->slot, cache->slots, frame)];
}

static int grow(struct cache *cache)
{
	size_t slots = cache->slots * 2;
	struct view **slot = heap_alloc(cache->heap, slots, sizeof(struct view *));

	if (!slot)
		return -ENOMEM;
	for (size_t at = 0; at < cache->slots; at++)
		if (cache->slot[at])
			slot[slot_of(slot, slots, cache->slot[at]->frame)] =
				cache->slot[at];
	heap_free(cache->slot);
	cache->slot = slot;
	cache->slots = slots;
	return 0;
}

static struct view *find_or_add(struct cache *cache, uint64_t frame)
{
	struct view *view = find(cache, frame);

	if (view)
		return view;
	if (cache->used * 2 >= cache->slots && grow(cache))
		return NULL;
	view = heap_alloc(cache->heap, 1, sizeof(*view));
	if (!view)
		return NULL;
	view->frame = frame;
	cache->slot[slot_of(cache->slot, cache->slots, frame)] = view;
	cache->used++;
	return view;
}

/* A range within one page, grown to whole lines where those are what moves. */
struct part {
	uint64_t frame;
	size_t offset;
	size_t size;
};

/* The part of [*phys, *phys + *size) that lies in its first page; steps over it. */
static struct part next_part(phys_addr_t *phys, uint64_t *size)
{
	struct part part = { *phys >> PAGE_SHIFT, *phys & (PAGE_SIZE - 1), 0 };

	part.size = PAGE_SIZE - part.offset;
	if (part.size > *size)
		part.size = *size;
	*phys += part.size;
	*size -= part.size;
	return part;
}

static void to_lines(const struct cache *cache, phys_addr_t *phys, uint64_t *size)
{
	phys_addr_t end = align_up(*phys + *size, cache->line);

	*phys = align_down(*phys, cache->line);
	*size = end - *phys;
}

static unsigned char *cpu_view(const struct cache *cache, const struct part *part)
{
	return (unsigned char *)memory_cpu(cache->memory,
					   (part->frame << PAGE_SHIFT) + part->offset);
}

/* Views of all pages of a range; those that are new show what none would: zeroes. */
static int add_views(struct cache *cache, phys_addr_t phys, uint64_t size)
{
	while (size)
		if (!find_or_add(cache, next_part(&phys, &size).frame))
			return -ENOMEM;
	return 0;
}

int cache_clean(struct cache *cache, phys_addr_t phys, uint64_t size)
{
	if (!size || !memory_has(cache->memory, phys, size))
		return 0;
	to_lines(cache, &phys, &size);
	if (add_views(cache, phys, size))
		return -ENOMEM;
	while (size) {
		struct part part = next_part(&phys, &size);
		struct view *view = find(cache, part.frame);

		if (!view->bypassed)
			memcpy(view->bytes + part.offset, cpu_view(cache, &part),
			       part.size);
	}
	return 0;
}

void cache_invalidate(struct cache *cache, phys_addr_t phys, uint64_t size)
{
	if (!size || !memory_has(cache->memory, phys, size))
		return;
	to_lines(cache, &phys, &size);
	while (size) {
		struct part part = next_part(&phys, &size);
		const struct view *view = find(cache, part.frame);

		if (!view)
			memset(cpu_view(cache, &part), 0, part.size);
		else if (!view->bypassed)
			memcpy(cpu_view(cache, &part), view->bytes + part.offset,
			       part.size);
	}
}

int cache_bypass(struct cache *cache, phys_addr_t phys, uint64_t size, bool bypass)
{
	if (!memory_has(cache->memory, phys, size))
		return 0;
	if (bypass && add_views(cache, phys, size))
		return -ENOMEM;
	while (size) {
		struct part part = next_part(&phys, &size);
		struct view *view = find(cache, part.frame);

		if (!view) /* never bypassed */
			continue;
		/* Either way both see the same bytes at this moment. */
		memcpy(view->bytes, cpu_view(cache, &part), PAGE_SIZE);
		view->bypassed = bypass;
	}
	return 0;
}

void cache_device_read(const struct cache *cache, phys_addr_t phys, void *buffer,
		       size_t size)
{
	unsigned char *out = buffer;
	uint64_t left = size;

	while (left) {
		struct part part = next_part(&phys, &left);
		const struct view *view = find(cache, part.frame);

		if (!view)
			memset(out, 0, part.size);
		else
			memcpy(out,
			       view->bypassed ? cpu_view(cache, &part)
					      : view->bytes + part.offset,
			       part.size);
		out += part.size;
	}
}

int cache_device_write(struct cache *cache, phys_addr_t phys, const void *buffer,
		       size_t size)
{
	const unsigned char *in = buffer;
	uint64_t left = size;

	if (add_views(cache, phys, size))
		return -ENOMEM;
	while (left) {
		struct part part = next_part(&phys, &left);
		struct view *view = find(cache, part.frame);

		memcpy(view->bypassed ? cpu_view(cache, &part)
				      : view->bytes + part.offset,
		       in, part.size);
		in += part.size;
	}
	return 0;
}

bool cache_agrees(const struct cache *cache, phys_addr_t phys, uint64_t size)
{
	unsigned char bytes[PAGE_SIZE];

	while (size) {
		struct part part = next_part(&phys, &size);

		cache_device_read(cache, (part.frame << PAGE_SHIFT) + part.offset, bytes,
				  part.size);
		if (memcmp(bytes, cpu_view(cache, &part), part.size))
			return false;
	}
	return true;
}

bool cache_valid(const struct cache *cache)
{
	size_t used = 0;

	for (size_t at = 0; at < cache->slots; at++) {
		const struct view *view = cache->slot[at];

		if (!view)
			continue;
		used++;
		if (find(cache, view->frame) != view)
			return false;
	}
	return used == cache->used && used * 2 <= cache->slots;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * memory-store.c - memory of machines that are gone, for those that follow
 *
 * The file behind a memory knows which pages were ever touched. They are zeroed where
 * they are: to take them away and fault them in again takes ten times as long.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hardware/memory-store.h"

/* Pages that are zeroed each time, and how often; then they go, as most are not needed. */
#define MOST_BYTES (4UL << 20)
#define MOST_TIMES 64

static uint64_t end_of(const struct memory_range *range, size_t ranges)
{
	return range[ranges - 1].start + range[ranges - 1].length;
}

/* How many bytes were zeroed; what follows more than @most may not be. */
static uint64_t zero_touched(const struct memory_mapping *mapping, uint64_t most)
{
	uint64_t done = 0;
	off_t from, to = 0;

	while (done <= most) {
		from = lseek(mapping->fd, to, SEEK_DATA);
		if (from < 0) /* there is no more */
			break;
		to = lseek(mapping->fd, from, SEEK_HOLE);
		if (to < 0)
			return UINT64_MAX;
		done += (uint64_t)(to - from);
		if (done <= most)
			memset(mapping->linear + from, 0, (size_t)(to - from));
	}
	return done;
}

static bool make_zero(const struct memory_mapping *mapping, uint64_t end, bool drop)
{
	if (!drop && zero_touched(mapping, MOST_BYTES) <= MOST_BYTES)
		return true;
	return !fallocate(mapping->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			  (off_t)end);
}

void memory_store_deinit(struct memory_store *store)
{
	while (store->count) {
		struct memory_kept *kept = &store->kept[--store->count];

		munmap(kept->mapping.linear, end_of(kept->range, kept->ranges));
		close(kept->mapping.fd);
		heap_free(kept->range);
	}
}

bool memory_store_take(struct memory_store *store, const struct memory_range *range,
		       size_t ranges, struct memory_mapping *ret)
{
	for (unsigned int at = store->count; at--;) {
		struct memory_kept *kept = &store->kept[at];

		if (kept->ranges != ranges ||
		    memcmp(kept->range, range, ranges * sizeof(*range)))
			continue;
		*ret = kept->mapping;
		heap_free(kept->range);
		*kept = store->kept[--store->count];
		return true;
	}
	return false;
}

bool memory_store_give(struct memory_store *store, struct memory_range *range,
		       size_t ranges, const struct memory_mapping *mapping)
{
	bool drop = ++store->given % MOST_TIMES == 0;

	if (store->count == MEMORY_STORE_MOST ||
	    !make_zero(mapping, end_of(range, ranges), drop))
		return false;
	store->kept[store->count++] = (struct memory_kept) { *mapping, range, ranges };
	return true;
}

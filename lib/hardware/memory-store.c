// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * memory-store.c - memory of machines that are gone, for those that follow
 *
 * The file behind a memory knows which pages were ever touched. They are zeroed where
 * they are: to take them away and fault them in again takes ten times as long. As long
 * as it has no more blocks than before they are the same.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hardware/memory-store.h"

#define MOST_RUNS  128         /* of pages that were touched */
#define MOST_BYTES (4UL << 20) /* in them; where there are more, all go */
#define MOST_TIMES 32          /* and after so many, since most are not touched again */

/* As the file has it; pages are added, and go all at once. */
struct memory_touched {
	blkcnt_t blocks;
	unsigned int times;
	unsigned int count;
	struct memory_range run[MOST_RUNS];
};

static bool read_runs(struct memory_touched *touched, int fd)
{
	uint64_t bytes = 0;
	off_t from, to = 0;

	touched->count = 0;
	for (;;) {
		from = lseek(fd, to, SEEK_DATA);
		if (from < 0) /* there is no more */
			return true;
		to = lseek(fd, from, SEEK_HOLE);
		bytes += (uint64_t)(to - from);
		if (to < 0 || touched->count == MOST_RUNS || bytes > MOST_BYTES)
			return false;
		touched->run[touched->count++] =
			(struct memory_range) { (phys_addr_t)from,
						(uint64_t)(to - from) };
	}
}

static bool drop(const struct memory_mapping *mapping, uint64_t end)
{
	mapping->touched->times = mapping->touched->count = 0;
	mapping->touched->blocks = 0;
	return !fallocate(mapping->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			  (off_t)end);
}

static bool make_zero(struct memory_mapping *mapping, uint64_t end)
{
	struct memory_touched *touched = mapping->touched;
	struct stat file;

	if (!touched)
		touched = mapping->touched = heap_alloc(NULL, 1, sizeof(*touched));
	if (!touched || fstat(mapping->fd, &file))
		return false;
	if (++touched->times > MOST_TIMES)
		return drop(mapping, end);
	if (file.st_blocks != touched->blocks && !read_runs(touched, mapping->fd))
		return drop(mapping, end);
	touched->blocks = file.st_blocks;
	for (unsigned int at = 0; at < touched->count; at++)
		memset(mapping->linear + touched->run[at].start, 0,
		       touched->run[at].length);
	return true;
}

static uint64_t end_of(const struct memory_range *range, size_t ranges)
{
	return range[ranges - 1].start + range[ranges - 1].length;
}

void memory_mapping_end(const struct memory_mapping *mapping, uint64_t end)
{
	munmap(mapping->linear, end);
	close(mapping->fd);
	heap_free(mapping->touched);
}

void memory_store_deinit(struct memory_store *store)
{
	while (store->count) {
		struct memory_kept *kept = &store->kept[--store->count];

		memory_mapping_end(&kept->mapping, end_of(kept->range, kept->ranges));
		heap_free(kept->range);
	}
}

bool memory_store_take(struct memory_store *store, const struct memory_range *range,
		       size_t ranges, struct memory_mapping *ret)
{
	/* first the first: what does the same each time has the same each time */
	for (unsigned int at = 0; at < store->count; at++) {
		struct memory_kept *kept = &store->kept[at];

		if (kept->ranges != ranges ||
		    memcmp(kept->range, range, ranges * sizeof(*range)))
			continue;
		*ret = kept->mapping;
		heap_free(kept->range);
		store->count--;
		memmove(kept, kept + 1, (store->count - at) * sizeof(*kept));
		return true;
	}
	return false;
}

bool memory_store_give(struct memory_store *store, struct memory_range *range,
		       size_t ranges, struct memory_mapping *mapping)
{
	if (store->count == MEMORY_STORE_MOST ||
	    !make_zero(mapping, end_of(range, ranges)))
		return false;
	store->kept[store->count++] = (struct memory_kept) { *mapping, range, ranges };
	return true;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * large.c - memory of which any place may be needed next
 *
 * Kernel counterpart: none; Documentation/admin-guide/mm/transhuge.rst tells of the pages
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/bits.h"
#include "base/large.h"
#include "base/prefetch.h"

void *large_alloc(size_t size)
{
	size_t align = size < LARGE_PAGE ? CACHE_LINE : LARGE_PAGE;
	void *memory;

	if (size > SIZE_MAX - align)
		return NULL;
	memory = aligned_alloc(align, align_up(size, align));
	/* advice: without large pages it is as it would be */
	if (memory && align == LARGE_PAGE)
		madvise(memory, align_up(size, align), MADV_HUGEPAGE);
	return memory;
}

void *large_zalloc(size_t size)
{
	void *memory = large_alloc(size);

	if (memory)
		memset(memory, 0, size);
	return memory;
}

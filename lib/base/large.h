/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * large.h - memory of which any place may be needed next
 *
 * A table that is much longer than the caches is met at random, and where to find its
 * pages is then as far away as what is in them: more so in a virtual machine. In large
 * pages there are few to be found.
 */
#pragma once

#include <stddef.h>

#define LARGE_PAGE ((size_t)2 << 20) /* bytes; what most machines have next to the least */

/**
 * large_alloc() - memory for a table, in large pages where it fills one
 * @size:	bytes
 *
 * Return: the memory, which begins with a line of the cache, for free(); NULL where
 * there is none.
 */
void *large_alloc(size_t size);

/** large_zalloc() - the same, all of it zero */
void *large_zalloc(size_t size);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * prefetch.h - lines of the cache, and memory that is written soon
 *
 * A line of the cache that another CPU has is asked for as this one's own, so that the
 * writes to it need not wait. The compilers know this only for CPUs that are named to
 * them, although the instruction does nothing where a CPU has it not.
 */
#pragma once

#define CACHE_LINE 64 /* bytes; where it is another number, only time is lost */

#if defined(__x86_64__)
static inline void prefetch_write(const void *place)
{
	__asm__ volatile("prefetchw %0" : : "m"(*(const char *)place));
}
#else
static inline void prefetch_write(const void *place)
{
	__builtin_prefetch(place, 1);
}
#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clock.h - the time that no one sets
 */
#pragma once

#include <stdint.h>
#include <sys/resource.h>
#include <time.h>

#define SECOND_NS ((uint64_t)1000000000)

/** clock_ns() - nanoseconds of CLOCK_MONOTONIC, which events are stamped with, too */
static inline uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

/** clock_used_ns() - nanoseconds of processor time, the kernel's for it included */
static inline uint64_t clock_used_ns(const struct rusage *used)
{
	return ((uint64_t)used->ru_utime.tv_sec + (uint64_t)used->ru_stime.tv_sec) *
		       SECOND_NS +
	       ((uint64_t)used->ru_utime.tv_usec + (uint64_t)used->ru_stime.tv_usec) * 1000;
}

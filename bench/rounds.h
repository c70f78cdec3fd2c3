/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rounds.h - time of a thing, measured so that neighbours disturb it little
 *
 * All columns of a row run one after the other in each round, in one process on one
 * CPU; time is the thread's own, the result the median of the rounds. So the ratio of
 * two columns can be trusted, a figure from one run against one of another cannot.
 */
#pragma once

#include <dlfcn.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS 5

static inline double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int compare_doubles(const void *a, const void *b)
{
	double one = *(const double *)a, other = *(const double *)b;

	return one < other ? -1 : one > other;
}

static inline double median(double *value, size_t count)
{
	qsort(value, count, sizeof(*value), compare_doubles);
	return value[count / 2];
}

static inline void stay_on_one_cpu(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(sched_getcpu(), &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

/* The table that a peer exports; the program ends where there is none. */
static inline const void *open_peer(const char *path, const char *table)
{
	void *object = dlopen(path, RTLD_LAZY | RTLD_LOCAL), *found;

	found = object ? dlsym(object, table) : NULL;
	if (!found) {
		fprintf(stderr, "%s: %s\n", path, dlerror());
		exit(1);
	}
	return found;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reference-iova.h - an IOVA domain the plain way: ranges in a sorted array walked one
 * by one, magazines and queues that are arrays
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define REFERENCE_IOVA_RANGES  20000
#define REFERENCE_IOVA_CPUS    4
#define REFERENCE_IOVA_CLASSES 6
#define REFERENCE_IOVA_DEPOT   1600
#define REFERENCE_IOVA_QUEUE   32768

struct span {
	uint64_t lo, hi;
};

struct magazine_stack {
	unsigned int count;
	uint64_t pfn[127];
};

struct waiting {
	uint64_t pfn, size, counter;
};

/* @slots: of a queue; one queue a CPU, or one for all of REFERENCE_IOVA_QUEUE slots */
struct reference_iova {
	bool is_list; /* the depot of 6.12 and later */
	unsigned int cpus;
	unsigned int full; /* what a magazine holds, 127 in the kernel; to be set */
	struct span *span; /* sorted; in @room, which has some on both sides of it */
	unsigned int spans;
	uint64_t start, pfn32, max32;
	struct span cached, cached32;
	struct span room[2 * REFERENCE_IOVA_RANGES];
	bool grown; /* has a range taken over what lies below it (I12)? */
	struct magazine_stack loaded[REFERENCE_IOVA_CPUS][REFERENCE_IOVA_CLASSES];
	struct magazine_stack prev[REFERENCE_IOVA_CPUS][REFERENCE_IOVA_CLASSES];
	struct magazine_stack depot[REFERENCE_IOVA_CLASSES][REFERENCE_IOVA_DEPOT];
	unsigned int depots[REFERENCE_IOVA_CLASSES];
	uint64_t trim[REFERENCE_IOVA_CLASSES];
	bool lazy, shared;
	unsigned int slots;
	struct waiting queue[REFERENCE_IOVA_QUEUE];
	unsigned int queued[REFERENCE_IOVA_CPUS];
	uint64_t flushes, timer, now;
	unsigned int timer_cpu;
};

void reference_iova_init(struct reference_iova *ref, bool is_list, unsigned int cpus,
			 uint64_t start, uint64_t pfn32);

/* Released addresses wait, for a timer or a full ring; @shared: in one ring of all. */
void reference_iova_set_lazy(struct reference_iova *ref, bool shared);

/* These return an address, or 0. */
uint64_t reference_iova_alloc(struct reference_iova *ref, uint64_t size, uint64_t limit);
uint64_t reference_iova_alloc_fast(struct reference_iova *ref, unsigned int cpu,
				   uint64_t size, uint64_t limit, bool flush);

/* False where no range holds it. */
bool reference_iova_free(struct reference_iova *ref, uint64_t pfn);
void reference_iova_free_fast(struct reference_iova *ref, unsigned int cpu, uint64_t pfn,
			      uint64_t size);
void reference_iova_release(struct reference_iova *ref, unsigned int cpu, uint64_t pfn,
			    uint64_t size);
void reference_iova_reserve(struct reference_iova *ref, uint64_t lo, uint64_t hi);
void reference_iova_advance(struct reference_iova *ref, uint64_t now);

/* Is there any aligned place for @size below @limit that no range touches? */
bool reference_iova_fits(const struct reference_iova *ref, uint64_t size, uint64_t limit);

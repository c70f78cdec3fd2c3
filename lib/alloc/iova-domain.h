/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iova-domain.h - the inside of a domain, for the iova files alone
 */
#pragma once

#include "alloc/iova.h"
#include "base/mutant.h"
#include "base/ranges.h"

#define MAGAZINE_SIZE 127 /* of the kernels' */
#define NEVER	      UINT64_MAX

struct magazine {
	unsigned int count;
	struct magazine *next; /* in the depot */
	uint64_t pfn[]; /* as many as the domain says */
};

/* What one CPU keeps of one class; NULL stands for one that is empty. */
struct cpu_cache {
	struct magazine *loaded;
	struct magazine *prev;
};

struct depot {
	struct magazine *top;
	unsigned int count;
	uint64_t due; /* when it is trimmed next, ns */
};

struct queue_entry {
	uint64_t pfn;
	uint64_t size;
	uint64_t counter; /* flushes begun when it was queued */
};

struct ring {
	unsigned int head, tail;
	struct queue_entry *entry;
};

struct iova_queue {
	bool shared;
	unsigned int slots; /* of a ring, a power of two */
	uint64_t timeout;   /* ns */
	uint64_t started, finished;
	uint64_t due;
	unsigned int due_cpu; /* where the timer runs */
	void (*flush)(void *arg, unsigned int cpu);
	void (*freed)(void *arg, unsigned int cpu, uint64_t pfn, uint64_t size);
	void *arg;
	unsigned int rings;
	struct ring ring[];
};

struct iova_domain {
	const struct kernel_rules *rules;
	struct heap *heap;
	unsigned int shift;
	unsigned int cpus;
	unsigned int magazine; /* ranges that one has room for */
	uint64_t start;
	uint64_t pfn32;			/* the first beyond 4 GiB */
	uint64_t max32;			/* this many granules do not fit below 4 GiB */
	struct range cached, cached32;	/* where the next search begins */
	struct ranges *ranges;
	struct ranges *reserved; /* those of iova_reserve() */
	uint64_t now, due; /* ns: the clock, and the next timer */
	unsigned int trims; /* classes whose depot's timer is set, a bit for each */
	size_t magazines;
	char *piece; /* of memory, which all magazines that were cloned are part of */
	size_t piece_size;
	uint64_t searches;
	struct depot depot[IOVA_CLASSES];
	struct iova_queue *queue; /* NULL if strict */
	struct cpu_cache cache[];  /* CPU after CPU, class after class */
};

/* Bytes of a magazine. */
static inline size_t magazine_bytes(const struct iova_domain *domain)
{
	return sizeof(struct magazine) + domain->magazine * sizeof(uint64_t);
}

static inline void magazine_free(const struct iova_domain *domain,
				 struct magazine *magazine)
{
	if ((uintptr_t)magazine - (uintptr_t)domain->piece >= domain->piece_size)
		heap_free(magazine);
}

/* iova-cache.c */

/* Take a cached range that begins at @highest or below; false if there is none. */
bool iova_cache_get(struct iova_domain *domain, unsigned int cpu, unsigned int class,
		    uint64_t highest, uint64_t *ret);

/* Keep a range; false where there is no memory for it. */
bool iova_cache_put(struct iova_domain *domain, unsigned int cpu, unsigned int class,
		    uint64_t pfn);

/* Give all that is cached back to the set. */
void iova_cache_drain(struct iova_domain *domain);

/* A depot's timer ran off. */
void iova_depot_trim(struct iova_domain *domain, unsigned int class);

typedef void iova_cache_visitor(uint64_t pfn, void *arg);

/* Visit what is cached. */
void iova_cache_walk(const struct iova_domain *domain, iova_cache_visitor *visit, void *arg);
bool iova_cache_valid(const struct iova_domain *domain);
void iova_cache_deinit(struct iova_domain *domain);

/* iova-flush.c */

void iova_queue_destroy(struct iova_queue *queue);
int iova_queue_clone(struct heap *heap, const struct iova_queue *of,
		     struct iova_queue **ret);
bool iova_queue_valid(const struct iova_queue *queue);

static inline struct ring *iova_queue_ring(struct iova_queue *queue, unsigned int cpu)
{
	return &queue->ring[cpu % queue->rings];
}

/* One place stays empty. */
static inline bool iova_ring_is_full(const struct iova_queue *queue, const struct ring *ring)
{
	return ((ring->tail + MUTANT(E18b, 1, 0)) & (queue->slots - 1)) == ring->head;
}

/* A timer was set: no later than then look again. */
static inline void iova_due(struct iova_domain *domain, uint64_t ns)
{
	domain->due = ns < domain->due ? ns : domain->due;
}

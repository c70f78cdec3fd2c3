/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iova.h - the addresses of an IOMMU domain
 *
 * Numbers of granules ("pfn") are handed out, from the top down, exactly those that
 * the kernel would. A CPU is a number, and time is told by iova_advance().
 *
 * Kernel counterpart: drivers/iommu/iova.c; of drivers/iommu/dma-iommu.c the flush
 * queue (RULES.md I1-I19, I29-I32)
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/heap.h"
#include "base/rules.h"

#define IOVA_CLASSES 6 /* of ranges that are cached: 1, 2, ... 32 granules */

struct iova_domain;

/* When an unmapped address may be handed out again. */
enum iova_release {
	IOVA_STRICT,	   /* at once */
	IOVA_LAZY,	   /* after a flush; a ring of 256 per CPU, flushed after 10 ms */
	IOVA_LAZY_SHARED,  /* one ring of 32768 for all CPUs, flushed after 1 s */
};

/**
 * struct iova_options - what a domain is made of
 *
 * @rules:	the kernel's
 * @heap:	where its own memory comes from; NULL for plain memory
 * @granule:	bytes that one number stands for, a power of two from 512 to 2^31
 * @start:	the lowest number handed out, 1 at least: 0 means no address
 * @cpus:	how many CPUs there are, all of them online
 * @magazine:	ranges that a CPU's magazine has room for, 65536 at most; 0 for 127, as the
 *		kernels have it (IOVA_MAG_SIZE)
 */
struct iova_options {
	const struct kernel_rules *rules;
	struct heap *heap;
	uint64_t granule;
	uint64_t start;
	unsigned int cpus;
	unsigned int magazine;
};

/** iova_domain_create() - an empty domain; 0, -EINVAL or -ENOMEM */
int iova_domain_create(const struct iova_options *options, struct iova_domain **ret);
void iova_domain_destroy(struct iova_domain *domain);

/**
 * iova_alloc() - take a naturally aligned range, past the caches
 * @domain:	the domain
 * @size:	granules
 * @limit:	the highest number that may be used, less than 2^63
 * @ret:	the range's first number
 *
 * Kernel rules: I4 to I11.
 *
 * Return: 0, -EINVAL, -ENOSPC, or -ENOMEM with nothing changed.
 */
int iova_alloc(struct iova_domain *domain, uint64_t size, uint64_t limit, uint64_t *ret);

/** iova_free() - give back the range that holds @pfn, past the caches; 0 or -ENOENT */
int iova_free(struct iova_domain *domain, uint64_t pfn);

/**
 * iova_alloc_fast() - take a range, from this CPU's cache if it has one
 * @domain:	the domain
 * @cpu:	the caller's CPU
 * @size:	granules; what is less than 32 is rounded to a power of two
 * @limit:	the highest number that may be used, less than 2^63
 * @flush:	empty all caches and try again before failing
 * @ret:	the range's first number
 *
 * Kernel rule: I13.
 *
 * Return: as iova_alloc().
 */
int iova_alloc_fast(struct iova_domain *domain, unsigned int cpu, uint64_t size,
		    uint64_t limit, bool flush, uint64_t *ret);

/**
 * iova_free_fast() - give a range back to this CPU's cache
 * @domain:	the domain
 * @cpu:	the caller's CPU
 * @pfn:	its first number
 * @size:	granules, as they were asked for
 *
 * As in the kernel nothing is checked where the size is cached: what was never handed
 * out will be. A larger one that no range holds is ignored (rule I14).
 */
void iova_free_fast(struct iova_domain *domain, unsigned int cpu, uint64_t pfn,
		    uint64_t size);

/**
 * iova_reserve() - keep numbers from being handed out
 * @domain:	the domain
 * @lo:		the first
 * @hi:		the last
 *
 * What lies in a range already stays in it (rule I12).
 *
 * Return: 0, -EINVAL where one is beyond the address space, or -ENOMEM with nothing
 * changed.
 */
int iova_reserve(struct iova_domain *domain, uint64_t lo, uint64_t hi);

/**
 * iova_set_release() - choose between strict and lazy, before the first address is freed
 * @domain:	the domain
 * @release:	the way
 * @flush:	called for each flush of the IOTLB, with the CPU; may be NULL
 * @arg:	its first argument
 *
 * Where memory is short the domain stays strict, as the kernel's does.
 *
 * Return: 0, -EINVAL where the kernel has no shared ring or the domain is lazy
 * already, or -ENOMEM.
 */
int iova_set_release(struct iova_domain *domain, enum iova_release release,
		     void (*flush)(void *arg, unsigned int cpu), void *arg);

/**
 * iova_on_free() - see what the queue gives back to the allocator, on which CPU
 * @domain:	a domain that is lazy already
 * @freed:	called with the argument of iova_set_release()
 */
void iova_on_free(struct iova_domain *domain,
		  void (*freed)(void *arg, unsigned int cpu, uint64_t pfn, uint64_t size));

/**
 * iova_release() - an address is no longer mapped
 *
 * In a strict domain iova_free_fast(); in a lazy one the range waits for a flush
 * (rules I29 to I32).
 */
void iova_release(struct iova_domain *domain, unsigned int cpu, uint64_t pfn,
		  uint64_t size);

/**
 * iova_advance() - it is @ns now: run the timers that were due since
 *
 * They trim the depot (every 100 ms, not in 6.1) and flush the queue. Time that goes
 * backwards is ignored.
 */
void iova_advance(struct iova_domain *domain, uint64_t ns);

/** iova_next_timer() - ns: none runs before that; UINT64_MAX where none is set */
uint64_t iova_next_timer(const struct iova_domain *domain);

/*
 * iova-follow.c: to follow a kernel whose answers are known.
 */

/** iova_clone() - another domain in the same state; 0 or -ENOMEM */
int iova_clone(const struct iova_domain *of, struct iova_domain **ret);

/**
 * iova_adopt() - the kernel handed out this range, whatever the model would have
 * @domain:	the domain
 * @cpu:	where it did
 * @size:	granules, as they were asked for
 * @pfn:	the range's first number
 *
 * A range that lies in a magazine brings its whole magazine along: the kernel had that
 * one loaded, and in a lazy domain had freed elsewhere what the model has above it. One
 * that waits for a flush waits no more, nor does what waits before it. One that is new was
 * found where neither the CPU's magazines nor the depot had one (rule I16): what a lazy
 * domain has in them the kernel had freed elsewhere.
 *
 * Return: 0, -EEXIST where the range, or part of it, is handed out or of another size,
 * or -ENOMEM.
 */
int iova_adopt(struct iova_domain *domain, unsigned int cpu, uint64_t size, uint64_t pfn);

/**
 * iova_expire() - the flush queue's timer runs off now
 * @domain:	the domain; nothing happens if it is strict
 * @cpu:	where
 * @alone:	the other CPUs, releasing just then, free what waited in their own rings
 */
void iova_expire(struct iova_domain *domain, unsigned int cpu, bool alone);

/**
 * iova_queued_late() - what was released last was queued while the next flush ran
 * @domain:	the domain; iova_expire() follows
 * @cpu:	where
 * @count:	so many of the releases there: the flush does not free them
 */
void iova_queued_late(struct iova_domain *domain, unsigned int cpu, unsigned int count);

/** iova_trim() - the timer of the depot that keeps ranges of @size runs off now */
void iova_trim(struct iova_domain *domain, uint64_t size);

/** iova_trims() - sizes of the ranges whose depot's timer is set, as their sum */
unsigned int iova_trims(const struct iova_domain *domain);

/** iova_waiting() - how many ranges wait for a flush */
size_t iova_waiting(const struct iova_domain *domain);

/** iova_shift() - log2 of a granule's bytes */
unsigned int iova_shift(const struct iova_domain *domain);

/** iova_cpus() - how many CPUs the domain knows */
unsigned int iova_cpus(const struct iova_domain *domain);

/** iova_will_flush() - would a release on @cpu find its queue full, and so flush it? */
bool iova_will_flush(const struct iova_domain *domain, unsigned int cpu);

/** iova_flushes() - how many flushes there were, timers and full rings alike */
uint64_t iova_flushes(const struct iova_domain *domain);

/* What a range is doing. */
enum iova_state {
	IOVA_LIVE,     /* handed out, or reserved */
	IOVA_CACHED,   /* in a CPU's magazines or the depot */
	IOVA_QUEUED,   /* waiting for a flush */
	IOVA_RESERVED, /* by iova_reserve() */
};

/* One range of a domain, in granules. */
struct iova_range {
	uint64_t pfn;
	uint64_t size;
	enum iova_state state;
};

typedef int iova_visitor(const struct iova_range *range, void *arg);

/**
 * iova_walk() - visit each range, lowest first
 *
 * Return: 0, what ended the walk if @visit did, or -ENOMEM.
 */
int iova_walk(const struct iova_domain *domain, iova_visitor *visit, void *arg);

/** iova_find() - first number and size of the range that holds @pfn; 0 or -ENOENT */
int iova_find(const struct iova_domain *domain, uint64_t pfn, uint64_t *first,
	      uint64_t *size);

/** iova_is_unused() - is none of these numbers in a range, but in one that is reserved? */
bool iova_is_unused(const struct iova_domain *domain, uint64_t lo, uint64_t hi);

/** iova_searches() - how often the set was searched, since no cache had a range */
uint64_t iova_searches(const struct iova_domain *domain);

/** iova_magazines() - how many the caches have, full or not */
size_t iova_magazines(const struct iova_domain *domain);

/** iova_count() - how many ranges there are: handed out, cached, queued, reserved */
size_t iova_count(const struct iova_domain *domain);

/** iova_memory() - bytes that the domain takes */
size_t iova_memory(const struct iova_domain *domain);

/**
 * iova_valid() - do the domain's own invariants hold? For tests.
 *
 * Not where iova_adopt() took one of the depot's ranges: a magazine there is not full then.
 */
bool iova_valid(const struct iova_domain *domain);

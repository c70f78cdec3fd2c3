/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fragmap.h - who holds which addresses, and what still fits between them
 *
 * Shown everything that is live at one moment, a fragmap places it in spaces: each
 * device's DMA addresses, the swiotlb pool, devices' regions, dma_pools, and the
 * physical memory behind mappings. Where the machine's environment does not tell a
 * space's bounds, the space is as large as what is seen in it.
 */
#pragma once

#include <libdma/environment.h>
#include <libdma/event.h>

enum libdma_space_kind {
	LIBDMA_SPACE_SWIOTLB, /* the bounce pool, in slots of 2 KiB */
	LIBDMA_SPACE_IOVA,    /* addresses of an IOMMU domain, in granules */
	LIBDMA_SPACE_BUS,     /* addresses of a device without IOMMU: no allocator's */
	LIBDMA_SPACE_REGION,  /* a device's coherent memory, in pages */
	LIBDMA_SPACE_POOL,    /* a dma_pool, in blocks */
	LIBDMA_SPACE_MEMORY,  /* physical memory: only what mappings use of it */
};

/**
 * struct libdma_extent - one live thing at its place
 * @start:	first address as requested
 * @size:	bytes as requested
 * @from:	first address that it takes from the space
 * @taken:	bytes that it takes, rounded as the space's allocator rounds
 * @device:	string: whose
 * @kind:	enum dma_event_kind that began it
 * @dir:	enum dma_data_direction
 * @cut:	the recorder did not see all of it: it may be longer
 * @shared:	bytes of it are in another extent of the space, too
 * @times:	how often it was begun and not ended
 * @number:	the event that began it
 * @ns:		and when
 */
struct libdma_extent {
	uint64_t start;
	uint64_t size;
	uint64_t from;
	uint64_t taken;
	uint32_t device;
	uint16_t kind;
	uint8_t dir;
	bool cut;
	bool shared;
	uint64_t times;
	uint64_t number;
	uint64_t ns;
};

#define LIBDMA_FRAGMAP_BUCKETS 64

/**
 * struct libdma_fragmentation - a space in numbers; all in bytes
 * @requested:	sum of what the drivers asked for
 * @taken:	sum of what that took
 * @used:	addresses that are taken, each counted once
 * @shared:	requested bytes that lie in more than one extent, each counted once
 * @first:	the lowest address that is taken
 * @last:	the address behind the highest
 * @free:	not taken, and not reserved; 0 where the space has no allocator
 * @runs:	how many runs of free addresses there are
 * @largest_free: the longest run
 * @largest_request: the largest request that would be served now, which an allocator
 *		that aligns by size may refuse for less than @largest_free
 * @possible:	the largest request that would be served if all of @free were one run, as
 *		far as the empty space has one of that length
 * @index:	1 - @largest_request / @possible: 0 where any request is served that the
 *		free bytes suffice for, near 1 where only crumbs are left; 0 where
 *		nothing is free, which is no fragmentation
 * @run_count:	by floor(log2(run in units)): how many runs
 * @run_bytes:	and their sum
 */
struct libdma_fragmentation {
	uint64_t requested;
	uint64_t taken;
	uint64_t used;
	uint64_t shared;
	uint64_t first;
	uint64_t last;
	uint64_t free;
	uint64_t runs;
	uint64_t largest_free;
	uint64_t largest_request;
	uint64_t possible;
	double index;
	uint64_t run_count[LIBDMA_FRAGMAP_BUCKETS];
	uint64_t run_bytes[LIBDMA_FRAGMAP_BUCKETS];
};

/**
 * struct libdma_space - one space and what lies in it
 * @kind:	which sort
 * @name:	"swiotlb", "iova:0000:00:02.0", "bus:...", "region:...", "pool:NAME@..."
 * @device:	string: the device, 0 where several share it
 * @start:	lowest address
 * @size:	bytes; 0 where nobody told, and it cannot be known
 * @inferred:	@start or @size are not given but worked out from the events
 * @unit:	what its allocator counts in
 * @set:	no run crosses a multiple of this, from @start; 0 if none
 * @area:	bytes of an area of the swiotlb; 0 if none
 * @limit:	the largest request that its allocator ever serves; 0 if none
 * @aligned:	its allocator aligns a request by its size rounded up to a power of two
 * @allocates:	an allocator gives its addresses out, so that "free" means something
 * @extent:	by @from
 * @extents:	how many
 * @gap:	ranges that are not to be had: reserved, or of no memory; by start
 * @gaps:	how many
 * @unplaced:	live things of which the trace does not tell where they lie
 * @numbers:	the same in short
 */
struct libdma_space {
	enum libdma_space_kind kind;
	char *name;
	uint32_t device;
	uint64_t start;
	uint64_t size;
	bool inferred;
	uint64_t unit;
	uint64_t set;
	uint64_t area;
	uint64_t limit;
	bool aligned;
	bool allocates;
	struct libdma_extent *extent;
	size_t extents;
	struct libdma_range *gap;
	size_t gaps;
	uint64_t unplaced;
	struct libdma_fragmentation numbers;
};

struct libdma_fragmap;

/**
 * libdma_fragmap_create() - an empty fragmap
 * @environment: the machine; must outlive the fragmap
 * @strings:	of the events; must outlive it, too
 *
 * Return: the fragmap, or NULL without memory.
 */
struct libdma_fragmap *libdma_fragmap_create(const struct libdma_environment *environment,
					     const struct libdma_strings *strings);

/** libdma_fragmap_destroy() - release it and its spaces; NULL is allowed */
void libdma_fragmap_destroy(struct libdma_fragmap *fragmap);

/**
 * libdma_fragmap_add() - place one thing that is live
 * @fragmap:	the fragmap
 * @begin:	the event that began it; pools and regions before what lies in them
 * @times:	as libdma_replay_walk() says
 *
 * Return: 0, or -ENOMEM.
 */
int libdma_fragmap_add(struct libdma_fragmap *fragmap, const struct dma_event *begin,
		       uint64_t times);

/**
 * libdma_fragmap_finish() - all was added: order the extents and work out the numbers
 *
 * Return: 0, or -ENOMEM.
 */
int libdma_fragmap_finish(struct libdma_fragmap *fragmap);

/**
 * libdma_fragmap_space() - one space after the other
 *
 * Return: the space of number @index, from 0, swiotlb first; NULL behind the last.
 */
const struct libdma_space *libdma_fragmap_space(const struct libdma_fragmap *fragmap,
						size_t index);

/**
 * typedef libdma_run_visitor - called for each run of free addresses
 *
 * Return: 0 to go on; what ends the walk.
 */
typedef int libdma_run_visitor(void *arg, uint64_t start, uint64_t size);

/**
 * libdma_space_walk_free() - visit the runs of free addresses, lowest first
 * @space:	a space of a finished fragmap, whose allocator's limits cut the runs
 * @from:	where to begin
 * @to:		the address behind the last that matters
 * @visit:	called for each run, cut to @from and @to
 * @arg:	its first argument
 *
 * Return: 0, or what @visit returned where that is not 0.
 */
int libdma_space_walk_free(const struct libdma_space *space, uint64_t from, uint64_t to,
			   libdma_run_visitor *visit, void *arg);

/** libdma_space_fits() - the largest request that a run of free addresses can serve */
uint64_t libdma_space_fits(const struct libdma_space *space, uint64_t start,
			   uint64_t size);

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-iova.c - one IOVA domain: addresses, caches, the flush queue, time
 *
 * map_* and iova_try_alloc take ranges (the latter without emptying the caches of all
 * CPUs), unmap_* and iova_free give them back (the latter past the queue), alloc and
 * free do so past the caches; map_resource reserves, set_mask sets the highest
 * address. mapping_error goes on with a clone, sync_single_for_cpu lets a clone adopt a
 * range (iova-clone.c). Attributes say how many in a row. Direction 3: the memory of the
 * model runs out at the arg-th allocation of a mapping_error, else at the first. Small
 * spaces come from a large granule and a small aperture, small magazines from the
 * segment. The last byte of the config: bit 0 sizes count granules, not bytes; bits 1-2
 * strict, lazy, lazy with one queue; bit 6 more calls than others make, so that a real
 * depot has magazines.
 */
#include <errno.h>
#include <string.h>

#include "alloc/iova.h"
#include "iova-clone.h"
#include "kinds.h"
#include "oracle.h"
#include "reference-iova.h"
#include "requests.h"
#include "target.h"

#define CONFIG_START 7
#define RANGES       2048

/* Of an input: calls, and ranges that were walked over. Many short inputs find more. */
#define COST	     64
#define COST_OF_LONG 400

struct live {
	uint64_t pfn, size; /* 0: not live */
};

static struct reference_iova reference;
static struct live lives[RANGES]; /* none of them between two inputs */

static struct world {
	struct requests requests;
	struct iova_domain *domain;
	struct heap heap;
	uint64_t limit, granule;
	bool counts_granules;
	unsigned int cost, most, flushes;
	unsigned int top; /* no slot from here on was used */
} world;

static unsigned int cpu_now(void)
{
	return (unsigned int)world.requests.event.cpu % reference.cpus;
}

/* May a request that costs so much be run? What is not ends by itself. */
static bool spend(unsigned int cost)
{
	world.cost += cost;
	return world.cost <= world.most;
}

static void flushed(void *arg, unsigned int cpu)
{
	(void)cpu;
	(void)arg;
	world.flushes++;
}

/* Of a request that says so, the first call of the model for memory fails. */
static void run_short(void)
{
	if (world.requests.event.dir == DMA_NONE)
		world.heap.fail_nth = world.heap.calls + 1;
}

/* Did it? Then the call changed nothing, and succeeds the next time. */
static bool was_short(void)
{
	bool was = world.heap.fail_nth && world.heap.calls >= world.heap.fail_nth;

	world.heap.fail_nth = 0;
	return was;
}

static uint64_t granules_of(uint64_t size)
{
	return world.counts_granules ? size
				     : size / world.granule + !!(size % world.granule);
}

static bool argument_valid(uint64_t size)
{
	return size && !(size >> 63) && !(world.limit >> 63);
}

/* What the caches make of a size. */
static uint64_t size_class(uint64_t size)
{
	uint64_t rounded = 1;

	while (rounded < size && rounded < 64)
		rounded *= 2;
	return rounded > 32 ? size : rounded;
}

/* What holds of any address, whoever chose it. */
static void check_range(uint64_t pfn, uint64_t size, bool cached)
{
	uint64_t align = 1;

	while (align < size)
		align *= 2;
	expect(ALIGN, pfn % align == 0);
	expect(LIMIT, pfn >= reference.start);
	/* Of a cached one the kernel's comparison wraps where none can fit (I16). */
	expect(LIMIT, (pfn <= world.limit && size - 1 <= world.limit - pfn) ||
			      (cached && size_class(size) > world.limit + 1));
}

static void take(unsigned int slot, uint64_t pfn, uint64_t size)
{
	lives[slot].pfn = pfn;
	lives[slot].size = size;
	if (world.top <= slot)
		world.top = slot + 1;
}

static void alloc(unsigned int slot, uint64_t size, bool flush)
{
	struct live *live = &lives[slot % RANGES];
	uint64_t pfn = 0, expected;
	int err;

	if (live->size || !spend(1))
		return;
	if (!flush)
		run_short();
	err = iova_alloc_fast(world.domain, (unsigned int)world.requests.event.cpu, size,
			      world.limit, flush, &pfn);
	if (was_short()) {
		expect(MEMORY, err == -ENOMEM);
		err = iova_alloc_fast(world.domain, cpu_now(), size, world.limit, flush,
				      &pfn);
	}
	if (!argument_valid(size)) {
		expect(ARGUMENT, err == -EINVAL);
		return;
	}
	expected = reference_iova_alloc_fast(&reference, cpu_now(), size, world.limit,
					     flush);
	expect(REFERENCE, (err ? 0 : pfn) == expected);
	expect(ERROR, !err || err == -ENOSPC);
	/* Emptied caches leave the hint of the largest failure for 32 bits behind. */
	if (err && flush)
		expect(COMPLETE,
		       !reference_iova_fits(&reference, size_class(size), world.limit) ||
			       world.limit < reference.pfn32);
	if (err)
		return;
	check_range(pfn, size, true);
	take(slot % RANGES, pfn, size);
}

static void alloc_slowly(unsigned int slot, uint64_t size)
{
	struct live *live = &lives[slot % RANGES];
	uint64_t pfn = 0, expected;
	bool hinted;
	int err;

	if (live->size || !spend(1))
		return;
	run_short();
	err = iova_alloc(world.domain, size, world.limit, &pfn);
	if (was_short()) {
		expect(MEMORY, err == -ENOMEM);
		err = iova_alloc(world.domain, size, world.limit, &pfn);
	}
	if (!argument_valid(size)) {
		expect(ARGUMENT, err == -EINVAL);
		return;
	}
	hinted = world.limit < reference.pfn32 && size >= reference.max32;
	expected = reference_iova_alloc(&reference, size, world.limit);
	expect(REFERENCE, (err ? 0 : pfn) == expected);
	expect(COMPLETE,
	       !err || hinted || !reference_iova_fits(&reference, size, world.limit));
	if (err)
		return;
	check_range(pfn, size, false);
	take(slot % RANGES, pfn, size);
}

static void release(unsigned int slot, bool waits)
{
	struct live *live = &lives[slot % RANGES];

	if (!live->size)
		return;
	if (waits) {
		iova_release(world.domain, cpu_now(), live->pfn, live->size);
		reference_iova_release(&reference, cpu_now(), live->pfn, live->size);
	} else {
		run_short();
		iova_free_fast(world.domain, cpu_now(), live->pfn, live->size);
		if (was_short()) /* of a magazine: the range is not kept */
			reference_iova_free(&reference, live->pfn);
		else
			reference_iova_free_fast(&reference, cpu_now(), live->pfn,
						 live->size);
	}
	live->size = 0;
}

/* With a second free, which must find nothing. */
static void release_slowly(unsigned int slot)
{
	struct live *live = &lives[slot % RANGES];
	bool there;

	if (!live->size)
		return;
	there = reference_iova_free(&reference, live->pfn);
	expect(FREE, iova_free(world.domain, live->pfn) == (there ? 0 : -ENOENT));
	there = reference_iova_free(&reference, live->pfn);
	expect(FREE, iova_free(world.domain, live->pfn) == (there ? 0 : -ENOENT));
	live->size = 0;
}

/* Of no bytes, or behind the end of all, it is refused. */
static void reserve(uint64_t lo, uint64_t size)
{
	unsigned int shift = (unsigned int)__builtin_ctzll(world.granule);
	uint64_t hi = lo + size - 1;
	bool may = lo <= hi && (lo | hi) <= UINT64_MAX >> shift;
	int err;

	run_short();
	err = iova_reserve(world.domain, lo, hi);
	if (was_short()) {
		expect(MEMORY, err == -ENOMEM);
		err = iova_reserve(world.domain, lo, hi);
	}
	expect(ARGUMENT, err == (may ? 0 : -EINVAL));
	if (may)
		reference_iova_reserve(&reference, lo, hi);
}

static int same_span(const struct iova_range *range, void *arg)
{
	unsigned int *at = arg;

	expect(REFERENCE, *at < reference.spans);
	expect(REFERENCE, range->pfn == reference.span[*at].lo);
	expect(REFERENCE,
	       range->size == reference.span[*at].hi - reference.span[*at].lo + 1);
	++*at;
	return 0;
}

static void compare(void)
{
	unsigned int at = 0;

	expect(VALID, iova_valid(world.domain));
	expect(REFERENCE, !iova_walk(world.domain, same_span, &at));
	expect(REFERENCE, at == reference.spans);
	expect(COUNTERS, world.flushes == reference.flushes);
	expect(COUNTERS, iova_count(world.domain) == reference.spans);
	expect(COUNTERS, iova_cpus(world.domain) == reference.cpus &&
				 1ULL << iova_shift(world.domain) == world.granule);
}

/* From now on it is a clone that answers; where memory is short there is none. */
static void go_on_with_clone(void)
{
	struct iova_domain *clone;
	int err;

	if (world.requests.event.dir == DMA_NONE)
		world.heap.fail_nth = world.heap.calls + 1 + world.requests.op.arg % 32;
	err = iova_clone(world.domain, &clone);
	expect(MEMORY, err == (was_short() ? -ENOMEM : 0));
	if (err)
		return;
	expect(COUNTERS, iova_searches(clone) == iova_searches(world.domain) &&
				 iova_magazines(clone) == iova_magazines(world.domain) &&
				 iova_waiting(clone) == iova_waiting(world.domain) &&
				 iova_flushes(clone) == iova_flushes(world.domain) &&
				 iova_memory(clone) > iova_waiting(clone) * 8);
	iova_domain_destroy(world.domain);
	world.domain = clone;
	compare();
}

/* What that one flushes is not the domain's. */
static void adopt_on_clone(void)
{
	unsigned int flushes = world.flushes;

	iova_clone_adopts(world.domain, &reference, &world.requests, &world.heap);
	world.flushes = flushes;
}

static void run(const struct dma_event *event)
{
	uint64_t size = granules_of(event->size);
	unsigned int slot = (unsigned int)event->handle;

	iova_advance(world.domain, event->ns);
	reference_iova_advance(&reference, event->ns);
	for (unsigned int i = 0; i < world.requests.row; i++) {
		switch (event->kind) {
		case DMA_EVENT_MAP_SINGLE:
		case DMA_EVENT_MAP_PAGE:
		case DMA_EVENT_MAP_PHYS:
		case DMA_EVENT_MAP_SG:
			alloc(slot + i, size, true);
			break;
		case DMA_EVENT_IOVA_TRY_ALLOC:
			alloc(slot + i, size, false);
			break;
		case DMA_EVENT_UNMAP_SINGLE:
		case DMA_EVENT_UNMAP_PAGE:
		case DMA_EVENT_UNMAP_PHYS:
		case DMA_EVENT_UNMAP_SG:
			release(slot + i, true);
			break;
		case DMA_EVENT_IOVA_FREE:
			release(slot + i, false);
			break;
		case DMA_EVENT_ALLOC:
			alloc_slowly(slot + i, size);
			break;
		case DMA_EVENT_FREE:
			release_slowly(slot + i);
			break;
		default:
			break;
		}
	}
	if (event->kind == DMA_EVENT_SET_MASK)
		world.limit = event->mask / world.granule;
	if (event->kind == DMA_EVENT_MAPPING_ERROR && spend(8 + reference.spans / 4))
		go_on_with_clone();
	if (event->kind == DMA_EVENT_SYNC_SINGLE_FOR_CPU &&
	    spend(16 + reference.spans / 2))
		adopt_on_clone();
	if (event->kind == DMA_EVENT_MAP_RESOURCE)
		reserve(event->phys / PROGRAM_PLACE_UNIT, size);
}

static void begin(void)
{
	const uint8_t *config = requests_config(&world.requests);
	unsigned int shift =
		config[CONFIG_GRANULE] ? 9 + config[CONFIG_GRANULE] % 23 : 12;
	unsigned int bits =
		config[CONFIG_APERTURE] ? config[CONFIG_APERTURE] % 63 + 1 : 36;
	enum iova_release release = config[CONFIG_TARGET] >> 1 & 3;
	enum dma_kernel kernel = requests_kernel(&world.requests);
	int err;
	struct iova_options options = {
		.rules = kernel_rules(kernel),
		.heap = &world.heap,
		.magazine = config[CONFIG_SEGMENT] ? 4 + config[CONFIG_SEGMENT] % 12 : 0,
		.granule = 1ULL << shift,
		.cpus = 1 + config[CONFIG_CPUS] % REFERENCE_IOVA_CPUS
	};

	iova_refuses(&options);
	options.start = 1 + config[CONFIG_START];
	world.granule = options.granule;
	world.limit = (1ULL << bits) - 1;
	world.counts_granules = config[CONFIG_TARGET] & 1;
	world.most = config[CONFIG_TARGET] & 64 ? COST_OF_LONG : COST;
	reference_iova_init(&reference, kernel != DMA_KERNEL_6_1, options.cpus,
			    options.start, 1ULL << (32 - shift));
	if (options.magazine)
		reference.full = options.magazine;
	world.heap.fail_nth = config[CONFIG_HEAP] % 16;
	err = iova_domain_create(&options, &world.domain);
	if (err) {
		expect(MEMORY, was_short() && err == -ENOMEM);
		expect(MEMORY, !iova_domain_create(&options, &world.domain));
	}
	if (release == IOVA_LAZY_SHARED && kernel == DMA_KERNEL_6_1)
		expect(ARGUMENT,
		       iova_set_release(world.domain, release, flushed, NULL) == -EINVAL);
	else if (release && release <= IOVA_LAZY_SHARED) {
		err = iova_set_release(world.domain, release, flushed, NULL);
		if (err) {
			expect(MEMORY, was_short() && err == -ENOMEM);
			err = iova_set_release(world.domain, release, flushed, NULL);
		}
		expect(MEMORY, !err);
		reference_iova_set_lazy(&reference, release == IOVA_LAZY_SHARED);
		expect(ARGUMENT,
		       iova_set_release(world.domain, release, flushed, NULL) == -EINVAL);
	} else {
		expect(MEMORY,
		       !iova_set_release(world.domain, IOVA_STRICT, flushed, NULL));
	}
	world.heap.fail_nth = 0;
}

/* When all is free, and has waited long enough, only reservations are left. */
static void end(void)
{
	uint64_t later = world.requests.state.ns + 100000000000ULL;

	for (unsigned int slot = 0; slot < world.top; slot++)
		release(slot, true);
	iova_advance(world.domain, later);
	reference_iova_advance(&reference, later);
	compare();
	expect(CONSERVE, !iova_waiting(world.domain));
	/* of a long input it would be as dear as all the rest, and say no more */
	if (world.requests.number < 8)
		iova_walk_stops(world.domain);
	iova_domain_destroy(world.domain);
}

const uint16_t target_kinds[] = { KINDS_OF_IOVA, DMA_EVENT_NONE };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	requests_open(&world.requests, data, size);
	memset(&world.domain, 0, sizeof(world) - offsetof(struct world, domain));
	begin();
	while (world.cost <= world.most && requests_next(&world.requests)) {
		run(&world.requests.event);
		if (world.requests.number % 32 == 0)
			compare();
	}
	compare();
	end();
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every call of the API on every kind of machine, with each allocation inside it made
 * to fail in turn.
 *
 * A call that fails leaves everything as it was: pages, areas, pools, translations,
 * slots, regions, lists. Once nothing fails the call gives what it gives on a machine
 * on which nothing ever failed, and its end brings everything back, whatever fails
 * meanwhile. IOVAs alone may have moved from free to cached, as the kernel keeps them.
 */
#include <errno.h>

#include "api-calls.h"
#include "dice.h"
#include "machine-census.h"
#include "valgrind.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

static const struct libdma_range small[] = {
	{ .start = 0x1000, .length = 0x9e000 },
	{ .start = 0x100000, .length = 0x7f00000 },
};

static const struct machine_kind {
	const char *name;
	struct libdma_machine_options options;
	struct libdma_device_options device;
} machines[] = {
	{ "direct", { 0 }, { .pci = true, .coherent = true } },
	{ "non-coherent with CMA", { .cma_size = 16 << 20 }, { .pci = true } },
	{ "pools in blocks",
	  { .config = LIBDMA_CONFIG_POOL_DEBUG | LIBDMA_CONFIG_POOL_IN_BLOCK },
	  { 0 } },
	{ "small buffers bounce", { .config = LIBDMA_CONFIG_BOUNCE_KMALLOC }, { 0 } },
	{ "swiotlb=force", { .swiotlb_force = true }, { .pci = true, .coherent = true } },
	{ "swiotlb=force, non-coherent", { .swiotlb_force = true }, { .pci = true } },
	{ "swiotlb that grows",
	  { .swiotlb_force = true, .config = LIBDMA_CONFIG_SWIOTLB_DYNAMIC },
	  { .coherent = true } },
	{ "restricted", { 0 }, { .coherent = true, .swiotlb_slots = 1024 } },
	{ "restricted, non-coherent", { 0 }, { .swiotlb_slots = 1024 } },
	{ "strict",
	  { .iommu = LIBDMA_IOMMU_STRICT, .cma_size = 16 << 20 },
	  { .pci = true, .coherent = true } },
	{ "strict, non-coherent", { .iommu = LIBDMA_IOMMU_STRICT }, { .pci = true } },
	{ "strict, untrusted",
	  { .iommu = LIBDMA_IOMMU_STRICT, .swiotlb_slots = 4096 },
	  { .pci = true, .coherent = true, .untrusted = true } },
	{ "strict, untrusted, non-coherent",
	  { .iommu = LIBDMA_IOMMU_STRICT, .swiotlb_slots = 4096 },
	  { .pci = true, .untrusted = true } },
	{ "lazy", { .iommu = LIBDMA_IOMMU_LAZY }, { .pci = true, .coherent = true } },
	{ "lazy, non-coherent",
	  { .iommu = LIBDMA_IOMMU_LAZY, .config = LIBDMA_CONFIG_SHADOWED_FLUSH },
	  { .pci = true } },
};

#define MACHINES (ARRAY_SIZE(machines) * DMA_KERNELS)

/* The next machine of any kernel that has it: a swiotlb does not grow in 6.1. */
static size_t next_machine(size_t at)
{
	while (at < MACHINES && at % DMA_KERNELS == DMA_KERNEL_6_1 &&
	       machines[at / DMA_KERNELS].options.config & LIBDMA_CONFIG_SWIOTLB_DYNAMIC)
		at++;
	return at;
}

static const char *where(const struct machine_kind *kind, enum dma_kernel kernel,
			 const struct call *call, uint64_t nth)
{
	static char text[200];

	snprintf(text, sizeof(text), "%s on %s, kernel %s, allocation %llu", call->name,
		 kind->name,
		 kernel == DMA_KERNEL_6_1    ? "6.1"
		 : kernel == DMA_KERNEL_6_12 ? "6.12"
					     : "7.2",
		 (unsigned long long)nth);
	return text;
}

static void begin(const struct machine_kind *kind, enum dma_kernel kernel,
		  const struct call *call)
{
	struct libdma_machine_options options = kind->options;

	options.kernel = kernel;
	options.memory = small;
	options.memory_count = ARRAY_SIZE(small);
	if (options.swiotlb_force)
		options.swiotlb_slots = 4096;
	memset(&held, 0, sizeof(held));
	stand_up(options, kind->device);
	assert_int_equal(dma_set_mask_and_coherent(stand.dev, DMA_BIT_MASK(64)), 0);
	if (kind->device.untrusted) /* else no piece of a range can be bounced */
		assert_int_equal(dma_set_min_align_mask(stand.dev, 4095), 0);
	held.buffer = stand_buffer(BUFFER);
	if (call->before)
		call->before();
}

static void finish(const struct call *call)
{
	if (call->behind)
		call->behind();
	stand_down();
}

/* What the call gives where nothing fails. */
struct outcome {
	dma_addr_t dma;
	struct census done, undone;
};

static bool exists(const struct machine_kind *kind, enum dma_kernel kernel,
		   const struct call *call)
{
	const struct call none = { .name = "none" };
	bool does;

	if (!call->exists)
		return true;
	begin(kind, kernel, &none);
	does = call->exists(kernel);
	finish(&none);
	return does;
}

static void undisturbed(const struct machine_kind *kind, enum dma_kernel kernel,
			const struct call *call, struct outcome *ret)
{
	begin(kind, kernel, call);
	if (!call->call())
		fail_msg("%s: fails where nothing is short",
			 where(kind, kernel, call, 0));
	ret->dma = held.dma;
	ret->done = census();
	call->undo();
	ret->undone = census();
	finish(call);
}

/* Do it with the nth allocation failing; false where there are not so many. */
static bool short_of(uint64_t nth, bool (*call)(void), void (*undo)(void), bool *done)
{
	bool fired;

	libdma_machine_fail(stand.machine, nth, 0, 0);
	if (call)
		*done = call();
	else
		undo();
	fired = stand.machine->heap.calls >= stand.machine->heap.fail_nth;
	libdma_machine_fail(stand.machine, 0, 0, 0);
	assert_true(libdma_machine_valid(stand.machine));
	return fired;
}

static void fail_each_of_call(const struct machine_kind *kind, enum dma_kernel kernel,
			      const struct call *call, const struct outcome *expect)
{
	struct census before, after;
	bool done = false;
	const char *what;

	begin(kind, kernel, call);
	before = census();
	for (uint64_t nth = 1; short_of(nth, call->call, NULL, &done); nth++) {
		assert_true(nth < 1000);
		if (done) { /* the kernel, too, does without some things */
			call->undo();
			finish(call);
			begin(kind, kernel, call);
			before = census();
			continue;
		}
		after = census();
		what = differs_here(&before, &after);
		if (what)
			fail_msg("%s: changed %s", where(kind, kernel, call, nth), what);
	}
	if (expect->done.slots != before.slots || census().queued != before.queued) {
		/*
		 * As in the kernel the search for slots goes on behind those that were
		 * given back, and what was mapped for a moment waits for a flush.
		 */
		assert_true(done);
		call->undo();
		finish(call);
		return;
	}
	if (!done || held.dma != expect->dma)
		fail_msg("%s: then 0x%llx, not 0x%llx", where(kind, kernel, call, 0),
			 (unsigned long long)held.dma, (unsigned long long)expect->dma);
	after = census();
	what = differs(&after, &expect->done);
	if (what)
		fail_msg("%s: later other %s", where(kind, kernel, call, 0), what);
	call->undo();
	finish(call);
}

static void fail_each_of_undo(const struct machine_kind *kind, enum dma_kernel kernel,
			      const struct call *call, const struct outcome *expect)
{
	bool done;

	for (uint64_t nth = 1, fired = 1; fired; nth++) {
		struct census after;
		const char *what;

		assert_true(nth < 1000);
		begin(kind, kernel, call);
		assert_true(call->call());
		fired = short_of(nth, NULL, call->undo, &done);
		after = census();
		what = differs(&after, &expect->undone);
		if (what)
			fail_msg("%s: its end left other %s",
				 where(kind, kernel, call, nth), what);
		finish(call);
	}
}

static void each_allocation_of_each_call_can_fail(void **state)
{
	(void)state;
	for (size_t at = 0; at < MACHINES; at = next_machine(at + valgrind_stride(23)))
		for (size_t i = 0; i < ARRAY_SIZE(calls); i += valgrind_stride(4)) {
			const struct machine_kind *kind = &machines[at / DMA_KERNELS];
			enum dma_kernel kernel = (enum dma_kernel)(at % DMA_KERNELS);
			struct outcome expect;

			if (!exists(kind, kernel, &calls[i]))
				continue;
			undisturbed(kind, kernel, &calls[i], &expect);
			fail_each_of_call(kind, kernel, &calls[i], &expect);
			fail_each_of_undo(kind, kernel, &calls[i], &expect);
		}
}

static const unsigned char now[] = "what the CPU wrote last";

/* One sync with its nth allocation failing; false where there are not so many. */
static bool sync_short_of(uint64_t nth, bool list)
{
	struct census before = census(), after;
	unsigned int logged = stand.logged;
	unsigned char seen[sizeof(now)];
	bool fired;

	libdma_machine_fail(stand.machine, nth, 0, 0);
	if (list)
		dma_sync_sgtable_for_device(stand.dev, &held.table, DMA_BIDIRECTIONAL);
	else
		dma_sync_single_for_device(stand.dev, held.dma, sizeof(now),
					   DMA_BIDIRECTIONAL);
	fired = stand.machine->heap.calls >= stand.machine->heap.fail_nth;
	libdma_machine_fail(stand.machine, 0, 0, 0);
	after = census();
	assert_null(differs_here(&before, &after));
	assert_int_equal(libdma_device_read(stand.dev, held.dma, seen, sizeof(now), NULL),
			 sizeof(now));
	if (stand.logged == logged)
		assert_memory_equal(seen, now, sizeof(now));
	else
		assert_true(fired);
	return fired;
}

/*
 * A sync cannot say that it failed. It does what it is for, or the log tells that a
 * device sees old bytes.
 */
static void a_sync_works_or_is_told_of(void **state)
{
	const struct call none = { .name = "sync" };
	bool fired;

	(void)state;
	for (size_t at = 0; at < 2 * MACHINES;
	     at = at & 1 ? 2 * next_machine(at / 2 + valgrind_stride(9)) : at + 1)
		for (uint64_t nth = 1; nth == 1 || fired; nth++) {
			begin(&machines[at / 2 / DMA_KERNELS],
			      (enum dma_kernel)(at / 2 % DMA_KERNELS), &none);
			make_list();
			assert_int_equal(dma_map_sgtable(stand.dev, &held.table,
							 DMA_BIDIRECTIONAL,
							 DMA_ATTR_SKIP_CPU_SYNC),
					 0);
			held.dma = held.table.sgl->dma_address;
			memcpy(held.buffer, now, sizeof(now));
			fired = sync_short_of(nth, at & 1);
			unmap_list();
			drop_list();
			finish(&none);
		}
}

/* Calls of all kinds, and each allocation fails by chance. */
static void what_fails_by_chance_is_undone_too(void **state)
{
	const struct call none = { .name = "any" };

	(void)state;
	for (size_t at = 0; at < MACHINES; at = next_machine(at + valgrind_stride(5))) {
		enum dma_kernel kernel = (enum dma_kernel)(at % DMA_KERNELS);
		const struct machine_kind *kind = &machines[at / DMA_KERNELS];
		struct census before, after;

		begin(kind, kernel, &none);
		before = census();
		for (unsigned int round = 0; round < 200; round++) {
			const struct call *call = &calls[roll(ARRAY_SIZE(calls))];

			if (call->before || call->call == alloc_atomic)
				continue;
			libdma_machine_fail(stand.machine, 0, 200000, round);
			if (call->call())
				call->undo();
			libdma_machine_fail(stand.machine, 0, 0, 0);
		}
		after = census();
		if (differs(&before, &after))
			fail_msg("%s: changed %s", where(kind, kernel, &none, 0),
				 differs(&before, &after));
		finish(&none);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_allocation_of_each_call_can_fail),
		cmocka_unit_test(a_sync_works_or_is_told_of),
		cmocka_unit_test(what_fails_by_chance_is_undone_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

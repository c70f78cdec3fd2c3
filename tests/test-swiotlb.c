// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc/swiotlb.h"

#include "test.h"

#define POOL 0x4000000UL
#define FULL (~0UL)
#define ALL  (~0ULL)

static struct swiotlb *make(enum dma_kernel kernel, uint64_t slots, unsigned int areas)
{
	struct swiotlb_options options = { .rules = kernel_rules(kernel), .start = POOL,
					   .slots = slots, .areas = areas };
	struct swiotlb *swiotlb;

	assert_int_equal(swiotlb_create(&options, &swiotlb), 0);
	return swiotlb;
}

/* ---- examples of the rules, 5.8 ---- */

struct call {
	uint64_t phys, size, align; /* a size of 0 releases */
	uint64_t expected;
	uint64_t in_6_1; /* 0: the same */
};

static void play(uint64_t slots, const struct swiotlb_device *device, const struct call *call)
{
	for (unsigned int kernel = 0; kernel < DMA_KERNELS; kernel++) {
		struct swiotlb *swiotlb = make(kernel, slots, 1);

		for (const struct call *c = call; c->expected; c++) {
			struct swiotlb_request request = { 0, c->phys, c->size,
							   (uint32_t)c->align };
			uint64_t expected = kernel == DMA_KERNEL_6_1 && c->in_6_1
						    ? c->in_6_1 : c->expected;
			phys_addr_t phys = FULL;

			if (!c->size)
				assert_int_equal(swiotlb_unmap(swiotlb, device, c->expected), 0);
			else if (swiotlb_map(swiotlb, device, &request, &phys, NULL) == 0 ||
				 expected == FULL)
				assert_true(phys == expected);
			else
				fail();
		}
		swiotlb_destroy(swiotlb);
	}
}

static void the_rules_examples_come_out(void **state)
{
	static const struct call a[] = {
		{ 0x123456100, 1, 0, 0x4000000, 0 }, { 0x123456100, 4095, 0, 0x4000800, 0 },
		{ 0x123456100, 4096, 0, 0x4002000, 0 }, { 0x123456100, 6145, 0, 0x4003000, 0 },
		{ 0x123456100, 262144, 0, FULL, 0 }, { 0, 0, 0, 0x4000000, 0 },
		{ 0x123456100, 2048, 0, 0x4005000, 0 }, { 0x200000, 2049, 0, 0x4005800, 0 },
		{ 0 },
	};
	static const struct call b[] = {
		{ 0x1000, 100, 0xfff, 0x4000000, 0 }, { 0x1f00, 512, 0xfff, 0x4001000, 0 },
		{ 0x1000, 5000, 0xfff, 0x4002000, 0 }, { 0x1000, 100, 0, 0x4004000, 0 }, { 0 },
	};
	static const struct call d[] = {
		{ 0x1000, 40000, 0, 0x4000000, 0 }, { 0x1000, 40000, 0, 0x4010000, 0 },
		{ 0x1000, 65536, 0, 0x4020000, 0 }, { 0x1000, 65537, 0, FULL, 0 }, { 0 },
	};
	static const struct call e[] = {
		{ 0x1000, 2048, 0, 0x4000000, 0 }, { 0, 0, 0, 0x4000000, 0 },
		{ 0x1000, 2048, 0, 0x4000800, 0 }, { 0, 0, 0, 0x4000800, 0 },
		{ 0x1000, 4096, 0, 0x4001000, 0 }, { 0x1000, 131072, 0, 0x4002000, 0 },
		{ 0x1000, 126976, 0, FULL, 0 }, { 0x1000, 2048, 0, 0x4022000, 0 }, { 0 },
	};
	static const struct call f[] = {
		{ 0x1234567900, 100, 0, 0x4000900, 0 },
		{ 0x1234567100, 5000, 0, 0x4001100, 0x4002100 },
		{ 0x1234567100, 100, 0, 0x4003100, 0x4004100 },
		{ 0x1234567100, 4096, 0, 0x4004100, 0x4006100 },
		{ 0x12345ff8, 10, 0, 0x4005ff8, 0x4008ff8 },
		{ 0x1234567900, 100, 0xfff, 0x4007900, 0x400a100 }, { 0 },
	};

	(void)state;
	play(128, &(struct swiotlb_device){ .boundary = ALL }, a);
	play(128, &(struct swiotlb_device){ .boundary = ALL }, b);
	play(128, &(struct swiotlb_device){ .boundary = 0xffff }, d);
	play(128, &(struct swiotlb_device){ .boundary = ALL }, e);
	play(32768, &(struct swiotlb_device){ .boundary = 0xffffffff, .min_align_mask = 0xfff },
	     f);
}

static void areas_are_by_cpu(void **state)
{
	static const struct {
		unsigned int cpu;
		size_t size;
		uint64_t expected;
	} call[] = {
		{ 2, 262144, 0x4080000 }, { 2, 262144, 0x40c0000 }, { 2, 2048, 0x4000000 },
		{ 3, 2048, 0x4000800 }, { 7, 2048, 0x4001000 },
	};
	struct swiotlb_device device = { .boundary = ALL };
	struct swiotlb *swiotlb = make(DMA_KERNEL_7_2, 512, 4);
	phys_addr_t phys;

	(void)state;
	for (size_t i = 0; i < sizeof(call) / sizeof(call[0]); i++) {
		struct swiotlb_request request = { call[i].cpu, 0x1000, call[i].size, 0 };

		assert_int_equal(swiotlb_map(swiotlb, &device, &request, &phys, NULL), 0);
		assert_true(phys == call[i].expected);
	}
	swiotlb_destroy(swiotlb);
}

/* ---- what it reports and refuses ---- */

static void a_full_pool_is_reported(void **state)
{
	struct swiotlb_device device = { .boundary = ALL, .min_align_mask = 0x7ff };
	struct swiotlb_request request = { 0, 0x1700, 200000, 0 };
	struct swiotlb_full full;
	phys_addr_t phys;

	(void)state;
	for (unsigned int kernel = 0; kernel < DMA_KERNELS; kernel++) {
		struct swiotlb *swiotlb = make(kernel, 128, 1);

		assert_int_equal(swiotlb_map(swiotlb, &device, &request, &phys, &full), 0);
		assert_int_equal(swiotlb_map(swiotlb, &device, &request, &phys, &full), -ENOSPC);
		assert_int_equal(full.slots, 128);
		assert_int_equal(full.used, 99);
		assert_int_equal(full.size, kernel == DMA_KERNEL_6_1 ? 200000 : 200000 + 0x700);
		assert_true(swiotlb_valid(swiotlb));
		swiotlb_destroy(swiotlb);
	}
}

static void nonsense_is_refused(void **state)
{
	struct swiotlb_options options = { .rules = kernel_rules(DMA_KERNEL_7_2), .start = POOL,
					   .slots = 128, .areas = 1 };
	struct swiotlb_device device = { .boundary = ALL }, odd = { .boundary = 0x17ff };
	struct swiotlb_request request = { 0, 0x1000, 0, 0 };
	struct swiotlb_options wrong;
	struct swiotlb *swiotlb;
	phys_addr_t phys;

	(void)state;
	wrong = options, wrong.areas = 0;
	assert_int_equal(swiotlb_create(&wrong, &swiotlb), -EINVAL);
	wrong = options, wrong.segment = 100;
	assert_int_equal(swiotlb_create(&wrong, &swiotlb), -EINVAL);
	wrong = options, wrong.start = POOL + 1;
	assert_int_equal(swiotlb_create(&wrong, &swiotlb), -EINVAL);
	wrong = options, wrong.grows = true;
	assert_int_equal(swiotlb_create(&wrong, &swiotlb), -EINVAL);
	swiotlb = make(DMA_KERNEL_7_2, 128, 1);
	assert_int_equal(swiotlb_map(swiotlb, &device, &request, &phys, NULL), -EINVAL);
	request.size = 100;
	assert_int_equal(swiotlb_map(swiotlb, &odd, &request, &phys, NULL), -EINVAL);
	request.size = SIZE_MAX;
	assert_int_equal(swiotlb_map(swiotlb, &device, &request, &phys, NULL), -ENOSPC);
	request.size = 10000;
	assert_int_equal(swiotlb_map(swiotlb, &device, &request, &phys, NULL), 0);
	assert_int_equal(swiotlb_unmap(swiotlb, &device, phys + 2048), -EINVAL);
	assert_int_equal(swiotlb_unmap(swiotlb, &device, phys + 0x10000), -EINVAL);
	assert_int_equal(swiotlb_unmap(swiotlb, &device, POOL - 1), -EINVAL);
	assert_int_equal(swiotlb_unmap(swiotlb, &device, phys), 0);
	assert_int_equal(swiotlb_unmap(swiotlb, &device, phys), -EINVAL);
	assert_int_equal(swiotlb_grow(swiotlb), -EALREADY);
	assert_true(swiotlb_holds(swiotlb, POOL + 128 * 2048 - 1));
	assert_false(swiotlb_holds(swiotlb, POOL + 128 * 2048));
	assert_true(swiotlb_valid(swiotlb));
	swiotlb_destroy(swiotlb);
	swiotlb_destroy(NULL);
}

static void the_largest_mapping_is_a_set_less_the_mask(void **state)
{
	struct swiotlb *swiotlb = make(DMA_KERNEL_7_2, 1024, 1);

	(void)state;
	assert_int_equal(swiotlb_max_mapping_size(swiotlb, 0), 262144);
	assert_int_equal(swiotlb_max_mapping_size(swiotlb, 0x1ff), 260096);
	assert_int_equal(swiotlb_max_mapping_size(swiotlb, 0xfff), 258048);
	for (uint32_t mask = 0; mask < 0x4000; mask = mask * 2 + 0x7ff) {
		struct swiotlb_device device = { .boundary = ALL, .min_align_mask = mask };
		struct swiotlb_request request = { .phys = 0x12345fff };
		phys_addr_t phys;

		request.size = swiotlb_max_mapping_size(swiotlb, mask);
		assert_int_equal(swiotlb_map(swiotlb, &device, &request, &phys, NULL), 0);
		assert_int_equal(swiotlb_unmap(swiotlb, &device, phys), 0);
	}
	swiotlb_destroy(swiotlb);
}

/* ---- bytes ---- */

#define MEMORY (8UL << 20)

static unsigned char *bytes; /* from physical 0 to MEMORY, and the pool behind it */

static unsigned char *at(phys_addr_t phys)
{
	return bytes + (phys >= POOL ? phys - POOL + MEMORY : phys);
}

static void copy(void *arg, phys_addr_t to, phys_addr_t from, size_t size)
{
	(void)arg;
	memmove(at(to), at(from), size);
}

static struct swiotlb *make_with_bytes(enum dma_kernel kernel)
{
	struct swiotlb_options options = { .rules = kernel_rules(kernel), .start = POOL,
					   .slots = 512, .areas = 1, .memory.copy = copy };
	struct swiotlb *swiotlb;

	bytes = malloc(MEMORY + 512 * 2048);
	assert_non_null(bytes);
	for (size_t i = 0; i < MEMORY + 512 * 2048; i++)
		bytes[i] = (unsigned char)(i * 2654435761U >> 13);
	assert_int_equal(swiotlb_create(&options, &swiotlb), 0);
	return swiotlb;
}

static void a_part_is_copied_to_where_it_belongs(void **state)
{
	static const uint32_t masks[] = { 0, 0xfff, 0x7ff, 0x1ff };
	uint64_t n = 1;

	(void)state;
	for (unsigned int trial = 0; trial < 24; trial++) {
		struct swiotlb *swiotlb = make_with_bytes(trial % DMA_KERNELS);
		struct swiotlb_device device = { .boundary = ALL,
						 .min_align_mask = masks[trial % 4] };

		for (unsigned int i = 0; i < 200; i++) {
			struct swiotlb_request request = { .align_mask = i & 1 ? 0xfff : 0 };
			size_t from, size;
			phys_addr_t phys;
			int r;

			n = n * 6364136223846793005ULL + 1442695040888963407ULL;
			request.phys = (n >> 24) % (MEMORY - 40000);
			request.size = 1 + (n >> 50) % 30000;
			assert_int_equal(swiotlb_map(swiotlb, &device, &request, &phys, NULL), 0);
			assert_memory_equal(at(phys), at(request.phys), request.size);

			/* The device writes; a part comes back, the rest does not. */
			memset(at(phys), 0x55, request.size);
			memset(at(request.phys), 0xaa, request.size);
			from = (n >> 33) % request.size;
			size = 1 + (n >> 40) % (request.size - from);
			r = swiotlb_bounce(swiotlb, &device, phys + from, size, false);
			/* 6.1 takes the first bytes of a later slot for ones before it. */
			if (trial % DMA_KERNELS == DMA_KERNEL_6_1 &&
			    ((phys + from) & 2047) < (phys & 2047 & device.min_align_mask)) {
				assert_int_equal(r, -EFAULT);
				size = 0;
			} else {
				assert_int_equal(r, 0);
			}
			for (size_t b = 0; b < request.size; b++)
				assert_int_equal(at(request.phys)[b],
						 b >= from && b < from + size ? 0x55 : 0xaa);
			assert_int_equal(swiotlb_unmap(swiotlb, &device, phys), 0);
		}
		swiotlb_destroy(swiotlb);
		free(bytes);
	}
}

static void a_part_too_long_is_cut(void **state)
{
	struct swiotlb *swiotlb = make_with_bytes(DMA_KERNEL_6_1);
	struct swiotlb_device device = { .boundary = ALL, .min_align_mask = 0x7ff };
	struct swiotlb_request request = { .phys = 0x1100, .size = 1000 };
	phys_addr_t phys;

	(void)state;
	assert_int_equal(swiotlb_map(swiotlb, &device, &request, &phys, NULL), 0);
	memset(at(request.phys), 0, 2000);
	assert_int_equal(swiotlb_bounce(swiotlb, &device, phys + 10, 1000, false), -EOVERFLOW);
	assert_int_equal(at(request.phys)[9], 0);
	assert_memory_equal(at(request.phys + 10), at(phys + 10), 990);
	assert_int_equal(at(request.phys)[1000], 0);
	assert_int_equal(swiotlb_bounce(swiotlb, &device, phys - 1, 1, false), -EFAULT);
	assert_int_equal(swiotlb_bounce(swiotlb, &device, phys + 1001, 1, false), -EFAULT);
	assert_int_equal(swiotlb_bounce(swiotlb, &device, phys + 2048, 1, false), -ENOENT);
	assert_int_equal(swiotlb_bounce(swiotlb, &device, POOL - 1, 1, false), -ENOENT);
	swiotlb_destroy(swiotlb);
	free(bytes);
}

/* ---- coherent memory from it ---- */

static void restricted_memory_is_aligned_since_6_12(void **state)
{
	struct swiotlb_device device = { .boundary = ALL };
	phys_addr_t phys;

	(void)state;
	for (unsigned int kernel = 0; kernel < DMA_KERNELS; kernel++) {
		struct swiotlb *swiotlb = make(kernel, 1024, 1);
		uint64_t expected[3] = { POOL, POOL + 0x4000, POOL + 0x6000 };

		if (kernel == DMA_KERNEL_6_1)
			expected[1] = POOL + 0x1000;
		assert_int_equal(swiotlb_alloc(swiotlb, &device, 0, 4096, &phys), 0);
		assert_true(phys == expected[0]);
		assert_int_equal(swiotlb_alloc(swiotlb, &device, 0, 16384, &phys), 0);
		assert_true(phys == expected[1]);
		assert_int_equal(swiotlb_bounce(swiotlb, &device, phys, 1, true), -ENOENT);
		assert_int_equal(swiotlb_alloc(swiotlb, &device, 0, 0, &phys), -EINVAL);
		assert_int_equal(swiotlb_alloc(swiotlb, &device, 0, 262145, &phys), -ENOSPC);
		assert_int_equal(swiotlb_unmap(swiotlb, &device, expected[1]), 0);
		assert_true(swiotlb_valid(swiotlb));
		swiotlb_destroy(swiotlb);
	}
}

/*
 * S18b: from slot 4 on, an odd slot is the first that keeps the buffer's bits; then each
 * fourth, past the end to slot 0, and from there to slot 1: slot 4 is not met again.
 */
static void what_never_fits_is_sought_for_ever_in_6_1(void **state)
{
	struct swiotlb_device device = { .min_align_mask = 0xfff, .boundary = ALL };

	(void)state;
	for (int kernel = 0; kernel < DMA_KERNELS; kernel++) {
		bool old = kernel == DMA_KERNEL_6_1;
		struct swiotlb_options options = {
			.rules = kernel_rules((enum dma_kernel)kernel),
			.start = POOL, .slots = 512, .areas = 1,
		};
		struct swiotlb_request request = { 0, 0x1000, 4096, 0 };
		struct swiotlb *swiotlb;
		phys_addr_t phys;

		assert_int_equal(swiotlb_create(&options, &swiotlb), 0);
		assert_int_equal(swiotlb_map(swiotlb, &device, &request, &phys, NULL), 0);
		assert_true(phys == POOL);
		request = (struct swiotlb_request){ 0, 0x1000, 300000, 0 };
		assert_int_equal(swiotlb_map(swiotlb, &device, &request, &phys, NULL), -ENOSPC);
		request.phys = 0x1800;
		assert_int_equal(swiotlb_map(swiotlb, &device, &request, &phys, NULL),
				 old ? -EDEADLK : -ENOSPC);
		request.size = 1UL << 50;
		assert_int_equal(swiotlb_map(swiotlb, &device, &request, &phys, NULL), -ENOSPC);
		assert_true(swiotlb_valid(swiotlb));
		swiotlb_destroy(swiotlb);
	}
}

/* ---- pools that are added ---- */

struct arena {
	phys_addr_t next;
	uint64_t given, most; /* bytes */
};

static int arena_alloc(void *arg, uint64_t size, uint64_t limit, phys_addr_t *ret)
{
	struct arena *arena = arg;

	if (arena->given + size > arena->most || arena->next + size - 1 > limit)
		return -ENOMEM;
	*ret = arena->next;
	arena->next += (size + 4095) & ~4095UL;
	arena->given += size;
	return 0;
}

static void arena_free(void *arg, phys_addr_t phys, uint64_t size)
{
	struct arena *arena = arg;

	(void)phys;
	arena->given -= size;
}

static void a_search_that_fails_makes_room(void **state)
{
	struct arena arena = { 0x10000000, 0, 5 << 20 };
	struct swiotlb_options options = {
		.rules = kernel_rules(DMA_KERNEL_7_2), .start = POOL, .slots = 4096, .areas = 2,
		.grows = true, .limit = 0xffffffff,
		.memory = { .alloc = arena_alloc, .free = arena_free, .arg = &arena },
	};
	struct swiotlb_device device = { .boundary = ALL, .limit = 0xffffffff };
	struct swiotlb_request request = { 0, 0x1000, 262144, 0 };
	uint64_t slots, used, most;
	struct swiotlb *swiotlb;
	phys_addr_t phys, first;

	(void)state;
	assert_int_equal(swiotlb_create(&options, &swiotlb), 0);
	for (unsigned int i = 0; i < 32; i++)
		assert_int_equal(swiotlb_map(swiotlb, &device, &request, &phys, NULL), 0);
	assert_int_equal(arena.given, 0);

	/* A bank for this one alone; another is ordered. */
	assert_int_equal(swiotlb_map(swiotlb, &device, &request, &first, NULL), 0);
	assert_true(first == 0x10000000 && arena.given == 262144);
	assert_true(swiotlb_valid(swiotlb));
	assert_int_equal(swiotlb_unmap(swiotlb, &device, first), 0);
	assert_int_equal(arena.given, 0);
	assert_false(swiotlb_holds(swiotlb, first));

	assert_int_equal(swiotlb_grow(swiotlb), 0);
	assert_int_equal(swiotlb_grow(swiotlb), -EALREADY);
	assert_int_equal(arena.given, 4 << 20);
	swiotlb_usage(swiotlb, &slots, &used, &most);
	assert_true(slots == 4096 + 2048 && used == 4096 && most == 4096 + 128);
	assert_int_equal(swiotlb_map(swiotlb, &device, &request, &phys, NULL), 0);
	assert_true(phys == 0x10040000);
	request.cpu = 1;
	assert_int_equal(swiotlb_map(swiotlb, &device, &request, &phys, NULL), 0);
	assert_true(phys == 0x10240000);
	assert_true(swiotlb_valid(swiotlb));

	/* Without memory nothing is added, and nothing changes. */
	arena.most = arena.given;
	for (unsigned int i = 0; i < 14; i++)
		assert_int_equal(swiotlb_map(swiotlb, &device, &request, &phys, NULL), 0);
	assert_int_equal(swiotlb_map(swiotlb, &device, &request, &phys, NULL), -ENOSPC);
	assert_int_equal(swiotlb_grow(swiotlb), -ENOMEM);
	assert_true(swiotlb_valid(swiotlb));
	/* Half of it, and half again, is better than nothing. */
	arena.most = arena.given + (1 << 20);
	assert_int_equal(swiotlb_map(swiotlb, &device, &request, &phys, NULL), 0);
	assert_int_equal(swiotlb_unmap(swiotlb, &device, phys), 0);
	assert_int_equal(swiotlb_grow(swiotlb), 0);
	assert_int_equal(arena.given, 5 << 20);
	swiotlb_destroy(swiotlb);
	assert_int_equal(arena.given, 0);
}

static void a_failure_leaves_all_as_it_was(void **state)
{
	struct arena arena = { 0x10000000, 0, 64 << 20 };
	struct heap heap = { 0 };
	struct swiotlb_options options = {
		.rules = kernel_rules(DMA_KERNEL_7_2), .heap = &heap, .start = POOL,
		.slots = 128, .areas = 1, .grows = true, .limit = 0xffffffff,
		.memory = { .alloc = arena_alloc, .free = arena_free, .arg = &arena },
	};
	struct swiotlb_device device = { .boundary = ALL, .limit = 0xffffffff };
	struct swiotlb_request request = { 0, 0x1000, 262144, 0 };
	struct swiotlb *swiotlb;
	phys_addr_t phys;

	(void)state;
	for (uint64_t nth = 1; nth <= 3; nth++) {
		heap = (struct heap){ .fail_nth = nth };
		assert_int_equal(swiotlb_create(&options, &swiotlb), -ENOMEM);
	}
	heap = (struct heap){ 0 };
	assert_int_equal(swiotlb_create(&options, &swiotlb), 0);
	assert_int_equal(swiotlb_map(swiotlb, &device, &request, &phys, NULL), 0);
	for (uint64_t nth = 1; nth <= 2; nth++) {
		heap = (struct heap){ .fail_nth = nth };
		assert_int_equal(swiotlb_map(swiotlb, &device, &request, &phys, NULL), -ENOSPC);
		heap = (struct heap){ .fail_nth = nth };
		assert_int_equal(swiotlb_grow(swiotlb), -ENOMEM);
		assert_int_equal(arena.given, 0);
		assert_true(swiotlb_valid(swiotlb));
	}
	swiotlb_destroy(swiotlb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rules_examples_come_out),
		cmocka_unit_test(areas_are_by_cpu),
		cmocka_unit_test(a_full_pool_is_reported),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(the_largest_mapping_is_a_set_less_the_mask),
		cmocka_unit_test(a_part_is_copied_to_where_it_belongs),
		cmocka_unit_test(a_part_too_long_is_cut),
		cmocka_unit_test(restricted_memory_is_aligned_since_6_12),
		cmocka_unit_test(what_never_fits_is_sought_for_ever_in_6_1),
		cmocka_unit_test(a_search_that_fails_makes_room),
		cmocka_unit_test(a_failure_leaves_all_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

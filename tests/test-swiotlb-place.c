// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two pools get the same requests. One of them also searches for what nobody asked and
 * takes that back, and is told each place rather than finding it: both stay the same.
 */
#include <errno.h>

#include "alloc/swiotlb.h"

#include "dice.h"
#include "test.h"

#define POOL  0x4000000UL
#define SLOTS 1024
#define LIVE  64
#define TURNS 20000

static struct swiotlb *make(enum dma_kernel kernel)
{
	struct swiotlb_options options = { .rules = kernel_rules(kernel), .start = POOL,
					   .slots = SLOTS, .areas = 2 };
	struct swiotlb *swiotlb;

	assert_int_equal(swiotlb_create(&options, &swiotlb), 0);
	return swiotlb;
}

static struct swiotlb_request request(void)
{
	return (struct swiotlb_request) {
		.cpu = (unsigned int)roll(4),
		.phys = 0x100000 + roll(1 << 20),
		.size = 1 + roll(roll(8) ? 9000 : 200000),
	};
}

/* A search that is taken back leaves nothing. */
static void disturb(struct swiotlb *swiotlb, const struct swiotlb_device *device)
{
	struct swiotlb_request wanted = request();
	struct swiotlb_cursor before;
	phys_addr_t copy;

	if (swiotlb_map(swiotlb, device, &wanted, &copy, NULL))
		return;
	before = swiotlb_before(swiotlb, copy);
	assert_int_equal(swiotlb_undo(swiotlb, device, copy, before), 0);
	assert_int_equal(swiotlb_undo(swiotlb, device, copy, before), -EINVAL);
}

static void told(struct swiotlb *swiotlb, const struct swiotlb_device *device,
		 const struct swiotlb_request *wanted, phys_addr_t copy)
{
	struct swiotlb_mapping mapping;

	assert_int_equal(swiotlb_place(swiotlb, device, wanted, copy, true), 0);
	assert_int_equal(swiotlb_place(swiotlb, device, wanted, copy, true), -EBUSY);
	assert_int_equal(swiotlb_find(swiotlb, device, copy, &mapping), 0);
	assert_true(mapping.phys == wanted->phys);
}

static void play(enum dma_kernel kernel, uint32_t keep)
{
	const struct swiotlb_device device = { .min_align_mask = keep,
					       .boundary = UINT32_MAX,
					       .limit = UINT64_MAX };
	struct swiotlb *plain = make(kernel), *other = make(kernel);
	uint64_t slots, used[2], most;
	phys_addr_t live[LIVE] = { 0 }, copy;

	for (unsigned int turn = 0; turn < TURNS; turn++) {
		phys_addr_t *place = &live[roll(LIVE)];
		struct swiotlb_request wanted = request();

		if (*place) {
			assert_int_equal(swiotlb_unmap(plain, &device, *place), 0);
			assert_int_equal(swiotlb_unmap(other, &device, *place), 0);
			*place = 0;
			continue;
		}
		disturb(other, &device);
		if (swiotlb_map(plain, &device, &wanted, &copy, NULL)) {
			assert_int_not_equal(
				swiotlb_map(other, &device, &wanted, &copy, NULL), 0);
			continue;
		}
		told(other, &device, &wanted, copy);
		*place = copy;
		if (turn % 64 == 0)
			assert_true(swiotlb_valid(plain) && swiotlb_valid(other));
	}
	swiotlb_usage(plain, &slots, &used[0], &most);
	swiotlb_usage(other, &slots, &used[1], &most);
	assert_true(used[0] == used[1]);
	swiotlb_destroy(plain);
	swiotlb_destroy(other);
}

static void what_is_taken_back_or_told_is_as_if_found(void **state)
{
	(void)state;
	for (unsigned int kernel = 0; kernel < DMA_KERNELS; kernel++) {
		play(kernel, 0);
		play(kernel, 0x7ff);
		/* there 6.1 may search for ever, which ends in the same failure */
		play(kernel, 0xfff);
	}
}

static void what_lies_in_the_way_is_cleared(void **state)
{
	static const struct swiotlb_device device = { .boundary = UINT64_MAX,
						      .limit = UINT64_MAX };
	struct swiotlb *swiotlb = make(DMA_KERNEL_6_12);
	struct swiotlb_request small = { .phys = 0x1000, .size = 2048 };
	struct swiotlb_request large = { .phys = 0x9000, .size = 8192 };
	uint64_t slots, used, most;
	phys_addr_t copy;

	(void)state;
	for (unsigned int i = 0; i < 6; i++)
		assert_int_equal(swiotlb_map(swiotlb, &device, &small, &copy, NULL), 0);
	assert_int_equal(swiotlb_place(swiotlb, &device, &large, POOL + 4096, false), -EBUSY);
	swiotlb_clear(swiotlb, &device, &large, POOL + 4096);
	swiotlb_usage(swiotlb, &slots, &used, &most);
	assert_true(used == 2);
	assert_int_equal(swiotlb_place(swiotlb, &device, &large, POOL + 4096, false), 0);
	assert_true(swiotlb_valid(swiotlb));
	/* the search goes on where it was: placing was none */
	assert_int_equal(swiotlb_map(swiotlb, &device, &small, &copy, NULL), 0);
	assert_true(copy == POOL + 6 * 2048);

	/* across two sets, outside, and at an odd byte no copy can lie */
	assert_int_equal(swiotlb_place(swiotlb, &device, &large, POOL + 127 * 2048, true),
			 -EINVAL);
	assert_int_equal(swiotlb_place(swiotlb, &device, &large, POOL - 2048, true), -EINVAL);
	assert_int_equal(swiotlb_place(swiotlb, &device, &large, POOL + 65536 + 1, true),
			 -EINVAL);
	assert_true(swiotlb_areas(swiotlb) == 2);
	swiotlb_destroy(swiotlb);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_taken_back_or_told_is_as_if_found),
		cmocka_unit_test(what_lies_in_the_way_is_cleared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

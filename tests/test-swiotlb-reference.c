// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bounce buffers against the reference of fuzz/, slot by slot, for longer than an input
 * of a fuzz target lasts.
 */
#include <errno.h>

#include "alloc/swiotlb.h"

#include "reference-swiotlb.h"
#include "test.h"

static uint64_t seed = 1;

static uint64_t dice(uint64_t sides)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (seed >> 24) % sides;
}

/* ---- comparing ---- */

#define MOST REFERENCE_SWIOTLB_SLOTS

static struct reference_swiotlb ref;
static uint64_t live[MOST];
static unsigned int lives;

static int same(const struct swiotlb_mapping *mapping, void *arg)
{
	unsigned int *seen = arg;

	assert_int_equal(ref.begins[mapping->slot], mapping->slots);
	assert_int_equal(ref.pads[mapping->slot], mapping->padding);
	++*seen;
	return 0;
}

static void compare(const struct swiotlb *swiotlb)
{
	uint64_t slots, used, most, expected;
	unsigned int seen = 0;

	assert_true(swiotlb_valid(swiotlb));
	assert_int_equal(swiotlb_walk(swiotlb, same, &seen), 0);
	assert_int_equal(seen, lives);
	expected = reference_swiotlb_used(&ref);
	swiotlb_usage(swiotlb, &slots, &used, &most);
	assert_true(slots == ref.slots && used == expected && most >= used);
}

/* 5.9 */
static void invariants(uint64_t address, uint64_t phys, uint64_t size,
		       const struct swiotlb_device *device)
{
	uint64_t last = address + size - 1;

	assert_true(((address ^ phys) & device->min_align_mask) == 0);
	assert_true((address - ref.start) / (ref.set * 2048) ==
		    (last - ref.start) / (ref.set * 2048));
	if (device->boundary + 1)
		assert_true(address / (device->boundary + 1) == last / (device->boundary + 1));
}

struct trial {
	enum dma_kernel kernel;
	uint64_t start, slots;
	unsigned int areas, segment;
	uint32_t keep;
	uint64_t boundary, align;
	unsigned int most, endless;
};

static uint64_t some_size(const struct trial *trial)
{
	switch (dice(6)) {
	case 0:
		return 1 + dice(trial->segment * 2048UL + 4096);
	case 1:
		return 4096;
	case 2:
		return 1 + dice(2048);
	default:
		return 512UL << dice(8);
	}
}

static void map(struct swiotlb *swiotlb, const struct swiotlb_device *device,
		struct trial *trial)
{
	struct swiotlb_request request = { .cpu = (unsigned int)dice(8),
					   .phys = dice(1ULL << 34),
					   .size = some_size(trial) };
	struct reference_bounce bounce = { .keep = device->min_align_mask,
					   .boundary = device->boundary };
	uint64_t expected;
	phys_addr_t phys;
	int r;

	if (dice(3) == 0)
		request.align_mask = (uint32_t)trial->align;
	bounce.cpu = request.cpu;
	expected = reference_swiotlb_map(&ref, &bounce, request.phys, request.size,
					 request.align_mask);
	r = swiotlb_map(swiotlb, device, &request, &phys, NULL);
	if (expected == REFERENCE_FULL || expected == REFERENCE_ENDLESS) {
		trial->endless += expected == REFERENCE_ENDLESS;
		assert_int_equal(r, expected == REFERENCE_FULL ? -ENOSPC : -EDEADLK);
		return;
	}
	assert_int_equal(r, 0);
	assert_true(phys == expected);
	/* 6.1 aligns indices of areas, and those only. */
	if (!ref.old)
		invariants(phys, request.phys, request.size, device);
	live[lives++] = phys;
}

static unsigned int run(struct trial trial, unsigned int steps)
{
	struct swiotlb_options options = { .rules = kernel_rules(trial.kernel),
					   .start = trial.start, .slots = trial.slots,
					   .areas = trial.areas, .segment = trial.segment };
	struct swiotlb_device device = { .min_align_mask = trial.keep,
					 .boundary = trial.boundary };
	struct swiotlb *swiotlb;

	reference_swiotlb_init(&ref, trial.kernel == DMA_KERNEL_6_1, trial.start,
			       trial.slots, trial.areas, trial.segment);
	lives = 0;
	assert_int_equal(swiotlb_create(&options, &swiotlb), 0);
	for (unsigned int step = 0; step < steps; step++) {
		if (lives < trial.most && dice(20) < 11) {
			map(swiotlb, &device, &trial);
		} else if (lives) {
			unsigned int at = (unsigned int)dice(lives);

			reference_swiotlb_unmap(&ref, live[at]);
			assert_int_equal(swiotlb_unmap(swiotlb, &device, live[at]), 0);
			live[at] = live[--lives];
		}
		if (step % 16 == 0)
			compare(swiotlb);
	}
	compare(swiotlb);
	swiotlb_destroy(swiotlb);
	return trial.endless;
}

static void every_slot_is_that_of_the_reference(void **state)
{
	static const uint64_t boundaries[] = { ~0ULL, 0xffffffff, 0xffff, 0x3ffff };
	static const uint32_t masks[] = { 0, 0xfff, 0x7ff, 0x1ff, 0x3fff, 0x2fff, 0x1800 };
	unsigned int endless = 0;

	(void)state;
	for (unsigned int i = 0; i < 420; i++) {
		struct trial trial = {
			.kernel = i % DMA_KERNELS,
			.start = 0x4000000 + 4096 * dice(3),
			.segment = dice(4) ? 128 : 16U << dice(5),
			.areas = 1U << dice(4),
			.keep = masks[dice(7)],
			.boundary = boundaries[dice(4)],
			.align = (4096UL << dice(3)) - 1,
			.most = 10 + (unsigned int)dice(900),
		};

		trial.slots = trial.segment * trial.areas * (1 + dice(3));
		if (trial.slots > MOST)
			continue;
		/* Areas of a number that is no power of two, where a pool was halved. */
		if (dice(8) == 0 && trial.slots / trial.segment % 3 == 0)
			trial.areas = 3;
		endless += run(trial, 1500);
	}
	/* S18b was met, and got out of. */
	assert_true(endless > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_slot_is_that_of_the_reference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

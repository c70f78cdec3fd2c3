// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bounce buffers against a reference that keeps, as the rules tell it, the length of
 * the free run of every slot, and goes from slot to slot.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc/swiotlb.h"

#include "test.h"

static uint64_t seed = 1;

static uint64_t dice(uint64_t sides)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (seed >> 24) % sides;
}

/* ---- the reference ---- */

#define MOST	2048
#define FULL	(~0ULL)
#define ENDLESS (~1ULL)

static struct {
	bool old; /* 6.1 */
	uint64_t start, set, slots, areas, per_area;
	uint64_t list[MOST], begins[MOST], pads[MOST];
	uint64_t next[64], used[64];
} ref;

static void ref_count(uint64_t slot)
{
	uint64_t set = slot / ref.set * ref.set, run = 0;

	for (uint64_t i = set + ref.set; i-- > set;) {
		if (i >= ref.slots)
			continue;
		run = ref.list[i] ? run + 1 : 0;
		ref.list[i] = run;
	}
}

static void ref_reset(bool old, uint64_t start, uint64_t slots, uint64_t areas, uint64_t set)
{
	memset(&ref, 0, sizeof(ref));
	ref.old = old;
	ref.start = start;
	ref.set = set;
	ref.slots = slots;
	ref.areas = areas;
	ref.per_area = slots / areas;
	for (uint64_t i = 0; i < slots; i++)
		ref.list[i] = 1;
	for (uint64_t i = 0; i < slots; i += set)
		ref_count(i);
}

static uint64_t wrap(uint64_t index)
{
	return index >= ref.per_area ? 0 : index;
}

static bool crosses(uint64_t base, uint64_t slot, uint64_t count, uint64_t boundary)
{
	uint64_t first = (base + 2047) / 2048 + slot;

	if (boundary + 1 == 0)
		return false;
	return first % ((boundary + 1) / 2048) + count > (boundary + 1) / 2048;
}

struct wanted {
	uint64_t phys, total, align, keep, boundary;
};

/* S13 to S15 */
static uint64_t ref_area(const struct wanted *want, uint64_t area)
{
	uint64_t align = want->align, keep, stride, count = (want->total + 2047) / 2048;
	uint64_t base = ref.start & want->boundary, index = ref.next[area], checked = 0;

	if (!align && !want->keep && want->total >= 4096)
		align = 4095;
	align |= 2047;
	keep = want->keep & ~align;
	stride = (align > keep ? align : keep) / 2048 + 1;
	if (count > ref.per_area - ref.used[area])
		return FULL;
	while (checked < ref.per_area) {
		uint64_t slot = area * ref.per_area + index, at = base + slot * 2048;

		if ((at & align) ||
		    (want->phys && (at & keep) != (want->phys & keep))) {
			index = wrap(index + 1);
			checked++;
			continue;
		}
		if (!crosses(base, slot, count, want->boundary) && ref.list[slot] >= count)
			return slot;
		index = wrap(index + stride);
		checked += stride;
	}
	return FULL;
}

/* S18 */
static uint64_t ref_area_6_1(const struct wanted *want, uint64_t area)
{
	uint64_t align = want->align | 2047, keep = want->keep & ~align, steps = 0;
	uint64_t stride = keep / 2048 + 1, count = (want->total + 2047) / 2048;
	uint64_t base = ref.start & want->boundary, index, first;

	if (want->total >= 4096)
		stride *= 2;
	if (align / 2048 + 1 > stride)
		stride = align / 2048 + 1;
	if (count > ref.per_area - ref.used[area])
		return FULL;
	index = first = wrap((ref.next[area] + stride - 1) & ~(stride - 1));
	do {
		uint64_t slot = area * ref.per_area + index, at = base + slot * 2048;

		if (steps++ > 4 * MOST)
			return ENDLESS;
		if (want->phys && (at & keep) != (want->phys & keep)) {
			index = wrap(index + 1);
			continue;
		}
		if (!crosses(base, slot, count, want->boundary) && ref.list[slot] >= count)
			return slot;
		index = wrap(index + stride);
	} while (index != first);
	return FULL;
}

static uint64_t ref_map(unsigned int cpu, uint64_t phys, uint64_t size, uint64_t align,
			const struct swiotlb_device *device)
{
	uint64_t keep = device->min_align_mask, offset, slot = FULL, area, count;
	struct wanted want = { phys, 0, align, keep, device->boundary };

	offset = phys & keep & (ref.old ? 2047 : align | 2047);
	want.total = ref.old ? (size + align) / (align + 1) * (align + 1) + offset
			     : (size + offset + align) / (align + 1) * (align + 1);
	if (!ref.old && want.total > ref.set * 2048)
		return FULL;
	area = cpu & (ref.areas - 1);
	for (uint64_t i = 0; i < ref.areas; i++) {
		slot = ref.old ? ref_area_6_1(&want, area) : ref_area(&want, area);
		if (slot != FULL)
			break;
		area = (area + 1) % ref.areas;
	}
	if (slot == FULL || slot == ENDLESS)
		return slot;
	count = (want.total + 2047) / 2048;
	for (uint64_t i = slot; i < slot + count; i++)
		ref.list[i] = 0;
	ref_count(slot);
	ref.begins[slot] = count;
	ref.pads[slot] = offset / 2048;
	ref.next[area] = wrap(slot - area * ref.per_area + count);
	ref.used[area] += count;
	return ref.start + (slot + offset / 2048) * 2048 + offset % 2048;
}

static void ref_unmap(uint64_t address)
{
	uint64_t slot = (address - ref.start) / 2048;

	while (!ref.begins[slot])
		slot--;
	for (uint64_t i = slot; i < slot + ref.begins[slot]; i++)
		ref.list[i] = 1;
	ref.used[slot / ref.per_area] -= ref.begins[slot];
	ref.begins[slot] = 0;
	ref_count(slot);
}

/* ---- comparing ---- */

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
	uint64_t slots, used, most, expected = 0;
	unsigned int seen = 0;

	assert_true(swiotlb_valid(swiotlb));
	assert_int_equal(swiotlb_walk(swiotlb, same, &seen), 0);
	assert_int_equal(seen, lives);
	for (uint64_t i = 0; i < ref.areas; i++)
		expected += ref.used[i];
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
	uint64_t expected;
	phys_addr_t phys;
	int r;

	if (dice(3) == 0)
		request.align_mask = (uint32_t)trial->align;
	expected = ref_map(request.cpu, request.phys, request.size, request.align_mask, device);
	r = swiotlb_map(swiotlb, device, &request, &phys, NULL);
	if (expected == FULL || expected == ENDLESS) {
		trial->endless += expected == ENDLESS;
		assert_int_equal(r, expected == FULL ? -ENOSPC : -EDEADLK);
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

	ref_reset(trial.kernel == DMA_KERNEL_6_1, trial.start, trial.slots, trial.areas,
		  trial.segment);
	lives = 0;
	assert_int_equal(swiotlb_create(&options, &swiotlb), 0);
	for (unsigned int step = 0; step < steps; step++) {
		if (lives < trial.most && dice(20) < 11) {
			map(swiotlb, &device, &trial);
		} else if (lives) {
			unsigned int at = (unsigned int)dice(lives);

			ref_unmap(live[at]);
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

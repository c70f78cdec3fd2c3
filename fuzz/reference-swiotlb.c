// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * reference-swiotlb.c - bounce buffers the plain way (RULES.md S5, S6, S13-S19, S27)
 */
#include <string.h>

#include "reference-swiotlb.h"
#include "reference.h"

REFERENCE_BEGIN

static void count(struct reference_swiotlb *ref, uint64_t slot)
{
	uint64_t set = slot / ref->set * ref->set, run = 0;

	for (uint64_t i = set + ref->set; i-- > set;) {
		if (i >= ref->slots)
			continue;
		run = ref->list[i] ? run + 1 : 0;
		ref->list[i] = run;
	}
}

void reference_swiotlb_init(struct reference_swiotlb *ref, bool old, uint64_t start,
			    uint64_t slots, uint64_t areas, uint64_t set)
{
	ref->old = old;
	ref->start = start;
	ref->set = set;
	ref->slots = slots;
	ref->areas = areas;
	ref->per_area = slots / areas;
	memset(ref->next, 0, areas * sizeof(*ref->next));
	memset(ref->used, 0, areas * sizeof(*ref->used));
	for (uint64_t i = 0; i < slots; i++) {
		ref->list[i] = 1;
		ref->begins[i] = 0;
	}
	for (uint64_t i = 0; i < slots; i += set)
		count(ref, i);
}

struct wanted {
	const struct reference_bounce *device;
	uint64_t phys, total, align;
};

static uint64_t wrap(const struct reference_swiotlb *ref, uint64_t index)
{
	return index >= ref->per_area ? 0 : index;
}

static uint64_t base_of(const struct reference_swiotlb *ref, const struct wanted *want)
{
	return (ref->start + want->device->dma_offset) & want->device->boundary;
}

static bool crosses(const struct reference_swiotlb *ref, const struct wanted *want,
		    uint64_t slot, uint64_t slots)
{
	uint64_t first = (base_of(ref, want) + 2047) / 2048 + slot;
	uint64_t between = want->device->boundary / 2048 + 1;

	if (want->device->boundary + 1 == 0)
		return false;
	return first % between + slots > between;
}

/* S13 to S15 */
static uint64_t search(struct reference_swiotlb *ref, const struct wanted *want,
		       uint64_t area)
{
	uint64_t align = want->align, keep, stride, slots = (want->total + 2047) / 2048;
	uint64_t index = ref->next[area], checked = 0;

	if (!align && !want->device->keep && want->total >= 4096)
		align = 4095;
	align |= 2047;
	keep = want->device->keep & ~align;
	stride = (align > keep ? align : keep) / 2048 + 1;
	if (slots > ref->per_area - ref->used[area])
		return REFERENCE_FULL;
	while (checked < ref->per_area) {
		uint64_t slot = area * ref->per_area + index;
		uint64_t at = base_of(ref, want) + slot * 2048;

		if ((at & align) || (want->phys && (at & keep) != (want->phys & keep))) {
			index = wrap(ref, index + 1);
			checked++;
			continue;
		}
		if (!crosses(ref, want, slot, slots) && ref->list[slot] >= slots)
			return slot;
		index = wrap(ref, index + stride);
		checked += stride;
	}
	return REFERENCE_FULL;
}

/* S18 */
static uint64_t search_6_1(struct reference_swiotlb *ref, const struct wanted *want,
			   uint64_t area)
{
	uint64_t align = want->align | 2047, keep = want->device->keep & ~align, steps = 0;
	uint64_t stride = keep / 2048 + 1, slots = (want->total + 2047) / 2048, index, first;

	if (want->total >= 4096)
		stride *= 2;
	if (align / 2048 + 1 > stride)
		stride = align / 2048 + 1;
	if (slots > ref->per_area - ref->used[area])
		return REFERENCE_FULL;
	index = first = wrap(ref, (ref->next[area] + stride - 1) & ~(stride - 1));
	do {
		uint64_t slot = area * ref->per_area + index;
		uint64_t at = base_of(ref, want) + slot * 2048;

		if (steps++ > 2 * ref->per_area)
			return REFERENCE_ENDLESS;
		if (want->phys && (at & keep) != (want->phys & keep)) {
			index = wrap(ref, index + 1);
			continue;
		}
		if (!crosses(ref, want, slot, slots) && ref->list[slot] >= slots)
			return slot;
		index = wrap(ref, index + stride);
	} while (index != first);
	return REFERENCE_FULL;
}

/* Slots of any area, the CPU's own first; or why there are none. */
static uint64_t take(struct reference_swiotlb *ref, const struct wanted *want, uint64_t pad)
{
	uint64_t area = want->device->cpu & (ref->areas - 1), slot = REFERENCE_FULL, slots;

	for (uint64_t i = 0; i < ref->areas; i++) {
		slot = ref->old ? search_6_1(ref, want, area) : search(ref, want, area);
		if (slot != REFERENCE_FULL)
			break;
		area = (area + 1) % ref->areas;
	}
	if (slot == REFERENCE_FULL || slot == REFERENCE_ENDLESS)
		return slot;
	slots = (want->total + 2047) / 2048;
	for (uint64_t i = slot; i < slot + slots; i++)
		ref->list[i] = 0;
	count(ref, slot);
	ref->begins[slot] = slots;
	ref->pads[slot] = pad;
	ref->next[area] = wrap(ref, slot - area * ref->per_area + slots);
	ref->used[area] += slots;
	return slot;
}

uint64_t reference_swiotlb_map(struct reference_swiotlb *ref,
			       const struct reference_bounce *device, uint64_t phys,
			       uint64_t size, uint64_t align)
{
	uint64_t offset = phys & device->keep & (ref->old ? 2047 : align | 2047), slot;
	struct wanted want = { device, phys, 0, align };

	want.total = ref->old ? (size + align) / (align + 1) * (align + 1) + offset
			      : (size + offset + align) / (align + 1) * (align + 1);
	if (!ref->old && want.total > ref->set * 2048)
		return REFERENCE_FULL;
	slot = take(ref, &want, offset / 2048);
	if (slot == REFERENCE_FULL || slot == REFERENCE_ENDLESS)
		return slot;
	return ref->start + (slot + offset / 2048) * 2048 + offset % 2048;
}

uint64_t reference_swiotlb_alloc(struct reference_swiotlb *ref,
				 const struct reference_bounce *device, uint64_t size,
				 uint64_t align)
{
	struct wanted want = { device, 0, size, align };
	uint64_t slot;

	if (size > ref->set * 2048)
		return REFERENCE_FULL;
	slot = take(ref, &want, 0);
	if (slot == REFERENCE_FULL || slot == REFERENCE_ENDLESS)
		return slot;
	return ref->start + slot * 2048;
}

void reference_swiotlb_unmap(struct reference_swiotlb *ref, uint64_t copy)
{
	uint64_t slot = (copy - ref->start) / 2048;

	while (!ref->begins[slot])
		slot--;
	for (uint64_t i = slot; i < slot + ref->begins[slot]; i++)
		ref->list[i] = 1;
	ref->used[slot / ref->per_area] -= ref->begins[slot];
	ref->begins[slot] = 0;
	count(ref, slot);
}

uint64_t reference_swiotlb_used(const struct reference_swiotlb *ref)
{
	uint64_t used = 0;

	for (uint64_t area = 0; area < ref->areas; area++)
		used += ref->used[area];
	return used;
}

REFERENCE_END

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * swiotlb-search.c - which slot of an area the kernel takes
 *
 * It steps from slot to slot: by one to the first that is aligned, then by the stride,
 * from where the last search ended to the area's end, and from its beginning on. With
 * masks of the usual form those it looks at are two ranges of one residue; the first
 * that fits is found by the bank's bounds. Other masks are stepped through.
 *
 * Kernel counterpart: kernel/dma/swiotlb.c, swiotlb_search_pool_area(), in 6.1
 * swiotlb_do_find_slots() (RULES.md S13-S18)
 */
#include <errno.h>

#include "alloc/swiotlb-bank.h"
#include "base/bits.h"
#include "base/mutant.h"

#define PAGE_SLOTS (PAGE_SIZE / SWIOTLB_SLOT)

static uint32_t wrap(const struct bank *bank, uint32_t index)
{
	return index >= bank->area_slots ? 0 : index;
}

static bool keeps(const struct search *search, uint32_t slot)
{
	uint64_t address = search->base + ((uint64_t)slot << SWIOTLB_SHIFT);

	return !search->phys || (address & search->keep) == (search->phys & search->keep);
}

static bool aligned(const struct search *search, uint32_t slot)
{
	uint64_t address = search->base + ((uint64_t)slot << SWIOTLB_SHIFT);

	return MUTANT(D11, !(address & search->align), true) && keeps(search, slot);
}

/* ---- 6.12 and later ---- */

static uint32_t step_through(const struct bank *bank, const struct search *search,
			     uint32_t first, uint32_t index)
{
	uint64_t checked = 0;

	while (MUTANT(D09, checked < bank->area_slots, true)) {
		if (!aligned(search, first + index)) {
			index = wrap(bank, index + 1);
			checked++;
			continue;
		}
		if (bank_fits(bank, search, first + index))
			return first + index;
		index = wrap(bank, index + search->stride);
		checked += search->stride;
	}
	return NO_SLOT;
}

/* The slots that are aligned are those of one residue by the stride. */
static bool has_residue(const struct search *search, uint32_t *residue)
{
	uint32_t base = (uint32_t)(search->base >> SWIOTLB_SHIFT);
	uint32_t kept = search->keep ? (uint32_t)(search->phys >> SWIOTLB_SHIFT) : 0;

	*residue = (kept - MUTANT(D10, base, 0)) & (search->stride - 1);
	return is_power_of_two(search->stride) && !(search->base & (SWIOTLB_SLOT - 1)) &&
	       (!search->keep || search->phys);
}

static uint32_t find_today(struct bank *bank, const struct search *search, uint32_t first,
			   uint32_t index)
{
	uint32_t last = first + bank->area_slots, slot, residue, start = first + index;
	uint64_t looked;

	if (!has_residue(search, &residue))
		return step_through(bank, search, first, index);
	slot = bank_find(bank, search, start, last, residue);
	if (slot != NO_SLOT)
		return slot;

	/* What the first range took of the count, its last stride in full. */
	start += (residue - start) & (search->stride - 1);
	looked = bank->area_slots - index;
	if (start < last)
		looked = start - (first + index) +
			 (uint64_t)(last - start + search->stride - 1) / search->stride *
				 search->stride;
	if (looked >= bank->area_slots)
		return NO_SLOT;
	return bank_find(bank, search, first, last - (uint32_t)looked, residue);
}

/* ---- 6.1 ---- */

/*
 * There the walk ends where it began, if it meets that slot again: it may not. Where it
 * goes depends on the slot alone, so after as many steps as there are slots it goes
 * round for ever.
 */
static int step_round(const struct bank *bank, const struct search *search, uint32_t first,
		      uint32_t index, uint32_t *ret)
{
	uint32_t begin = index;

	for (uint32_t steps = 0; steps <= bank->area_slots; steps++) {
		if (!keeps(search, first + index)) {
			index = wrap(bank, index + 1);
		} else if (bank_fits(bank, search, first + index)) {
			*ret = first + index;
			return 0;
		} else {
			index = wrap(bank, index + search->stride);
		}
		if (index == begin)
			return -ENOSPC;
	}
	return -EDEADLK;
}

static int find_6_1(struct bank *bank, const struct search *search, uint32_t first,
		    uint32_t next, uint32_t *ret)
{
	uint32_t last = first + bank->area_slots, residue = first & (search->stride - 1);
	uint32_t begin = wrap(bank, (next + search->stride - 1) & ~(search->stride - 1));

	if (!is_power_of_two(search->stride) || (search->keep && search->phys))
		return step_round(bank, search, first, begin, ret);
	*ret = bank_find(bank, search, first + begin, last, residue);
	if (*ret == NO_SLOT)
		*ret = bank_find(bank, search, first, first + begin, residue);
	return *ret == NO_SLOT ? -ENOSPC : 0;
}

/* ---- both ---- */

/* Masks and stride: rule S13, and S18 for 6.1. */
static void prepare(struct search *search, const struct kernel_rules *rules, uint32_t keep,
		    uint32_t align, size_t size)
{
	if (MUTANT(D14, rules->swiotlb_aligns_addresses, false) && !align && !keep &&
	    size >= PAGE_SIZE)
		align = PAGE_SIZE - 1;
	search->align = MUTANT(D13, align, keep ? 0 : align) | (SWIOTLB_SLOT - 1);
	search->keep = MUTANT(D08, keep & ~search->align, search->align & ~keep);
	search->slots = slots_of(size);
	if (rules->swiotlb_aligns_addresses) {
		align = search->align > search->keep ? search->align : search->keep;
		search->stride = (align >> SWIOTLB_SHIFT) + 1;
		return;
	}
	search->stride = (search->keep >> SWIOTLB_SHIFT) + 1;
	if (size >= PAGE_SIZE)
		search->stride *= PAGE_SLOTS;
	if (search->stride < (search->align >> SWIOTLB_SHIFT) + 1)
		search->stride = (search->align >> SWIOTLB_SHIFT) + 1;
}

int bank_search(struct bank *bank, const struct kernel_rules *rules, uint32_t area,
		const struct swiotlb_device *device, phys_addr_t phys, size_t size,
		uint32_t align_mask, uint32_t *ret)
{
	struct area *at = &bank->area[area];
	uint32_t first = area * bank->area_slots;
	struct search search = {
		.base = (bank->start + device->dma_offset) & device->boundary,
		.boundary = (device->boundary >> SWIOTLB_SHIFT) + 1,
		.phys = phys,
	};
	int r = 0;

	/* What no set has room for is sought in vain, in 6.1 maybe for ever. */
	if (size > (uint64_t)bank->segment << SWIOTLB_SHIFT &&
	    (rules->swiotlb_aligns_addresses || size > UINT32_MAX))
		return -ENOSPC;
	prepare(&search, rules, device->min_align_mask, align_mask, size);
	if (search.slots > bank->area_slots - at->used)
		return -ENOSPC;

	if (rules->swiotlb_aligns_addresses) {
		*ret = find_today(bank, &search, first, at->next);
		r = *ret == NO_SLOT ? -ENOSPC : 0;
	} else {
		r = find_6_1(bank, &search, first, at->next, ret);
	}
	if (r)
		return r;
	bank_take(bank, *ret, search.slots);
	at->used += search.slots;
	bank->searched = area;
	bank->before = at->next;
	at->next = wrap(bank, *ret - first + search.slots);
	return 0;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * swiotlb.c - bounce buffers
 *
 * Banks of slots, the newest first, and what a buffer and its copy have to do with each
 * other: padding, offset, and which byte belongs to which.
 *
 * Kernel counterpart: kernel/dma/swiotlb.c (RULES.md S6-S9, S17, S19-S27)
 */
#include <errno.h>

#include <libdma/page.h>

#include "alloc/swiotlb-bank.h"
#include "base/bits.h"
#include "base/mutant.h"

#define NO_PHYS	     (~(phys_addr_t)0)
#define BUDDY_SLOTS  2048U /* 4 MiB: no bank that is added is larger */
#define MINIMUM	     512U

int swiotlb_create(const struct swiotlb_options *options, struct swiotlb **ret)
{
	uint32_t segment = options->segment ? options->segment : SWIOTLB_SEGMENT;
	uint32_t areas = options->areas;
	struct swiotlb *swiotlb;

	if (options->rules->swiotlb_keeps_areas && options->wanted_areas)
		areas = options->wanted_areas;
	if (!is_power_of_two(segment) || segment < 2 || segment > 1U << 15 || !areas ||
	    options->slots < areas || options->slots > 1U << 31 ||
	    options->start & LOW_BITS || (options->grows && !options->memory.alloc) ||
	    (options->grows && !options->rules->swiotlb_may_grow))
		return -EINVAL;

	swiotlb = heap_alloc(options->heap, 1, sizeof(*swiotlb));
	if (!swiotlb)
		return -ENOMEM;
	if (bank_create(options->heap, options->start, (uint32_t)options->slots, areas,
			segment, &swiotlb->banks))
		goto free_swiotlb;
	swiotlb->rules = options->rules;
	swiotlb->heap = options->heap;
	swiotlb->memory = options->memory;
	swiotlb->segment = segment;
	swiotlb->slots = (uint32_t)options->slots;
	swiotlb->areas = options->wanted_areas ? options->wanted_areas : areas;
	swiotlb->grows = options->grows;
	swiotlb->limit = options->limit;
	swiotlb->total = options->slots;
	*ret = swiotlb;
	return 0;

free_swiotlb:
	heap_free(swiotlb);
	return -ENOMEM;
}

static void banks_destroy(struct swiotlb *swiotlb, struct bank *bank)
{
	while (bank) {
		struct bank *next = bank->next;

		/* The first bank's memory is the caller's. */
		if ((next || bank->transient) && swiotlb->memory.free)
			swiotlb->memory.free(swiotlb->memory.arg, bank->start,
					     (uint64_t)bank->slots << SWIOTLB_SHIFT);
		bank_destroy(bank);
		bank = next;
	}
}

void swiotlb_destroy(struct swiotlb *swiotlb)
{
	if (!swiotlb)
		return;
	banks_destroy(swiotlb, swiotlb->banks);
	banks_destroy(swiotlb, swiotlb->transients);
	heap_free(swiotlb);
}

/* ---- banks that are added ---- */

/* With half of it, and again, down to the minimum, where memory is short. */
static int bank_add(struct swiotlb *swiotlb, uint32_t minimum, struct swiotlb_size size,
		    phys_addr_t limit, struct bank **ret)
{
	phys_addr_t start;
	int r;

	while (swiotlb->memory.alloc(swiotlb->memory.arg, size.slots << SWIOTLB_SHIFT, limit,
				     &start)) {
		if (size.slots <= minimum)
			return -ENOMEM;
		size.slots = align_up(size.slots / 2, swiotlb->segment);
		if (size.slots < (uint64_t)size.areas * swiotlb->segment)
			size.areas = (unsigned int)(size.slots / swiotlb->segment);
	}
	r = bank_create(swiotlb->heap, start, (uint32_t)size.slots, size.areas,
			swiotlb->segment, ret);
	if (r && swiotlb->memory.free)
		swiotlb->memory.free(swiotlb->memory.arg, start, size.slots << SWIOTLB_SHIFT);
	return r;
}

int swiotlb_grow(struct swiotlb *swiotlb)
{
	struct swiotlb_size size = { .slots = swiotlb->slots, .areas = swiotlb->areas };
	struct bank *bank;

	if (!swiotlb->queued)
		return -EALREADY;
	swiotlb->queued = false;
	if (size.slots > BUDDY_SLOTS) {
		size.slots = BUDDY_SLOTS;
		if (size.slots < (uint64_t)size.areas * swiotlb->segment)
			size.areas = BUDDY_SLOTS / swiotlb->segment;
	}
	if (bank_add(swiotlb, MINIMUM, size, swiotlb->limit, &bank))
		return -ENOMEM;
	bank->next = swiotlb->banks;
	swiotlb->banks = bank;
	swiotlb->total += bank->slots;
	return 0;
}

/* ---- finding slots ---- */

/* Rule S25, and S17 where there is but one bank. */
static int find_in_banks(struct swiotlb *swiotlb, unsigned int cpu,
			 const struct swiotlb_device *device, phys_addr_t phys, size_t size,
			 uint32_t align_mask, struct bank **in, uint32_t *ret)
{
	uint32_t rounds = swiotlb->grows ? swiotlb->areas : swiotlb->banks->areas, area;
	int r = -ENOSPC;

	for (uint32_t round = 0; round < rounds; round++) {
		for (struct bank *bank = swiotlb->banks; bank; bank = bank->next) {
			if (round >= bank->areas)
				continue;
			area = (cpu & (bank->areas - 1)) + round;
			if (swiotlb->grows)
				area = (cpu + round) & (bank->areas - 1);
			else if (area >= bank->areas)
				area -= bank->areas;
			*in = bank;
			r = bank_search(bank, swiotlb->rules, area, device, phys, size,
					align_mask, ret);
			if (r != -ENOSPC)
				return r;
		}
	}
	return r;
}

static int find_transient(struct swiotlb *swiotlb, const struct swiotlb_device *device,
			  phys_addr_t phys, size_t size, uint32_t align_mask,
			  struct bank **in, uint32_t *ret)
{
	struct swiotlb_size wanted = { .slots = slots_of(size), .areas = 1 };
	struct bank *bank;

	swiotlb->queued = true;
	if (bank_add(swiotlb, slots_of(size), wanted, device->limit, &bank))
		return -ENOSPC;
	bank->transient = true;
	if (bank_search(bank, swiotlb->rules, 0, device, phys, size, align_mask, ret)) {
		banks_destroy(swiotlb, bank);
		return -ENOSPC;
	}
	bank->next = swiotlb->transients;
	swiotlb->transients = bank;
	*in = bank;
	return 0;
}

static int find_slots(struct swiotlb *swiotlb, unsigned int cpu,
		      const struct swiotlb_device *device, phys_addr_t phys, size_t size,
		      uint32_t align_mask, struct bank **in, uint32_t *ret)
{
	int r;

	if (!size || !is_power_of_two((device->boundary >> SWIOTLB_SHIFT) + 1))
		return -EINVAL;
	if (swiotlb->grows && size > (uint64_t)swiotlb->segment << SWIOTLB_SHIFT)
		return -ENOSPC;
	r = find_in_banks(swiotlb, cpu, device, phys, size, align_mask, in, ret);
	if (r == -ENOSPC && swiotlb->grows)
		r = find_transient(swiotlb, device, phys, size, align_mask, in, ret);
	if (r)
		return r;
	swiotlb->used += slots_of(size);
	if (swiotlb->used > swiotlb->most)
		swiotlb->most = swiotlb->used;
	return 0;
}

void copy_measure(const struct swiotlb *swiotlb, const struct swiotlb_device *device,
		  const struct swiotlb_request *request, struct copy *ret)
{
	uint32_t keep = device->min_align_mask, align = request->align_mask;

	if (swiotlb->rules->swiotlb_pads) {
		ret->offset = (uint32_t)request->phys & keep &
			      MUTANT(D15a, align | LOW_BITS, LOW_BITS);
		ret->size = align_up(request->size + ret->offset, align + 1);
		ret->reported = ret->size;
	} else {
		ret->offset = (uint32_t)request->phys & keep & LOW_BITS;
		ret->reported = align_up(request->size, align + 1);
		ret->size = ret->reported + ret->offset;
	}
}

int swiotlb_map(struct swiotlb *swiotlb, const struct swiotlb_device *device,
		const struct swiotlb_request *request, phys_addr_t *ret,
		struct swiotlb_full *full)
{
	struct bank *bank;
	struct copy copy;
	uint32_t slot;
	int r;

	copy_measure(swiotlb, device, request, &copy);
	r = find_slots(swiotlb, request->cpu, device, request->phys, copy.size,
		       request->align_mask, &bank, &slot);
	if (r) {
		if (full)
			*full = (struct swiotlb_full){ copy.reported, swiotlb->total,
						       swiotlb->used };
		return r;
	}
	bank_note(bank, slot, request->phys, &copy);
	*ret = bank->start + ((uint64_t)(slot + bank->padding[slot]) << SWIOTLB_SHIFT) +
	       (copy.offset & MUTANT(D06, LOW_BITS, 0));
	if (MUTANT(D01, swiotlb->memory.copy, NULL))
		swiotlb_bounce(swiotlb, device, *ret, request->size, true);
	return 0;
}

int swiotlb_alloc(struct swiotlb *swiotlb, const struct swiotlb_device *device,
		  unsigned int cpu, size_t size, phys_addr_t *ret)
{
	uint32_t align = 0, slot;
	struct bank *bank;
	int r;

	if (!size || size > (uint64_t)swiotlb->segment << SWIOTLB_SHIFT)
		return size ? -ENOSPC : -EINVAL;
	if (MUTANT(D12, swiotlb->rules->swiotlb_alloc_aligns, false))
		align = (uint32_t)(PAGE_SIZE << get_order(size)) - 1;
	r = find_slots(swiotlb, cpu, device, 0, size, align, &bank, &slot);
	if (r)
		return r;
	bank->phys[slot] = NO_PHYS;
	bank->size[slot] = (uint32_t)size;
	bank->padding[slot] = 0;
	*ret = bank->start + ((uint64_t)slot << SWIOTLB_SHIFT);
	return 0;
}

/* ---- from an address ---- */

struct bank *bank_of(const struct swiotlb *swiotlb, phys_addr_t phys)
{
	struct bank *const lists[] = { swiotlb->banks, swiotlb->transients };

	for (unsigned int i = 0; i < 2; i++)
		for (struct bank *bank = lists[i]; bank; bank = bank->next)
			if (phys - bank->start <
			    ((uint64_t)bank->slots << SWIOTLB_SHIFT) + MUTANT(D28, 0, 1))
				return bank;
	return NULL;
}

bool swiotlb_holds(const struct swiotlb *swiotlb, phys_addr_t phys)
{
	return bank_of(swiotlb, phys);
}

static void transient_remove(struct swiotlb *swiotlb, struct bank *bank)
{
	struct bank **link = &swiotlb->transients;

	while (*link != bank)
		link = &(*link)->next;
	*link = bank->next;
	bank->next = NULL;
	banks_destroy(swiotlb, bank);
}

/* The first slot of the mapping whose copy begins at @phys, and how many; or NO_SLOT. */
static uint32_t copy_head(const struct bank *bank, const struct swiotlb_device *device,
			  phys_addr_t phys, uint32_t *slots)
{
	uint64_t offset = phys & device->min_align_mask & LOW_BITS;
	uint32_t slot, head;

	if (!bank)
		return NO_SLOT;
	slot = (uint32_t)((phys - offset - bank->start) >> SWIOTLB_SHIFT);
	if (bank_begins(bank, slot) && !bank->padding[slot]) {
		*slots = slots_of(bank->size[slot]);
		return slot; /* mostly: no search for where it begins */
	}
	head = bank_head(bank, slot, slots);
	return head != NO_SLOT && slot == head + bank->padding[head] ? head : NO_SLOT;
}

int swiotlb_unmap(struct swiotlb *swiotlb, const struct swiotlb_device *device,
		  phys_addr_t phys)
{
	struct bank *bank = bank_of(swiotlb, phys);
	uint32_t slots, head = copy_head(bank, device, phys, &slots);

	if (head == NO_SLOT)
		return -EINVAL;
	swiotlb->used -= MUTANT(D27, slots, slots - bank->padding[head]);
	bank->area[bank_area(bank, head)].used -= slots;
	bank_release(bank, head);
	if (bank->transient)
		transient_remove(swiotlb, bank);
	return 0;
}

static void describe(const struct bank *bank, uint32_t slot, uint32_t slots,
		     struct swiotlb_mapping *ret)
{
	*ret = (struct swiotlb_mapping){
		.bank = bank->start,
		.area = bank_area(bank, slot),
		.slot = slot,
		.slots = slots,
		.padding = bank->padding[slot],
		.size = bank->size[slot],
		.phys = bank->phys[slot],
		.transient = bank->transient,
	};
}

int swiotlb_find(const struct swiotlb *swiotlb, const struct swiotlb_device *device,
		 phys_addr_t phys, struct swiotlb_mapping *ret)
{
	const struct bank *bank = bank_of(swiotlb, phys);
	uint32_t slots, head = copy_head(bank, device, phys, &slots);

	if (head == NO_SLOT)
		return -ENOENT;
	describe(bank, head, slots, ret);
	return 0;
}

int swiotlb_bounce(struct swiotlb *swiotlb, const struct swiotlb_device *device,
		   phys_addr_t phys, size_t size, bool to_copy)
{
	struct bank *bank = bank_of(swiotlb, phys);
	uint32_t slot, head, slots, before;
	phys_addr_t original;
	uint64_t rest;
	int64_t delta;
	int r = 0;

	if (!bank)
		return -ENOENT;
	slot = (uint32_t)((phys - bank->start) >> SWIOTLB_SHIFT);
	head = bank_head(bank, slot, &slots);
	if (head == NO_SLOT || slot < head + bank->padding[head] ||
	    bank->phys[head] == NO_PHYS)
		return -ENOENT;

	/* What this slot stands for, and how far from its beginning the address is. */
	before = slot - head;
	original = bank->phys[head] +
		   ((uint64_t)MUTANT(D03, before - bank->padding[head], 0)
		    << SWIOTLB_SHIFT);
	delta = (int64_t)(phys & LOW_BITS) -
		(int64_t)(original & device->min_align_mask & LOW_BITS);
	rest = bank->size[head] - (original & device->min_align_mask & LOW_BITS) -
	       ((uint64_t)before << SWIOTLB_SHIFT);
	if (MUTANT(D04, swiotlb->rules->swiotlb_checks_copies, false) &&
	    (delta < 0 || (uint64_t)delta > rest))
		return -EFAULT;
	rest -= (uint64_t)delta;
	if (MUTANT(D29, size > rest, false)) {
		size = rest;
		r = -EOVERFLOW;
	}
	if (size > bank->start + ((uint64_t)(head + slots) << SWIOTLB_SHIFT) - phys)
		return -EFAULT; /* the kernel would go on into what is not the buffer's */
	original += (uint64_t)delta;
	if (swiotlb->memory.copy && to_copy)
		swiotlb->memory.copy(swiotlb->memory.arg, phys, original, size);
	else if (swiotlb->memory.copy)
		swiotlb->memory.copy(swiotlb->memory.arg, original, phys, size);
	return r;
}

size_t swiotlb_max_mapping_size(const struct swiotlb *swiotlb, uint32_t min_align_mask)
{
	size_t segment = swiotlb ? swiotlb->segment : SWIOTLB_SEGMENT;

	return (segment << SWIOTLB_SHIFT) -
	       MUTANT(D07, align_up(min_align_mask, SWIOTLB_SLOT), 0);
}

/* ---- seen as a whole ---- */

/* What begins from slot @from to before @to. */
static int bank_walk(const struct bank *bank, uint32_t from, uint32_t to,
		     swiotlb_visitor *visit, void *arg)
{
	struct swiotlb_mapping mapping;
	uint32_t slot, slots = 1;
	int r = 0;

	for (; !r && (slot = bank_next_head(bank, from, to)) < to; from = slot + slots) {
		if (bank_head(bank, slot, &slots) != slot)
			continue;
		describe(bank, slot, slots, &mapping);
		r = visit(&mapping, arg);
	}
	return r;
}

int swiotlb_walk(const struct swiotlb *swiotlb, swiotlb_visitor *visit, void *arg)
{
	struct bank *const lists[] = { swiotlb->banks, swiotlb->transients };
	int r = 0;

	for (unsigned int i = 0; i < 2; i++)
		for (struct bank *bank = lists[i]; bank && !r; bank = bank->next)
			r = bank_walk(bank, 0, bank->slots, visit, arg);
	return r;
}

void swiotlb_usage(const struct swiotlb *swiotlb, uint64_t *slots, uint64_t *used,
		   uint64_t *most)
{
	*slots = swiotlb->total;
	*used = swiotlb->used;
	*most = swiotlb->most;
}

size_t swiotlb_memory_size(const struct swiotlb *swiotlb)
{
	struct bank *const lists[] = { swiotlb->banks, swiotlb->transients };
	size_t size = sizeof(*swiotlb);

	for (unsigned int i = 0; i < 2; i++)
		for (struct bank *bank = lists[i]; bank; bank = bank->next)
			size += bank_memory(bank);
	return size;
}

static int count_used(const struct swiotlb_mapping *mapping, void *arg)
{
	*(uint64_t *)arg += mapping->slots;
	return 0;
}

static bool areas_valid(const struct bank *bank, uint64_t *used)
{
	for (uint32_t area = 0; area < bank->areas; area++) {
		uint32_t from = area * bank->area_slots;
		uint64_t here = 0;

		bank_walk(bank, from, from + bank->area_slots, count_used, &here);
		if (here != bank->area[area].used)
			return false;
		*used += here;
	}
	return bank_valid(bank);
}

bool swiotlb_valid(const struct swiotlb *swiotlb)
{
	struct bank *const lists[] = { swiotlb->banks, swiotlb->transients };
	uint64_t used = 0;

	for (unsigned int i = 0; i < 2; i++)
		for (struct bank *bank = lists[i]; bank; bank = bank->next)
			if (bank->transient != (i == 1) || !areas_valid(bank, &used))
				return false;
	return used == swiotlb->used && swiotlb->used <= swiotlb->most;
}

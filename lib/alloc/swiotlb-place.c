// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * swiotlb-place.c - bounce buffers brought to a state that somebody recorded
 *
 * A search may be taken back, and a copy be put where it is known to lie.
 *
 * Kernel counterpart: none
 */
#include <errno.h>

#include "alloc/swiotlb-bank.h"

struct swiotlb_cursor swiotlb_before(const struct swiotlb *swiotlb, phys_addr_t phys)
{
	const struct bank *bank = bank_of(swiotlb, phys);

	return bank ? (struct swiotlb_cursor) { bank->searched, bank->before }
		    : (struct swiotlb_cursor) { 0 };
}

int swiotlb_undo(struct swiotlb *swiotlb, const struct swiotlb_device *device,
		 phys_addr_t phys, struct swiotlb_cursor before)
{
	struct bank *bank = bank_of(swiotlb, phys);
	bool transient = bank && bank->transient;
	int err = swiotlb_unmap(swiotlb, device, phys);

	if (!err && !transient)
		bank->area[before.area].next = before.next;
	return err;
}

/* The first slot that a copy at @phys takes, padding included, or NO_SLOT. */
static uint32_t first_slot(const struct bank *bank, const struct copy *copy,
			   phys_addr_t phys)
{
	uint64_t offset = copy->offset, slot = (phys - bank->start) >> SWIOTLB_SHIFT;
	uint64_t slots = slots_of(copy->size);

	if ((phys & LOW_BITS) != ((bank->start + offset) & LOW_BITS) ||
	    slot < offset >> SWIOTLB_SHIFT)
		return NO_SLOT;
	slot -= offset >> SWIOTLB_SHIFT;
	if (!slots || slot + slots > bank->slots ||
	    slot >> bank->shift != (slot + slots - 1) >> bank->shift)
		return NO_SLOT;
	return (uint32_t)slot;
}

int swiotlb_place(struct swiotlb *swiotlb, const struct swiotlb_device *device,
		  const struct swiotlb_request *request, phys_addr_t phys, bool searched)
{
	struct bank *bank = bank_of(swiotlb, phys);
	uint32_t slot, slots, first;
	struct area *area;
	struct copy copy;

	copy_measure(swiotlb, device, request, &copy);
	slot = bank ? first_slot(bank, &copy, phys) : NO_SLOT;
	if (slot == NO_SLOT)
		return -EINVAL;
	slots = slots_of(copy.size);
	if (!bank_is_free(bank, slot, slots))
		return -EBUSY;

	bank_take(bank, slot, slots);
	bank_note(bank, slot, request->phys, &copy);
	first = bank_area(bank, slot) * bank->area_slots;
	area = &bank->area[bank_area(bank, slot)];
	area->used += slots;
	if (searched)
		area->next = slot - first + slots >= bank->area_slots ? 0
								       : slot - first + slots;
	swiotlb->used += slots;
	if (swiotlb->used > swiotlb->most)
		swiotlb->most = swiotlb->used;
	return 0;
}

void swiotlb_clear(struct swiotlb *swiotlb, const struct swiotlb_device *device,
		   const struct swiotlb_request *request, phys_addr_t phys)
{
	struct bank *bank = bank_of(swiotlb, phys);
	uint32_t slot, end, head, slots;
	struct copy copy;

	copy_measure(swiotlb, device, request, &copy);
	slot = bank && !bank->transient ? first_slot(bank, &copy, phys) : NO_SLOT;
	if (slot == NO_SLOT)
		return;
	for (end = slot + slots_of(copy.size); slot < end; slot += slots) {
		head = bank_head(bank, slot, &slots);
		if (head == NO_SLOT) {
			slots = 1;
			continue;
		}
		swiotlb->used -= slots;
		bank->area[bank_area(bank, head)].used -= slots;
		bank_release(bank, head);
		slots -= slot - head;
	}
}

uint32_t swiotlb_areas(const struct swiotlb *swiotlb)
{
	const struct bank *bank = swiotlb->banks;

	while (bank->next)
		bank = bank->next;
	return bank->areas;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * restricted.c - devices that reach a swiotlb pool of their own and nothing else
 *
 * The pool has one area and never grows. What is bounced there is bounce.c's matter.
 *
 * Kernel counterpart: rmem_swiotlb_device_init() of kernel/dma/swiotlb.c (RULES.md S27)
 */
#include <errno.h>

#include "alloc/swiotlb.h"
#include "base/bits.h"
#include "dma/restricted.h"
#include "hardware/pages.h"

int restricted_create(struct device *dev, uint64_t slots)
{
	struct libdma_machine *machine = dev->machine;
	struct device_state *state = dev->state;
	struct swiotlb_options options = {
		.rules = machine->rules,
		.heap = &machine->heap,
		.memory = { .copy = machine_copy, .arg = machine },
		.segment = SWIOTLB_SEGMENT,
		.areas = 1,
	};
	uint64_t size;
	int err;

	if (!slots)
		return 0;
	if (slots > 1U << 30)
		return -EINVAL;
	options.slots = align_up(slots, SWIOTLB_SEGMENT);
	size = options.slots << SWIOTLB_SHIFT;
	if (pages_find_top(machine->pages, size, PAGE_SIZE, 1ULL << 32, &options.start))
		return -EINVAL;
	err = pages_reserve(machine->pages, options.start, size);
	if (err)
		return err;
	err = swiotlb_create(&options, &state->swiotlb);
	if (err) {
		pages_unreserve(machine->pages, options.start, size);
		return err;
	}
	state->swiotlb_start = options.start;
	state->restricted = size;
	return 0;
}

void restricted_destroy(struct device *dev)
{
	struct device_state *state = dev->state;

	if (!state->restricted)
		return;
	swiotlb_destroy(state->swiotlb);
	pages_unreserve(dev->machine->pages, state->swiotlb_start, state->restricted);
}

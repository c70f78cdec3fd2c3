// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * predict-swiotlb.c - which slots a recording's bounces should have got
 *
 * The kernel announces a search for slots before it begins (swiotlb_bounced), and tells
 * what it found when all is mapped. So the search is done in the model when it is
 * announced, and held against what the window already knows of its answer.
 *
 * Kernel counterpart: swiotlb_map() and swiotlb_tbl_map_single() of
 * kernel/dma/swiotlb.c (RULES.md S6-S19)
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "trace/predict-swiotlb.h"

#define IN_PAGE 0xfffULL /* min_align_mask of NVMe and of Hyper-V; others have none */

struct swiotlb_device slots_device(const struct slots *slots,
				   const struct predict_device *device)
{
	uint64_t limit = device->dma_mask;

	(void)slots;
	if (device->bus_limit && device->bus_limit < limit)
		limit = device->bus_limit;
	return (struct swiotlb_device) {
		.min_align_mask = (uint32_t)device->min_align,
		.boundary = device->boundary,
		.dma_offset = device->offset,
		.limit = limit,
	};
}

static struct swiotlb_request request_of(const struct bounce *bounce)
{
	return (struct swiotlb_request) {
		.cpu = bounce->cpu,
		.phys = bounce->phys,
		.size = bounce->size,
	};
}

bool slots_hold(const struct slots *slots, phys_addr_t copy)
{
	return slots->swiotlb && swiotlb_holds(slots->swiotlb, copy);
}

uint32_t slots_area(const struct slots *slots, phys_addr_t copy)
{
	uint64_t area = (copy - slots->start) / slots->area_bytes;

	return area < slots->areas ? (uint32_t)area : slots->areas - 1;
}

void slots_doubt(struct slots *slots)
{
	if (slots->touched_since == slots->frame->lost_number)
		return;
	slots->touched_since = slots->frame->lost_number;
	memset(slots->touched, 0, (slots->slots / 64 + 1) * sizeof(*slots->touched));
}

/* The copy lies there for sure, so these slots are known from now on. */
static void touch(struct slots *slots, const struct bounce *bounce, phys_addr_t copy)
{
	uint64_t slot = (copy - slots->start) >> SWIOTLB_SHIFT;
	uint64_t end = slot + (bounce->size + SWIOTLB_SLOT - 1) / SWIOTLB_SLOT;

	slots_doubt(slots);
	slots->confirmed[slots_area(slots, copy)] = bounce->number + 1;
	for (; slot < end && slot < slots->slots; slot++)
		slots->touched[slot >> 6] |= 1ULL << (slot & 63);
}

bool slots_reach(const struct slots *slots, const struct predict_device *device,
		 phys_addr_t copy, uint64_t size)
{
	struct swiotlb_device limits = slots_device(slots, device);

	return copy + limits.dma_offset + size - 1 <= limits.limit;
}

phys_addr_t slots_search(struct slots *slots, const struct bounce *bounce,
			 struct swiotlb_cursor *before)
{
	struct swiotlb_device device = slots_device(slots, bounce->device);
	struct swiotlb_request request = request_of(bounce);
	phys_addr_t copy;

	if (swiotlb_map(slots->swiotlb, &device, &request, &copy, NULL))
		return DMA_MAPPING_ERROR;
	*before = swiotlb_before(slots->swiotlb, copy);
	if (!slots_reach(slots, bounce->device, copy, bounce->size)) {
		swiotlb_unmap(slots->swiotlb, &device, copy);
		return DMA_MAPPING_ERROR;
	}
	return copy;
}

void slots_unsearch(struct slots *slots, const struct bounce *bounce, phys_addr_t copy,
		    struct swiotlb_cursor before)
{
	struct swiotlb_device device = slots_device(slots, bounce->device);

	if (copy != DMA_MAPPING_ERROR)
		swiotlb_undo(slots->swiotlb, &device, copy, before);
}

/* What mattered, for people. */
static void describe(const struct slots *slots, struct bounce *bounce)
{
	uint64_t all, used, most;

	swiotlb_usage(slots->swiotlb, &all, &used, &most);
	snprintf(bounce->state, sizeof(bounce->state),
		 "area %u of %u, %llu of %llu slots used, %llu bytes, min_align_mask 0x%llx",
		 bounce->cpu & (slots->areas - 1), slots->areas, (unsigned long long)used,
		 (unsigned long long)all, (unsigned long long)bounce->size,
		 (unsigned long long)bounce->device->min_align);
}

/* Make the model what the recording says. */
static void adopt(struct slots *slots, const struct bounce *bounce)
{
	struct swiotlb_device device = slots_device(slots, bounce->device);
	struct swiotlb_request request = request_of(bounce);

	if (bounce->got == DMA_MAPPING_ERROR)
		return;
	if (swiotlb_place(slots->swiotlb, &device, &request, bounce->got, true) == -EBUSY) {
		swiotlb_clear(slots->swiotlb, &device, &request, bounce->got);
		swiotlb_place(slots->swiotlb, &device, &request, bounce->got, true);
	}
}

/*
 * Nobody said whether a device's copies keep their place in a page; one may tell. The
 * search has then been done.
 */
static bool learn_alignment(struct slots *slots, struct bounce *bounce)
{
	struct predict_device *device = bounce->device;
	uint64_t before = device->min_align;
	struct swiotlb_cursor cursor;
	phys_addr_t copy;

	if (bounce->verdict != LIBDMA_VERDICT_UNEXPLAINED ||
	    predict_knows_alignment(device) || before == IN_PAGE ||
	    (bounce->got ^ bounce->phys) & IN_PAGE)
		return false;
	device->min_align = IN_PAGE;
	copy = slots_search(slots, bounce, &cursor);
	if (copy == bounce->got) {
		bounce->verdict = LIBDMA_VERDICT_USED;
		snprintf(bounce->state, sizeof(bounce->state),
			 "its answer tells the device's min_align_mask");
		return true;
	}
	slots_unsearch(slots, bounce, copy, cursor);
	device->min_align = before;
	return false;
}

static void settle(struct slots *slots, struct bounce *bounce)
{
	if (bounce->got != DMA_MAPPING_ERROR && slots_hold(slots, bounce->got))
		touch(slots, bounce, bounce->got);
}

/*
 * Behind the next that proves that this search came behind it; where none does any more,
 * behind all that its task lets be before it.
 */
static bool put_off(struct slots *slots, struct bounce *bounce,
		    const struct foreseen *event)
{
	const struct foreseen *other = slots_intruder(slots, bounce, event);
	uint64_t witness = other ? other->event.number : bounce->witness;

	if ((!other && !bounce->put_off) || !predict_put_off(slots->frame, other))
		return false;
	if (!bounce->put_off)
		bounce->foretold = bounce->expected;
	bounce->put_off = true;
	bounce->witness = witness;
	bounce->searched = false;
	return true;
}

int slots_resolve(struct slots *slots, struct bounce *bounce, struct foreseen *event)
{
	struct swiotlb_cursor before;

	if (bounce->searched)
		return 0;
	if (!slots->swiotlb && bounce->answered && bounce->got != DMA_MAPPING_ERROR &&
	    slots_learn(slots, bounce))
		return -ENOMEM;
	if (!slots->swiotlb)
		return 0;
	bounce->searched = true;
	bounce->expected = slots_search(slots, bounce, &before);
	if (!bounce->answered)
		return 0;
	if (bounce->expected != bounce->got) {
		slots_unsearch(slots, bounce, bounce->expected, before);
		describe(slots, bounce);
		if (put_off(slots, bounce, event))
			return 0;
		if (!slots_order(slots, bounce, event)) {
			slots_explain(slots, bounce);
			if (!learn_alignment(slots, bounce))
				adopt(slots, bounce);
		}
	} else if (bounce->put_off) {
		bounce->expected = bounce->foretold;
		bounce->verdict = LIBDMA_VERDICT_ORDER;
	}
	settle(slots, bounce);
	return 0;
}

void slots_believe(struct slots *slots, struct bounce *bounce)
{
	struct swiotlb_device device = slots_device(slots, bounce->device);
	struct swiotlb_request request = request_of(bounce);

	bounce->answered = bounce->searched = bounce->told = true;
	bounce->expected = bounce->got;
	swiotlb_place(slots->swiotlb, &device, &request, bounce->got, false);
}

void slots_answer(struct slots *slots, struct bounce *bounce)
{
	struct swiotlb_device device = slots_device(slots, bounce->device);

	if (bounce->expected != bounce->got) {
		if (bounce->expected != DMA_MAPPING_ERROR)
			swiotlb_unmap(slots->swiotlb, &device, bounce->expected);
		describe(slots, bounce);
		slots_explain(slots, bounce);
		adopt(slots, bounce);
	}
	settle(slots, bounce);
}

void slots_forget(struct slots *slots, const struct bounce *bounce)
{
	struct swiotlb_device device = slots_device(slots, bounce->device);

	if (bounce->searched && !bounce->answered && bounce->expected != DMA_MAPPING_ERROR)
		swiotlb_unmap(slots->swiotlb, &device, bounce->expected);
}

void slots_release(struct slots *slots, const struct foreseen *event, phys_addr_t copy)
{
	struct release *release = &slots->release[slots->releases % RELEASES];
	struct swiotlb_device device;

	if (!slots_hold(slots, copy))
		return;
	device = slots_device(slots, event->device);
	if (swiotlb_find(slots->swiotlb, &device, copy, &release->mapping))
		return;
	release->number = event->event.number;
	release->ns = event->event.ns;
	release->cpu = event->event.cpu;
	release->device = event->device;
	release->copy = copy;
	slots->releases++;
	swiotlb_unmap(slots->swiotlb, &device, copy);
}

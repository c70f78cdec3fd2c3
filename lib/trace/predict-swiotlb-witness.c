// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * predict-swiotlb-witness.c - why a bounce got other slots than the model's
 *
 * Two CPUs take a lock each after their events are written or before, so that a moment's
 * events may have happened the other way round. Which one did is told by the answer:
 * there must be one whose other place gives it.
 */
#include "base/bits.h"
#include "trace/predict-swiotlb.h"

/* A request that takes as many slots at the same place as what was released. */
static struct swiotlb_request again(const struct release *release)
{
	uint64_t padding = (uint64_t)release->mapping.padding << SWIOTLB_SHIFT;
	uint64_t offset = padding + (release->copy & (SWIOTLB_SLOT - 1) &
				     release->device->min_align);

	return (struct swiotlb_request) {
		.phys = release->mapping.phys,
		.size = release->mapping.size - offset,
	};
}

static void put_back(struct slots *slots, const struct release *release)
{
	struct swiotlb_device device = slots_device(slots, release->device);
	struct swiotlb_request request = again(release);

	swiotlb_place(slots->swiotlb, &device, &request, release->copy, false);
}

static void take_away(struct slots *slots, const struct release *release)
{
	struct swiotlb_device device = slots_device(slots, release->device);

	swiotlb_unmap(slots->swiotlb, &device, release->copy);
}

/* Does the search give the answer now? It stays done if so. */
static bool matches(struct slots *slots, const struct bounce *bounce)
{
	struct swiotlb_cursor before;
	phys_addr_t copy = slots_search(slots, bounce, &before);

	if (copy == bounce->got)
		return true;
	slots_unsearch(slots, bounce, copy, before);
	return false;
}

static struct release *release_at(struct slots *slots, uint64_t index)
{
	return &slots->release[index % RELEASES];
}

/* Releases of one event, shown before the search: they came after it? */
static bool after_release(struct slots *slots, struct bounce *bounce,
			  const struct foreseen *event)
{
	uint64_t last = slots->releases, first, oldest = last > RELEASES ? last - RELEASES : 0;
	bool found;

	for (; last > oldest; last = first) {
		struct release *release = release_at(slots, last - 1);

		if (!predict_is_soon(event->event.ns, release->ns))
			return false;
		for (first = last - 1; first > oldest; first--)
			if (release_at(slots, first - 1)->number != release->number)
				break;
		if (release->cpu == event->event.cpu)
			continue;
		for (uint64_t i = first; i < last; i++)
			put_back(slots, release_at(slots, i));
		found = matches(slots, bounce);
		for (uint64_t i = first; i < last; i++)
			take_away(slots, release_at(slots, i));
		if (found) {
			bounce->witness = release->number;
			return true;
		}
	}
	return false;
}

/* Another CPU's search, announced after this one: it came before, and both answers fit? */
static bool before_search(struct slots *slots, struct bounce *bounce, struct bounce *other)
{
	struct swiotlb_cursor before;
	phys_addr_t copy;

	if (other->searched)
		return false;
	copy = slots_search(slots, other, &before);
	if ((!other->answered || copy == other->got) && matches(slots, bounce)) {
		other->searched = true;
		other->expected = copy;
		return true;
	}
	slots_unsearch(slots, other, copy, before);
	return false;
}

/* An unmap, shown after the search: it came before? Only lists are shown too early. */
static bool before_release(struct slots *slots, struct bounce *bounce,
			   struct foreseen *other)
{
	phys_addr_t copy = other->event.dma - other->device->offset;
	struct release release = { .device = other->device, .copy = copy };
	struct swiotlb_device device = slots_device(slots, other->device);
	bool found;

	if (libdma_event_kind_class(other->event.kind) != DMA_CLASS_UNMAP ||
	    other->event.kind == DMA_EVENT_UNMAP_SG || slots->tells ||
	    !slots_hold(slots, copy) ||
	    swiotlb_find(slots->swiotlb, &device, copy, &release.mapping))
		return false;
	take_away(slots, &release);
	found = matches(slots, bounce);
	if (!found)
		put_back(slots, &release);
	other->done |= found;
	return found;
}

/* It was searched for on the CPU where the map ended: the task moved meanwhile. */
static bool after_move(struct slots *slots, struct bounce *bounce,
		       const struct foreseen *event)
{
	uint32_t cpu = bounce->cpu;
	const struct foreseen *other = event;

	while ((other = predict_next(slots->frame, other)) &&
	       other->event.ns - event->event.ns <= slots->frame->options.window_ns) {
		if (other->event.pid != event->event.pid || !event->event.pid ||
		    other->event.cpu == cpu)
			continue;
		bounce->cpu = other->event.cpu;
		if (matches(slots, bounce)) {
			bounce->witness = other->event.number;
			return true;
		}
		bounce->cpu = cpu;
		return false;
	}
	return false;
}

bool slots_order(struct slots *slots, struct bounce *bounce, struct foreseen *event)
{
	struct foreseen *other = event;

	bounce->verdict = LIBDMA_VERDICT_ORDER;
	while ((other = predict_next(slots->frame, other)) &&
	       predict_is_soon(other->event.ns, event->event.ns)) {
		bool found;

		if (other->event.cpu == event->event.cpu || !other->device)
			continue;
		if (bounce_at(other))
			found = before_search(slots, bounce, bounce_at(other));
		else
			found = before_release(slots, bounce, other);
		if (found) {
			bounce->witness = other->event.number;
			return true;
		}
	}
	return after_release(slots, bounce, event) || after_move(slots, bounce, event);
}

/* Slots of one, whatever the offset in the first of them? */
static bool is_there(const struct bounce *its, phys_addr_t copy, uint64_t size)
{
	phys_addr_t begin = align_down(its->got, SWIOTLB_SLOT);

	if (its->got == DMA_MAPPING_ERROR || copy == DMA_MAPPING_ERROR)
		return its->got == copy;
	return begin < copy + size && align_down(copy, SWIOTLB_SLOT) < its->got + its->size;
}

/* Its end leaves the slot of @copy? Where a list lies its end does not say. */
static bool leaves(const struct foreseen *event, phys_addr_t copy)
{
	const struct dma_event *said = &event->event;
	uint64_t offset = event->device ? event->device->offset : 0;
	phys_addr_t begin = align_down(said->dma - offset, SWIOTLB_SLOT);

	if (said->kind == DMA_EVENT_UNMAP_SG || copy == DMA_MAPPING_ERROR)
		return false;
	if (said->kind == DMA_EVENT_SWIOTLB_UNMAP)
		return said->dma == copy;
	return event_kind_class(said->kind) == DMA_CLASS_UNMAP &&
	       begin <= copy && copy < said->dma - offset + said->size;
}

/*
 * Found where this search should have, or left where this search went: which proves that
 * it came behind, however long that is.
 */
static bool is_intruder(const struct bounce *bounce, const struct foreseen *other)
{
	const struct bounce *its = bounce_at(other);

	if (its)
		return its->cpu == bounce->cpu && its->answered &&
		       is_there(its, bounce->expected, bounce->size);
	return leaves(other, bounce->got);
}

const struct foreseen *slots_intruder(const struct slots *slots,
				      const struct bounce *bounce,
				      const struct foreseen *event)
{
	const struct foreseen *other = event;

	if (!bounce_at(event))
		return NULL;
	while ((other = predict_next(slots->frame, other)) &&
	       (other->event.pid != event->event.pid ||
		predict_is_release(other->event.kind)))
		if (is_intruder(bounce, other))
			return other;
	return NULL;
}

static bool was_touched(const struct slots *slots, phys_addr_t copy)
{
	uint64_t slot = (copy - slots->start) >> SWIOTLB_SHIFT;

	return slot >= slots->slots || slots->touched[slot >> 6] >> (slot & 63) & 1;
}

void slots_explain(struct slots *slots, struct bounce *bounce)
{
	const struct libdma_predictor *frame = slots->frame;
	phys_addr_t here = bounce->got == DMA_MAPPING_ERROR ? bounce->expected : bounce->got;
	uint64_t confirmed;

	bounce->verdict = LIBDMA_VERDICT_UNEXPLAINED;
	bounce->witness = LIBDMA_NO_WITNESS;
	if (!slots_hold(slots, here))
		return;
	confirmed = slots->confirmed[slots_area(slots, here)];
	slots_doubt(slots);
	if (frame->lost_number != UINT64_MAX &&
	    (frame->lost_number + 1 > confirmed || !was_touched(slots, here) ||
	     !was_touched(slots, bounce->expected))) {
		bounce->verdict = LIBDMA_VERDICT_LOST;
		bounce->witness = frame->lost_witness;
	} else if (slots->cut_by != UINT64_MAX &&
		   (slots->tails || slots->cut_by + 1 > confirmed)) {
		bounce->verdict = LIBDMA_VERDICT_CUT;
		bounce->witness = slots->cut_by;
	} else if (!confirmed && bounce->got != DMA_MAPPING_ERROR &&
		   slots_area(slots, here) == (bounce->cpu & (slots->areas - 1))) {
		/* where an area's first search begins, one from before it left it */
		bounce->verdict = LIBDMA_VERDICT_USED;
	} else if (slots->strangers && bounce->expected != DMA_MAPPING_ERROR &&
		   !was_touched(slots, bounce->expected)) {
		/* a copy from before the recording may lie there still */
		bounce->verdict = LIBDMA_VERDICT_ORIGIN;
		bounce->witness = slots->stranger[0].number;
	}
}

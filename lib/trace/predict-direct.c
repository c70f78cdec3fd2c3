// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * predict-direct.c - maps and lists of devices that no IOMMU translates
 *
 * Such a device gets the buffer's own address, or that of a copy in the swiotlb. Which
 * of the two is announced where the recording has swiotlb_bounced, and otherwise follows
 * from the device's reach.
 *
 * Kernel counterpart: kernel/dma/direct.h, dma_direct_map_sg() (RULES.md D1-D9)
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/predict-direct.h"

static bool is_direct_map(const struct foreseen *event)
{
	const struct dma_event *said = &event->event;

	return event->device && !event->device->translated &&
	       event_kind_class(said->kind) == DMA_CLASS_MAP &&
	       !(said->flags & DMA_EVENT_REQUEST);
}

static void direct_destroy(void *state)
{
	struct direct *direct = state;
	struct libdma_predictor *frame = direct->frame;

	for (uint64_t i = frame->next; i < frame->newest; i++) {
		struct foreseen *event = predict_at(frame, i);

		if (is_direct_map(event) && event->memo)
			bounces_free(event->memo);
	}
	bounces_destroy(direct);
	slots_destroy(direct->slots);
	free(direct);
}

static int direct_create(struct libdma_predictor *frame, void **ret)
{
	struct direct *direct = calloc(1, sizeof(*direct));

	if (!direct)
		return -ENOMEM;
	direct->frame = frame;
	direct->untaken.next = direct->untaken.previous = &direct->untaken;
	if (slots_create(frame, &direct->slots)) {
		free(direct);
		return -ENOMEM;
	}
	*ret = direct;
	return 0;
}

/* ---- survey ---- */

static bool was_announced(struct direct *direct, uint32_t device, phys_addr_t phys)
{
	for (uint64_t i = 1; i <= SURVEYED && i <= direct->surveys; i++) {
		struct announcement *it =
			&direct->surveyed[(direct->surveys - i) % SURVEYED];

		if (it->device != device || it->phys != phys)
			continue;
		it->device = 0;
		return true;
	}
	return false;
}

static int survey_list(struct direct *direct, const struct dma_event *event)
{
	int err = 0;

	for (uint32_t i = 0; i < list_entries(event) && !err; i++)
		if (event->dma_list[i] != event->phys_list[i] && event->dma_size_list &&
		    was_announced(direct, event->device, event->phys_list[i]))
			err = slots_survey(direct->slots, event, event->dma_list[i],
					   event->dma_size_list[i]);
	return err;
}

static int direct_survey(void *state, const struct dma_event *event, bool stranger)
{
	struct direct *direct = state;

	direct->slots->tells |= event->kind == DMA_EVENT_SWIOTLB_UNMAP;
	if (stranger || event->kind == DMA_EVENT_LOST)
		return slots_survey_stranger(direct->slots, event);
	if (event->kind == DMA_EVENT_SWIOTLB_BOUNCED)
		direct->surveyed[direct->surveys++ % SURVEYED] =
			(struct announcement) { event->device, event->phys };
	if (event->kind == DMA_EVENT_MAP_SG)
		return survey_list(direct, event);
	if (event_kind_class(event->kind) == DMA_CLASS_MAP &&
	    event->dma != DMA_MAPPING_ERROR && event->dma != event->phys &&
	    was_announced(direct, event->device, event->phys))
		return slots_survey(direct->slots, event, event->dma, event->size);
	return 0;
}

static int direct_start(void *state)
{
	struct direct *direct = state;

	return slots_start(direct->slots);
}

static int direct_see(void *state, struct foreseen *event)
{
	struct direct *direct = state;

	if (event->event.kind == DMA_EVENT_SWIOTLB_BOUNCED)
		return bounces_see_announced(direct, event);
	if (event->event.kind == DMA_EVENT_SWIOTLB_MAP)
		bounces_see_found(direct, event);
	if (!is_direct_map(event))
		return 0;
	if (event->event.kind == DMA_EVENT_MAP_SG)
		return bounces_see_list(direct, event);
	if (event->event.kind == DMA_EVENT_MAP_SG_ERR)
		return bounces_see_failed(direct, event);
	return bounces_see_single(direct, event);
}

/* ---- verdicts ---- */

/* Must the kernel bounce this, as far as is known? */
static bool must_bounce(const struct direct *direct, const struct foreseen *event,
			phys_addr_t phys, uint64_t size)
{
	const struct predict_device *device = event->device;
	const struct libdma_environment *known = direct->frame->environment;
	uint64_t limit = device->dma_mask, last = phys + device->offset + size - 1;

	if (event->event.attrs & DMA_ATTR_MMIO ||
	    event->event.kind == DMA_EVENT_MAP_RESOURCE)
		return false;
	if (device->bus_limit && device->bus_limit < limit)
		limit = device->bus_limit;
	return known->swiotlb.force || last > limit;
}

/* Out of the device's reach, where there are no bounce buffers. */
static bool must_fail(const struct direct *direct, const struct foreseen *event,
		      phys_addr_t phys, uint64_t size)
{
	const struct libdma_environment *known = direct->frame->environment;

	return known->origin.swiotlb_slots == LIBDMA_GIVEN && !known->swiotlb.slots &&
	       must_bounce(direct, event, phys, size);
}

/*
 * Is it a bounce that nothing announced? Where the recording has announcements, only one
 * that came before its beginning, or was lost.
 */
static bool is_unannounced(const struct direct *direct, const struct foreseen *event,
			   phys_addr_t phys, uint64_t size, dma_addr_t dma)
{
	uint64_t offset = event->device->offset;

	if (direct->frame->announced)
		return dma != DMA_MAPPING_ERROR && dma != phys + offset &&
		       slots_hold(direct->slots, dma - offset);
	return must_bounce(direct, event, phys, size) &&
	       !must_fail(direct, event, phys, size);
}

/* Where searches are not announced, they begin with the map that needs them. */
static int search_now(struct direct *direct, struct foreseen *event, phys_addr_t phys,
		      uint64_t size, dma_addr_t dma, uint32_t room)
{
	struct taken *taken = event->memo;
	struct bounce *bounce = bounce_create(event, phys, size);

	if (!taken)
		taken = bounces_of(event, room);
	if (!bounce || !taken) {
		free(bounce);
		return -ENOMEM;
	}
	taken->bounce[taken->count++] = bounce;
	bounce_answer(direct, bounce, dma);
	return slots_resolve(direct->slots, bounce, event);
}

/* Copies of a list whose search was announced before the recording: they lie there. */
static int take_unannounced(struct direct *direct, struct foreseen *event)
{
	const struct dma_event *said = &event->event;
	struct taken *taken = event->memo;
	uint32_t copy = 0;

	if (said->ns - direct->frame->first_ns > direct->frame->options.window_ns)
		return 0;
	for (uint32_t i = 0; said->dma_size_list && i < list_entries(said); i++) {
		struct bounce *bounce;

		if (copy < taken->count &&
		    taken->bounce[copy]->phys == said->phys_list[i]) {
			copy++;
			continue;
		}
		if (!is_unannounced(direct, event, said->phys_list[i],
				    said->dma_size_list[i], said->dma_list[i]))
			continue;
		bounce = bounce_create(event, said->phys_list[i], said->dma_size_list[i]);
		if (!bounce)
			return -ENOMEM;
		memmove(&taken->bounce[copy + 1], &taken->bounce[copy],
			(taken->count++ - copy) * sizeof(bounce));
		taken->bounce[copy++] = bounce;
		bounce->got = said->dma_list[i] - event->device->offset;
		slots_believe(direct->slots, bounce);
	}
	return 0;
}

static int search_unannounced(struct direct *direct, struct foreseen *event)
{
	const struct dma_event *said = &event->event;
	int err = 0;

	if (said->kind == DMA_EVENT_MAP_SG_ERR)
		return 0;
	if (event->memo)
		return said->kind == DMA_EVENT_MAP_SG ? take_unannounced(direct, event)
						      : 0;
	if (said->kind != DMA_EVENT_MAP_SG)
		return is_unannounced(direct, event, said->phys, said->size, said->dma)
			       ? search_now(direct, event, said->phys, said->size,
					    said->dma, 1)
			       : 0;
	for (uint32_t i = 0; said->dma_size_list && i < list_entries(said) && !err; i++)
		if (is_unannounced(direct, event, said->phys_list[i],
				   said->dma_size_list[i], said->dma_list[i]))
			err = search_now(direct, event, said->phys_list[i],
					 said->dma_size_list[i], said->dma_list[i],
					 list_entries(said));
	return err;
}

static bool is_as_mapped(const struct direct *direct, struct predict_device *device,
			 phys_addr_t phys, dma_addr_t dma)
{
	if (dma == phys + device->offset)
		return true;
	/* the bus adds something; it is told once */
	if (!device->offset_known && dma != DMA_MAPPING_ERROR && !device->direct &&
	    !direct->frame->announced) {
		device->offset = dma - phys;
		device->offset_known = true;
		return true;
	}
	device->offset_known = true;
	return false;
}

/*
 * Each entry is a segment by itself (RULES.md D9), and lies at its buffer where it is
 * none of those that have a copy. The first that is not so, UINT32_MAX if all are.
 */
static uint32_t find_astray(const struct direct *direct, const struct foreseen *event,
			    const struct taken *taken)
{
	const struct dma_event *said = &event->event;
	uint32_t copy = 0, i;

	for (i = 0; i < list_entries(said); i++) {
		if (taken && copy < taken->count &&
		    taken->bounce[copy]->phys == said->phys_list[i])
			copy++;
		else if (!is_as_mapped(direct, event->device, said->phys_list[i],
				       said->dma_list[i]))
			return i;
		if (said->size_list && said->dma_size_list &&
		    said->size_list[i] != said->dma_size_list[i])
			return i;
	}
	return predict_ents(said) == predict_nents(said) ? UINT32_MAX : i;
}

static bool list_must_fail(const struct direct *direct, const struct foreseen *event)
{
	const struct dma_event *said = &event->event;
	bool fails = false;

	for (uint32_t i = 0; i < said->phys_count && !fails; i++)
		fails = must_fail(direct, event, said->phys_list[i],
				  said->size_list ? said->size_list[i] : 1);
	return fails;
}

static void judge_direct(struct direct *direct, struct foreseen *event)
{
	const struct dma_event *said = &event->event;
	bool same;

	if (said->kind == DMA_EVENT_MAP_SG_ERR)
		same = list_must_fail(direct, event);
	else if (said->dma == DMA_MAPPING_ERROR && said->kind != DMA_EVENT_MAP_SG)
		same = must_fail(direct, event, said->phys, said->size);
	else if (said->kind == DMA_EVENT_MAP_SG)
		same = find_astray(direct, event, NULL) == UINT32_MAX;
	else
		same = is_as_mapped(direct, event->device, said->phys, said->dma);
	direct->frame->totals.direct++;
	event->device->direct++;
	direct->frame->totals.direct_other += !same;
}

/* What a list has beside its copies is another than the model's. */
static void judge_astray(struct direct *direct, struct foreseen *event, uint32_t segment)
{
	const struct dma_event *said = &event->event;
	bool known = segment < list_entries(said);
	struct libdma_divergence divergence = {
		.verdict = LIBDMA_VERDICT_UNEXPLAINED,
		.decider = LIBDMA_DECIDER_SWIOTLB,
		.segment = segment,
		.expected = known ? said->phys_list[segment] + event->device->offset
				  : predict_nents(said),
		.got = known ? said->dma_list[segment] : predict_ents(said),
		.witness = LIBDMA_NO_WITNESS,
		.state = known ? "a list's entry that is not copied lies elsewhere, or has "
				 "another length"
			       : "a list has another number of segments than of entries",
	};

	predict_wrong(direct->frame, event, &divergence);
}

static void judge_bounced(struct direct *direct, struct foreseen *event,
			  const struct taken *taken)
{
	bool sized = event->event.number == direct->slots->sized_by;
	bool told = sized || event->event.number == direct->slots->told_by;
	const struct bounce *wrong = NULL;
	struct libdma_divergence divergence;
	uint32_t segment = UINT32_MAX;

	if (event->event.kind == DMA_EVENT_MAP_SG)
		segment = find_astray(direct, event, taken);
	if (segment != UINT32_MAX) {
		judge_astray(direct, event, segment);
		return;
	}
	segment = 0;
	for (uint32_t i = 0; i < taken->count; i++) {
		const struct bounce *bounce = taken->bounce[i];

		told |= bounce->told;
		if (bounce->searched && bounce->got == bounce->expected)
			continue;
		if (!wrong || bounce->verdict == LIBDMA_VERDICT_UNEXPLAINED) {
			wrong = bounce;
			segment = i;
		}
	}
	if (!wrong && !told) {
		predict_right(direct->frame, event, LIBDMA_DECIDER_SWIOTLB);
		return;
	}
	divergence = (struct libdma_divergence) {
		.verdict = wrong ? wrong->verdict : LIBDMA_VERDICT_USED,
		.decider = LIBDMA_DECIDER_SWIOTLB,
		.segment = segment,
		.witness = LIBDMA_NO_WITNESS,
		.state = sized ? "its answer tells how large the swiotlb is"
			       : "its answer tells where the swiotlb lies",
	};
	if (!wrong)
		wrong = taken->bounce[0];
	else
		divergence.state = wrong->state;
	if (divergence.verdict != LIBDMA_VERDICT_USED)
		divergence.witness = wrong->witness;
	divergence.expected = wrong->expected;
	divergence.got = wrong->got;
	predict_wrong(direct->frame, event, &divergence);
}

/* What was found for a list before its last search failed was given back. */
static void forget_failed(struct direct *direct, const struct taken *taken)
{
	for (uint32_t i = 0; i + 1 < taken->count; i++) {
		struct bounce *bounce = taken->bounce[i];

		slots_forget(direct->slots, bounce);
		if (!bounce->answered)
			bounce->got = bounce->expected;
	}
}

static int judge_map(struct direct *direct, struct foreseen *event)
{
	int err = search_unannounced(direct, event);
	struct taken *taken = event->memo;

	for (uint32_t i = 0; taken && !err && i < taken->count; i++)
		err = slots_resolve(direct->slots, taken->bounce[i], event);
	if (err)
		return err;
	if (taken && event->event.kind == DMA_EVENT_MAP_SG_ERR)
		forget_failed(direct, taken);
	if (taken) {
		judge_bounced(direct, event, taken);
		if (event->event.flags & DMA_EVENT_CUT)
			bounces_cut(direct, event);
		bounces_free(taken);
		event->memo = NULL;
	} else {
		judge_direct(direct, event);
	}
	return 0;
}

static void judge_unmap(struct direct *direct, struct foreseen *event)
{
	const struct dma_event *said = &event->event, *begin = direct->frame->begin;
	uint64_t offset = event->device->offset;

	if (event->done || direct->slots->tells)
		return;
	if (said->kind != DMA_EVENT_UNMAP_SG) {
		slots_release(direct->slots, event, said->dma - offset);
		return;
	}
	for (uint32_t i = 0; begin && begin->dma_list && i < begin->dma_count; i++)
		slots_release(direct->slots, event, begin->dma_list[i] - offset);
	if (begin && begin->flags & DMA_EVENT_CUT)
		bounces_drop_tail(direct, event);
}

static int judge_search(struct direct *direct, struct foreseen *event,
			struct bounce *bounce)
{
	int err = slots_resolve(direct->slots, bounce, event);

	if (direct->frame->again)
		return err;
	bounce->judged = true;
	event->memo = NULL;
	if (bounce->searched && !bounce->answered && bounce->expected == DMA_MAPPING_ERROR)
		bounces_drop_failed(direct, bounce);
	else
		bounces_drop_oldest(direct);
	return err;
}

static int direct_judge(void *state, struct foreseen *event)
{
	struct direct *direct = state;
	const struct dma_event *said = &event->event;
	struct bounce *bounce = bounce_at(event);
	int err = 0;

	if (bounce) {
		err = judge_search(direct, event, bounce);
	} else if (said->kind == DMA_EVENT_SWIOTLB_BOUNCED) {
		event->memo = NULL; /* it is searched for behind it */
	} else if (said->kind == DMA_EVENT_SWIOTLB_UNMAP) {
		direct->slots->tells = true;
		if (!event->done &&
		    !bounces_judge_given_back(direct, event))
			slots_release(direct->slots, event, said->dma);
	} else if (is_direct_map(event)) {
		err = judge_map(direct, event);
	} else if (event_kind_class(said->kind) == DMA_CLASS_UNMAP) {
		judge_unmap(direct, event);
	} else if (event_kind_class(said->kind) == DMA_CLASS_ALLOC &&
		   !event->device->has_region) {
		direct->frame->totals.inputs++;
	}
	return err;
}

const struct backend backend_direct = {
	.create = direct_create,
	.destroy = direct_destroy,
	.survey = direct_survey,
	.start = direct_start,
	.see = direct_see,
	.judge = direct_judge,
	.untranslated = true,
};

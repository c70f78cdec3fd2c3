// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * predict-iova-explain.c - a take that another range was recorded of
 *
 * What explains it: an operation that ran before, though it is recorded later; a task
 * that went on on another CPU; a flush at another moment.
 */
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "trace/predict-iova.h"

#define MASK_32 0xffffffffULL

/* ---- what may have come before, though it is recorded later ---- */

struct ahead {
	struct iova_op op[AHEAD];
	struct request *request[AHEAD];
	size_t count;
};

/* Where flushes have to be inferred, one is likelier than what lasts so long. */
static bool knows_flushes(const struct request *request)
{
	return request->exact || !request->space->lazy;
}

static void ahead_add(struct iova *iova, struct ahead *ahead, struct request *request,
		      const struct space *space)
{
	bool told;

	if (ahead->count == AHEAD || request->done || run_find_space(iova, request, &told) ||
	    request->space != space)
		return;
	ahead->op[ahead->count] = run_op(iova, request);
	ahead->request[ahead->count++] = request;
}

/* An event that shows a range taken, and is not merged into another's. */
static bool shows_take(const struct foreseen *event)
{
	return event->memo && (event->event.kind == DMA_EVENT_IOMMU_MAP ||
			       event->event.kind == DMA_EVENT_ALLOC_IOVA);
}

/* A range for so many bytes: what is kept in a cache is a power of two of granules. */
static uint64_t range_of(const struct iova *iova, uint64_t size)
{
	return iova->granule << log2_up(size >> iova->shift);
}

/* Of what this one should have, the other has a part, or all. */
static bool overlaps(const struct iova *iova, const struct request *request,
		     const struct dma_event *other)
{
	return other->dma < request->expected + range_of(iova, request->size) &&
	       request->expected < other->dma + range_of(iova, other->size);
}

/*
 * A task that was preempted in its call, however long, and shows later that it has what
 * this one should have: it took that before, and here, if it came from this CPU's cache.
 */
static void ahead_find_rested(struct iova *iova, struct foreseen *event,
			      const struct request *request, struct ahead *ahead)
{
	struct foreseen *next = event;

	if (!knows_flushes(request))
		return;
	while ((next = predict_next(iova->frame, next)))
		if (shows_take(next) && overlaps(iova, request, &next->event))
			break;
	if (next && predict_rested(iova->frame, event, next))
		ahead_add(iova, ahead, next->memo, request->space);
	if (ahead->count && next->event.dma == request->expected)
		ahead->op[0].cpu = (uint16_t)iova_cpu(iova, request->cpu);
}

static void ahead_find(struct iova *iova, struct foreseen *event,
		       const struct request *request, struct ahead *ahead)
{
	struct foreseen *next = event;

	ahead->count = 0;
	ahead_find_rested(iova, event, request, ahead);
	for (uint32_t cpu = 0; cpu < iova->cpus; cpu++)
		if (iova->pending[cpu])
			ahead_add(iova, ahead, iova->pending[cpu], request->space);
	while ((next = predict_next(iova->frame, next)) && ahead->count < AHEAD &&
	       next->event.ns <= event->event.ns + RACE_NS)
		if (shows_take(next) &&
		    (next->event.cpu != event->event.cpu ||
		     next->event.pid != event->event.pid))
			ahead_add(iova, ahead, next->memo, request->space);
}

static void ahead_done(struct request *request, uint64_t witness)
{
	request->done = true;
	request->verdict = LIBDMA_VERDICT_ORDER;
	request->witness = witness;
	request->expected = request->dma;
	snprintf(request->state, sizeof(request->state),
		 "ran before event %llu, whose answer it explains",
		 (unsigned long long)witness);
}

/* ---- what a take's wrong answer comes from ---- */

/*
 * Was the device at work before? Its limits tell; and where calls themselves were
 * recorded, that its driver neither set a mask nor made a pool.
 */
static bool is_older(const struct predict_device *device, bool exact)
{
	return device && !device->bound && device->known_since != LIBDMA_NO_WITNESS &&
	       (device->was_bound || exact);
}

/* Nothing that was tried yields the answer: what stands in the way of knowing? */
static void classify(struct iova *iova, struct request *request)
{
	const struct libdma_predictor *frame = iova->frame;

	if (frame->lost_number != UINT64_MAX) {
		request->verdict = LIBDMA_VERDICT_LOST;
		request->witness = frame->lost_witness;
	} else if (request->cut) {
		request->verdict = LIBDMA_VERDICT_CUT;
		request->witness = request->number;
	} else if (request->space->stranger != LIBDMA_NO_WITNESS) {
		request->verdict = LIBDMA_VERDICT_ORIGIN;
		request->witness = request->space->stranger;
	} else if (is_older(request->device, request->exact)) {
		request->verdict = LIBDMA_VERDICT_ORIGIN;
		request->witness = request->device->known_since;
	} else {
		request->verdict = LIBDMA_VERDICT_UNEXPLAINED;
		request->witness = LIBDMA_NO_WITNESS;
	}
}

/*
 * Another take on this CPU, of a range that the same flush freed: it shows that the flush
 * ran here, and before.
 */
static uint64_t find_flushed(const struct iova *iova, const struct foreseen *event,
			     const struct request *request)
{
	struct timeline *timeline = request->space->timeline;
	size_t flush = timeline_freed(timeline, request->dma / iova->granule);
	const struct foreseen *next = event;

	while (flush != SIZE_MAX && (next = predict_next(iova->frame, next))) {
		const struct request *other = next->memo;

		if (shows_take(next) && other->kind == IOVA_OP_TAKE &&
		    other->cpu == request->cpu && other->dma != request->dma &&
		    timeline_freed(timeline, other->dma / iova->granule) == flush)
			return other->number;
	}
	return LIBDMA_NO_WITNESS;
}

/* When something came into the call whose return the event is; else not known: now. */
static uint64_t called(const struct iova *iova, const struct foreseen *event,
		       const struct request *request)
{
	const struct foreseen *interrupt = NULL;

	if (knows_flushes(request))
		interrupt = predict_preempted(iova->frame, event);
	return interrupt ? interrupt->event.ns : request->ns;
}

/* Into the calls of which takes before this one did something come? */
static void stretch(struct iova *iova, const struct foreseen *event,
		    struct timeline *timeline)
{
	const struct foreseen *other = event, *into;

	while ((other = predict_previous(iova->frame, other)) &&
	       event->event.ns - other->event.ns < PREDICT_INTERRUPT_NS) {
		if (other->event.kind != DMA_EVENT_ALLOC_IOVA &&
		    other->event.kind != DMA_EVENT_IOMMU_MAP && !other->has_since)
			continue;
		into = predict_preempted(iova->frame, other);
		if (!into)
			continue;
		into = predict_previous_of_cpu(iova->frame, into);
		timeline_stretch(timeline, other->event.number,
				 into ? into->event.ns : 0);
	}
}

/*
 * Nobody said how far the IOMMU reaches: the first address above 4 GiB does, since those
 * are given from the top on (RULES.md I20).
 */
static int learn_aperture(struct iova *iova, struct request *request)
{
	uint64_t end = request->dma + request->size, reach;

	if (iova->reach_told || iova->frame->environment->iommu.aperture_end ||
	    request->exact || request->dma <= MASK_32 || request->expected < end)
		return 0;
	reach = (1ULL << log2_up(end)) - 1;
	iova->reach_told = true;
	if (reach < iova->reach)
		iova->reach = reach;
	request->verdict = LIBDMA_VERDICT_USED;
	request->witness = LIBDMA_NO_WITNESS;
	return predict_assume(iova->frame, "iommu.aperture_end",
			      "the first address above 4 GiB", "0x%llx",
			      (unsigned long long)reach);
}

/* Addresses are given from the top on: of a large hole above one, the answer tells. */
static int learn_hole(struct iova *iova, struct request *request)
{
	uint64_t size = range_of(iova, request->size);
	int r;

	if (request->verdict != LIBDMA_VERDICT_UNEXPLAINED || !request->dma ||
	    request->expected < request->dma + size)
		return 0;
	r = space_learn_hole(iova, request->space, request->dma + size,
			     request->expected + size);
	if (r > 0)
		request->verdict = LIBDMA_VERDICT_USED;
	return r < 0 ? r : 0;
}

int explain_take(struct iova *iova, struct foreseen *event, struct request *request)
{
	static const char *const words[] = {
		[IOVA_CHANGE_NONE] = "adopted",
		[IOVA_CHANGE_EARLIER] = "taken before the witness",
		[IOVA_CHANGE_LATER] = "taken behind the witness",
		[IOVA_CHANGE_MOVED] = "taken where its task was at the witness",
		[IOVA_CHANGE_FLUSH] =
			"the flush queue's timer ran at another moment or CPU",
		[IOVA_CHANGE_TRIM] = "the depot's timer ran at another moment",
		[IOVA_CHANGE_ORDER] = "the witness ran before what is recorded before it",
	};
	struct iova_explanation found;
	struct ahead ahead;
	bool learnt = false;
	int err;

	request->space->doubtful = true;
	ahead_find(iova, event, request, &ahead);
	if (timeline_seeks_orders(request->space->timeline))
		stretch(iova, event, request->space->timeline);
	err = timeline_explain(request->space->timeline, request->expected >> iova->shift,
			       called(iova, event, request), ahead.op, ahead.count, &found);
	if (err)
		return err;
	request->witness = found.witness;
	switch (found.change) {
	case IOVA_CHANGE_NONE:
		classify(iova, request);
		err = learn_aperture(iova, request);
		if (!err)
			err = learn_hole(iova, request);
		learnt = request->verdict == LIBDMA_VERDICT_USED;
		break;
	case IOVA_CHANGE_LATER:
		ahead_done(ahead.request[found.ahead], request->number);
		request->verdict = LIBDMA_VERDICT_ORDER;
		break;
	case IOVA_CHANGE_MOVED:
		request->witness = request->seen;
		request->verdict = LIBDMA_VERDICT_ORDER;
		break;
	case IOVA_CHANGE_EARLIER:
	case IOVA_CHANGE_ORDER:
		request->verdict = LIBDMA_VERDICT_ORDER;
		break;
	case IOVA_CHANGE_TRIM:
		request->witness = LIBDMA_NO_WITNESS;
		request->verdict = LIBDMA_VERDICT_USED;
		break;
	default:
		/* the moment is known from this answer alone, unless another shows it */
		request->witness = find_flushed(iova, event, request);
		request->verdict = request->witness == LIBDMA_NO_WITNESS
					   ? LIBDMA_VERDICT_USED
					   : LIBDMA_VERDICT_TIMER;
		break;
	}
	snprintf(request->state, sizeof(request->state), "CPU %u, %llu pages: %s%s",
		 request->cpu, (unsigned long long)(request->size / iova->granule),
		 learnt ? "it tells of the machine" : words[found.change],
		 found.given_up ? "; the search was given up, it took too long" : "");
	return err;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * predict-iova-run.c - requests for IOVAs, run on the model
 *
 * Kernel counterpart: iommu_dma_alloc_iova() of drivers/iommu/dma-iommu.c (RULES.md
 * I20, I21)
 */
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "trace/predict-iova.h"

#define MASK_32 0xffffffffULL

static uint64_t device_limit(const struct iova *iova, const struct predict_device *device,
			     uint64_t limit)
{
	if (device && device->bus_limit && device->bus_limit < limit)
		limit = device->bus_limit;
	return limit < iova->reach ? limit : iova->reach;
}

static struct predict_device *whose(const struct request *request)
{
	return request->device ? request->device : request->guess;
}

static uint64_t limit_of(const struct iova *iova, const struct request *request)
{
	const struct predict_device *device = whose(request);

	if (request->exact)
		return request->limit;
	if (!device)
		return device_limit(iova, NULL, MASK_32);
	return device_limit(iova, device,
			    request->coherent ? device->coherent_mask : device->dma_mask);
}

/* Below 4 GiB first: PCI devices, unless the kernel was told otherwise. */
static bool goes_low(const struct iova *iova, const struct request *request)
{
	const struct predict_device *device = whose(request);

	return !request->exact && !iova->only_high && device && device->is_pci &&
	       !device->low_is_full;
}

struct iova_op run_op(const struct iova *iova, const struct request *request)
{
	bool take = request->kind == IOVA_OP_TAKE;

	return (struct iova_op) {
		.kind = request->kind,
		.low = take && goes_low(iova, request),
		.cpu = (uint16_t)iova_cpu(iova, request->cpu),
		.from = (uint16_t)iova_cpu(iova, request->from),
		.size = request->size >> iova->shift,
		.pfn = request->dma >> iova->shift,
		.limit = take ? limit_of(iova, request) >> iova->shift : 0,
		.since = request->since,
		.ns = request->ns,
		.late = !request->closed && !take,
		.number = request->number,
	};
}

int run_find_space(struct iova *iova, struct request *request, bool *told)
{
	int err;

	*told = false;
	if (request->space)
		return 0;
	for (struct space *space = iova->spaces; space && request->handle;
	     space = space->next)
		if (space->handle == request->handle) {
			request->space = space;
			return 0;
		}
	if (request->device) {
		err = space_find(iova, request->device, &request->space);
		if (!err)
			request->space->handle = request->handle;
		return err;
	}
	return silent_find(iova, request, told);
}

/* ---- takes ---- */

/* Rule I24: before any range is looked for. */
static bool is_refused(const struct iova *iova, const struct request *request)
{
	return request->single && request->device &&
	       iova->frame->rules->iova_refuses_min_align &&
	       request->device->min_align > iova->granule - 1;
}

/* From 6.4 on a device that was given a high address once asks for no low one. */
static void note_low(const struct iova *iova, struct predict_device *device,
		     const struct iova_op *op)
{
	if (op->low && op->pfn * iova->granule > MASK_32 &&
	    iova->frame->rules->low_iova_gives_up)
		device->low_is_full = true;
}

static void told_by_answer(struct request *take)
{
	take->verdict = LIBDMA_VERDICT_USED;
	snprintf(take->state, sizeof(take->state), "its answer tells whose it is");
}

int run_take(struct iova *iova, struct foreseen *event, struct request *request)
{
	struct iova_op op;
	uint64_t pfn = 0;
	bool told;
	int err;

	if (request->done)
		return 0;
	err = run_find_space(iova, request, &told);
	if (!err && !request->device && request->space)
		err = silent_note(iova, request);
	if (err || !request->space)
		return err;
	request->done = true;
	if (!request->dma && is_refused(iova, request))
		return 0;
	/* another reason than the ranges': which one, nobody tells */
	if (!request->dma && iova->exact && !request->exact) {
		request->space = NULL;
		return 0;
	}
	op = run_op(iova, request);
	if (!op.size)
		return 0;
	err = timeline_put(request->space->timeline, &op, &pfn);
	if (err)
		return err;
	if (whose(request))
		note_low(iova, whose(request), &op);
	request->expected = pfn * iova->granule;
	if (pfn != op.pfn)
		err = explain_take(iova, event, request);
	else if (told)
		told_by_answer(request);
	if (request->interrupted && !err)
		interrupt_learn(iova, request);
	return err;
}

int run_early(struct iova *iova, struct request *take, uint64_t ns)
{
	struct iova_op op = run_op(iova, take);
	struct space *space = take->device->iova;
	uint64_t pfn;
	int err;

	op.ns = ns;
	err = timeline_put(space->timeline, &op, &pfn);
	if (err)
		return err;
	if (pfn != op.pfn)
		return timeline_undo(space->timeline, pfn);
	take->space = space;
	take->done = true;
	take->expected = take->dma;
	note_low(iova, take->device, &op);
	return 1;
}

/* That lie under a mapping of one buffer. */
static uint64_t granules_of(const struct iova *iova, const struct dma_event *map)
{
	uint64_t inside = map->dma & (iova->granule - 1);

	return (inside + map->size + iova->granule - 1) >> iova->shift;
}

static __attribute__((noinline)) void
request_of_plain(const struct iova *iova, const struct foreseen *event,
		 struct request *ret)
{
	const struct dma_event *said = &event->event;

	request_init(ret, IOVA_OP_TAKE);
	ret->cpu = ret->from = said->cpu;
	ret->since = event->since;
	ret->ns = said->ns;
	ret->number = said->number;
	ret->device = event->device;
	ret->witness = LIBDMA_NO_WITNESS;
	ret->cut = said->flags & DMA_EVENT_CUT;
	ret->single = ret->followed = true;
	request_extent(iova, said, ret);
}

/*
 * By far the most recorded mappings are of one buffer, and are predicted: they have a
 * request only where they are not.
 */
int run_plain(struct iova *iova, struct foreseen *event, struct request *request)
{
	const struct dma_event *said = &event->event;
	struct predict_device *device = event->device;
	struct space *space = device->iova;
	uint64_t start = said->dma >> iova->shift, size = granules_of(iova, said), pfn;
	uint16_t cpu = (uint16_t)iova_cpu(iova, said->cpu);
	struct iova_op *op;
	int err;

	if (!space || !start || !size) {
		request_of_plain(iova, event, request);
		return run_take(iova, event, request);
	}
	space->handle = 0;
	err = timeline_next(space->timeline, said->ns, &op);
	if (err)
		return err;
	*op = (struct iova_op) {
		.kind = IOVA_OP_TAKE,
		.low = device->is_pci && !iova->only_high && !device->low_is_full,
		.cpu = cpu,
		.from = cpu,
		.size = size,
		.pfn = start,
		.limit = device_limit(iova, device, device->dma_mask) >> iova->shift,
		.since = event->since,
		.ns = said->ns,
		.number = said->number,
	};
	pfn = timeline_go(space->timeline, op);
	note_low(iova, device, op);
	if (pfn == start)
		return 1;
	request_of_plain(iova, event, request);
	request->space = space;
	request->done = true;
	request->expected = pfn * iova->granule;
	return explain_take(iova, event, request);
}

/* ---- releases ---- */

/* What nobody took was there before the recording. */
static int run_stranger(struct request *request, const struct iova_op *op)
{
	struct iova_domain *domain = timeline_domain(request->space->timeline);
	uint64_t first, size;

	if (!iova_find(domain, op->pfn, &first, &size) && first == op->pfn)
		return 0;
	request->space->stranger = request->number;
	return timeline_begin(request->space->timeline, op);
}

int run_release(struct iova *iova, struct request *request)
{
	struct iova_op op;
	bool told;
	int err;

	if (request->done)
		return 0;
	request->done = true;
	err = run_find_space(iova, request, &told);
	if (err || !request->space)
		return err;
	op = run_op(iova, request);
	if (request->exact)
		op.kind = IOVA_OP_FREE;
	if (!op.size)
		return 0;
	err = request->begun && !request->space->doubtful ? 0 : run_stranger(request, &op);
	return err ? err : timeline_put(request->space->timeline, &op, NULL);
}

bool run_will_flush(const struct iova *iova, const struct request *request)
{
	const struct space *space = request->device ? request->device->iova : NULL;

	return space && space->lazy && !iova->exact &&
	       iova_will_flush(timeline_domain(space->timeline), iova_cpu(iova, request->cpu));
}

int run_plain_end(struct iova *iova, const struct foreseen *event)
{
	const struct dma_event *said = &event->event, *begin = iova->frame->begin;
	struct space *space = event->device->iova;
	uint64_t size = granules_of(iova, begin);
	struct iova_op *op;
	int err;

	space->handle = 0;
	if (!size)
		return 0;
	err = timeline_next(space->timeline, said->ns, &op);
	if (err)
		return err;
	*op = (struct iova_op) {
		.kind = IOVA_OP_RELEASE,
		.cpu = (uint16_t)iova_cpu(iova, said->cpu),
		.size = size,
		.pfn = begin->dma >> iova->shift,
		.since = said->ns,
		.ns = said->ns,
		.number = said->number,
	};
	timeline_go(space->timeline, op);
	return 0;
}

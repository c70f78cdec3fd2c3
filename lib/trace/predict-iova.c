// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * predict-iova.c - mappings of devices behind an IOMMU
 *
 * Which address a mapping gets was decided when its range was taken, at the first
 * iommu:map of it; the mapping's own event comes later. What is taken without such an
 * event (dma_iova_try_alloc() has none) is counted where the range begins.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/bits.h"
#include "trace/cmdline.h"
#include "trace/predict-iova.h"

#define GRANULE_MIN 4096U /* no IOMMU has a smaller one */

/* ---- requests ---- */

struct request *request_get(struct request *request)
{
	request->users++;
	return request;
}

void request_put(struct request *request)
{
	while (request && !--request->users) {
		struct request *also = request->also;

		if (request->into)
			request_put(request->into);
		request->also = request->owner->spare;
		request->owner->spare = request;
		request = also;
	}
}

static void free_spares(struct iova *iova)
{
	while (iova->spare) {
		struct request *spare = iova->spare;

		iova->spare = spare->also;
		free(spare);
	}
}

/* ---- the backend ---- */

static int iova_create(struct libdma_predictor *frame, void **ret)
{
	struct iova *iova = calloc(1, sizeof(*iova));

	if (!iova)
		return -ENOMEM;
	iova->frame = frame;
	iova->credit = TIMELINE_CREDIT;
	*ret = iova;
	return 0;
}

static bool is_ours(const struct foreseen *event)
{
	switch (event->event.kind) {
	case DMA_EVENT_IOMMU_MAP:
	case DMA_EVENT_IOMMU_UNMAP:
	case DMA_EVENT_ALLOC_IOVA:
	case DMA_EVENT_FREE_IOVA:
		return true;
	default:
		return event->device && event->device->translated;
	}
}

static void iova_destroy(void *state)
{
	struct iova *iova = state;
	struct libdma_predictor *frame = iova->frame;

	for (uint64_t i = frame->next; i < frame->newest; i++) {
		struct foreseen *event = predict_at(frame, i);

		if (is_ours(event) && !event->has_since)
			request_put(event->memo);
	}
	for (unsigned int i = 0; i < CONTEXTS * WAYS; i++) {
		request_put(iova->context[i / WAYS][i % WAYS].take);
		request_put(iova->context[i / WAYS][i % WAYS].release);
	}
	for (unsigned int i = 0; i < BEGUN; i++)
		request_put(iova->begun[i]);
	for (uint32_t cpu = 0; iova->pending && cpu < iova->cpus; cpu++)
		request_put(iova->pending[cpu]);
	while (iova->spaces) {
		struct space *space = iova->spaces;

		iova->spaces = space->next;
		space_destroy(space);
	}
	silent_destroy(iova);
	free_spares(iova);
	list_scratch_deinit(&iova->scratch);
	free(iova->pending);
	free(iova->stranger);
	free(iova);
}

/* What ends without a beginning was there before; a list's end does not say where. */
static int iova_survey(void *state, const struct dma_event *event, bool stranger)
{
	struct iova *iova = state;
	struct stranger *grown;

	iova->shown |= event->kind == DMA_EVENT_IOMMU_UNMAP ||
		       event->kind == DMA_EVENT_FREE_IOVA;
	if (!stranger || event->kind == DMA_EVENT_UNMAP_SG || !event->size)
		return 0;
	grown = realloc(iova->stranger, (iova->strangers + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	iova->stranger = grown;
	grown[iova->strangers++] = (struct stranger) { event->device, event->dma,
						       event->size, event->number };
	return 0;
}

static int iova_start(void *state)
{
	struct iova *iova = state;
	const struct libdma_environment *known = iova->frame->environment;
	int err = 0;

	if (known->iommu.mode == LIBDMA_IOMMU_OFF)
		iova->frame->seeing &= ~(1U << BACKEND_IOVA);
	iova->granule = known->iommu.granule;
	if (iova->granule < GRANULE_MIN)
		iova->granule = GRANULE_MIN;
	iova->shift = log2_up(iova->granule);
	iova->reach = INT64_MAX;
	if (known->iommu.aperture_end && known->iommu.aperture_end < iova->reach)
		iova->reach = known->iommu.aperture_end;
	iova->only_high = cmdline_flag(known->cmdline, "iommu.forcedac", false);
	iova->cpus = known->cpus ? known->cpus : 1;
	iova->pending = calloc(iova->cpus, sizeof(*iova->pending));
	if (!iova->pending)
		return -ENOMEM;
	if (known->iommu.granule && known->iommu.granule < GRANULE_MIN)
		err = predict_assume(iova->frame, "iommu.granule", "no IOMMU has less",
				     "%u", GRANULE_MIN);
	return err;
}

/* ---- verdicts ---- */

/* The range is the model's; a list's segments may not be. */
static int check_list(struct iova *iova, struct foreseen *event,
		      const struct request *request, struct list_check *check,
		      struct libdma_divergence *divergence)
{
	int err = list_check(iova, event, request, check);

	if (err || check->verdict == LIBDMA_VERDICT_PREDICTED ||
	    (check->verdict == LIBDMA_VERDICT_USED &&
	     divergence->verdict != LIBDMA_VERDICT_PREDICTED))
		return err;
	divergence->verdict = check->verdict;
	divergence->state = check->state;
	if (check->verdict == LIBDMA_VERDICT_USED)
		return 0;
	divergence->segment = check->segment;
	divergence->expected = check->expected;
	divergence->got = check->got;
	divergence->witness = LIBDMA_NO_WITNESS;
	return 0;
}

/* Where in its granule the buffer begins. */
static uint64_t offset_of(const struct iova *iova, const struct dma_event *said,
			  const struct request *request)
{
	uint64_t address = said->dma;

	if (!request->dma)
		address = said->phys;
	else if (said->kind == DMA_EVENT_MAP_SG)
		address = said->dma_list[0];
	return address & (iova->granule - 1);
}

static uint64_t address_of(uint64_t start, uint64_t offset)
{
	return start ? start + offset : DMA_MAPPING_ERROR;
}

/* Its answer is that of the range, the place in the granule that of the buffer. */
static int report(struct iova *iova, struct foreseen *event, const struct request *request)
{
	const struct dma_event *said = &event->event;
	uint64_t offset = offset_of(iova, said, request);
	struct libdma_divergence divergence = {
		.verdict = request->verdict,
		.decider = LIBDMA_DECIDER_IOVA,
		.expected = address_of(request->expected, offset),
		.got = address_of(request->dma, offset),
		.witness = request->witness,
		.state = request->state,
	};
	struct list_check check;
	int err = 0;

	if (!request->space)
		return 0;
	if (said->kind == DMA_EVENT_MAP_SG && request->dma)
		err = check_list(iova, event, request, &check, &divergence);
	if (divergence.verdict == LIBDMA_VERDICT_PREDICTED)
		predict_right(iova->frame, event, LIBDMA_DECIDER_IOVA);
	else
		predict_wrong(iova->frame, event, &divergence);
	return err;
}

/* The release is over when its CPU goes on, and not only with an interrupt. */
static __attribute__((noinline)) int
finish_pending(struct iova *iova, uint32_t cpu, const struct dma_event *event)
{
	struct request *request = iova->pending[cpu];
	int err;

	if (request_level(iova, event) > request->level)
		return 0;
	iova->pending[cpu] = NULL;
	request->ns = event->ns;
	err = run_release(iova, request);
	request_put(request);
	return err;
}

static int judge_release(struct iova *iova, struct request *request)
{
	uint32_t cpu = iova_cpu(iova, request->cpu);

	/* a flush begins with the release, and is what takes long */
	if (!request->closed || iova->pending[cpu] || run_will_flush(iova, request))
		return run_release(iova, request);
	iova->pending[cpu] = request_get(request);
	return 0;
}

/*
 * Is this event the one to count? A take below 4 GiB that fails and is tried again above
 * is no answer to anybody, unless it should not have failed.
 */
static bool is_told(const struct foreseen *event, const struct request *request)
{
	if (event->event.kind != DMA_EVENT_IOMMU_MAP &&
	    event->event.kind != DMA_EVENT_ALLOC_IOVA)
		return true;
	if (request->exact && !request->dma && !request->followed)
		return request->verdict != LIBDMA_VERDICT_PREDICTED;
	return !request->device;
}

static bool is_list(const struct foreseen *event)
{
	return event->event.kind == DMA_EVENT_MAP_SG ||
	       event->event.kind == DMA_EVENT_MAP_SG_ERR;
}

/* Of a list whose entries have a range each: the worst. */
static const struct request *worst_of(const struct request *request)
{
	const struct request *worst = request;

	for (; request; request = request->also)
		if (request->verdict > worst->verdict)
			worst = request;
	return worst;
}

static int judge_plain(struct iova *iova, struct foreseen *event)
{
	struct request take;
	int right = run_plain(iova, event, &take);

	if (right > 0)
		predict_right(iova->frame, event, LIBDMA_DECIDER_IOVA);
	return right ? right < 0 ? right : 0 : report(iova, event, &take);
}

/*
 * A range whose task does not go on as far as the window reaches: where each is for some
 * mapping's event there are more pieces to come, and it is judged with that.
 */
static bool is_unfinished(const struct iova *iova, const struct foreseen *event,
			  const struct request *request)
{
	return event->event.kind == DMA_EVENT_IOMMU_MAP && request->open &&
	       !request->device && !iova_may_be_silent(iova);
}

static __attribute__((noinline)) int
judge_request(struct iova *iova, struct foreseen *event)
{
	struct request *request = event->memo;
	int err;

	if (request->kind != IOVA_OP_TAKE) {
		err = interrupt_run(iova, request);
		return err ? err : judge_release(iova, request);
	}
	if (is_unfinished(iova, event, request))
		return 0;
	if (event->event.kind == DMA_EVENT_IOMMU_MAP) {
		err = silent_split(iova, event);
		if (err)
			return err;
	}
	err = run_take(iova, event, request);
	for (struct request *also = is_list(event) ? request->also : NULL; also && !err;
	     also = also->also)
		err = run_take(iova, event, also);
	if (err)
		return err;
	if (is_list(event))
		return report(iova, event, worst_of(request));
	return is_told(event, request) ? report(iova, event, request) : 0;
}

/* Does nothing but the mapping tell of its range, so that none of it is to be found out? */
static bool is_plain(const struct iova *iova, const struct foreseen *event)
{
	const struct dma_event *begin = iova->frame->begin;
	const struct space *space = event->device->iova;

	return begin && begin->kind != DMA_EVENT_MAP_SG && space && !space->doubtful;
}

/* Where nobody recorded releases, a range is released when its mapping ends. */
static int judge_end(struct iova *iova, struct foreseen *event)
{
	const struct dma_event *begin = iova->frame->begin ? iova->frame->begin
							   : &event->event;
	struct request release;

	if (!predict_ends(event) || begin->kind == DMA_EVENT_UNMAP_SG || iova_is_shown(iova))
		return 0;
	if (is_plain(iova, event))
		return run_plain_end(iova, event);
	request_init(&release, IOVA_OP_RELEASE);
	release.cpu = event->event.cpu;
	release.since = release.ns = event->event.ns;
	release.number = event->event.number;
	release.device = event->device;
	release.closed = true;
	release.begun = iova->frame->begin;
	request_extent(iova, begin, &release);
	return run_release(iova, &release);
}

static int iova_judge(void *state, struct foreseen *event)
{
	struct iova *iova = state;
	uint32_t cpu = iova_cpu(iova, event->event.cpu);
	int err = 0;

	if (iova->pending[cpu])
		err = finish_pending(iova, cpu, &event->event);
	if (err)
		return err;
	if (event->has_since)
		return judge_plain(iova, event);
	if (!is_ours(event))
		return 0;
	if (!event->memo)
		return judge_end(iova, event);
	err = judge_request(iova, event);
	request_put(event->memo);
	event->memo = NULL;
	return err;
}

const struct backend backend_iova = {
	.create = iova_create,
	.destroy = iova_destroy,
	.survey = iova_survey,
	.start = iova_start,
	.see = request_see,
	.judge = iova_judge,
};

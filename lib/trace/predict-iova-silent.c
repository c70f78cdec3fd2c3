// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * predict-iova-silent.c - whose a range is that no mapping's event tells of
 *
 * Ranges of dma_iova_try_alloc() are shown by iommu:map and iommu:unmap alone, which name
 * no device. The block layer asks for them, for a driver that maps no lists by itself;
 * in 7.2 that is nvme. Where several devices may be meant, the task's last mapping tells,
 * and if that would have been another address, the address itself.
 *
 * Kernel counterpart: blk_rq_dma_map_iter_start() of block/blk-mq-dma.c (RULES.md I42)
 */
#include <errno.h>
#include <stdlib.h>

#include "trace/predict-iova.h"

#define OPTIMAL_SIZE (128U << 10) /* bytes, RULES.md I33 */

/* A live range, and where. */
struct silent {
	struct silent *next;
	struct space *space;
	uint64_t dma, size;
};

static struct silent **silent_at(struct iova *iova, uint64_t dma)
{
	return &iova->silent[(dma >> iova->shift) * 0x9e3779b97f4a7c15ULL >> 54];
}

void silent_destroy(struct iova *iova)
{
	for (unsigned int i = 0; i < SILENT; i++)
		while (iova->silent[i]) {
			struct silent *silent = iova->silent[i];

			iova->silent[i] = silent->next;
			free(silent);
		}
}

int silent_note(struct iova *iova, const struct request *request)
{
	struct silent **place = silent_at(iova, request->dma);
	struct silent *silent;

	iova->silent_last = request->space;
	if (!request->dma)
		return 0;
	silent = malloc(sizeof(*silent));
	if (!silent)
		return -ENOMEM;
	*silent = (struct silent) { *place, request->space, request->dma, request->size };
	*place = silent;
	return 0;
}

/* The oldest there, of this size if there is one. */
static struct space *end_silent(struct iova *iova, const struct request *release)
{
	struct silent **place = silent_at(iova, release->dma), **found = NULL, *silent;
	struct space *space;

	for (; (silent = *place); place = &silent->next)
		if (silent->dma == release->dma &&
		    (!found || silent->size == release->size ||
		     (*found)->size != release->size))
			found = place;
	if (!found)
		return NULL;
	silent = *found;
	space = silent->space;
	*found = silent->next;
	free(silent);
	return space;
}

/* Does it begin a range there? */
static bool may_be_in(const struct iova *iova, struct space *space,
		      const struct request *release)
{
	struct iova_domain *domain = timeline_domain(space->timeline);
	uint64_t first, size;

	return !iova_find(domain, release->dma / iova->granule, &first, &size) &&
	       first == release->dma / iova->granule;
}

static struct space *find_release(struct iova *iova, const struct request *release)
{
	struct space *space = end_silent(iova, release);

	if (space)
		return space;
	for (space = iova->spaces; space; space = space->next)
		if (may_be_in(iova, space, release))
			return space;
	return iova->spaces;
}

/* ---- how long it is ---- */

/*
 * Is it the release of a range that no mapping's event tells of? What ends a buffer's
 * mapping is shown behind the release, so its CPU must have gone on.
 */
static bool is_silent_release(const struct iova *iova, const struct foreseen *event)
{
	const struct request *release = event->memo;
	const struct foreseen *next = event;

	if (event->event.kind != DMA_EVENT_IOMMU_UNMAP || !release || release->device)
		return false;
	while ((next = predict_next(iova->frame, next)))
		if (next->event.cpu == event->event.cpu)
			return true;
	return false;
}

/* What the release of a range will say of it, if that is known already. */
static uint64_t find_extent(struct iova *iova, struct foreseen *event)
{
	struct foreseen *next = event;

	while ((next = predict_next(iova->frame, next)))
		if (next->event.dma == event->event.dma && is_silent_release(iova, next))
			return next->event.size;
	return 0;
}

/*
 * Whose release is not known yet: it ends where another that is released begins. The block
 * layer asks for no longer one than dma_opt_mapping_size() says, and its first page.
 */
static uint64_t guess_extent(struct iova *iova, struct foreseen *event,
			     const struct request *take)
{
	struct foreseen *next = event;
	uint64_t extent = take->size;

	if (iova_may_be_silent(iova) && extent > OPTIMAL_SIZE + iova->granule)
		extent = OPTIMAL_SIZE;
	while ((next = predict_next(iova->frame, next)))
		if (next->event.dma > take->dma && next->event.dma < take->dma + extent &&
		    is_silent_release(iova, next))
			extent = next->event.dma - take->dma;
	return extent;
}

int silent_split(struct iova *iova, struct foreseen *event)
{
	struct request *take = event->memo, *rest;
	struct foreseen *next = event;
	uint64_t end = take->dma + take->size;

	if (!take->device && take->size > event->event.size)
		take->extent = find_extent(iova, event);
	if (!take->device && !take->extent && take->size > event->event.size)
		take->extent = guess_extent(iova, event, take);
	if (take->device || !take->extent || take->extent >= take->size)
		return 0;
	take->size = take->extent;
	while ((next = predict_next(iova->frame, next)))
		if (next->event.kind == DMA_EVENT_IOMMU_MAP && !next->memo &&
		    next->event.dma == take->dma + take->size)
			break;
	if (!next)
		return 0;
	rest = request_create(iova, next, IOVA_OP_TAKE, next->event.dma, end - next->event.dma);
	if (!rest)
		return -ENOMEM;
	rest->since = event->event.ns;
	rest->near = take->near;
	return 0;
}

/* ---- takes ---- */

/*
 * How likely is it this device's? 0: not at all. Multiples of UNLIKELY tell what kind of
 * device it is, the rest which of several of a kind.
 */
#define UNLIKELY 4
static unsigned int likely(const struct iova *iova, const struct request *take,
			   const struct predict_device *device)
{
	const struct libdma_device_environment *known = device->known;
	unsigned int points = UNLIKELY;

	if (!device->translated || !device->iova)
		return 0;
	points += device->iova == iova->silent_last;
	if (device == take->near)
		points += 2;
	/* such a driver sees to it that nothing is to be copied but at the ends */
	if (device->min_align == iova->granule - 1)
		points += 2 * UNLIKELY;
	if (!device->maps_lists)
		points += 4 * UNLIKELY;
	if (known && known->driver && !strcmp(known->driver, "nvme"))
		points += 8 * UNLIKELY;
	return points;
}

static struct predict_device *likeliest(const struct iova *iova,
					const struct request *take, unsigned int *most)
{
	const struct libdma_predictor *frame = iova->frame;
	struct predict_device *best = NULL;
	unsigned int points;

	*most = 0;
	for (size_t i = 0; i < frame->devices; i++) {
		points = likely(iova, take, frame->device_list[i]);
		if (points <= *most)
			continue;
		*most = points;
		best = frame->device_list[i];
	}
	return best;
}

/* Would the device have been given this range? */
static int is_answer(struct iova *iova, struct request *take,
		     struct predict_device *device, bool *ret)
{
	struct space *space = device->iova;
	struct iova_op op;
	uint64_t pfn;
	int err;

	take->guess = device;
	op = run_op(iova, take);
	err = timeline_would(space->timeline, &op, &pfn);
	*ret = !err && pfn == op.pfn;
	return err;
}

/* Is there another device of its kind, that it might as well be? */
static bool is_rival(const struct iova *iova, const struct request *take,
		     const struct predict_device *other,
		     const struct predict_device *best, unsigned int most)
{
	return other->iova != best->iova &&
	       likely(iova, take, other) / UNLIKELY == most / UNLIKELY;
}

/* The likeliest; where its answer would have been another, one whose would not. */
static int find_take(struct iova *iova, struct request *take, bool *told)
{
	const struct libdma_predictor *frame = iova->frame;
	unsigned int most;
	struct predict_device *best = likeliest(iova, take, &most), *found = best;
	bool asked = false, fits = false;
	int err = 0;

	for (size_t i = 0; best && i < frame->devices && !fits && !err; i++) {
		struct predict_device *other = frame->device_list[i];

		if (!is_rival(iova, take, other, best, most))
			continue;
		if (!asked)
			err = is_answer(iova, take, best, &fits);
		asked = true;
		if (fits || err)
			break;
		err = is_answer(iova, take, other, &fits);
		found = fits ? other : best;
	}
	*told = found != best;
	take->guess = found;
	take->space = found ? found->iova : iova->spaces;
	return err;
}

int silent_find(struct iova *iova, struct request *request, bool *told)
{
	if (request->kind == IOVA_OP_TAKE)
		return find_take(iova, request, told);
	request->space = find_release(iova, request);
	return 0;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * predict-iova-interrupt.c - takes that an interrupt came into
 *
 * What tells of a take comes a while behind it, and an interrupt between the two tells of
 * its releases first, though they came later. Then less time has passed since the
 * interrupt than a take needs: how little that is, the answers so far have told.
 */
#include <stdio.h>

#include "base/bits.h"
#include "trace/predict-iova.h"

/* ---- how long it is ---- */

static unsigned int kept(const struct delays *delays)
{
	return delays->count < DELAYS ? delays->count : DELAYS;
}

static void keep_last(struct delays *delays, uint64_t ns)
{
	delays->ns[delays->count++ % DELAYS] = ns;
}

static void keep_shortest(struct delays *delays, uint64_t ns)
{
	unsigned int longest = 0;

	if (delays->count < DELAYS) {
		delays->ns[delays->count++] = ns;
		return;
	}
	for (unsigned int i = 1; i < DELAYS; i++)
		if (delays->ns[i] > delays->ns[longest])
			longest = i;
	if (ns < delays->ns[longest])
		delays->ns[longest] = ns;
}

static unsigned int shorter(const struct delays *delays, uint64_t ns)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < kept(delays); i++)
		count += delays->ns[i] <= ns;
	return count;
}

/* Of a shorter delay than this fewest would have been told wrongly. */
static uint64_t best_limit(const struct delays *before, const struct delays *behind)
{
	unsigned int fewest = kept(before);
	uint64_t limit = 0;

	for (unsigned int i = 0; i < kept(before); i++) {
		uint64_t ns = before->ns[i];
		unsigned int wrong =
			kept(before) - shorter(before, ns) + shorter(behind, ns);

		if (wrong < fewest) {
			fewest = wrong;
			limit = ns + 1;
		}
	}
	return limit;
}

static struct interrupted *sort_of(struct iova *iova, const struct request *take)
{
	return &iova->interrupted[(take->context * 2 + take->single) % INTERRUPTS];
}

static void learn(struct iova *iova, const struct request *take, bool before)
{
	struct interrupted *sort = sort_of(iova, take);

	if (before)
		keep_last(&sort->before, take->delay);
	else
		keep_shortest(&sort->behind, take->delay);
	sort->limit = best_limit(&sort->before, &sort->behind);
}

/* ---- the takes ---- */

void interrupt_see(struct iova *iova, struct foreseen *event, struct request *take)
{
	struct foreseen *other = predict_previous_of_cpu(iova->frame, event);

	if (!other)
		return;
	take->delay = event->event.ns - other->event.ns;
	take->context = other->event.context;
	for (; other && !other->judged && request_interrupts(iova, event, other);
	     other = predict_previous_of_cpu(iova->frame, other)) {
		struct request *release = other->memo;

		if (other->event.kind == DMA_EVENT_IOMMU_UNMAP && release && !release->into)
			release->into = request_get(take);
	}
}

/* Those that are in no magazine are of one. */
static unsigned int class_of(const struct iova *iova, const struct request *request)
{
	unsigned int class = log2_up(request->size >> iova->shift);

	return class < IOVA_CLASSES ? class : IOVA_CLASSES;
}

/* Would the take have another answer on the other side of the release? */
static bool matters(const struct iova *iova, const struct request *release,
		    const struct request *take)
{
	const struct space *space = take->device ? take->device->iova : NULL;

	return space && !space->lazy && release->device && release->device->iova == space &&
	       take->dma && take->size >> iova->shift &&
	       class_of(iova, take) == class_of(iova, release);
}

int interrupt_run(struct iova *iova, struct request *release)
{
	struct request *take = release->into;
	int right;

	if (!take || take->done || take->interrupted || !matters(iova, release, take))
		return 0;
	take->interrupted = true;
	take->behind = release->number;
	if (take->delay >= sort_of(iova, take)->limit)
		return 0;
	right = run_early(iova, take, release->ns);
	take->misjudged = !right;
	if (right > 0)
		learn(iova, take, true);
	return right < 0 ? right : 0;
}

void interrupt_learn(struct iova *iova, struct request *take)
{
	bool before = take->verdict == LIBDMA_VERDICT_ORDER && take->witness >= take->behind;

	if (before || take->verdict == LIBDMA_VERDICT_PREDICTED)
		learn(iova, take, before);
	if (!take->misjudged || take->verdict != LIBDMA_VERDICT_PREDICTED)
		return;
	take->verdict = LIBDMA_VERDICT_ORDER;
	take->witness = take->behind;
	snprintf(take->state, sizeof(take->state), "taken behind the witness after all");
}

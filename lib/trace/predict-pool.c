// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * predict-pool.c - which block a pool should have given
 *
 * A pool that the recording saw created is modelled whole; its pages are the
 * allocations of its size that were made on the way. Of an older pool only those blocks
 * are known that came back: in kernels with one stack they are given first.
 *
 * Kernel counterpart: mm/dmapool.c (RULES.md P11-P20, P35)
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bits.h"
#include "trace/predict-pool.h"

#define LOOK_BACK 64 /* events between a page's allocation and the block from it */

/* @pages: allocations that became pages are recorded */
struct pools {
	struct libdma_predictor *frame;
	struct predicted *first;
	bool pages;
};

static int pools_create(struct libdma_predictor *frame, void **ret)
{
	struct pools *pools = calloc(1, sizeof(*pools));

	if (!pools)
		return -ENOMEM;
	pools->frame = frame;
	*ret = pools;
	return 0;
}

static void free_predicted(struct predicted *it)
{
	pool_destroy(it->pool);
	free(it->stack);
	free(it->page);
	free(it);
}

static void pools_destroy(void *state)
{
	struct pools *pools = state;

	while (pools->first) {
		struct predicted *it = pools->first;

		pools->first = it->next;
		free_predicted(it);
	}
	free(pools);
}

static int pools_start(void *state)
{
	(void)state;
	return 0;
}

/* ---- pages ---- */

static bool may_be_page(const struct predicted *it, const struct foreseen *event,
			size_t size)
{
	return event->event.kind == DMA_EVENT_ALLOC &&
	       event->device == it->event->device &&
	       event->event.cpu == it->event->event.cpu && event->event.size == size &&
	       !event->is_page &&
	       (!it->adopting || it->event->event.dma - event->event.dma < size);
}

/* The allocation that a page may be: made on the same CPU a moment before the block. */
static struct foreseen *find_allocation(const struct predicted *it, size_t size)
{
	struct foreseen *event = it->event;

	for (unsigned int i = 0; i < LOOK_BACK; i++) {
		event = predict_previous(it->frame, event);
		if (!event)
			break;
		if (may_be_page(it, event, size))
			return event;
	}
	return NULL;
}

/* Where nobody recorded a page's allocation, the block is the page's first. */
static int find_page(void *arg, size_t size, unsigned int gfp, void **cpu, dma_addr_t *dma)
{
	struct predicted *it = arg;
	struct foreseen *allocation;
	const struct dma_event *said;

	(void)gfp;
	if (it->rebuilding)
		return predicted_give_page(it, cpu, dma);
	if (!it->event || it->event->event.error)
		return -ENOMEM;
	said = &it->event->event;
	allocation = it->own ? it->own : find_allocation(it, size);
	if (!allocation && it->pools->pages && !it->adopting)
		return -ENOMEM;
	if (allocation) {
		allocation->is_page = it->pools->pages = true;
		*dma = allocation->event.dma;
	} else {
		it->told = true;
		*dma = align_down(said->dma, 1ULL << log2_up(size));
	}
	*cpu = (void *)(uintptr_t)*dma;
	it->filled = said->number;
	it->err = predicted_add_page(it, *dma, allocation ? &allocation->event : NULL);
	return it->err;
}

static void forget_page(void *arg, size_t size, void *cpu, dma_addr_t dma)
{
	(void)arg;
	(void)size;
	(void)cpu;
	(void)dma;
}

/* ---- verdicts ---- */

/* Why the answer is another one; the model takes it over. */
static int adopt(struct predicted *it, struct foreseen *event,
		 struct libdma_divergence *divergence)
{
	const struct libdma_predictor *frame = it->frame;
	int err = 0;

	divergence->witness = LIBDMA_NO_WITNESS;
	if (!event->event.error)
		err = predicted_reorder(it, divergence->expected, &divergence->witness);
	if (err)
		return err;
	if (divergence->witness != LIBDMA_NO_WITNESS) {
		divergence->verdict = LIBDMA_VERDICT_ORDER;
		return 0;
	}
	if (frame->lost_number != UINT64_MAX &&
	    (predicted_is_older(it, event->event.dma, frame->lost_number) ||
	     predicted_is_older(it, divergence->expected, frame->lost_number))) {
		divergence->verdict = LIBDMA_VERDICT_LOST;
		divergence->witness = frame->lost_witness;
	} else {
		divergence->verdict = it->pool ? LIBDMA_VERDICT_UNEXPLAINED
					       : LIBDMA_VERDICT_ORIGIN;
	}
	return event->event.error ? 0 : predicted_adopt(it);
}

/* The allocation that the call made: between the two are an interrupt's events alone. */
static struct foreseen *find_own_allocation(const struct predicted *it, size_t size)
{
	struct foreseen *before = predict_interrupted(it->frame, it->event);

	before = predict_previous_of_cpu(it->frame, before ? before : it->event);
	return before && may_be_page(it, before, size) &&
			       before->event.pid == it->event->event.pid
		       ? before
		       : NULL;
}

/* Number of the first event that shows that the allocation had begun. */
static uint64_t begin_of(const struct predicted *it, const struct foreseen *allocation)
{
	const struct foreseen *first = allocation, *before = allocation;

	do {
		first = before;
		before = predict_interrupted(it->frame, first);
		before = predict_previous_of_cpu(it->frame, before ? before : first);
	} while (before && before->event.pid == allocation->event.pid &&
		 (before->event.kind == DMA_EVENT_IOMMU_MAP ||
		  before->event.kind == DMA_EVENT_ALLOC_IOVA) &&
		 before->event.dma - allocation->event.dma < allocation->event.size);
	return first->event.number;
}

/*
 * A call that found no block takes the first of its own page, whatever came back while
 * the page was allocated. That it found none is known where blocks came back only later.
 * What the model answers, all ones for a failure; *@witness is set to the number of what
 * came back where that must have been later, since the page was allocated.
 */
static int expect(struct predicted *it, dma_addr_t *ret, uint64_t *witness)
{
	const struct dma_event *said = &it->event->event;
	struct foreseen *own = NULL;
	struct pool_counts counts;
	int err;

	it->told = false;
	it->err = 0;
	if (it->pool)
		pool_count(it->pool, &counts);
	if (it->pool && !said->error && counts.pages * counts.blocks != counts.active)
		own = find_own_allocation(it, counts.allocation);
	if (own && own->event.dma == said->dma) {
		*ret = own->event.dma;
		if (begin_of(it, own) > it->filled)
			*witness = it->filled;
		it->own = own;
		err = predicted_grow(it);
		it->own = NULL;
		return err;
	}
	/* the driver's own allocation, as this answer shows */
	it->told = own && own->event.number < it->filled;
	*ret = predicted_pop(it);
	return it->err;
}

static int judge_alloc(struct pools *pools, struct predicted *it, struct foreseen *event)
{
	const struct dma_event *said = &event->event;
	struct libdma_divergence divergence = { .decider = LIBDMA_DECIDER_POOL,
						.witness = LIBDMA_NO_WITNESS };
	int err;

	it->event = event;
	err = expect(it, &divergence.expected, &divergence.witness);
	if (err)
		return err;
	divergence.got = said->error ? DMA_MAPPING_ERROR : said->dma;
	if (divergence.witness != LIBDMA_NO_WITNESS) {
		divergence.verdict = LIBDMA_VERDICT_ORDER;
		divergence.state = "its page was allocated before the witness";
		predict_wrong(pools->frame, event, &divergence);
		return 0;
	}
	if (divergence.expected == divergence.got && it->pool && !it->told) {
		predict_right(pools->frame, event, LIBDMA_DECIDER_POOL);
		return 0;
	}
	divergence.state = it->pool ? "a pool that the recording saw created"
				    : "a pool from before the recording";
	if (divergence.expected == divergence.got && !it->told) {
		/* the top of what came back; or a failure that nobody could foresee */
		if (!said->error) {
			predict_right(pools->frame, event, LIBDMA_DECIDER_POOL);
			return 0;
		}
		divergence.verdict = LIBDMA_VERDICT_ORIGIN;
	} else if (divergence.expected == divergence.got) {
		divergence.verdict = LIBDMA_VERDICT_USED;
		divergence.state = "its answer tells which page the pool got";
	} else {
		if (divergence.expected != DMA_MAPPING_ERROR)
			err = predicted_push(it, divergence.expected);
		if (!err)
			err = adopt(it, event, &divergence);
	}
	predict_wrong(pools->frame, event, &divergence);
	return err;
}

/* ---- events ---- */

static struct predicted *find(const struct pools *pools, uint64_t handle)
{
	struct predicted *it = pools->first;

	while (it && it->handle != handle)
		it = it->next;
	return it;
}

static struct predicted *add(struct pools *pools, uint64_t handle)
{
	struct predicted *it = calloc(1, sizeof(*it));

	if (!it)
		return NULL;
	it->handle = handle;
	it->pools = pools;
	it->frame = pools->frame;
	it->next = pools->first;
	pools->first = it;
	return it;
}

static void end(struct pools *pools, uint64_t handle)
{
	struct predicted **at = &pools->first, *it;

	while (*at && (*at)->handle != handle)
		at = &(*at)->next;
	it = *at;
	if (!it)
		return;
	*at = it->next;
	free_predicted(it);
}

static int begin(struct pools *pools, const struct dma_event *said)
{
	struct predicted *it;
	int err;

	if (said->error)
		return 0;
	end(pools, said->handle);
	it = add(pools, said->handle);
	if (!it)
		return -ENOMEM;
	it->size = said->size;
	it->align = said->align;
	it->boundary = said->boundary;
	it->provider = (struct pool_pages) { find_page, forget_page, it };
	err = predicted_create(it);
	return err == -ENOMEM ? err : 0;
}

static int pools_judge(void *state, struct foreseen *event)
{
	struct pools *pools = state;
	const struct dma_event *said = &event->event;
	struct predicted *it;

	switch (said->kind) {
	case DMA_EVENT_POOL_CREATE:
		return begin(pools, said);
	case DMA_EVENT_POOL_DESTROY:
		end(pools, said->handle);
		return 0;
	}
	if (said->flags & DMA_EVENT_REQUEST || event->done)
		return 0;
	it = find(pools, said->handle);
	if (!it)
		it = add(pools, said->handle);
	if (!it)
		return -ENOMEM;
	if (said->kind == DMA_EVENT_POOL_ALLOC)
		return judge_alloc(pools, it, event);
	/* without a stack a block that comes back tells nothing of an older pool */
	return said->error || (!it->pool && !pools->frame->rules->pool_is_one_stack)
		       ? 0
		       : predicted_free(it, said);
}

const struct backend backend_pool = {
	.create = pools_create,
	.destroy = pools_destroy,
	.start = pools_start,
	.judge = pools_judge,
	.judges = 1ULL << DMA_EVENT_POOL_CREATE | 1ULL << DMA_EVENT_POOL_DESTROY |
		  1ULL << DMA_EVENT_POOL_ALLOC | 1ULL << DMA_EVENT_POOL_FREE,
};

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
#include "dma/pool.h"
#include "trace/predict.h"

#define LOOK_BACK 64 /* events between a page's allocation and the block from it */
#define NOTE_DONE 1  /* foreseen.note: the call was done before its turn */

/**
 * struct predicted - a pool
 *
 * @pool:	its model; NULL for one that is older than the recording
 * @stack:	of such a one: the blocks that came back
 * @event:	that is judged now: a page is looked for before it; NULL: there is none
 * @told:	the page had to be told by the answer
 * @number:	of the last event that fits
 */
struct predicted {
	struct predicted *next;
	uint64_t handle;
	struct pool *pool;
	dma_addr_t *stack;
	size_t depth, room;
	struct pools *pools;
	struct foreseen *event;
	bool told;
	uint64_t number;
};

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

/*
 * The allocation that gave the page: made on the same CPU for the same device, a moment
 * before the block. Where nobody recorded it, the block is the page's first.
 */
static int find_page(void *arg, size_t size, unsigned int gfp, void **cpu, dma_addr_t *dma)
{
	struct predicted *it = arg;
	struct foreseen *event = it->event;
	const struct dma_event *said;

	(void)gfp;
	if (!event || event->event.error)
		return -ENOMEM;
	said = &event->event;
	for (unsigned int i = 0; i < LOOK_BACK; i++) {
		event = predict_previous(it->pools->frame, event);
		if (!event)
			break;
		if (event->event.kind != DMA_EVENT_ALLOC ||
		    event->device != it->event->device || event->event.cpu != said->cpu ||
		    event->event.size != size || event->is_page)
			continue;
		event->is_page = it->pools->pages = true;
		*dma = event->event.dma;
		*cpu = (void *)(uintptr_t)*dma;
		return 0;
	}
	if (it->pools->pages)
		return -ENOMEM;
	it->told = true;
	*dma = align_down(said->dma, 1ULL << log2_up(size));
	*cpu = (void *)(uintptr_t)*dma;
	return 0;
}

static void forget_page(void *arg, size_t size, void *cpu, dma_addr_t dma)
{
	(void)arg;
	(void)size;
	(void)cpu;
	(void)dma;
}

/* ---- blocks ---- */

static int push(struct predicted *it, dma_addr_t dma)
{
	dma_addr_t *grown;

	if (it->pool) {
		pool_free(it->pool, (void *)(uintptr_t)dma, dma);
		return 0;
	}
	if (it->depth == it->room) {
		it->room = it->room ? it->room * 2 : 64;
		grown = realloc(it->stack, it->room * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		it->stack = grown;
	}
	it->stack[it->depth++] = dma;
	return 0;
}

/* The block that is given next; all ones for none. Without @event no page is added. */
static dma_addr_t pop(struct predicted *it, struct foreseen *event)
{
	dma_addr_t dma;
	void *cpu;

	if (!it->pool)
		return it->depth ? it->stack[--it->depth] : DMA_MAPPING_ERROR;
	it->event = event;
	return pool_alloc(it->pool, 0, false, &cpu, &dma) ? DMA_MAPPING_ERROR : dma;
}

/* Take this block out of those that are free, which stay in order. */
static int take(struct predicted *it, dma_addr_t wanted)
{
	dma_addr_t *above = NULL, *grown, dma;
	size_t count = 0, room = 0;
	int err = 0;

	while ((dma = pop(it, NULL)) != wanted && dma != DMA_MAPPING_ERROR && !err) {
		if (count == room) {
			room = room ? room * 2 : 64;
			grown = realloc(above, room * sizeof(*grown));
			err = grown ? 0 : -ENOMEM;
			above = grown ? grown : above;
		}
		if (!err)
			above[count++] = dma;
	}
	while (count && !err)
		err = push(it, above[--count]);
	free(above);
	return err;
}

/* ---- two CPUs ---- */

static bool is_rival(const struct foreseen *event, const struct foreseen *other)
{
	return other->event.handle == event->event.handle && !other->event.error &&
	       predict_races(event, other);
}

/* Is this block given next, once the one above it is gone? It is taken if so. */
static bool is_second(struct predicted *it, dma_addr_t wanted)
{
	dma_addr_t first = pop(it, NULL), second;

	if (first == DMA_MAPPING_ERROR)
		return false;
	second = pop(it, NULL);
	if (second != wanted && second != DMA_MAPPING_ERROR)
		push(it, second);
	push(it, first);
	return second == wanted;
}

/* What another CPU did is shown after this, and must have been before it. */
static struct foreseen *try_later(struct predicted *it, struct foreseen *event)
{
	struct libdma_predictor *frame = it->pools->frame;
	struct foreseen *other = event;

	while ((other = predict_next(frame, other)) &&
	       other->event.ns - event->event.ns <= PREDICT_RACE_NS) {
		if (!is_rival(event, other) || other->note)
			continue;
		if (other->event.kind == DMA_EVENT_POOL_FREE &&
		    other->event.dma == event->event.dma) {
			other->note = NOTE_DONE;
			return other;
		}
		if (other->event.kind == DMA_EVENT_POOL_ALLOC &&
		    is_second(it, event->event.dma))
			return other;
	}
	return NULL;
}

/* Another CPU's free is shown before this, and must have been after it. */
static struct foreseen *try_earlier(struct predicted *it, struct foreseen *event,
				    dma_addr_t expected)
{
	struct libdma_predictor *frame = it->pools->frame;
	struct foreseen *other = event;

	while ((other = predict_previous(frame, other)) &&
	       event->event.ns - other->event.ns <= PREDICT_RACE_NS)
		if (is_rival(event, other) && other->event.kind == DMA_EVENT_POOL_FREE &&
		    other->event.dma == expected && is_second(it, event->event.dma))
			return other;
	return NULL;
}

/* ---- verdicts ---- */

/* Why the answer is another one; the model takes it over. */
static int adopt(struct predicted *it, struct foreseen *event,
		 struct libdma_divergence *divergence)
{
	const struct libdma_predictor *frame = it->pools->frame;
	struct foreseen *other = NULL;

	if (!event->event.error)
		other = try_later(it, event);
	if (!other && !event->event.error && divergence->expected != DMA_MAPPING_ERROR)
		other = try_earlier(it, event, divergence->expected);
	if (other) {
		divergence->verdict = LIBDMA_VERDICT_ORDER;
		divergence->witness = other->event.number;
		return 0;
	}
	if (frame->lost_number != UINT64_MAX && frame->lost_number > it->number) {
		divergence->verdict = LIBDMA_VERDICT_LOST;
		divergence->witness = frame->lost_number;
	} else {
		divergence->verdict = it->pool ? LIBDMA_VERDICT_UNEXPLAINED
					       : LIBDMA_VERDICT_ORIGIN;
	}
	return event->event.error ? 0 : take(it, event->event.dma);
}

static int judge_alloc(struct pools *pools, struct predicted *it, struct foreseen *event)
{
	const struct dma_event *said = &event->event;
	struct libdma_divergence divergence = { .decider = LIBDMA_DECIDER_POOL,
						.witness = LIBDMA_NO_WITNESS };
	int err = 0;

	it->told = false;
	divergence.expected = pop(it, event);
	divergence.got = said->error ? DMA_MAPPING_ERROR : said->dma;
	if (divergence.expected == divergence.got && it->pool && !it->told) {
		it->number = said->number;
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
			err = push(it, divergence.expected);
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
	struct pool_options options = { .rules = pools->frame->rules };
	struct predicted *it;
	int err;

	if (said->error)
		return 0;
	end(pools, said->handle);
	it = add(pools, said->handle);
	if (!it)
		return -ENOMEM;
	options.pages = (struct pool_pages) { find_page, forget_page, it };
	err = pool_create("", said->size, said->align, said->boundary, &options, &it->pool);
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
	if (said->flags & DMA_EVENT_REQUEST || event->note == NOTE_DONE)
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
		       : push(it, said->dma);
}

const struct backend backend_pool = {
	.create = pools_create,
	.destroy = pools_destroy,
	.start = pools_start,
	.judge = pools_judge,
	.judges = 1ULL << DMA_EVENT_POOL_CREATE | 1ULL << DMA_EVENT_POOL_DESTROY |
		  1ULL << DMA_EVENT_POOL_ALLOC | 1ULL << DMA_EVENT_POOL_FREE,
};

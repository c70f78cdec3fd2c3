// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * predict-pool-order.c - a pool's free blocks, and in which other order they may lie
 *
 * Blocks lie in the order in which they came back, so that two CPUs that free at the
 * same moment may be seen only much later. All is done by taking blocks and giving them
 * back: what a pool's model can do.
 *
 * Kernel counterpart: mm/dmapool.c (RULES.md P16-P18)
 */
#include <errno.h>
#include <stdlib.h>

#include "trace/predict-pool.h"

int predicted_create(struct predicted *it)
{
	const struct pool_options options = {
		.rules = it->frame->rules,
		.pages = it->provider,
	};

	return pool_create("", it->size, it->align, it->boundary, &options, &it->pool);
}

/* ---- pages ---- */

int predicted_add_page(struct predicted *it, dma_addr_t dma,
		       const struct dma_event *allocation)
{
	const struct dma_event *said = &it->event->event;
	size_t room = it->page_room ? it->page_room * 2 : 8;
	struct pool_move *grown;

	if (it->pages == it->page_room) {
		grown = realloc(it->page, room * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		it->page = grown;
		it->page_room = room;
	}
	it->page[it->pages++] = (struct pool_move) {
		.dma = dma,
		.number = said->number,
		.since = allocation ? allocation->ns : said->ns - POOL_RACE_NS,
		.until = said->ns,
		.cpu = said->cpu,
	};
	return 0;
}

int predicted_give_page(struct predicted *it, void **cpu, dma_addr_t *dma)
{
	if (it->given == it->pages)
		return -ENOMEM;
	*dma = it->page[it->given++].dma;
	*cpu = (void *)(uintptr_t)*dma;
	return 0;
}

/* ---- blocks ---- */

int predicted_push(struct predicted *it, dma_addr_t dma)
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

dma_addr_t predicted_pop(struct predicted *it)
{
	dma_addr_t dma;
	void *cpu;

	if (!it->pool)
		return it->depth ? it->stack[--it->depth] : DMA_MAPPING_ERROR;
	return pool_alloc(it->pool, 0, false, &cpu, &dma) ? DMA_MAPPING_ERROR : dma;
}

/* Without a page more. */
static dma_addr_t pop_free(struct predicted *it)
{
	struct foreseen *event = it->event;
	dma_addr_t dma;

	it->event = NULL;
	dma = predicted_pop(it);
	it->event = event;
	return dma;
}

int predicted_free(struct predicted *it, const struct dma_event *said)
{
	struct pool_counts counts;

	if (it->pool) {
		pool_count(it->pool, &counts);
		if (counts.pages * counts.blocks == counts.active)
			it->filled = said->number;
	}
	it->freed[it->frees++ % POOL_FREES] = (struct pool_move) {
		.dma = said->dma,
		.number = said->number,
		.since = said->ns,
		.until = said->ns,
		.cpu = said->cpu,
	};
	return predicted_push(it, said->dma);
}

/* Blocks that were taken, the first taken first. */
struct blocks {
	dma_addr_t *dma;
	size_t count, room;
};

static int blocks_add(struct blocks *blocks, dma_addr_t dma)
{
	size_t room = blocks->room ? blocks->room * 2 : 64;
	dma_addr_t *grown;

	if (blocks->count == blocks->room) {
		grown = realloc(blocks->dma, room * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		blocks->dma = grown;
		blocks->room = room;
	}
	blocks->dma[blocks->count++] = dma;
	return 0;
}

/* Give them back, the last taken first: all lie as before. */
static int blocks_return(struct blocks *blocks, struct predicted *it)
{
	int err = 0;

	while (blocks->count && !err)
		err = predicted_push(it, blocks->dma[--blocks->count]);
	return err;
}

static void blocks_deinit(struct blocks *blocks)
{
	free(blocks->dma);
}

/* Take what lies above a block, and the block; -ENOENT where it is not free: then all. */
static int take_above(struct predicted *it, dma_addr_t wanted, struct blocks *above)
{
	dma_addr_t dma;
	int err = 0;

	while ((dma = pop_free(it)) != wanted && dma != DMA_MAPPING_ERROR)
		err = err ? err : blocks_add(above, dma);
	if (err)
		return err;
	return dma == wanted && dma != DMA_MAPPING_ERROR ? 0 : -ENOENT;
}

static int take_all(struct predicted *it, struct blocks *all)
{
	int err = take_above(it, DMA_MAPPING_ERROR, all);

	return err == -ENOENT ? 0 : err;
}

/* Take this block out of those that are free, which stay in order. */
static int take(struct predicted *it, dma_addr_t wanted)
{
	struct blocks above = { 0 };
	int err = take_above(it, wanted, &above);

	if (!err || err == -ENOENT)
		err = blocks_return(&above, it);
	blocks_deinit(&above);
	return err;
}

int predicted_grow(struct predicted *it)
{
	struct blocks old = { 0 }, fresh = { 0 };
	int err = take_all(it, &old);

	if (!err) {
		predicted_pop(it);
		err = it->err;
	}
	if (!err)
		err = take_all(it, &fresh);
	if (!err)
		err = blocks_return(&old, it);
	if (!err)
		err = blocks_return(&fresh, it);
	blocks_deinit(&fresh);
	blocks_deinit(&old);
	return err;
}

/* The same blocks are free, in pages of another order. */
static int rebuild(struct predicted *it)
{
	struct blocks free_blocks = { 0 };
	struct pool *old = it->pool;
	int err = take_all(it, &free_blocks);

	if (!err)
		err = predicted_create(it);
	if (err)
		goto deinit_blocks;
	it->rebuilding = true;
	it->given = 0;
	while (predicted_pop(it) != DMA_MAPPING_ERROR)
		;
	it->rebuilding = false;
	pool_destroy(old);
	err = blocks_return(&free_blocks, it);
deinit_blocks:
	blocks_deinit(&free_blocks);
	return err;
}

/* ---- two CPUs, or an interrupt ---- */

/*
 * A free is told before it is done, and its CPU may be interrupted in between: until that
 * shows something else.
 */
static uint64_t done_until(const struct predicted *it, const struct pool_move *move)
{
	const struct foreseen *other = it->event;
	uint64_t until = other->event.ns;

	while ((other = predict_previous(it->frame, other)) &&
	       other->event.number != move->number)
		if (other->event.cpu == move->cpu)
			until = other->event.ns;
	/* what it showed may be lost */
	if (it->frame->lost_number + 1 > move->number)
		return move->until;
	if (!other || other->event.kind != DMA_EVENT_POOL_FREE || until < move->until)
		return move->until;
	return until - move->until < PREDICT_INTERRUPT_NS
		       ? until
		       : move->until + PREDICT_INTERRUPT_NS;
}

static bool may_swap(const struct predicted *it, const struct pool_move *one,
		     const struct pool_move *other)
{
	return one->cpu != other->cpu &&
	       one->since <= done_until(it, other) + POOL_RACE_NS &&
	       other->since <= done_until(it, one) + POOL_RACE_NS;
}

static struct pool_move *find_page_of(const struct predicted *it, dma_addr_t dma)
{
	struct pool_counts counts;

	if (!it->pool)
		return NULL;
	pool_count(it->pool, &counts);
	for (size_t i = it->pages; i--;)
		if (dma - it->page[i].dma < counts.allocation)
			return &it->page[i];
	return NULL;
}

/* How a block came to those that are free: alone, or with its page. NULL: forgotten. */
static const struct pool_move *find_move(const struct predicted *it, dma_addr_t dma)
{
	uint64_t last = it->frees > POOL_FREES ? it->frees - POOL_FREES : 0;

	for (uint64_t i = it->frees; i-- > last;)
		if (it->freed[i % POOL_FREES].dma == dma)
			return &it->freed[i % POOL_FREES];
	return last ? NULL : find_page_of(it, dma);
}

bool predicted_is_older(const struct predicted *it, dma_addr_t dma, uint64_t number)
{
	const struct pool_move *move = find_move(it, dma);

	return !move || move->number < number;
}

static bool is_soon(uint64_t ns, uint64_t since)
{
	return ns <= since || ns - since <= POOL_RACE_NS;
}

static bool is_rival(const struct foreseen *event, const struct foreseen *other)
{
	return other->event.handle == event->event.handle && !other->event.error &&
	       other->event.cpu != event->event.cpu &&
	       is_soon(other->event.ns, event->event.ns);
}

/* Is this block given next, once the one above it is gone? It is taken if so. */
static bool is_second(struct predicted *it, dma_addr_t wanted)
{
	dma_addr_t first = pop_free(it), second;

	if (first == DMA_MAPPING_ERROR)
		return false;
	second = pop_free(it);
	if (second != wanted && second != DMA_MAPPING_ERROR)
		predicted_push(it, second);
	predicted_push(it, first);
	return second == wanted;
}

/* What another CPU or task did is shown after this, and must have been before it. */
static uint64_t try_later(struct predicted *it, dma_addr_t expected)
{
	struct foreseen *event = it->event, *other = event;

	while ((other = predict_next(it->frame, other))) {
		bool rival = is_rival(event, other) && !other->done;

		if (rival && other->event.kind == DMA_EVENT_POOL_FREE &&
		    other->event.dma == event->event.dma) {
			other->done = true;
			return other->event.number;
		}
		if (other->event.kind != DMA_EVENT_POOL_ALLOC ||
		    other->event.handle != event->event.handle)
			continue;
		if ((rival || (other->event.dma == expected &&
			       predict_rested(it->frame, event, other))) &&
		    is_second(it, event->event.dma))
			return other->event.number;
	}
	return LIBDMA_NO_WITNESS;
}

/* May a block have come back only after this call had its answer? */
static bool came_later(const struct predicted *it, const struct pool_move *move,
		       const struct foreseen *interrupt)
{
	const struct dma_event *said = &it->event->event;

	if (move->cpu == said->cpu)
		return interrupt && move->number >= interrupt->event.number;
	return is_soon(said->ns, done_until(it, move));
}

/* Do they lie in one order, which is that in which they came back? In 6.1 pages do. */
static bool lie_together(const struct predicted *it, dma_addr_t one, dma_addr_t other)
{
	return it->frame->rules->pool_is_one_stack ||
	       find_page_of(it, one) == find_page_of(it, other);
}

/*
 * The event that explains why a block does not lie above the wanted one: it came back
 * after the call, or at the moment at which that one did, and so lies below it.
 */
static uint64_t explain_above(const struct predicted *it, dma_addr_t dma,
			      const struct pool_move *wanted,
			      const struct foreseen *interrupt)
{
	const struct pool_move *move = find_move(it, dma);

	if (!move)
		return LIBDMA_NO_WITNESS;
	if (came_later(it, move, interrupt))
		return move->number;
	return wanted && may_swap(it, move, wanted) && lie_together(it, dma, wanted->dma)
		       ? wanted->number
		       : LIBDMA_NO_WITNESS;
}

static int try_earlier(struct predicted *it, uint64_t *witness)
{
	const struct foreseen *interrupt = predict_preempted(it->frame, it->event);
	dma_addr_t wanted = it->event->event.dma;
	const struct pool_move *move = find_move(it, wanted);
	struct blocks above = { 0 };
	uint64_t reason = LIBDMA_NO_WITNESS;
	int err = take_above(it, wanted, &above);

	for (size_t i = above.count; i-- && !err;) {
		reason = explain_above(it, above.dma[i], move, interrupt);
		if (reason == LIBDMA_NO_WITNESS)
			break;
	}
	if (err && err != -ENOENT)
		goto deinit_blocks;
	if (!err && reason == LIBDMA_NO_WITNESS)
		err = predicted_push(it, wanted);
	if (!err || err == -ENOENT)
		err = blocks_return(&above, it);
	*witness = reason;
deinit_blocks:
	blocks_deinit(&above);
	return err;
}

static void swap(struct pool_move *one, struct pool_move *other)
{
	struct pool_move kept = *one;

	*one = *other;
	*other = kept;
}

/* 6.1 takes from the newest page: which of two is that? */
static int try_pages(struct predicted *it, dma_addr_t expected, uint64_t *witness)
{
	dma_addr_t wanted = it->event->event.dma, dma;
	struct pool_move *newer = find_page_of(it, expected);
	struct pool_move *page = find_page_of(it, wanted);
	int err;

	if (it->frame->rules->pool_is_one_stack || !newer || !page || newer == page ||
	    !may_swap(it, newer, page))
		return 0;
	*witness = page->number;
	swap(newer, page);
	err = rebuild(it);
	dma = err ? wanted : pop_free(it);
	if (dma == wanted)
		return err;
	*witness = LIBDMA_NO_WITNESS;
	swap(newer, page);
	err = dma == DMA_MAPPING_ERROR ? 0 : predicted_push(it, dma);
	return err ? err : rebuild(it);
}

int predicted_reorder(struct predicted *it, dma_addr_t expected, uint64_t *witness)
{
	int err = 0;

	*witness = try_later(it, expected);
	if (*witness != LIBDMA_NO_WITNESS || expected == DMA_MAPPING_ERROR)
		return 0;
	err = try_earlier(it, witness);
	if (!err && *witness == LIBDMA_NO_WITNESS)
		err = try_pages(it, expected, witness);
	return err;
}

int predicted_adopt(struct predicted *it)
{
	dma_addr_t dma = it->event->event.dma;
	int err = 0;

	if (it->pool && !find_page_of(it, dma)) {
		it->adopting = true;
		err = predicted_grow(it);
		it->adopting = false;
		if (!err && it->pages)
			err = predicted_push(it, it->page[it->pages - 1].dma);
	}
	return err ? err : take(it, dma);
}

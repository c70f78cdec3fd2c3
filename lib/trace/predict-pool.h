/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * predict-pool.h - a pool of a recording, for the files that predict its blocks
 */
#pragma once

#include "dma/pool.h"
#include "trace/predict.h"

#define POOL_FREES 512 /* that are remembered */
/*
 * How far apart two CPUs may change places: a call that takes a block is told of when it is
 * over, and one that gives it back when it begins, so that both calls lie in between.
 */
#define POOL_RACE_NS 100000

/**
 * struct pool_move - when blocks came to those that are free
 *
 * @dma:	the block, or the page with all of its blocks
 * @since, @until: ns: between these
 */
struct pool_move {
	uint64_t dma;
	uint64_t number;
	uint64_t since, until;
	uint32_t cpu;
};

/**
 * struct predicted - a pool
 *
 * @size, @align, @boundary: as it was created
 * @provider:	of its pages
 * @pool:	its model; NULL for one that is older than the recording
 * @stack:	of such a one: the blocks that came back
 * @event:	that is judged now: a page is looked for before it
 * @own:	the allocation that the call itself made, where that is known
 * @told:	the answer had to tell which page the pool got, or that it got none
 * @filled:	number of the event behind which there was a free block again
 * @err:	of what the provider had to remember
 * @page:	those it has, the newest last
 * @rebuilding:	they are given once more, @given of them so far
 * @adopting:	the page is that of the answer
 * @freed:	ring of the last frees, @frees of them ever
 */
struct predicted {
	struct predicted *next;
	uint64_t handle;
	uint64_t size, align, boundary;
	struct pool_pages provider;
	struct pool *pool;
	dma_addr_t *stack;
	size_t depth, room;
	struct pools *pools;
	struct libdma_predictor *frame;
	struct foreseen *event, *own;
	bool told;
	uint64_t filled;
	int err;
	struct pool_move *page;
	size_t pages, page_room;
	bool rebuilding, adopting;
	size_t given;
	struct pool_move freed[POOL_FREES];
	uint64_t frees;
};

/* The model of a pool as it was created; 0, -EINVAL or -ENOMEM. */
int predicted_create(struct predicted *it);

/* Remember a page; @allocation is NULL where it was not recorded. 0 or -ENOMEM. */
int predicted_add_page(struct predicted *it, dma_addr_t dma,
		       const struct dma_event *allocation);

/* The provider's answer while the pool is built again. */
int predicted_give_page(struct predicted *it, void **cpu, dma_addr_t *dma);

/* The block that is given next; all ones for none. */
dma_addr_t predicted_pop(struct predicted *it);

/* 0 or -ENOMEM */
int predicted_push(struct predicted *it, dma_addr_t dma);

/* A block comes back; 0 or -ENOMEM. */
int predicted_free(struct predicted *it, const struct dma_event *said);

/* Get a page though there are free blocks, and take its first; 0 or -ENOMEM. */
int predicted_grow(struct predicted *it);

/*
 * Which other order yields the recorded block, where the model has @expected? If there
 * is one the block is taken, and @witness set to the event that changes places, else to
 * LIBDMA_NO_WITNESS. 0 or -ENOMEM.
 */
int predicted_reorder(struct predicted *it, dma_addr_t expected, uint64_t *witness);

/* Is it not known where a block was since an event? It has not come back since. */
bool predicted_is_older(const struct predicted *it, dma_addr_t dma, uint64_t number);

/* Take the recorded block, and its page where the pool had none there; 0 or -ENOMEM. */
int predicted_adopt(struct predicted *it);

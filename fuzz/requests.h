/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * requests.h - the bytes of an engine as requests
 *
 * The same records as those of the trace format "program" (dmat(5)), so `dmactl dump`
 * shows an input and `dmactl convert` makes one of a recording. Every string of bytes
 * is an input. Where a target stands for one allocator alone, the head of its file says
 * what a request means to it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <libdma/event.h>

#include "trace/program.h"

#define REQUESTS_MOST 512 /* what follows is not run: inputs stay small and fast */
#define SLOTS	      4096

/* Bytes of the header that all targets read alike. */
#define CONFIG_KERNEL	0
#define CONFIG_MODE	1
#define CONFIG_CPUS	2
#define CONFIG_POOL	4 /* slots of the bounce buffers, as a power of two */
#define CONFIG_AREAS	5
#define CONFIG_MASK	6
#define CONFIG_HEAP	8 /* of some: which allocation of the model's own memory fails */
#define CONFIG_ALIGN	9
#define CONFIG_SEGMENT	10
#define CONFIG_BOUNDARY 11
#define CONFIG_GRANULE	12
#define CONFIG_APERTURE 13
#define CONFIG_TARGET	15

/**
 * struct requests - an input, and how far it has been read
 *
 * @state:	what slots, time and CPU are by now
 * @event:	the request: kind, slot (handle, or slot and handle of a pool's block),
 *		size, place, direction, attributes, device
 * @op:		the record it was read from
 * @row:	how many times in a row a target of one allocator does it, with the slots
 *		that follow: 1, 2, 4, ... 128 by the record's attributes
 * @number:	of the request
 * @banks:	bit by bit which banks of slots have been used since the memory was new: an
 *		input begins with none, so it has to be static, or to be all zero
 */
struct requests {
	const uint8_t *data;
	size_t size;
	size_t at;
	struct program_state state;
	struct dma_event event;
	struct program_op op;
	unsigned int row;
	unsigned int number;
	unsigned int banks;
	uint64_t phys_list[PROGRAM_ENTRIES];
	uint32_t size_list[PROGRAM_ENTRIES];
};

void requests_open(struct requests *requests, const uint8_t *data, size_t size);

/* The next request; false at the end. The oracles are told its number. */
bool requests_next(struct requests *requests);

static inline const uint8_t *requests_config(const struct requests *requests)
{
	return requests->state.header.config;
}

static inline enum dma_kernel requests_kernel(const struct requests *requests)
{
	return requests_config(requests)[CONFIG_KERNEL] % DMA_KERNELS;
}

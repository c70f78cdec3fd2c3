/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stack.h - what fuzz-stack.c drives, and what its devices and CPUs see of it
 */
#pragma once

#include <libdma/dma-mapping.h>
#include <libdma/dmapool.h>
#include <libdma/machine.h>

#include "requests.h"

#define CONFIG_LEFT_OUT 8

#define SLOTS_USED 24
#define BUFFER	   (8 * PAGE_SIZE)
#define PIECES	   8
#define LARGEST	   (2 * PAGE_SIZE) /* of coherent memory */

enum backend {
	DIRECT,
	BOUNCED,
	STRICT,
	LAZY,
	UNTRUSTED,
	INCOHERENT,
	BACKENDS
};

enum use {
	UNUSED,
	SINGLE,
	LIST,
	COHERENT,
	BLOCK,
};

struct piece {
	uint64_t place, size;
};

/* What a slot is used for on all machines alike. */
struct slot {
	enum use use;
	enum dma_data_direction dir;
	unsigned int pieces;
	struct piece piece[PIECES];
	uint64_t filled;	     /* bytes of the buffer that ever meant something */
	unsigned char bytes[BUFFER]; /* what the CPU and, while mapped, the device sees */
};

/* The same on one machine. */
struct mapped {
	unsigned char *cpu; /* the buffer */
	bool live;
	dma_addr_t dma;
	void *memory; /* coherent */
	struct scatterlist list[PIECES];
};

extern struct slot slots[SLOTS_USED];

struct rig {
	struct libdma_machine *machine;
	struct device *dev;
	struct dma_pool *pool;
	struct mapped mapped[SLOTS_USED];
};

extern struct rig rigs[BACKENDS];

extern struct requests requests;

/* stack-bytes.c */

/* Nothing is in use. */
void stack_begin(void);

/* New bytes in the buffer of a slot, on all machines, to the end of the page of @end. */
void stack_fill(unsigned int number, uint64_t end);

/* The device looks at what it may see, and then changes some of what it may write. */
void stack_device_runs(unsigned int number);

/* The CPU writes; sees what is expected; and its buffer's other bytes are as before. */
void stack_cpu_writes(unsigned int number, uint64_t place, uint64_t size);
void stack_check_cpu(unsigned int number, uint64_t place, uint64_t size);
void stack_check_buffer(enum backend backend, unsigned int number);

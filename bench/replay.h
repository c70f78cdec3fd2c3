/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay.h - a recording of a driver's steady state, made by the model
 */
#pragma once

#include <stdint.h>

#include <libdma/machine.h>
#include <libdma/trace.h>

#define REPLAY_DEVICES 4
#define REPLAY_LIVE    65536

/* What is recorded. */
struct kind {
	const char *name, *file;
	enum libdma_iommu_mode mode;
	bool inside; /* what the IOMMU's code tells, too */
};

/* An event as the floor has it. */
struct record {
	uint64_t ns, phys, dma, size;
	uint32_t device, cpu, kind;
	uint32_t unused[5]; /* what else a tracepoint tells */
};

/* The file, and what of it the floor needs. */
struct recording {
	const struct kind *kind;
	struct libdma_writer *writer;
	uint64_t events;
	struct record *record; /* the maps and unmaps */
	uint64_t records;
	uint32_t device[REPLAY_DEVICES]; /* strings */
	char path[4096];
};

/*
 * Fill with REPLAY_LIVE mappings, then unmap and map until there are so many @calls.
 * @recording tells what to record, and where.
 */
void replay_record(uint64_t calls, struct recording *recording);

/* What went wrong, and the end. */
void replay_give_up(const char *what, int err);

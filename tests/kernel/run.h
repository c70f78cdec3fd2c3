/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run.h - a machine for a piece of kernel code, and what it leaves behind
 */
#pragma once

#include <libdma/kernel.h>

struct run {
	struct libdma_machine *machine;
	struct libdma_kernel *kernel;
	unsigned long long begun; /* mappings, allocations, pools, blocks */
	unsigned long long ended;
	unsigned long long complaints; /* warnings that are no "dmapool test" line */
};

/* The machines that each piece runs on: direct, strict and lazy IOMMU, bouncing. */
#define RUN_MACHINES 4

void run_begin(struct run *run, unsigned int machine);

/* Leaves and destroys; the number of things that are wrong, each said on stderr. */
int run_end(struct run *run);

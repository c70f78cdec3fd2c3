/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probes-own.h - what only probes.c, which chooses, and probes-run.c, which loads and
 * attaches, know of the probes
 */
#pragma once

#include "kprobes.h"
#include "probes.h"

#include "bpf/dma.skel.h" /* it needs what bpf/dma.h declares */

/*
 * Programs of a probe, at most: one of each level; or of a kprobe at a return, and what
 * keeps the arguments for it.
 */
#define PROGRAMS DMA_PROBE_LEVELS

/*
 * How often the kernel had skipped a program when the recording began, and ended. Of
 * kprobes: what had been missed when it began, and how often their place was passed.
 */
struct probe_skips {
	uint64_t before;
	uint64_t in_all;
};

struct probes {
	struct btf *btf;
	struct dma_bpf *object;
	unsigned int levels;	 /* that the programs have here, of kprobes aside */
	bool takes_tracepoints;	 /* one of them was tried */
	struct kprobes *kprobes; /* NULL where there are none */
	char why_none[160];	 /* why not */
	struct probe probe[DMA_HOOKS];
	int fd[DMA_HOOKS]; /* of the elder, to ask how often it was skipped */
	struct probe_skips skips[DMA_HOOKS];
	struct bpf_link *link[DMA_HOOKS * PROGRAMS];
	bool quiet; /* nothing is sent any more, */
	bool stopped; /* and the programs are gone */
	struct dma_probe_count *counts; /* of one entry of the map, for each CPU */
	int cpus;
};

/*
 * The name of one of a probe's programs, the first of which sends its events; NULL where
 * there is none.
 */
const char *probe_program_at(const struct probe *probe, unsigned int number, char *buffer,
			     size_t size);

/* Does the kernel take a program where this function of so many arguments or more begins? */
bool probes_take(const struct probes *probes, const char *function, int arguments);

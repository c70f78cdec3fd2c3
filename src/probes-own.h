/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probes-own.h - what only probes.c, which chooses, and probes-run.c, which loads and
 * attaches, know of the probes
 */
#pragma once

#include "probes.h"

#include "bpf/dma.skel.h" /* it needs what bpf/dma.h declares */

#define PROGRAMS 2 /* of a probe: itself, and its twin */

/* How often the kernel had skipped a program when the recording began, and ended. */
struct probe_skips {
	uint64_t before;
	uint64_t in_all;
};

struct probes {
	struct btf *btf;
	struct dma_bpf *object;
	struct probe probe[DMA_HOOKS];
	int fd[DMA_HOOKS]; /* of the elder, to ask how often it was skipped */
	struct probe_skips skips[DMA_HOOKS];
	struct bpf_link *link[DMA_HOOKS * PROGRAMS];
	bool stopped;
	struct dma_probe_count *counts; /* of one entry of the map, for each CPU */
	int cpus;
};

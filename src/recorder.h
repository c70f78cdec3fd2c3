/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recorder.h - what 'dmactl record' and 'dmactl trace' share
 */
#pragma once

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

#include "attach.h"
#include "bpf/dma.h"

enum recorder_stop {
	RECORDER_STOP_MAP_FAILED = 1,
	RECORDER_STOP_SWIOTLB_FULL = 2,
};

/**
 * struct recorder_options - what to record, and when to end; input of recorder_argp
 * @probe:	what the probes filter
 * @groups:	--events, or NULL for all
 * @attach:	--attach
 * @ring_size:	--buffer, a power of two
 * @duration_ns: --duration, or 0
 * @max_size:	--max-size of the file in bytes, or 0
 * @overwrite:	--overwrite: keep so many bytes of the newest events in memory, or 0
 * @stop_on:	--stop-on, bits of enum recorder_stop
 * @command:	what follows --, ends in NULL; or NULL
 * @propagate:	the command's exit status becomes ours
 */
struct recorder_options {
	struct dma_probe_options probe;
	const char *groups;
	enum attach attach;
	uint64_t ring_size;
	uint64_t duration_ns;
	uint64_t max_size;
	uint64_t overwrite;
	unsigned int stop_on;
	char **command;
	bool propagate;
};

extern const struct argp recorder_argp;

/**
 * struct recorder_output - where to
 * @path:	the file, or "-"
 * @format:	the writer's
 * @force:	replace a file that exists
 * @live:	someone watches: what was put is written at once
 */
struct recorder_output {
	const char *path;
	const char *format;
	bool force;
	bool live;
};

/* Record until something ends it; an exit status. */
int recorder_run(const struct recorder_options *options, const struct recorder_output *output);

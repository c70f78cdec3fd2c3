/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rerun.h - a trace's requests on another machine: for replay and whatif
 */
#pragma once

#include <argp.h>
#include <jansson.h>
#include <stdio.h>

#include <libdma/rerun.h>

#include "source.h"
#include "state.h"
#include "target.h"

/**
 * struct rerun_options - input of rerun_argp
 * @wanted:	an option asks for another machine, or for its trace
 * @backend:	--backend, or NULL
 * @kernel:	--kernel, or NULL
 * @iommu:	--iommu, or NULL
 * @swiotlb:	--swiotlb, or NULL
 * @target:	-o and --force; its path is NULL without
 * @repeat:	--repeat; 0 and 1 for once
 * @device:	--device-map: OLD=NEW, one after the other, @devices of them
 */
struct rerun_options {
	bool wanted;
	const char *backend;
	const char *kernel;
	const char *iommu;
	const char *swiotlb;
	struct target_options target;
	unsigned long repeat;
	char **device;
	size_t devices;
};

extern const struct argp rerun_argp;

/* The environment as the options change it: what @set says, then what they say. */
struct libdma_environment *rerun_environment(const struct rerun_options *options,
					     const struct libdma_environment *known,
					     const struct libdma_environment *set);

struct rerun;

/**
 * rerun_open() - run a trace on another machine
 * @options:	as rerun_argp left them
 * @at:		which moment to keep of what the machine did
 * @set:	what the user says of the machine
 * @from:	as source_argp left them
 * @state:	filled as state_open() does, with the machine's events; state_close() it
 * @ret:	set to the rest; rerun_close() it before
 *
 * Return: EXIT_FINE, or the status to exit with; the reason was printed.
 */
int rerun_open(const struct rerun_options *options, const struct state_options *at,
	       const struct libdma_environment *set, struct source_options *from,
	       struct state *state, struct rerun **ret);
void rerun_close(struct rerun *rerun);

void rerun_print(const struct rerun *rerun, FILE *out);
json_t *rerun_json(const struct rerun *rerun);

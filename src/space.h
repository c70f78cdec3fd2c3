/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * space.h - which spaces of a fragmap a command shows, and a space as JSON
 */
#pragma once

#include <argp.h>
#include <jansson.h>

#include "state.h"

/**
 * struct space_options - input of space_argp
 * @space:	--space: a name, or a part of one up to a ':'; NULL for all
 * @device:	--device, or NULL
 */
struct space_options {
	const char *space;
	const char *device;
};

extern const struct argp space_argp;

struct space_list {
	const struct libdma_space **space;
	size_t count;
};

/* Free bytes of a part of a space, and the longest run of them. */
struct space_runs {
	uint64_t free;
	uint64_t longest;
};

struct space_runs space_runs(const struct libdma_space *space, uint64_t start,
			     uint64_t size);

/* Why the swiotlb refuses a request. */
enum space_refusal {
	SPACE_TOO_BIG,	  /* no pool of any size serves it */
	SPACE_FULL,	  /* too few slots are free */
	SPACE_FRAGMENTED, /* enough are, but not in a row */
	SPACE_SERVES,	  /* by these numbers it would not */
};

enum space_refusal space_refusal(const struct libdma_space *space, uint64_t size);

/* "too big", "full" ... */
const char *space_refusal_name(enum space_refusal refusal);

/* What to count for the peak, so that it is the peak of what is shown. */
struct state_weight space_weight(const struct space_options *options);

/**
 * space_choose() - the spaces that the user wants
 * @options:	as space_argp left them
 * @state:	of the fragmap
 * @fragmap:	must outlive the list
 * @ret:	set to the list; free() @ret->space
 *
 * Return: EXIT_FINE, or EXIT_USAGE where no space has the name; the reason was printed.
 */
int space_choose(const struct space_options *options, const struct state *state,
		 const struct libdma_fragmap *fragmap, struct space_list *ret);

/* The same where it is no mistake that there may be none; ends dmactl without memory. */
struct space_list space_list(const struct space_options *options,
			     const struct state *state,
			     const struct libdma_fragmap *fragmap);

/* A space with its bounds and numbers. */
json_t *space_json(const struct libdma_space *space, const struct state *state);

/* What lies in it, by address. */
json_t *space_extents_json(const struct libdma_space *space, const struct state *state);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * source.h - the trace that a command reads: one way in for all of them
 *
 * Damage is told as it is met and reading goes on behind it; what it means for the
 * exit status is known at the end, by source_close().
 */
#pragma once

#include <argp.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include <libdma/trace.h>

#include <libdma/filter.h>

#include "range.h"
#include "terminal.h"

/**
 * struct source_options - input of source_argp and selection_argp
 * @path:	the TRACE argument; "dma.dmat" where none is given
 * @from:	--from, or NULL
 * @environment: --environment, or NULL
 * @strict:	--strict
 * @verbose:	--verbose
 * @infer:	set by a command that wants to know what the events give away of the
 *		machine, once it has read them
 * @survey:	set by a command that wants to know it before the first event; the trace
 *		is then read twice
 * @again:	set by a command that reads the trace once more: what there is to say of
 *		it was said
 * @silent:	set by a command that may read the trace once more and then say it
 * @damage:	set by a command that wants to know of each damaged place, or NULL
 * @damage_arg:	its first argument
 * @follow:	set by a command that goes on reading a file where it ends, for what is still
 *		to be written
 * @filter:	--filter, or NULL; source_close() destroys it
 * @range:	--begin and --end
 */
struct source_options {
	const char *path;
	const char *from;
	const char *environment;
	bool strict;
	bool verbose;
	bool infer;
	bool survey;
	bool again;
	bool silent;
	bool follow;
	void (*damage)(void *arg, const struct libdma_damage *damage);
	void *damage_arg;
	struct libdma_filter *filter;
	struct range range;
};

/*
 * --from, --environment, --strict, --verbose and the argument TRACE, unless the command
 * takes it.
 */
extern const struct argp source_argp;

/* --filter, --begin, --end; has the same input. */
extern const struct argp selection_argp;

struct source;

/**
 * source_open() - open a trace, or say why not
 * @options:	as the parsers left them; must outlive the source
 * @strings:	table shared with other sources, or NULL
 * @ret:	set to the source
 *
 * Return: EXIT_FINE, or the status to exit with; the reason was printed.
 */
int source_open(struct source_options *options, struct libdma_strings *strings,
		struct source **ret);

/**
 * source_next() - the next event that the user selected
 *
 * Return: 1 with an event, 0 at the end and on a failure, which was printed.
 */
int source_next(struct source *source, const struct dma_event **ret);

/*
 * Call @idle when nothing comes for the present, so that what came can be handed on: as
 * in struct libdma_reader_options. source_flush_stdout() is one.
 */
void source_idle(struct source *source, int (*idle)(void *arg), void *arg);
int source_flush_stdout(void *arg);

struct libdma_reader *source_reader(const struct source *source);
const struct libdma_strings *source_strings(const struct source *source);

/*
 * What is known of the machine so far: what the user said, what the trace says and, if
 * wanted, what its events gave away. Lasts until the next call.
 */
const struct libdma_environment *source_environment(struct source *source);

/* The trace, as messages call it. */
const char *source_name(const struct source *source);

/* The environment file that lay beside the trace and was taken, or NULL. */
const char *source_beside(const struct source *source);

/*
 * Call @visit for each device whose driver the environment tells, with their numbers
 * in the table of strings.
 */
void source_drivers(struct source *source,
		    int (*visit)(void *arg, uint32_t device, uint32_t driver), void *arg);

/* Events read so far, selected or not. */
uint64_t source_events(const struct source *source);

/* Events that the recorder missed, as far as it knows. */
uint64_t source_lost(const struct source *source);

/* Damage was found, but not told yet. */
bool source_untold(const struct source *source);

/* Did the recorder miss events, or is a part of the trace damaged? */
bool source_lossy(const struct source *source);

/*
 * At the head of what people read: "LOSSY: 17 events lost (0.02 %)", where the trace
 * is not complete.
 */
void source_print_loss(const struct source *source, const struct terminal *terminal,
		       FILE *out);

/* The same for machines: { "complete": false, "lost": 17, ... } */
json_t *source_completeness(const struct source *source);

/**
 * source_close() - end reading
 * @source:	NULL is allowed
 * @status:	what the command would exit with
 *
 * Return: @status, or a worse one that the trace gave reason for.
 */
int source_close(struct source *source, int status);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * export.h - a trace as a file for other programs
 *
 * Beside the formats of the library, which hold events and can mostly be read again,
 * these hold what somebody else's program wants to see. Each is one exporter of the table
 * in export.c.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include <libdma/replay.h>

#include "source.h"
#include "target.h"

/* What folded stacks are weighed by. */
enum export_weight {
	EXPORT_COUNT, /* mappings and allocations */
	EXPORT_BYTES, /* what they asked for */
	EXPORT_LIVE,  /* of these, what is live at the end */
};

/**
 * struct export_options - how to export
 * @target:	the file
 * @slices:	mappings of a device that are drawn at once; the others are counted
 * @weight:	for folded stacks
 */
struct export_options {
	struct target_options target;
	unsigned int slices;
	enum export_weight weight;
};

/**
 * struct export - what an exporter works on
 * @options:	how
 * @source:	the trace, for its strings and its environment
 * @out:	where to; NULL where the exporter makes the file itself
 * @events:	that were shown to it
 * @left_out:	the exporter counts what it could not express
 */
struct export
{
	const struct export_options *options;
	struct source *source;
	FILE *out;
	uint64_t events;
	uint64_t left_out;
};

/**
 * struct exporter - one thing that a trace can be exported to
 * @name:	for --to
 * @suffix:	a file's, by which it is chosen without --to; or NULL
 * @summary:	one line for --help
 * @binary:	nothing for a terminal
 * @named:	makes its file itself, which must have a name
 * @surveys:	wants to know the machine before the first event
 * @create:	begin; the first event was read, NULL after a complaint
 * @put:	take an event, and what it did; EXIT_FINE or another status
 * @finish:	write what ends the file; EXIT_FINE or another status
 * @destroy:	release what @create made
 */
struct exporter {
	const char *name;
	const char *suffix;
	const char *summary;
	bool binary;
	bool named;
	bool surveys;
	void *(*create)(struct export *export);
	int (*put)(void *state, const struct dma_event *event,
		   const struct libdma_change *change);
	int (*finish)(void *state);
	void (*destroy)(void *state);
};

/* The exporter of a number, from 0; NULL behind the last. */
const struct exporter *exporter_at(size_t index);

/* The exporter of a name; NULL if there is none. */
const struct exporter *exporter_find(const char *name);

/* The weight of a name, "count", "bytes" or "live". */
bool export_weight_parse(const char *name, enum export_weight *ret);

/**
 * export_run() - export all that a source gives
 * @exporter:	to what
 * @options:	how
 * @source:	the trace
 * @ret:	set to what became of it
 *
 * Return: EXIT_FINE, or the status to exit with after a complaint.
 */
int export_run(const struct exporter *exporter, const struct export_options *options,
	       struct source *source, struct export *ret);

extern const struct exporter export_chrome;
extern const struct exporter export_csv;
extern const struct exporter export_folded;
extern const struct exporter export_perfetto;
extern const struct exporter export_sqlite;

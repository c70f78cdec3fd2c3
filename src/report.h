/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.h - all that a trace tells, as one HTML file
 *
 * The file needs nothing beside it, neither network nor script: where there is no script
 * the moments of the map stand one below the other, and tables keep their order.
 */
#pragma once

#include <stdio.h>

#include <libdma/stat.h>

#include "fidelity.h"
#include "findings.h"
#include "leaks-print.h"
#include "source.h"
#include "timeline.h"

#define REPORT_MOMENTS 24
#define REPORT_ROWS    200 /* of a table; what is longer says so */
#define REPORT_FOUND   50  /* findings that are told with their evidence */

/* What there is to say about a moment. */
enum report_why {
	REPORT_EVENT,
	REPORT_PEAK,
	REPORT_FAILURE,
	REPORT_END,
};

/**
 * struct report_moment - the map at one moment
 * @number:	behind which event
 * @ns:		when that was
 * @why:	why it is shown
 * @spaces:	what was drawn, as HTML
 * @size:	of it
 */
struct report_moment {
	uint64_t number;
	uint64_t ns;
	enum report_why why;
	char *spaces;
	size_t size;
};

/**
 * struct report - a trace that was read
 * @path:	as the user wrote it
 * @title:	the same without its folders
 * @source:	read to its end
 * @environment: what it, the user and the events say of its machine
 * @view:	use over time, by device
 */
struct report {
	const char *path;
	const char *title;
	struct source *source;
	struct libdma_environment *environment;
	struct libdma_environment *nothing; /* of which nothing is known */
	struct libdma_stat *stat;
	struct libdma_timeline *timeline;
	struct timeline_view view;
	struct findings findings;
	struct leaks_list leaks;
	struct fidelity *fidelity;
	struct report_moment *moment;
	size_t moments;
};

/**
 * report_read() - read a trace for all that is told of it
 * @options:	as source_argp left them
 * @moments:	how many the map shall have, beside the peak and the first failure
 * @ret:	filled; report_close() it in any case
 *
 * Return: EXIT_FINE, or the status to exit with; the reason was printed.
 */
int report_read(struct source_options *options, unsigned int moments, struct report *ret);

/* Release all; returns @status, or a worse one that the trace gave reason for. */
int report_close(struct report *report, int status);

/* The document. */
void report_write(const struct report *report, FILE *out);

/* Its parts. */
void report_summary(const struct report *report, FILE *out);
void report_findings(const struct report *report, FILE *out);
void report_timeline(const struct report *report, FILE *out);
void report_devices(const struct report *report, FILE *out);
void report_map(const struct report *report, FILE *out);
void report_fidelity(const struct report *report, FILE *out);

/* How to get a part in the terminal: 'dmactl @command TRACE'. */
void report_command(const struct report *report, const char *command, FILE *out);

/* What the spaces hold now, as HTML; for report_moment. */
struct state;
void report_spaces(const struct state *state, FILE *out);

extern const char report_style[];
extern const char report_script[];
extern const char report_script_hash[]; /* of CSP: base64 of its SHA-256 */

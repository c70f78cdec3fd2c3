/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target.h - the trace that a command writes: one way out for all of them
 */
#pragma once

#include <argp.h>
#include <stdbool.h>

#include <libdma/trace.h>

/**
 * struct target_options - input of target_argp
 * @path:	--output, or NULL
 * @to:		--to, or NULL
 * @force:	--force
 */
struct target_options {
	const char *path;
	const char *to;
	bool force;
};

/* -o OUT, --to FORMAT, -f. */
extern const struct argp target_argp;

/* The format to write, which @to or the suffix of @path say; NULL after a complaint. */
const char *target_format(const struct target_options *options);

/*
 * Is @in fit to be read while this is written? EXIT_FINE, or the status to exit with after
 * a complaint: what is read is never written over, and nothing is without --force.
 */
int target_check(const struct target_options *options, const char *in);

/* As messages call it. */
const char *target_name(const struct target_options *options);

/**
 * target_open() - begin to write
 * @options:	where to
 * @strings:	table of the strings of the events that will be put
 * @environment: what is known of the machine
 * @ret:	set to the writer
 *
 * Return: EXIT_FINE, or the status to exit with; the reason was printed.
 */
int target_open(const struct target_options *options,
		const struct libdma_strings *strings,
		const struct libdma_environment *environment, struct libdma_writer **ret);

/*
 * End writing, where @err is what went wrong so far, or 0. EXIT_FINE, or EXIT_SYSTEM;
 * the reason was printed. NULL is allowed.
 */
int target_close(const struct target_options *options, struct libdma_writer *writer,
		 int err);

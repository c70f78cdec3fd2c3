/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * output.h - what dmactl says, and what it exits with
 */
#pragma once

#include <stddef.h>

enum exit_status {
	EXIT_FINE = 0,
	EXIT_FOUND = 1,	   /* check broke a rule, diff found a difference */
	EXIT_USAGE = 2,
	EXIT_INPUT = 3,	   /* a file is bad or cut short; what could be read was used */
	EXIT_LOSSY = 4,	   /* --strict, and the trace lost events */
	EXIT_SYSTEM = 5,   /* input or output failed, or memory */
	EXIT_CANNOT = 125, /* not on this machine: privilege, BTF, a missing hook */
};

/*
 * Once, before anything is printed. From here on stdout keeps its first error, and
 * where not all of it could be written the exit status is EXIT_SYSTEM.
 */
void output_begin(void);

/* What complain() begins its lines with: "dmactl stat". Copied. */
void output_name(const char *name);

/*
 * Once stdout is known to be a terminal: what does not fit on @rows lines goes
 * through the user's pager; with 0 rows everything does, descriptor 1 included.
 */
void output_page(unsigned int rows);

/* Make a file of @size bytes, or replace it. 0 or -errno. */
int output_file(const char *path, const char *data, size_t size);

/* The errno of the first failed write to stdout, or 0. */
int output_error(void);

/* One line to stderr: the command's name, a colon, the text. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Say what went wrong with @what, where @err is a negative errno; EXIT_SYSTEM. -EEXIST is
 * of a file that is to be written, and would be replaced.
 */
int trouble(const char *what, int err);

/* Memory is exhausted: say so and exit. */
void out_of_memory(void) __attribute__((noreturn));

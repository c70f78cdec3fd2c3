/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * out-file.h - a file that a command writes, as a stream that remembers its first error
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

/* The row of an option table that every command has which writes a file. */
#define OPTION_FORCE(name_of_file)                                                      \
	{                                                                               \
		.name = "force", .key = 'f',                                            \
		.doc = "Replace " name_of_file " where it exists"                       \
	}

struct out_file {
	FILE *stream; /* stdout for "-" */
	int fd;       /* -1 for "-" */
	int error;    /* a negative errno; stays */
	const char *path;
};

/*
 * May @path be written, where @in is read? EXIT_FINE; EXIT_USAGE where it is the file that
 * is read, or EXIT_SYSTEM where it exists and is not to be replaced, after a complaint.
 * Asked before anything is read, so that nobody waits for it.
 */
int out_file_check(const char *path, bool force, const char *in);

/*
 * Create @path, or replace it where @force; "-" is stdout. EXIT_FINE, or EXIT_SYSTEM; the
 * reason was printed.
 */
int out_file_open(struct out_file *file, const char *path, bool force);

/* Did a write of what was flushed fail? */
bool out_file_failed(const struct out_file *file);

/*
 * Flush and close. EXIT_FINE, or EXIT_SYSTEM; the reason was printed, or will be where it
 * is stdout's.
 */
int out_file_close(struct out_file *file);

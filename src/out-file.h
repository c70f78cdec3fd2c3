/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * out-file.h - a file that a command writes, as a stream that remembers its first error
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

struct out_file {
	FILE *stream; /* stdout for "-" */
	int fd;       /* -1 for "-" */
	int error;    /* a negative errno; stays */
};

/* Create @path, or take what it replaces where @force. 0, -EEXIST or -errno. */
int out_file_open(struct out_file *file, const char *path, bool force);

/* The first error so far, a negative errno; of what was flushed. */
int out_file_error(const struct out_file *file);

/* Flush and close; 0, or the first error there was. */
int out_file_close(struct out_file *file);

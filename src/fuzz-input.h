/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz-input.h - a file that a target is run on
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fuzz-target.h"

#define FUZZ_INPUT_FILE_MOST (1 << 20) /* bytes; targets read no more */
#define FUZZ_INPUT_HEADER    20        /* bytes of a program before its records */
#define FUZZ_INPUT_RECORD    8

/* Does it begin as programs do (dmat(5))? Not all that are programs do. */
bool fuzz_input_is_program(const char *path);

/*
 * Which target to run on an input: @name, or where that is NULL the one whose folder it
 * is in; with bugs to put back where --mutant names one. EXIT_FINE, or a message and
 * EXIT_USAGE, EXIT_SYSTEM (no such file), EXIT_INPUT (too large) or EXIT_CANNOT.
 */
int fuzz_input_target(const struct fuzz_options *options, const char *path,
		      const char *name, struct fuzz_target *ret);

/* All of a file, to be freed. EXIT_FINE, or a message and EXIT_SYSTEM or EXIT_INPUT. */
int fuzz_input_read(const char *path, uint8_t **data, size_t *size);

/* A number that tells bytes apart: FNV-1a. */
uint64_t fuzz_input_hash(const void *data, size_t size);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vectors.h - files of requests, and what the kernel's own code answered
 *
 * They lie in tests/data, or in the folder that the environment variable VECTORS
 * names (`make check-vectors VECTORS=DIR`). A file's name tells the kernels for which
 * it holds: WHAT_6.1.txt, or WHAT_6.12-7.2.txt for those from one to the other.
 */
#pragma once

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libdma/types.h>

#include "base/rules.h"

typedef void vector_player(FILE *file, const char *path, enum dma_kernel kernel);

/* The kernel that @text begins with, "6.12-7.2.txt"; DMA_KERNELS for none. */
static inline enum dma_kernel vector_kernel(const char *text, const char **end)
{
	for (unsigned int kernel = DMA_KERNELS; kernel--;) {
		const char *name = kernel_rules(kernel)->name;
		size_t length = strlen(name);

		if (!strncmp(text, name, length) &&
		    strspn(text + length, "0123456789") == 0) {
			*end = text + length;
			return kernel;
		}
	}
	return DMA_KERNELS;
}

/* Play a file for each kernel of its name. */
static inline void vector_play(const char *path, const char *what, vector_player *play)
{
	const char *name = strrchr(path, '/') + 1 + strlen(what), *end = name;
	unsigned int first = vector_kernel(name, &end), last = first;

	if (first != DMA_KERNELS && *end == '-')
		last = vector_kernel(end + 1, &end);
	if (last == DMA_KERNELS)
		fail_msg("%s: the name tells no kernel", path);
	for (unsigned int kernel = first; kernel <= last; kernel++) {
		FILE *file = fopen(path, "r");

		if (!file)
			fail_msg("%s: cannot be opened", path);
		play(file, path, kernel);
		fclose(file);
	}
}

/**
 * vectors_play() - play every file whose name begins with @what, "dmapool_"
 *
 * Return: how many files there were. None are wrong only in tests/data.
 */
static inline size_t vectors_play(const char *what, vector_player *play)
{
	const char *folder = getenv("VECTORS"), *source = getenv("srcdir");
	char pattern[4096];
	size_t files;
	glob_t found;

	if (folder && *folder)
		snprintf(pattern, sizeof(pattern), "%s/%s*.txt", folder, what);
	else
		snprintf(pattern, sizeof(pattern), "%s/tests/data/%s*.txt",
			 source ? source : ".", what);
	if (glob(pattern, 0, NULL, &found)) {
		if (!folder || !*folder)
			fail_msg("no file %s", pattern);
		return 0;
	}
	for (size_t at = 0; at < found.gl_pathc; at++)
		vector_play(found.gl_pathv[at], what, play);
	files = found.gl_pathc;
	globfree(&found);
	return files;
}

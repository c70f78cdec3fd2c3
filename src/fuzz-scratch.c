// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-scratch.c - a folder that goes when the work is done
 */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz-scratch.h"
#include "fuzz-target.h"
#include "output.h"

int fuzz_scratch_create(char **ret)
{
	const char *tmp = getenv("TMPDIR");
	char *folder = fuzz_path("%s/dmactl-fuzz-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	int status;

	if (mkdtemp(folder)) {
		*ret = folder;
		return EXIT_FINE;
	}
	status = trouble(folder, -errno);
	free(folder);
	return status;
}

static int remove_one(const char *path, const struct stat *status, int kind,
		      struct FTW *walk)
{
	(void)status;
	(void)kind;
	(void)walk;
	return remove(path);
}

void fuzz_scratch_destroy(char *folder)
{
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(folder);
}

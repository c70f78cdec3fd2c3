// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * run-module.c - load a module of the kernel, and unload it
 */
#include <stdio.h>
#include <stdlib.h>

#include <linux/module.h>

#include "run.h"

int main(int argc, char **argv)
{
	struct run run;
	int err;

	if (argc != 2)
		return 2;
	run_begin(&run, (unsigned int)atoi(argv[1]) % RUN_MACHINES);
	err = init_module();
	if (err)
		fprintf(stderr, "init: %d\n", err);
	else
		cleanup_module();
	return run_end(&run) || err;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz-speed.h - how fast a target runs one input, again and again
 */
#pragma once

#include <stdint.h>

#include "fuzz-target.h"

enum fuzz_speeds {
	FUZZ_SPEED_EMPTY,  /* no byte at all */
	FUZZ_SPEED_MEDIAN, /* half of the inputs are smaller */
	FUZZ_SPEED_LARGE,  /* 95 of a hundred are smaller */
	FUZZ_SPEEDS
};

/**
 * struct fuzz_speed - of one input
 * @path:	its file, to be freed; NULL where there is none
 * @size:	its bytes
 * @per_second:	times a second of processor time; negative where that is not known
 */
struct fuzz_speed {
	char *path;
	uint64_t size;
	double per_second;
};

/**
 * fuzz_speed_measure() - how fast a target of libFuzzer runs what is committed for it
 * @options:	say where corpus/TARGET is, of which the inputs are taken
 * @target:	with another engine, or none, nothing is measured
 * @folder:	for a file of no bytes
 * @interrupted: set where a signal asked for the end meanwhile
 * @ret:	to be given to fuzz_speed_deinit()
 *
 * The input runs in one process, so that its start counts nothing, for about half a second
 * of processor time.
 *
 * Return: EXIT_FINE, or a message and EXIT_SYSTEM.
 */
int fuzz_speed_measure(const struct fuzz_options *options, const struct fuzz_target *target,
		       const char *folder, bool *interrupted,
		       struct fuzz_speed ret[FUZZ_SPEEDS]);
void fuzz_speed_deinit(struct fuzz_speed speeds[FUZZ_SPEEDS]);

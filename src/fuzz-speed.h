/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz-speed.h - how fast a target runs the same inputs, again and again
 */
#pragma once

#include <stdint.h>

#include "fuzz-target.h"

enum fuzz_speeds {
	FUZZ_SPEED_EMPTY,  /* no byte at all */
	FUZZ_SPEED_MEDIAN, /* the tenth of the inputs around the one of median size */
	FUZZ_SPEED_LARGE,  /* the largest tenth, around the 95th of a hundred */
	FUZZ_SPEEDS
};

/**
 * struct fuzz_speed - of inputs of one size, more or less
 * @inputs:	how many, at least one where there are any
 * @size:	bytes of the one in their middle
 * @per_second:	inputs a second of processor time; negative where that is not known
 */
struct fuzz_speed {
	size_t inputs;
	uint64_t size;
	double per_second;
};

/**
 * fuzz_speed_measure() - how fast a target of libFuzzer runs what is committed for it
 * @options:	say where corpus/TARGET is, of which the inputs are taken
 * @target:	with another engine, or none, nothing is measured
 * @folder:	for a file of no bytes
 * @interrupted: set where a signal asked for the end meanwhile
 * @ret:	where @options or @target do not let them be known, without figures
 *
 * Inputs run in one process, so that its start counts nothing, for about half a second of
 * processor time.
 *
 * Return: EXIT_FINE, or a message and EXIT_SYSTEM.
 */
int fuzz_speed_measure(const struct fuzz_options *options, const struct fuzz_target *target,
		       const char *folder, bool *interrupted,
		       struct fuzz_speed ret[FUZZ_SPEEDS]);

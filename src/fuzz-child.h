/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz-child.h - the process of an engine, or of one input
 */
#pragma once

/**
 * struct fuzz_child - what it is given
 * @dies_by:	the signal that it gets when dmactl ends
 * @mutant:	the bug that it puts back, or NULL
 * @asan:	options of AddressSanitizer, each with a colon behind it; the user's follow
 * @out, @err:	its standard output, or -1 for none, and its standard error
 */
struct fuzz_child {
	int dies_by;
	const char *mutant;
	const char *asan;
	int out, err;
};

/**
 * fuzz_child_run() - become the program; called in the child, does not return
 * @child:	what it is given
 * @arg:	the program and its arguments, ended by NULL
 *
 * It leads a group of its own, so that all it starts ends with it. Where it cannot be run
 * its standard error says so, and it ends with EXIT_CANNOT.
 */
void fuzz_child_run(const struct fuzz_child *child, char *const *arg)
	__attribute__((noreturn));

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz-scratch.h - a folder that goes when the work is done
 */
#pragma once

/* Its path in $TMPDIR or /tmp, to be given back; EXIT_FINE, or a message and EXIT_SYSTEM. */
int fuzz_scratch_create(char **ret);

/* It goes with all that is in it. */
void fuzz_scratch_destroy(char *folder);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * child.h - the command whose DMA is recorded
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct child {
	pid_t pid; /* 0 for none */
	int go;	   /* the write end of what it waits for */
	int said;  /* where it says why it could not be run */
};

/* Make the process, which waits. 0 or -errno. */
int child_create(char **command, struct child *child);

/* Let it run. 0, or the errno of what stopped it. */
int child_start(struct child *child);

/* Has it ended? Its status as a shell would give it. */
bool child_ended(struct child *child, int *status);

/* Let go of one that was never started. */
void child_destroy(struct child *child);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * follow.h - a file that grows, as a pipe that goes on
 */
#pragma once

#include <sys/types.h>

/* Whoever reads the file for us. */
struct follower {
	pid_t pid; /* 0: nobody */
	int fd;    /* what is read; -1 once it was closed */
};

/* Begin; 0 or -errno. Sets @ret->fd to where the file's bytes come from, for ever. */
int follower_create(const char *path, struct follower *ret);

/* End it. */
void follower_destroy(struct follower *follower);

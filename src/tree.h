/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree.h - files of the running system, or of a saved copy of them
 *
 * A saved copy came from elsewhere: no link is followed, only ordinary files are
 * read, and no more of one than a kernel would print.
 */
#pragma once

#include <stddef.h>

struct tree;

/* What could not be read, for a reason that is worth telling. */
struct tree_refusal {
	char *path;
	int err;
};

/* @root: "/" for the running system. 0 or -errno. */
int tree_open(const char *root, struct tree **ret);
void tree_close(struct tree *tree);

/*
 * What a file has, without spaces at its end; free() it. NULL where it is not there or
 * cannot be read; the latter is noted.
 */
char *tree_read(struct tree *tree, const char *path);

/* The last part of where a link leads; free() it. NULL where there is none. */
char *tree_link(struct tree *tree, const char *path);

/*
 * The names in a folder, in order, with NULL behind the last; tree_free_names() it. Empty
 * where it is not there or cannot be read; the latter is noted.
 */
char **tree_names(struct tree *tree, const char *path);
void tree_free_names(char **names);

/*
 * Call @visit for each folder beneath @path that has a file @name, in order. Links are
 * not followed.
 */
void tree_find(struct tree *tree, const char *path, const char *name,
	       void (*visit)(void *arg, const char *folder), void *arg);

/* What was refused so far, as many as @count says. */
const struct tree_refusal *tree_refusals(const struct tree *tree, size_t *count);

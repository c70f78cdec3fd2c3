// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tree.c - files of the running system, or of a saved copy of them
 *
 * No link is followed: sysfs, debugfs and /proc have all that is read without one. Where
 * a link leads is read where its name alone is wanted, that of a driver.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output.h"
#include "tree.h"

#define FILE_MOST     ((size_t)1 << 20)
#define NAMES_MOST    65536
#define DEPTH_MOST    40
#define REFUSALS_MOST 1000

struct tree {
	int root;
	struct tree_refusal *refusal;
	size_t refusals;
};

int tree_open(const char *root, struct tree **ret)
{
	struct tree *tree = calloc(1, sizeof(*tree));

	if (!tree)
		return -ENOMEM;
	tree->root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (tree->root < 0) {
		free(tree);
		return -errno;
	}
	*ret = tree;
	return 0;
}

void tree_close(struct tree *tree)
{
	if (!tree)
		return;
	for (size_t i = 0; i < tree->refusals; i++)
		free(tree->refusal[i].path);
	free(tree->refusal);
	close(tree->root);
	free(tree);
}

const struct tree_refusal *tree_refusals(const struct tree *tree, size_t *count)
{
	*count = tree->refusals;
	return tree->refusal;
}

/* What is not there is no news. */
static void refuse(struct tree *tree, const char *path, int err)
{
	struct tree_refusal *refusal;

	if (err == ENOENT || err == ENOTDIR || tree->refusals == REFUSALS_MOST)
		return;
	refusal = reallocarray(tree->refusal, tree->refusals + 1, sizeof(*refusal));
	if (!refusal)
		out_of_memory();
	tree->refusal = refusal;
	refusal += tree->refusals++;
	refusal->path = strdup(path);
	refusal->err = err;
	if (!refusal->path)
		out_of_memory();
}

/*
 * A descriptor, or -1 with errno. Each part of the path is opened in the one before, and
 * no link is followed.
 */
static int open_at(const struct tree *tree, const char *path, int flags)
{
	/* A pipe in a saved copy has no writer to wait for. */
	const int always = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
	int at = tree->root, next = -1;
	char part[NAME_MAX + 1];

	for (path += strspn(path, "/"); *path; path += strspn(path, "/")) {
		size_t size = strcspn(path, "/");
		bool last = !path[size + strspn(path + size, "/")];

		if (size > NAME_MAX) {
			errno = ENAMETOOLONG;
			next = -1;
		} else {
			memcpy(part, path, size);
			part[size] = '\0';
			next = openat(at, part,
				      always | (last ? flags : O_PATH | O_DIRECTORY));
		}
		if (at != tree->root)
			close(at);
		if (next < 0)
			return -1;
		at = next;
		path += size;
	}
	return next;
}

static char *read_all(int fd)
{
	char *text = malloc(FILE_MOST + 1), *fit;
	size_t size = 0;
	ssize_t got;

	if (!text)
		out_of_memory();
	while (size < FILE_MOST &&
	       ((got = read(fd, text + size, FILE_MOST - size)) > 0 || errno == EINTR))
		size += got > 0 ? (size_t)got : 0;
	if (!size && got < 0) {
		free(text);
		return NULL;
	}
	while (size && strchr(" \t\r\n", text[size - 1]))
		size--;
	text[size] = '\0';
	fit = realloc(text, strlen(text) + 1);
	return fit ? fit : text;
}

char *tree_read(struct tree *tree, const char *path)
{
	int fd = open_at(tree, path, O_RDONLY);
	struct stat status;
	char *text;

	if (fd < 0) {
		refuse(tree, path, errno);
		return NULL;
	}
	errno = 0;
	if (fstat(fd, &status) || !S_ISREG(status.st_mode)) {
		refuse(tree, path, errno ? errno : EINVAL);
		close(fd);
		return NULL;
	}
	text = read_all(fd);
	if (!text)
		refuse(tree, path, errno);
	close(fd);
	return text;
}

char *tree_link(struct tree *tree, const char *path)
{
	char target[4096], *slash, *name;
	ssize_t size;
	int fd = open_at(tree, path, O_PATH | O_NOFOLLOW);

	if (fd < 0)
		return NULL;
	size = readlinkat(fd, "", target, sizeof(target) - 1);
	close(fd);
	if (size <= 0)
		return NULL;
	target[size] = '\0';
	slash = strrchr(target, '/');
	name = strdup(slash ? slash + 1 : target);
	if (!name)
		out_of_memory();
	return name;
}

/* Numbers by their value, as people count. */
static int compare_names(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

/* Ended by NULL; of no folder there are none. */
static char **list_names(DIR *folder)
{
	char **names = reallocarray(NULL, 1, sizeof(*names));
	const struct dirent *entry;
	size_t count = 0;

	if (!names)
		out_of_memory();
	names[0] = NULL;
	while (folder && count < NAMES_MOST && (entry = readdir(folder))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		names = reallocarray(names, count + 2, sizeof(*names));
		if (!names)
			out_of_memory();
		names[count] = strdup(entry->d_name);
		if (!names[count++])
			out_of_memory();
		names[count] = NULL;
	}
	qsort(names, count, sizeof(*names), compare_names);
	return names;
}

char **tree_names(struct tree *tree, const char *path)
{
	int fd = open_at(tree, path, O_RDONLY | O_DIRECTORY);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	char **names;

	if (!folder)
		refuse(tree, path, errno);
	names = list_names(folder);
	if (folder)
		closedir(folder);
	return names;
}

void tree_free_names(char **names)
{
	for (char **it = names; *it; it++)
		free(*it);
	free(names);
}

/* Is it a folder, and not a link to one? */
static bool is_folder(struct tree *tree, const char *path)
{
	int fd = open_at(tree, path, O_PATH | O_NOFOLLOW);
	struct stat status;
	bool is = fd >= 0 && !fstat(fd, &status) && S_ISDIR(status.st_mode);

	if (fd >= 0)
		close(fd);
	return is;
}

static void find(struct tree *tree, const char *path, const char *name,
		 unsigned int depth, void (*visit)(void *arg, const char *folder),
		 void *arg)
{
	char **names = tree_names(tree, path), *below;

	for (char **it = names; *it; it++)
		if (!strcmp(*it, name))
			visit(arg, path);
	for (char **it = names; *it && depth < DEPTH_MOST; it++) {
		if (asprintf(&below, "%s/%s", path, *it) < 0)
			out_of_memory();
		if (strlen(below) < 4096 && is_folder(tree, below))
			find(tree, below, name, depth + 1, visit, arg);
		free(below);
	}
	tree_free_names(names);
}

void tree_find(struct tree *tree, const char *path, const char *name,
	       void (*visit)(void *arg, const char *folder), void *arg)
{
	find(tree, path, name, 0, visit, arg);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * environment.c - environments in files, as the user gives them
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "environment.h"
#include "output.h"

#define SIZE_MAX_READ ((size_t)16 << 20) /* such a file has some kilobytes */

/* The whole file, with a NUL behind it. 0 or -errno. */
static int read_file(const char *path, char **ret, size_t *size)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "re") : stdin;
	size_t room = 64 << 10, used = 0, got;
	char *text = NULL, *grown;
	int err = 0;

	if (!file)
		return -errno;
	do {
		room *= 2;
		grown = room <= SIZE_MAX_READ ? realloc(text, room) : NULL;
		if (!grown) {
			err = room <= SIZE_MAX_READ ? -ENOMEM : -EFBIG;
			break;
		}
		text = grown;
		got = fread(text + used, 1, room - used - 1, file);
		used += got;
	} while (used == room - 1);
	if (!err && ferror(file))
		err = errno ? -errno : -EIO;
	if (file != stdin)
		fclose(file);
	if (err) {
		free(text);
		return err;
	}
	text[used] = '\0';
	*ret = text;
	*size = used;
	return 0;
}

int environment_read(const char *path, struct libdma_environment *environment)
{
	char *text = NULL, *why = NULL;
	int err, status = EXIT_FINE;
	size_t size = 0;

	err = read_file(path, &text, &size);
	if (err)
		return trouble(path, err);
	err = libdma_environment_parse(environment, text, size, &why);
	if (err == -EINVAL) {
		complain("%s: %s", path, why ? why : "no environment");
		status = EXIT_INPUT;
	} else if (err) {
		status = trouble(path, err);
	}
	free(why);
	free(text);
	return status;
}

static bool cut_suffix(char *name, const char *suffix)
{
	size_t length = strlen(name), size = strlen(suffix);

	if (length <= size || strcmp(name + length - size, suffix))
		return false;
	name[length - size] = '\0';
	return true;
}

char *environment_beside(const char *path)
{
	static const char *const packed[] = { ".zst", ".gz", ".xz" };
	char *name = malloc(strlen(path) + sizeof(".json"));

	if (!name)
		out_of_memory();
	strcpy(name, path);
	for (size_t i = 0; i < sizeof(packed) / sizeof(packed[0]); i++)
		if (cut_suffix(name, packed[i]))
			break;
	if (cut_suffix(name, ".ftrace") && !access(strcat(name, ".json"), R_OK))
		return name;
	free(name);
	return NULL;
}

static void rename_one(char **name, char *(*name_of)(void *arg, const char *name), void *arg)
{
	char *was = *name;

	*name = name_of(arg, was);
	free(was);
}

void environment_rename(struct libdma_environment *environment,
			char *(*name_of)(void *arg, const char *name), void *arg)
{
	for (size_t i = 0; i < environment->devices; i++)
		rename_one(&environment->device[i].name, name_of, arg);
	for (size_t i = 0; i < environment->iommu.groups; i++)
		for (size_t j = 0; j < environment->iommu.group[i].devices; j++)
			rename_one(&environment->iommu.group[i].device[j], name_of, arg);
}

void environment_keep_devices(struct libdma_environment *environment,
			      char *(*name_of)(void *arg, const char *name), void *arg)
{
	const enum libdma_origin page_size = environment->origin.page_size;
	const enum libdma_origin clock = environment->origin.clock;

	environment_rename(environment, name_of, arg);
	/* What has no origin is not printed, merged or used. */
	memset(&environment->origin, 0, sizeof(environment->origin));
	environment->origin.page_size = page_size;
	environment->origin.clock = clock;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-input.c - a file that a target is run on
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz-input.h"
#include "output.h"

int fuzz_input_read(const char *path, uint8_t **data, size_t *size)
{
	FILE *file;
	int status = EXIT_FINE;

	errno = 0;
	file = fopen(path, "re");
	*data = malloc(FUZZ_INPUT_FILE_MOST + 1);
	if (!*data)
		out_of_memory();
	*size = file ? fread(*data, 1, FUZZ_INPUT_FILE_MOST + 1, file) : 0;
	if (!file || ferror(file)) {
		status = trouble(path, -errno);
	} else if (*size > FUZZ_INPUT_FILE_MOST) {
		complain("%s: more than %d bytes, which is no input of a target", path,
			 FUZZ_INPUT_FILE_MOST);
		status = EXIT_INPUT;
	}
	if (file)
		fclose(file);
	if (status) {
		free(*data);
		*data = NULL;
	}
	return status;
}

bool fuzz_input_is_program(const char *path)
{
	FILE *file = fopen(path, "re");
	char head[3] = "";
	size_t got = file ? fread(head, 1, sizeof(head), file) : 0;

	if (file)
		fclose(file);
	return got == sizeof(head) && !memcmp(head, "DM\x01", sizeof(head));
}

int fuzz_input_target(const struct fuzz_options *options, const char *path,
		      const char *name, struct fuzz_target *ret)
{
	uint8_t *data;
	size_t size;
	int status = fuzz_input_read(path, &data, &size);

	if (status)
		return status;
	free(data);
	if (!name)
		name = fuzz_target_of(options, path);
	if (!name) {
		complain("%s: its folder tells no target: name one behind it", path);
		return EXIT_USAGE;
	}
	return fuzz_target_find(options, name, options->mutant != NULL, ret);
}

uint64_t fuzz_input_hash(const void *data, size_t size)
{
	const uint8_t *bytes = data;
	uint64_t value = 0xcbf29ce484222325;

	for (size_t i = 0; i < size; i++)
		value = (value ^ bytes[i]) * 0x100000001b3;
	return value;
}

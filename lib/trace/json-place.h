/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * json-place.h - the line and column of a member in a JSON text
 *
 * The parser says where the syntax is wrong, but keeps no places of what it
 * parsed; where a member is unknown or of the wrong type, its path is followed
 * through the text a second time.
 */
#pragma once

#include <stddef.h>

/* One step into a value: the member of this name, or where it is NULL the element. */
struct json_step {
	const char *key;
	size_t index;
};

/**
 * json_place() - where a path leads
 * @json:	a valid JSON text
 * @size:	its length in bytes
 * @path:	the way from the outermost value
 * @steps:	its length
 * @line:	set to the line, from 1
 * @column:	set to the column in bytes, from 1: of a member, its name
 *
 * A path that cannot be followed to its end gives the place of the last value reached.
 */
void json_place(const char *json, size_t size, const struct json_step *path, size_t steps,
		unsigned int *line, unsigned int *column);

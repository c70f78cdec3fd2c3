// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * json-place.c - the line and column of a member in a JSON text
 */
#include <stdbool.h>
#include <string.h>

#include "trace/json-place.h"

struct scan {
	const char *at;
	const char *end;
};

static bool scan_more(const struct scan *scan)
{
	return scan->at < scan->end;
}

static void skip_space(struct scan *scan)
{
	while (scan_more(scan) && strchr(" \t\r\n", *scan->at) && *scan->at)
		scan->at++;
}

/* Step over @mark and the space around it, if it is there. */
static bool skip_mark(struct scan *scan, char mark)
{
	skip_space(scan);
	if (!scan_more(scan) || *scan->at != mark)
		return false;
	scan->at++;
	skip_space(scan);
	return true;
}

static void skip_string(struct scan *scan)
{
	scan->at++;
	while (scan_more(scan) && *scan->at != '"')
		scan->at += *scan->at == '\\' ? 2 : 1;
	scan->at = scan_more(scan) ? scan->at + 1 : scan->end;
}

static void skip_value(struct scan *scan)
{
	size_t depth = 0;

	skip_space(scan);
	while (scan_more(scan)) {
		if (*scan->at == '"') {
			skip_string(scan);
			continue;
		}
		if (!depth && strchr(",]}", *scan->at))
			return;
		if (*scan->at == '{' || *scan->at == '[')
			depth++;
		else if (*scan->at == '}' || *scan->at == ']')
			depth--;
		scan->at++;
	}
}

static bool find_key(struct scan *scan, const char *key, const char **place)
{
	size_t size = strlen(key);

	if (!skip_mark(scan, '{'))
		return false;
	while (scan_more(scan) && *scan->at == '"') {
		const char *name = scan->at;

		skip_string(scan);
		if ((size_t)(scan->at - name) == size + 2 &&
		    !memcmp(name + 1, key, size)) {
			*place = name;
			return skip_mark(scan, ':');
		}
		skip_mark(scan, ':');
		skip_value(scan);
		skip_mark(scan, ',');
	}
	return false;
}

static bool find_element(struct scan *scan, size_t index, const char **place)
{
	if (!skip_mark(scan, '['))
		return false;
	for (size_t i = 0; i < index; i++) {
		skip_value(scan);
		if (!skip_mark(scan, ','))
			return false;
	}
	*place = scan->at;
	return true;
}

void json_place(const char *json, size_t size, const struct json_step *path, size_t steps,
		unsigned int *line, unsigned int *column)
{
	struct scan scan = { .at = json, .end = json + size };
	const char *place, *start = json;
	bool found = true;

	skip_space(&scan);
	place = scan.at;
	for (size_t i = 0; i < steps && found; i++)
		found = path[i].key ? find_key(&scan, path[i].key, &place)
				    : find_element(&scan, path[i].index, &place);

	*line = 1;
	for (const char *at = json; at < place; at++)
		if (*at == '\n') {
			++*line;
			start = at + 1;
		}
	*column = (unsigned int)(place - start) + 1;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * tracedat-format.c - is the description of a tracepoint one that a kernel wrote?
 *
 * libtraceevent parses them, and was seen to fall over some that are damaged. So each
 * is held against the grammar that the kernel prints them in before it gets them.
 *
 * Kernel counterpart: kernel/trace/trace_events.c, f_show()
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "trace/tracedat.h"

bool tracedat_unpack(const char *packer, const void *packed, size_t packed_size,
		     void *bytes, size_t size)
{
	if (!strcmp(packer, "zstd"))
		return ZSTD_decompress(bytes, size, packed, packed_size) == size;
	if (!strcmp(packer, "zlib")) {
		uLongf got = size;

		return uncompress(bytes, &got, packed, packed_size) == Z_OK &&
		       got == size;
	}
	return false;
}

static bool take_text(const char **at, const char *text)
{
	size_t size = strlen(text);

	if (strncmp(*at, text, size))
		return false;
	*at += size;
	return true;
}

static bool take_number(const char **at)
{
	size_t size = strspn(*at, "0123456789");

	*at += size;
	return size && size <= 9;
}

/* "\tfield:TYPE NAME;\toffset:8;\tsize:4;\tsigned:0;", the last part not of old */
static bool take_field(const char **at)
{
	size_t size;

	if (!take_text(at, "\tfield:"))
		return false;
	size = strcspn(*at, ";\t\n");
	*at += size;
	if (!size || !take_text(at, ";\toffset:") || !take_number(at) ||
	    !take_text(at, ";\tsize:") || !take_number(at) || !take_text(at, ";"))
		return false;
	if (take_text(at, "\tsigned:") && (!take_number(at) || !take_text(at, ";")))
		return false;
	return take_text(at, "\n");
}

/* Does one of the fields, which are described before @end, have the name at @name? */
static bool has_field(const char *fields, const char *end, const char *name)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789_";
	size_t size = strspn(name, letters);

	while (size && (fields = memmem(fields, (size_t)(end - fields), name, size))) {
		const char *behind = fields + size;

		if (fields[-1] == ' ' && (*behind == ';' || *behind == '['))
			return true;
		fields = behind;
	}
	return false;
}

/* "__print_flags(REC->attrs, ...": of which field? That others exist is not needed. */
static bool prints_field(const char *fields, const char *print, const char *at)
{
	static const char record[] = "(REC->";

	at += strcspn(at, "(");
	return strncmp(at, record, strlen(record)) ||
	       has_field(fields, print, at + strlen(record));
}

/* Are brackets and quotes of a print format closed as they were opened? */
static bool is_sound(const char *fields, const char *print)
{
	static const char open[] = "({[", close[] = ")}]";
	const char *at = print, *bracket;
	char stack[128];
	size_t depth = 0;
	bool quoted = false;

	for (; *at; at++) {
		if (quoted && *at == '\\' && at[1]) {
			at++;
		} else if (*at == '"') {
			quoted = !quoted;
		} else if (quoted) {
			continue;
		} else if ((bracket = strchr(open, *at))) {
			if (depth == sizeof(stack))
				return false;
			stack[depth++] = close[bracket - open];
		} else if (strchr(close, *at)) {
			if (!depth || stack[--depth] != *at)
				return false;
		} else if (!strncmp(at, "__print_", 8)) {
			if (!prints_field(fields, print, at))
				return false;
		}
	}
	return !depth && !quoted;
}

bool tracedat_format_valid(const char *text, size_t size)
{
	const char *at = text;

	for (size_t i = 0; i < size; i++)
		if (text[i] != '\n' && text[i] != '\t' &&
		    (text[i] < ' ' || text[i] > '~'))
			return false;
	if (!take_text(&at, "name: "))
		return false;
	at += strcspn(at, "\n");
	if (!take_text(&at, "\nID: ") || !take_number(&at) ||
	    !take_text(&at, "\nformat:\n"))
		return false;
	while (!take_text(&at, "print fmt: "))
		if (!take_text(&at, "\n") && !take_field(&at))
			return false;
	return is_sound(text, at);
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * text-cursor.c - a place in a line of text, and what can be read there
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "trace/text-cursor.h"

int text_complain(struct cursor *cursor, const char *where, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(cursor->parser->why, sizeof(cursor->parser->why), format, args);
	va_end(args);
	cursor->parser->where = where;
	return -EINVAL;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool read_hex(struct cursor *cursor, uint64_t *ret)
{
	const char *start = cursor->at;
	uint64_t value = 0;

	for (; !text_at_end(cursor) && hex_digit(*cursor->at) >= 0; cursor->at++) {
		if (value >> 60)
			return false;
		value = value << 4 | (uint64_t)hex_digit(*cursor->at);
	}
	*ret = value;
	return cursor->at > start;
}

bool text_read_decimal(struct cursor *cursor, uint64_t *ret)
{
	const char *start = cursor->at;
	uint64_t value = 0;

	for (; !text_at_end(cursor) && *cursor->at >= '0' && *cursor->at <= '9';
	     cursor->at++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*cursor->at - '0'), &value))
			return false;
	*ret = value;
	return cursor->at > start;
}

int text_read_number(struct cursor *cursor, uint64_t max, uint64_t *ret)
{
	const char *start = cursor->at;
	bool good;

	if (cursor->end - start > 2 && start[0] == '0' && start[1] == 'x') {
		cursor->at += 2;
		good = read_hex(cursor, ret);
	} else {
		good = text_read_decimal(cursor, ret);
	}
	if (!good)
		return text_complain(cursor, start, "a number was expected here");
	if (*ret > max)
		return text_complain(cursor, start, "a number above %llu",
				     (unsigned long long)max);
	return 0;
}

int text_read_u32(struct cursor *cursor, uint32_t *ret)
{
	uint64_t number = 0;
	int err = text_read_number(cursor, UINT32_MAX, &number);

	*ret = (uint32_t)number;
	return err;
}

static int read_escape(struct cursor *cursor, char *ret)
{
	const char *start = cursor->at++;
	char c = text_at_end(cursor) ? '\0' : *cursor->at++;

	switch (c) {
	case '"':
	case '\\':
		*ret = c;
		return 0;
	case 'n':
		*ret = '\n';
		return 0;
	case 't':
		*ret = '\t';
		return 0;
	case 'x':
		if (cursor->end - cursor->at < 2 || hex_digit(cursor->at[0]) < 0 ||
		    hex_digit(cursor->at[1]) < 0)
			break;
		*ret = (char)(hex_digit(cursor->at[0]) << 4 | hex_digit(cursor->at[1]));
		cursor->at += 2;
		return 0;
	}
	return text_complain(cursor, start,
			     "only \\\\, \\\", \\n, \\t and \\xHH may follow a \\");
}

int text_read_quoted(struct cursor *cursor, struct word *ret)
{
	const char *start = cursor->at++;
	char *out = cursor->parser->scratch_at;
	int err = 0;

	ret->text = out;
	while (!text_at_end(cursor) && *cursor->at != '"' && !err) {
		if (*cursor->at == '\\')
			err = read_escape(cursor, out++);
		else
			*out++ = *cursor->at++;
	}
	if (err)
		return err;
	if (!text_skip_mark(cursor, '"'))
		return text_complain(cursor, start, "a \" that is not closed");
	ret->size = (size_t)(out - ret->text);
	cursor->parser->scratch_at = out;
	return 0;
}

void text_read_bare(struct cursor *cursor, char stop, struct word *ret)
{
	ret->text = cursor->at;
	while (!text_at_gap(cursor) && *cursor->at != stop)
		cursor->at++;
	ret->size = (size_t)(cursor->at - ret->text);
}

int text_read_string(struct cursor *cursor, char stop, struct word *ret)
{
	if (!text_at_end(cursor) && *cursor->at == '"')
		return text_read_quoted(cursor, ret);
	text_read_bare(cursor, stop, ret);
	return 0;
}

int text_add_string(struct cursor *cursor, const char *where, const struct word *word,
		    uint32_t *ret)
{
	if (memchr(word->text, '\0', word->size))
		return text_complain(cursor, where, "only text= may hold a NUL");
	return libdma_strings_add(cursor->parser->strings, word->text, word->size, ret);
}

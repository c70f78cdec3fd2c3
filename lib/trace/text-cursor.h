/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * text-cursor.h - a place in a line of text, and what can be read there
 *
 * Reading moves the cursor. What returns an int gives 0, or text_complain()'s -EINVAL,
 * or -ENOMEM.
 */
#pragma once

#include <stdbool.h>

#include "trace/text.h"

struct cursor {
	const char *at;
	const char *end;
	struct text_parser *parser;
};

struct word {
	const char *text;
	size_t size;
};

/* Say what is wrong at @where; returns -EINVAL. */
int text_complain(struct cursor *cursor, const char *where, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static inline bool text_is_space(char c)
{
	return c == ' ' || c == '\t';
}

static inline void text_skip_space(struct cursor *cursor)
{
	while (cursor->at < cursor->end && text_is_space(*cursor->at))
		cursor->at++;
}

static inline bool text_at_end(const struct cursor *cursor)
{
	return cursor->at == cursor->end;
}

static inline bool text_skip_mark(struct cursor *cursor, char mark)
{
	if (text_at_end(cursor) || *cursor->at != mark)
		return false;
	cursor->at++;
	return true;
}

/* Does the word end here? */
static inline bool text_at_gap(const struct cursor *cursor)
{
	return text_at_end(cursor) || text_is_space(*cursor->at);
}

/* Digits; false where there are none, or too many. */
bool text_read_decimal(struct cursor *cursor, uint64_t *ret);

/* A number up to @max, decimal or with 0x. */
int text_read_number(struct cursor *cursor, uint64_t max, uint64_t *ret);
int text_read_u32(struct cursor *cursor, uint32_t *ret);

int text_read_quoted(struct cursor *cursor, struct word *ret);

/* What is up to a space or @stop, quotes or not. */
void text_read_bare(struct cursor *cursor, char stop, struct word *ret);

/* A string in quotes, or up to a space or @stop. */
int text_read_string(struct cursor *cursor, char stop, struct word *ret);

/* The number of a string that was read at @where. */
int text_add_string(struct cursor *cursor, const char *where, const struct word *word,
		    uint32_t *ret);

/*
 * Read "KEY=VALUE" into an event. @seen has a bit for each member that was there, those
 * from TEXT_SEEN_FREE on are the caller's. A member that nobody knows is complained of,
 * but 0 is returned.
 */
#define TEXT_SEEN_FREE 62
int text_read_member(struct cursor *cursor, size_t key_size, struct dma_event *event,
		     uint64_t *seen);

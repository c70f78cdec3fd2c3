// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * text-parse.c - the event of a line of text
 *
 * A cursor steps from word to word. Each word is a head (time, [cpu], task/pid), the
 * kind, or one of its members, and says by its form which.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/text-cursor.h"

/* The size of the name before a '=', 0 where the word is no member. */
static size_t key_size(const struct cursor *cursor)
{
	const char *at = cursor->at;

	while (at < cursor->end && ((*at >= 'a' && *at <= 'z') || *at == '_'))
		at++;
	return at < cursor->end && *at == '=' ? (size_t)(at - cursor->at) : 0;
}

/* A word without '=' is a direction, or else the device. */
static int read_positional(struct cursor *cursor, struct dma_event *event, uint64_t *seen)
{
	const char *start = cursor->at;
	bool quoted = *start == '"';
	uint64_t bit = 1ULL << TEXT_SEEN_FREE;
	struct word word;
	int dir, err;

	err = text_read_string(cursor, ' ', &word);
	if (err)
		return err;
	dir = quoted ? -1 : text_direction(word.text, word.size);
	if (dir >= 0)
		bit <<= 1;
	if (*seen & bit)
		return text_complain(cursor, start, "a second %s \"%.*s\"",
				     dir < 0 ? "device" : "direction",
				     (int)(word.size < 60 ? word.size : 60), word.text);
	*seen |= bit;
	if (dir < 0)
		return text_add_string(cursor, start, &word, &event->device);
	event->dir = (uint8_t)dir;
	return 0;
}

static int read_members(struct cursor *cursor, struct dma_event *event)
{
	uint64_t seen = 0;
	int err = 0;

	for (text_skip_space(cursor); !text_at_end(cursor) && !err;
	     text_skip_space(cursor)) {
		size_t size = key_size(cursor);

		if (*cursor->at == '#')
			break;
		if (size)
			err = text_read_member(cursor, size, event, &seen);
		else
			err = read_positional(cursor, event, &seen);
	}
	return err;
}

/* Seconds, and up to nine digits behind the point. False: the word is something else. */
static bool read_time(struct cursor *cursor, uint64_t *ret)
{
	const char *start = cursor->at, *point;
	uint64_t seconds, part = 0;
	bool good = text_read_decimal(cursor, &seconds);

	if (good && text_skip_mark(cursor, '.')) {
		point = cursor->at;
		good = text_read_decimal(cursor, &part) && cursor->at - point <= 9;
		for (ptrdiff_t i = cursor->at - point; i < 9; i++)
			part *= 10;
	}
	if (good && text_at_gap(cursor) &&
	    !__builtin_mul_overflow(seconds, 1000000000, &seconds) &&
	    !__builtin_add_overflow(seconds, part, ret))
		return true;
	cursor->at = start;
	return false;
}

/* [1 d.h1.] */
static int read_cpu(struct cursor *cursor, struct dma_event *event)
{
	const char *start = cursor->at++;
	struct word word;
	uint64_t cpu;
	int err;

	if (!text_read_decimal(cursor, &cpu) || cpu > UINT32_MAX)
		return text_complain(cursor, start,
				     "[ is followed by the number of a CPU");
	event->cpu = (uint32_t)cpu;
	text_skip_space(cursor);
	err = text_read_string(cursor, ']', &word);
	if (!err && !text_skip_mark(cursor, ']'))
		err = text_complain(cursor, start, "a [ that is not closed");
	return err ? err : text_add_string(cursor, start, &word, &event->context);
}

/* iomix/261, "my task"/12: false where the word is none. */
static bool read_task(struct cursor *cursor, struct word *comm, int32_t *pid)
{
	const char *start = cursor->at, *slash;
	uint64_t number;
	bool negative;

	if (*start == '"') {
		if (text_read_quoted(cursor, comm))
			return false;
		slash = cursor->at;
	} else {
		text_read_bare(cursor, ' ', comm);
		slash = memrchr(start, '/', comm->size);
		comm->size = slash ? (size_t)(slash - start) : 0;
	}
	cursor->at = slash ? slash : start;
	if (!slash || !text_skip_mark(cursor, '/'))
		return false;
	negative = text_skip_mark(cursor, '-');
	if (!text_read_decimal(cursor, &number) || !text_at_gap(cursor) ||
	    number > (uint64_t)INT32_MAX + negative)
		return false;
	*pid = (int32_t)(negative ? -(int64_t)number : (int64_t)number);
	return true;
}

/* What stands before the kind; all of it may be absent. */
static int read_head(struct cursor *cursor, struct dma_event *event)
{
	const char *start;
	char *scratch;
	struct word comm;
	int err = 0;

	if (read_time(cursor, &event->ns))
		text_skip_space(cursor);
	if (!text_at_end(cursor) && *cursor->at == '[')
		err = read_cpu(cursor, event);
	if (err)
		return err;
	text_skip_space(cursor);
	start = cursor->at;
	scratch = cursor->parser->scratch_at;
	if (text_at_end(cursor))
		return 0;
	if (read_task(cursor, &comm, &event->pid))
		return text_add_string(cursor, start, &comm, &event->comm);
	/* a quoted word that was no task is read again */
	cursor->at = start;
	cursor->parser->scratch_at = scratch;
	return 0;
}

static int read_kind(struct cursor *cursor, struct dma_event *event)
{
	struct word word;
	const char *start;
	int err;

	text_skip_space(cursor);
	start = cursor->at;
	err = text_read_string(cursor, ' ', &word);
	if (err)
		return err;
	event->kind = libdma_event_kind_find(word.text, word.size);
	if (event->kind != DMA_EVENT_NONE)
		return 0;
	return text_complain(cursor, start, "\"%.*s\" is no kind of event",
			     (int)(word.size < 60 ? word.size : 60), word.text);
}

static int make_scratch(struct text_parser *parser, size_t size)
{
	char *scratch;

	if (parser->scratch_room < size) {
		scratch = realloc(parser->scratch, size * 2);
		if (!scratch)
			return -ENOMEM;
		parser->scratch = scratch;
		parser->scratch_room = size * 2;
	}
	parser->scratch_at = parser->scratch;
	return 0;
}

int text_parse(struct text_parser *parser, const char *line, size_t size,
	       struct dma_event *event)
{
	struct cursor cursor = { .at = line, .end = line + size, .parser = parser };
	int err;

	parser->where = NULL;
	text_skip_space(&cursor);
	if (text_at_end(&cursor) || *cursor.at == '#')
		return 0;
	err = make_scratch(parser, size);
	if (err)
		return err;
	*event = (struct dma_event) { .ns = parser->ns };
	err = read_head(&cursor, event);
	if (!err)
		err = read_kind(&cursor, event);
	if (!err)
		err = read_members(&cursor, event);
	if (err)
		return err;
	parser->ns = event->ns;
	return 1;
}

void text_parser_deinit(struct text_parser *parser)
{
	free(parser->scratch);
	free(parser->entries.address);
	free(parser->entries.size);
	free(parser->segments.address);
	free(parser->segments.size);
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * filter-parse.c - from an expression to the steps of a filter
 *
 * Recursive descent that writes steps as it goes. What a word after an operator
 * means hangs on the field before it, so words are taken one at a time.
 */
#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "trace/filter.h"

#define DEPTH_MAX 100 /* parentheses and negations within each other */
#define STEPS_MAX 10000

_Static_assert(DMA_EVENT_KINDS <= 64, "a set of kinds is 64 bits");

struct parser {
	struct libdma_filter *filter;
	const char *text;
	const char *at;
	unsigned int depth;
	size_t *place;
	char **why;
};

static int fail(struct parser *parser, const char *where, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(struct parser *parser, const char *where, const char *format, ...)
{
	va_list args;
	int size;

	*parser->place = (size_t)(where - parser->text);
	va_start(args, format);
	size = vasprintf(parser->why, format, args);
	va_end(args);
	return size < 0 ? -ENOMEM : -EINVAL;
}

static void skip_space(struct parser *parser)
{
	while (isspace((unsigned char)*parser->at))
		parser->at++;
}

/* Take @word, if it comes next. */
static bool take(struct parser *parser, const char *word)
{
	skip_space(parser);
	if (strncmp(parser->at, word, strlen(word)))
		return false;
	parser->at += strlen(word);
	return true;
}

static int add_step(struct parser *parser, struct step step)
{
	struct libdma_filter *filter = parser->filter;

	if (filter->steps == filter->step_room) {
		size_t room = 2 * filter->step_room + 8;
		struct step *steps;

		if (filter->steps >= STEPS_MAX)
			return fail(parser, parser->at, "the expression is too long");
		steps = realloc(filter->step, room * sizeof(*steps));
		if (!steps)
			return -ENOMEM;
		filter->step = steps;
		filter->step_room = room;
	}
	filter->step[filter->steps++] = step;
	return 0;
}

/* A word, quoted or up to what can be no part of one; @ret is to be freed. */
static int take_word(struct parser *parser, char **ret)
{
	const char *start;
	size_t size = 0;
	char *word = NULL;

	skip_space(parser);
	start = parser->at;
	word = malloc(strlen(start) + 1);
	if (!word)
		return -ENOMEM;
	if (*start == '"') {
		for (parser->at++; *parser->at && *parser->at != '"'; parser->at++) {
			if (*parser->at == '\\' && parser->at[1])
				parser->at++;
			word[size++] = *parser->at;
		}
		if (*parser->at++ != '"') {
			free(word);
			return fail(parser, start, "this quotation mark has no other");
		}
	} else {
		while (*parser->at && !isspace((unsigned char)*parser->at) &&
		       !strchr("()&|\"=<>!~", *parser->at))
			word[size++] = *parser->at++;
		if (!size) {
			free(word);
			return fail(parser, start, *start ? "a value is missing before this"
							  : "a value is missing at the end");
		}
	}
	word[size] = '\0';
	*ret = word;
	return 0;
}

/* What a number is multiplied by; 0 for an unknown unit. */
static uint64_t find_unit(const char *unit, enum field_type type)
{
	static const struct {
		const char *name;
		uint64_t factor;
		bool time;
	} units[] = {
		{ "k", 1ull << 10, false },    { "K", 1ull << 10, false },
		{ "M", 1ull << 20, false },    { "G", 1ull << 30, false },
		{ "T", 1ull << 40, false },    { "s", 1000000000, true },
		{ "ms", 1000000, true },       { "us", 1000, true },
		{ "ns", 1, true },
	};

	if (!*unit)
		return 1;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(units[i].name, unit) && units[i].time == (type == FIELD_TIME))
			return units[i].factor;
	return 0;
}

/* "0x1f00", "4k", "1.5M", "12.25s"; false where @word is none or is too large. */
static bool read_number(const char *word, enum field_type type, uint64_t *ret)
{
	unsigned __int128 whole = 0, part = 0, scale = 1;
	uint64_t unit;

	if (word[0] == '0' && (word[1] == 'x' || word[1] == 'X') &&
	    isxdigit((unsigned char)word[2])) {
		char *end;

		errno = 0;
		*ret = strtoull(word, &end, 16);
		return !errno && !*end;
	}
	if (!isdigit((unsigned char)*word))
		return false;
	for (; isdigit((unsigned char)*word); word++) {
		whole = whole * 10 + (unsigned int)(*word - '0');
		if (whole > UINT64_MAX)
			return false;
	}
	if (*word == '.' && isdigit((unsigned char)word[1]))
		for (word++; isdigit((unsigned char)*word); word++) {
			if (scale >= 1000000000000000000)
				continue;
			part = part * 10 + (unsigned int)(*word - '0');
			scale *= 10;
		}
	unit = find_unit(word, type);
	whole = whole * unit + part * unit / scale;
	if (!unit || whole > UINT64_MAX || (scale > 1 && unit == 1))
		return false;
	*ret = (uint64_t)whole;
	return true;
}

static bool read_errno(const char *word, uint64_t *ret)
{
	for (int number = 1; number < 134; number++) {
		const char *name = strerrorname_np(number);

		if (name && !strcmp(name, word)) {
			*ret = (uint64_t)number;
			return true;
		}
	}
	return false;
}

static bool fits(const char *known, enum compare compare, const char *word)
{
	if (compare == COMPARE_GLOB)
		return !fnmatch(word, known, FNM_CASEFOLD);
	return !strcasecmp(known, word);
}

/* The kinds, classes or directions that @word fits, as bits. */
static uint64_t find_set(enum field_type type, enum compare compare, const char *word)
{
	static const char *const classes[] = {
		[DMA_CLASS_NONE] = "none",   [DMA_CLASS_MAP] = "map",
		[DMA_CLASS_UNMAP] = "unmap", [DMA_CLASS_ALLOC] = "alloc",
		[DMA_CLASS_FREE] = "free",   [DMA_CLASS_SYNC] = "sync",
	};
	uint64_t set = 0;
	const char *name;

	for (unsigned int i = 0; i < 64; i++) {
		if (type == FIELD_KIND)
			name = libdma_event_kind_name(i);
		else if (type == FIELD_DIRECTION)
			name = libdma_direction_name(i);
		else
			name = i <= DMA_CLASS_SYNC ? classes[i] : NULL;
		if (name && fits(name, compare, word))
			set |= 1ull << i;
	}
	return set;
}

static int add_pattern(struct parser *parser, struct step *step, char *word)
{
	struct libdma_filter *filter = parser->filter;
	struct pattern *patterns;

	patterns = realloc(filter->pattern, (filter->patterns + 1) * sizeof(*patterns));
	if (!patterns) {
		free(word);
		return -ENOMEM;
	}
	filter->pattern = patterns;
	patterns[filter->patterns] = (struct pattern) {
		.text = word,
		.glob = step->compare == COMPARE_GLOB,
	};
	step->op = STEP_STRING;
	step->string = (uint32_t)filter->patterns++;
	return 0;
}

static int read_value(struct parser *parser, const struct field *field, struct step *step)
{
	const char *start;
	char *word = NULL;
	int err;

	skip_space(parser);
	start = parser->at;
	err = take_word(parser, &word);
	if (err)
		return err;
	if (field->type == FIELD_STRING)
		return add_pattern(parser, step, word);

	switch (field->type) {
	case FIELD_KIND:
	case FIELD_CLASS:
	case FIELD_DIRECTION:
		step->op = STEP_SET;
		step->value = find_set(field->type, step->compare, word);
		if (!step->value)
			err = fail(parser, start, "'%.40s' is no %s", word,
				   field->type == FIELD_DIRECTION ? "direction"
								  : field->face.name);
		break;
	default:
		step->op = STEP_NUMBER;
		if (!read_number(word, field->type, &step->value) &&
		    !(field->type == FIELD_ERROR && read_errno(word, &step->value)))
			err = fail(parser, start, "'%.40s' is no %s", word,
				   field->type == FIELD_TIME	? "time"
				   : field->type == FIELD_ERROR ? "error"
								: "number");
	}
	free(word);
	return err;
}

static bool ordered(enum field_type type)
{
	return type == FIELD_NUMBER || type == FIELD_TIME || type == FIELD_ERROR;
}

static int parse_compare(struct parser *parser, const struct field *field,
			 enum compare *ret, bool *negate)
{
	/* Longer ones first, where one begins like another. */
	static const struct {
		const char *word;
		enum compare compare;
		bool negate;
	} operators[] = {
		{ "==", COMPARE_EQUAL, false },	  { "!=", COMPARE_EQUAL, true },
		{ "<=", COMPARE_LESS_EQUAL, false }, { ">=", COMPARE_MORE_EQUAL, false },
		{ "<", COMPARE_LESS, false },	  { ">", COMPARE_MORE, false },
		{ "!~", COMPARE_GLOB, true },	  { "~", COMPARE_GLOB, false },
	};
	const char *start;

	skip_space(parser);
	start = parser->at;
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		if (!take(parser, operators[i].word))
			continue;
		*ret = operators[i].compare;
		*negate = operators[i].negate;
		if (*ret != COMPARE_EQUAL && ordered(field->type) == (*ret == COMPARE_GLOB))
			return fail(parser, start, "'%s' cannot be compared by %s",
				    field->face.name, operators[i].word);
		return 0;
	}
	return fail(parser, start, "'%s' must be followed by one of == != %s",
		    field->face.name, ordered(field->type) ? "< <= > >=" : "~ !~");
}

static const struct field *find_field(const char *word, size_t size)
{
	/* as events and users call it, besides the name in the table */
	if (size == 6 && !memcmp(word, "device", 6))
		return &fields[ID_DEVICE];
	for (size_t i = 0; i < IDS; i++)
		if (strlen(fields[i].face.name) == size &&
		    !memcmp(fields[i].face.name, word, size))
			return &fields[i];
	return NULL;
}

static int parse_comparison(struct parser *parser)
{
	struct step step = { 0 };
	const struct field *field;
	enum compare compare = COMPARE_EQUAL;
	bool negate = false;
	size_t size = 0;
	int err;

	skip_space(parser);
	while (isalnum((unsigned char)parser->at[size]) || parser->at[size] == '_')
		size++;
	field = find_field(parser->at, size);
	if (!size)
		return fail(parser, parser->at,
			    *parser->at ? "here should be a field, '!' or '('"
					: "a comparison is missing at the end");
	if (!field)
		return fail(parser, parser->at, "'%.*s' is no field of events",
			    size > 40 ? 40 : (int)size, parser->at);
	parser->at += size;
	step.id = (uint8_t)(field - fields);
	if (field->type == FIELD_TRUTH) {
		step.op = STEP_TRUTH;
		return add_step(parser, step);
	}
	err = parse_compare(parser, field, &compare, &negate);
	if (err)
		return err;
	step.compare = (uint8_t)compare;
	err = read_value(parser, field, &step);
	if (!err)
		err = add_step(parser, step);
	if (!err && negate)
		err = add_step(parser, (struct step) { .op = STEP_NOT });
	return err;
}

static int parse_or(struct parser *parser);

static int parse_not(struct parser *parser)
{
	const char *start;
	int err;

	skip_space(parser);
	start = parser->at;
	if (*start != '!' && *start != '(')
		return parse_comparison(parser);
	if (++parser->depth > DEPTH_MAX)
		return fail(parser, start, "nested too deeply");
	parser->at++;
	if (*start == '!') {
		err = parse_not(parser);
		if (!err)
			err = add_step(parser, (struct step) { .op = STEP_NOT });
	} else {
		err = parse_or(parser);
		if (!err && !take(parser, ")"))
			err = fail(parser, start, "this parenthesis is not closed");
	}
	parser->depth--;
	return err;
}

/* One or more of what @next parses, joined by @word. */
static int parse_joined(struct parser *parser, const char *word, enum step_op op,
			int (*next)(struct parser *parser))
{
	int err = next(parser);

	while (!err && take(parser, word)) {
		size_t jump = parser->filter->steps;

		err = add_step(parser, (struct step) { .op = (uint8_t)op });
		if (!err)
			err = next(parser);
		if (!err)
			parser->filter->step[jump].value = parser->filter->steps;
	}
	return err;
}

static int parse_and(struct parser *parser)
{
	return parse_joined(parser, "&&", STEP_AND, parse_not);
}

static int parse_or(struct parser *parser)
{
	return parse_joined(parser, "||", STEP_OR, parse_and);
}

int filter_parse(struct libdma_filter *filter, const char *text, size_t *place, char **why)
{
	struct parser parser = {
		.filter = filter,
		.text = text,
		.at = text,
		.place = place,
		.why = why,
	};
	int err;

	*why = NULL;
	err = parse_or(&parser);
	if (err)
		return err;
	skip_space(&parser);
	if (*parser.at)
		return fail(&parser, parser.at, "here should be && or ||");
	return 0;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * position.c - moments of a trace as users write them
 */
#include <errno.h>
#include <string.h>

#include <libdma/replay.h>

static const char *const names[] = {
	[LIBDMA_MOMENT_AUTO] = "auto",   [LIBDMA_MOMENT_END] = "end",
	[LIBDMA_MOMENT_PEAK] = "peak",   [LIBDMA_MOMENT_FAILURE] = "failure",
	[LIBDMA_MOMENT_EVENT] = "event", [LIBDMA_MOMENT_TIME] = "time",
	[LIBDMA_MOMENT_AFTER] = "after",
};

static const struct {
	const char *name;
	uint64_t ns;
} units[] = {
	{ "s", 1000000000 },
	{ "ms", 1000000 },
	{ "us", 1000 },
	{ "ns", 1 },
};

const char *libdma_position_name(enum libdma_moment_kind kind)
{
	return names[kind];
}

static int parse_digits(const char **text, uint64_t *ret)
{
	uint64_t value = 0;

	if (**text < '0' || **text > '9')
		return -EINVAL;
	for (; **text >= '0' && **text <= '9'; ++*text)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(**text - '0'), &value))
			return -ERANGE;
	*ret = value;
	return 0;
}

/* The digits behind a point, as so many billionths; what is finer is dropped. */
static int parse_fraction(const char **text, uint64_t *ret)
{
	uint64_t scale = 100000000;

	if (**text < '0' || **text > '9')
		return -EINVAL;
	*ret = 0;
	for (; **text >= '0' && **text <= '9'; ++*text, scale /= 10)
		*ret += (uint64_t)(**text - '0') * scale;
	return 0;
}

/* @whole and @fraction billionths of a unit, which @text names, or of a second. */
static int parse_unit(const char *text, uint64_t whole, uint64_t fraction, uint64_t *ret)
{
	uint64_t ns = *text ? 0 : units[0].ns, value;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(text, units[i].name))
			ns = units[i].ns;
	if (!ns)
		return -EINVAL;
	if (__builtin_mul_overflow(whole, ns, &value) ||
	    __builtin_add_overflow(value, fraction / (1000000000 / ns), ret))
		return -ERANGE;
	return 0;
}

static bool parse_word(const char *text, struct libdma_position *ret)
{
	for (unsigned int kind = LIBDMA_MOMENT_AUTO; kind <= LIBDMA_MOMENT_FAILURE;
	     kind++)
		if (!strcmp(text, names[kind])) {
			*ret = (struct libdma_position) { .kind = kind };
			return true;
		}
	return false;
}

int libdma_position_parse(const char *text, struct libdma_position *ret)
{
	uint64_t whole, fraction = 0;
	bool after = *text == '+', event = *text == '#', point;
	int err;

	if (parse_word(text, ret))
		return 0;
	text += after || event;
	err = parse_digits(&text, &whole);
	if (err)
		return err;
	if (event) {
		*ret = (struct libdma_position) { LIBDMA_MOMENT_EVENT, whole };
		return *text ? -EINVAL : 0;
	}
	point = *text == '.';
	text += point;
	if (point && parse_fraction(&text, &fraction))
		return -EINVAL;
	ret->kind = after ? LIBDMA_MOMENT_AFTER : LIBDMA_MOMENT_TIME;
	return parse_unit(text, whole, fraction, &ret->value);
}

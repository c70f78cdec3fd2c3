// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * range.c - from where to where in a trace: --begin and --end
 */
#include <ctype.h>
#include <string.h>

#include "range.h"

#define NS_PER_S 1000000000ull

static bool read_digits(const char **text, uint64_t *ret)
{
	*ret = 0;
	if (!isdigit((unsigned char)**text))
		return false;
	for (; isdigit((unsigned char)**text); ++*text)
		if (__builtin_mul_overflow(*ret, 10, ret) ||
		    __builtin_add_overflow(*ret, (uint64_t)(**text - '0'), ret))
			return false;
	return true;
}

/* Seconds with up to nine places; more are dropped. */
static bool read_seconds(const char *text, uint64_t *ret)
{
	uint64_t unit = NS_PER_S;

	if (!read_digits(&text, ret) || __builtin_mul_overflow(*ret, NS_PER_S, ret))
		return false;
	if (*text == '.') {
		for (text++; isdigit((unsigned char)*text); text++) {
			unit /= 10;
			*ret += unit * (uint64_t)(*text - '0');
		}
	}
	return !strcmp(text, "") || !strcmp(text, "s");
}

bool place_parse(const char *text, struct place *ret)
{
	if (*text == '#') {
		ret->type = PLACE_NUMBER;
		text++;
		return read_digits(&text, &ret->value) && !*text;
	}
	ret->type = *text == '+' ? PLACE_RELATIVE : PLACE_TIME;
	return read_seconds(text + (*text == '+'), &ret->value);
}

/* Where the event lies on the scale of the place. */
static uint64_t position(const struct range *range, const struct place *place,
			 const struct dma_event *event)
{
	switch (place->type) {
	case PLACE_NUMBER:
		return event->number;
	case PLACE_RELATIVE:
		return event->ns < range->first_ns ? 0 : event->ns - range->first_ns;
	default:
		return event->ns;
	}
}

bool range_holds(struct range *range, const struct dma_event *event)
{
	if (!range->started) {
		range->started = true;
		range->first_ns = event->ns;
	}
	if (range->begin.type &&
	    position(range, &range->begin, event) < range->begin.value)
		return false;
	return !range->end.type || position(range, &range->end, event) <= range->end.value;
}

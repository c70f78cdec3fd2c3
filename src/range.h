/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * range.h - from where to where in a trace: --begin and --end
 */
#pragma once

#include <stdbool.h>

#include <libdma/event.h>

enum place_type {
	PLACE_NONE,
	PLACE_TIME,	/* ns on the trace's clock */
	PLACE_RELATIVE, /* ns behind the first event */
	PLACE_NUMBER,	/* of an event */
};

struct place {
	enum place_type type;
	uint64_t value;
};

struct range {
	struct place begin, end;
	bool started; /* the first event was seen */
	uint64_t first_ns;
};

/*
 * "12.345" is a time stamp in seconds, "+0.5" half a second behind the first event,
 * "#1000" the event of that number. False where @text is none of these.
 */
bool place_parse(const char *text, struct place *ret);

/*
 * Is the event within the range? Both ends belong to it. Shown every event in turn.
 */
bool range_holds(struct range *range, const struct dma_event *event);

/* Can no further event belong to the range, once so many were read? */
static inline bool range_is_over(const struct range *range, uint64_t events)
{
	return range->end.type == PLACE_NUMBER && events > range->end.value;
}

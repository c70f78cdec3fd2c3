// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ftrace-list.c - arrays of numbers: "{0x1000,0x2000}"
 *
 * The lists are reused from event to event, and grow as far as a line's length lets
 * them.
 *
 * Kernel counterpart: kernel/trace/trace_output.c, trace_print_array_seq()
 */
#include <stdlib.h>

#include "trace/ftrace.h"

#define LIST_ROOM 256

bool ftrace_list64_grow(struct scan *scan, struct list64 *list)
{
	uint32_t room = list->room ? list->room * 2 : LIST_ROOM;
	uint64_t *value = realloc(list->value, room * sizeof(*value));

	if (!value) {
		scan->error = -ENOMEM;
		return false;
	}
	list->value = value;
	list->room = room;
	return true;
}

bool ftrace_list32_grow(struct scan *scan, struct list32 *list)
{
	uint32_t room = list->room ? list->room * 2 : LIST_ROOM;
	uint32_t *value = realloc(list->value, room * sizeof(*value));

	if (!value) {
		scan->error = -ENOMEM;
		return false;
	}
	list->value = value;
	list->room = room;
	return true;
}

void ftrace_scan_list64(struct scan *scan, struct list64 *list)
{
	uint32_t count = 0;

	SCAN_TEXT(scan, "{");
	if (!SCAN_IS(scan, "}")) {
		do {
			if (count == list->room && !ftrace_list64_grow(scan, list))
				return;
			SCAN_TEXT(scan, "0x");
			list->value[count++] = scan_hex(scan);
		} while (SCAN_TRY(scan, ",") && !scan->error);
	}
	SCAN_TEXT(scan, "}");
	list->count = count;
}

void ftrace_scan_list32(struct scan *scan, struct list32 *list)
{
	uint32_t count = 0;
	uint64_t value, all = 0;

	SCAN_TEXT(scan, "{");
	if (!SCAN_IS(scan, "}")) {
		do {
			if (count == list->room && !ftrace_list32_grow(scan, list))
				return;
			SCAN_TEXT(scan, "0x");
			value = scan_hex(scan);
			list->value[count++] = (uint32_t)value;
			all |= value;
		} while (SCAN_TRY(scan, ",") && !scan->error);
	}
	SCAN_TEXT(scan, "}");
	if (all > UINT32_MAX)
		scan_fail(scan);
	list->count = count;
}

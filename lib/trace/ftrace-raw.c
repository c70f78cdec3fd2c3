// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ftrace-raw.c - bodies of which libtraceevent could print the fields only
 *
 *   [FAILED TO PARSE] device=0000:00:02.0 full_nents=2 phys_addrs=ARRAY[00, f0, ...]
 *
 * It does not know all that the kernel's print formats call, and then shows the
 * record's fields as they lie, arrays byte by byte, lowest first. trace-cmd report
 * and perf script print all events with scatterlists so.
 */
#include "trace/ftrace.h"

/* "ARRAY[00, f0, 31, 04]": elements of @width bytes */
static void scan_array(struct scan *scan, unsigned int width, struct list64 *list)
{
	uint64_t value = 0;
	uint32_t bytes = 0;

	list->count = 0;
	SCAN_TEXT(scan, "ARRAY[");
	while (!scan->error && !SCAN_IS(scan, "]")) {
		if (bytes)
			SCAN_TEXT(scan, ", ");
		value |= (scan_hex(scan) & 0xff) << 8 * (bytes % width);
		if (++bytes % width)
			continue;
		if (list->count == list->room && !ftrace_list64_grow(scan, list))
			return;
		list->value[list->count++] = value;
		value = 0;
	}
	SCAN_TEXT(scan, "]");
	if (bytes % width)
		scan_fail(scan);
}

/* An array of lengths, which are narrower than addresses. */
static void scan_lengths(struct ftrace *ftrace, struct scan *scan)
{
	struct list32 *sizes = &ftrace->sizes;

	scan_array(scan, 4, &ftrace->lengths);
	for (sizes->count = 0; sizes->count < ftrace->lengths.count; sizes->count++) {
		if (sizes->count == sizes->room && !ftrace_list32_grow(scan, sizes))
			return;
		sizes->value[sizes->count] =
			(uint32_t)ftrace->lengths.value[sizes->count];
	}
}

/* "0x100", "2" or "-12" */
static uint64_t scan_number(struct scan *scan)
{
	if (SCAN_TRY(scan, "0x"))
		return scan_hex(scan);
	if (SCAN_TRY(scan, "-"))
		return 0 - scan_decimal(scan);
	return scan_decimal(scan);
}

static void scan_word(struct ftrace *ftrace, struct scan *scan, struct memos *memos,
		      uint32_t *ret)
{
	const char *text = scan->at;

	while (*scan->at != ' ' && !ftrace_at_end(scan))
		scan->at++;
	ftrace_intern(ftrace, scan, memos, text, (size_t)(scan->at - text), ret);
}

static void scan_lists(struct ftrace *ftrace, struct scan *scan)
{
	struct dma_event *event = &ftrace->event;

	if (SCAN_TRY(scan, "phys_addrs=") || SCAN_TRY(scan, "addrs=")) {
		scan_array(scan, 8, &ftrace->phys);
		event->phys_count = ftrace->phys.count;
		event->phys_list = ftrace->phys.value;
	} else if (SCAN_TRY(scan, "dma_addrs=")) {
		scan_array(scan, 8, &ftrace->dma);
		event->dma_count = ftrace->dma.count;
		event->dma_list = ftrace->dma.value;
	} else if (SCAN_TRY(scan, "lengths=")) {
		scan_lengths(ftrace, scan);
		event->dma_size_list = ftrace->sizes.value;
	} else {
		scan_fail(scan);
	}
}

static void scan_field(struct ftrace *ftrace, struct scan *scan)
{
	struct dma_event *event = &ftrace->event;

	if (SCAN_TRY(scan, "device="))
		scan_word(ftrace, scan, &ftrace->device, &event->device);
	else if (SCAN_TRY(scan, "dir="))
		event->dir = (uint8_t)scan_number(scan);
	else if (SCAN_TRY(scan, "attrs="))
		event->attrs = scan_number(scan);
	else if (SCAN_TRY(scan, "size="))
		event->size = scan_number(scan);
	else if (SCAN_TRY(scan, "dma_addr=") || SCAN_TRY(scan, "addr="))
		event->dma = scan_number(scan);
	else if (SCAN_TRY(scan, "phys_addr="))
		event->phys = scan_number(scan);
	else if (SCAN_TRY(scan, "virt_addr="))
		event->cpu_addr = scan_number(scan);
	else if (SCAN_TRY(scan, "flags="))
		scan_word(ftrace, scan, &ftrace->word, &event->gfp);
	else if (SCAN_TRY(scan, "err="))
		event->error = (int32_t)scan_number(scan);
	else if (SCAN_TRY(scan, "full_nents="))
		event->nents = (uint32_t)scan_number(scan);
	else if (SCAN_TRY(scan, "full_ents="))
		event->ents = (uint32_t)scan_number(scan);
	else if (SCAN_TRY(scan, "truncated="))
		event->flags |= scan_number(scan) ? DMA_EVENT_CUT : 0;
	else
		scan_lists(ftrace, scan);
}

void ftrace_scan_raw(struct ftrace *ftrace, struct scan *scan)
{
	struct dma_event *event = &ftrace->event;

	ftrace->sizes.count = 0;
	SCAN_TEXT(scan, "[FAILED TO PARSE]");
	while (!scan->error && !ftrace_at_end(scan)) {
		SCAN_TEXT(scan, " ");
		scan_field(ftrace, scan);
	}
	if (event->dir > DMA_NONE || ftrace->sizes.count != event->dma_count)
		scan_fail(scan);
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ftrace-stack.c - call stacks, which take lines of their own behind an event's
 *
 *   "   ip-244     [000] .....     4.721705: <stack trace>"	the kernel, trace-cmd
 *   " => dma_map_page_attrs"
 *   "	ffffffff81106e1b dma_map_page_attrs+0x1b ([kernel.kallsyms])"	perf script
 *
 * Reading ahead costs, so it is done only where the beginning of a file has stacks.
 */
#include <string.h>

#include "trace/ftrace.h"

#define STACK_SIZE ((size_t)16 << 10)

static const char mark[] = "<stack trace>";

bool ftrace_has_stacks(const struct ftrace *ftrace)
{
	size_t size = (size_t)(ftrace->limit - ftrace->text);

	return memmem(ftrace->text, size, mark, strlen(mark)) ||
	       memmem(ftrace->text, size, "\n\t", 2);
}

bool ftrace_is_stack(const struct dma_event *event)
{
	return event->kind == DMA_EVENT_OTHER && !event->name &&
	       event->text_size == strlen(mark) &&
	       !memcmp(event->text, mark, strlen(mark));
}

/* The function that a line names, and its size; 0 if the line is none of a stack. */
static size_t find_frame(const char *line, const char **ret)
{
	struct scan scan = { .at = line };

	if (!SCAN_TRY(&scan, " => ")) {
		if (!SCAN_TRY(&scan, "\t"))
			return 0;
		scan_spaces(&scan);
		scan_hex(&scan);
		SCAN_TEXT(&scan, " ");
		if (scan.error)
			return 0;
	}
	*ret = scan.at;
	return strcspn(scan.at, " \r\n");
}

/* Take the lines of functions from here on: 0 or -errno. */
static int take_frames(struct ftrace *ftrace, uint32_t *ret)
{
	char stack[STACK_SIZE];
	const char *frame;
	size_t used = 0, size;
	int more;

	while ((more = ftrace_fetch(ftrace)) > 0) {
		const char *end = memchr(ftrace->text, '\n',
					 (size_t)(ftrace->limit - ftrace->text));

		size = find_frame(ftrace->text, &frame);
		if (!size)
			break;
		if (used + size + 1 < sizeof(stack)) {
			if (used)
				stack[used++] = ';';
			memcpy(stack + used, frame, size);
			used += size;
		}
		ftrace_leave(ftrace, end + 1);
	}
	if (more < 0)
		return more;
	return libdma_strings_add(ftrace->reader->strings, stack, strnlen(stack, used),
				  ret);
}

/* Is the next line the kernel's announcement of the stack of @event? Then take it. */
static bool take_mark(struct ftrace *ftrace, const struct dma_event *event)
{
	struct dma_event kept = *event;
	struct scan scan = { .at = ftrace->text };
	bool ours;

	ftrace->event = (struct dma_event) { .kind = DMA_EVENT_NONE };
	ftrace_scan_prefix(ftrace, &scan);
	ours = !scan.error && SCAN_TRY(&scan, "<stack trace>") && ftrace_at_end(&scan) &&
	       ftrace->event.pid == kept.pid && ftrace->event.cpu == kept.cpu;
	ftrace->event = kept;
	if (ours)
		ftrace_leave(ftrace, scan.at + 1 + (*scan.at == '\r'));
	return ours;
}

int ftrace_take_stack(struct ftrace *ftrace)
{
	struct dma_event *event = &ftrace->event;
	int more;

	/* A text lies in the window, which may not move while it is needed. */
	if (event->text_size && ftrace->text == ftrace->limit)
		return 0;
	more = ftrace_fetch(ftrace);
	if (more <= 0)
		return more;
	if (!ftrace_is_stack(event) && *ftrace->text != '\t' && !take_mark(ftrace, event))
		return 0;
	return take_frames(ftrace, &event->stack);
}

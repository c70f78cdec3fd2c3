// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * format-ftrace.c - the text that the kernel, trace-cmd and perf print
 *
 * Lines are scanned where they lie in the window. Only a line that cannot be scanned
 * is looked at twice: it is a header, a report of lost events, or damage.
 */
#include <stdlib.h>
#include <string.h>

#include "trace/ftrace.h"

#define LINE_LIMIT ((size_t)1 << 20)

/* The last line, which has no newline, gets one in a copy. */
static int copy_tail(struct ftrace *ftrace)
{
	struct input *input = ftrace->reader->input;

	ftrace->tail = malloc(input->size + 1 + SCAN_SLACK);
	if (!ftrace->tail)
		return -ENOMEM;
	memcpy(ftrace->tail, input->data, input->size);
	memset(ftrace->tail + input->size, 0, 1 + SCAN_SLACK);
	ftrace->tail[input->size] = '\n';
	ftrace->text = ftrace->tail;
	ftrace->limit = ftrace->tail + input->size + 1;
	ftrace->unended = true;
	return 1;
}

/* Step over a line that is longer than any line may be. */
static int skip_long_line(struct ftrace *ftrace)
{
	struct input *input = ftrace->reader->input;
	const unsigned char *end;
	int err = 0;

	reader_damage(ftrace->reader, ftrace->line, input->offset,
		      "the line is longer than 1 MiB");
	for (;;) {
		end = memchr(input->data, '\n', input->size);
		if (end)
			break;
		input_skip(input, input->size);
		err = input_fill(input, 1);
		if (err || !input->size)
			return err;
	}
	input_skip(input, (size_t)(end + 1 - input->data));
	ftrace->line++;
	return 0;
}

int ftrace_fetch(struct ftrace *ftrace)
{
	struct input *input = ftrace->reader->input;
	const unsigned char *end;
	int err;

	if (ftrace->text < ftrace->limit)
		return 1;
	if (ftrace->unended)
		return 0;
	for (;;) {
		end = memrchr(input->data, '\n', input->size);
		if (end)
			break;
		if (input->size >= LINE_LIMIT)
			err = skip_long_line(ftrace);
		else if (input->ended)
			return input->size ? copy_tail(ftrace) : 0;
		else /* what there is: the kernel may be still writing */
			err = input_fill(input, input->size + 1);
		if (err)
			return err;
	}
	ftrace->text = (const char *)input->data;
	ftrace->limit = (const char *)end + 1;
	return 1;
}

static bool starts(const char *text, size_t size, const char *word)
{
	return size >= strlen(word) && !memcmp(text, word, strlen(word));
}

/* A word of the environment that nobody said yet. */
static void set_string(char **string, enum libdma_origin *origin, struct scan *scan)
{
	size_t size = strcspn(scan->at, "\r\n");

	if (*string || !size || memchr(scan->at, '\0', size))
		return;
	*string = strndup(scan->at, size);
	if (*string)
		*origin = LIBDMA_GIVEN;
}

static void set_cpus(struct libdma_environment *environment, struct scan *scan)
{
	uint64_t cpus = scan_decimal(scan);

	if (scan->error || !cpus || cpus > UINT32_MAX)
		return;
	environment->cpus = (uint32_t)cpus;
	environment->origin.cpus = LIBDMA_GIVEN;
}

/* "# entries-in-buffer/entries-written: 9927/9927   #P:2" */
static void set_entries(struct libdma_reader *reader, struct scan *scan)
{
	struct libdma_environment *environment = reader->environment;
	uint64_t kept = scan_decimal(scan), written;

	SCAN_TEXT(scan, "/");
	written = scan_decimal(scan);
	if (scan->error)
		return;
	environment->entries_kept = kept;
	environment->entries_written = written;
	environment->origin.entries = LIBDMA_GIVEN;
	if (written > kept)
		reader->lost += written - kept;
	scan_spaces(scan);
	if (SCAN_TRY(scan, "#P:"))
		set_cpus(environment, scan);
}

/* A line of a header: what it says of the machine is kept. */
static void scan_comment(struct libdma_reader *reader, const char *text)
{
	struct libdma_environment *environment = reader->environment;
	struct scan scan = { .at = text };

	if (SCAN_TRY(&scan, "# entries-in-buffer/entries-written: "))
		set_entries(reader, &scan);
	else if (SCAN_TRY(&scan, "cpus=") || SCAN_TRY(&scan, "# nrcpus avail : "))
		set_cpus(environment, &scan);
	else if (SCAN_TRY(&scan, "# os release : "))
		set_string(&environment->kernel, &environment->origin.kernel, &scan);
	else if (SCAN_TRY(&scan, "# arch : "))
		set_string(&environment->arch, &environment->origin.arch, &scan);
}

/* Lines that are no events, and no damage either. */
static bool is_comment(const char *text, size_t size)
{
	struct scan scan = { .at = text };

	if (!size || *text == '#' || starts(text, size, "cpus=") ||
	    starts(text, size, "version = "))
		return true;
	if (!starts(text, size, "CPU "))
		return false;
	scan.at += strlen("CPU ");
	scan_decimal(&scan);
	SCAN_TEXT(&scan, " is empty");
	return !scan.error;
}

/*
 * "CPU:1 [LOST 23 EVENTS]" of the kernel and "CPU:1 [23 EVENTS DROPPED]" of
 * trace-cmd, also without the number where it is not known.
 */
static bool scan_lost(struct ftrace *ftrace, const char *text)
{
	struct dma_event *event = &ftrace->event;
	struct scan scan = { .at = text };
	uint64_t cpu;

	SCAN_TEXT(&scan, "CPU:");
	cpu = scan_decimal(&scan);
	SCAN_TEXT(&scan, " [");
	if (scan.error || cpu > UINT32_MAX)
		return false;
	*event = (struct dma_event) { .kind = DMA_EVENT_LOST,
				      .cpu = (uint32_t)cpu,
				      .ns = event->ns };
	SCAN_TRY(&scan, "LOST ");
	if (*scan.at != 'E') {
		event->count = scan_decimal(&scan);
		SCAN_TEXT(&scan, " ");
	}
	SCAN_TEXT(&scan, "EVENTS");
	SCAN_TRY(&scan, " DROPPED");
	SCAN_TEXT(&scan, "]");
	if (scan.error || !ftrace_at_end(&scan))
		return false;
	ftrace->reader->lost += event->count;
	return true;
}

/* A line that is no event: 1 where it is a report of lost ones, else 0. */
static int scan_other(struct ftrace *ftrace)
{
	const char *text = ftrace->text;
	const char *end = memchr(text, '\n', (size_t)(ftrace->limit - text));
	size_t size = (size_t)(end - text);
	int found = 0;

	if (size && end[-1] == '\r')
		size--;
	if (is_comment(text, size))
		scan_comment(ftrace->reader, text);
	else if (scan_lost(ftrace, text))
		found = 1;
	else
		reader_damage(ftrace->reader, ftrace->line, ftrace->reader->input->offset,
			      "%s",
			      ftrace->unended         ? "the last line is cut short"
			      : memchr(text, 0, size) ? "the line holds NUL bytes"
			      : ftrace_is_line(text, size)
				      ? "the event is not in a form that is known"
				      : "the line is no event");
	ftrace_leave(ftrace, end + 1);
	return found;
}

static int ftrace_next(struct libdma_reader *reader, const struct dma_event **ret)
{
	static const struct dma_event blank;
	struct ftrace *ftrace = reader->state;
	int more;

	while ((more = ftrace_fetch(ftrace)) > 0) {
		uint64_t before = ftrace->event.ns;
		struct scan scan = { .at = ftrace->text };

		ftrace->event = blank;
		ftrace_scan_prefix(ftrace, &scan);
		if (!scan.error)
			ftrace_scan_body(ftrace, &scan);
		/* half a tracepoint's name looks like a line without one */
		if (ftrace->unended && ftrace->event.kind == DMA_EVENT_OTHER &&
		    !ftrace->event.name)
			scan_fail(&scan);
		if (!scan.error) {
			ftrace_leave(ftrace, scan.at + 1 + (*scan.at == '\r'));
		} else if (scan.error == -ENOMEM) {
			return -ENOMEM;
		} else {
			ftrace->event.ns = before;
			if (!scan_other(ftrace))
				continue;
		}
		if (ftrace->stacks) {
			more = ftrace_take_stack(ftrace);
			if (more < 0)
				return more;
		}
		ftrace->event.number = reader->events++;
		*ret = &ftrace->event;
		return 1;
	}
	return more;
}

/* A clock that counts something else than time is printed without a point. */
static int infer_clock(struct ftrace *ftrace)
{
	struct libdma_environment *environment = ftrace->reader->environment;
	struct scan scan = { .at = ftrace->text };

	ftrace_scan_prefix(ftrace, &scan);
	if (scan.error || !ftrace->counts || environment->clock)
		return 0;
	environment->clock = strdup("counter");
	if (!environment->clock)
		return -ENOMEM;
	environment->origin.clock = LIBDMA_INFERRED;
	return 0;
}

static void ftrace_close(struct libdma_reader *reader)
{
	struct ftrace *ftrace = reader->state;

	if (!ftrace)
		return;
	free(ftrace->phys.value);
	free(ftrace->dma.value);
	free(ftrace->sizes.value);
	free(ftrace->lengths.value);
	free(ftrace->tail);
	free(ftrace);
	reader->state = NULL;
}

/* Read the header, so that what it says is known before the first event. */
static int ftrace_open(struct libdma_reader *reader)
{
	struct ftrace *ftrace = calloc(1, sizeof(*ftrace));
	const char *end;
	int more;

	if (!ftrace)
		return -ENOMEM;
	reader->state = ftrace;
	ftrace->reader = reader;
	ftrace->line = 1;
	while ((more = ftrace_fetch(ftrace)) > 0) {
		end = memchr(ftrace->text, '\n', (size_t)(ftrace->limit - ftrace->text));
		if (end > ftrace->text && end[-1] == '\r')
			ftrace->crlf = true;
		if (!is_comment(ftrace->text,
				(size_t)(end - ftrace->text - ftrace->crlf)))
			break;
		scan_comment(reader, ftrace->text);
		ftrace_leave(ftrace, end + 1);
	}
	if (more <= 0)
		return more;
	ftrace->stacks = ftrace_has_stacks(ftrace);
	return infer_clock(ftrace);
}

/*
 * Headers say it; without one a line must have all that a prefix has, which no
 * other text is likely to.
 */
static bool ftrace_recognise(const unsigned char *data, size_t size)
{
	const char *text = (const char *)data, *end;

	if (starts(text, size, "# tracer: "))
		return true;
	while (size) {
		end = memchr(text, '\n', size);
		if (ftrace_is_line(text, end ? (size_t)(end - text) : size))
			return true;
		if (!end)
			break;
		size -= (size_t)(end + 1 - text);
		text = end + 1;
	}
	return false;
}

const struct format format_ftrace = {
	.face = {
		.name = "ftrace",
		.summary = "text of the kernel's trace files, trace-cmd report, perf script",
		.reads = true,
		.writes = true,
	},
	.recognise = ftrace_recognise,
	.open = ftrace_open,
	.next = ftrace_next,
	.close = ftrace_close,
	.create = ftrace_create,
	.put = ftrace_put,
	.finish = ftrace_finish,
};

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ftrace-line.c - the prefix of a line: task, CPU, context, time, tracepoint
 *
 *   "       modprobe-149     [001] d.h1.     3.815553: dma_alloc: "    the kernel
 *   "       modprobe-149     [001]     3.815553: dma_alloc:      "     trace-cmd
 *   "       modprobe   149 [001]     3.815553:       dma:dma_alloc: "  perf script
 *
 * A task's name may hold anything, so that the way to the CPU's brackets is found
 * by what surrounds them. Most of a line was seen before, in the columns where the
 * kernel prints it, and is then only compared.
 *
 * Kernel counterpart: kernel/trace/trace_output.c, trace_print_context()
 */
#include <string.h>

#include "trace/ftrace.h"

#define COMM_WIDTH  16
#define SECOND      1000000000ULL
#define WHO_SIZE    36                    /* up to the end of the context */
#define NAME_SIZE   128 /* longer than any tracepoint's name with its system's */
#define PREFIX_SIZE 256 /* and than any task's name and number */

/* "(  123) " or "(-------) ": the thread group, which no event has. */
static void scan_tgid(struct scan *scan)
{
	if (*scan->at != '(')
		return;
	scan->at++;
	while (*scan->at == ' ' || *scan->at == '-' ||
	       (*scan->at >= '0' && *scan->at <= '9'))
		scan->at++;
	SCAN_TEXT(scan, ")");
	scan_spaces(scan);
}

/* From the digits of the task's number to the bracket behind the CPU's. */
static void scan_pid_cpu(struct scan *scan, int32_t *pid, uint32_t *cpu)
{
	uint64_t value = scan_decimal(scan);

	if (value > INT32_MAX)
		scan_fail(scan);
	*pid = (int32_t)value;
	if (*scan->at == '/') { /* perf's process and thread */
		scan->at++;
		value = scan_decimal(scan);
		if (value > INT32_MAX)
			scan_fail(scan);
		*pid = (int32_t)value;
	}
	scan_spaces(scan);
	scan_tgid(scan);
	SCAN_TEXT(scan, "[");
	value = scan_decimal(scan);
	if (value > UINT32_MAX)
		scan_fail(scan);
	*cpu = (uint32_t)value;
	SCAN_TEXT(scan, "] ");
}

/* "d.h1.", where the recorder printed it; how long it is. */
static size_t context_size(const char *text)
{
	uint64_t word = scan_load(text);
	uint64_t stop = scan_find(word, ' ') | scan_find(word, '\n');
	size_t size = scan_before(stop);

	if (*text >= '0' && *text <= '9')
		return 0;
	while (!stop && text[size] != ' ' && text[size] != '\n')
		size++;
	return size;
}

/* "12.345678: ": six or nine digits of a second, or none for a clock that counts. */
static void scan_time(struct scan *scan, uint64_t *ret, bool *counts)
{
	static const uint32_t unit[] = { 1000000000, 100000000, 10000000, 1000000, 100000,
					 10000,      1000,      100,      10,      1 };
	const char *fraction;
	uint64_t value, part;

	scan_spaces(scan);
	value = scan_decimal(scan);
	*counts = *scan->at != '.';
	if (!*counts) {
		fraction = ++scan->at;
		part = scan_decimal(scan);
		if (scan->at - fraction > 9) {
			scan_fail(scan);
			return;
		}
		part *= unit[scan->at - fraction];
		if (__builtin_mul_overflow(value, SECOND, &value) ||
		    __builtin_add_overflow(value, part, &value))
			scan_fail(scan);
	}
	*ret = value;
	SCAN_TEXT(scan, ": ");
}

/* Is "12   [001] d.h1.  3.815553: " here? */
static bool is_pid(const char *text)
{
	struct scan scan = { .at = text };
	uint32_t cpu;
	int32_t pid;
	uint64_t ns;
	bool counts;

	scan_pid_cpu(&scan, &pid, &cpu);
	if (scan.error)
		return false;
	scan.at += context_size(scan.at);
	scan_time(&scan, &ns, &counts);
	return !scan.error;
}

/*
 * Of "some-task-12 [001] ", the place of "12": the last number before a bracket that
 * is followed by all that comes next. NULL if the line has none.
 */
static const char *find_pid(const char *text)
{
	for (const char *at = text; *at != '\n' && at < text + PREFIX_SIZE; at++) {
		const char *pid = at;

		if (*at != '[')
			continue;
		while (pid > text && pid[-1] == ' ')
			pid--;
		if (pid > text && pid[-1] == ')')
			while (pid > text && *pid != '(')
				pid--;
		while (pid > text && pid[-1] == ' ')
			pid--;
		while (pid > text &&
		       ((pid[-1] >= '0' && pid[-1] <= '9') || pid[-1] == '/'))
			pid--;
		if (pid > text && (pid[-1] == '-' || pid[-1] == ' ') && is_pid(pid))
			return pid;
	}
	return NULL;
}

static bool has_newline(const char *text)
{
	return scan_find(scan_load(text), '\n') || scan_find(scan_load(text + 8), '\n');
}

/* Where the task's name ends in the column of 16 that the kernel prints it in. */
static bool in_column(const char *text)
{
	return !has_newline(text) && text[COMM_WIDTH] == '-' &&
	       text[COMM_WIDTH + 1] >= '0' && text[COMM_WIDTH + 1] <= '9';
}

/* The task's name, behind the blanks that fill its column. */
static void scan_comm(struct ftrace *ftrace, struct scan *scan, const char *comm,
		      const char *end)
{
	size_t blanks = scan_blanks(scan_load(comm)), size = (size_t)(end - comm);

	if (blanks == 8)
		blanks += scan_blanks(scan_load(comm + 8));
	while (blanks < size && comm[blanks] == ' ')
		blanks++;
	if (blanks > size)
		blanks = size;
	ftrace_intern(ftrace, scan, &ftrace->comm, comm + blanks, size - blanks,
		      &ftrace->event.comm);
}

/* The task's name and number, and the CPU. */
static void scan_task(struct ftrace *ftrace, struct scan *scan)
{
	const char *comm = scan->at, *end = comm + COMM_WIDTH;
	struct dma_event *event = &ftrace->event;

	if (in_column(comm)) {
		scan->at = end + 1;
		scan_pid_cpu(scan, &event->pid, &event->cpu);
	}
	if (scan->at == comm || scan->error) {
		*scan = (struct scan) { .at = find_pid(comm) };
		if (!scan->at) {
			*scan = (struct scan) { .at = comm, .error = -EBADMSG };
			return;
		}
		end = scan->at - 1;
		if (*end == ' ')
			while (end > comm && end[-1] == ' ')
				end--;
		scan_pid_cpu(scan, &event->pid, &event->cpu);
	}
	if (!scan->error)
		scan_comm(ftrace, scan, comm, end);
}

static void scan_context(struct ftrace *ftrace, struct scan *scan)
{
	size_t size = context_size(scan->at);

	ftrace_intern(ftrace, scan, &ftrace->context, scan->at, size,
		      &ftrace->event.context);
	scan->at += size;
}

/* The size of a tracepoint's name, "dma:dma_map_page" or "map"; 0 for none. */
static size_t name_size(const char *text)
{
	for (size_t size = 0; size < NAME_SIZE; size += 8) {
		uint64_t word = scan_load(text + size);
		uint64_t stop = scan_find(word, ':') | scan_find(word, '\n');
		size_t at = size + scan_before(stop);

		if (!stop)
			continue;
		while (text[at] != ' ' && text[at] != '\n') {
			if (text[at] == ':' &&
			    (text[at + 1] == ' ' || text[at + 1] == '\n'))
				return at;
			at++;
		}
		return 0;
	}
	return 0;
}

/* A name that fits into 32 bytes with ": " behind it, and was seen before. */
static bool recall_name(struct ftrace *ftrace, struct scan *scan)
{
	const struct seen_name *seen = ftrace_seen_name(ftrace, scan->at);
	const char *last = scan->at + seen->last;

	if (!seen->size || scan_load(scan->at) != seen->word[0] ||
	    scan_load(scan->at + 8) != seen->word[1] ||
	    scan_load(last) != seen->word[2] || scan_load(last + 8) != seen->word[3])
		return false;
	ftrace->event.kind = (uint16_t)seen->kind;
	ftrace->event.name = seen->number;
	scan->at += seen->size;
	return true;
}

static void remember_name(struct ftrace *ftrace, const char *text, size_t size)
{
	struct seen_name *seen = ftrace_seen_name(ftrace, text);

	const char *last = size > 14 ? text + size + 2 - 16 : text;

	if (size > 30 || text[size + 1] != ' ')
		return;
	*seen = (struct seen_name) {
		.word = { scan_load(text), scan_load(text + 8), scan_load(last),
			  scan_load(last + 8) },
		.size = (uint32_t)size + 2,
		.last = (uint32_t)(last - text),
		.kind = ftrace->event.kind,
		.number = ftrace->event.name,
	};
}

static void scan_name(struct ftrace *ftrace, struct scan *scan)
{
	const struct memo *memo;
	const char *text;
	size_t size;

	scan_spaces(scan);
	if (!recall_name(ftrace, scan)) {
		text = scan->at;
		size = name_size(text);
		if (!size) { /* a line of the function tracer, say */
			ftrace->event.kind = DMA_EVENT_OTHER;
			return;
		}
		memo = ftrace_recall(ftrace, scan, &ftrace->name, text, size);
		ftrace->event.kind = (uint16_t)memo->kind;
		ftrace->event.name = memo->number;
		scan->at += size + 1;
		if (*scan->at == ' ')
			scan->at++;
		if (!scan->error)
			remember_name(ftrace, text, size);
	}
	/* trace-cmd and perf print names in columns */
	if (!ftrace->event.context)
		scan_spaces(scan);
}

/*
 * The task, CPU and context of a line, where the kernel printed them in its usual
 * columns, and they were seen before.
 */
static bool recall_who(struct ftrace *ftrace, struct scan *scan)
{
	const struct seen_who *seen = ftrace_seen_who(ftrace, scan->at);
	const char *text = scan->at;

	if (text[WHO_SIZE] != ' ' || scan_load(text) != seen->word[0] ||
	    scan_load(text + 8) != seen->word[1] ||
	    scan_load(text + 16) != seen->word[2] ||
	    scan_load(text + 24) != seen->word[3] ||
	    scan_load(text + WHO_SIZE - 8) != seen->word[4])
		return false;
	ftrace->event.comm = seen->comm;
	ftrace->event.context = seen->context;
	ftrace->event.cpu = seen->cpu;
	ftrace->event.pid = seen->pid;
	scan->at += WHO_SIZE;
	return true;
}

static void remember_who(struct ftrace *ftrace, const char *text)
{
	*ftrace_seen_who(ftrace, text) = (struct seen_who) {
		.word = { scan_load(text), scan_load(text + 8), scan_load(text + 16),
			  scan_load(text + 24), scan_load(text + WHO_SIZE - 8) },
		.comm = ftrace->event.comm,
		.context = ftrace->event.context,
		.cpu = ftrace->event.cpu,
		.pid = ftrace->event.pid,
	};
}

/* "    12345.678901: " in its column, in the second of the line before. */
static bool recall_time(struct ftrace *ftrace, struct scan *scan)
{
	const struct seen_second *second = &ftrace->second;
	const char *text = scan->at, *fraction = text + second->size;
	uint64_t part = scan_load(fraction);

	if ((scan_load(text) & second->mask) != second->word[0] ||
	    (scan_load(text + second->tail) & second->mask) != second->word[1] ||
	    scan_before(scan_no_decimal(part)) != 6 || fraction[6] != ':' ||
	    fraction[7] != ' ' || !second->size)
		return false;
	ftrace->event.ns = second->ns + scan_decimal_value(part, 6) * 1000;
	scan->at = fraction + 8;
	return true;
}

static void remember_time(struct ftrace *ftrace, const char *text)
{
	struct seen_second *second = &ftrace->second;
	size_t size = 1;

	while (size <= 16 && text[size - 1] != '.')
		size++;
	if (size > 16) /* nor does one have so many digits */
		return;
	second->mask = size < 8 ? (1ULL << 8 * size) - 1 : UINT64_MAX;
	second->size = (uint32_t)size;
	second->tail = size < 8 ? 0 : (uint32_t)size - 8;
	second->word[0] = scan_load(text) & second->mask;
	second->word[1] = scan_load(text + second->tail) & second->mask;
	second->ns = ftrace->event.ns / SECOND * SECOND;
}

void ftrace_scan_prefix(struct ftrace *ftrace, struct scan *scan)
{
	const char *text = scan->at;

	if (!recall_who(ftrace, scan)) {
		scan_task(ftrace, scan);
		if (scan->error)
			return;
		scan_context(ftrace, scan);
		if (scan->at == text + WHO_SIZE && !scan->error && in_column(text))
			remember_who(ftrace, text);
	}
	text = scan->at;
	if (!recall_time(ftrace, scan)) {
		scan_time(scan, &ftrace->event.ns, &ftrace->counts);
		if (!scan->error && !ftrace->counts)
			remember_time(ftrace, text);
	}
	if (!scan->error)
		scan_name(ftrace, scan);
}

bool ftrace_is_line(const char *text, size_t size)
{
	char line[256 + SCAN_SLACK] = { 0 };
	const char *pid;

	size = size < 255 ? size : 255;
	memcpy(line, text, size);
	line[size] = '\n';
	pid = find_pid(line);
	return pid && !memchr(line, '\0', (size_t)(pid - line));
}

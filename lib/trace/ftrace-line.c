// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ftrace-line.c - the prefix of a line: task, CPU, context, time, tracepoint
 *
 *   "       modprobe-149     [001] d.h1.     3.815553: dma_alloc: "    the kernel
 *   "       modprobe-149     [001]     3.815553: dma_alloc:      "     trace-cmd
 *   "       modprobe   149 [001]     3.815553:       dma:dma_alloc: "  perf script
 *
 * A task's name may hold anything, so that the way to the CPU's brackets is found
 * by what surrounds them. Most strings were seen before: each goes through a small
 * table that is indexed by a hash of its ends.
 *
 * Kernel counterpart: kernel/trace/trace_output.c, trace_print_context()
 */
#include <string.h>

#include "trace/ftrace.h"

#define COMM_WIDTH  16
#define SECOND      1000000000ULL
#define NAME_SIZE   128 /* longer than any tracepoint's name with its system's */
#define PREFIX_SIZE 256 /* and than any task's name and number */

static void learn(struct ftrace *ftrace, struct scan *scan, struct memo *memo,
		  const char *text, size_t size)
{
	struct libdma_strings *strings = ftrace->reader->strings;
	uint32_t number;

	if (memchr(text, '\0', size)) {
		scan_fail(scan);
		return;
	}
	if (libdma_strings_add(strings, text, size, &number)) {
		scan->error = -ENOMEM;
		return;
	}
	memo->text = libdma_strings_get(strings, number);
	memo->size = (uint32_t)size;
	memo->number = number;
	memo->kind = ftrace_kind(text, size);
}

static struct memo *recall(struct ftrace *ftrace, struct scan *scan, struct memos *memos,
			   const char *text, size_t size)
{
	uint64_t head = scan_load(text), tail = 0, hash;
	struct memo *memo;

	if (size >= 8)
		tail = scan_load(text + size - 8);
	else
		head &= (1ULL << 8 * size) - 1;
	hash = (head * 0x9e3779b97f4a7c15ULL ^ tail) * 0xd6e8feb86659fd93ULL;
	memo = &memos->memo[hash >> (64 - MEMO_BITS)];
	if (memo->head == head && memo->tail == tail && memo->size == size &&
	    (size <= 16 || !memcmp(memo->text, text, size)))
		return memo;
	memo->head = head;
	memo->tail = tail;
	memo->size = 0;
	memo->number = 0;
	learn(ftrace, scan, memo, text, size);
	return memo;
}

void ftrace_intern(struct ftrace *ftrace, struct scan *scan, struct memos *memos,
		   const char *text, size_t size, uint32_t *ret)
{
	*ret = recall(ftrace, scan, memos, text, size)->number;
}

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
	size_t size = 0;

	if (*text >= '0' && *text <= '9')
		return 0;
	while (text[size] != ' ' && text[size] != '\n')
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
	while (comm < end && *comm == ' ')
		comm++;
	ftrace_intern(ftrace, scan, &ftrace->comm, comm, (size_t)(end - comm),
		      &event->comm);
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

static void scan_name(struct ftrace *ftrace, struct scan *scan)
{
	const struct memo *memo;
	size_t size;

	scan_spaces(scan);
	size = name_size(scan->at);
	if (!size) { /* a line of the function tracer, say */
		ftrace->event.kind = DMA_EVENT_OTHER;
		return;
	}
	memo = recall(ftrace, scan, &ftrace->name, scan->at, size);
	ftrace->event.kind = (uint16_t)memo->kind;
	ftrace->event.name = memo->number;
	scan->at += size + 1;
	if (*scan->at == ' ')
		scan->at++;
	/* trace-cmd and perf print names in columns */
	if (!ftrace->event.context)
		scan_spaces(scan);
}

void ftrace_scan_prefix(struct ftrace *ftrace, struct scan *scan)
{
	scan_task(ftrace, scan);
	if (scan->error)
		return;
	scan_context(ftrace, scan);
	scan_time(scan, &ftrace->event.ns, &ftrace->counts);
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

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explain.c - lines of a kernel log to findings
 *
 * A line comes from dmesg, journalctl, a file of syslog, or a copy out of a mail; what
 * stands before the message is cut off by its form, not by where it came from.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain.h"
#include "output.h"
#include "utf8.h"

struct explain {
	struct explain_facts facts;
	struct finding **finding;
	size_t findings;
	struct finding *newest;
	uint64_t lines;
};

typedef bool recogniser(struct explain *explain, const struct log_line *line);

/* The first that knows a line has it. */
static recogniser *const recognisers[] = {
	explain_swiotlb, explain_direct,    explain_memory, explain_intel,  explain_amd,
	explain_arm,     explain_dma_debug, explain_words,  explain_driver,
};

struct explain *explain_create(unsigned int segment)
{
	struct explain *explain = calloc(1, sizeof(*explain));

	if (!explain)
		out_of_memory();
	explain->facts.segment = segment;
	return explain;
}

static void sentences_free(struct sentences *sentences)
{
	for (size_t i = 0; i < sentences->count; i++)
		free(sentences->text[i]);
	free(sentences->text);
}

static void finding_free(struct finding *finding)
{
	free(finding->title);
	free(finding->why);
	free(finding->text);
	sentences_free(&finding->evidence);
	sentences_free(&finding->next);
	sentences_free(&finding->recorded);
	free(finding);
}

void explain_destroy(struct explain *explain)
{
	if (!explain)
		return;
	for (size_t i = 0; i < explain->findings; i++)
		finding_free(explain->finding[i]);
	free(explain->finding);
	free(explain);
}

/*
 * Lines
 */

static void copy_word(char *ret, size_t room, const char *word, size_t length)
{
	if (length >= room)
		length = room - 1;
	memcpy(ret, word, length);
	ret[length] = 0;
}

/* "[  123.456789] ": the time since boot; NULL where this is none. */
static const char *skip_time(const char *text, double *seconds)
{
	char *end;
	double value;

	if (*text != '[')
		return NULL;
	text++;
	while (*text == ' ')
		text++;
	if (!isdigit((unsigned char)*text))
		return NULL;
	value = strtod(text, &end);
	if (end == text || (*end != ']' && *end != ' ') ||
	    !memchr(text, '.', (size_t)(end - text)))
		return NULL;
	end = strchr(end, ']');
	if (!end)
		return NULL;
	*seconds = value;
	return end + 1;
}

/* What syslog writes before a message of the kernel: "... kernel: ", "<4>". */
static const char *skip_syslog(const char *text)
{
	const char *kernel = strstr(text, "kernel: ");
	const char *colon = strstr(text, ": ");

	if (kernel && (kernel == text || kernel[-1] == ' ') &&
	    kernel < (colon ? colon : kernel + 1))
		text = kernel + strlen("kernel: ");
	if (*text == '<' && isdigit((unsigned char)text[1]))
		text = strchr(text, '>') ? strchr(text, '>') + 1 : text;
	return text;
}

static const char *skip_prefix(const char *text, double *seconds)
{
	*seconds = -1;
	for (int i = 0; i < 4; i++) {
		const char *start = text, *next;

		while (*text == ' ' || *text == '\t' || *text == '`' || *text == '>')
			text++;
		next = skip_time(text, seconds);
		text = skip_syslog(next ? next : text);
		if (text == start)
			break;
	}
	return text;
}

/* "dmar_fault: 893 callbacks suppressed" */
static bool count_hidden(struct explain *explain, const char *text)
{
	const char *end = strstr(text, " callbacks suppressed");
	const char *start = end;

	if (!end || !explain->newest)
		return end != NULL;
	while (start > text && isdigit((unsigned char)start[-1]))
		start--;
	explain->newest->hidden += strtoull(start, NULL, 10);
	return true;
}

/* "Linux version 6.12.107+deb13-amd64 (...": the lines behind it are of this boot. */
static void note_kernel(struct explain *explain, const char *text)
{
	const char *version = "Linux version ";

	if (strncmp(text, version, strlen(version)))
		return;
	text += strlen(version);
	copy_word(explain->facts.kernel, sizeof(explain->facts.kernel), text,
		  strcspn(text, " "));
}

void explain_line(struct explain *explain, const char *bytes, size_t size)
{
	char *clean = malloc(size * 3 + 1);
	struct log_line line;

	if (!clean)
		out_of_memory();
	utf8_clean(bytes, size, clean);
	for (char *at = clean; *at; at++)
		if (iscntrl((unsigned char)*at))
			*at = ' ';
	line.whole = clean;
	line.number = ++explain->lines;
	line.text = skip_prefix(clean, &line.seconds);
	note_kernel(explain, line.text);
	if (!count_hidden(explain, line.text))
		for (size_t i = 0; i < sizeof(recognisers) / sizeof(*recognisers); i++)
			if (recognisers[i](explain, &line))
				break;
	free(clean);
}

void explain_conclude(struct explain *explain)
{
	for (size_t i = 0; i < explain->findings; i++)
		if (explain->finding[i]->conclude)
			explain->finding[i]->conclude(explain, explain->finding[i]);
}

size_t explain_findings(const struct explain *explain)
{
	return explain->findings;
}

struct finding *explain_finding(const struct explain *explain, size_t index)
{
	return explain->finding[index];
}

uint64_t explain_lines(const struct explain *explain)
{
	return explain->lines;
}

struct explain_facts *explain_facts(struct explain *explain)
{
	return &explain->facts;
}

const struct explain_facts *explain_known(const struct explain *explain)
{
	return &explain->facts;
}

struct finding *explain_newest(struct explain *explain)
{
	return explain->newest;
}

const struct finding *explain_other(const struct explain *explain, const char *id,
				    const char *device)
{
	for (size_t i = 0; i < explain->findings; i++)
		if (!strcmp(explain->finding[i]->id, id) &&
		    !strcmp(explain->finding[i]->device, device))
			return explain->finding[i];
	return NULL;
}

/*
 * Findings
 */

static struct finding *finding_add(struct explain *explain, const struct log_line *line)
{
	struct finding *finding = calloc(1, sizeof(*finding));
	struct finding **more;

	if (!finding)
		out_of_memory();
	more = realloc(explain->finding, (explain->findings + 1) * sizeof(*more));
	if (!more)
		out_of_memory();
	explain->finding = more;
	more[explain->findings++] = finding;
	finding->text = strdup(line->whole);
	if (!finding->text)
		out_of_memory();
	finding->first = line->number;
	finding->first_seconds = line->seconds;
	return finding;
}

/* The place of the newest line's moment: the last ones take turns. */
static struct log_moment *newest_moment(struct finding *finding)
{
	uint64_t half = FINDING_MOMENTS / 2, index = finding->count - 1;

	return &finding->moment[index < half ? index : half + (index - half) % half];
}

bool explain_book_device(struct explain *explain, const struct log_line *line,
			 const char *id, const char *device, size_t length,
			 struct finding **ret)
{
	char name[sizeof((*ret)->device)];
	struct finding *finding;

	copy_word(name, sizeof(name), device, length);
	finding = (struct finding *)explain_other(explain, id, name);
	*ret = finding ? finding : finding_add(explain, line);
	explain->newest = *ret;
	(*ret)->count++;
	(*ret)->last = line->number;
	(*ret)->last_seconds = line->seconds;
	*newest_moment(*ret) = (struct log_moment) { line->number, line->seconds, 0 };
	memcpy((*ret)->kernel, explain->facts.kernel, sizeof((*ret)->kernel));
	if (finding)
		return false;
	(*ret)->id = id;
	memcpy((*ret)->device, name, sizeof(name));
	return true;
}

/* A word that can be a device's driver: no time, no bracket. */
static bool is_driver(const char *word, size_t length)
{
	if (!length || length >= sizeof(((struct finding *)0)->driver))
		return false;
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)word[i]) && !strchr("_-,.", word[i]))
			return false;
	return true;
}

bool explain_book(struct explain *explain, const struct log_line *line, const char *id,
		  const char *end, struct finding **ret)
{
	const char *start, *driver;
	bool new;

	/* "driver device: " with anything or nothing before */
	if (!end || end - line->text < 3 || strncmp(end - 2, ": ", 2))
		return explain_book_device(explain, line, id, "", 0, ret);
	end -= 2;
	for (start = end; start > line->text && start[-1] != ' '; start--)
		;
	new = explain_book_device(explain, line, id, start, (size_t)(end - start), ret);
	for (end = start; end > line->text && end[-1] == ' '; end--)
		;
	for (driver = end; driver > line->text && driver[-1] != ' '; driver--)
		;
	if (new &&is_driver(driver, (size_t)(end - driver)))
		copy_word((*ret)->driver, sizeof((*ret)->driver), driver,
			  (size_t)(end - driver));
	return new;
}

static char *print_text(const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		out_of_memory();
	return text;
}

void finding_title(struct finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	free(finding->title);
	finding->title = print_text(format, args);
	va_end(args);
}

void finding_why(struct finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	free(finding->why);
	finding->why = print_text(format, args);
	va_end(args);
}

static void sentences_add(struct sentences *sentences, char *text)
{
	char **more = realloc(sentences->text, (sentences->count + 1) * sizeof(*more));

	if (!more)
		out_of_memory();
	sentences->text = more;
	more[sentences->count++] = text;
}

void finding_evidence(struct finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	sentences_add(&finding->evidence, print_text(format, args));
	va_end(args);
}

void finding_recorded(struct finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	sentences_add(&finding->recorded, print_text(format, args));
	va_end(args);
}

void finding_next(struct finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	sentences_add(&finding->next, print_text(format, args));
	va_end(args);
}

void finding_size(struct finding *finding, uint64_t size)
{
	span_add(&finding->size, size);
	newest_moment(finding)->size = size;
}

size_t finding_moments(const struct finding *finding)
{
	return finding->count < FINDING_MOMENTS ? (size_t)finding->count : FINDING_MOMENTS;
}

/*
 * Numbers
 */

void span_add(struct span *span, uint64_t value)
{
	if (!span->seen || value < span->least)
		span->least = value;
	if (!span->seen || value > span->most)
		span->most = value;
	span->seen = true;
}

bool text_number(const char *text, const char *key, int base, uint64_t *ret)
{
	const char *at = strstr(text, key);
	char *end;

	if (!at)
		return false;
	at += strlen(key);
	if (!isxdigit((unsigned char)*at))
		return false;
	*ret = strtoull(at, &end, base);
	return end != at;
}

const char *bytes_name(uint64_t bytes)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	static char buffers[4][32];
	static unsigned int turn;
	char *buffer = buffers[turn++ % 4];
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1024 && unit < 4) {
		value /= 1024;
		unit++;
	}
	if (value == (double)(uint64_t)value)
		snprintf(buffer, sizeof(buffers[0]), "%.0f %s", value, units[unit]);
	else
		snprintf(buffer, sizeof(buffers[0]), "%.1f %s", value, units[unit]);
	return buffer;
}

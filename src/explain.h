/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain.h - lines of a kernel log to findings: what failed, why, and what to do
 *
 * Each line is shown to a few recognisers, one for each part of the kernel that writes
 * about DMA. One that knows a line books it under a finding; lines of the same cause and
 * device are one finding. What can only be said when all lines are known, as that the
 * bounce buffers stayed full for an hour, is said by the finding's conclusion.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libdma/check.h>

/**
 * struct log_line - a line of the log, without what syslog and printk put before it
 * @text:	the message, NUL-terminated
 * @whole:	the line as it was
 * @number:	counted from 1
 * @seconds:	since boot, or negative where the line does not say
 */
struct log_line {
	const char *text;
	const char *whole;
	uint64_t number;
	double seconds;
};

struct sentences {
	char **text;
	size_t count;
};

/* The smallest and the largest of what was seen. */
struct span {
	uint64_t least;
	uint64_t most;
	bool seen;
};

#define FINDING_MOMENTS 32 /* lines whose moments are kept: half the first, half the last */

/**
 * struct log_moment - when something was that a recording may hold as well
 * @line:	number of the line
 * @seconds:	since boot, or negative
 * @size:	bytes that the line names, or 0
 */
struct log_moment {
	uint64_t line;
	double seconds;
	uint64_t size;
};

struct explain;

/**
 * struct finding - a cause, and all the lines that it explains
 * @id:		its name, which does not change between releases
 * @severity:	how bad
 * @device:	whose, or ""
 * @driver:	its driver, or ""
 * @title:	one sentence
 * @why:	how the kernel comes to say this
 * @evidence:	what in the log speaks for it
 * @next:	what to do, the most useful first
 * @text:	the first line of it, as it was
 * @count:	lines
 * @hidden:	lines that the kernel says it left out
 * @first:	number of the first line
 * @last:	and of the last
 * @first_seconds: when, or negative
 * @last_seconds: when, or negative
 * @size:	bytes that were asked for
 * @total:	slots that there are
 * @used:	slots that were taken
 * @moment:	of its lines, as far as there is room
 * @kernel:	which the log says was running, or ""
 * @recorded:	what a recording has of it
 * @conclude:	adds what is known when all lines are; or NULL
 */
struct finding {
	const char *id;
	enum libdma_check_severity severity;
	char device[64];
	char driver[32];
	char *title;
	char *why;
	struct sentences evidence;
	struct sentences next;
	char *text;
	uint64_t count;
	uint64_t hidden;
	uint64_t first;
	uint64_t last;
	double first_seconds;
	double last_seconds;
	struct span size;
	struct span total;
	struct span used;
	struct log_moment moment[FINDING_MOMENTS];
	char kernel[64];
	struct sentences recorded;
	void (*conclude)(const struct explain *explain, struct finding *finding);
};

/**
 * struct smmu_event - a fault of an SMMUv3 of which more is told in the lines behind it
 * @finding:	what it is booked under; NULL where nothing is awaited
 * @fault:	an enum fault
 * @access:	an enum access
 * @address:	that it was about
 * @words:	how many were seen
 */
struct smmu_event {
	struct finding *finding;
	int fault;
	int access;
	uint64_t address;
	unsigned int words;
};

/**
 * struct explain_facts - what lines say without being a fault
 * @swiotlb_bytes: size of the bounce buffers, from "software IO TLB: mapped", or 0
 * @swiotlb_forced: the log says that everything is bounced
 * @segment:	slots of a slot set
 * @kernel:	from "Linux version", or ""
 * @dmar:	the begin of a fault of Intel's whose reason is in the next line, or ""
 * @smmu:	whose words follow
 */
struct explain_facts {
	uint64_t swiotlb_bytes;
	bool swiotlb_forced;
	unsigned int segment;
	char kernel[64];
	char dmar[160];
	struct smmu_event smmu;
};

/**
 * explain_create() - nothing is known yet
 * @segment:	slots of a slot set, 128 in any kernel that was not patched
 */
struct explain *explain_create(unsigned int segment);
void explain_destroy(struct explain *explain);

/* The next line, of @size bytes without its newline; it may hold any bytes. */
void explain_line(struct explain *explain, const char *line, size_t size);

/* All lines are known: draw the conclusions. */
void explain_conclude(struct explain *explain);

/* The findings, in the order of their first lines. */
size_t explain_findings(const struct explain *explain);
struct finding *explain_finding(const struct explain *explain, size_t index);
uint64_t explain_lines(const struct explain *explain);

/*
 * For the recognisers
 */

struct explain_facts *explain_facts(struct explain *explain);
const struct explain_facts *explain_known(const struct explain *explain);

/**
 * explain_book() - book a line under a finding
 * @explain:	the log
 * @line:	the line
 * @id:		the cause
 * @device:	up to here the line names driver and device: "nvme 0000:01:00.0: "; NULL
 *		where it names none
 * @ret:	set to the finding
 *
 * Return: is it new, and has to be explained?
 */
bool explain_book(struct explain *explain, const struct log_line *line, const char *id,
		  const char *device, struct finding **ret);

/* The same for a line that gives the device in its text. */
bool explain_book_device(struct explain *explain, const struct log_line *line,
			 const char *id, const char *device, size_t length,
			 struct finding **ret);

/* The finding that the newest line was booked under, or NULL. */
struct finding *explain_newest(struct explain *explain);

/* A finding of this id whose device is @device, or NULL. */
const struct finding *explain_other(const struct explain *explain, const char *id,
				    const char *device);

void finding_title(struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void finding_why(struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void finding_evidence(struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void finding_next(struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

void finding_recorded(struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The line that was just booked names this size. */
void finding_size(struct finding *finding, uint64_t size);

/* How many of @finding->moment there are. */
size_t finding_moments(const struct finding *finding);

void span_add(struct span *span, uint64_t value);

/* Read "[key]123" or "[key]0x7b" behind the first @key in @text; false without. */
bool text_number(const char *text, const char *key, int base, uint64_t *ret);

/* "512 KiB", "90 bytes": exact, or with two digits; in one of a few static buffers. */
const char *bytes_name(uint64_t bytes);

/* Recognisers: true where the line was theirs. */
bool explain_swiotlb(struct explain *explain, const struct log_line *line);
bool explain_direct(struct explain *explain, const struct log_line *line);
bool explain_memory(struct explain *explain, const struct log_line *line);
bool explain_intel(struct explain *explain, const struct log_line *line);
bool explain_amd(struct explain *explain, const struct log_line *line);
bool explain_arm(struct explain *explain, const struct log_line *line);
bool explain_dma_debug(struct explain *explain, const struct log_line *line);
bool explain_words(struct explain *explain, const struct log_line *line);
bool explain_driver(struct explain *explain, const struct log_line *line);

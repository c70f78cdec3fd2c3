/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * findings.h - the verdicts of a trace, those of one rule, device and site together
 */
#pragma once

#include <libdma/check.h>
#include <libdma/filter.h>

#include "suppressions.h"

/**
 * struct finding - verdicts of one rule, device and site
 * @rule:	the rule
 * @device:	string
 * @driver:	string, 0 where not known
 * @site:	string: the stack of the call, or of what mapped it; 0 where not recorded
 * @kind:	of the call
 * @doubt:	LIBDMA_DOUBT_* of any of them; 0 for a finding
 * @count:	how many
 * @last_ns:	when the last was
 * @first:	of the first: the call,
 * @begin:	what made the mapping,
 * @other:	and the third event
 * @dma:	where the first was
 * @size:	and how long
 * @was:	see struct libdma_check_verdict
 * @is:		the same
 * @text:	the first in words
 */
struct finding {
	const struct libdma_check_rule *rule;
	uint32_t device, driver, site;
	uint16_t kind;
	uint32_t doubt;
	uint64_t count, last_ns;
	struct dma_event first, begin, other;
	uint64_t dma, size, was, is;
	char *text;
};

struct findings {
	struct finding *finding;
	size_t count, room;
	uint32_t
		*slot; /* twice @room of them: number of a finding and 1, by hash, or 0 */
	uint64_t suppressed; /* verdicts */
	const struct libdma_strings *strings;
	const struct suppressions *suppressions; /* or NULL */
	struct libdma_filter *filter;            /* what the call must be, or NULL */
	bool muted;                              /* nobody wants the present verdicts */
	uint32_t *driver;                        /* by device; learned from the trace */
	size_t drivers;
};

/* A callback for struct libdma_check_options; @arg is the struct findings. */
void findings_add(void *arg, const struct libdma_check_verdict *verdict);

/* Say which driver a device has; a callback for source_drivers(). 0. */
int findings_driver(void *arg, uint32_t device, uint32_t driver);

/* The worst first, then the most; those in doubt behind all others. The last call. */
void findings_sort(struct findings *findings);

/* How many findings there are of a severity, and verdicts in doubt. */
uint64_t findings_of(const struct findings *findings,
		     enum libdma_check_severity severity);
uint64_t findings_doubted(const struct findings *findings);

void findings_deinit(struct findings *findings);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * check.h - the rules of the DMA API, held against the events of a trace
 *
 * A sink of events. Each call that breaks a rule is told at once, with the mapping it
 * is about and with what else could explain it. Memory follows what is live.
 */
#pragma once

#include <libdma/environment.h>
#include <libdma/event.h>

enum libdma_check_severity {
	LIBDMA_CHECK_NOTE,    /* allowed, and seldom meant */
	LIBDMA_CHECK_WARNING, /* harmless on this machine, or by luck */
	LIBDMA_CHECK_ERROR,   /* memory may be corrupted, or a device stopped */
	LIBDMA_CHECK_SEVERITIES
};

/**
 * struct libdma_check_rule - a rule
 * @id:		"DMA003"; never given to another rule. 001 to 099 are rules that the
 *		kernel's CONFIG_DMA_API_DEBUG has, from 101 on they are our own
 * @name:	"unmap-other-size"
 * @severity:	how bad
 * @summary:	what a driver did who broke it, in a line
 * @kernel:	what the kernel says then, or NULL where it says nothing
 */
struct libdma_check_rule {
	const char *id;
	const char *name;
	enum libdma_check_severity severity;
	const char *summary;
	const char *kernel;
};

/** libdma_check_rule_at() - the rules, by their ids; NULL behind the last */
const struct libdma_check_rule *libdma_check_rule_at(size_t index);

/** libdma_check_rule_find() - the rule of an id or a name, or NULL */
const struct libdma_check_rule *libdma_check_rule_find(const char *word);

/** libdma_check_severity_name() - "note", "warning", "error" */
const char *libdma_check_severity_name(enum libdma_check_severity severity);

/* What else than a mistake of the driver could explain a verdict. */
#define LIBDMA_DOUBT_LOST (1U << 0) /* events were lost that could be the missing ones \
				     */
#define LIBDMA_DOUBT_LATE    (1U << 1) /* it may have begun before the recording */
#define LIBDMA_DOUBT_SKIPPED (1U << 2) /* the driver need not unmap what it maps */
#define LIBDMA_DOUBT_CUT     (1U << 3) /* the recorder cut the list short */
#define LIBDMA_DOUBTS        4

/** libdma_check_doubt_name() - a sentence for one of LIBDMA_DOUBT_*, by its bit */
const char *libdma_check_doubt_name(unsigned int bit);

/**
 * struct libdma_check_verdict - a rule was broken
 * @rule:	which
 * @doubt:	LIBDMA_DOUBT_*; a verdict is a finding only where this is 0
 * @event:	the call that broke it
 * @begin:	the event that made the mapping, or NULL where there is none
 * @other:	a third event: what ended the mapping before, or the other mapping; or
 * NULL
 * @dma:	where: a DMA address, or a physical one where two mappings share memory
 * @size:	bytes from there on, 0 where not known
 * @was:	what the mapping has and
 * @is:		what the call has, where these differ: bytes, entries, a direction, ...
 * @text:	the verdict in words, of one line
 */
struct libdma_check_verdict {
	const struct libdma_check_rule *rule;
	uint32_t doubt;
	const struct dma_event *event;
	const struct dma_event *begin;
	const struct dma_event *other;
	uint64_t dma;
	uint64_t size;
	uint64_t was;
	uint64_t is;
	const char *text;
};

/**
 * struct libdma_check_options - how to check
 * @kernel:	whose dma-debug decides, where versions differ
 * @as_kernel:	give the verdicts of the kernel's dma-debug, all of them and no others,
 *		its mistakes included: to compare with a kernel that has it
 * @cache_alignment: what dma_get_cache_alignment() is where @as_kernel; 0 is 1, as on x86
 * @from_start:	the recording began before the first driver did, so that nothing can
 *		have been mapped before it
 * @verdict:	called for each verdict, whose members last until it returns
 * @arg:	its first argument
 */
struct libdma_check_options {
	enum dma_kernel kernel;
	bool as_kernel;
	uint32_t cache_alignment;
	bool from_start;
	void (*verdict)(void *arg, const struct libdma_check_verdict *verdict);
	void *arg;
};

struct libdma_check;

/**
 * libdma_check_create() - nothing is mapped, and nothing known of any device
 *
 * Return: 0, -EINVAL without a verdict callback or for no kernel, or -ENOMEM.
 */
int libdma_check_create(const struct libdma_check_options *options,
			struct libdma_check **ret);

/** libdma_check_destroy() - release; NULL is allowed */
void libdma_check_destroy(struct libdma_check *check);

/**
 * libdma_check_environment() - say what is known of the machine
 * @check:	the checker
 * @environment: used: its memory, IOMMU mode, and the limits of devices, as far as they
 *		were given. What was worked out from the events cannot be broken by them
 * @strings:	the table of the events' strings, which lasts as long as the checker; the
 *		devices' names are added
 *
 * Return: 0, or -ENOMEM.
 */
int libdma_check_environment(struct libdma_check *check,
			     const struct libdma_environment *environment,
			     struct libdma_strings *strings);

/**
 * libdma_check_lost() - say that events were lost before the next one
 *
 * Events of kind DMA_EVENT_LOST say it too.
 */
void libdma_check_lost(struct libdma_check *check);

/**
 * libdma_check_put() - show the next event
 *
 * Return: 0, or -ENOMEM.
 */
int libdma_check_put(struct libdma_check *check, const struct dma_event *event);

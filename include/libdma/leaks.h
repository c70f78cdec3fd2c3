/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * leaks.h - what a trace leaves mapped, and which of it nobody will give back
 *
 * A sink of events. That something is mapped at the end is no leak: rings and buffers
 * are, as long as a driver runs. So what is left is looked at by site, and a site is
 * judged by its past: how long its mappings live, when those began that are left, and
 * what its driver has done since.
 */
#pragma once

#include <libdma/environment.h>
#include <libdma/event.h>

enum libdma_leak_verdict {
	LIBDMA_LEAK_IN_USE,  /* nothing speaks against it */
	LIBDMA_LEAK_SKIPPED, /* the driver need not unmap it on this kernel */
	LIBDMA_LEAK_LOST,    /* events were lost since, which may have ended it */
	/* findings from here on */
	LIBDMA_LEAK_OLD,     /* older than the caller thinks right */
	LIBDMA_LEAK_GROWING, /* ever more of it, and much older than it ever got */
	LIBDMA_LEAK_LEFT,    /* the driver has gone, or gave all else back */
	LIBDMA_LEAK_VERDICTS
};

/** libdma_leak_verdict_name() - "in-use", "growing" ...; NULL for no verdict */
const char *libdma_leak_verdict_name(enum libdma_leak_verdict verdict);

/** libdma_leak_verdict_reason() - why, as a sentence without a full stop */
const char *libdma_leak_verdict_reason(enum libdma_leak_verdict verdict);

#define LIBDMA_LEAK_SLICES 8

/**
 * struct libdma_leak - what is left of one site
 * @verdict:	of all of it: the worst that holds for any
 * @oldest:	the event that began the oldest; without lists
 * @count:	how many are left
 * @bytes:	what they asked for
 * @smallest:	bytes of the smallest
 * @largest:	and of the largest
 * @oldest_ns:	age of the oldest at the end
 * @youngest_ns: and of the youngest
 * @begun:	all that the site ever began
 * @ended:	and of these ended
 * @longest_ns:	the longest that one of those lived
 * @overdue:	left and older than four times @longest_ns; all, where none ended
 * @slope:	how many more are overdue each second, by the births of these
 * @births:	when those that are overdue began, by eighths of the recording
 *
 * A site is a device, a sort of call and its stack; without stacks the direction and the
 * power of two of the size stand for it.
 */
struct libdma_leak {
	enum libdma_leak_verdict verdict;
	struct dma_event oldest;
	uint64_t count;
	uint64_t bytes;
	uint64_t smallest, largest;
	uint64_t oldest_ns, youngest_ns;
	uint64_t begun, ended;
	uint64_t longest_ns;
	uint64_t overdue;
	double slope;
	uint64_t births[LIBDMA_LEAK_SLICES];
};

/**
 * struct libdma_leaks_options - how to judge
 * @kernel:	whose drivers: from 7.2 on some need not unmap
 * @older_ns:	what is at least as old is a finding; 0 for no such limit
 */
struct libdma_leaks_options {
	enum dma_kernel kernel;
	uint64_t older_ns;
};

struct libdma_leaks;

/**
 * libdma_leaks_create() - nothing is mapped
 *
 * Return: the sink, or NULL without memory.
 */
struct libdma_leaks *libdma_leaks_create(const struct libdma_leaks_options *options);

/** libdma_leaks_destroy() - release; NULL is allowed */
void libdma_leaks_destroy(struct libdma_leaks *leaks);

/**
 * libdma_leaks_environment() - say which devices need syncs, and so need to unmap
 * @leaks:	the sink
 * @environment: what is known of the machine
 * @strings:	the table of the events' strings, which lasts as long as the sink; the
 *		devices' names are added
 *
 * Return: 0, or -ENOMEM.
 */
int libdma_leaks_environment(struct libdma_leaks *leaks,
			     const struct libdma_environment *environment,
			     struct libdma_strings *strings);

/** libdma_leaks_lost() - say that events were lost before the next one */
void libdma_leaks_lost(struct libdma_leaks *leaks);

/**
 * libdma_leaks_put() - show the next event
 *
 * Return: 0, or -ENOMEM.
 */
int libdma_leaks_put(struct libdma_leaks *leaks, const struct dma_event *event);

/**
 * libdma_leaks_conclude() - judge what is left now
 * @leaks:	the sink
 * @ret:	set to a list of the sites that have some left, the worst first; free() it
 * @count:	set to its length
 *
 * Return: 0, or -ENOMEM.
 */
int libdma_leaks_conclude(struct libdma_leaks *leaks, struct libdma_leak **ret,
			  size_t *count);

/**
 * libdma_leaks_strangers() - ends of what was never seen to begin
 * @leaks:	the sink
 * @device:	string number of a device, or 0 for all
 *
 * Their origin is unknown: most often they began before the recording did.
 */
uint64_t libdma_leaks_strangers(const struct libdma_leaks *leaks, uint32_t device);

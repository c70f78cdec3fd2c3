/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * whatif.h - one trace on many machines that differ in a parameter
 *
 * A parameter has axes, along which values are tried; a point is one machine. What
 * each came to is measured, and a goal says which of the points is the answer.
 */
#pragma once

#include <jansson.h>

#include <libdma/rerun.h>

#include "source.h"
#include "table.h"

#define SWEEP_MAX  64 /* machines that a user may ask for */
#define POINTS_MAX 96 /* with those that lie between them */
#define GAUGE_BINS 4096
#define GOALS      2

/* What is varied. */
enum whatif_parameter {
	WHATIF_SWIOTLB,
	WHATIF_IOMMU,
	WHATIF_SG,
	WHATIF_IOVA,
	WHATIF_MAGAZINE,
	WHATIF_POOL,
	WHATIF_PARAMETERS
};

/* And how. */
enum axis {
	AXIS_SLOTS,
	AXIS_AREAS,
	AXIS_MODE,
	AXIS_MAX_SEGMENT,
	AXIS_SEGMENT_BOUNDARY,
	AXIS_MASK,
	AXIS_WINDOW,
	AXIS_FORCEDAC,
	AXIS_MAGAZINE,
	AXIS_ALIGN,
	AXIS_BLOCK_SIZE,
	AXIS_BLOCK_BOUNDARY,
	AXES
};

/**
 * struct sweep - values along an axis
 * @axis:	which
 * @from, @to:	the first and the last
 * @step:	between two
 * @times:	it is a factor
 */
struct sweep {
	enum axis axis;
	uint64_t from, to, step;
	bool times;
};

/**
 * struct gauge - how much was used, each time that something was asked for
 * @now, @most:	used now, and at most
 * @samples:	how often it was looked at
 * @times:	by what was used then, 2^@shift values in one
 */
struct gauge {
	uint64_t now, most;
	uint64_t samples;
	unsigned int shift;
	uint64_t times[GAUGE_BINS];
};

/**
 * struct point - one machine
 * @value:	along each axis
 * @varied:	1 << axis: it is not the recording's
 * @swept:	the user asked for it; else it lies between two such
 * @done:	the trace was run
 * @possible:	there is such a machine
 * @rerun:	the machine, while the trace runs
 * @requests, @failed: asked for, and refused
 * @lists, @entries, @segments: of lists, and how many they became
 * @breaches:	segments that are longer or cross more than the device said it takes
 * @flushes:	of the IOTLB
 * @takes, @taken: ranges of IOVAs that were allocated, and their bytes
 * @asked:	bytes of what lies in them
 * @lowest:	of the addresses that maps got
 * @pages, @page_bytes: what pools took
 * @block_bytes, @most_bytes: asked for by the blocks that are live, now and at most
 * @in_pool:	a pool's block is asked for now
 * @refused:	pools that there are not on this machine, @refusals of them, by their
 *		handles in the recording
 * @gauge:	what the parameter is of: slots, pages of IOVAs, segments or blocks
 * @swiotlb, @iova: what the machine held
 */
struct point {
	const struct whatif *whatif;
	uint64_t value[AXES];
	uint32_t varied;
	bool swept, done, possible;

	struct libdma_rerun *rerun;
	uint64_t requests, failed;
	uint64_t lists, entries, segments, breaches;
	uint64_t flushes;
	uint64_t takes, taken, asked;
	uint64_t lowest;
	uint64_t pages, page_bytes, block_bytes, most_bytes;
	bool in_pool;
	uint64_t *refused;
	size_t refusals;
	struct gauge gauge;
	struct libdma_rerun_swiotlb swiotlb;
	struct libdma_rerun_iova iova;
};

/**
 * struct whatif_pool - a pool of the recording
 * @event:	its creation, without strings but for device and name
 * @blocks:	how often one was asked for
 */
struct whatif_pool {
	struct dma_event event;
	uint64_t blocks;
};

/**
 * struct goal - what makes a point a good one: that this is least
 * @words:	"without a failure"
 * @fewest:	the same, where it is not 0
 * @unit:	of what is measured: "requests fail"
 */
struct goal {
	const char *words, *fewest, *unit;
	uint64_t (*measure)(const struct point *point);
};

/**
 * struct answer - the smallest value that reaches a goal
 * @goal:	which
 * @point, @last: it, and the largest up to which all do
 * @least:	what is measured there
 * @below:	the next smaller point, which does not; points where there is none
 * @exact:	nothing lies between @below and @point
 */
struct answer {
	const struct goal *goal;
	size_t point, last, below;
	uint64_t least;
	bool exact;
};

/**
 * struct whatif - the machines, and what the trace asks for whatever the machine
 * @parameter:	what is varied
 * @sweep:	along which axes, @sweeps of them
 * @points, @point: the machines
 * @limit:	largest size that a device's copy can have, of the smallest such device
 * @largest:	of the requests
 * @largest_device: whose; a string of @strings
 * @never:	requests larger than what their device's copies can be
 * @skipped:	requests that the trace does not tell whole
 * @untold:	ranges of dma_iova_*() of which it tells only what the IOMMU mapped
 * @guessed:	lists of which only the sum of sizes is known
 * @pool:	the recording's, @pools of them
 * @strangers:	blocks of pools from before the recording, which are not run
 * @read:	the trace was, so that what it asks for is known
 * @once:	the trace can be read but once, and so nothing looked for in between
 */
struct whatif {
	enum whatif_parameter parameter;
	struct sweep sweep[2];
	size_t sweeps;
	struct libdma_strings *strings;
	struct libdma_environment *environment;
	enum dma_kernel kernel;
	size_t points;
	struct point *point[POINTS_MAX];
	uint64_t limit, largest;
	uint32_t largest_device;
	uint64_t never;
	uint64_t skipped, untold, guessed;
	struct whatif_pool *pool;
	size_t pools;
	uint64_t strangers;
	bool read, once;
};

/* ---- whatif-axis.c: what can be varied, and what sets it ---- */

const char *whatif_name(enum whatif_parameter parameter);

/* The axis of a parameter by its name; AXES where it has none such. */
enum axis axis_find(enum whatif_parameter parameter, const char *name);

/* What is tried along it where the user does not say. */
struct sweep axis_sweep(enum axis axis);

/* The first axis of a parameter. */
enum axis axis_first(enum whatif_parameter parameter);

const char *axis_name(enum axis axis);

/* Are only powers of two of use? */
bool axis_is_power(enum axis axis);

/* The next larger value that there is. */
uint64_t axis_next(const struct whatif *whatif, enum axis axis, uint64_t value);

/* Can all that is varied be so? */
bool axis_possible(const struct point *point);

/* The machine as the point has it. */
void axis_set_machine(const struct point *point, struct libdma_environment *machine);

/* An event as it would have been: what the recording tells must not undo it. */
void axis_vary(const struct point *point, struct dma_event *event);

/* "swiotlb=1024,2", "max-segment=65536": as the table names a point. */
void axis_print(const struct point *point, char *buffer, size_t size);

/* "dma_set_max_seg_size(dev, 65536)": what a driver or the command line has to say. */
void axis_print_call(const struct point *point, char *buffer, size_t size);

/* ---- whatif-point.c ---- */

/* One more point at its place; false where there is no room. */
bool whatif_add(struct whatif *whatif, const struct point *like);
void whatif_drop(struct whatif *whatif, size_t index);

/* All points of the sweeps; EXIT_FINE or EXIT_USAGE. */
int whatif_make_points(struct whatif *whatif);

/* The goals of a parameter, up to GOALS; .words is NULL behind the last. */
const struct goal *whatif_goals(enum whatif_parameter parameter);

/* Which of the points; false where none is possible. */
bool whatif_answer(const struct whatif *whatif, const struct goal *goal,
		   struct answer *ret);

/* Points between those that bracket an answer. How many were added. */
size_t whatif_narrow(struct whatif *whatif);

/* Points that were added and bracket nothing go. */
void whatif_tidy(struct whatif *whatif);

/* ---- whatif-measure.c ---- */

/* What a machine did. @arg: the point. */
void point_see(void *arg, const struct dma_event *event);

void gauge_sample(struct gauge *gauge);

/* Used at most in 99 of 100 samples. */
uint64_t gauge_p99(const struct gauge *gauge);

/* The same of what the parameter is about. */
uint64_t point_p99(const struct point *point);

/* Percent of what was taken that nobody asked for; below 0 where that has no meaning. */
double point_waste(const struct point *point);

/* How a pool's pages are cut on this machine; false where there is no such pool. */
bool point_layout(const struct point *point, const struct whatif_pool *pool,
		  struct libdma_pool_layout *ret, uint64_t *size);

/* Blocks of a page, from the pool with fewest to that with most; false without pools. */
bool point_per_page(const struct point *point, uint32_t *fewest, uint32_t *most);

/* Bytes that a block costs beyond its size; 0 without pools. */
double point_per_block(const struct point *point);

/* ---- whatif.c ---- */

/*
 * Build the machines of whatif->environment that were not run, and run the trace on all
 * of them. Returns EXIT_FINE, or the status to exit with; the reason was printed.
 */
int whatif_run(struct whatif *whatif, struct source *source);
void whatif_deinit(struct whatif *whatif);

/* ---- whatif-print.c, whatif-json.c ---- */

/* All columns, and the names of those that say something of a parameter. */
extern const struct column whatif_columns[];
const char *whatif_usual_columns(enum whatif_parameter parameter);

/* The smallest value of swiotlb= of which the kernel makes as many slots. */
uint64_t whatif_smallest_value(const struct point *point);

void whatif_fill(const struct whatif *whatif, struct table *table);
void whatif_print(const struct whatif *whatif, const struct terminal *terminal);
json_t *whatif_answer_json(const struct whatif *whatif, const struct answer *answer);
void whatif_print_json(const struct whatif *whatif, const struct source *source);

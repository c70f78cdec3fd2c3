/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * whatif.h - one trace on many machines that differ in a parameter
 */
#pragma once

#include <jansson.h>

#include <libdma/rerun.h>

#include "source.h"
#include "table.h"

#define POINTS_MAX 64

/* What is varied. */
enum whatif_parameter {
	WHATIF_SWIOTLB,
	WHATIF_IOMMU,
	WHATIF_SG,
	WHATIF_IOVA,
	WHATIF_POOL,
	WHATIF_PARAMETERS
};

/**
 * struct point - one machine
 * @slots, @areas, @mode, @max_segment, @boundary, @mask, @align: what is varied of it; a
 *		value of 0 is not, but for @mode
 * @rerun:	the machine, NULL where there is none such
 * @requests, @failed: asked for, and refused
 * @lists, @entries, @segments: of lists, and how many they became
 * @flushes:	of the IOTLB
 * @bytes, @peak_bytes: mapped now, and at most
 * @lowest:	of the addresses that maps got
 * @pages, @blocks: pages that pools took, and most blocks of them that were live
 * @block_bytes: bytes asked for by those blocks
 * @swiotlb:	how full it was
 */
struct point {
	uint64_t slots;
	uint32_t areas;
	enum libdma_iommu_mode mode;
	uint64_t max_segment, boundary, mask, align;

	struct libdma_rerun *rerun;
	uint64_t requests, failed;
	uint64_t lists, entries, segments;
	uint64_t flushes;
	uint64_t bytes, peak_bytes;
	uint64_t lowest;
	uint64_t pages, pool_depth, blocks, most_blocks;
	struct libdma_rerun_swiotlb swiotlb;
};

/**
 * struct whatif - the machines, and what the trace asks for whatever the machine
 * @parameter:	what is varied
 * @points, @point: the machines
 * @limit:	largest size that a device's copy can have, of the smallest such device
 * @largest:	of the requests
 * @largest_device: whose; a string of @strings
 * @never:	requests larger than what their device's copies can be
 * @guessed:	lists of which only the sum of sizes is known
 */
struct whatif {
	enum whatif_parameter parameter;
	struct libdma_strings *strings;
	struct libdma_environment *environment;
	size_t points;
	struct point point[POINTS_MAX];
	uint64_t limit, largest;
	uint32_t largest_device;
	uint64_t never;
	uint64_t guessed;
};

/*
 * One more machine, like @point; none twice where the kernel rounds two sizes of the
 * swiotlb to one. False where there are POINTS_MAX.
 */
bool whatif_add(struct whatif *whatif, const struct point *point);

/*
 * Build the machines of whatif->environment and run the trace on all of them. Returns
 * EXIT_FINE, or the status to exit with; the reason was printed.
 */
int whatif_run(struct whatif *whatif, struct source *source);
void whatif_deinit(struct whatif *whatif);

/* The smallest machine from which on no more fail than on the largest; or points. */
size_t whatif_smallest(const struct whatif *whatif);

/* The smallest swiotlb= of which the kernel makes as many slots as @point has. */
uint64_t whatif_smallest_value(const struct whatif *whatif, const struct point *point);

/* "swiotlb", "iommu" ... */
const char *whatif_name(enum whatif_parameter parameter);

/* All columns, and the names of those that say something of a parameter. */
extern const struct column whatif_columns[];
const char *whatif_usual_columns(enum whatif_parameter parameter);

void whatif_fill(const struct whatif *whatif, struct table *table);
void whatif_print(const struct whatif *whatif);
json_t *whatif_smallest_json(const struct whatif *whatif); /* of WHATIF_SWIOTLB, or NULL */
void whatif_print_json(const struct whatif *whatif, const struct source *source);

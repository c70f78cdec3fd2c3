/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fragmap.h - what fragmap.c, which places things, shares with its arithmetic
 */
#pragma once

#include <libdma/fragmap.h>

#define SWIOTLB_SLOT 2048UL               /* RULES.md S1 */
#define SWIOTLB_SET  (128 * SWIOTLB_SLOT) /* slots that no run leaves */

/* A space under construction. */
struct space {
	struct libdma_space face;
	uint64_t id; /* of its kind: device, group, pool */
	size_t room, gap_room;
	bool weighs; /* extents are not kept, but what they take is added up */
	uint64_t weight;
	/* of a pool */
	uint64_t allocation; /* bytes by which it grows */
	uint64_t boundary;
};

#define GROUP_ID (1ULL << 32) /* in a space's id: a group's number, not a device's */
#define NO_SPACE SIZE_MAX

/* What is asked about a device for each of its mappings. */
struct place {
	bool known;
	bool translated;
	uint64_t domain; /* id of its IOVA space */
	size_t region;   /* its region's space, or NO_SPACE */
};

struct libdma_fragmap {
	const struct libdma_environment *environment;
	const struct libdma_strings *strings;
	struct space **space;
	size_t count, room;
	uint32_t *slot; /* hash of kind and id: index + 1, or 0 */
	size_t slots;
	struct place *place; /* by the device's string number */
	size_t places;
	bool weighs; /* so do all its spaces */
};

/* What one live thing takes. */
struct fragmap_weight {
	uint64_t slots; /* of the swiotlb */
	uint64_t iova;  /* bytes */
};

/*
 * What a thing takes that libdma_fragmap_add() would place, in a fragmap of which this
 * alone is asked. 0 or -ENOMEM.
 */
int fragmap_weigh(struct libdma_fragmap *fragmap, const struct dma_event *begin,
		  struct fragmap_weight *ret);

/* The space of a kind and id, which is made if there is none; 0 or -ENOMEM. */
int fragmap_space(struct libdma_fragmap *fragmap, enum libdma_space_kind kind,
		  uint64_t id, struct space **ret);

/* What is known of a device, valid until the next is asked for; 0 or -ENOMEM. */
int fragmap_place(struct libdma_fragmap *fragmap, uint32_t device, struct place **ret);

int space_add_extent(struct space *space, const struct libdma_extent *extent);

/* Add a range that is not to be had; 0 or -ENOMEM. */
int space_add_gap(struct space *space, uint64_t start, uint64_t length);

/* Bounds and gaps, now that all extents are known and in order; 0 or -ENOMEM. */
int space_bound(struct space *space, const struct libdma_environment *environment,
		const struct libdma_strings *strings);

/* Order the extents, and mark those that share bytes. */
void space_sort(struct libdma_space *space);

/* Fill in space->numbers. */
void space_count(struct libdma_space *space);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * check.h - what the files of the rules share
 *
 * An event becomes a question: what does this call say, and what is known of the
 * mapping that it names? The rules of its occasion are then asked in the order of the
 * table. The ledger remembers what is live, and for a while what was.
 */
#pragma once

#include <libdma/check.h>

#include "base/intervals.h"
#include "base/rules.h"

/* As the kernel's dma-debug tells mappings apart (RULES.md E1). */
enum mapping_type {
	TYPE_SINGLE,
	TYPE_SG,
	TYPE_COHERENT,
	TYPE_RESOURCE,
	TYPE_NONCOHERENT,
	TYPE_PHYS,
	TYPE_IOVA, /* dma_iova_*, of which dma-debug knows nothing */
};

enum error_state {
	ERROR_NOT_ASKED_FOR,
	ERROR_NOT_CHECKED,
	ERROR_CHECKED,
};

/* The event that made one or, of a list, several records; shared by them. */
struct origin {
	struct interval by_phys; /* of a list: its first physical address */
	unsigned int users;
	unsigned int live;      /* records */
	struct dma_event event; /* its lists are the origin's own */
	uint64_t lists[];
};

/* What a call says of one range. */
struct reference {
	uint64_t dma;
	uint64_t size;
	uint64_t phys;
	uint64_t cpu_addr;
	uint64_t attrs;
	enum mapping_type type;
	uint8_t dir;
	uint32_t nents;	  /* of the caller's list, else 0 */
	uint32_t segment; /* which of the list's */
	bool has_phys;
};

/* A range that is mapped. */
struct record {
	struct interval by_dma;  /* in its device's ranges */
	struct interval by_line; /* in the checker's lines, if @has_line */
	struct origin *origin;
	struct device_check *device;
	struct reference ref;
	uint32_t ents; /* segments of the list */
	enum error_state error;
	uint64_t times; /* mapped so often, where the driver need not unmap */
	bool has_line;
	bool may_be_stale;  /* the driver may have done with it, unseen */
	bool with_device;   /* all of it was handed over, and the CPU took nothing back */
	bool device_synced; /* sync_for_device since it was mapped */
	unsigned int losses; /* of the checker, when it was made */
};

/* One of the ranges that ended last. */
struct ended {
	uint32_t device;
	uint64_t start, last;
	enum mapping_type type; /* as which it ended */
	struct origin *origin;
	struct dma_event event; /* what ended it */
	uint64_t flushes;       /* of the checker, then */
};

struct limits {
	uint64_t mask, coherent_mask, bus_limit, boundary, max_segment;
	bool has_mask, has_coherent_mask, has_boundary, has_max_segment;
};

struct region {
	bool declared;
	struct dma_event event;
};

/* What is known of a device. */
struct device_check {
	struct interval by_number;
	struct intervals ranges; /* live, by DMA address */
	struct intervals lists;  /* live, by their first physical address */
	struct limits limits;
	struct region region;
	uint64_t live;
	uint32_t driver;
	bool noncoherent;   /* known to be */
	bool skip_sync;     /* dma_skip_sync is known to be set, */
	bool has_skip_sync; /* or not to be */
	bool seen_probe;    /* its driver began during the recording */
};

struct pool_check {
	struct interval by_handle;
	struct intervals blocks; /* live, by DMA address */
	struct dma_event event;
};

struct block_check {
	struct interval by_dma;
	struct dma_event event;
};

/* One cache line of memory, as dma-debug counts it (RULES.md E14). */
struct line_check {
	struct interval by_line;
	unsigned int overlaps;
	uint64_t attrs; /* of the mapping that was first */
};

#define ENDED_KEPT 1024

/* dma-debug counts no further (RULES.md E25). */
#define KERNEL_OVERLAPS 7

struct libdma_check {
	struct libdma_check_options options;
	const struct kernel_rules *rules;
	struct intervals devices; /* by number */
	struct intervals pools;   /* by handle */
	struct intervals lines;   /* records that cache lines matter to, by address */
	struct intervals kernel_lines; /* line_check, by number of the line */
	struct ended *ended;           /* ENDED_KEPT of them, or NULL */
	uint64_t ended_count;
	struct libdma_ranges memory; /* System RAM, Kernel code and rodata */
	bool lazy;
	bool errors_seen; /* the recorder shows dma_mapping_error() */
	bool overlaps_told;
	uint64_t line_size; /* bytes */
	uint64_t flushes;   /* of the IOTLB; 0 where none was seen */
	const struct libdma_strings *strings; /* of the events, or NULL */
	unsigned int losses;
	char text[512]; /* of a verdict */
};

/* When a rule is asked. */
enum occasion {
	ON_ENTRY,         /* each piece of memory that the caller mapped */
	ON_SEGMENT,       /* each range that it became, not yet in the ledger: */
	ON_RANGE,         /* what dma-debug asks first, and all the rest */
	ON_UNMAP_UNKNOWN, /* an end of nothing that is live */
	ON_UNMAP,
	ON_SYNC_UNKNOWN,
	ON_SYNC_BEYOND, /* of more than the mapping that it begins in, or was taken for */
	ON_SYNC,
	ON_DRIVER_GONE,
	ON_FAULT, /* the IOMMU stopped the device */
	ON_POOL_FREE,
	ON_POOL_DESTROY,
	ON_REGION,
};

/* A call, and what is known of what it is about. */
struct question {
	struct libdma_check *check;
	struct device_check *device;
	const struct dma_event *event;
	struct reference ref;
	struct record *record;     /* the mapping that it is about, or NULL */
	const struct ended *ended; /* the last one that was there, where none is */
	const struct pool_check *pool;
	const struct block_check *block;
	unsigned int index; /* of the range in its list */
};

/* What a rule adds when it says that it is broken. */
struct answer {
	uint64_t was, is;
	uint64_t dma, size;
	const struct dma_event *begin, *other;
	uint32_t doubt;
};

enum whose {
	OURS_AND_KERNELS,
	KERNELS, /* dma-debug says it so; we say it better by another rule */
	OURS,    /* dma-debug has it not */
};

/* How the two sides of a difference are printed. */
enum side {
	AS_NOTHING,
	AS_NUMBER,
	AS_COUNT, /* one side only */
	AS_HEX,
	AS_DIRECTION,
	AS_TYPE,
};

struct rule {
	struct libdma_check_rule face;
	enum occasion on;
	enum whose whose;
	bool (*broken)(const struct question *question, struct answer *answer);
	bool of_history; /* lost events could explain it */
	enum side as;
	const char *differ; /* "mapped with %s, unmapped with %s" */
};

/* Ask all rules of an occasion, and tell the verdicts. */
void check_ask(enum occasion on, const struct question *question);

extern const struct rule check_rules[];
extern const size_t check_rule_count;

/*
 * The ledger
 */

/* The state of a device, made if it is new; NULL without memory. */
struct device_check *ledger_device(struct libdma_check *check, uint32_t number);
void ledger_deinit(struct libdma_check *check);

/* Does a kernel let some drivers leave out the unmap of this? (RULES.md Y11) */
bool unmap_may_be_skipped(const struct kernel_rules *rules,
			  const struct dma_event *begin);

/* Is memory that ends without an event usual for this device's driver? */
bool ledger_may_skip(const struct libdma_check *check, const struct device_check *device,
		     const struct dma_event *event);

/* A copy of @event that lives as long as its users; NULL without memory. */
struct origin *ledger_origin(const struct dma_event *event);
void ledger_release(struct origin *origin);

/* Enter a range; 0 or -ENOMEM. */
int ledger_add(struct libdma_check *check, struct device_check *device,
	       struct origin *origin, const struct reference *ref, uint32_t ents,
	       enum error_state error);

/* Take a record out that was ended by @event; it is gone then. 0 or -ENOMEM. */
int ledger_end(struct libdma_check *check, struct record *record,
	       const struct dma_event *event);

/* The record that an end is about: at its address, fitting best; or NULL. */
struct record *ledger_find(const struct libdma_check *check,
			   const struct device_check *device,
			   const struct reference *ref);

/* The record that holds the whole range; in our own way else one that holds its start. */
struct record *ledger_find_around(const struct libdma_check *check,
				  const struct device_check *device,
				  const struct reference *ref);

/* The first of the records at an address whose dma_mapping_error() nobody asked. */
struct record *ledger_find_unchecked(const struct device_check *device, uint64_t dma);

/* The live list that an end without DMA addresses names by physical ones, or NULL. */
struct origin *ledger_find_list(const struct device_check *device,
				const struct dma_event *event);

/* A live record of an origin, or NULL; segment by segment, @index from 0. */
struct record *ledger_segment(const struct device_check *device,
			      const struct origin *origin, unsigned int index);

/* The range that ended last of those that overlap this one, or NULL. */
const struct ended *ledger_ended(const struct libdma_check *check, uint32_t device,
				 uint64_t dma, uint64_t size);

/*
 * One file an occasion
 */

int check_map(struct libdma_check *check, struct device_check *device,
	      const struct dma_event *event);
int check_end(struct libdma_check *check, struct device_check *device,
	      const struct dma_event *event);
void check_sync(struct libdma_check *check, struct device_check *device,
		const struct dma_event *event);
void check_device(struct libdma_check *check, struct device_check *device,
		  const struct dma_event *event);
int check_pool(struct libdma_check *check, struct device_check *device,
	       const struct dma_event *event);
void check_region(struct libdma_check *check, struct device_check *device,
		  const struct dma_event *event);

/* The last number of a range, of one byte at least. */
static inline uint64_t range_last(uint64_t start, uint64_t size)
{
	uint64_t last = start + (size ? size - 1 : 0);

	return last < start ? UINT64_MAX : last;
}

/* NULL stays NULL: it is the first member. */
static inline struct record *record_of(struct interval *by_dma)
{
	return by_dma ? member_of(by_dma, struct record, by_dma) : NULL;
}

static inline bool is_alloc_type(enum mapping_type type)
{
	return type == TYPE_COHERENT || type == TYPE_NONCOHERENT;
}

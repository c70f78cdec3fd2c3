/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reference-check.h - the rules of the DMA API, the plain way: one array of what is
 * mapped, in the order in which it was, and all of it looked at for each question
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <libdma/check.h>

#define REFERENCE_CHECK_RANGES  1024 /* live; whoever asks sees to it */
#define REFERENCE_CHECK_ENDED   4096
#define REFERENCE_CHECK_ORIGINS 512
#define REFERENCE_CHECK_ENTRIES 8
#define REFERENCE_CHECK_DEVICES 5
#define REFERENCE_CHECK_POOLS   8
#define REFERENCE_CHECK_SAID    64

/* As calls tell mappings apart. */
enum reference_type {
	ONE,
	LIST,
	MEMORY, /* coherent */
	PAGES,
	REGISTERS,
	PLACE,     /* what 7.2's dma-debug calls "phy" */
	ADDRESSES, /* dma_iova_* */
};

/* A call that mapped something. */
struct reference_origin {
	uint64_t number;
	uint32_t device;
	uint8_t dir;
	bool has_list, direct, by_phys;
	uint32_t phys_count, dma_count;
	uint64_t phys[REFERENCE_CHECK_ENTRIES];
	uint64_t entered; /* when its first range was; later is higher */
};

struct reference_ref {
	uint64_t dma, size, phys, cpu, attrs;
	enum reference_type type;
	uint8_t dir;
	uint32_t nents;
	bool has_phys;
};

struct reference_range {
	struct reference_ref ref;
	uint32_t device, ents, segment;
	struct reference_origin *origin;
	uint64_t times;
	unsigned int losses;
	bool unchecked, stale, with_device, synced;
};

struct reference_ended {
	uint32_t device;
	uint64_t start, size, end_size;
	enum reference_type type;
	uint64_t flushes;
	uint64_t begun_by, ended_by; /* numbers of events */
};

struct reference_line {
	uint64_t line, attrs;
	unsigned int overlaps;
};

struct reference_block {
	bool live;
	uint64_t dma, cpu, number;
};

struct reference_device {
	uint64_t mask, coherent_mask, boundary, max_segment, bus_limit; /* 0: not known */
	uint32_t driver;
	bool noncoherent, skip_sync, has_skip_sync, seen_probe;
	bool has_region;
	uint64_t region_dma, region_size, region_number;
};

/* A verdict, as far as it is compared. */
struct reference_said {
	unsigned int rule; /* DMA003: 3 */
	uint32_t doubt;
	uint64_t begin, other; /* numbers of events, plus 1; 0: none, or not compared */
	uint64_t was, is;      /* the same, where both are 0 */
};

struct reference_check {
	enum dma_kernel kernel;
	bool as_kernel, from_start, lazy;
	uint64_t alignment; /* as dma_get_cache_alignment() */
	uint64_t ram_start, ram_end, text_start, text_end;
	struct reference_device device[REFERENCE_CHECK_DEVICES];

	struct reference_range range[REFERENCE_CHECK_RANGES];
	unsigned int ranges;
	struct reference_origin origin[REFERENCE_CHECK_ORIGINS];
	unsigned int origins;
	struct reference_ended ended[REFERENCE_CHECK_ENDED];
	unsigned int endeds;
	struct reference_line line[REFERENCE_CHECK_RANGES];
	unsigned int lines;
	struct {
		bool live, seen_create;
		struct reference_block block[REFERENCE_CHECK_ORIGINS];
		unsigned int blocks;
	} pool[REFERENCE_CHECK_POOLS];
	unsigned int losses;
	uint64_t flushes, entered;
	bool errors_seen, many_told;

	struct reference_said said[REFERENCE_CHECK_SAID]; /* of the last event */
	unsigned int saids;
};

/*
 * What the last event broke: a rule by its number, once for each time. The verdict, to
 * say more of it, or NULL where it is none of those that are asked for.
 */
struct reference_said *reference_check_say(struct reference_check *reference,
					   unsigned int rule, uint32_t doubt);

/* Of a verdict, or of none: what is not as it was. */
void reference_differ(struct reference_said *said, uint64_t was, uint64_t is);

/* What the mapping began with that it is about, and what ended that. */
void reference_of_range(struct reference_said *said, const struct reference_range *range);
void reference_of_ended(struct reference_said *said, const struct reference_ended *ended);

/* Show it the next event; what that breaks is in @said then. */
void reference_check_put(struct reference_check *reference,
			 const struct dma_event *event);

/* Forget all that was shown; what is known of the machine is set by the caller then. */
void reference_check_init(struct reference_check *reference, enum dma_kernel kernel,
			  bool as_kernel);

/* ---- reference-ledger.c: what is mapped ---- */

uint64_t reference_last(uint64_t start, uint64_t size);
struct reference_range *reference_find(struct reference_check *reference, uint32_t device,
				       const struct reference_ref *ref);
struct reference_range *reference_find_around(struct reference_check *reference,
					      uint32_t device,
					      const struct reference_ref *ref);
/* Of those that overlap the bytes, the one that begins first, then the oldest; or NULL.
 */
struct reference_range *reference_overlap(struct reference_check *reference,
					  uint32_t device, uint64_t dma, uint64_t size);
struct reference_range *reference_unchecked(struct reference_check *reference,
					    uint32_t device, uint64_t dma);
const struct reference_ended *reference_ended(const struct reference_check *reference,
					      uint32_t device, uint64_t dma,
					      uint64_t size);
struct reference_line *reference_line(struct reference_check *reference, uint64_t phys);
void reference_enter(struct reference_check *reference, struct reference_origin *origin,
		     const struct reference_ref *ref, uint32_t ents, uint32_t segment);
void reference_end(struct reference_check *reference, struct reference_range *range,
		   const struct dma_event *event);
unsigned int reference_live(const struct reference_check *reference, uint32_t device);

/* ---- reference-check.c: a call ---- */

/* One, and what it says of a range. */
struct reference_call {
	struct reference_check *reference;
	struct reference_device *device;
	const struct dma_event *event;
	struct reference_ref ref;
};

bool reference_is_memory(enum reference_type type);
enum reference_type reference_type(const struct reference_check *reference,
				   unsigned int kind);
struct reference_ref reference_ref(const struct reference_call *call,
				   unsigned int segment);

/* Of what the rule needs all of the past: events that were lost could explain it. */
struct reference_said *reference_say_of_past(const struct reference_call *call,
					     const struct reference_range *range,
					     unsigned int rule, uint32_t doubt);
uint32_t reference_late(const struct reference_call *call);

/* One file a sort of call: reference-map.c, -end.c, -use.c */
void reference_map(struct reference_call *call);
void reference_unmap(struct reference_call *call);
void reference_sync(struct reference_call *call);
void reference_other(struct reference_call *call);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * program.h - requests as records of 8 bytes: what fuzz targets eat (dmat(5))
 *
 *	'D' 'M' | version | target | config, 16 bytes | op, 8 bytes | op ...
 *
 * Every string of bytes is a program: codes and numbers are taken modulo, missing bytes
 * are 0. Things are named by slots, not by addresses, so that taking an op away does
 * not change what the others mean.
 */
#pragma once

#include <libdma/environment.h>

#define PROGRAM_VERSION    1
#define PROGRAM_CONFIG     16
#define PROGRAM_HEADER     20
#define PROGRAM_OP         8
#define PROGRAM_SLOTS      4096 /* 16 banks of 256 */
#define PROGRAM_DEVICES    4
#define PROGRAM_ENTRIES    4096 /* of a list; what follows is stepped over */
#define PROGRAM_PLACE_UNIT 16   /* bytes: aux counts the place in a page in these */

/* struct program_op.code; those that are calls have a row in program.c's table. */
enum program_code {
	PROGRAM_NOTHING,
	PROGRAM_TIME,  /* arg nanoseconds pass */
	PROGRAM_CPU,   /* arg: where the next ops run */
	PROGRAM_BANK,  /* arg: the slots' bits from 8 on */
	PROGRAM_ENTRY, /* of the list before it: arg its size, aux its place in the page
			*/
	PROGRAM_CALLS, /* the first that is a call */
	PROGRAM_CODES = 41
};

/* Of an ENTRY's flags: it begins where the entry before it ends. */
#define PROGRAM_ADJACENT 1

struct program_op {
	uint8_t code;
	uint8_t slot;
	uint8_t flags; /* device 2 bits, direction 2 bits, attributes 4 bits */
	uint8_t aux;
	uint32_t arg;
};

struct program_header {
	uint8_t target;
	uint8_t config[PROGRAM_CONFIG];
};

/* What a slot holds, as far as sizes are told relative to it. */
struct program_slot {
	uint64_t size;
	uint64_t linked; /* bytes of an IOVA range that are linked */
};

/* Where a program is; reader and writer keep the same one. */
struct program_state {
	struct program_header header;
	uint64_t ns;
	uint32_t cpu;
	uint32_t bank;
	struct program_slot slot[PROGRAM_SLOTS];
};

/* Read or write an op; @bytes has PROGRAM_OP bytes. */
struct program_op program_op_get(const uint8_t *bytes);
void program_op_put(struct program_op op, uint8_t *bytes);

/* The kind of event that an op asks for, DMA_EVENT_NONE if it is no call. */
enum dma_event_kind program_kind(uint8_t code);

/*
 * Set @event to an op's request and step on; false where the op is no call. Strings
 * (device, gfp) are added to @device_numbers and @gfp_numbers beforehand; entries of a
 * list are the caller's, who adds them by program_entry().
 */
bool program_decode(struct program_state *state, struct program_op op,
		    const uint32_t device_numbers[PROGRAM_DEVICES],
		    const uint32_t *gfp_numbers, struct dma_event *event);

/* One more entry of a list, behind @count of them. */
void program_entry(const struct program_state *state, struct program_op op,
		   uint64_t *phys_list, uint32_t *size_list, uint32_t count);

/* A list is complete: its size is that of its slot. */
void program_list_end(struct program_state *state, uint64_t slot, uint64_t size);

/* The GFP flags that alloc can ask for; NULL behind the last. */
const char *program_gfp(unsigned int index);

/*
 * What the writer has to know beside the event: which device it is, in which slot it is
 * (PROGRAM_SLOTS: in none), and which of program_gfp().
 */
struct program_names {
	unsigned int device;
	unsigned int slot;
	unsigned int gfp;
};

/*
 * Set @op to the op of an event and step on. The op of a list has no entries yet.
 * Returns false where no op can ask for this.
 */
bool program_encode(struct program_state *state, const struct dma_event *event,
		    const struct program_names *names, struct program_op *op);

/* The op of an entry of a list; false where its size cannot be said. */
bool program_encode_entry(const struct program_state *state, uint64_t phys, uint64_t size,
			  bool adjacent, struct program_op *op);

/*
 * A size as an op's arg says it. Where the op names a thing (@relative), small values are
 * told as a difference to the thing's size, so that an arg of 0 is the right size.
 */
uint64_t program_size_get(const struct program_state *state, uint32_t arg, bool relative,
			  uint64_t thing);
bool program_size_put(const struct program_state *state, uint64_t value, bool relative,
		      uint64_t thing, uint32_t *arg);
uint64_t program_mask_get(const struct program_state *state, uint32_t arg);
bool program_mask_put(const struct program_state *state, uint64_t mask, uint32_t *arg);

/* Slots of the bounce buffers that a byte of the config means. */
uint64_t program_pool_slots(uint8_t exponent);

/* What a header says of the machine, and back; 0 or -ENOMEM. */
int program_environment(const struct program_header *header,
			struct libdma_environment *environment);
void program_header_make(const struct libdma_environment *environment,
			 struct program_header *header);

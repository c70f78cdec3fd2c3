// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * program.c - the ops of a program as requests, and back
 *
 * Reading an op and writing it take the same steps through the same state, so that a
 * program that was read and written again asks for the same.
 */
#include <string.h>

#include "trace/program.h"

/* What aux and arg mean for a call. */
enum operand {
	OPERAND_NONE,
	OPERAND_MAP,    /* aux: place in the page; arg: size */
	OPERAND_UNMAP,  /* arg: size */
	OPERAND_LIST,   /* ENTRY ops follow */
	OPERAND_ALLOC,  /* aux: GFP flags; arg: size */
	OPERAND_RANGE,  /* aux: bytes into the mapping / 16; arg: size */
	OPERAND_CREATE, /* aux: alignment and boundary; arg: size */
	OPERAND_BLOCK,  /* aux: slot of the pool; arg: GFP flags */
	OPERAND_REGION, /* aux: address in MiB; arg: size */
	OPERAND_PAGES,  /* aux: pages into the region; arg: size */
	OPERAND_MASK,   /* arg: bits of the mask, or its value */
	OPERAND_LINK,   /* aux: place in the page; arg: size; behind what is linked */
};

static const struct call {
	enum dma_event_kind kind;
	enum operand operand;
} calls[PROGRAM_CODES - PROGRAM_CALLS] = {
	{ DMA_EVENT_MAP_SINGLE, OPERAND_MAP },
	{ DMA_EVENT_MAP_PAGE, OPERAND_MAP },
	{ DMA_EVENT_MAP_PHYS, OPERAND_MAP },
	{ DMA_EVENT_MAP_RESOURCE, OPERAND_MAP },
	{ DMA_EVENT_UNMAP_SINGLE, OPERAND_UNMAP },
	{ DMA_EVENT_UNMAP_PAGE, OPERAND_UNMAP },
	{ DMA_EVENT_UNMAP_PHYS, OPERAND_UNMAP },
	{ DMA_EVENT_UNMAP_RESOURCE, OPERAND_UNMAP },
	{ DMA_EVENT_MAP_SG, OPERAND_LIST },
	{ DMA_EVENT_UNMAP_SG, OPERAND_NONE },
	{ DMA_EVENT_ALLOC, OPERAND_ALLOC },
	{ DMA_EVENT_FREE, OPERAND_UNMAP },
	{ DMA_EVENT_ALLOC_PAGES, OPERAND_ALLOC },
	{ DMA_EVENT_FREE_PAGES, OPERAND_UNMAP },
	{ DMA_EVENT_ALLOC_SGT, OPERAND_ALLOC },
	{ DMA_EVENT_FREE_SGT, OPERAND_UNMAP },
	{ DMA_EVENT_SYNC_SINGLE_FOR_CPU, OPERAND_RANGE },
	{ DMA_EVENT_SYNC_SINGLE_FOR_DEVICE, OPERAND_RANGE },
	{ DMA_EVENT_SYNC_SG_FOR_CPU, OPERAND_NONE },
	{ DMA_EVENT_SYNC_SG_FOR_DEVICE, OPERAND_NONE },
	{ DMA_EVENT_MAPPING_ERROR, OPERAND_NONE },
	{ DMA_EVENT_POOL_CREATE, OPERAND_CREATE },
	{ DMA_EVENT_POOL_ALLOC, OPERAND_BLOCK },
	{ DMA_EVENT_POOL_FREE, OPERAND_BLOCK },
	{ DMA_EVENT_POOL_DESTROY, OPERAND_NONE },
	{ DMA_EVENT_DECLARE_COHERENT_MEMORY, OPERAND_REGION },
	{ DMA_EVENT_RELEASE_COHERENT_MEMORY, OPERAND_NONE },
	{ DMA_EVENT_MARK_DECLARED_MEMORY_OCCUPIED, OPERAND_PAGES },
	{ DMA_EVENT_SET_MASK, OPERAND_MASK },
	{ DMA_EVENT_SET_COHERENT_MASK, OPERAND_MASK },
	{ DMA_EVENT_IOVA_TRY_ALLOC, OPERAND_MAP },
	{ DMA_EVENT_IOVA_FREE, OPERAND_NONE },
	{ DMA_EVENT_IOVA_LINK, OPERAND_LINK },
	{ DMA_EVENT_IOVA_UNLINK, OPERAND_RANGE },
	{ DMA_EVENT_IOVA_SYNC, OPERAND_RANGE },
	{ DMA_EVENT_IOVA_DESTROY, OPERAND_UNMAP },
};

/* Four bits choose the attributes of a call. */
static const uint64_t attributes[16] = {
	0,
	DMA_ATTR_WEAK_ORDERING,
	DMA_ATTR_WRITE_COMBINE,
	DMA_ATTR_NO_KERNEL_MAPPING,
	DMA_ATTR_SKIP_CPU_SYNC,
	DMA_ATTR_FORCE_CONTIGUOUS,
	DMA_ATTR_ALLOC_SINGLE_PAGES,
	DMA_ATTR_NO_WARN,
	DMA_ATTR_PRIVILEGED,
	DMA_ATTR_MMIO,
	DMA_ATTR_DEBUGGING_IGNORE_CACHELINES,
	DMA_ATTR_REQUIRE_COHERENT,
	DMA_ATTR_CC_SHARED,
	DMA_ATTR_SKIP_CPU_SYNC | DMA_ATTR_WEAK_ORDERING,
	DMA_ATTR_NO_KERNEL_MAPPING | DMA_ATTR_FORCE_CONTIGUOUS,
	DMA_ATTR_SKIP_CPU_SYNC | DMA_ATTR_NO_WARN,
};

static const char *const gfps[] = { "GFP_KERNEL", "GFP_ATOMIC", "GFP_KERNEL|GFP_DMA32",
				    "GFP_KERNEL|GFP_DMA", "GFP_NOWAIT" };

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

const char *program_gfp(unsigned int index)
{
	return index < ARRAY_SIZE(gfps) ? gfps[index] : NULL;
}

struct program_op program_op_get(const uint8_t *bytes)
{
	return (struct program_op) {
		.code = bytes[0] % PROGRAM_CODES,
		.slot = bytes[1],
		.flags = bytes[2],
		.aux = bytes[3],
		.arg = (uint32_t)bytes[4] | (uint32_t)bytes[5] << 8 |
		       (uint32_t)bytes[6] << 16 | (uint32_t)bytes[7] << 24,
	};
}

void program_op_put(struct program_op op, uint8_t *bytes)
{
	bytes[0] = op.code;
	bytes[1] = op.slot;
	bytes[2] = op.flags;
	bytes[3] = op.aux;
	for (int i = 0; i < 4; i++)
		bytes[4 + i] = (uint8_t)(op.arg >> 8 * i);
}

enum dma_event_kind program_kind(uint8_t code)
{
	if (code < PROGRAM_CALLS || code >= PROGRAM_CODES)
		return DMA_EVENT_NONE;
	return calls[code - PROGRAM_CALLS].kind;
}

static struct program_slot *slot_of(struct program_state *state, uint8_t slot)
{
	return &state->slot[(state->bank * 256 + slot) % PROGRAM_SLOTS];
}

static uint64_t slot_number(const struct program_state *state, uint8_t slot)
{
	return (state->bank * 256 + slot) % PROGRAM_SLOTS;
}

/* Ops that only change what the next one means. */
static bool step_aside(struct program_state *state, struct program_op op)
{
	switch (op.code) {
	case PROGRAM_TIME:
		state->ns += op.arg;
		return true;
	case PROGRAM_CPU:
		state->cpu = op.arg;
		return true;
	case PROGRAM_BANK:
		state->bank = op.arg % (PROGRAM_SLOTS / 256);
		return true;
	}
	return op.code < PROGRAM_CALLS;
}

static void decode_create(const struct program_state *state, struct program_op op,
			  struct dma_event *event)
{
	event->size = program_size_get(state, op.arg, false, 0);
	event->align = 1ULL << (op.aux & 15);
	event->boundary = op.aux >> 4 ? 16ULL << (op.aux >> 4) : 0;
}

static void decode_block(const struct program_state *state, struct program_op op,
			 const uint32_t *gfps_known, struct dma_event *event)
{
	event->slot = event->handle;
	event->handle = slot_number(state, op.aux);
	if (event->kind == DMA_EVENT_POOL_ALLOC)
		event->gfp = gfps_known[op.arg % ARRAY_SIZE(gfps)];
}

static void decode_operand(struct program_state *state, struct program_op op,
			   const uint32_t *gfps_known, struct dma_event *event)
{
	struct program_slot *thing = slot_of(state, op.slot);
	uint64_t plain = program_size_get(state, op.arg, false, thing->size);
	uint64_t relative = program_size_get(state, op.arg, true, thing->size);

	switch (calls[op.code - PROGRAM_CALLS].operand) {
	case OPERAND_NONE:
	case OPERAND_LIST:
		break;
	case OPERAND_MAP:
		event->phys = op.aux * PROGRAM_PLACE_UNIT;
		event->size = plain;
		break;
	case OPERAND_UNMAP:
		event->size = relative;
		break;
	case OPERAND_ALLOC:
		event->gfp = gfps_known[op.aux % ARRAY_SIZE(gfps)];
		event->size = plain;
		break;
	case OPERAND_RANGE:
		event->offset = op.aux * PROGRAM_PLACE_UNIT;
		event->size = relative;
		break;
	case OPERAND_CREATE:
		decode_create(state, op, event);
		break;
	case OPERAND_BLOCK:
		decode_block(state, op, gfps_known, event);
		break;
	case OPERAND_REGION:
		event->dma = (uint64_t)op.aux << 20;
		event->size = plain;
		break;
	case OPERAND_PAGES:
		event->offset = op.aux * 4096ULL;
		event->size = plain;
		break;
	case OPERAND_MASK:
		event->mask = program_mask_get(state, op.arg);
		break;
	case OPERAND_LINK:
		event->phys = op.aux * PROGRAM_PLACE_UNIT;
		event->size = plain;
		event->offset = thing->linked;
		break;
	}
}

static const struct call *find_call(unsigned int kind)
{
	if (kind == DMA_EVENT_MAP_SG_ERR)
		kind = DMA_EVENT_MAP_SG;
	if (kind == DMA_EVENT_ALLOC_SGT_ERR)
		kind = DMA_EVENT_ALLOC_SGT;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (calls[i].kind == kind)
			return &calls[i];
	return NULL;
}

/* What a request leaves in its slot. */
static void settle(struct program_state *state, const struct call *call,
		   const struct dma_event *event)
{
	struct program_slot *thing = &state->slot[event->handle % PROGRAM_SLOTS];

	switch (call->operand) {
	case OPERAND_MAP:
	case OPERAND_ALLOC:
	case OPERAND_CREATE:
		*thing = (struct program_slot) { .size = event->size };
		break;
	case OPERAND_LINK:
		thing->linked += event->size;
		break;
	default:
		break;
	}
}

bool program_decode(struct program_state *state, struct program_op op,
		    const uint32_t device_numbers[PROGRAM_DEVICES],
		    const uint32_t *gfp_numbers, struct dma_event *event)
{
	if (step_aside(state, op))
		return false;
	*event = (struct dma_event) {
		.kind = (uint16_t)program_kind(op.code),
		.flags = DMA_EVENT_REQUEST,
		.dir = op.flags >> 2 & 3,
		.attrs = attributes[op.flags >> 4],
		.device = device_numbers[op.flags & 3],
		.cpu = state->cpu,
		.ns = state->ns,
		.handle = slot_number(state, op.slot),
	};
	decode_operand(state, op, gfp_numbers, event);
	settle(state, &calls[op.code - PROGRAM_CALLS], event);
	return true;
}

/* Entries that do not touch lie far apart, in the order of the list. */
void program_entry(const struct program_state *state, struct program_op op,
		   uint64_t *phys_list, uint32_t *size_list, uint32_t count)
{
	size_list[count] = (uint32_t)program_size_get(state, op.arg, false, 0);
	if (op.flags & PROGRAM_ADJACENT && count)
		phys_list[count] = phys_list[count - 1] + size_list[count - 1];
	else
		phys_list[count] = ((uint64_t)count + 1) << 33 |
				   (uint64_t)op.aux * PROGRAM_PLACE_UNIT;
}

void program_list_end(struct program_state *state, uint64_t slot, uint64_t size)
{
	state->slot[slot % PROGRAM_SLOTS] = (struct program_slot) { .size = size };
}

static bool encode_attrs(uint64_t attrs, struct program_op *op)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(attributes); i++)
		if (attributes[i] == attrs) {
			op->flags |= (uint8_t)(i << 4);
			return true;
		}
	return false;
}

/* Counted in @unit bytes; false where that is no whole number below 256. */
static bool encode_aux(uint64_t value, uint64_t unit, struct program_op *op)
{
	op->aux = (uint8_t)(value / unit);
	return !(value % unit) && value / unit < 256;
}

static bool encode_create(const struct program_state *state,
			  const struct dma_event *event, struct program_op *op)
{
	uint64_t align = event->align ? event->align : 1, boundary = event->boundary;
	unsigned int high = 0;

	if (align & (align - 1) || align > 1 << 15)
		return false;
	if (boundary) {
		if (boundary & (boundary - 1) || boundary < 32 || boundary > 16 << 15)
			return false;
		high = (unsigned int)__builtin_ctzll(boundary) - 4;
	}
	op->aux = (uint8_t)(high << 4 | (unsigned int)__builtin_ctzll(align));
	return program_size_put(state, event->size, false, 0, &op->arg);
}

static bool encode_operand(struct program_state *state, enum operand operand,
			   const struct dma_event *event,
			   const struct program_names *names, struct program_op *op)
{
	const struct program_slot *thing = &state->slot[names->slot];
	uint64_t size = event->size;

	switch (operand) {
	case OPERAND_NONE:
	case OPERAND_LIST:
		return true;
	case OPERAND_MAP:
		/* of a recorded address, the last four bits are lost */
		op->aux = (uint8_t)((event->phys & 4095) / PROGRAM_PLACE_UNIT);
		return program_size_put(state, size, false, thing->size, &op->arg);
	case OPERAND_UNMAP:
		return program_size_put(state, size, true, thing->size, &op->arg);
	case OPERAND_ALLOC:
		op->aux = (uint8_t)names->gfp;
		return program_size_put(state, size, false, thing->size, &op->arg);
	case OPERAND_RANGE:
		return encode_aux(event->offset, PROGRAM_PLACE_UNIT, op) &&
		       program_size_put(state, size, true, thing->size, &op->arg);
	case OPERAND_CREATE:
		return encode_create(state, event, op);
	case OPERAND_BLOCK:
		op->aux = (uint8_t)event->handle;
		op->arg = event->kind == DMA_EVENT_POOL_ALLOC ? names->gfp : 0;
		return event->handle / 256 == names->slot / 256;
	case OPERAND_REGION:
		op->aux = (uint8_t)(event->dma >> 20);
		return program_size_put(state, size, false, thing->size, &op->arg);
	case OPERAND_PAGES:
		return encode_aux(event->offset, 4096, op) &&
		       program_size_put(state, size, false, thing->size, &op->arg);
	case OPERAND_MASK:
		return program_mask_put(state, event->mask, &op->arg);
	case OPERAND_LINK:
		op->aux = (uint8_t)((event->phys & 4095) / PROGRAM_PLACE_UNIT);
		return event->offset == thing->linked &&
		       program_size_put(state, size, false, thing->size, &op->arg);
	}
	return false;
}

bool program_encode(struct program_state *state, const struct dma_event *event,
		    const struct program_names *names, struct program_op *op)
{
	const struct call *call = find_call(event->kind);
	struct dma_event settled = *event;

	if (!call || names->slot >= PROGRAM_SLOTS || event->dir > DMA_NONE)
		return false;
	*op = (struct program_op) {
		.code = (uint8_t)(PROGRAM_CALLS + (call - calls)),
		.slot = (uint8_t)names->slot,
		.flags = (uint8_t)(names->device | event->dir << 2),
	};
	if (!encode_attrs(event->attrs, op) ||
	    !encode_operand(state, call->operand, event, names, op))
		return false;
	if (call->operand != OPERAND_BLOCK)
		settled.handle = names->slot;
	settle(state, call, &settled);
	return true;
}

bool program_encode_entry(const struct program_state *state, uint64_t phys, uint64_t size,
			  bool adjacent, struct program_op *op)
{
	*op = (struct program_op) { .code = PROGRAM_ENTRY };
	if (adjacent)
		op->flags = PROGRAM_ADJACENT;
	else
		op->aux = (uint8_t)((phys & 4095) / PROGRAM_PLACE_UNIT);
	return program_size_put(state, size, false, 0, &op->arg);
}

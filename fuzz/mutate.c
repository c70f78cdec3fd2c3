// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mutate.c - changes of whole requests, for engines that take a mutator
 *
 * A byte put in at a random place shifts all records behind it and changes what they
 * mean; a record put in changes nothing else. Sizes are drawn from expressions near
 * which code breaks, slots from a few, so that what was mapped is unmapped, too.
 * Allocators break when they are full, and when what was given is given again: so
 * requests are made many times, for slots in a row, and what a slot holds is used once
 * more. One change in four is the engine's own, lest something is never tried.
 */
#include <stdbool.h>
#include <string.h>

#include "requests.h"
#include "target.h"

/* libFuzzer's own; other engines have none */
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed);

/*
 * Bytes of an input, or of what an engine makes of it. Time is worth more than length:
 * what a hundred requests cannot show, more of them have not shown either, since a row of
 * them is one record.
 */
#define MOST (PROGRAM_HEADER + 128 * PROGRAM_OP)

struct dice {
	uint64_t state;
};

static uint32_t roll(struct dice *dice, uint32_t sides)
{
	dice->state = dice->state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(dice->state >> 33) % sides;
}

static uint8_t some_code(struct dice *dice)
{
	/* entries come with their list, and what is in another bank is in no one's way */
	static const uint8_t others[] = { PROGRAM_TIME, PROGRAM_TIME, PROGRAM_TIME,
					  PROGRAM_CPU,	PROGRAM_CPU,  PROGRAM_CPU,
					  PROGRAM_BANK, PROGRAM_ENTRY };
	uint32_t kinds = 0, kind;

	while (target_kinds[kinds])
		kinds++;
	kind = roll(dice, kinds + 2);
	if (kind >= kinds)
		return others[roll(dice, sizeof(others))];
	for (uint8_t code = PROGRAM_CALLS; code < PROGRAM_CODES; code++)
		if (program_kind(code) == target_kinds[kind])
			return code;
	return PROGRAM_NOTHING;
}

/* An expression of program-size.c, and an operand that is small or near a power of 2. */
static uint32_t some_size(struct dice *dice)
{
	static const uint32_t usual[] = { 0,     1,	2,    3,    4,	  8,	16,   24,
					  48,    64,	96,   100,  192,  320,	512,  1000,
					  1500,  2047,	2048, 2049, 3000, 4095, 4096, 4097,
					  8192,  12288, 16384, 65536, 131072, 262144,
					  1048576 };

	switch (roll(dice, 8)) {
	case 0:
		return roll(dice, 10) << 28 | ((roll(dice, 17) - 8) & 0xfffffff);
	case 1: /* 2^k + d */
		return 1U << 28 | ((roll(dice, 5) - 2) & 0xffff) << 8 | roll(dice, 64);
	case 2:
		return roll(dice, 300);
	case 3:
		return (1U << roll(dice, 24)) + roll(dice, 3) - 1;
	case 4:
		return 7U << 28 | roll(dice, 40);
	case 5:
		return 0;
	default:
		return usual[roll(dice, sizeof(usual) / sizeof(usual[0]))];
	}
}

static struct program_op some_op(struct dice *dice)
{
	struct program_op op = {
		.code = some_code(dice),
		.slot = (uint8_t)(roll(dice, 4) ? roll(dice, 8) : roll(dice, 256)),
		.flags = (uint8_t)(roll(dice, 3) ? roll(dice, 16) : roll(dice, 256)),
		.aux = (uint8_t)(roll(dice, 2) ? roll(dice, 8) : roll(dice, 256)),
		.arg = some_size(dice),
	};

	if (op.code == PROGRAM_TIME)
		op.arg = 1000000U << roll(dice, 10);
	if (op.code == PROGRAM_BANK || op.code == PROGRAM_CPU)
		op.arg = roll(dice, 4);
	return op;
}

static void change_op(struct dice *dice, uint8_t *record)
{
	struct program_op op = program_op_get(record), other = some_op(dice);

	switch (roll(dice, 6)) {
	case 0:
		op.code = other.code;
		break;
	case 1:
		op.slot = other.slot;
		break;
	case 2:
		op.flags = other.flags;
		break;
	case 3:
		op.aux = other.aux;
		break;
	case 4:
		op.arg = other.arg;
		break;
	default:
		op.arg += roll(dice, 5) - 2;
	}
	program_op_put(op, record);
}

static void change_byte(struct dice *dice, uint8_t *byte)
{
	switch (roll(dice, 3)) {
	case 0:
		*byte = (uint8_t)roll(dice, 16);
		break;
	case 1:
		*byte ^= (uint8_t)(1U << roll(dice, 8));
		break;
	default:
		*byte = (uint8_t)roll(dice, 256);
	}
}

/* Some of it: geometries often differ in more than one thing. */
static void change_config(struct dice *dice, uint8_t *config)
{
	/* the kernel is worth more than the others */
	if (!roll(dice, 4))
		change_byte(dice, &config[CONFIG_KERNEL]);
	do {
		change_byte(dice, &config[roll(dice, PROGRAM_CONFIG)]);
	} while (roll(dice, 2));
}

/* The records that are changed, and how many there may be. */
struct records {
	uint8_t *bytes;
	size_t count, most;
};

static uint8_t *record_at(const struct records *records, size_t at)
{
	return records->bytes + at * PROGRAM_OP;
}

/* Room for @n before record @at, or none. */
static bool make_room(struct records *records, size_t at, size_t n)
{
	if (records->count + n > records->most)
		return false;
	memmove(record_at(records, at + n), record_at(records, at),
		(records->count - at) * PROGRAM_OP);
	records->count += n;
	return true;
}

static void take_out(struct dice *dice, struct records *records, size_t at)
{
	size_t n = 1 + roll(dice, roll(dice, 4) ? 4 : 64);

	if (at + n > records->count)
		return;
	memmove(record_at(records, at), record_at(records, at + n),
		(records->count - at - n) * PROGRAM_OP);
	records->count -= n;
}

/* A list is as long as there are entries behind it, which follow each other or do not. */
static void put_in_entries(struct dice *dice, struct records *records, size_t at)
{
	size_t n = 1 + roll(dice, 4);

	if (!make_room(records, at, n))
		return;
	for (size_t i = 0; i < n; i++) {
		struct program_op op = some_op(dice);

		op.code = PROGRAM_ENTRY;
		op.aux = roll(dice, 2) ? 0 : op.aux;
		program_op_put(op, record_at(records, at + i));
	}
}

static void put_in_new(struct dice *dice, struct records *records, size_t at)
{
	struct program_op op = some_op(dice);

	if (!make_room(records, at, 1))
		return;
	program_op_put(op, record_at(records, at));
	if (program_kind(op.code) == DMA_EVENT_MAP_SG)
		put_in_entries(dice, records, at + 1);
}

/* Records of elsewhere. */
static void put_in_known(struct dice *dice, struct records *records, size_t at)
{
	size_t n = 1 + roll(dice, 4), from;
	uint8_t kept[4 * PROGRAM_OP];

	if (n > records->count)
		return;
	from = roll(dice, (uint32_t)(records->count - n + 1));
	memcpy(kept, record_at(records, from), n * PROGRAM_OP);
	if (make_room(records, at, n))
		memcpy(record_at(records, at), kept, n * PROGRAM_OP);
}

/* Another call for the slot of a record, somewhere behind it. */
static void use_again(struct dice *dice, struct records *records, size_t at)
{
	struct program_op op = program_op_get(record_at(records, at));
	size_t behind = at + 1 + roll(dice, (uint32_t)(records->count - at));

	op.code = some_code(dice);
	op.arg = roll(dice, 2) ? 0 : some_size(dice);
	if (make_room(records, behind, 1))
		program_op_put(op, record_at(records, behind));
}

/* One record, a list with its entries, or a few that follow one another. */
static size_t group_length(struct dice *dice, const struct records *records, size_t at)
{
	size_t length = roll(dice, 3) ? 1 : 2 + roll(dice, 3);

	while (at + length < records->count && length < 8 &&
	       program_op_get(record_at(records, at + length)).code == PROGRAM_ENTRY)
		length++;
	return at + length <= records->count ? length : records->count - at;
}

/* The same again and again, most often for the slots that follow. */
static void make_row(struct dice *dice, struct records *records, size_t at)
{
	size_t length = group_length(dice, records, at);
	size_t more = length * (1 + roll(dice, 2U << roll(dice, 6)));
	uint8_t step = (uint8_t)!!roll(dice, 4);

	if (!make_room(records, at, more))
		return;
	memcpy(record_at(records, at), record_at(records, at + more), length * PROGRAM_OP);
	for (size_t i = 0; i < more; i++) {
		struct program_op op = program_op_get(record_at(records, at + i));

		if (op.code != PROGRAM_ENTRY)
			op.slot = (uint8_t)(op.slot + step);
		program_op_put(op, record_at(records, at + length + i));
	}
}

static void change_records(struct dice *dice, struct records *records)
{
	size_t at = roll(dice, (uint32_t)records->count + 1);
	uint32_t how = roll(dice, 12);

	if (how < 3)
		put_in_new(dice, records, at);
	else if (how < 5)
		put_in_known(dice, records, at);
	else if (at == records->count)
		return;
	else if (how < 6)
		take_out(dice, records, at);
	else if (how < 7)
		use_again(dice, records, at);
	else if (how < 8)
		make_row(dice, records, at);
	else
		change_op(dice, record_at(records, at));
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	struct dice dice = { seed };
	struct records records;

	roll(&dice, 2);
	if (max < PROGRAM_HEADER + PROGRAM_OP)
		return size;
	max = max < MOST ? max : MOST;
	size = size < max ? size : max;
	if (LLVMFuzzerMutate && !roll(&dice, 4))
		return LLVMFuzzerMutate(data, size, max);
	if (size < PROGRAM_HEADER || data[0] != 'D' || data[1] != 'M') {
		memset(data, 0, PROGRAM_HEADER);
		memcpy(data, "DM\x01", 3);
		size = PROGRAM_HEADER;
	}
	if (!roll(&dice, 5))
		change_config(&dice, data + 4);
	records.bytes = data + PROGRAM_HEADER;
	records.count = (size - PROGRAM_HEADER) / PROGRAM_OP;
	records.most = (max - PROGRAM_HEADER) / PROGRAM_OP;
	for (uint32_t n = 1 + roll(&dice, 3); n; n--)
		change_records(&dice, &records);
	return PROGRAM_HEADER + records.count * PROGRAM_OP;
}

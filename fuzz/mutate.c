// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mutate.c - changes of whole requests, for engines that take a mutator
 *
 * A byte put in at a random place shifts all records behind it and changes what they
 * mean; a record put in changes nothing else. Sizes are drawn from expressions near
 * which code breaks, slots from a few, so that what was mapped is unmapped, too. One
 * change in four is the engine's own, lest something is never tried.
 */
#include <stdbool.h>
#include <string.h>

#include "requests.h"
#include "target.h"

/* libFuzzer's own; other engines have none */
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed);

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
	uint32_t kinds = 0, kind;

	while (target_kinds[kinds])
		kinds++;
	kind = roll(dice, kinds + 4);
	if (kind >= kinds)
		return (uint8_t)(PROGRAM_TIME + kind - kinds);
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

static void change_config(struct dice *dice, uint8_t *config)
{
	/* the kernel is worth more than the others */
	uint8_t *byte = &config[roll(dice, 4) ? roll(dice, PROGRAM_CONFIG) : CONFIG_KERNEL];

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

/* Some records in a row: taken out, put in, doubled elsewhere, or one changed. */
static size_t change_records(struct dice *dice, uint8_t *records, size_t count, size_t most)
{
	size_t at = roll(dice, (uint32_t)count + 1), n = 1 + roll(dice, 4), from;
	uint8_t kept[4 * PROGRAM_OP];

	switch (roll(dice, 5)) {
	case 0: /* out */
		if (at + n > count)
			return count;
		memmove(records + at * PROGRAM_OP, records + (at + n) * PROGRAM_OP,
			(count - at - n) * PROGRAM_OP);
		return count - n;
	case 1: /* in, some new, some of elsewhere */
	case 2:
		if (count + n > most)
			return count;
		from = count > n ? roll(dice, (uint32_t)(count - n)) : 0;
		for (size_t i = 0; i < n; i++) {
			program_op_put(some_op(dice), kept + i * PROGRAM_OP);
			if (count > n && roll(dice, 2))
				memcpy(kept + i * PROGRAM_OP,
				       records + (from + i) * PROGRAM_OP, PROGRAM_OP);
		}
		memmove(records + (at + n) * PROGRAM_OP, records + at * PROGRAM_OP,
			(count - at) * PROGRAM_OP);
		memcpy(records + at * PROGRAM_OP, kept, n * PROGRAM_OP);
		return count + n;
	default:
		if (at < count)
			change_op(dice, records + at * PROGRAM_OP);
		return count;
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	struct dice dice = { seed };
	size_t count;

	roll(&dice, 2);
	if (max < PROGRAM_HEADER + PROGRAM_OP)
		return size;
	if (LLVMFuzzerMutate && !roll(&dice, 4))
		return LLVMFuzzerMutate(data, size, max);
	if (size < PROGRAM_HEADER || data[0] != 'D' || data[1] != 'M') {
		memset(data, 0, PROGRAM_HEADER);
		memcpy(data, "DM\x01", 3);
		size = PROGRAM_HEADER;
	}
	if (!roll(&dice, 6))
		change_config(&dice, data + 4);
	count = (size - PROGRAM_HEADER) / PROGRAM_OP;
	for (uint32_t n = 1 + roll(&dice, 3); n; n--)
		count = change_records(&dice, data + PROGRAM_HEADER, count,
				       (max - PROGRAM_HEADER) / PROGRAM_OP);
	return PROGRAM_HEADER + count * PROGRAM_OP;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * program-size.c - sizes and masks in the ops of a program
 *
 * A size is an expression: a fuzzer that flips bits of it moves between values near
 * powers of two, pages, boundaries and the ends of the number range, where code breaks,
 * instead of between numbers that are all alike.
 */
#include "trace/program.h"

#define OPERAND_BITS 28

enum expression {
	SIZE_DEFAULT, /* n; where the op names a thing: its size + n */
	SIZE_POWER,   /* 2^k + d */
	SIZE_PAGES,   /* pages + d */
	SIZE_BOUNDARY,
	SIZE_POOL,     /* the bounce buffers' size + n */
	SIZE_FROM_END, /* 2^64 - 1 - n */
	SIZE_FROM_32,  /* 2^32 - 1 - n */
	SIZE_OF_PAGES, /* n pages */
	SIZE_LITERAL,  /* n */
	SIZE_OF_THING, /* the size of what the slot holds + n */
	SIZE_EXPRESSIONS
};

/* The value of @size low bits of @bits as a signed number. */
static uint64_t signed_bits(uint32_t bits, int size)
{
	return (uint64_t)((int64_t)((uint64_t)bits << (64 - size)) >> (64 - size));
}

static uint64_t power(unsigned int exponent)
{
	return exponent < 64 ? 1ULL << exponent : 0;
}

uint64_t program_size_get(const struct program_state *state, uint32_t arg, bool relative,
			  uint64_t thing)
{
	uint32_t n = arg & ((1U << OPERAND_BITS) - 1);

	switch (arg >> OPERAND_BITS) {
	case SIZE_DEFAULT:
		return relative ? thing + signed_bits(n, OPERAND_BITS) : n;
	case SIZE_POWER:
		return power(n & 63) + signed_bits(n >> 8, 16);
	case SIZE_PAGES:
		return (n & 0x3fff) * 4096ULL + signed_bits(n >> 14, 14);
	case SIZE_BOUNDARY:
		return power(state->header.config[14] % 64) +
		       signed_bits(n, OPERAND_BITS);
	case SIZE_POOL:
		return 2048 * program_pool_slots(state->header.config[4]) +
		       signed_bits(n, OPERAND_BITS);
	case SIZE_FROM_END:
		return UINT64_MAX - n;
	case SIZE_FROM_32:
		return UINT32_MAX - n;
	case SIZE_OF_PAGES:
		return n * 4096ULL;
	case SIZE_OF_THING:
		return thing + signed_bits(n, OPERAND_BITS);
	default:
		return n;
	}
}

static bool fits(uint64_t value)
{
	return value < 1U << OPERAND_BITS;
}

static uint32_t make(enum expression expression, uint64_t value)
{
	return (uint32_t)expression << OPERAND_BITS |
	       (uint32_t)(value & ((1U << OPERAND_BITS) - 1));
}

/* 2^k + d, where d has 16 bits */
static bool make_power(uint64_t value, uint32_t *arg)
{
	for (unsigned int k = 0; k < 64; k++) {
		uint64_t d = value - power(k);

		if (signed_bits((uint32_t)(d & 0xffff), 16) != d)
			continue;
		*arg = make(SIZE_POWER, (d & 0xffff) << 8 | k);
		return true;
	}
	return false;
}

/* Is it within @expression's reach from @from? */
static bool make_near(enum expression expression, uint64_t value, uint64_t from,
		      uint32_t *arg)
{
	uint64_t more = value - from;

	*arg = make(expression, more);
	return fits(more + (1U << (OPERAND_BITS - 1)));
}

/* Of several expressions for a size, always the same one is written. */
static bool make_far(const struct program_state *state, uint64_t value, uint64_t thing,
		     uint32_t *arg)
{
	const uint8_t *config = state->header.config;

	return make_power(value, arg) ||
	       make_near(SIZE_BOUNDARY, value, power(config[14] % 64), arg) ||
	       make_near(SIZE_POOL, value, 2048 * program_pool_slots(config[4]), arg) ||
	       make_near(SIZE_OF_THING, value, thing, arg);
}

bool program_size_put(const struct program_state *state, uint64_t value, bool relative,
		      uint64_t thing, uint32_t *arg)
{
	if (relative && make_near(SIZE_DEFAULT, value, thing, arg))
		return true;
	if (fits(value))
		*arg = make(relative ? SIZE_LITERAL : SIZE_DEFAULT, value);
	else if (!(value % 4096) && fits(value / 4096))
		*arg = make(SIZE_OF_PAGES, value / 4096);
	else if (fits(UINT32_MAX - value))
		*arg = make(SIZE_FROM_32, UINT32_MAX - value);
	else if (fits(UINT64_MAX - value))
		*arg = make(SIZE_FROM_END, UINT64_MAX - value);
	else
		return make_far(state, value, thing, arg);
	return true;
}

/* Small numbers are the bits of a mask; others its value. */
uint64_t program_mask_get(const struct program_state *state, uint32_t arg)
{
	unsigned int bits = arg % 65;

	if (arg >> OPERAND_BITS)
		return program_size_get(state, arg, false, 0);
	return bits ? ~0ULL >> (64 - bits) : 0;
}

bool program_mask_put(const struct program_state *state, uint64_t mask, uint32_t *arg)
{
	if (mask & (mask + 1) && fits(mask))
		*arg = make(SIZE_LITERAL, mask);
	else if (mask & (mask + 1))
		return program_size_put(state, mask, false, 0, arg);
	else
		*arg = mask ? 64 - (uint32_t)__builtin_clzll(mask) : 0;
	return true;
}

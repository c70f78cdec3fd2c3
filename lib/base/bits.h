/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bits.h - powers of two and alignment
 *
 * Kernel counterpart: linux/align.h, linux/log2.h
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <libdma/page.h>

static inline bool is_power_of_two(uint64_t n)
{
	return n && !(n & (n - 1));
}

/* @align is a power of two; wraps to 0 where the result needs more than 64 bits. */
static inline uint64_t align_up(uint64_t n, uint64_t align)
{
	return (n + align - 1) & ~(align - 1);
}

static inline uint64_t align_down(uint64_t n, uint64_t align)
{
	return n & ~(align - 1);
}

/* The smallest k with 2^k >= n; n is at least 1. */
static inline unsigned int log2_up(uint64_t n)
{
	return n <= 1 ? 0 : 64 - (unsigned int)__builtin_clzll(n - 1);
}

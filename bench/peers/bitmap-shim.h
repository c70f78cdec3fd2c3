/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bitmap-shim.h - the kernel's lib/bitmap.c and lib/find_bit.c, as they are
 *
 * For those of its files that search bitmaps. First come what the headers that are
 * empty here would have said, besides shim.h.
 */
#pragma once

#include "shim.h"

#define BITS_PER_BYTE 8
#define BIT_WORD(n) ((n) / BITS_PER_LONG)
#define BIT_MASK(n) (1UL << ((n) % BITS_PER_LONG))
#define BITS_TO_LONGS(n) (((n) + BITS_PER_LONG - 1) / BITS_PER_LONG)
#define GENMASK(high, low) (((~0UL) << (low)) & (~0UL >> (63 - (high))))
#define __ALIGN_MASK(x, mask) (((x) + (mask)) & ~(mask))
#define round_up(n, d) (((n) + (d) - 1) / (d) * (d))
#define round_down(n, d) ((n) / (d) * (d))
#define DECLARE_BITMAP(name, bits) unsigned long name[BITS_TO_LONGS(bits)]
#define __force
#define __counted_by(n)
#define DEFINE_FREE(name, type, action)
#define small_const_nbits(n) 0
#define __fls(word) (63UL - (unsigned long)__builtin_clzl(word))
#define ffz(word) __ffs(~(word))
#define swab(word) __builtin_bswap64(word)
#define hweight_long(word) ((unsigned long)__builtin_popcountl(word))
#define prefetch(x) ((void)(x))
#define get_random_u32_below(n) ((void)(n), 0u)
#define get_random_u32_inclusive(a, b) ((void)(b), (a))
#define kmalloc_array_node(n, size, gfp, node) kmalloc_array(n, size, gfp)
#define array3_size(a, b, c) ((a) * (b) * (c))
#define devm_add_action_or_reset(dev, action, data) ((void)(action), (void)(data), 0)
#define le32_to_cpu(x) (x)
#define le64_to_cpu(x) (x)
#define upper_32_bits(n) ((u32)((n) >> 32))
#define lower_32_bits(n) ((u32)(n))
#define KSTRTOX_OVERFLOW (1U << 31)
typedef unsigned char uint8;
typedef u64 __le64;

static inline bool test_bit(unsigned long bit, const unsigned long *map)
{
	return map[bit / 64] >> bit % 64 & 1;
}

static inline void __set_bit(unsigned long bit, unsigned long *map)
{
	map[bit / 64] |= 1UL << bit % 64;
}

static inline void __clear_bit(unsigned long bit, unsigned long *map)
{
	map[bit / 64] &= ~(1UL << bit % 64);
}

#define set_bit __set_bit
#define clear_bit __clear_bit
#define __assign_bit(bit, map, value) \
	((value) ? __set_bit(bit, map) : __clear_bit(bit, map))

static inline unsigned long fns(unsigned long word, unsigned int n)
{
	while (word && n--)
		word &= word - 1;
	return word ? __ffs(word) : 64;
}

#include <linux/bitmap.h>
#include "lib/bitmap.c"
#include "lib/find_bit.c"

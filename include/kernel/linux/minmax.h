/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* minmax.h - smaller, larger, between */
#pragma once

#define min_t(type, a, b)                       \
	({                                      \
		type min_a = (a), min_b = (b);  \
		min_a < min_b ? min_a : min_b;  \
	})
#define max_t(type, a, b)                       \
	({                                      \
		type max_a = (a), max_b = (b);  \
		max_a > max_b ? max_a : max_b;  \
	})
#define clamp_t(type, value, low, high) \
	min_t(type, max_t(type, value, low), high)

#define min(a, b)		min_t(typeof((a) + (b)), a, b)
#define max(a, b)		max_t(typeof((a) + (b)), a, b)
#define clamp(value, low, high) clamp_t(typeof(value), value, low, high)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ktime.h - the machine's clock */
#pragma once

#include <linux/types.h>

typedef s64 ktime_t; /* nanoseconds */

/** ktime_get() - the machine's time, in nanoseconds */
ktime_t ktime_get(void);

static inline ktime_t ktime_sub(ktime_t later, ktime_t earlier)
{
	return later - earlier;
}

static inline s64 ktime_to_ns(ktime_t time)
{
	return time;
}

static inline s64 ktime_to_us(ktime_t time)
{
	return time / 1000;
}

static inline s64 ktime_us_delta(ktime_t later, ktime_t earlier)
{
	return ktime_to_us(ktime_sub(later, earlier));
}

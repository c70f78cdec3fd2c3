/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* math.h - rounding */
#pragma once

#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
/* Of powers of two. */
#define round_down(n, to)  ((n) & ~((typeof(n))(to) - 1))
#define round_up(n, to)	   round_down((n) + (to) - 1, to)
#define ALIGN(n, to)	   round_up(n, to)
#define IS_ALIGNED(n, to)  (((n) & ((typeof(n))(to) - 1)) == 0)

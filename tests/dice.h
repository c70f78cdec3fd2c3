/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dice.h - numbers that look like chance and are the same in every run
 */
#pragma once

#include <stdint.h>

static uint64_t dice = 88172645463325252ULL;

/* A number below @sides. */
static inline uint64_t roll(uint64_t sides)
{
	dice ^= dice << 13;
	dice ^= dice >> 7;
	dice ^= dice << 17;
	return dice % sides;
}

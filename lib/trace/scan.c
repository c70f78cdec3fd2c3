// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * scan.c - decimal numbers of more than eight digits
 */
#include "trace/scan.h"

uint64_t scan_long_decimal(struct scan *scan, uint64_t value)
{
	while (*scan->at >= '0' && *scan->at <= '9') {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, *scan->at - '0', &value))
			scan_fail(scan);
		scan->at++;
	}
	return value;
}

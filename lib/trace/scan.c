// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * scan.c - numbers of more than eight digits
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

uint64_t scan_long_hex(struct scan *scan, uint64_t value)
{
	uint64_t word = scan_load(scan->at);
	unsigned int digits = scan_before(scan_no_hex(word) & SCAN_BYTES(0x80));

	if (!digits)
		return value;
	scan->at += digits;
	if (digits == 8 &&
	    scan_before(scan_no_hex(scan_load(scan->at)) & SCAN_BYTES(0x80)))
		scan_fail(scan);
	return value << (4 * digits) | scan_hex_value(word, digits);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * swiotlb-size.c - what is read of swiotlb=, and what is left of it where memory is short
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "alloc/swiotlb.h"
#include "oracle.h"
#include "swiotlb-size.h"

static uint64_t power(uint64_t n)
{
	uint64_t result = 1;

	while (result < n)
		result *= 2;
	return result;
}

static void halve(struct swiotlb_size size, unsigned int segment)
{
	for (unsigned int i = 0; i < 8; i++) {
		uint64_t slots = size.slots;

		if (swiotlb_size_halve(&size, segment)) {
			expect(COMPLETE, slots <= 512);
			return;
		}
		expect(LARGEST,
		       size.slots == (slots / 2 + segment - 1) / segment * segment);
		expect(LARGEST, size.areas * (uint64_t)segment <= size.slots);
	}
}

void size_read(const struct program_op *op)
{
	static const char *const tails[] = { "", ",force", ",noforce", ",", "x" };
	static const unsigned int segments[] = { 128, 2, 1 << 15, 0, 3, 1 << 16, 1, 16 };
	static const unsigned int cpus[] = { 1, 2, 3, 8, 100, 0, 65536, 65537 };
	unsigned int segment = segments[op->slot % 8], cpu = cpus[op->slot >> 3 & 7];
	uint64_t areas = op->aux, slots = 32768, first = op->arg;
	const char *tail = tails[op->aux % 5];
	struct swiotlb_size size;
	char text[64];
	int err;

	if (op->slot & 64) /* neither is given */
		snprintf(text, sizeof(text), "%s", tail + (*tail == ','));
	else
		snprintf(text, sizeof(text),
			 op->slot & 128 ? "0x%" PRIx64 ",%" PRIu64 "%s"
					: "%" PRIu64 ",%" PRIu64 "%s",
			 first, areas * (op->flags & 16 ? 4096 : 1), tail);
	err = swiotlb_size(op->flags & 32 ? NULL : text, cpu, segment, &size);
	if (segment < 2 || segment & (segment - 1) || segment > 1 << 15 || !cpu ||
	    cpu > 65536) {
		expect(ARGUMENT, err == -EINVAL);
		return;
	}
	if (op->slot & 64 || op->flags & 32) {
		areas = cpu;
	} else {
		areas *= op->flags & 16 ? 4096 : 1;
		slots = (first + segment - 1) / segment * segment;
	}
	areas = power(areas);
	slots = power(slots > areas * segment ? slots : areas * segment);
	if (areas > 65536 || slots > 1ULL << 31 ||
	    (!(op->slot & 64) && !(op->flags & 32) && first > 1ULL << 31)) {
		expect(ARGUMENT, err == -EINVAL);
		return;
	}
	expect(LARGEST, !err && size.slots == slots && size.areas == areas);
	expect(TEXT,
	       size.force == (!(op->flags & 32) && !strcmp(tail, ",force")) &&
		       size.disable == (!(op->flags & 32) && !strcmp(tail, ",noforce")));
	halve(size, segment);
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * swiotlb-size.c - how many slots and areas a kernel asks for at boot
 *
 * Kernel counterpart: kernel/dma/swiotlb.c, setup_io_tlb_npages(),
 * swiotlb_adjust_nareas() (RULES.md S2-S4)
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc/swiotlb.h"
#include "base/bits.h"

#define MINIMUM (1UL << 20 >> SWIOTLB_SHIFT)

static uint64_t power_of_two_up(uint64_t n)
{
	return 1ULL << log2_up(n);
}

static void set_areas(struct swiotlb_size *size, uint64_t areas, unsigned int segment)
{
	size->areas = (unsigned int)power_of_two_up(areas);
	if (size->slots < (uint64_t)segment * size->areas)
		size->slots = (uint64_t)segment * size->areas;
	size->slots = power_of_two_up(size->slots);
}

/* More areas than sets make no sense. */
static void limit_areas(struct swiotlb_size *size, unsigned int segment)
{
	if (size->slots < (uint64_t)size->areas * segment)
		size->areas = (unsigned int)(size->slots / segment);
}

/* As the kernel reads a number: 0x and 0 tell the base. Too large a one is an error. */
static int number(const char **text, uint64_t most, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(*text, &end, 0);
	*text = end;
	return errno || *ret > most ? -EINVAL : 0;
}

static int parse(const char *text, unsigned int segment, struct swiotlb_size *size)
{
	uint64_t n;

	if (isdigit((unsigned char)*text)) {
		if (number(&text, 1U << 31, &n))
			return -EINVAL;
		size->slots = align_up(n, segment);
	}
	if (*text == ',')
		text++;
	if (isdigit((unsigned char)*text)) {
		if (number(&text, 1U << 16, &n))
			return -EINVAL;
		set_areas(size, n, segment);
	}
	if (*text == ',')
		text++;
	size->force = !strcmp(text, "force");
	size->disable = !strcmp(text, "noforce");
	return 0;
}

int swiotlb_size(const char *text, unsigned int cpus, unsigned int segment,
		 struct swiotlb_size *ret)
{
	struct swiotlb_size size = { .slots = SWIOTLB_DEFAULT_SLOTS };

	if (!is_power_of_two(segment) || segment < 2 || segment > 1U << 15 || !cpus ||
	    cpus > 1U << 16)
		return -EINVAL;
	if (text && parse(text, segment, &size))
		return -EINVAL;
	if (!size.areas)
		set_areas(&size, cpus, segment);
	limit_areas(&size, segment);
	if (size.slots > 1U << 31)
		return -EINVAL;
	*ret = size;
	return 0;
}

int swiotlb_size_halve(struct swiotlb_size *size, unsigned int segment)
{
	if (size->slots <= MINIMUM)
		return -ENOMEM;
	size->slots = align_up(size->slots / 2, segment);
	limit_areas(size, segment);
	return 0;
}

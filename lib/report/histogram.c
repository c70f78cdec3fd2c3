// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * histogram.c - values in buckets of one eighth of their size
 *
 * The bucket is the position of the highest bit and the three bits below it, so that
 * counting is a few instructions and any quantile is known to within 1/16.
 */
#include <libdma/stat.h>

#define FINE_BITS 3
#define EXACT	  16 /* values below stand alone */

static unsigned int find_bucket(uint64_t value)
{
	unsigned int high;

	if (value < EXACT)
		return (unsigned int)value;
	high = 63 - (unsigned int)__builtin_clzll(value);
	return EXACT + ((high - FINE_BITS - 1) << FINE_BITS) +
	       (unsigned int)(value >> (high - FINE_BITS) & 7);
}

void libdma_histogram_add(struct libdma_histogram *histogram, uint64_t value)
{
	if (!histogram->count || value < histogram->min)
		histogram->min = value;
	if (value > histogram->max)
		histogram->max = value;
	histogram->count++;
	if (__builtin_add_overflow(histogram->sum, value, &histogram->sum))
		histogram->sum = UINT64_MAX;
	histogram->bucket[find_bucket(value)]++;
}

uint64_t libdma_histogram_first(unsigned int bucket)
{
	unsigned int high, fine;

	if (bucket < EXACT)
		return bucket;
	if (bucket >= LIBDMA_HISTOGRAM_BUCKETS)
		return UINT64_MAX;
	high = ((bucket - EXACT) >> FINE_BITS) + FINE_BITS + 1;
	fine = (bucket - EXACT) & 7;
	return (uint64_t)(8 + fine) << (high - FINE_BITS);
}

uint64_t libdma_histogram_quantile(const struct libdma_histogram *histogram, double part)
{
	uint64_t below = 0, wanted = (uint64_t)(part * (double)histogram->count);
	uint64_t first, last, middle;
	unsigned int i;

	if (!histogram->count)
		return 0;
	if (wanted >= histogram->count)
		wanted = histogram->count - 1;
	for (i = 0; i < LIBDMA_HISTOGRAM_BUCKETS - 1; i++) {
		below += histogram->bucket[i];
		if (below > wanted)
			break;
	}
	first = libdma_histogram_first(i);
	last = i < LIBDMA_HISTOGRAM_BUCKETS - 1 ? libdma_histogram_first(i + 1) - 1
						: UINT64_MAX;
	middle = first + (last - first) / 2;
	if (middle < histogram->min)
		return histogram->min;
	return middle > histogram->max ? histogram->max : middle;
}

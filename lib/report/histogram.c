// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * histogram.c - values in buckets of one eighth of their size
 *
 * The bucket is the position of the highest bit and the three bits below it, so that
 * counting is a few instructions and any quantile is known to within 1/8.
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

static void add(uint64_t *sum, uint64_t value)
{
	if (__builtin_add_overflow(*sum, value, sum))
		*sum = UINT64_MAX;
}

void libdma_histogram_add(struct libdma_histogram *histogram, uint64_t value)
{
	unsigned int bucket = find_bucket(value);

	if (!histogram->count || value < histogram->min)
		histogram->min = value;
	if (value > histogram->max)
		histogram->max = value;
	histogram->count++;
	add(&histogram->sum, value);
	histogram->bucket[bucket]++;
	add(&histogram->total[bucket], value);
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
	double wanted = part * (double)histogram->count;
	uint64_t below = 0;
	unsigned int i;

	if (!histogram->count)
		return 0;
	for (i = 0; i < LIBDMA_HISTOGRAM_BUCKETS - 1; i++) {
		below += histogram->bucket[i];
		if (below && (double)below >= wanted)
			break;
	}
	while (!histogram->bucket[i]) /* rounding may pass the last one */
		i--;
	return histogram->total[i] / histogram->bucket[i];
}

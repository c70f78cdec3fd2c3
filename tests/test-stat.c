// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test-stat.c - counts, quantiles and peaks against plain arrays
 *
 * The oracle keeps every value and every live mapping in arrays and searches them
 * from end to end.
 */
#include <stdlib.h>
#include <string.h>

#include <libdma/stat.h>

#include "test.h"

#define VALUES	 20000
#define EVENTS	 20000
#define DEVICES	 3
#define LIVE_MAX 64

static uint64_t random_value(void)
{
	uint64_t value = (uint64_t)rand() << 33 ^ (uint64_t)rand() << 11 ^ (uint64_t)rand();

	return value >> rand() % 64;
}

static int compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

/* Buckets follow each other without a gap, and none is wider than an eighth. */
static void buckets_cover_everything(void **state)
{
	(void)state;
	assert_int_equal(libdma_histogram_first(0), 0);
	for (unsigned int i = 0; i + 1 < LIBDMA_HISTOGRAM_BUCKETS; i++) {
		uint64_t first = libdma_histogram_first(i);
		uint64_t next = libdma_histogram_first(i + 1);
		struct libdma_histogram *low = calloc(1, sizeof(*low));

		assert_true(next > first);
		assert_true(next - first == 1 || (next - first) * 8 <= first);
		libdma_histogram_add(low, first);
		libdma_histogram_add(low, next - 1);
		assert_int_equal(low->bucket[i], 2);
		free(low);
	}
}

static void quantiles_are_close(void **state)
{
	static const double parts[] = { 0, 0.01, 0.25, 0.5, 0.9, 0.99, 1 };
	struct libdma_histogram *histogram = calloc(1, sizeof(*histogram));
	uint64_t *values = calloc(VALUES, sizeof(*values));

	(void)state;
	srand(2);
	assert_int_equal(libdma_histogram_quantile(histogram, 0.5), 0);
	for (size_t i = 0; i < VALUES; i++) {
		values[i] = random_value();
		libdma_histogram_add(histogram, values[i]);
	}
	qsort(values, VALUES, sizeof(*values), compare);
	assert_int_equal(histogram->count, VALUES);
	assert_int_equal(histogram->min, values[0]);
	assert_int_equal(histogram->max, values[VALUES - 1]);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		size_t rank = (size_t)(parts[i] * VALUES);
		double exact = (double)values[rank ? rank - 1 : 0];
		double got = (double)libdma_histogram_quantile(histogram, parts[i]);

		/* the greatest values may add up to more than a sum can hold */
		if (exact > 1e15)
			continue;
		assert_true(got <= exact * 9 / 8 && exact <= got * 9 / 8 + 1);
	}
	free(histogram);
	free(values);
}

/* Sizes are a few round numbers, and then every quantile is exact. */
static void round_values_are_exact(void **state)
{
	struct libdma_histogram *histogram = calloc(1, sizeof(*histogram));

	(void)state;
	for (unsigned int i = 0; i < 1000; i++)
		libdma_histogram_add(histogram, i < 500 ? 1500 : i < 990 ? 4096 : 65536);
	assert_int_equal(libdma_histogram_quantile(histogram, 0.5), 1500);
	assert_int_equal(libdma_histogram_quantile(histogram, 0.51), 4096);
	assert_int_equal(libdma_histogram_quantile(histogram, 0.99), 4096);
	assert_int_equal(libdma_histogram_quantile(histogram, 1), 65536);
	free(histogram);
}

static void sums_do_not_wrap(void **state)
{
	struct libdma_histogram *histogram = calloc(1, sizeof(*histogram));

	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		libdma_histogram_add(histogram, UINT64_MAX);
	assert_true(histogram->sum == UINT64_MAX);
	assert_true(histogram->max == UINT64_MAX);
	free(histogram);
}

/* What the oracle knows of a device, and of all together in the last element. */
struct counts {
	uint64_t events, maps, unmaps, failed, strangers, bytes, peak, peak_bytes;
};

struct oracle {
	struct counts counts[DEVICES + 1];
	struct dma_event live[LIVE_MAX];
	size_t lives;
};

static void oracle_peaks(struct oracle *oracle)
{
	for (unsigned int device = 0; device <= DEVICES; device++) {
		struct counts *counts = &oracle->counts[device];
		uint64_t live = 0, bytes = 0;

		for (size_t i = 0; i < oracle->lives; i++) {
			if (device < DEVICES && oracle->live[i].device != device + 1)
				continue;
			live++;
			bytes += oracle->live[i].size;
		}
		counts->peak = live > counts->peak ? live : counts->peak;
		counts->peak_bytes = bytes > counts->peak_bytes ? bytes : counts->peak_bytes;
	}
}

static void oracle_count(struct oracle *oracle, const struct dma_event *event, bool stranger)
{
	struct counts *both[] = { &oracle->counts[event->device - 1],
				  &oracle->counts[DEVICES] };

	for (unsigned int i = 0; i < 2; i++) {
		both[i]->events++;
		both[i]->failed += event->error != 0;
		both[i]->strangers += stranger;
		both[i]->maps += event->kind == DMA_EVENT_MAP_PAGE && !event->error;
		both[i]->unmaps += event->kind == DMA_EVENT_UNMAP_PAGE;
		if (event->kind == DMA_EVENT_MAP_PAGE && !event->error)
			both[i]->bytes += event->size;
	}
}

/* The next event of a random run: maps, unmaps of what is live, failures, strangers. */
static struct dma_event make_event(struct oracle *oracle, uint64_t number)
{
	struct dma_event event = {
		.kind = DMA_EVENT_MAP_PAGE,
		.dir = DMA_TO_DEVICE,
		.device = 1 + (uint32_t)rand() % DEVICES,
		.dma = number << 12,
		.size = 1 + (uint64_t)rand() % 8192,
		.ns = number * 1000,
		.number = number,
	};
	unsigned int dice = (unsigned int)rand() % 20;
	bool stranger = false;

	if (dice == 0) {
		event.error = -12;
		event.dma = DMA_MAPPING_ERROR;
	} else if (dice == 1) {
		event.kind = DMA_EVENT_UNMAP_PAGE;
		event.dma = 0xdead0000000;
		stranger = true;
	} else if (oracle->lives == LIVE_MAX || (oracle->lives && dice < 11)) {
		size_t which = (size_t)rand() % oracle->lives;

		event = oracle->live[which];
		event.kind = DMA_EVENT_UNMAP_PAGE;
		event.ns = number * 1000;
		oracle->live[which] = oracle->live[--oracle->lives];
	} else {
		oracle->live[oracle->lives++] = event;
	}
	oracle_count(oracle, &event, stranger);
	oracle_peaks(oracle);
	return event;
}

static void compare_group(const struct libdma_stat_group *group, const struct counts *counts)
{
	assert_int_equal(group->events, counts->events);
	assert_int_equal(group->maps, counts->maps);
	assert_int_equal(group->unmaps, counts->unmaps);
	assert_int_equal(group->failed, counts->failed);
	assert_int_equal(group->strangers, counts->strangers);
	assert_int_equal(group->bytes, counts->bytes);
	assert_int_equal(group->sizes.count, counts->maps);
	assert_int_equal(group->peak, counts->peak);
	assert_int_equal(group->peak_bytes, counts->peak_bytes);
	assert_int_equal(group->lifetimes.count, counts->unmaps - counts->strangers);
	assert_int_equal(group->live, counts->maps - group->lifetimes.count);
}

static void counts_agree(void **state)
{
	struct oracle *oracle = calloc(1, sizeof(*oracle));
	const struct libdma_stat_group *group;
	struct libdma_stat *stat;
	uint64_t first, last;
	size_t groups = 0;

	(void)state;
	srand(3);
	assert_int_equal(libdma_stat_create(LIBDMA_STAT_DEVICE, true, &stat), 0);
	for (uint64_t number = 1; number <= EVENTS; number++) {
		struct dma_event event = make_event(oracle, number);

		assert_int_equal(libdma_stat_put(stat, &event), 0);
	}
	for (; (group = libdma_stat_group(stat, groups)); groups++)
		compare_group(group, &oracle->counts[group->key - 1]);
	assert_int_equal(groups, DEVICES);
	compare_group(libdma_stat_total(stat), &oracle->counts[DEVICES]);
	libdma_stat_time(stat, &first, &last);
	assert_int_equal(first, 1000);
	assert_int_equal(last, EVENTS * 1000);
	assert_int_equal(libdma_stat_kinds(stat, DMA_EVENT_UNMAP_PAGE),
			 oracle->counts[DEVICES].unmaps);
	libdma_stat_destroy(stat);
	free(oracle);
}

/* More groups than the table had room for at first; all of them are found again. */
static void many_groups(void **state)
{
	struct libdma_stat *stat;

	(void)state;
	assert_int_equal(libdma_stat_create(LIBDMA_STAT_CPU, false, &stat), 0);
	for (uint32_t round = 0; round < 3; round++)
		for (uint32_t cpu = 0; cpu < 1000; cpu++)
			libdma_stat_put(stat, &(struct dma_event) { .kind = DMA_EVENT_FLUSH,
								    .cpu = cpu });
	for (uint32_t cpu = 0; cpu < 1000; cpu++) {
		assert_int_equal(libdma_stat_group(stat, cpu)->key, cpu);
		assert_int_equal(libdma_stat_group(stat, cpu)->events, 3);
	}
	assert_null(libdma_stat_group(stat, 1000));
	libdma_stat_destroy(stat);
}

/* Blocks count for their pool, and for nothing else. */
static void pools(void **state)
{
	const struct dma_event events[] = {
		{ .kind = DMA_EVENT_POOL_CREATE, .handle = 7, .name = 5, .size = 64 },
		{ .kind = DMA_EVENT_POOL_ALLOC, .handle = 7, .dma = 0x1000, .size = 64 },
		{ .kind = DMA_EVENT_POOL_ALLOC, .handle = 7, .dma = 0x1040, .size = 64 },
		{ .kind = DMA_EVENT_MAP_PAGE, .dma = 0x9000, .size = 512 },
		{ .kind = DMA_EVENT_POOL_FREE, .handle = 7, .dma = 0x1000, .ns = 50 },
	};
	const struct libdma_stat_group *group;
	struct libdma_stat *stat;

	(void)state;
	assert_int_equal(libdma_stat_create(LIBDMA_STAT_POOL, true, &stat), 0);
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		assert_int_equal(libdma_stat_put(stat, &events[i]), 0);
	group = libdma_stat_group(stat, 0);
	assert_non_null(group);
	assert_null(libdma_stat_group(stat, 1));
	assert_int_equal(group->key, 7);
	assert_int_equal(group->name, 5);
	assert_int_equal(group->events, 4);
	assert_int_equal(group->allocs, 2);
	assert_int_equal(group->frees, 1);
	assert_int_equal(group->peak, 2);
	assert_int_equal(group->live, 1);
	assert_int_equal(group->lifetimes.count, 1);
	assert_int_equal(libdma_stat_total(stat)->maps, 1);
	assert_int_equal(libdma_stat_total(stat)->peak, 1);
	libdma_stat_destroy(stat);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets_cover_everything),
		cmocka_unit_test(quantiles_are_close),
		cmocka_unit_test(round_values_are_exact),
		cmocka_unit_test(sums_do_not_wrap),
		cmocka_unit_test(counts_agree),
		cmocka_unit_test(many_groups),
		cmocka_unit_test(pools),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

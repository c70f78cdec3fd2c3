// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test-timeline.c - the use over time against a list of every change
 *
 * The oracle keeps what was in use behind each event, and searches all of it for what a
 * piece of the time had at least and at most.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libdma/timeline.h>

#include "test.h"

#define EVENTS   6000
#define DEVICES  3
#define LIVE_MAX 64

/* What was in use behind an event: by device, and of all in element 0. */
struct step {
	uint64_t ns;
	uint64_t bytes[DEVICES + 1];
	uint64_t live[DEVICES + 1];
	uint32_t device;
	bool failed;
};

struct oracle {
	struct step step[EVENTS];
	size_t steps;
	struct dma_event live[LIVE_MAX];
	size_t lives;
};

struct stand {
	struct libdma_environment *environment;
	struct libdma_strings *strings;
	struct libdma_timeline *timeline;
};

static void stand_up(struct stand *stand, enum libdma_stat_key by)
{
	struct libdma_timeline_options how = { .by = by };

	stand->environment = libdma_environment_create();
	stand->strings = libdma_strings_create();
	how.environment = stand->environment;
	how.strings = stand->strings;
	assert_int_equal(libdma_timeline_create(&how, &stand->timeline), 0);
}

static void take_down(struct stand *stand)
{
	libdma_timeline_destroy(stand->timeline);
	libdma_strings_destroy(stand->strings);
	libdma_environment_destroy(stand->environment);
}

/* Short steps, and now and then one so long that many bins become one. */
static uint64_t random_pause(size_t number)
{
	if (number == EVENTS / 2)
		return 1ULL << 40;
	return (uint64_t)rand() % 16 ? (uint64_t)rand() % 50 : (uint64_t)rand() % 100000;
}

static struct dma_event make_event(struct oracle *oracle, uint64_t ns)
{
	struct dma_event event = {
		.kind = DMA_EVENT_MAP_PAGE,
		.dir = DMA_TO_DEVICE,
		.device = 1 + (uint32_t)rand() % DEVICES,
		.dma = (oracle->steps + 1) << 12,
		.phys = (oracle->steps + 1) << 12,
		.size = 1 + (uint64_t)rand() % 8192,
		.ns = ns,
		.number = oracle->steps,
	};
	unsigned int dice = (unsigned int)rand() % 20;

	if (!dice) {
		event.error = -12;
		event.dma = DMA_MAPPING_ERROR;
	} else if (oracle->lives == LIVE_MAX || (oracle->lives && dice < 11)) {
		size_t which = (size_t)rand() % oracle->lives;

		event = oracle->live[which];
		event.kind = DMA_EVENT_UNMAP_PAGE;
		event.ns = ns;
		event.number = oracle->steps;
		oracle->live[which] = oracle->live[--oracle->lives];
	} else {
		oracle->live[oracle->lives++] = event;
	}
	return event;
}

static void note(struct oracle *oracle, const struct dma_event *event)
{
	struct step *step = &oracle->step[oracle->steps++];

	*step = (struct step) { .ns = event->ns,
				.device = event->device,
				.failed = event->error };
	for (size_t i = 0; i < oracle->lives; i++) {
		step->bytes[0] += oracle->live[i].size;
		step->bytes[oracle->live[i].device] += oracle->live[i].size;
		step->live[0]++;
		step->live[oracle->live[i].device]++;
	}
}

/* What a piece of the time must have, from what was in use when it began. */
static struct libdma_timeline_bin expected(const struct oracle *oracle, uint32_t device,
					   uint64_t from, uint64_t to)
{
	struct libdma_timeline_bin bin = { 0 };

	for (size_t i = 0; i < oracle->steps; i++) {
		const struct step *step = &oracle->step[i];
		uint64_t bytes = step->bytes[device], live = step->live[device];

		if (step->ns >= to)
			break;
		if (step->ns < from) {
			bin.low[LIBDMA_TIMELINE_BYTES] = bytes;
			bin.high[LIBDMA_TIMELINE_BYTES] = bytes;
			bin.low[LIBDMA_TIMELINE_LIVE] = live;
			bin.high[LIBDMA_TIMELINE_LIVE] = live;
			continue;
		}
		if (bytes < bin.low[LIBDMA_TIMELINE_BYTES])
			bin.low[LIBDMA_TIMELINE_BYTES] = bytes;
		if (bytes > bin.high[LIBDMA_TIMELINE_BYTES])
			bin.high[LIBDMA_TIMELINE_BYTES] = bytes;
		if (live < bin.low[LIBDMA_TIMELINE_LIVE])
			bin.low[LIBDMA_TIMELINE_LIVE] = live;
		if (live > bin.high[LIBDMA_TIMELINE_LIVE])
			bin.high[LIBDMA_TIMELINE_LIVE] = live;
		if (!device || step->device == device) {
			bin.events++;
			bin.failed += step->failed;
		}
	}
	return bin;
}

static void compare_piece(const struct stand *stand, const struct oracle *oracle,
			  size_t series, size_t from, size_t to)
{
	uint32_t device = (uint32_t)libdma_timeline_series(stand->timeline, series)->key;
	struct libdma_timeline_bin got, want;

	libdma_timeline_read(stand->timeline, series, from, to, &got);
	want = expected(oracle, series ? device : 0,
			libdma_timeline_time(stand->timeline, from),
			libdma_timeline_time(stand->timeline, to));
	assert_memory_equal(&got, &want, sizeof(got));
}

static void compare_all(const struct stand *stand, const struct oracle *oracle)
{
	size_t bins = libdma_timeline_bins(stand->timeline);

	assert_true(bins && bins <= LIBDMA_TIMELINE_BINS);
	assert_int_equal(libdma_timeline_time(stand->timeline, 0), oracle->step[0].ns);
	assert_true(libdma_timeline_time(stand->timeline, bins) >
		    oracle->step[oracle->steps - 1].ns);
	for (size_t i = 0; libdma_timeline_series(stand->timeline, i); i++) {
		compare_piece(stand, oracle, i, 0, bins);
		for (unsigned int times = 0; times < 40; times++) {
			size_t from = (size_t)rand() % bins;
			size_t left = bins - from;

			compare_piece(stand, oracle, i, from, from + 1);
			compare_piece(stand, oracle, i, from,
				      from + 1 + (size_t)rand() % left);
		}
	}
}

static void compare_peaks(const struct stand *stand, const struct oracle *oracle)
{
	const struct libdma_timeline_series *face;

	for (size_t i = 0; (face = libdma_timeline_series(stand->timeline, i)); i++) {
		const struct libdma_timeline_peak *peak =
			&face->peak[LIBDMA_TIMELINE_BYTES];
		uint64_t most = 0;
		size_t when = 0;

		for (size_t j = 0; j < oracle->steps; j++)
			if (oracle->step[j].bytes[i ? face->key : 0] > most) {
				most = oracle->step[j].bytes[i ? face->key : 0];
				when = j;
			}
		assert_int_equal(peak->value, most);
		assert_int_equal(peak->number, when);
		assert_int_equal(peak->ns, oracle->step[when].ns);
		assert_int_equal(
			face->now[LIBDMA_TIMELINE_BYTES],
			oracle->step[oracle->steps - 1].bytes[i ? face->key : 0]);
	}
}

static void pieces_agree(void **state)
{
	struct oracle *oracle = calloc(1, sizeof(*oracle));
	const struct libdma_timeline_mark *mark;
	struct stand stand;
	uint64_t ns = 12345;
	size_t failed = 0;

	(void)state;
	srand(5);
	stand_up(&stand, LIBDMA_STAT_DEVICE);
	assert_int_equal(libdma_timeline_bins(stand.timeline), 0);
	for (size_t i = 0; i < EVENTS; i++) {
		struct dma_event event = make_event(oracle, ns);

		assert_int_equal(libdma_timeline_put(stand.timeline, &event), 0);
		note(oracle, &event);
		if (event.error && failed < LIBDMA_TIMELINE_MARKS) {
			mark = libdma_timeline_mark(stand.timeline, failed++);
			assert_int_equal(mark->number, i);
			assert_int_equal(mark->ns, ns);
			assert_int_equal(mark->size, event.size);
		}
		if (i % 1000 == 7)
			compare_all(&stand, oracle);
		ns += random_pause(i);
	}
	compare_all(&stand, oracle);
	compare_peaks(&stand, oracle);
	assert_int_equal(failed, LIBDMA_TIMELINE_MARKS);
	assert_null(libdma_timeline_mark(stand.timeline, failed));
	assert_null(libdma_timeline_series(stand.timeline, DEVICES + 1));
	take_down(&stand);
	free(oracle);
}

static int put(struct stand *stand, struct dma_event event)
{
	return libdma_timeline_put(stand->timeline, &event);
}

static uint64_t now(const struct stand *stand, unsigned int measure)
{
	return libdma_timeline_series(stand->timeline, 0)->now[measure];
}

/* Behind an IOMMU whole granules are taken, a power of two of them if they are few. */
static void iovas_are_rounded(void **state)
{
	struct stand stand;
	uint32_t device;

	(void)state;
	stand_up(&stand, LIBDMA_STAT_ALL);
	stand.environment->iommu.mode = LIBDMA_IOMMU_STRICT;
	stand.environment->origin.iommu_mode = LIBDMA_GIVEN;
	assert_int_equal(libdma_strings_add(stand.strings, "nic", 3, &device), 0);
	put(&stand, (struct dma_event) { .kind = DMA_EVENT_MAP_PAGE,
					 .device = device,
					 .dma = 0xfff80800,
					 .phys = 0x1800,
					 .size = 9000 });
	assert_int_equal(now(&stand, LIBDMA_TIMELINE_IOVA), 4 * 4096);
	assert_int_equal(now(&stand, LIBDMA_TIMELINE_SLOTS), 0);
	put(&stand, (struct dma_event) { .kind = DMA_EVENT_ALLOC,
					 .device = device,
					 .dma = 0xfff00000,
					 .size = 33 * 4096 });
	assert_int_equal(now(&stand, LIBDMA_TIMELINE_IOVA), 37 * 4096);
	put(&stand, (struct dma_event) { .kind = DMA_EVENT_UNMAP_PAGE,
					 .device = device,
					 .dma = 0xfff80800,
					 .size = 9000 });
	assert_int_equal(now(&stand, LIBDMA_TIMELINE_IOVA), 33 * 4096);
	assert_int_equal(now(&stand, LIBDMA_TIMELINE_LIVE), 1);
	take_down(&stand);
}

/* A buffer that lies elsewhere than its address says was bounced, in whole slots. */
static void slots_are_counted(void **state)
{
	const dma_addr_t dma[] = { 0x39200000, 0x39201000, 0x5000 };
	const uint32_t sizes[] = { 4096, 100, 4096 };
	const phys_addr_t phys[] = { 0x1000, 0x3000, 0x5000 };
	struct stand stand;

	(void)state;
	stand_up(&stand, LIBDMA_STAT_ALL);
	put(&stand, (struct dma_event) { .kind = DMA_EVENT_MAP_SG,
					 .device = 1,
					 .size = 8292,
					 .nents = 3,
					 .ents = 3,
					 .phys_count = 3,
					 .dma_count = 3,
					 .phys_list = phys,
					 .dma_list = dma,
					 .dma_size_list = sizes });
	assert_int_equal(now(&stand, LIBDMA_TIMELINE_SLOTS), 3);
	put(&stand, (struct dma_event) { .kind = DMA_EVENT_MAP_PAGE,
					 .device = 1,
					 .phys = 0x7600,
					 .dma = 0x39202600,
					 .size = 4096 });
	assert_int_equal(now(&stand, LIBDMA_TIMELINE_SLOTS), 6);
	put(&stand, (struct dma_event) { .kind = DMA_EVENT_UNMAP_SG,
					 .device = 1,
					 .nents = 3,
					 .phys_count = 3,
					 .phys_list = phys });
	assert_int_equal(now(&stand, LIBDMA_TIMELINE_SLOTS), 3);
	assert_int_equal(now(&stand, LIBDMA_TIMELINE_BYTES), 4096);
	take_down(&stand);
}

/* Beyond so many series the rest have one together, and memory does not grow. */
static void many_devices(void **state)
{
	const struct libdma_timeline_series *rest;
	struct stand stand;

	(void)state;
	stand_up(&stand, LIBDMA_STAT_DEVICE);
	for (uint32_t i = 1; i <= 1000; i++)
		put(&stand, (struct dma_event) { .kind = DMA_EVENT_MAP_PAGE,
						 .device = i,
						 .dma = i << 12,
						 .phys = i << 12,
						 .size = 10,
						 .ns = i });
	rest = libdma_timeline_series(stand.timeline, LIBDMA_TIMELINE_SERIES);
	assert_true(rest->rest);
	assert_int_equal(rest->now[LIBDMA_TIMELINE_LIVE],
			 1000 - (LIBDMA_TIMELINE_SERIES - 1));
	assert_null(libdma_timeline_series(stand.timeline, LIBDMA_TIMELINE_SERIES + 1));
	take_down(&stand);
}

/* What is live when the picture begins is in it; time that goes back stands still. */
static void beginnings(void **state)
{
	struct libdma_timeline_bin bin;
	struct stand stand;

	(void)state;
	stand_up(&stand, LIBDMA_STAT_ALL);
	put(&stand, (struct dma_event) { .kind = DMA_EVENT_MAP_PAGE,
					 .device = 1,
					 .dma = 0x1000,
					 .phys = 0x1000,
					 .size = 10,
					 .ns = 100 });
	libdma_timeline_begin(stand.timeline);
	assert_int_equal(libdma_timeline_bins(stand.timeline), 0);
	libdma_timeline_lost(stand.timeline);
	put(&stand, (struct dma_event) { .kind = DMA_EVENT_UNMAP_PAGE,
					 .device = 1,
					 .dma = 0x1000,
					 .size = 10,
					 .ns = 500 });
	put(&stand,
	    (struct dma_event) { .kind = DMA_EVENT_LOST, .count = UINT64_MAX, .ns = 7 });
	put(&stand, (struct dma_event) { .kind = DMA_EVENT_LOST, .count = 5, .ns = 501 });
	assert_int_equal(libdma_timeline_bins(stand.timeline), 2);
	assert_int_equal(libdma_timeline_time(stand.timeline, 0), 500);
	libdma_timeline_read(stand.timeline, 0, 0, 1, &bin);
	assert_int_equal(bin.high[LIBDMA_TIMELINE_BYTES], 10);
	assert_int_equal(bin.low[LIBDMA_TIMELINE_BYTES], 0);
	assert_int_equal(bin.gaps, 2);
	libdma_timeline_read(stand.timeline, 0, 0, 2, &bin);
	assert_int_equal(bin.gaps, 3);
	assert_true(bin.lost == UINT64_MAX);
	take_down(&stand);
}

/* The whole of time, and sums that do not fit. */
static void extremes(void **state)
{
	struct libdma_timeline_bin bin;
	struct stand stand;
	size_t bins;

	(void)state;
	stand_up(&stand, LIBDMA_STAT_CPU);
	for (unsigned int i = 0; i < 3; i++)
		put(&stand, (struct dma_event) { .kind = DMA_EVENT_MAP_PAGE,
						 .device = 1,
						 .dma = i << 12,
						 .phys = i << 12,
						 .size = UINT64_MAX - 1,
						 .ns = i ? UINT64_MAX : 0 });
	bins = libdma_timeline_bins(stand.timeline);
	assert_true(bins <= LIBDMA_TIMELINE_BINS);
	libdma_timeline_read(stand.timeline, 0, bins - 1, bins, &bin);
	assert_true(bin.high[LIBDMA_TIMELINE_BYTES] == UINT64_MAX);
	assert_int_equal(bin.events, 2);
	assert_true(libdma_timeline_time(stand.timeline, bins) == UINT64_MAX);
	assert_int_equal(libdma_timeline_create(
				 &(struct libdma_timeline_options) {
					 .by = LIBDMA_STAT_POOL,
					 .environment = stand.environment,
					 .strings = stand.strings },
				 &stand.timeline),
			 -EINVAL);
	take_down(&stand);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_agree),      cmocka_unit_test(iovas_are_rounded),
		cmocka_unit_test(slots_are_counted), cmocka_unit_test(many_devices),
		cmocka_unit_test(beginnings),        cmocka_unit_test(extremes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

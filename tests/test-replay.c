// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The state at a moment against one that is made anew by applying the events up to
 * that moment to a plain array of addresses.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libdma/replay.h>

#include "test.h"

#define EVENTS    4000
#define ADDRESSES 200

/* By address: the number of the event that began what is live there, or -1. */
struct model {
	long begun[ADDRESSES];
	uint64_t bytes;
};

static struct dma_event events[EVENTS];
static phys_addr_t phys[EVENTS][2];
static dma_addr_t dma[EVENTS][2];
static uint32_t sizes[EVENTS][2];

static uint64_t random_state;

static uint64_t random_below(uint64_t limit)
{
	random_state = random_state * 6364136223846793005 + 1442695040888963407;
	return (random_state >> 33) % limit;
}

/* One address in four is always mapped as a list. */
static void make_event(size_t i, bool live, size_t address)
{
	struct dma_event *event = &events[i];
	bool list = address % 4 == 0;

	*event = (struct dma_event) { .number = i, .ns = 1000 + i / 3 * 10, .device = 1 };
	phys[i][0] = address << 13;
	phys[i][1] = phys[i][0] + 0x1000;
	memcpy(dma[i], phys[i], sizeof(dma[i]));
	sizes[i][0] = sizes[i][1] = 512;
	event->dma = phys[i][0];
	event->size = 512 + 512 * (address % 3);
	event->kind = live ? DMA_EVENT_UNMAP_PAGE : DMA_EVENT_MAP_PAGE;
	if (!list)
		return;
	event->kind = live ? DMA_EVENT_UNMAP_SG : DMA_EVENT_MAP_SG;
	event->dma = event->size = 0;
	event->phys_list = phys[i];
	event->phys_count = 2;
	if (live)
		return;
	event->dma_list = dma[i];
	event->dma_size_list = sizes[i];
	event->dma_count = 2;
}

static void model_apply(struct model *model, const struct dma_event *event)
{
	bool list = event->phys_count;
	size_t address = (list ? event->phys_list[0] : event->dma) >> 13;
	uint64_t bytes = list ? 1024 : 512 + 512 * (address % 3);

	if (event->kind == DMA_EVENT_MARK || event->dma == DMA_MAPPING_ERROR)
		return;
	if (event->kind == DMA_EVENT_MAP_PAGE || event->kind == DMA_EVENT_MAP_SG) {
		model->begun[address] = (long)event->number;
		model->bytes += bytes;
	} else {
		model->begun[address] = -1;
		model->bytes -= bytes;
	}
}

static void model_init(struct model *model)
{
	for (size_t i = 0; i < ADDRESSES; i++)
		model->begun[i] = -1;
	model->bytes = 0;
}

static void make_events(size_t fails)
{
	struct model model;

	model_init(&model);
	for (size_t i = 0; i < EVENTS; i++) {
		/* few, then many, then few are live */
		size_t address = random_below(i < EVENTS / 2 ? ADDRESSES : ADDRESSES / 4);

		make_event(i, model.begun[address] >= 0, address);
		if (i % 50 == 7)
			events[i] = (struct dma_event) { .kind = DMA_EVENT_MARK,
							 .number = i,
							 .ns = events[i].ns };
		if (i == fails || i == fails + 100)
			events[i] = (struct dma_event) {
				.kind = DMA_EVENT_MAP_PAGE,
				.number = i,
				.device = 1,
				.ns = events[i].ns,
				.dma = DMA_MAPPING_ERROR,
				.size = 77,
			};
		model_apply(&model, &events[i]);
	}
}

static int check_begin(void *arg, const struct dma_event *begin, uint64_t times)
{
	struct model *model = arg;
	size_t address = (begin->phys_count ? begin->phys_list[0] : begin->dma) >> 13;

	assert_int_equal(times, 1);
	assert_int_equal(model->begun[address], begin->number);
	if (begin->phys_count) {
		assert_memory_equal(begin->phys_list, phys[begin->number], 16);
		assert_memory_equal(begin->dma_list, dma[begin->number], 16);
		assert_memory_equal(begin->dma_size_list, sizes[begin->number], 8);
	}
	model->begun[address] = -1;
	return 0;
}

/* The state at @at is that behind the first @count events. */
static void expect_state(struct libdma_position at, size_t count)
{
	struct libdma_replay_options options = { .at = at };
	struct libdma_replay *replay = libdma_replay_create(&options);
	struct libdma_moment moment;
	struct model model;

	for (size_t i = 0; i < EVENTS; i++)
		assert_int_equal(libdma_replay_put(replay, &events[i]), 0);
	model_init(&model);
	for (size_t i = 0; i < count; i++)
		model_apply(&model, &events[i]);
	libdma_replay_moment(replay, &moment);
	assert_true(moment.reached);
	if (count)
		assert_int_equal(moment.number, count - 1);
	if (moment.kind == LIBDMA_MOMENT_FAILURE)
		assert_int_equal(moment.failed.size, 77);
	assert_int_equal(libdma_replay_walk(replay, check_begin, &model), 0);
	for (size_t i = 0; i < ADDRESSES; i++)
		assert_int_equal(model.begun[i], -1);
	libdma_replay_destroy(replay);
}

static void events_and_times(void **state)
{
	(void)state;
	random_state = 3;
	make_events(EVENTS);
	for (size_t count = 1; count < EVENTS; count += 97) {
		size_t behind = count;

		expect_state((struct libdma_position) { LIBDMA_MOMENT_EVENT, count - 1 },
			     count);
		while (behind < EVENTS && events[behind].ns == events[count - 1].ns)
			behind++;
		expect_state((struct libdma_position) { LIBDMA_MOMENT_TIME,
							events[count - 1].ns },
			     behind);
		expect_state((struct libdma_position) { LIBDMA_MOMENT_AFTER,
							events[count - 1].ns - 1000 },
			     behind);
	}
	expect_state((struct libdma_position) { .kind = LIBDMA_MOMENT_END }, EVENTS);
}

static size_t count_to_peak(void)
{
	uint64_t most = 0;
	struct model model;
	size_t at = 0;

	model_init(&model);
	for (size_t i = 0; i < EVENTS; i++) {
		model_apply(&model, &events[i]);
		if (model.bytes > most) {
			most = model.bytes;
			at = i + 1;
		}
	}
	return at;
}

static void peak_and_failure(void **state)
{
	(void)state;
	for (random_state = 10; random_state < 20; random_state++) {
		uint64_t seed = random_state;

		make_events(EVENTS);
		expect_state((struct libdma_position) { .kind = LIBDMA_MOMENT_PEAK },
			     count_to_peak());
		expect_state((struct libdma_position) { .kind = LIBDMA_MOMENT_AUTO },
			     count_to_peak());
		make_events(1234);
		expect_state((struct libdma_position) { .kind = LIBDMA_MOMENT_FAILURE },
			     1235);
		expect_state((struct libdma_position) { .kind = LIBDMA_MOMENT_AUTO },
			     1235);
		random_state = seed;
	}
}

static void totals_are_counted(void **state)
{
	struct libdma_replay *replay = libdma_replay_create(NULL);
	const struct libdma_replay_totals *totals = libdma_replay_totals(replay);
	const struct libdma_replay_count *maps = &totals->count[LIBDMA_LIVE_MAPPINGS];
	static const struct dma_event some[] = {
		{ .kind = DMA_EVENT_MAP_PAGE, .dma = 0x1000, .size = 100, .ns = 5 },
		{ .kind = DMA_EVENT_MAP_PAGE, .dma = 0x1000, .size = 50 },
		{ .kind = DMA_EVENT_UNMAP_PAGE, .dma = 0x1000, .size = 50 },
		{ .kind = DMA_EVENT_UNMAP_PAGE, .dma = 0x5000, .size = 50 },
		{ .kind = DMA_EVENT_ALLOC, .dma = 0x9000, .size = 4096 },
		{ .kind = DMA_EVENT_ALLOC, .size = 4096, .error = -ENOMEM },
		{ .kind = DMA_EVENT_FREE },
		{ .kind = DMA_EVENT_POOL_CREATE, .handle = 1, .size = 64 },
		{ .kind = DMA_EVENT_POOL_ALLOC, .handle = 1, .dma = 0x9000, .size = 64 },
		{ .kind = DMA_EVENT_LOST, .count = 17, .ns = 9 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++)
		assert_int_equal(libdma_replay_put(replay, &some[i]), 0);
	assert_int_equal(totals->events, 10);
	assert_int_equal(totals->lost, 17);
	assert_int_equal(totals->first_ns, 5);
	assert_int_equal(totals->last_ns, 9);
	assert_int_equal(totals->neutral, 2);
	assert_int_equal(maps->begun, 2);
	assert_int_equal(maps->ended, 1);
	assert_int_equal(maps->again, 1);
	assert_int_equal(maps->strangers, 1);
	assert_int_equal(maps->live, 1);
	assert_int_equal(maps->bytes, 100);
	assert_int_equal(maps->peak, 2);
	assert_int_equal(maps->peak_bytes, 150);
	assert_int_equal(totals->count[LIBDMA_LIVE_ALLOCATIONS].failed, 1);
	assert_int_equal(totals->count[LIBDMA_LIVE_ALLOCATIONS].bytes, 4096);
	assert_int_equal(totals->count[LIBDMA_LIVE_BLOCKS].live, 1);
	assert_int_equal(totals->count[LIBDMA_LIVE_OTHER].live, 1);
	libdma_replay_destroy(replay);
}

/* Each event is told with the beginning that the model has of its address. */
static void changes_are_told(void **state)
{
	const size_t fails = 1500;
	struct model model;
	struct libdma_replay *replay = libdma_replay_create(NULL);
	const struct libdma_change *change = libdma_replay_change(replay);
	uint64_t order[EVENTS];

	(void)state;
	make_events(fails);
	model_init(&model);
	for (size_t i = 0, begun = 0; i < EVENTS; i++) {
		const struct dma_event *event = &events[i];
		bool list = event->phys_count, ends = libdma_event_kind_class(event->kind) ==
						      DMA_CLASS_UNMAP;
		size_t address = (list ? event->phys_list[0] : event->dma) >> 13;

		assert_int_equal(libdma_replay_put(replay, event), 0);
		if (event->kind == DMA_EVENT_MARK) {
			assert_int_equal(change->kind, LIBDMA_CHANGE_NONE);
		} else if (event->dma == DMA_MAPPING_ERROR) {
			assert_int_equal(change->kind, LIBDMA_CHANGE_FAILED);
			assert_null(change->begin);
		} else if (ends) {
			assert_int_equal(change->kind, LIBDMA_CHANGE_ENDED);
			assert_int_equal(change->begin->number, model.begun[address]);
			assert_int_equal(change->order, order[change->begin->number]);
			assert_int_equal(change->times, 0);
		} else {
			assert_int_equal(change->kind, LIBDMA_CHANGE_BEGUN);
			assert_int_equal(change->begin->number, i);
			assert_int_equal(change->order, ++begun);
			assert_int_equal(change->live_class, LIBDMA_LIVE_MAPPINGS);
			order[i] = change->order;
		}
		model_apply(&model, event);
	}
	libdma_replay_destroy(replay);
}

static void positions_are_read(void **state)
{
	static const struct {
		const char *text;
		int error;
		struct libdma_position want;
	} cases[] = {
		{ "peak", 0, { LIBDMA_MOMENT_PEAK, 0 } },
		{ "end", 0, { LIBDMA_MOMENT_END, 0 } },
		{ "failure", 0, { LIBDMA_MOMENT_FAILURE, 0 } },
		{ "auto", 0, { LIBDMA_MOMENT_AUTO, 0 } },
		{ "#0", 0, { LIBDMA_MOMENT_EVENT, 0 } },
		{ "12", 0, { LIBDMA_MOMENT_TIME, 12000000000 } },
		{ "#1234", 0, { LIBDMA_MOMENT_EVENT, 1234 } },
		{ "3.113603", 0, { LIBDMA_MOMENT_TIME, 3113603000 } },
		{ "3s", 0, { LIBDMA_MOMENT_TIME, 3000000000 } },
		{ "1.5ms", 0, { LIBDMA_MOMENT_TIME, 1500000 } },
		{ "0.0000000019", 0, { LIBDMA_MOMENT_TIME, 1 } },
		{ "7.9ns", 0, { LIBDMA_MOMENT_TIME, 7 } },
		{ "+2", 0, { LIBDMA_MOMENT_AFTER, 2000000000 } },
		{ "+40us", 0, { LIBDMA_MOMENT_AFTER, 40000 } },
		{ "", -EINVAL, { 0 } },
		{ "event", -EINVAL, { 0 } },
		{ "#", -EINVAL, { 0 } },
		{ "#3s", -EINVAL, { 0 } },
		{ "-1", -EINVAL, { 0 } },
		{ "3.", -EINVAL, { 0 } },
		{ "3 s", -EINVAL, { 0 } },
		{ "3m", -EINVAL, { 0 } },
		{ "99999999999999999999", -ERANGE, { 0 } },
		{ "99999999999s", -ERANGE, { 0 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct libdma_position got = { 0 };

		assert_int_equal(libdma_position_parse(cases[i].text, &got),
				 cases[i].error);
		if (cases[i].error)
			continue;
		assert_int_equal(got.kind, cases[i].want.kind);
		assert_int_equal(got.value, cases[i].want.value);
	}
}

static void a_moment_behind_the_end_is_the_end(void **state)
{
	struct libdma_replay_options options = { .at = { LIBDMA_MOMENT_EVENT, 10 } };
	struct libdma_replay *replay = libdma_replay_create(&options);
	struct dma_event map = { .kind = DMA_EVENT_MAP_PAGE, .dma = 0x1000, .size = 1 };
	struct libdma_moment moment;

	(void)state;
	libdma_replay_moment(replay, &moment);
	assert_false(moment.reached);
	map.number = 9;
	libdma_replay_put(replay, &map);
	libdma_replay_moment(replay, &moment);
	assert_false(moment.reached);
	assert_int_equal(moment.kind, LIBDMA_MOMENT_END);
	map.number = 10;
	libdma_replay_put(replay, &map);
	libdma_replay_moment(replay, &moment);
	assert_true(moment.reached);
	libdma_replay_destroy(replay);
	libdma_replay_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_and_times),
		cmocka_unit_test(peak_and_failure),
		cmocka_unit_test(totals_are_counted),
		cmocka_unit_test(changes_are_told),
		cmocka_unit_test(positions_are_read),
		cmocka_unit_test(a_moment_behind_the_end_is_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

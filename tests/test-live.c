// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of live mappings against a plain list of all that began, searched from
 * the oldest, for random events.
 */
#include <stdlib.h>
#include <string.h>

#include "dma/live.h"

#include "test.h"

#define DEVICES   3
#define ADDRESSES 64
#define EVENTS    200000
#define MODEL_MAX 4096

/* The oracle: each event that began something and has not ended, oldest first. */
struct model {
	struct dma_event begun[MODEL_MAX];
	phys_addr_t lists[MODEL_MAX][8];
	size_t count;
};

static uint64_t random_state;

static uint64_t random_below(uint64_t limit)
{
	random_state = random_state * 6364136223846793005 + 1442695040888963407;
	return (random_state >> 33) % limit;
}

static bool is_alloc(const struct dma_event *event)
{
	return event->kind == DMA_EVENT_ALLOC;
}

static bool is_free(const struct dma_event *event)
{
	return event->kind == DMA_EVENT_FREE;
}

static bool is_sg(const struct dma_event *event)
{
	return event->kind == DMA_EVENT_MAP_SG || event->kind == DMA_EVENT_UNMAP_SG;
}

static bool is_block(const struct dma_event *event)
{
	return event->kind == DMA_EVENT_POOL_ALLOC || event->kind == DMA_EVENT_POOL_FREE;
}

static int score(const struct dma_event *begun, const struct dma_event *end)
{
	int points = 0;

	if (is_alloc(begun) == is_free(end))
		points += 4;
	if (begun->size == end->size)
		points += 2;
	if (begun->dir == end->dir)
		points++;
	return points;
}

static bool same_list(const struct dma_event *begun, const struct dma_event *end)
{
	if (begun->phys_count > end->phys_count)
		return false;
	if (begun->phys_count < end->phys_count && !(begun->flags & DMA_EVENT_CUT))
		return false;
	for (uint32_t i = 0; i < begun->phys_count; i++)
		if (begun->phys_list[i] != end->phys_list[i])
			return false;
	return true;
}

static dma_addr_t address(const struct dma_event *event)
{
	return event->kind == DMA_EVENT_MAP_SG ? event->dma_list[0] : event->dma;
}

static bool candidate(const struct dma_event *begun, const struct dma_event *end)
{
	if (is_block(begun) || is_block(end))
		return is_block(begun) && is_block(end) && begun->handle == end->handle &&
		       begun->dma == end->dma;
	if (begun->device != end->device)
		return false;
	if (is_sg(end))
		return is_sg(begun) && same_list(begun, end);
	return address(begun) == end->dma;
}

static long model_end(const struct model *model, const struct dma_event *end)
{
	long best = -1;

	for (size_t i = 0; i < model->count; i++) {
		const struct dma_event *begun = &model->begun[i];

		if (!candidate(begun, end))
			continue;
		if (best < 0)
			best = (long)i;
		else if (is_sg(end) ? begun->dir == end->dir &&
					      model->begun[best].dir != end->dir
				    : score(begun, end) > score(&model->begun[best], end))
			best = (long)i;
	}
	return best;
}

static bool model_holds(const struct model *model, const struct dma_event *event)
{
	for (size_t i = 0; i < model->count; i++) {
		const struct dma_event *begun = &model->begun[i];

		if (is_block(begun) != is_block(event))
			continue;
		if (is_block(event) ? begun->handle == event->handle
				    : begun->device == event->device)
			if (address(begun) == address(event))
				return true;
	}
	return false;
}

static void model_add(struct model *model, const struct dma_event *event)
{
	size_t at = model->count++;

	assert_true(at < MODEL_MAX);
	model->begun[at] = *event;
	if (event->phys_count) {
		memcpy(model->lists[at], event->phys_list, event->phys_count * 8);
		memcpy(model->lists[at] + 4, event->dma_list, event->dma_count * 8);
		model->begun[at].phys_list = model->lists[at];
		model->begun[at].dma_list = model->lists[at] + 4;
	}
}

static void model_remove(struct model *model, size_t at)
{
	model->count--;
	for (size_t i = at; i < model->count; i++) {
		model->begun[i] = model->begun[i + 1];
		memcpy(model->lists[i], model->lists[i + 1], sizeof(model->lists[i]));
		if (model->begun[i].phys_list) {
			model->begun[i].phys_list = model->lists[i];
			model->begun[i].dma_list = model->lists[i] + 4;
		}
	}
}

struct lists {
	phys_addr_t phys[4];
	dma_addr_t dma[4];
};

static void random_list(struct dma_event *event, struct lists *lists)
{
	event->phys_count = 1 + (uint32_t)random_below(3);
	for (uint32_t i = 0; i < 4; i++) {
		lists->phys[i] = (random_below(4) + 4 * i) << 12;
		lists->dma[i] = random_below(ADDRESSES) << 11;
	}
	event->phys_list = lists->phys;
	if (event->kind == DMA_EVENT_UNMAP_SG)
		return;
	event->dma_list = lists->dma;
	event->dma_count = event->phys_count;
	event->nents = event->phys_count;
	if (!random_below(4)) {
		event->flags |= DMA_EVENT_CUT;
		event->nents++;
	}
}

static struct dma_event random_event(bool grow, struct lists *lists)
{
	static const uint16_t begins[] = { DMA_EVENT_MAP_PAGE, DMA_EVENT_MAP_PHYS,
					   DMA_EVENT_MAP_SG, DMA_EVENT_ALLOC,
					   DMA_EVENT_POOL_ALLOC };
	static const uint16_t ends[] = { DMA_EVENT_UNMAP_PAGE, DMA_EVENT_UNMAP_PHYS,
					 DMA_EVENT_UNMAP_SG, DMA_EVENT_FREE,
					 DMA_EVENT_POOL_FREE };
	bool begin = random_below(8) < (grow ? 5 : 2);
	struct dma_event event = { 0 };

	event.kind = begin ? begins[random_below(5)] : ends[random_below(5)];
	if (is_block(&event))
		event.handle = random_below(2);
	else
		event.device = 1 + (uint32_t)random_below(DEVICES);
	event.dir = (uint8_t)random_below(3);
	if (is_sg(&event)) {
		random_list(&event, lists);
		return event;
	}
	event.dma = (random_below(ADDRESSES) + 1) << 11;
	event.size = (1 + random_below(3)) << 9;
	if (begin && !random_below(16))
		event.dma = DMA_MAPPING_ERROR;
	return event;
}

static void expect_same(const struct dma_event *got, const struct dma_event *want)
{
	assert_int_equal(got->kind, want->kind);
	assert_int_equal(got->number, want->number);
	assert_int_equal(got->device, want->device);
	assert_int_equal(got->dma, want->dma);
	assert_int_equal(got->size, want->size);
	assert_int_equal(got->dir, want->dir);
	assert_int_equal(got->phys_count, want->phys_count);
	if (want->phys_count)
		assert_memory_equal(got->phys_list, want->phys_list,
				    want->phys_count * 8);
}

static int expect_next(const struct mapping *mapping, void *arg)
{
	const struct dma_event **next = arg;

	expect_same(&mapping->event, (*next)++);
	return 0;
}

static bool begins(const struct dma_event *event)
{
	return event->kind == DMA_EVENT_MAP_PAGE || event->kind == DMA_EVENT_MAP_PHYS ||
	       event->kind == DMA_EVENT_MAP_SG || event->kind == DMA_EVENT_ALLOC ||
	       event->kind == DMA_EVENT_POOL_ALLOC;
}

static void apply_both(struct live *live, struct model *model,
		       const struct dma_event *event)
{
	const struct mapping *mapping;
	long at;

	if (begins(event)) {
		bool failed = event->dma == DMA_MAPPING_ERROR;
		int want = failed                      ? LIVE_UNCHANGED
			   : model_holds(model, event) ? LIVE_AGAIN
						       : LIVE_BEGUN;

		assert_int_equal(live_apply(live, event, &mapping), want);
		if (failed) {
			assert_null(mapping);
			return;
		}
		expect_same(&mapping->event, event);
		model_add(model, event);
		return;
	}
	at = model_end(model, event);
	assert_int_equal(live_apply(live, event, &mapping),
			 at < 0 ? LIVE_STRANGER : LIVE_ENDED);
	if (at < 0) {
		assert_null(mapping);
		return;
	}
	expect_same(&mapping->event, &model->begun[at]);
	model_remove(model, (size_t)at);
}

static void random_events_match_a_list(void **state)
{
	struct model *model = calloc(1, sizeof(*model));
	struct live *live = live_create();

	(void)state;
	random_state = 1;
	assert_non_null(live);
	for (uint64_t i = 0; i < EVENTS; i++) {
		bool grow = model->count < 40 + i / 64 % 256;
		struct lists lists;
		struct dma_event event = random_event(grow, &lists);

		event.number = i;
		apply_both(live, model, &event);
		memset(&lists, 0xee, sizeof(lists));
		assert_int_equal(live_count(live), model->count);
		if (i % 512 == 0) {
			const struct dma_event *next = model->begun;

			assert_true(live_valid(live));
			assert_int_equal(live_walk(live, expect_next, &next), 0);
			assert_ptr_equal(next, model->begun + model->count);
		}
	}
	live_destroy(live);
	free(model);
}

static struct dma_event single(uint16_t kind, dma_addr_t dma, uint64_t size)
{
	return (struct dma_event) { .kind = kind, .device = 1, .dma = dma, .size = size };
}

static void what_is_never_unmapped_costs_no_memory(void **state)
{
	struct dma_event map = single(DMA_EVENT_MAP_PHYS, 0x1000, 4096);
	struct dma_event unmap = single(DMA_EVENT_UNMAP_PHYS, 0x1000, 4096);
	struct live *live = live_create();
	const struct mapping *mapping;
	uint64_t times = 0;

	(void)state;
	for (uint64_t i = 0; i < 100000; i++) {
		map.number = i;
		assert_int_equal(live_apply(live, &map, &mapping),
				 i ? LIVE_AGAIN : LIVE_BEGUN);
		times = mapping->times > times ? mapping->times : times;
	}
	assert_int_equal(live_count(live), 100000);
	assert_true(times > 99000);
	assert_true(live_valid(live));
	for (uint64_t i = 0; i < 100000; i++)
		assert_int_equal(live_apply(live, &unmap, &mapping), LIVE_ENDED);
	assert_int_equal(live_apply(live, &unmap, &mapping), LIVE_STRANGER);
	assert_int_equal(live_count(live), 0);
	assert_true(live_valid(live));
	live_destroy(live);
}

/* As mapping number n they begin, number by number. */
static int expect_number(const struct mapping *mapping, void *arg)
{
	uint64_t *number = arg;

	assert_int_equal(mapping->event.dma, ++*number * 4096);
	assert_int_equal(mapping->order, *number);
	return 0;
}

static void as_many_as_there_is_memory_for_are_live(void **state)
{
	const uint64_t most = 40000;
	struct live *live = live_create();
	const struct mapping *mapping;
	uint64_t visited = 0;

	(void)state;
	for (uint64_t i = 1; i <= most; i++) {
		struct dma_event map = single(DMA_EVENT_MAP_PAGE, i * 4096, 4096);

		assert_int_equal(live_apply(live, &map, &mapping), LIVE_BEGUN);
	}
	assert_int_equal(live_count(live), most);
	assert_true(live_valid(live));
	assert_int_equal(live_walk(live, expect_number, &visited), 0);
	assert_int_equal(visited, most);
	for (uint64_t i = most; i; i--) {
		struct dma_event unmap = single(DMA_EVENT_UNMAP_PAGE, i * 4096, 4096);

		assert_int_equal(live_apply(live, &unmap, &mapping), LIVE_ENDED);
		assert_int_equal(mapping->order, i);
	}
	assert_int_equal(live_count(live), 0);
	assert_true(live_valid(live));
	live_destroy(live);
}

static void failures_and_frees_of_null_are_nothing(void **state)
{
	struct dma_event events[] = {
		single(DMA_EVENT_MAP_PAGE, DMA_MAPPING_ERROR, 4096),
		single(DMA_EVENT_ALLOC, 0, 4096),
		single(DMA_EVENT_FREE, 0, 0),
		single(DMA_EVENT_MAP_SG_ERR, 0, 0),
		single(DMA_EVENT_SYNC_SINGLE_FOR_CPU, 0x1000, 64),
		single(DMA_EVENT_SWIOTLB_BOUNCED, 0, 64),
		single(DMA_EVENT_MAP_PAGE, 0x2000, 64),
		single(DMA_EVENT_MARK, 0, 0),
	};
	struct live *live = live_create();
	const struct mapping *mapping;

	(void)state;
	events[1].error = -12;
	events[6].flags = DMA_EVENT_REQUEST;
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		assert_int_equal(live_apply(live, &events[i], &mapping), LIVE_UNCHANGED);
		assert_null(mapping);
	}
	assert_int_equal(live_count(live), 0);
	live_destroy(live);
}

static void the_newest_is_found(void **state)
{
	struct dma_event map = single(DMA_EVENT_MAP_PAGE, 0x1000, 512);
	struct live *live = live_create();
	const struct mapping *mapping;

	(void)state;
	assert_null(live_find(live, 1, 0x1000));
	live_apply(live, &map, &mapping);
	map.size = 1024;
	live_apply(live, &map, &mapping);
	assert_int_equal(live_find(live, 1, 0x1000)->event.size, 1024);
	assert_null(live_find(live, 2, 0x1000));
	assert_null(live_find(live, 1, 0x1001));
	map.kind = DMA_EVENT_UNMAP_PAGE;
	live_apply(live, &map, &mapping);
	assert_int_equal(mapping->event.size, 1024);
	assert_int_equal(live_find(live, 1, 0x1000)->event.size, 512);
	live_destroy(live);
}

static void pools_and_regions_are_held(void **state)
{
	struct dma_event create = { .kind = DMA_EVENT_POOL_CREATE,
				    .device = 1,
				    .handle = 7 };
	struct dma_event declare = { .kind = DMA_EVENT_DECLARE_COHERENT_MEMORY,
				     .device = 1,
				     .dma = 0x8000,
				     .size = 65536 };
	struct live *live = live_create();
	const struct mapping *mapping;

	(void)state;
	assert_int_equal(live_apply(live, &create, &mapping), LIVE_BEGUN);
	assert_int_equal(live_apply(live, &declare, &mapping), LIVE_BEGUN);
	assert_null(live_find(live, 1, 0x8000));
	create.kind = DMA_EVENT_POOL_DESTROY;
	create.handle = 8;
	assert_int_equal(live_apply(live, &create, &mapping), LIVE_STRANGER);
	create.handle = 7;
	assert_int_equal(live_apply(live, &create, &mapping), LIVE_ENDED);
	declare.kind = DMA_EVENT_RELEASE_COHERENT_MEMORY;
	declare.dma = declare.size = 0;
	assert_int_equal(live_apply(live, &declare, &mapping), LIVE_ENDED);
	assert_int_equal(mapping->event.size, 65536);
	assert_int_equal(live_count(live), 0);
	live_destroy(live);
}

static void a_checkpoint_is_restored(void **state)
{
	struct dma_event map = single(DMA_EVENT_MAP_PAGE, 0x1000, 512);
	struct live *live = live_create();
	const struct mapping *mapping;

	(void)state;
	assert_int_equal(live_restore(live, &map), 0);
	assert_int_equal(live_count(live), 1);
	map.kind = DMA_EVENT_UNMAP_PAGE;
	assert_int_equal(live_apply(live, &map, &mapping), LIVE_ENDED);
	live_destroy(live);
	live_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_events_match_a_list),
		cmocka_unit_test(what_is_never_unmapped_costs_no_memory),
		cmocka_unit_test(as_many_as_there_is_memory_for_are_live),
		cmocka_unit_test(failures_and_frees_of_null_are_nothing),
		cmocka_unit_test(the_newest_is_found),
		cmocka_unit_test(pools_and_regions_are_held),
		cmocka_unit_test(a_checkpoint_is_restored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

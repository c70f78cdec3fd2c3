/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * events.h - random events, and whether two events are the same
 *
 * Every member of every kind is drawn, whether the kind uses it or not: a format
 * that keeps all of them keeps what later versions put there.
 */
#pragma once

#include <stdlib.h>
#include <string.h>

#include <libdma/event.h>

#include "test.h"

#define EVENT_LIST_MAX 200

struct draw {
	uint64_t seed;
	struct libdma_strings *strings;
	phys_addr_t phys_list[EVENT_LIST_MAX];
	uint32_t size_list[EVENT_LIST_MAX];
	dma_addr_t dma_list[EVENT_LIST_MAX];
	uint32_t dma_size_list[EVENT_LIST_MAX];
	char text[64];
};

static inline uint64_t draw_bits(struct draw *draw)
{
	draw->seed = draw->seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (draw->seed >> 32 | draw->seed << 32) ^ draw->seed >> 17;
}

/* Of any magnitude, often 0. */
static inline uint64_t draw_number(struct draw *draw)
{
	uint64_t bits = draw_bits(draw);

	switch (bits % 4) {
	case 0:
		return 0;
	case 1:
		return ~0ULL >> (bits >> 8) % 64;
	default:
		return draw_bits(draw) >> (bits >> 8) % 64;
	}
}

static inline size_t draw_bytes(struct draw *draw, bool nul)
{
	size_t size = draw_bits(draw) % sizeof(draw->text);
	bool plain = draw_bits(draw) % 2;

	for (size_t i = 0; i < size; i++) {
		draw->text[i] = (char)(draw_bits(draw) >> 20);
		if (plain)
			draw->text[i] =
				"abz09_-./:<>#=[]{}\" \\"[(uint8_t)draw->text[i] % 21];
		if (!draw->text[i] && !nul)
			draw->text[i] = 'x';
	}
	return size;
}

static inline uint32_t draw_string(struct draw *draw)
{
	static const char *const words[] = {
		"TO_DEVICE", "0000:00:02.0", "map_page", "kworker/u8:3-events",
		"<idle>",    "12.5",         "a=b",      "[0]",
		"\xc3\xa4",  "\xc0\xaf",     "-"
	};
	uint64_t choice = draw_bits(draw) % 16;
	const char *text = draw->text;
	uint32_t number;
	size_t size;

	if (choice < 3)
		return 0;
	if (choice < 14) {
		text = words[choice - 3];
		size = strlen(text);
	} else {
		size = draw_bytes(draw, false);
	}
	assert_int_equal(libdma_strings_add(draw->strings, text, size, &number), 0);
	return number;
}

static inline void draw_lists(struct draw *draw, struct dma_event *event)
{
	uint32_t max = draw_bits(draw) % 16 ? 5 : EVENT_LIST_MAX;

	event->phys_count = (uint32_t)(draw_bits(draw) % max);
	event->dma_count = (uint32_t)(draw_bits(draw) % max);
	for (uint32_t i = 0; i < max; i++) {
		draw->phys_list[i] = draw_number(draw);
		draw->size_list[i] = (uint32_t)draw_number(draw);
		draw->dma_list[i] = draw_number(draw);
		draw->dma_size_list[i] = (uint32_t)draw_number(draw);
	}
	event->phys_list = event->phys_count ? draw->phys_list : NULL;
	if (event->phys_count && draw_bits(draw) % 2)
		event->size_list = draw->size_list;
	event->dma_list = event->dma_count ? draw->dma_list : NULL;
	event->dma_size_list = event->dma_count ? draw->dma_size_list : NULL;
}

static inline struct dma_event draw_event(struct draw *draw)
{
	struct dma_event event = {
		.kind = (uint16_t)(1 + draw_bits(draw) % (DMA_EVENT_KINDS - 1)),
		.dir = (uint8_t)(draw_bits(draw) % 4),
		.flags = (uint8_t)(draw_number(draw) & 0x3f),
		.cpu = (uint32_t)draw_number(draw),
		.pid = (int32_t)draw_number(draw),
		.error = -(int32_t)(draw_number(draw) % 150),
		.ns = draw_number(draw),
		.device = draw_string(draw),
		.comm = draw_string(draw),
		.context = draw_string(draw),
		.gfp = draw_string(draw),
		.name = draw_string(draw),
		.stack = draw_string(draw),
		.phys = draw_number(draw),
		.dma = draw_number(draw),
		.size = draw_number(draw),
		.cpu_addr = draw_number(draw),
		.attrs = draw_number(draw),
		.handle = draw_number(draw),
		.mask = draw_number(draw),
		.boundary = draw_number(draw),
		.coherent_mask = draw_number(draw),
		.max_segment_size = draw_number(draw),
		.min_align_mask = draw_number(draw),
		.nents = (uint32_t)draw_number(draw),
		.ents = (uint32_t)draw_number(draw),
	};

	draw_lists(draw, &event);
	if (draw_bits(draw) % 4 == 0) {
		event.text_size = (uint32_t)draw_bytes(draw, true);
		event.text = draw->text;
	}
	return event;
}

static inline void expect_same_string(const struct libdma_strings *a, uint32_t x,
				      const struct libdma_strings *b, uint32_t y)
{
	assert_int_equal(libdma_strings_size(a, x), libdma_strings_size(b, y));
	assert_string_equal(libdma_strings_get(a, x), libdma_strings_get(b, y));
}

/* Is every member of @x, with strings in @a, the same in @y? */
static inline void expect_same_event(const struct libdma_strings *a,
				     const struct dma_event *x,
				     const struct libdma_strings *b,
				     const struct dma_event *y)
{
	assert_int_equal(x->kind, y->kind);
	assert_int_equal(x->dir, y->dir);
	assert_int_equal(x->flags, y->flags);
	assert_int_equal(x->cpu, y->cpu);
	assert_int_equal(x->pid, y->pid);
	assert_int_equal(x->error, y->error);
	assert_true(x->ns == y->ns);
	expect_same_string(a, x->device, b, y->device);
	expect_same_string(a, x->comm, b, y->comm);
	expect_same_string(a, x->context, b, y->context);
	expect_same_string(a, x->gfp, b, y->gfp);
	expect_same_string(a, x->name, b, y->name);
	expect_same_string(a, x->stack, b, y->stack);
	assert_true(x->phys == y->phys);
	assert_true(x->dma == y->dma);
	assert_true(x->size == y->size);
	assert_true(x->cpu_addr == y->cpu_addr);
	assert_true(x->attrs == y->attrs);
	assert_true(x->handle == y->handle);
	assert_true(x->mask == y->mask);
	assert_true(x->boundary == y->boundary);
	assert_true(x->coherent_mask == y->coherent_mask);
	assert_true(x->max_segment_size == y->max_segment_size);
	assert_true(x->min_align_mask == y->min_align_mask);
	assert_int_equal(x->nents, y->nents);
	assert_int_equal(x->ents, y->ents);
	assert_int_equal(x->phys_count, y->phys_count);
	assert_int_equal(x->dma_count, y->dma_count);
	assert_int_equal(!x->size_list, !y->size_list);
	for (uint32_t i = 0; i < x->phys_count; i++) {
		assert_true(x->phys_list[i] == y->phys_list[i]);
		if (x->size_list)
			assert_int_equal(x->size_list[i], y->size_list[i]);
	}
	for (uint32_t i = 0; i < x->dma_count; i++) {
		assert_true(x->dma_list[i] == y->dma_list[i]);
		assert_int_equal(x->dma_size_list[i], y->dma_size_list[i]);
	}
	assert_int_equal(x->text_size, y->text_size);
	if (x->text_size)
		assert_memory_equal(x->text, y->text, x->text_size);
}

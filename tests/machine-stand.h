/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * machine-stand.h - a machine with one device, its log and its events at hand
 */
#pragma once

#include <stdio.h>
#include <string.h>

#include <libdma/dma-mapping.h>
#include <libdma/dmapool.h>
#include <libdma/machine.h>

#include "test.h"

#define EVENTS 64

static struct stand {
	struct libdma_machine *machine;
	struct device *dev;
	char log[256]; /* the last line */
	unsigned int logged;
	struct dma_event event[EVENTS]; /* the last ones, without their lists */
	uint64_t events;
} stand;

static void stand_log(void *arg, enum libdma_log_level level, const char *text)
{
	(void)arg;
	(void)level;
	snprintf(stand.log, sizeof(stand.log), "%s", text);
	stand.logged++;
}

static void stand_observe(void *arg, const struct dma_event *event)
{
	(void)arg;
	stand.event[stand.events++ % EVENTS] = *event;
}

/* The last event of a kind, or NULL. */
static inline const struct dma_event *stand_event(enum dma_event_kind kind)
{
	for (uint64_t back = 1; back <= EVENTS && back <= stand.events; back++) {
		const struct dma_event *event =
			&stand.event[(stand.events - back) % EVENTS];

		if (event->kind == kind)
			return event;
	}
	return NULL;
}

static inline void stand_up(struct libdma_machine_options options,
			    struct libdma_device_options device)
{
	memset(&stand, 0, sizeof(stand));
	options.log = stand_log;
	if (!device.name)
		device.name = "0000:00:02.0";
	assert_int_equal(libdma_machine_create(&options, &stand.machine), 0);
	libdma_machine_observe(stand.machine, stand_observe, NULL);
	assert_int_equal(libdma_device_create(stand.machine, &device, &stand.dev), 0);
	assert_true(libdma_machine_valid(stand.machine));
}

static inline void stand_down(void)
{
	assert_true(libdma_machine_valid(stand.machine));
	libdma_machine_destroy(stand.machine);
}

/* Short forms of what most tests need. */
static inline void stand_pci(struct libdma_machine_options options)
{
	stand_up(options,
		 (struct libdma_device_options) { .pci = true, .coherent = true });
	assert_int_equal(dma_set_mask_and_coherent(stand.dev, DMA_BIT_MASK(64)), 0);
}

static inline void *stand_buffer(size_t size)
{
	void *cpu = libdma_memory_alloc(stand.machine, size, GFP_KERNEL | __GFP_ZERO);

	assert_non_null(cpu);
	return cpu;
}

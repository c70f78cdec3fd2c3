// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * check-device.c - what is learned of a device, and what befalls it
 *
 * Kernel counterpart: kernel/dma/debug.c, dma_debug_device_change(),
 * debug_dma_mapping_error()
 */
#include "check/check.h"

static void learn_mask(struct device_check *device, const struct dma_event *event)
{
	if (event->error)
		return;
	if (!device->live)
		device->seen_probe = true;
	if (event->kind == DMA_EVENT_SET_MASK) {
		device->limits.mask = event->mask;
		device->limits.has_mask = event->mask;
	} else {
		device->limits.coherent_mask = event->mask;
		device->limits.has_coherent_mask = event->mask;
	}
}

static void learn_limits(struct device_check *device, const struct dma_event *event)
{
	device->limits = (struct limits) {
		.mask = event->mask,
		.has_mask = event->mask,
		.coherent_mask = event->coherent_mask,
		.has_coherent_mask = event->coherent_mask,
		.bus_limit = device->limits.bus_limit,
		.boundary = event->boundary,
		.has_boundary = event->boundary,
		.max_segment = event->max_segment_size,
		.has_max_segment = event->max_segment_size,
	};
	device->has_skip_sync = true;
	device->skip_sync = event->flags & DMA_EVENT_SKIP_SYNC;
}

static void driver_gone(struct libdma_check *check, struct device_check *device,
			const struct dma_event *event)
{
	check_ask(ON_DRIVER_GONE, &(struct question) {
					  .check = check,
					  .device = device,
					  .event = event,
					  .record = record_of(intervals_first(
						  &device->ranges, 0, UINT64_MAX)),
				  });
	device->driver = 0;
}

/* One that says neither a driver nor a limit: the driver has left the device. */
static void device_event(struct libdma_check *check, struct device_check *device,
			 const struct dma_event *event)
{
	bool bare = !event->name && !event->mask && !event->max_segment_size;

	if (device->driver && (bare || (event->name && event->name != device->driver)))
		driver_gone(check, device, event);
	if (!bare)
		learn_limits(device, event);
	if (event->name)
		device->driver = event->name;
}

static void fault(struct libdma_check *check, struct device_check *device,
		  const struct dma_event *event)
{
	struct question question = {
		.check = check,
		.device = device,
		.event = event,
		.ref = { .dma = event->dma, .size = 1 },
	};

	question.record =
		record_of(intervals_first(&device->ranges, event->dma, event->dma));
	if (!question.record)
		question.ended = ledger_ended(check, event->device, event->dma, 1);
	check_ask(ON_FAULT, &question);
}

static void mapping_error(struct libdma_check *check, struct device_check *device,
			  const struct dma_event *event)
{
	struct record *record = ledger_find_unchecked(device, event->dma);

	check->errors_seen = true;
	if (record)
		record->error = ERROR_CHECKED;
}

void check_device(struct libdma_check *check, struct device_check *device,
		  const struct dma_event *event)
{
	switch (event->kind) {
	case DMA_EVENT_SET_MASK:
	case DMA_EVENT_SET_COHERENT_MASK:
		learn_mask(device, event);
		break;
	case DMA_EVENT_DEVICE:
		device_event(check, device, event);
		break;
	case DMA_EVENT_IOMMU_REMOVE_DEVICE_FROM_GROUP:
		driver_gone(check, device, event);
		break;
	case DMA_EVENT_IOMMU_IO_PAGE_FAULT:
		fault(check, device, event);
		break;
	case DMA_EVENT_MAPPING_ERROR:
		mapping_error(check, device, event);
		break;
	default:
		break;
	}
}

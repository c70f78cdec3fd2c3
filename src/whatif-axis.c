// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * whatif-axis.c - what whatif can vary, what that is on a machine, and what sets it
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "whatif.h"

#define GRANULE  4096
#define MASK_ALL 64 /* bits */

/**
 * struct axis_kind - one way of varying a parameter
 * @parameter:	whose
 * @name:	as --sweep has it
 * @sweep:	what is tried by default
 * @power:	only powers of two make sense
 * @mask:	printed as one
 * @call:	what sets it, with the value
 */
static const struct axis_kind {
	enum whatif_parameter parameter;
	const char *name;
	struct sweep sweep;
	bool power, mask;
	const char *call;
} axes[AXES] = {
	[AXIS_SLOTS] = { .parameter = WHATIF_SWIOTLB,
			 .name = "slots",
			 .sweep = { 0, 128, 131072, 2, true },
			 .power = true },
	[AXIS_AREAS] = { .parameter = WHATIF_SWIOTLB,
			 .name = "areas",
			 .sweep = { 0, 1, 8, 2, true },
			 .power = true },
	[AXIS_MODE] = { .parameter = WHATIF_IOMMU,
			.name = "mode",
			.sweep = { 0, 0, LIBDMA_IOMMU_LAZY, 1, false } },
	[AXIS_MAX_SEGMENT] = { .parameter = WHATIF_SG,
			       .name = "max-segment",
			       .sweep = { 0, 4096, 1048576, 4, true },
			       .call = "dma_set_max_seg_size(dev, %" PRIu64 ")" },
	[AXIS_SEGMENT_BOUNDARY] = { .parameter = WHATIF_SG,
				    .name = "boundary",
				    .sweep = { 0, 4096, 1ULL << 32, 2, true },
				    .power = true,
				    .mask = true,
				    .call = "dma_set_seg_boundary(dev, 0x%" PRIx64 ")" },
	[AXIS_MASK] = { .parameter = WHATIF_IOVA,
			.name = "mask",
			.sweep = { 0, 16, MASK_ALL, 8, false },
			.mask = true,
			.call = "dma_set_mask_and_coherent(dev, DMA_BIT_MASK(%" PRIu64
				"))" },
	[AXIS_WINDOW] = { .parameter = WHATIF_IOVA,
			  .name = "window",
			  .sweep = { 0, 2 * GRANULE, 1ULL << 32, 2, true },
			  .call = "no parameter: the IOMMU's own aperture, or the device's "
				  "bus_dma_limit (dma-ranges, _DMA), of %" PRIu64
				  " bytes" },
	[AXIS_FORCEDAC] = { .parameter = WHATIF_IOVA,
			    .name = "forcedac",
			    .sweep = { 0, 0, 1, 1, false },
			    .call = "iommu.forcedac=%" PRIu64 },
	[AXIS_MAGAZINE] = { .parameter = WHATIF_MAGAZINE,
			    .name = "ranges",
			    .sweep = { 0, 1, 1024, 2, true },
			    .call = "no parameter: IOVA_MAG_SIZE %" PRIu64
				    " in drivers/iommu/iova.c, and a kernel built with it" },
	[AXIS_ALIGN] = { .parameter = WHATIF_POOL,
			 .name = "align",
			 .sweep = { 0, 8, 4096, 2, true },
			 .power = true },
	[AXIS_BLOCK_SIZE] = { .parameter = WHATIF_POOL,
			      .name = "size",
			      .sweep = { 0, 16, 4096, 2, true } },
	[AXIS_BLOCK_BOUNDARY] = { .parameter = WHATIF_POOL,
				  .name = "boundary",
				  .sweep = { 0, 16, 4096, 2, true },
				  .power = true },
};

static const char *const parameters[WHATIF_PARAMETERS] = {
	[WHATIF_SWIOTLB] = "swiotlb",
	[WHATIF_IOMMU] = "iommu",
	[WHATIF_SG] = "sg",
	[WHATIF_IOVA] = "iova",
	[WHATIF_MAGAZINE] = "magazine",
	[WHATIF_POOL] = "pool",
};

const char *whatif_name(enum whatif_parameter parameter)
{
	return parameters[parameter];
}

enum axis axis_find(enum whatif_parameter parameter, const char *name)
{
	enum axis axis = 0;

	while (axis < AXES &&
	       (axes[axis].parameter != parameter || strcmp(axes[axis].name, name) != 0))
		axis++;
	return axis;
}

enum axis axis_first(enum whatif_parameter parameter)
{
	enum axis axis = 0;

	while (axes[axis].parameter != parameter)
		axis++;
	return axis;
}

struct sweep axis_sweep(enum axis axis)
{
	struct sweep sweep = axes[axis].sweep;

	sweep.axis = axis;
	return sweep;
}

const char *axis_name(enum axis axis)
{
	return axes[axis].name;
}

bool axis_is_power(enum axis axis)
{
	return axes[axis].power;
}

uint64_t axis_next(const struct whatif *whatif, enum axis axis, uint64_t value)
{
	uint64_t granule = whatif->environment->iommu.granule;

	if (axes[axis].power)
		return value ? 2 * value : 1;
	if (axis == AXIS_WINDOW)
		return value + (granule ? granule : GRANULE);
	return value + 1;
}

/* ---- on a machine ---- */

/* What the driver's call or the kernel's constant can hold. */
static bool can_be(enum axis axis, uint64_t value)
{
	switch (axis) {
	case AXIS_MASK:
		return value && value <= MASK_ALL;
	case AXIS_MAX_SEGMENT:
		return value && value <= UINT32_MAX;
	case AXIS_SEGMENT_BOUNDARY:
		return value && !(value & (value - 1));
	case AXIS_FORCEDAC:
		return value <= 1;
	default:
		return value || axis > AXIS_MAGAZINE || axis == AXIS_MODE;
	}
}

static bool is_varied(const struct point *point, enum axis axis)
{
	return point->varied & 1U << axis;
}

static uint64_t mask_of(uint64_t bits)
{
	return bits >= MASK_ALL ? UINT64_MAX : (1ULL << bits) - 1;
}

static void set_count(uint64_t *place, enum libdma_origin *origin, uint64_t value)
{
	*place = value;
	*origin = LIBDMA_GIVEN;
}

static void set_device(const struct point *point,
		       struct libdma_device_environment *device)
{
	const uint64_t *value = point->value;

	if (is_varied(point, AXIS_MAX_SEGMENT))
		set_count(&device->max_segment_size, &device->origin.max_segment_size,
			  value[AXIS_MAX_SEGMENT]);
	if (is_varied(point, AXIS_SEGMENT_BOUNDARY))
		set_count(&device->segment_boundary_mask,
			  &device->origin.segment_boundary_mask,
			  value[AXIS_SEGMENT_BOUNDARY] - 1);
	if (!is_varied(point, AXIS_MASK))
		return;
	set_count(&device->dma_mask, &device->origin.dma_mask, mask_of(value[AXIS_MASK]));
	set_count(&device->coherent_dma_mask, &device->origin.coherent_dma_mask,
		  mask_of(value[AXIS_MASK]));
}

/* The last one counts. */
static void set_forcedac(struct libdma_environment *machine, bool on)
{
	char *said = machine->cmdline;

	if (asprintf(&machine->cmdline, "%s iommu.forcedac=%d", said ? said : "", on) < 0)
		out_of_memory();
	free(said);
	machine->origin.cmdline = LIBDMA_GIVEN;
}

static void set_swiotlb(const struct point *point, struct libdma_environment *machine)
{
	machine->swiotlb.start = 0;
	machine->origin.swiotlb_start = LIBDMA_UNKNOWN;
	machine->swiotlb.slots = point->value[AXIS_SLOTS];
	machine->origin.swiotlb_slots = LIBDMA_GIVEN;
	machine->swiotlb.areas = (uint32_t)point->value[AXIS_AREAS];
	machine->origin.swiotlb_areas = LIBDMA_GIVEN;
}

bool axis_possible(const struct point *point)
{
	for (enum axis axis = 0; axis < AXES; axis++)
		if (is_varied(point, axis) && !can_be(axis, point->value[axis]))
			return false;
	return true;
}

void axis_set_machine(const struct point *point, struct libdma_environment *machine)
{
	if (is_varied(point, AXIS_SLOTS))
		set_swiotlb(point, machine);
	if (is_varied(point, AXIS_WINDOW))
		set_count(&machine->iommu.aperture_end,
			  &machine->origin.iommu_aperture_end,
			  point->value[AXIS_WINDOW] - 1);
	if (is_varied(point, AXIS_FORCEDAC))
		set_forcedac(machine, point->value[AXIS_FORCEDAC]);
	machine->iommu.mode = (enum libdma_iommu_mode)point->value[AXIS_MODE];
	machine->origin.iommu_mode = LIBDMA_GIVEN;
	for (size_t i = 0; i < machine->devices; i++)
		set_device(point, &machine->device[i]);
}

static void vary_pool(const struct point *point, struct dma_event *event)
{
	if (is_varied(point, AXIS_BLOCK_SIZE))
		event->size = point->value[AXIS_BLOCK_SIZE];
	if (is_varied(point, AXIS_ALIGN))
		event->align = point->value[AXIS_ALIGN];
	if (is_varied(point, AXIS_BLOCK_BOUNDARY))
		event->boundary = point->value[AXIS_BLOCK_BOUNDARY];
}

static void vary_device(const struct point *point, struct dma_event *event)
{
	if (is_varied(point, AXIS_MASK))
		event->mask = event->coherent_mask = mask_of(point->value[AXIS_MASK]);
	if (is_varied(point, AXIS_MAX_SEGMENT) && event->max_segment_size)
		event->max_segment_size = point->value[AXIS_MAX_SEGMENT];
	if (is_varied(point, AXIS_SEGMENT_BOUNDARY) && event->boundary)
		event->boundary = point->value[AXIS_SEGMENT_BOUNDARY] - 1;
}

void axis_vary(const struct point *point, struct dma_event *event)
{
	switch (event->kind) {
	case DMA_EVENT_POOL_CREATE:
		vary_pool(point, event);
		break;
	case DMA_EVENT_SET_MASK:
	case DMA_EVENT_SET_COHERENT_MASK:
		if (is_varied(point, AXIS_MASK))
			event->mask = mask_of(point->value[AXIS_MASK]);
		break;
	case DMA_EVENT_DEVICE:
		vary_device(point, event);
		break;
	default:
		break;
	}
}

/* ---- in words ---- */

static const char *const modes[] = {
	[LIBDMA_IOMMU_OFF] = "off",
	[LIBDMA_IOMMU_STRICT] = "strict",
	[LIBDMA_IOMMU_LAZY] = "lazy",
};

static void print_swiotlb(const struct point *point, uint64_t slots, char *buffer,
			  size_t size)
{
	snprintf(buffer, size, "swiotlb=%" PRIu64 ",%" PRIu64 "%s", slots,
		 point->value[AXIS_AREAS],
		 point->whatif->environment->swiotlb.force ? ",force" : "");
}

void axis_print(const struct point *point, char *buffer, size_t size)
{
	size_t used = 0;

	*buffer = '\0';
	if (point->whatif->parameter == WHATIF_SWIOTLB)
		print_swiotlb(point, point->value[AXIS_SLOTS], buffer, size);
	else if (point->whatif->parameter == WHATIF_IOMMU)
		snprintf(buffer, size, "%s", modes[point->value[AXIS_MODE]]);
	for (enum axis axis = AXIS_MAX_SEGMENT; axis < AXES && used < size; axis++) {
		uint64_t value = point->value[axis];

		if (!is_varied(point, axis))
			continue;
		if (axis == AXIS_MASK)
			value = mask_of(value);
		else if (axes[axis].mask)
			value--;
		used += (size_t)snprintf(buffer + used, size - used,
					 axes[axis].mask ? "%s%s=0x%" PRIx64
							 : "%s%s=%" PRIu64,
					 used ? " " : "", axes[axis].name, value);
	}
}

static void print_pool_call(const struct point *point, char *buffer, size_t size)
{
	static const enum axis order[] = { AXIS_BLOCK_SIZE, AXIS_ALIGN,
					   AXIS_BLOCK_BOUNDARY };
	size_t used = (size_t)snprintf(buffer, size, "dma_pool_create(name, dev");

	for (size_t i = 0; i < 3 && used < size; i++)
		used += (size_t)(is_varied(point, order[i])
					 ? snprintf(buffer + used, size - used,
						    ", %" PRIu64, point->value[order[i]])
					 : snprintf(buffer + used, size - used, ", %s",
						    axes[order[i]].name));
	if (used < size)
		snprintf(buffer + used, size - used, ")");
}

static void print_calls(const struct point *point, char *buffer, size_t size)
{
	size_t used = 0;

	*buffer = '\0';
	for (enum axis axis = 0; axis < AXES && used < size; axis++) {
		uint64_t value = point->value[axis];

		if (!is_varied(point, axis) || !axes[axis].call)
			continue;
		used += (size_t)snprintf(buffer + used, size - used, "%s",
					 used ? "; " : "");
		if (used < size)
			used += (size_t)snprintf(
				buffer + used, size - used, axes[axis].call,
				axis == AXIS_SEGMENT_BOUNDARY ? value - 1 : value);
	}
}

void axis_print_call(const struct point *point, char *buffer, size_t size)
{
	static const char *const mode_calls[] = {
		[LIBDMA_IOMMU_OFF] =
			"intel_iommu=off, amd_iommu=off; iommu.passthrough=1 maps "
			"the same way",
		[LIBDMA_IOMMU_STRICT] = "iommu.passthrough=0 iommu.strict=1",
		[LIBDMA_IOMMU_LAZY] = "iommu.passthrough=0 iommu.strict=0",
	};

	switch (point->whatif->parameter) {
	case WHATIF_SWIOTLB:
		print_swiotlb(point, whatif_smallest_value(point), buffer, size);
		break;
	case WHATIF_IOMMU:
		snprintf(buffer, size, "%s", mode_calls[point->value[AXIS_MODE]]);
		break;
	case WHATIF_POOL:
		print_pool_call(point, buffer, size);
		break;
	default:
		print_calls(point, buffer, size);
		break;
	}
}

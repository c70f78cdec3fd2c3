// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * predict-device.c - a recording's devices: their limits, and who maps for them
 *
 * Limits come from the environment, which was often read when the recording ended; what
 * events say of them since holds from then on.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "trace/predict.h"

#define MASK_32	       0xffffffffULL
#define DEFAULT_SEGMENT 65536

static uint32_t find_group(const struct libdma_environment *environment, const char *name)
{
	for (size_t i = 0; i < environment->iommu.groups; i++)
		for (size_t j = 0; j < environment->iommu.group[i].devices; j++)
			if (!strcmp(environment->iommu.group[i].device[j], name))
				return (uint32_t)i;
	return PREDICT_NO_GROUP;
}

static bool is_translated(const struct libdma_environment *environment, uint32_t group)
{
	bool translates = environment->iommu.mode >= LIBDMA_IOMMU_STRICT;
	const char *type;

	if (environment->iommu.mode == LIBDMA_IOMMU_OFF)
		return false;
	/* where the groups are known, a device in none is behind no IOMMU */
	if (group == PREDICT_NO_GROUP)
		return translates && (environment->origin.iommu_groups != LIBDMA_GIVEN ||
				      !environment->iommu.groups);
	/* an untrusted device's group is translated even where others are passed through */
	type = environment->iommu.group[group].type;
	return type ? strcmp(type, "identity") != 0 : translates;
}

static uint64_t value_or(enum libdma_origin origin, uint64_t value, uint64_t otherwise)
{
	return origin == LIBDMA_UNKNOWN ? otherwise : value;
}

static void set_limits(struct predict_device *device)
{
	static const struct libdma_device_environment nothing;
	const struct libdma_device_environment *known = device->known;

	if (!known)
		known = &nothing;
	device->dma_mask = value_or(known->origin.dma_mask, known->dma_mask, MASK_32);
	device->coherent_mask =
		value_or(known->origin.coherent_dma_mask, known->coherent_dma_mask, MASK_32);
	device->bus_limit = known->bus_dma_limit;
	device->max_segment = value_or(known->origin.max_segment_size,
				       known->max_segment_size, DEFAULT_SEGMENT);
	device->boundary = value_or(known->origin.segment_boundary_mask,
				    known->segment_boundary_mask, MASK_32);
	device->min_align = known->min_align_mask;
}

static int make_room(struct libdma_predictor *frame, uint32_t name)
{
	uint32_t numbers = name < 512 ? 1024 : name + name / 2;
	struct predict_device **grown;

	if (name < frame->device_numbers)
		return 0;
	grown = realloc(frame->device, numbers * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memset(grown + frame->device_numbers, 0,
	       (numbers - frame->device_numbers) * sizeof(*grown));
	frame->device = grown;
	frame->device_numbers = numbers;
	return 0;
}

/* "0000:00:02.0", or "10000:e1:00.0" behind a bridge that makes a domain of its own */
static bool is_pci(const char *name)
{
	static const char hex[] = "0123456789abcdef";
	size_t domain = name ? strspn(name, hex) : 0;

	return domain >= 4 && name[domain] == ':' && strspn(name + domain + 1, hex) == 2 &&
	       name[domain + 3] == ':' && strspn(name + domain + 4, hex) == 2;
}

static int add_device(struct libdma_predictor *frame, uint32_t name)
{
	const char *text = libdma_strings_get(frame->options.strings, name);
	struct predict_device **list, *device;

	list = realloc(frame->device_list, (frame->devices + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	frame->device_list = list;
	device = calloc(1, sizeof(*device));
	if (!device)
		return -ENOMEM;
	device->name = name;
	device->known_since = LIBDMA_NO_WITNESS;
	device->known = libdma_environment_find_device(frame->environment, text);
	device->is_pci = is_pci(text);
	device->group = find_group(frame->environment, text);
	device->translated = is_translated(frame->environment, device->group);
	device->concerns = device->translated ? frame->everywhere : UINT_MAX;
	set_limits(device);
	list[frame->devices++] = device;
	frame->device[name] = device;
	return 0;
}

int predict_device_find(struct libdma_predictor *frame, uint32_t name,
			struct predict_device **ret)
{
	*ret = NULL;
	if (!name)
		return 0;
	if (make_room(frame, name) || (!frame->device[name] && add_device(frame, name)))
		return -ENOMEM;
	*ret = frame->device[name];
	return 0;
}

/* Are these limits others than those that a PCI device has before its driver comes? */
static bool is_set_up(const struct dma_event *said)
{
	return said->kind == DMA_EVENT_DEVICE &&
	       ((said->coherent_mask && said->coherent_mask != MASK_32) ||
		(said->max_segment_size && said->max_segment_size != DEFAULT_SEGMENT) ||
		said->min_align_mask);
}

void predict_device_first(struct predict_device *device, const struct dma_event *said)
{
	device->known_since = said->number;
	device->was_bound = is_set_up(said);
}

bool predict_knows_alignment(const struct predict_device *device)
{
	return device->limits_told || (device->known && device->known->origin.min_align_mask !=
								LIBDMA_UNKNOWN);
}

void predict_device_update(const struct foreseen *event)
{
	const struct dma_event *said = &event->event;
	struct predict_device *device = event->device;

	if (!device || said->error)
		return;
	switch (said->kind) {
	case DMA_EVENT_SET_MASK:
		device->dma_mask = said->mask;
		device->bound = true;
		break;
	case DMA_EVENT_SET_COHERENT_MASK:
		device->coherent_mask = said->mask;
		device->bound = true;
		break;
	case DMA_EVENT_POOL_CREATE:
		device->bound = true;
		break;
	case DMA_EVENT_SWIOTLB_BOUNCED:
		if (said->mask)
			device->dma_mask = said->mask;
		break;
	case DMA_EVENT_DEVICE:
		if (said->mask)
			device->dma_mask = said->mask;
		if (said->coherent_mask)
			device->coherent_mask = said->coherent_mask;
		if (!said->max_segment_size)
			break;
		device->max_segment = said->max_segment_size;
		device->min_align = said->min_align_mask;
		device->limits_told = true;
		if (said->boundary)
			device->boundary = said->boundary;
		break;
	}
}

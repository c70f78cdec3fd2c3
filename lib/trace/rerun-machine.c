// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * rerun-machine.c - a machine as an environment describes it
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libdma/environment.h>

#include "dma/device.h"
#include "trace/cmdline.h"
#include "trace/rerun.h"

#define MSI_START 0xfee00000ULL
#define MSI_SIZE  0x100000ULL

static bool begins_with(const char *text, const char *start)
{
	return text && !strncmp(text, start, strlen(start));
}

/* RAM, or what a host bridge passes on: copies of the environment's ranges. */
static int select_ranges(const struct libdma_environment *known, const char *name,
			 size_t more, struct libdma_range **ret, size_t *count)
{
	struct libdma_range *range = calloc(known->memory.count + more + 1, sizeof(*range));

	*count = 0;
	if (!range)
		return -ENOMEM;
	for (size_t i = 0; i < known->memory.count; i++)
		if (begins_with(known->memory.range[i].name, name))
			range[(*count)++] = known->memory.range[i];
	*ret = range;
	return 0;
}

/* Is there a device in the group that somebody drives? */
static bool is_driven(const struct libdma_environment *known,
		      const struct libdma_group *group)
{
	for (size_t i = 0; i < group->devices; i++) {
		const struct libdma_device_environment *device =
			libdma_environment_find_device(known, group->device[i]);

		if (device && device->driver)
			return true;
	}
	return false;
}

/* Rule I22: windows of the host bridge, and what firmware and MSI keep for themselves. */
static int reserved_ranges(const struct libdma_environment *known,
			   struct libdma_machine_options *options,
			   struct libdma_range **ret)
{
	size_t more = 1, count;
	int err;

	for (size_t i = 0; i < known->iommu.groups; i++)
		more += known->iommu.group[i].reserved.count;
	err = select_ranges(known, "PCI Bus", more, ret, &count);
	if (err)
		return err;
	for (size_t i = 0; i < known->iommu.groups; i++)
		for (size_t j = 0; is_driven(known, &known->iommu.group[i]) &&
				   j < known->iommu.group[i].reserved.count;
		     j++)
			(*ret)[count++] = known->iommu.group[i].reserved.range[j];
	(*ret)[count++] = (struct libdma_range) { MSI_START, MSI_SIZE, NULL };
	options->reserved = *ret;
	options->reserved_count = count;
	return 0;
}

static void set_swiotlb(const struct libdma_environment *known,
			struct libdma_machine_options *options)
{
	options->swiotlb_force = known->swiotlb.force;
	if (known->origin.swiotlb_slots == LIBDMA_GIVEN) {
		options->swiotlb_slots = known->swiotlb.slots;
		options->swiotlb_off = !known->swiotlb.slots;
	}
	options->swiotlb_areas = known->swiotlb.areas;
	if (known->swiotlb.slots <= 32768)
		options->swiotlb_start = known->swiotlb.start;
}

static int create(struct libdma_rerun *rerun, struct libdma_machine_options *options)
{
	int err = libdma_machine_create(options, &rerun->machine);

	/* where another one lay there may be too little room, or no memory at all */
	if (err == -EINVAL && options->swiotlb_start) {
		options->swiotlb_start = 0;
		err = libdma_machine_create(options, &rerun->machine);
	}
	return err;
}

int rerun_machine(struct libdma_rerun *rerun, const struct libdma_rerun_options *wanted)
{
	const struct libdma_environment *known = rerun->environment;
	struct libdma_range *memory = NULL, *reserved = NULL;
	struct libdma_machine_options options = {
		.kernel = DMA_KERNEL_6_12,
		.cpus = known->cpus,
		.iommu = known->iommu.mode == LIBDMA_IOMMU_TRANSLATED ? LIBDMA_IOMMU_LAZY
								      : known->iommu.mode,
		.granule = known->iommu.granule,
		.aperture_end = known->iommu.aperture_end,
		.magazine = wanted->magazine,
		.log = wanted->log,
		.log_arg = wanted->log_arg,
	};
	int err;

	if (known->kernel)
		libdma_kernel_parse(known->kernel, &options.kernel);
	if (cmdline_flag(known->cmdline, "iommu.forcedac", false))
		options.config |= LIBDMA_CONFIG_FORCEDAC;
	set_swiotlb(known, &options);
	err = select_ranges(known, "System RAM", 0, &memory, &options.memory_count);
	if (err)
		return err;
	if (options.memory_count)
		options.memory = memory;
	err = reserved_ranges(known, &options, &reserved);
	if (!err)
		err = create(rerun, &options);
	free(memory);
	free(reserved);
	return err;
}

/* ---- devices ---- */

static unsigned int group_of(const struct libdma_environment *known, const char *name)
{
	for (size_t i = 0; i < known->iommu.groups; i++)
		for (size_t j = 0; j < known->iommu.group[i].devices; j++)
			if (!strcmp(known->iommu.group[i].device[j], name))
				return (unsigned int)i + 1;
	return 0;
}

static void set_limits(struct device *dev, const struct libdma_device_environment *known)
{
	if (known->origin.dma_mask != LIBDMA_UNKNOWN && dev->dma_mask)
		*dev->dma_mask = known->dma_mask;
	if (known->origin.coherent_dma_mask != LIBDMA_UNKNOWN)
		dev->coherent_dma_mask = known->coherent_dma_mask;
	if (!dev->dma_parms)
		return;
	if (known->origin.max_segment_size != LIBDMA_UNKNOWN)
		dev->dma_parms->max_segment_size = (unsigned int)known->max_segment_size;
	if (known->origin.segment_boundary_mask != LIBDMA_UNKNOWN)
		dev->dma_parms->segment_boundary_mask = known->segment_boundary_mask;
	dev->dma_parms->min_align_mask = (unsigned int)known->min_align_mask;
}

static int attach(struct libdma_rerun *rerun, const char *name, struct device **ret)
{
	const struct libdma_environment *environment = rerun->environment;
	const struct libdma_device_environment *known =
		libdma_environment_find_device(environment, name);
	unsigned int domain, bus, slot, function;
	struct libdma_device_options options = {
		.name = name,
		.pci = sscanf(name, "%x:%x:%x.%u", &domain, &bus, &slot, &function) == 4,
		.coherent = true,
		.group = group_of(environment, name),
	};
	int err;

	if (known) {
		options.driver = known->driver;
		options.untrusted = known->untrusted;
		options.bus_dma_limit = known->bus_dma_limit;
		if (known->origin.coherent != LIBDMA_UNKNOWN)
			options.coherent = known->coherent;
	}
	err = libdma_device_create(rerun->machine, &options, ret);
	if (!err && known) {
		set_limits(*ret, known);
		device_emit_limits(*ret);
	}
	return err;
}

int rerun_device(struct libdma_rerun *rerun, uint32_t name, struct device **ret)
{
	uint32_t numbers = name < 512 ? 1024 : name + name / 2;
	struct device **grown;
	int err;

	*ret = NULL;
	if (!name)
		return 0;
	if (name >= rerun->device_numbers) {
		grown = realloc(rerun->device, numbers * sizeof(struct device *));
		if (!grown)
			return -ENOMEM;
		memset(grown + rerun->device_numbers, 0,
		       (numbers - rerun->device_numbers) * sizeof(struct device *));
		rerun->device = grown;
		rerun->device_numbers = numbers;
	}
	if (!rerun->device[name]) {
		err = attach(rerun, libdma_strings_get(rerun->strings, name),
			     &rerun->device[name]);
		if (err)
			return err == -ENOMEM ? err : 0;
	}
	*ret = rerun->device[name];
	return 0;
}

void rerun_device_update(struct device *dev, const struct dma_event *event)
{
	if (event->error)
		return;
	if (event->kind == DMA_EVENT_SET_MASK) {
		dma_set_mask(dev, event->mask);
	} else if (event->kind == DMA_EVENT_SET_COHERENT_MASK) {
		dma_set_coherent_mask(dev, event->mask);
	} else if (event->kind == DMA_EVENT_DEVICE) {
		if (event->mask && dev->dma_mask)
			*dev->dma_mask = event->mask;
		if (event->coherent_mask)
			dev->coherent_dma_mask = event->coherent_mask;
		if (!event->max_segment_size || !dev->dma_parms)
			return;
		dev->dma_parms->max_segment_size = (unsigned int)event->max_segment_size;
		dev->dma_parms->min_align_mask = (unsigned int)event->min_align_mask;
		if (event->boundary)
			dev->dma_parms->segment_boundary_mask = event->boundary;
	}
}

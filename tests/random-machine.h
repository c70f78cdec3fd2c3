/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * random-machine.h - a machine and devices that the dice choose, and what an environment
 * says of them
 */
#pragma once

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libdma/device.h>
#include <libdma/dma-mapping.h>
#include <libdma/environment.h>
#include <libdma/machine.h>

#include "alloc/swiotlb.h"
#include "dice.h"
#include "dma/machine.h"
#include "test.h"

#define DEVICES 4

static struct random_machine {
	struct libdma_machine_options options;
	struct libdma_range reserved[3];
	struct libdma_machine *machine;
	struct device *dev[DEVICES];
	unsigned int group[DEVICES];
	unsigned int devices;
} chosen;

/* ---- the machine ---- */

static inline void choose_machine(void)
{
	static const uint64_t ends[] = { 0, DMA_BIT_MASK(39), DMA_BIT_MASK(48),
					 DMA_BIT_MASK(34) };
	static const uint64_t granules[] = { 0, 4096, 4096, 16384, 65536 };
	struct libdma_machine_options *options = &chosen.options;

	*options = (struct libdma_machine_options) {
		.kernel = (enum dma_kernel)roll(3),
		.cpus = 1 + (unsigned int)roll(4),
		.iommu = (enum libdma_iommu_mode)roll(4),
		.aperture_end = ends[roll(4)],
		.granule = granules[roll(5)],
		.config = roll(4) ? 0 : LIBDMA_CONFIG_FORCEDAC,
		.swiotlb_slots = roll(3) ? 256u << roll(4) : 0,
		.swiotlb_areas = roll(3) ? 0 : 1 + (unsigned int)roll(4),
		.swiotlb_force = !roll(3),
	};
	if (!roll(2))
		return;
	/* a host bridge's windows, and MSI elsewhere or nowhere */
	options->reserved = chosen.reserved;
	options->reserved_count = roll(4);
	for (size_t i = 0; i < options->reserved_count; i++)
		chosen.reserved[i] = (struct libdma_range) {
			.start = 0xfff00000 - (i << 24) - (roll(256) << 16),
			.length = (1 + roll(64)) << 14,
		};
}

static inline void choose_device(unsigned int i)
{
	static char name[DEVICES][16];
	static const unsigned int bits[] = { 64, 64, 48, 32, 31, 24 };
	struct libdma_device_options options = {
		.name = name[i],
		.pci = roll(4) != 0,
		.coherent = true,
		.untrusted = chosen.options.iommu >= LIBDMA_IOMMU_STRICT && !roll(8),
	};
	struct device *dev;
	unsigned int mask;

	if (!options.untrusted && roll(2))
		options.group = 1 + (unsigned int)roll(2);

	snprintf(name[i], sizeof(name[i]), options.pci ? "0000:00:%02x.0" : "platform.%x",
		 i + 2);
	if (libdma_device_create(chosen.machine, &options, &dev))
		return;
	chosen.group[chosen.devices] = options.group;
	chosen.dev[chosen.devices++] = dev;
	mask = bits[roll(6)];
	dma_set_mask_and_coherent(dev, DMA_BIT_MASK(mask));
	dev->dma_parms->max_segment_size = 1u << (12 + roll(8));
	if (!roll(2))
		dev->dma_parms->segment_boundary_mask = (1ULL << (16 + roll(17))) - 1;
	if (!roll(3))
		dev->dma_parms->min_align_mask = (1u << (8 + roll(5))) - 1;
}

/* ---- what is said of it ---- */

/* Append to the text of the environment. */
static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static struct {
	char text[16384];
	size_t size;
} said;

static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	said.size += (size_t)vsnprintf(said.text + said.size,
				       sizeof(said.text) - said.size, format, args);
	va_end(args);
	assert_true(said.size < sizeof(said.text));
}

static void say_reserved(void)
{
	static const struct libdma_range msi = { 0xfee00000, 0x100000, NULL };
	const struct libdma_range *range =
		chosen.options.reserved ? chosen.options.reserved : &msi;
	size_t count = chosen.options.reserved ? chosen.options.reserved_count : 1;

	for (size_t i = 0; i < count; i++)
		say("%s{\"start\": \"0x%llx\", \"length\": %llu, \"name\": \"reserved\"}",
		    i ? ", " : "", (unsigned long long)range[i].start,
		    (unsigned long long)range[i].length);
}

/* The group that the devices from @first on with the same number make. */
static void say_group(unsigned int number, unsigned int first)
{
	static const char *const types[] = { "identity", "identity", "DMA", "DMA-FQ" };
	const char *type =
		chosen.dev[first]->untrusted ? "DMA" : types[chosen.options.iommu];

	say("%s{\"number\": %u, \"type\": \"%s\", \"reserved\": [", first ? ", " : "",
	    number, type);
	say_reserved();
	say("], \"devices\": [\"%s\"", dev_name(chosen.dev[first]));
	for (unsigned int i = first + 1; i < chosen.devices && chosen.group[first]; i++)
		if (chosen.group[i] == chosen.group[first])
			say(", \"%s\"", dev_name(chosen.dev[i]));
	say("]}");
}

static void say_iommu(void)
{
	static const char *const modes[] = { "off", "passthrough", "strict", "lazy" };

	say("\"iommu\": {\"mode\": \"%s\", \"granule\": %llu, \"aperture_end\": \"0x%llx\", "
	    "\"groups\": [",
	    modes[chosen.options.iommu],
	    (unsigned long long)(chosen.options.granule ? chosen.options.granule : 4096),
	    (unsigned long long)(chosen.options.aperture_end ? chosen.options.aperture_end
							     : DMA_BIT_MASK(48)));
	for (unsigned int i = 0; i < chosen.devices; i++) {
		bool known = false;

		for (unsigned int j = 0; j < i && chosen.group[i]; j++)
			known |= chosen.group[j] == chosen.group[i];
		if (!known)
			say_group(i, i);
	}
	say("]}");
}

static void say_devices(void)
{
	say("\"devices\": [");
	for (unsigned int i = 0; i < chosen.devices; i++) {
		struct device *dev = chosen.dev[i];

		say("%s{\"name\": \"%s\", \"dma_mask\": \"0x%llx\", "
		    "\"coherent_dma_mask\": \"0x%llx\", \"max_segment_size\": %u, "
		    "\"untrusted\": %s, "
		    "\"segment_boundary_mask\": \"0x%llx\", \"min_align_mask\": \"0x%x\"}",
		    i ? ", " : "", dev_name(dev), (unsigned long long)*dev->dma_mask,
		    (unsigned long long)dev->coherent_dma_mask, dma_get_max_seg_size(dev),
		    dev->untrusted ? "true" : "false",
		    (unsigned long long)dma_get_seg_boundary(dev),
		    dma_get_min_align_mask(dev));
	}
	say("]");
}

static void say_swiotlb(void)
{
	const struct swiotlb *swiotlb = chosen.machine->swiotlb;
	uint64_t slots = 0, used, most;

	if (swiotlb)
		swiotlb_usage(swiotlb, &slots, &used, &most);
	say("\"swiotlb\": {\"slots\": %llu, \"force\": %s", (unsigned long long)slots,
	    chosen.options.swiotlb_force ? "true" : "false");
	if (swiotlb)
		say(", \"start\": \"0x%llx\", \"areas\": %u",
		    (unsigned long long)chosen.machine->swiotlb_start,
		    swiotlb_areas(swiotlb));
	say("}");
}

static inline struct libdma_environment *describe(void)
{
	static const char *const kernels[] = { "6.1", "6.12", "7.2" };
	struct libdma_environment *environment = libdma_environment_create();
	char *why = NULL;

	said.size = 0;
	say("{\"schema\": \"dmactl.environment/1\", \"kernel\": \"%s\", \"cpus\": %u, "
	    "\"cmdline\": \"%s\", ",
	    kernels[chosen.options.kernel], chosen.options.cpus,
	    chosen.options.config & LIBDMA_CONFIG_FORCEDAC ? "iommu.forcedac=1" : "");
	say_swiotlb();
	say(", ");
	say_iommu();
	say(", ");
	say_devices();
	say("}");
	if (libdma_environment_parse(environment, said.text, said.size, &why))
		fail_msg("%s: %s", why, said.text);
	return environment;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * program-config.c - the header of a program, and the machine that it means
 *
 * All of the header is kept in the environment's recorder as well, so that a program
 * that became another format becomes itself again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rules.h"
#include "trace/program.h"

/* Bytes of the config; 0 everywhere is an ordinary machine without any of it. */
enum {
	CONFIG_KERNEL,     /* enum dma_kernel */
	CONFIG_MODE,       /* enum libdma_iommu_mode modulo 4; 16: bouncing is forced */
	CONFIG_CPUS,       /* 0: 1 */
	CONFIG_DEVICES,    /* one less; modulo 4 */
	CONFIG_SLOTS,      /* of the bounce buffers, as a power of two; 0: none */
	CONFIG_AREAS,      /* as a power of two */
	CONFIG_MASK,       /* bits of the first device's mask; 0: 32 */
	CONFIG_MASKS,      /* of the other devices' */
	CONFIG_COHERENT,   /* of all coherent masks */
	CONFIG_ALIGN,      /* bits of min_align_mask */
	CONFIG_SEGMENT,    /* max_segment_size as a power of two; 0: 65536 */
	CONFIG_BOUNDARY,   /* bits of segment_boundary_mask; 0: 32 */
	CONFIG_GRANULE,    /* as a power of two; 0: 4096 */
	CONFIG_APERTURE,   /* bits of the highest IOVA; 0: 48 */
	CONFIG_SIZE_LIMIT, /* the boundary of size expressions, as a power of two */
	CONFIG_TARGET,     /* the target's own */
};

#define RECORDER "program "

static unsigned int log2_of(uint64_t value)
{
	return value ? 63 - (unsigned int)__builtin_clzll(value) : 0;
}

static uint64_t mask_of(unsigned int bits, unsigned int default_bits)
{
	return ~0ULL >> (64 - (bits % 65 ? bits % 65 : default_bits));
}

static unsigned int bits_of(uint64_t mask)
{
	return mask ? log2_of(mask) + 1 : 0;
}

static char *recorder_of(const struct program_header *header)
{
	char *text, *out;

	text = malloc(sizeof(RECORDER) + 2 * (PROGRAM_CONFIG + 1));
	if (!text)
		return NULL;
	out = text + sprintf(text, RECORDER "%02x", header->target);
	for (int i = 0; i < PROGRAM_CONFIG; i++)
		out += sprintf(out, "%02x", header->config[i]);
	return text;
}

/* Is this what recorder_of() made? */
static bool header_of(const char *recorder, struct program_header *header)
{
	unsigned int byte;

	if (strncmp(recorder, RECORDER, strlen(RECORDER)))
		return false;
	recorder += strlen(RECORDER);
	if (strlen(recorder) != 2 * (PROGRAM_CONFIG + 1) ||
	    strspn(recorder, "0123456789abcdef") != strlen(recorder))
		return false;
	for (int i = 0; i <= PROGRAM_CONFIG; i++) {
		sscanf(recorder + 2 * i, "%2x", &byte);
		if (i)
			header->config[i - 1] = (uint8_t)byte;
		else
			header->target = (uint8_t)byte;
	}
	return true;
}

static int set_device(const uint8_t *config, unsigned int index,
		      struct libdma_environment *environment)
{
	struct libdma_device_environment *device;
	char name[16];

	snprintf(name, sizeof(name), "device%u", index);
	device = libdma_environment_device(environment, name);
	if (!device)
		return -ENOMEM;
	device->dma_mask = mask_of(config[index ? CONFIG_MASKS : CONFIG_MASK], 32);
	device->coherent_dma_mask = mask_of(config[CONFIG_COHERENT], 32);
	device->max_segment_size = 1ULL << (config[CONFIG_SEGMENT] % 64);
	if (!config[CONFIG_SEGMENT])
		device->max_segment_size = 65536;
	device->segment_boundary_mask = mask_of(config[CONFIG_BOUNDARY], 32);
	device->min_align_mask = (1ULL << config[CONFIG_ALIGN] % 17) - 1;
	device->origin.dma_mask = LIBDMA_GIVEN;
	device->origin.coherent_dma_mask = LIBDMA_GIVEN;
	device->origin.max_segment_size = LIBDMA_GIVEN;
	device->origin.segment_boundary_mask = LIBDMA_GIVEN;
	device->origin.min_align_mask = LIBDMA_GIVEN;
	return 0;
}

static void set_machine(const uint8_t *config, struct libdma_environment *environment)
{
	environment->cpus = config[CONFIG_CPUS] ? config[CONFIG_CPUS] : 1;
	environment->page_size = 4096;
	environment->swiotlb.slots = program_pool_slots(config[CONFIG_SLOTS]);
	environment->swiotlb.areas = 1U << config[CONFIG_AREAS] % 8;
	environment->swiotlb.slot_size = 2048;
	environment->swiotlb.force = config[CONFIG_MODE] & 16;
	environment->iommu.mode = config[CONFIG_MODE] % 4;
	environment->iommu.granule = 1ULL << (config[CONFIG_GRANULE] % 32);
	if (!config[CONFIG_GRANULE])
		environment->iommu.granule = 4096;
	environment->iommu.aperture_end = mask_of(config[CONFIG_APERTURE], 48);
	environment->origin.kernel = LIBDMA_GIVEN;
	environment->origin.recorder = LIBDMA_GIVEN;
	environment->origin.cpus = LIBDMA_GIVEN;
	environment->origin.page_size = LIBDMA_GIVEN;
	environment->origin.swiotlb_slots = LIBDMA_GIVEN;
	environment->origin.swiotlb_areas = LIBDMA_GIVEN;
	environment->origin.swiotlb_slot_size = LIBDMA_GIVEN;
	environment->origin.swiotlb_force = LIBDMA_GIVEN;
	environment->origin.iommu_mode = LIBDMA_GIVEN;
	environment->origin.iommu_granule = LIBDMA_GIVEN;
	environment->origin.iommu_aperture_end = LIBDMA_GIVEN;
}

uint64_t program_pool_slots(uint8_t exponent)
{
	return exponent ? 1ULL << exponent % 21 : 0;
}

int program_environment(const struct program_header *header,
			struct libdma_environment *environment)
{
	const uint8_t *config = header->config;
	int err = 0;

	environment->kernel = strdup(kernel_rules(config[CONFIG_KERNEL] % DMA_KERNELS)->name);
	environment->recorder = recorder_of(header);
	if (!environment->kernel || !environment->recorder)
		return -ENOMEM;
	set_machine(config, environment);
	for (unsigned int i = 0; i <= config[CONFIG_DEVICES] % PROGRAM_DEVICES && !err;
	     i++)
		err = set_device(config, i, environment);
	return err;
}

static void set_masks(const struct libdma_environment *environment, uint8_t *config)
{
	const struct libdma_device_environment *device = environment->device;

	config[CONFIG_MASK] = (uint8_t)bits_of(device->dma_mask);
	config[CONFIG_COHERENT] = (uint8_t)bits_of(device->coherent_dma_mask);
	config[CONFIG_ALIGN] = (uint8_t)bits_of(device->min_align_mask);
	config[CONFIG_SEGMENT] = (uint8_t)log2_of(device->max_segment_size);
	config[CONFIG_BOUNDARY] = (uint8_t)bits_of(device->segment_boundary_mask);
	if (environment->devices > 1)
		config[CONFIG_MASKS] = (uint8_t)bits_of(device[1].dma_mask);
}

static enum dma_kernel kernel_of(const struct libdma_environment *environment)
{
	enum dma_kernel kernel = DMA_KERNEL_6_12;

	if (environment && environment->kernel)
		libdma_kernel_parse(environment->kernel, &kernel);
	return kernel;
}

void program_header_make(const struct libdma_environment *environment,
			 struct program_header *header)
{
	uint8_t *config = header->config;

	*header = (struct program_header) { .target = 0 };
	config[CONFIG_KERNEL] = (uint8_t)kernel_of(environment);
	if (!environment ||
	    (environment->recorder && header_of(environment->recorder, header)))
		return;
	config[CONFIG_MODE] = (uint8_t)(environment->iommu.mode % 4);
	if (environment->swiotlb.force)
		config[CONFIG_MODE] |= 16;
	config[CONFIG_CPUS] = environment->cpus < 256 ? (uint8_t)environment->cpus : 255;
	config[CONFIG_SLOTS] = (uint8_t)log2_of(environment->swiotlb.slots);
	config[CONFIG_AREAS] = (uint8_t)log2_of(environment->swiotlb.areas);
	config[CONFIG_GRANULE] = (uint8_t)log2_of(environment->iommu.granule);
	config[CONFIG_APERTURE] = (uint8_t)bits_of(environment->iommu.aperture_end);
	if (environment->devices) {
		config[CONFIG_DEVICES] = PROGRAM_DEVICES - 1;
		set_masks(environment, config);
	}
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * machine-options.c - is there a machine as the options describe it?
 *
 * What depends on where memory lies is found out while the machine is made.
 */
#include "base/bits.h"
#include "dma/machine.h"

#define MAX_CPUS 8192 /* as the kernel is built by distributors */

static bool ranges_make_sense(const struct libdma_range *range, size_t count)
{
	for (size_t i = 0; range && i < count; i++)
		if (range[i].length &&
		    range[i].start + (range[i].length - 1) < range[i].start)
			return false;
	return true;
}

bool machine_options_valid(const struct libdma_machine *machine,
			   const struct libdma_machine_options *options)
{
	uint64_t granule = options->granule, segment = options->swiotlb_segment;
	const char *wrong = NULL;

	if ((unsigned int)options->kernel >= DMA_KERNELS)
		wrong = "this kernel is not modelled";
	else if (options->iommu > LIBDMA_IOMMU_LAZY)
		wrong = "whether the IOMMU is strict or lazy must be said";
	else if (granule &&
		 (!is_power_of_two(granule) || granule < PAGE_SIZE || granule > 1U << 31))
		wrong = "the IOMMU's granule is no power of two from 4096 to 2^31";
	else if (machine->aperture_end < machine->granule)
		wrong = "the IOMMU translates nothing";
	else if (machine->cpus > MAX_CPUS)
		wrong = "there are more than 8192 CPUs";
	else if (options->magazine > 1U << 16)
		wrong = "an IOVA magazine has more than 65536 ranges";
	else if (!is_power_of_two(machine->cacheline) || machine->cacheline < 16 ||
		 machine->cacheline > PAGE_SIZE)
		wrong = "a cache line is no power of two from 16 to 4096";
	else if (segment && (!is_power_of_two(segment) || segment < 2 || segment > 1 << 15))
		wrong = "a swiotlb slot set is no power of two from 2 to 32768";
	else if (options->config & LIBDMA_CONFIG_SWIOTLB_DYNAMIC &&
		 !machine->rules->swiotlb_may_grow)
		wrong = "the swiotlb of this kernel cannot grow";
	else if (!ranges_make_sense(options->reserved, options->reserved_count))
		wrong = "a reserved range wraps";
	else if (options->swiotlb_start & (PAGE_SIZE - 1))
		wrong = "the swiotlb does not begin at a page";
	else if ((options->cma_start | options->cma_size) & (PAGE_SIZE - 1))
		wrong = "the CMA area is not whole pages";
	if (wrong)
		machine_log(machine, LIBDMA_LOG_ERROR, "%s", wrong);
	return !wrong;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kernel.c - which of the kernels that libdma knows a trace is of
 */
#include <stdio.h>

#include "kernel.h"

enum dma_kernel kernel_of(const struct libdma_environment *environment)
{
	unsigned int major, minor;

	if (!environment->kernel ||
	    sscanf(environment->kernel, "%u.%u", &major, &minor) != 2)
		return DMA_KERNEL_6_12;
	if (major < 6 || (major == 6 && minor < 4))
		return DMA_KERNEL_6_1;
	return major == 6 && minor < 18 ? DMA_KERNEL_6_12 : DMA_KERNEL_7_2;
}

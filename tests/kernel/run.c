// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * run.c - a machine for a piece of kernel code, and what it leaves behind
 *
 * Beginnings and ends are counted from the machine's events, which know nothing of
 * the code that runs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

static const struct libdma_machine_options machines[RUN_MACHINES] = {
	{ .kernel = DMA_KERNEL_6_12, .iommu = LIBDMA_IOMMU_OFF },
	{ .kernel = DMA_KERNEL_7_2, .iommu = LIBDMA_IOMMU_STRICT },
	{ .kernel = DMA_KERNEL_7_2, .iommu = LIBDMA_IOMMU_LAZY },
	{ .kernel = DMA_KERNEL_6_1, .swiotlb_force = true },
};

static void run_log(void *arg, enum libdma_log_level level, const char *text)
{
	struct run *run = arg;

	puts(text);
	if (level <= LIBDMA_LOG_WARNING && strncmp(text, "dmapool test: ", 14))
		run->complaints++;
}

static void run_observe(void *arg, const struct dma_event *event)
{
	struct run *run = arg;

	switch (event->kind) {
	case DMA_EVENT_ALLOC:
	case DMA_EVENT_MAP_PAGE:
	case DMA_EVENT_MAP_PHYS:
	case DMA_EVENT_POOL_CREATE:
	case DMA_EVENT_POOL_ALLOC:
		run->begun += !event->error;
		break;
	case DMA_EVENT_FREE:
	case DMA_EVENT_UNMAP_PAGE:
	case DMA_EVENT_UNMAP_PHYS:
	case DMA_EVENT_POOL_DESTROY:
	case DMA_EVENT_POOL_FREE:
		run->ended++;
		break;
	default:
		break;
	}
}

void run_begin(struct run *run, unsigned int machine)
{
	struct libdma_machine_options options = machines[machine];

	memset(run, 0, sizeof(*run));
	options.log = run_log;
	options.log_arg = run;
	if (libdma_machine_create(&options, &run->machine) ||
	    libdma_kernel_create(run->machine, LIBDMA_KERNEL_REAL_TIME, &run->kernel)) {
		fprintf(stderr, "machine %u cannot be made\n", machine);
		exit(1);
	}
	libdma_machine_observe(run->machine, run_observe, run);
	libdma_kernel_enter(run->kernel);
}

static int expect(bool is_so, const char *what)
{
	if (!is_so)
		fprintf(stderr, "not so: %s\n", what);
	return !is_so;
}

int run_end(struct run *run)
{
	int wrong = 0;

	libdma_kernel_leave();
	wrong += expect(run->begun, "something was allocated or mapped");
	wrong += expect(run->begun == run->ended, "all of it was given back");
	wrong += expect(!run->complaints, "no warning was logged");
	wrong += expect(!libdma_kernel_leaks(run->kernel),
			"all memory and devices were given back");
	wrong += expect(libdma_machine_valid(run->machine), "the machine is valid");
	libdma_kernel_destroy(run->kernel);
	libdma_machine_destroy(run->machine);
	return wrong;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ftrace-name.c - the tracepoint of each kind of event, and the layout of its text
 *
 * Kernel counterpart: include/trace/events/{dma,swiotlb,iommu}.h (RULES.md T2, T3)
 */
#include <string.h>

#include "trace/ftrace.h"

const uint8_t ftrace_shapes[DMA_EVENT_KINDS] = {
	[DMA_EVENT_MAP_PAGE] = FTRACE_MAP,
	[DMA_EVENT_MAP_PHYS] = FTRACE_MAP,
	[DMA_EVENT_MAP_RESOURCE] = FTRACE_MAP,
	[DMA_EVENT_UNMAP_PAGE] = FTRACE_UNMAP,
	[DMA_EVENT_UNMAP_PHYS] = FTRACE_UNMAP,
	[DMA_EVENT_UNMAP_RESOURCE] = FTRACE_UNMAP,
	[DMA_EVENT_MAP_SG] = FTRACE_MAP_SG,
	[DMA_EVENT_MAP_SG_ERR] = FTRACE_MAP_SG_ERR,
	[DMA_EVENT_UNMAP_SG] = FTRACE_UNMAP_SG,
	[DMA_EVENT_ALLOC] = FTRACE_ALLOC,
	[DMA_EVENT_FREE] = FTRACE_FREE,
	[DMA_EVENT_ALLOC_PAGES] = FTRACE_ALLOC,
	[DMA_EVENT_FREE_PAGES] = FTRACE_FREE,
	[DMA_EVENT_ALLOC_SGT] = FTRACE_ALLOC_SGT,
	[DMA_EVENT_ALLOC_SGT_ERR] = FTRACE_ALLOC,
	[DMA_EVENT_FREE_SGT] = FTRACE_FREE_SGT,
	[DMA_EVENT_SYNC_SINGLE_FOR_CPU] = FTRACE_SYNC,
	[DMA_EVENT_SYNC_SINGLE_FOR_DEVICE] = FTRACE_SYNC,
	[DMA_EVENT_SYNC_SG_FOR_CPU] = FTRACE_SYNC_SG,
	[DMA_EVENT_SYNC_SG_FOR_DEVICE] = FTRACE_SYNC_SG,
	[DMA_EVENT_SWIOTLB_BOUNCED] = FTRACE_BOUNCED,
	[DMA_EVENT_IOMMU_MAP] = FTRACE_IOMMU_MAP,
	[DMA_EVENT_IOMMU_UNMAP] = FTRACE_IOMMU_UNMAP,
	[DMA_EVENT_IOMMU_ADD_DEVICE_TO_GROUP] = FTRACE_GROUP,
	[DMA_EVENT_IOMMU_REMOVE_DEVICE_FROM_GROUP] = FTRACE_GROUP,
	[DMA_EVENT_IOMMU_ATTACH_DEVICE_TO_DOMAIN] = FTRACE_DOMAIN,
	[DMA_EVENT_IOMMU_DETACH_DEVICE_FROM_DOMAIN] = FTRACE_DOMAIN,
	[DMA_EVENT_IOMMU_IO_PAGE_FAULT] = FTRACE_FAULT,
	[DMA_EVENT_MARK] = FTRACE_MARK,
};

/* How a kind's own name begins, where its tracepoint's does not. */
static size_t prefix_size(unsigned int kind)
{
	switch (ftrace_shape(kind)) {
	case FTRACE_IOMMU_MAP:
	case FTRACE_IOMMU_UNMAP:
	case FTRACE_GROUP:
	case FTRACE_DOMAIN:
	case FTRACE_FAULT:
		return strlen("iommu_");
	default:
		return 0;
	}
}

const char *ftrace_name(unsigned int kind, const char **ret)
{
	switch (ftrace_shape(kind)) {
	case FTRACE_MARK:
		*ret = "mark_write";
		return "tracing_";
	case FTRACE_BOUNCED:
		*ret = libdma_event_kind_name(kind);
		return "";
	default:
		*ret = libdma_event_kind_name(kind) + prefix_size(kind);
		return prefix_size(kind) ? "" : "dma_";
	}
}

/* Step over perf's "dma:" and the like. */
static void strip_system(const char **name, size_t *size)
{
	static const char *const systems[] = { "dma:", "iommu:", "swiotlb:", "ftrace:" };

	for (size_t i = 0; i < sizeof(systems) / sizeof(systems[0]); i++) {
		size_t length = strlen(systems[i]);

		if (*size > length && !memcmp(*name, systems[i], length)) {
			*name += length;
			*size -= length;
			return;
		}
	}
}

unsigned int ftrace_kind(const char *name, size_t size)
{
	strip_system(&name, &size);
	for (unsigned int kind = 1; kind < DMA_EVENT_KINDS; kind++) {
		const char *rest, *first;
		size_t length;

		if (!ftrace_shape(kind))
			continue;
		first = ftrace_name(kind, &rest);
		length = strlen(first);
		if (size == length + strlen(rest) && !memcmp(name, first, length) &&
		    !memcmp(name + length, rest, size - length))
			return kind;
	}
	return DMA_EVENT_OTHER;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * event.c - names of the kinds of events, directions and attributes
 *
 * Kernel counterpart: include/trace/events/dma.h (RULES.md T2, T3)
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dma/event-kind.h"

const struct event_kind event_kinds[DMA_EVENT_KINDS] = {
	[DMA_EVENT_MAP_SINGLE] = { "map_single", DMA_CLASS_MAP },
	[DMA_EVENT_MAP_PAGE] = { "map_page", DMA_CLASS_MAP },
	[DMA_EVENT_MAP_PHYS] = { "map_phys", DMA_CLASS_MAP },
	[DMA_EVENT_MAP_RESOURCE] = { "map_resource", DMA_CLASS_MAP },
	[DMA_EVENT_UNMAP_SINGLE] = { "unmap_single", DMA_CLASS_UNMAP },
	[DMA_EVENT_UNMAP_PAGE] = { "unmap_page", DMA_CLASS_UNMAP },
	[DMA_EVENT_UNMAP_PHYS] = { "unmap_phys", DMA_CLASS_UNMAP },
	[DMA_EVENT_UNMAP_RESOURCE] = { "unmap_resource", DMA_CLASS_UNMAP },
	[DMA_EVENT_MAP_SG] = { "map_sg", DMA_CLASS_MAP },
	[DMA_EVENT_MAP_SG_ERR] = { "map_sg_err", DMA_CLASS_MAP },
	[DMA_EVENT_UNMAP_SG] = { "unmap_sg", DMA_CLASS_UNMAP },
	[DMA_EVENT_ALLOC] = { "alloc", DMA_CLASS_ALLOC },
	[DMA_EVENT_FREE] = { "free", DMA_CLASS_FREE },
	[DMA_EVENT_ALLOC_PAGES] = { "alloc_pages", DMA_CLASS_ALLOC },
	[DMA_EVENT_FREE_PAGES] = { "free_pages", DMA_CLASS_FREE },
	[DMA_EVENT_ALLOC_SGT] = { "alloc_sgt", DMA_CLASS_ALLOC },
	[DMA_EVENT_ALLOC_SGT_ERR] = { "alloc_sgt_err", DMA_CLASS_ALLOC },
	[DMA_EVENT_FREE_SGT] = { "free_sgt", DMA_CLASS_FREE },
	[DMA_EVENT_SYNC_SINGLE_FOR_CPU] = { "sync_single_for_cpu", DMA_CLASS_SYNC },
	[DMA_EVENT_SYNC_SINGLE_FOR_DEVICE] = { "sync_single_for_device", DMA_CLASS_SYNC },
	[DMA_EVENT_SYNC_SG_FOR_CPU] = { "sync_sg_for_cpu", DMA_CLASS_SYNC },
	[DMA_EVENT_SYNC_SG_FOR_DEVICE] = { "sync_sg_for_device", DMA_CLASS_SYNC },
	[DMA_EVENT_MAPPING_ERROR] = { "mapping_error", DMA_CLASS_NONE },
	[DMA_EVENT_POOL_CREATE] = { "pool_create", DMA_CLASS_NONE },
	[DMA_EVENT_POOL_ALLOC] = { "pool_alloc", DMA_CLASS_NONE },
	[DMA_EVENT_POOL_FREE] = { "pool_free", DMA_CLASS_NONE },
	[DMA_EVENT_POOL_DESTROY] = { "pool_destroy", DMA_CLASS_NONE },
	[DMA_EVENT_DECLARE_COHERENT_MEMORY] = { "declare_coherent_memory", DMA_CLASS_NONE },
	[DMA_EVENT_RELEASE_COHERENT_MEMORY] = { "release_coherent_memory", DMA_CLASS_NONE },
	[DMA_EVENT_MARK_DECLARED_MEMORY_OCCUPIED] = { "mark_declared_memory_occupied",
						      DMA_CLASS_NONE },
	[DMA_EVENT_SET_MASK] = { "set_mask", DMA_CLASS_NONE },
	[DMA_EVENT_SET_COHERENT_MASK] = { "set_coherent_mask", DMA_CLASS_NONE },
	[DMA_EVENT_IOVA_TRY_ALLOC] = { "iova_try_alloc", DMA_CLASS_MAP },
	[DMA_EVENT_IOVA_FREE] = { "iova_free", DMA_CLASS_UNMAP },
	[DMA_EVENT_IOVA_LINK] = { "iova_link", DMA_CLASS_NONE },
	[DMA_EVENT_IOVA_UNLINK] = { "iova_unlink", DMA_CLASS_NONE },
	[DMA_EVENT_IOVA_SYNC] = { "iova_sync", DMA_CLASS_NONE },
	[DMA_EVENT_IOVA_DESTROY] = { "iova_destroy", DMA_CLASS_UNMAP },
	[DMA_EVENT_SWIOTLB_BOUNCED] = { "swiotlb_bounced", DMA_CLASS_NONE },
	[DMA_EVENT_SWIOTLB_MAP] = { "swiotlb_map", DMA_CLASS_NONE },
	[DMA_EVENT_SWIOTLB_UNMAP] = { "swiotlb_unmap", DMA_CLASS_NONE },
	[DMA_EVENT_ALLOC_IOVA] = { "alloc_iova", DMA_CLASS_NONE },
	[DMA_EVENT_FREE_IOVA] = { "free_iova", DMA_CLASS_NONE },
	[DMA_EVENT_FLUSH] = { "flush", DMA_CLASS_NONE },
	[DMA_EVENT_IOMMU_MAP] = { "iommu_map", DMA_CLASS_NONE },
	[DMA_EVENT_IOMMU_UNMAP] = { "iommu_unmap", DMA_CLASS_NONE },
	[DMA_EVENT_IOMMU_ADD_DEVICE_TO_GROUP] = { "iommu_add_device_to_group",
						  DMA_CLASS_NONE },
	[DMA_EVENT_IOMMU_REMOVE_DEVICE_FROM_GROUP] = { "iommu_remove_device_from_group",
						       DMA_CLASS_NONE },
	[DMA_EVENT_IOMMU_ATTACH_DEVICE_TO_DOMAIN] = { "iommu_attach_device_to_domain",
						      DMA_CLASS_NONE },
	[DMA_EVENT_IOMMU_DETACH_DEVICE_FROM_DOMAIN] = { "iommu_detach_device_from_domain",
							DMA_CLASS_NONE },
	[DMA_EVENT_IOMMU_IO_PAGE_FAULT] = { "iommu_io_page_fault", DMA_CLASS_NONE },
	[DMA_EVENT_DEVICE] = { "device", DMA_CLASS_NONE },
	[DMA_EVENT_MARK] = { "mark", DMA_CLASS_NONE },
	[DMA_EVENT_LOST] = { "lost", DMA_CLASS_NONE },
	[DMA_EVENT_OTHER] = { "other", DMA_CLASS_NONE },
};

static const char *const directions[] = {
	[DMA_BIDIRECTIONAL] = "BIDIRECTIONAL",
	[DMA_TO_DEVICE] = "TO_DEVICE",
	[DMA_FROM_DEVICE] = "FROM_DEVICE",
	[DMA_NONE] = "NONE",
};

/* Bit 11 of 7.2 prints as the second of its names; both are understood. */
static const struct {
	uint64_t bit;
	const char *name;
} attributes[] = {
	{ DMA_ATTR_WEAK_ORDERING, "WEAK_ORDERING" },
	{ DMA_ATTR_WRITE_COMBINE, "WRITE_COMBINE" },
	{ DMA_ATTR_NO_KERNEL_MAPPING, "NO_KERNEL_MAPPING" },
	{ DMA_ATTR_SKIP_CPU_SYNC, "SKIP_CPU_SYNC" },
	{ DMA_ATTR_FORCE_CONTIGUOUS, "FORCE_CONTIGUOUS" },
	{ DMA_ATTR_ALLOC_SINGLE_PAGES, "ALLOC_SINGLE_PAGES" },
	{ DMA_ATTR_NO_WARN, "NO_WARN" },
	{ DMA_ATTR_PRIVILEGED, "PRIVILEGED" },
	{ DMA_ATTR_MMIO, "MMIO" },
	{ DMA_ATTR_DEBUGGING_IGNORE_CACHELINES, "CACHELINES_OVERLAP" },
	{ DMA_ATTR_DEBUGGING_IGNORE_CACHELINES, "DEBUGGING_IGNORE_CACHELINES" },
	{ DMA_ATTR_REQUIRE_COHERENT, "REQUIRE_COHERENT" },
	{ DMA_ATTR_CC_SHARED, "CC_SHARED" },
};

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

const char *libdma_event_kind_name(unsigned int kind)
{
	return kind < DMA_EVENT_KINDS ? event_kinds[kind].name : NULL;
}

enum dma_event_kind libdma_event_kind_find(const char *name, size_t size)
{
	for (unsigned int kind = 1; kind < DMA_EVENT_KINDS; kind++)
		if (strlen(event_kinds[kind].name) == size &&
		    !memcmp(event_kinds[kind].name, name, size))
			return kind;
	return DMA_EVENT_NONE;
}

enum dma_event_class libdma_event_kind_class(unsigned int kind)
{
	return event_kind_class(kind);
}

const char *libdma_direction_name(unsigned int dir)
{
	return dir < ARRAY_SIZE(directions) ? directions[dir] : NULL;
}

size_t libdma_attrs_print(uint64_t attrs, char *buffer, size_t size)
{
	size_t used = 0;

	if (size)
		buffer[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++) {
		if (!(attrs & attributes[i].bit))
			continue;
		attrs &= ~attributes[i].bit;
		used += snprintf(buffer + (used < size ? used : size),
				 used < size ? size - used : 0, "%s%s", used ? "|" : "",
				 attributes[i].name);
	}
	if (attrs)
		used += snprintf(buffer + (used < size ? used : size),
				 used < size ? size - used : 0, "%s0x%llx",
				 used ? "|" : "", (unsigned long long)attrs);
	return used;
}

static int parse_bits(const char *text, size_t size, uint64_t *ret)
{
	uint64_t value = 0;

	if (size < 3 || size > 18 || memcmp(text, "0x", 2))
		return -EINVAL;
	for (size_t i = 2; i < size; i++) {
		char digit = text[i];

		if (digit >= '0' && digit <= '9')
			value = value << 4 | (uint64_t)(digit - '0');
		else if (digit >= 'a' && digit <= 'f')
			value = value << 4 | (uint64_t)(digit - 'a' + 10);
		else
			return -EINVAL;
	}
	*ret = value;
	return 0;
}

static int parse_attribute(const char *word, size_t size, uint64_t *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++)
		if (strlen(attributes[i].name) == size &&
		    !memcmp(attributes[i].name, word, size)) {
			*ret = attributes[i].bit;
			return 0;
		}
	return parse_bits(word, size, ret);
}

int libdma_attrs_parse(const char *text, size_t size, uint64_t *ret)
{
	const char *end = text + size;
	uint64_t attrs = 0, bit;

	while (text < end) {
		const char *bar = memchr(text, '|', (size_t)(end - text));
		size_t length = (size_t)((bar ? bar : end) - text);

		if (parse_attribute(text, length, &bit))
			return -EINVAL;
		attrs |= bit;
		text += length + (bar ? 1 : 0);
	}
	*ret = attrs;
	return 0;
}

/* The function or tracepoint of a probe of dmactl's, or NULL. */
static const char *probe_target(const char *name)
{
	static const char *const forms[] = { "tp_", "fn_", "kp_", "kr_" };

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (!strncmp(name, forms[i], 3) && name[3])
			return name + 3 + strspn(name + 3, "_");
	return NULL;
}

bool libdma_probe_is_bounce(const char *name)
{
	const char *target = probe_target(name);

	return target && !strncmp(target, "swiotlb_", 8);
}

bool libdma_probe_is_end(const char *name)
{
	static const char *const ends[] = { "dma_unmap",       "dma_free",
					    "dma_pool_free",   "dma_pool_destroy",
					    "dma_release",     "dma_iova_free",
					    "dma_iova_unlink", "dma_iova_destroy" };
	const char *target = probe_target(name);

	for (size_t i = 0; target && i < sizeof(ends) / sizeof(ends[0]); i++)
		if (!strncmp(target, ends[i], strlen(ends[i])))
			return true;
	return !target;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * machine-census.h - all that a machine has given out, as numbers to compare
 *
 * A hash of each allocator's walk, and of what a device has.
 */
#pragma once

#include "alloc/atomic-pool.h"
#include "alloc/coherent.h"
#include "alloc/contiguous.h"
#include "alloc/iova.h"
#include "alloc/swiotlb.h"
#include "dma/group.h"
#include "dma/machine.h"
#include "hardware/iommu.h"
#include "hardware/pages.h"
#include "machine-stand.h"

struct census {
	uint64_t pages, contiguous, atomic, live, translated, slots, region, pools;
	uint64_t masks, devices, groups, handles;
	uint64_t queued; /* IOVAs that wait for a flush, for whoever asks */
	const void *managed, *newest_pool, *remaps; /* of this machine alone */
};

static inline void mix(uint64_t *hash, uint64_t value)
{
	*hash = (*hash ^ value) * 0x100000001b3ULL;
	*hash ^= *hash >> 29;
}

static inline int mix_extent(const struct extent *extent, void *arg)
{
	mix(arg, extent->start);
	mix(arg, extent->length);
	mix(arg, extent->used);
	return 0;
}

static inline int mix_iova(const struct iova_range *range, void *arg)
{
	if (range->state != IOVA_LIVE && range->state != IOVA_RESERVED)
		return 0;
	mix(arg, range->pfn);
	mix(arg, range->size);
	mix(arg, range->state);
	return 0;
}

static inline int count_queued(const struct iova_range *range, void *arg)
{
	*(uint64_t *)arg += range->state == IOVA_QUEUED;
	return 0;
}

static inline int mix_translation(const struct iommu_mapping *mapping, void *arg)
{
	mix(arg, mapping->dma);
	mix(arg, mapping->phys);
	mix(arg, mapping->size);
	mix(arg, mapping->permission);
	return 0;
}

static inline int mix_slots(const struct swiotlb_mapping *mapping, void *arg)
{
	mix(arg, mapping->bank);
	mix(arg, mapping->slot);
	mix(arg, mapping->slots);
	mix(arg, mapping->phys);
	return 0;
}

static inline void mix_swiotlb(const struct swiotlb *swiotlb, uint64_t *hash)
{
	uint64_t slots, used, most;

	if (!swiotlb)
		return;
	swiotlb_walk(swiotlb, mix_slots, hash);
	swiotlb_usage(swiotlb, &slots, &used, &most);
	mix(hash, slots);
	mix(hash, used);
}

static inline struct census census(void)
{
	const struct libdma_machine *machine = stand.machine;
	const struct device_state *device = stand.dev->state;
	struct census now = { .managed = device->managed,
			      .newest_pool = device->pools,
			      .remaps = device->remaps,
			      .handles = machine->handles };
	char text[PAGE_SIZE] = "";

	pages_walk(machine->pages, mix_extent, &now.pages);
	if (machine->contiguous)
		contiguous_walk(machine->contiguous, mix_extent, &now.contiguous);
	for (int zone = 0; zone < MEMORY_ZONES; zone++)
		if (machine->atomic_pool[zone])
			atomic_pool_walk(machine->atomic_pool[zone], mix_extent,
					 &now.atomic);
	mix_swiotlb(machine->swiotlb, &now.slots);
	if (device->restricted)
		mix_swiotlb(device->swiotlb, &now.slots);
	for (const struct group *it = machine->groups; it; it = it->next) {
		assert_int_equal(iova_walk(it->iova, mix_iova, &now.live), 0);
		assert_int_equal(iova_walk(it->iova, count_queued, &now.queued), 0);
		iommu_walk(it->table, mix_translation, &now.translated);
		now.groups += it->users;
	}
	for (const struct device_state *it = machine->devices; it; it = it->next)
		now.devices++;
	if (device->region)
		coherent_walk(device->region, mix_extent, &now.region);
	libdma_device_pools(stand.dev, text, sizeof(text));
	for (const char *at = text; *at; at++)
		mix(&now.pools, (unsigned char)*at);
	mix(&now.masks, stand.dev->dma_mask ? *stand.dev->dma_mask : 1);
	mix(&now.masks, stand.dev->coherent_dma_mask);
	return now;
}

static inline const char *differs(const struct census *a, const struct census *b)
{
	return a->pages != b->pages             ? "pages"
	       : a->contiguous != b->contiguous ? "CMA"
	       : a->atomic != b->atomic         ? "atomic pools"
	       : a->live != b->live             ? "IOVAs"
	       : a->translated != b->translated ? "translations"
	       : a->slots != b->slots           ? "slots"
	       : a->region != b->region         ? "the region"
	       : a->pools != b->pools           ? "pools"
	       : a->masks != b->masks           ? "masks"
	       : a->devices != b->devices       ? "devices"
	       : a->groups != b->groups         ? "groups"
						: NULL;
}

static inline const char *differs_here(const struct census *a, const struct census *b)
{
	return a->managed != b->managed           ? "what is managed"
	       : a->newest_pool != b->newest_pool ? "the pools' list"
	       : a->remaps != b->remaps           ? "mappings for the CPU"
	       : a->handles != b->handles         ? "the pools' numbers"
						  : differs(a, b);
}

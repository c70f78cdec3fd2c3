// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * inference-conclude.c - say what the events that were shown give away
 *
 * What few events support is not said: a granule that two addresses happen to have
 * is no granule.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/environment.h"
#include "trace/inference.h"

#define ENOUGH          16
#define SLOT_SIZE       2048
#define SLOTS_IN_A_SET  128
#define DEFAULT_SEGMENT 65536

/* How the mappings of a device were made that are not dma == phys. */
enum how {
	HOW_UNKNOWN,
	HOW_DIRECT, /* the bus adds an offset */
	HOW_BOUNCED,
	HOW_TRANSLATED,
};

static uint64_t lowest_bit(uint64_t bits)
{
	return bits & -bits;
}

/*
 * Nobody announced these as bounces. An IOMMU keeps the place in the page, and
 * merges lists; a bus that only adds an offset adds the same everywhere.
 */
static enum how judge_other(const struct libdma_inference *inference,
			    const struct device_facts *device)
{
	const struct shift *other = &device->other;

	if (!other->count)
		return HOW_UNKNOWN;
	if (inference->iommu_maps || device->merged)
		return HOW_TRANSLATED;
	/* the first of a recording may have been announced before it */
	if (device->bounced.count > other->count)
		return HOW_UNKNOWN;
	if (other->one_offset && other->count >= ENOUGH && other->low != other->high)
		return HOW_DIRECT;
	return other->differing & (SLOT_SIZE - 1) ? HOW_BOUNCED : HOW_TRANSLATED;
}

static bool any_translated(const struct libdma_inference *inference)
{
	for (size_t i = 0; i < inference->devices; i++)
		if (judge_other(inference, &inference->device[i]) == HOW_TRANSLATED)
			return true;
	return false;
}

static bool any_untranslated(const struct libdma_inference *inference)
{
	for (size_t i = 0; i < inference->devices; i++) {
		const struct device_facts *device = &inference->device[i];

		if (device->identical || device->bounced.count ||
		    judge_other(inference, device) == HOW_DIRECT ||
		    judge_other(inference, device) == HOW_BOUNCED)
			return true;
	}
	return false;
}

static void conclude_mode(const struct libdma_inference *inference,
			  struct libdma_environment *said)
{
	enum libdma_iommu_mode mode = LIBDMA_IOMMU_TRANSLATED;

	if (any_translated(inference)) {
		uint64_t chances = inference->reuse_chances;

		if (chances >= ENOUGH && inference->reuses > chances / 2)
			mode = LIBDMA_IOMMU_STRICT;
		else if (chances >= ENOUGH && inference->reuses < chances / 4)
			mode = LIBDMA_IOMMU_LAZY;
	} else if (any_untranslated(inference)) {
		mode = inference->iommu_seen ? LIBDMA_IOMMU_PASSTHROUGH
					     : LIBDMA_IOMMU_OFF;
	} else if (!inference->iommu_maps) {
		return;
	}
	said->iommu.mode = mode;
	said->origin.iommu_mode = LIBDMA_INFERRED;
}

static void conclude_granule(const struct libdma_inference *inference,
			     struct libdma_environment *said)
{
	uint64_t bits = inference->iommu_bits, count = inference->iommu_maps;

	for (size_t i = 0; i < inference->devices; i++)
		if (judge_other(inference, &inference->device[i]) == HOW_TRANSLATED) {
			bits |= inference->device[i].other.offset_bits;
			count += inference->device[i].other.count;
		}
	if (count < ENOUGH || lowest_bit(bits) < 4096)
		return;
	said->iommu.granule = lowest_bit(bits);
	said->origin.iommu_granule = LIBDMA_INFERRED;
}

/* The pool is at least as large as what was seen of it. */
static void conclude_pool(const struct libdma_inference *inference,
			  struct libdma_environment *said)
{
	uint64_t low = UINT64_MAX, high = 0;
	bool identical = false;

	for (size_t i = 0; i < inference->devices; i++) {
		const struct device_facts *device = &inference->device[i];
		const struct shift *pool = &device->bounced;

		identical |= device->identical;
		if (judge_other(inference, device) == HOW_BOUNCED)
			pool = &device->other;
		if (!pool->count)
			continue;
		low = pool->low < low ? pool->low : low;
		high = pool->high > high ? pool->high : high;
	}
	if (low <= high) {
		uint64_t start = low & ~4095ULL, slots = (high - start) / SLOT_SIZE + 1;

		said->swiotlb.start = start;
		said->swiotlb.slots = (slots + SLOTS_IN_A_SET - 1) & -SLOTS_IN_A_SET;
		said->swiotlb.slot_size = SLOT_SIZE;
		said->origin.swiotlb_start = LIBDMA_INFERRED;
		said->origin.swiotlb_slots = LIBDMA_INFERRED;
		said->origin.swiotlb_slot_size = LIBDMA_INFERRED;
	}
	if (inference->forced || identical) {
		said->swiotlb.force = inference->forced;
		said->origin.swiotlb_force = LIBDMA_INFERRED;
	}
}

/* The smallest mask, of at least 32 bits, that holds @highest. */
static uint64_t mask_of(uint64_t highest)
{
	return highest >> 32 ? ~0ULL >> __builtin_clzll(highest) : UINT32_MAX;
}

/*
 * A bounced buffer keeps the low bits that min_align_mask names, and has 0 for the
 * others below the slot's size. Bits that no buffer had set prove nothing alone.
 */
static void conclude_alignment(const struct shift *bounced,
			       struct libdma_device_environment *said)
{
	uint64_t kept = (lowest_bit(bounced->differing) - 1) & 0xfff;
	bool proven = bounced->phys_bits & kept;

	if (bounced->count < ENOUGH || (!proven && kept == 0xfff))
		return;
	said->min_align_mask = proven ? kept : 0;
	said->origin.min_align_mask = LIBDMA_INFERRED;
}

static int conclude_device(const struct libdma_inference *inference,
			   const struct device_facts *device,
			   struct libdma_environment *environment)
{
	struct libdma_device_environment *said;
	uint64_t last;

	said = libdma_environment_device(environment, device->known.name);
	if (!said)
		return -ENOMEM;
	if (device->highest) {
		said->dma_mask = mask_of(device->highest);
		said->origin.dma_mask = LIBDMA_INFERRED;
	}
	if (device->highest_coherent) {
		said->coherent_dma_mask = mask_of(device->highest_coherent);
		said->origin.coherent_dma_mask = LIBDMA_INFERRED;
	}
	last = device->max_segment;
	if (last > DEFAULT_SEGMENT || device->full_segments > 1) {
		said->max_segment_size = last;
		said->origin.max_segment_size = LIBDMA_INFERRED;
	}
	if (judge_other(inference, device) == HOW_BOUNCED)
		conclude_alignment(&device->other, said);
	else
		conclude_alignment(&device->bounced, said);
	return 0;
}

/* What events said of a device outright is better than what they gave away. */
static int conclude_devices(const struct libdma_inference *inference,
			    struct libdma_environment *said)
{
	struct libdma_environment known = { .devices = 1 };
	int err = 0;

	for (size_t i = 0; i < inference->devices && !err; i++) {
		known.device = &inference->device[i].known;
		err = conclude_device(inference, &inference->device[i], said);
		if (!err)
			err = environment_merge(said, &known, true);
	}
	return err;
}

static int copy_devices(const struct group_facts *from, struct libdma_group *to)
{
	to->number = from->number;
	to->device = calloc(from->devices + 1, sizeof(*to->device));
	if (!to->device)
		return -ENOMEM;
	for (size_t i = 0; i < from->devices; i++) {
		to->device[i] = strdup(from->device[i]);
		if (!to->device[i])
			return -ENOMEM;
		to->devices++;
	}
	return 0;
}

static int conclude_groups(const struct libdma_inference *inference,
			   struct libdma_environment *said)
{
	int err = 0;

	if (!inference->groups)
		return 0;
	said->iommu.group = calloc(inference->groups, sizeof(*said->iommu.group));
	if (!said->iommu.group)
		return -ENOMEM;
	for (size_t i = 0; i < inference->groups && !err; i++) {
		said->iommu.groups++;
		err = copy_devices(&inference->group[i], &said->iommu.group[i]);
	}
	said->origin.iommu_groups = LIBDMA_INFERRED;
	return err;
}

/* Allocations are of whole pages; the largest that the kernel knows has 64 KiB. */
static void conclude_page_size(const struct libdma_inference *inference,
			       struct libdma_environment *said)
{
	uint64_t size = lowest_bit(inference->alloc_bits);

	if (inference->allocs < ENOUGH || size < 4096 || size > 65536)
		return;
	said->page_size = (uint32_t)size;
	said->origin.page_size = LIBDMA_INFERRED;
}

int libdma_inference_conclude(const struct libdma_inference *inference,
			      struct libdma_environment *environment)
{
	struct libdma_environment *said = libdma_environment_create();
	int err;

	if (!said)
		return -ENOMEM;
	said->cpus = inference->cpus;
	said->origin.cpus = inference->cpus ? LIBDMA_INFERRED : LIBDMA_UNKNOWN;
	conclude_page_size(inference, said);
	conclude_mode(inference, said);
	conclude_granule(inference, said);
	conclude_pool(inference, said);
	err = conclude_groups(inference, said);
	if (!err)
		err = conclude_devices(inference, said);
	if (!err)
		err = environment_merge(environment, said, true);
	libdma_environment_destroy(said);
	return err;
}

/* All that mappings of buffers could give away; an IOMMU that is off has no granule. */
static bool tells_machine(const struct libdma_environment *known)
{
	bool translates = known->iommu.mode >= LIBDMA_IOMMU_STRICT;
	bool place = known->origin.swiotlb_start == LIBDMA_GIVEN &&
		     known->origin.swiotlb_slot_size == LIBDMA_GIVEN;

	return known->origin.iommu_mode == LIBDMA_GIVEN &&
	       (known->origin.iommu_granule == LIBDMA_GIVEN || !translates) &&
	       known->origin.swiotlb_slots == LIBDMA_GIVEN &&
	       (place || !known->swiotlb.slots) &&
	       known->origin.swiotlb_force == LIBDMA_GIVEN;
}

int libdma_inference_tell(struct libdma_inference *inference,
			  const struct libdma_environment *environment)
{
	struct device_facts *device;

	inference->told = tells_machine(environment);
	for (size_t i = 0; i < environment->devices && inference->told; i++) {
		const struct libdma_device_environment *known = &environment->device[i];

		if (known->origin.dma_mask != LIBDMA_GIVEN ||
		    known->origin.min_align_mask != LIBDMA_GIVEN)
			continue;
		if (inference_device(inference, known->name, &device))
			return -ENOMEM;
		if (device)
			device->told = true;
	}
	return 0;
}

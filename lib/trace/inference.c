// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * inference.c - what the events of a trace give away of its machine
 *
 * Kernel counterpart: none; the rules are T4-T6 of RULES.md. An address that equals
 * the physical one was mapped directly. One that does not is of the bounce buffers
 * where swiotlb_bounced announced it, and otherwise translated by an IOMMU.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/inference.h"

/* One buffer is mapped, or no longer. */
#define BUFFER_KINDS                                                                       \
	(1ULL << DMA_EVENT_MAP_SINGLE | 1ULL << DMA_EVENT_UNMAP_SINGLE |                   \
	 1ULL << DMA_EVENT_MAP_PAGE | 1ULL << DMA_EVENT_UNMAP_PAGE |                       \
	 1ULL << DMA_EVENT_MAP_PHYS | 1ULL << DMA_EVENT_UNMAP_PHYS)

_Static_assert(DMA_EVENT_KINDS <= 64, "each kind has a bit");

struct libdma_inference *libdma_inference_create(void)
{
	return calloc(1, sizeof(struct libdma_inference));
}

void libdma_inference_destroy(struct libdma_inference *inference)
{
	if (!inference)
		return;
	for (size_t i = 0; i < inference->devices; i++) {
		free(inference->device[i].known.name);
		free(inference->device[i].known.driver);
		free(inference->device[i].bounce);
	}
	inference_free_groups(inference);
	free(inference->device);
	free(inference->by_number);
	free(inference);
}

static int add_device(struct libdma_inference *inference, const char *name)
{
	struct device_facts *grown;

	grown = inference_grow(inference->device, inference->devices, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	inference->device = grown;
	grown[inference->devices].known.name = strdup(name);
	if (!grown[inference->devices].known.name)
		return -ENOMEM;
	inference->devices++;
	return 0;
}

/* The facts of a device, which may be new; NULL in @ret where there are too many. */
int inference_device(struct libdma_inference *inference, const char *name,
		     struct device_facts **ret)
{
	size_t i = 0;

	*ret = NULL;
	while (i < inference->devices && strcmp(inference->device[i].known.name, name))
		i++;
	if (i >= FACT_DEVICES_MAX)
		return 0;
	if (i == inference->devices && add_device(inference, name))
		return -ENOMEM;
	*ret = &inference->device[i];
	return 0;
}

/* Numbers are of one table; another table begins anew. */
static int make_numbers(struct libdma_inference *inference, uint32_t number)
{
	uint32_t numbers = inference->numbers, *grown;

	if (number < numbers)
		return 0;
	numbers = number < 512 ? 1024 : number + number / 2;
	grown = realloc(inference->by_number, numbers * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memset(grown + inference->numbers, 0,
	       (numbers - inference->numbers) * sizeof(*grown));
	inference->by_number = grown;
	inference->numbers = numbers;
	return 0;
}

/* The facts of a device that is new, or of another table; NULL where there are none. */
static __attribute__((noinline)) int
find_facts(struct libdma_inference *inference, uint32_t number,
	   const struct libdma_strings *strings, struct device_facts **ret)
{
	*ret = NULL;
	if (strings != inference->strings) {
		if (inference->by_number)
			memset(inference->by_number, 0,
			       inference->numbers * sizeof(*inference->by_number));
		inference->strings = strings;
	}
	if (!number)
		return 0;
	if (make_numbers(inference, number))
		return -ENOMEM;
	if (inference_device(inference, libdma_strings_get(strings, number), ret))
		return -ENOMEM;
	if (*ret)
		inference->by_number[number] = (uint32_t)(*ret - inference->device + 1) |
					       ((*ret)->told ? NUMBER_TOLD : 0);
	return 0;
}

/* Set @ret to the facts of the event's device, NULL if it has none. */
static inline int get_device(struct libdma_inference *inference, uint32_t number,
			     const struct libdma_strings *strings,
			     struct device_facts **ret)
{
	if (strings != inference->strings || number >= inference->numbers ||
	    !inference->by_number[number])
		return find_facts(inference, number, strings, ret);
	*ret = &inference->device[(inference->by_number[number] & ~NUMBER_TOLD) - 1];
	return 0;
}

static void note_shift(struct shift *shift, phys_addr_t phys, dma_addr_t dma,
		       uint64_t size)
{
	uint64_t last = dma + (size ? size - 1 : 0);

	if (!shift->count++) {
		shift->low = dma;
		shift->high = last;
		shift->offset = dma - phys;
		shift->one_offset = true;
	}
	shift->low = dma < shift->low ? dma : shift->low;
	shift->high = last > shift->high ? last : shift->high;
	shift->differing |= dma ^ phys;
	shift->phys_bits |= phys;
	shift->offset_bits |= dma - phys;
	shift->one_offset &= dma - phys == shift->offset;
}

/* Was the bounce of this buffer announced? It is used up by that. */
static __attribute__((noinline)) bool take_bounce(struct device_facts *device,
						  phys_addr_t phys)
{
	for (unsigned int i = 1; i <= FACT_BOUNCES; i++) {
		uint64_t *seen = device->bounce + (device->bounce_at - i) % FACT_BOUNCES;

		if (*seen == phys + 1) {
			*seen = 0;
			return true;
		}
	}
	return false;
}

static __attribute__((noinline)) int note_bounce(struct libdma_inference *inference,
						 struct device_facts *device,
						 const struct dma_event *event)
{
	inference->forced |= !!(event->flags & DMA_EVENT_FORCE);
	if (event->mask) {
		device->known.dma_mask = event->mask;
		device->known.origin.dma_mask = LIBDMA_INFERRED;
	}
	if (!device->bounce)
		device->bounce = calloc(FACT_BOUNCES, sizeof(*device->bounce));
	if (!device->bounce)
		return -ENOMEM;
	device->bounce[device->bounce_at++ % FACT_BOUNCES] = event->phys + 1;
	return 0;
}

static void note_buffer(struct device_facts *device, phys_addr_t phys, dma_addr_t dma,
			uint64_t size)
{
	if (dma == phys)
		device->identical++;
	else if (device->bounce && take_bounce(device, phys))
		note_shift(&device->bounced, phys, dma, size);
	else
		note_shift(&device->other, phys, dma, size);
}

static void note_reach(uint64_t *highest, dma_addr_t dma, uint64_t size)
{
	uint64_t last = dma + (size ? size - 1 : 0);

	if (last >= dma && last > *highest)
		*highest = last;
}

/*
 * A list that an IOMMU maps is one range, divided where a segment would grow beyond
 * what the device takes.
 */
static void note_segments(struct device_facts *device, const struct dma_event *event)
{
	for (uint32_t i = 0; i < event->dma_count; i++) {
		uint64_t size = event->dma_size_list ? event->dma_size_list[i] : 0;

		note_reach(&device->highest, event->dma_list[i], size);
		if (size > device->max_segment) {
			device->max_segment = size;
			device->full_segments = 0;
		}
		if (size == device->max_segment && i + 1 < event->dma_count &&
		    event->dma_list[i] + size == event->dma_list[i + 1])
			device->full_segments++;
	}
}

static __attribute__((noinline)) void note_list(struct device_facts *device,
						const struct dma_event *event)
{
	bool merged = event->ents < event->nents;

	note_segments(device, event);
	if (merged && event->dma_count && event->phys_count) {
		device->merged = true;
		note_shift(&device->other, event->phys_list[0], event->dma_list[0], 0);
		return;
	}
	for (uint32_t i = 0; i < event->dma_count && i < event->phys_count; i++)
		note_buffer(device, event->phys_list[i], event->dma_list[i],
			    event->dma_size_list ? event->dma_size_list[i] : 0);
}

static void note_map(struct device_facts *device, const struct dma_event *event)
{
	if (event->dma == DMA_MAPPING_ERROR || event->attrs & DMA_ATTR_MMIO)
		return;
	note_reach(&device->highest, event->dma, event->size);
	note_buffer(device, event->phys, event->dma, event->size);
}

static void note_alloc(struct libdma_inference *inference, struct device_facts *device,
		       const struct dma_event *event)
{
	if (!event->size || event->dma == DMA_MAPPING_ERROR)
		return;
	note_reach(&device->highest_coherent, event->dma, event->size);
	inference->allocs++;
	inference->alloc_bits |= event->dma;
}

/* Which of the IOVA caches a range belongs to; FACT_CLASSES and more: to none. */
static unsigned int cache_class(uint64_t size)
{
	uint64_t pages = (size + 4095) / 4096;

	return pages <= 1 ? 0 : 64 - (unsigned int)__builtin_clzll(pages - 1);
}

/*
 * In strict mode a CPU hands out what it freed last. In lazy mode a freed range has
 * to wait for a flush.
 */
static void note_free_range(struct libdma_inference *inference, uint32_t cpu,
			    uint64_t iova, uint64_t size)
{
	unsigned int class = cache_class(size);

	if (cpu < FACT_CPUS && class < FACT_CLASSES)
		inference->freed[cpu][class] = iova + 1;
}

static void note_used_range(struct libdma_inference *inference, uint32_t cpu,
			    uint64_t iova, uint64_t size)
{
	unsigned int class = cache_class(size);
	uint64_t *freed = cpu < FACT_CPUS ? inference->freed[cpu] : NULL;

	/* iommu_map of 6.12 tells a list's range piece by piece, so its class is not
	 * sure. */
	for (unsigned int i = 0; freed && i < FACT_CLASSES; i++) {
		if (freed[i] != iova + 1)
			continue;
		freed[i] = 0;
		inference->reuses++;
		inference->reuse_chances++;
		return;
	}
	if (freed && class < FACT_CLASSES && freed[class]) {
		freed[class] = 0;
		inference->reuse_chances++;
	}
}

/* Where nobody recorded what the IOMMU did, the mappings tell it. */
static inline void note_range(struct libdma_inference *inference,
			      const struct dma_event *event, bool begins)
{
	uint64_t start = event->dma & ~4095ULL, size = (event->dma & 4095) + event->size;

	if (inference->iommu_maps || event->dma == DMA_MAPPING_ERROR || !event->size)
		return;
	if (begins)
		note_used_range(inference, event->cpu, start, size);
	else
		note_free_range(inference, event->cpu, start, size);
}

static int note_iommu(struct libdma_inference *inference, const struct dma_event *event,
		      const struct libdma_strings *strings)
{
	inference->iommu_seen = true;
	switch (event->kind) {
	case DMA_EVENT_IOMMU_MAP:
		inference->iommu_maps++;
		inference->iommu_bits |= event->dma | event->phys | event->size;
		if (!inference->told)
			note_used_range(inference, event->cpu, event->dma, event->size);
		break;
	case DMA_EVENT_IOMMU_UNMAP:
		if (!inference->told)
			note_free_range(inference, event->cpu, event->dma, event->size);
		break;
	case DMA_EVENT_IOMMU_ADD_DEVICE_TO_GROUP:
		return inference_join(inference, libdma_strings_get(strings, event->device),
				  (uint32_t)event->handle);
	case DMA_EVENT_IOMMU_REMOVE_DEVICE_FROM_GROUP:
		inference_leave(inference, libdma_strings_get(strings, event->device),
			    (uint32_t)event->handle);
		break;
	}
	return 0;
}

static void say_value(uint64_t *place, enum libdma_origin *origin, uint64_t value)
{
	if (!value)
		return;
	*place = value;
	*origin = LIBDMA_GIVEN;
}

/* The recorder read these from the device, so they are no guess. */
static __attribute__((noinline)) int
note_record(struct libdma_device_environment *known, const struct dma_event *event,
	    const struct libdma_strings *strings)
{
	if (event->name) {
		free(known->driver);
		known->driver = strdup(libdma_strings_get(strings, event->name));
		if (!known->driver)
			return -ENOMEM;
		known->origin.driver = LIBDMA_GIVEN;
	}
	say_value(&known->dma_mask, &known->origin.dma_mask, event->mask);
	say_value(&known->coherent_dma_mask, &known->origin.coherent_dma_mask,
		  event->coherent_mask);
	say_value(&known->max_segment_size, &known->origin.max_segment_size,
		  event->max_segment_size);
	say_value(&known->segment_boundary_mask, &known->origin.segment_boundary_mask,
		  event->boundary);
	known->skip_sync = event->flags & DMA_EVENT_SKIP_SYNC;
	known->origin.skip_sync = LIBDMA_GIVEN;
	if (event->max_segment_size) {
		known->min_align_mask = event->min_align_mask;
		known->origin.min_align_mask = LIBDMA_GIVEN;
	}
	return 0;
}

static int note_device_event(struct libdma_inference *inference,
			     struct device_facts *device, const struct dma_event *event,
			     const struct libdma_strings *strings)
{
	struct libdma_device_environment *known = &device->known;

	switch (event->kind) {
	case DMA_EVENT_MAP_SINGLE:
	case DMA_EVENT_MAP_PAGE:
	case DMA_EVENT_MAP_PHYS:
		note_map(device, event);
		note_range(inference, event, true);
		break;
	case DMA_EVENT_UNMAP_SINGLE:
	case DMA_EVENT_UNMAP_PAGE:
	case DMA_EVENT_UNMAP_PHYS:
	case DMA_EVENT_FREE:
	case DMA_EVENT_FREE_PAGES:
		note_range(inference, event, false);
		break;
	case DMA_EVENT_MAP_SG:
		note_list(device, event);
		break;
	case DMA_EVENT_ALLOC:
	case DMA_EVENT_ALLOC_PAGES:
		note_alloc(inference, device, event);
		note_range(inference, event, true);
		break;
	case DMA_EVENT_IOVA_LINK:
		note_shift(&device->other, event->phys, event->dma, event->size);
		break;
	case DMA_EVENT_SWIOTLB_BOUNCED:
		return note_bounce(inference, device, event);
	case DMA_EVENT_SET_MASK:
		say_value(&known->dma_mask, &known->origin.dma_mask, event->mask);
		break;
	case DMA_EVENT_SET_COHERENT_MASK:
		say_value(&known->coherent_dma_mask, &known->origin.coherent_dma_mask,
			  event->mask);
		break;
	case DMA_EVENT_DEVICE:
		return note_record(known, event, strings);
	}
	return 0;
}

static bool is_of_iommu(unsigned int kind)
{
	return kind >= DMA_EVENT_IOMMU_MAP && kind <= DMA_EVENT_IOMMU_IO_PAGE_FAULT;
}

/* Of a device of which all was told that its mappings could give away? */
static inline bool tells_nothing(const struct libdma_inference *inference,
				 const struct dma_event *event,
				 const struct libdma_strings *strings)
{
	return event->kind < DMA_EVENT_KINDS && BUFFER_KINDS >> event->kind & 1 &&
	       strings == inference->strings && event->device < inference->numbers &&
	       inference->by_number[event->device] & NUMBER_TOLD;
}

static __attribute__((noinline)) int observe(struct libdma_inference *inference,
					     const struct dma_event *event,
					     const struct libdma_strings *strings)
{
	struct device_facts *device;
	int err;

	if (event->error || event->flags & DMA_EVENT_REQUEST)
		return 0;
	if (is_of_iommu(event->kind))
		return note_iommu(inference, event, strings);
	err = get_device(inference, event->device, strings, &device);
	if (err || !device)
		return err;
	return note_device_event(inference, device, event, strings);
}

int libdma_inference_observe(struct libdma_inference *inference,
			     const struct dma_event *event,
			     const struct libdma_strings *strings)
{
	if (event->cpu >= inference->cpus && event->cpu < 1U << 20)
		inference->cpus = event->cpu + 1;
	return tells_nothing(inference, event, strings) ? 0
							: observe(inference, event, strings);
}

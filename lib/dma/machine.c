// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * machine.c - the modelled computer: put together from its parts, and observed
 *
 * The parts know nothing of each other; the order in which they are made here is the
 * order in which the kernel makes them at boot, since each takes memory.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc/atomic-pool.h"
#include "alloc/coherent.h"
#include "alloc/contiguous.h"
#include "alloc/iova.h"
#include "alloc/swiotlb.h"
#include "base/bits.h"
#include "dma/backing.h"
#include "dma/device.h"
#include "dma/group.h"
#include "dma/machine.h"
#include "hardware/cache.h"
#include "hardware/memory.h"
#include "hardware/pages.h"

#define DEFAULT_CPUS         2
#define DEFAULT_GRANULE      4096
#define DEFAULT_CACHELINE    64
#define DEFAULT_APERTURE_END ((1ULL << 48) - 1)
#define CMA_ALIGN            (4ULL << 20)

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* 1 GiB as a PC has it: the first page and the hole below 1 MiB are no RAM. */
static const struct libdma_range default_memory[] = {
	{ .start = 0x1000, .length = 0x9e000 },
	{ .start = 0x100000, .length = 0x3ff00000 },
};

/* Where x86 takes message interrupts (RULES.md I22). */
static const struct libdma_range default_reserved[] = {
	{ .start = 0xfee00000, .length = 0x100000 },
};

/* --- messages and events --- */

static void log_text(const struct libdma_machine *machine, enum libdma_log_level level,
		     const char *name, const char *format, va_list args)
{
	char text[256];
	int used = 0;

	if (!machine->log)
		return;
	if (name)
		used = snprintf(text, sizeof(text), "%s: ", name);
	if (used >= 0 && (size_t)used < sizeof(text))
		vsnprintf(text + used, sizeof(text) - (size_t)used, format, args);
	machine->log(machine->log_arg, level, text);
}

void machine_log(const struct libdma_machine *machine, enum libdma_log_level level,
		 const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_text(machine, level, NULL, format, args);
	va_end(args);
}

void libdma_machine_log(struct libdma_machine *machine, enum libdma_log_level level,
			const char *text)
{
	machine_log(machine, level, "%s", text);
}

void device_log(const struct device *dev, enum libdma_log_level level, const char *format,
		...)
{
	va_list args;

	va_start(args, format);
	log_text(dev->machine, level, dev_name(dev), format, args);
	va_end(args);
}

void device_tell_observer(const struct device *dev, struct dma_event *event)
{
	struct libdma_machine *machine = dev->machine;

	event->device = dev->state->name_string;
	machine_emit(machine, machine->cpu, event);
}

void machine_emit(struct libdma_machine *machine, unsigned int cpu,
		  struct dma_event *event)
{
	if (!machine->observe)
		return;
	event->ns = machine->ns;
	event->cpu = cpu;
	event->number = machine->events++;
	machine->observe(machine->observe_arg, event);
}

void libdma_machine_observe(struct libdma_machine *machine,
			    void (*observe)(void *arg, const struct dma_event *event),
			    void *arg)
{
	machine->observe = observe;
	machine->observe_arg = arg;
}

struct libdma_strings *libdma_machine_strings(const struct libdma_machine *machine)
{
	return machine->strings;
}

/* --- construction --- */

static int make_memory(struct libdma_machine *machine,
		       const struct libdma_machine_options *options,
		       struct memory_store *store)
{
	const struct libdma_range *given =
		options->memory ? options->memory : default_memory;
	size_t count =
		options->memory ? options->memory_count : ARRAY_SIZE(default_memory);
	struct memory_range *range =
		heap_alloc(&machine->heap, count + 1, sizeof(*range));
	struct memory_layout layout = { .range = range, .ranges = count, .store = store };
	int err = -ENOMEM;

	if (!range)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		range[i] = (struct memory_range) { given[i].start, given[i].length };
	layout.dma_end = machine->config & LIBDMA_CONFIG_NO_ZONE_DMA ? 0 : ZONE_DMA_END;
	layout.dma32_end = 1ULL << 32;
	err = memory_create(&machine->heap, &layout, &machine->memory);
	if (err == -EINVAL)
		machine_log(machine, LIBDMA_LOG_ERROR,
			    "its memory has no whole page, is in no order, or ends above "
			    "2^%u bytes",
			    LIBDMA_LINEAR_BITS);
	if (!err)
		err = pages_create(&machine->heap, machine->memory, &machine->pages);
	heap_free(range);
	return err;
}

/* A range for good: where it was asked for, or the highest below 4 GiB, or -ENOSPC. */
static int reserve(struct libdma_machine *machine, uint64_t size, uint64_t align,
		   phys_addr_t *phys)
{
	int err;

	if (!*phys) {
		err = pages_find_top(machine->pages, size, align, 1ULL << 32, phys);
		if (err)
			return -ENOSPC;
	}
	return pages_reserve(machine->pages, *phys, size);
}

static int make_contiguous(struct libdma_machine *machine,
			   const struct libdma_machine_options *options)
{
	phys_addr_t phys = options->cma_start;
	int err;

	if (!options->cma_size)
		return 0;
	err = reserve(machine, options->cma_size, CMA_ALIGN, &phys);
	if (err) {
		machine_log(machine, LIBDMA_LOG_ERROR, "there is no room for a CMA area");
		return err == -ENOMEM ? -ENOMEM : -EINVAL;
	}
	return contiguous_create(&machine->heap, phys, options->cma_size,
				 &machine->contiguous);
}

void machine_copy(void *arg, phys_addr_t to, phys_addr_t from, size_t size)
{
	const struct libdma_machine *machine = arg;

	if (!memory_has(machine->memory, from, size) ||
	    !memory_has(machine->memory, to, size)) {
		machine_log(machine, LIBDMA_LOG_ERROR,
			    "BUG: what is bounced at 0x%llx is no memory",
			    (unsigned long long)from);
		return;
	}
	/* what a driver maps may lie among the bounce buffers, where it has no business */
	memmove(memory_cpu(machine->memory, to), memory_cpu(machine->memory, from), size);
}

static int add_pool(void *arg, uint64_t size, uint64_t limit, phys_addr_t *phys)
{
	return backing_below(arg, size, limit, phys);
}

static void remove_pool(void *arg, phys_addr_t phys, uint64_t size)
{
	const struct libdma_machine *machine = arg;

	pages_free(machine->pages, phys, (unsigned int)get_order(size));
}

/* As x86 decides while booting (RULES.md S4). */
static bool wants_swiotlb(const struct libdma_machine *machine,
			  const struct libdma_machine_options *options)
{
	if (options->swiotlb_off)
		return false;
	return options->swiotlb_force || options->swiotlb_slots ||
	       machine->config & LIBDMA_CONFIG_BOUNCE_KMALLOC ||
	       memory_end(machine->memory) > 1ULL << 32;
}

static int make_swiotlb(struct libdma_machine *machine,
			const struct libdma_machine_options *options)
{
	unsigned int segment =
		options->swiotlb_segment ? options->swiotlb_segment : SWIOTLB_SEGMENT;
	struct swiotlb_options make = {
		.rules = machine->rules,
		.heap = &machine->heap,
		.memory = { machine_copy, add_pool, remove_pool, machine },
		.start = options->swiotlb_start,
		.segment = segment,
		.grows = machine->config & LIBDMA_CONFIG_SWIOTLB_DYNAMIC,
		.limit = DMA_BIT_MASK(32),
	};
	struct swiotlb_size size;
	char text[64];
	int err;

	if (!wants_swiotlb(machine, options))
		return 0;
	snprintf(text, sizeof(text), options->swiotlb_areas ? "%llu,%u" : "%llu",
		 (unsigned long long)(options->swiotlb_slots ? options->swiotlb_slots
							     : SWIOTLB_DEFAULT_SLOTS),
		 options->swiotlb_areas);
	err = swiotlb_size(text, machine->cpus, segment, &size);
	if (err) {
		machine_log(machine, LIBDMA_LOG_ERROR, "there is no swiotlb=%s", text);
		return err;
	}
	make.wanted_areas = size.areas;
	while (reserve(machine, size.slots << SWIOTLB_SHIFT, PAGE_SIZE, &make.start))
		if (swiotlb_size_halve(&size, segment)) {
			machine_log(machine, LIBDMA_LOG_WARNING,
				    "Cannot allocate SWIOTLB buffer");
			return options->swiotlb_start ? -EINVAL : 0;
		}
	make.slots = size.slots;
	make.areas = size.areas;
	machine->swiotlb_start = make.start;
	machine->swiotlb_force = options->swiotlb_force;
	return swiotlb_create(&make, &machine->swiotlb);
}

static int keep_reserved(struct libdma_machine *machine,
			 const struct libdma_machine_options *options)
{
	const struct libdma_range *given =
		options->reserved ? options->reserved : default_reserved;
	size_t count = options->reserved ? options->reserved_count
					 : ARRAY_SIZE(default_reserved);

	machine->reserved = heap_alloc(&machine->heap, count + 1, sizeof(*given));
	if (!machine->reserved)
		return -ENOMEM;
	memcpy(machine->reserved, given, count * sizeof(*given));
	machine->reserved_count = count;
	return 0;
}

static void take_options(struct libdma_machine *machine,
			 const struct libdma_machine_options *options)
{
	machine->rules = kernel_rules(options->kernel);
	machine->config = options->config;
	machine->cpus = options->cpus ? options->cpus : DEFAULT_CPUS;
	machine->iommu = options->iommu;
	machine->granule = options->granule ? options->granule : DEFAULT_GRANULE;
	machine->magazine = options->magazine;
	machine->aperture_end =
		options->aperture_end ? options->aperture_end : DEFAULT_APERTURE_END;
	machine->cacheline = options->cacheline ? options->cacheline : DEFAULT_CACHELINE;
	machine->log = options->log;
	machine->log_arg = options->log_arg;
}

int machine_create(const struct libdma_machine_options *options,
		   struct memory_store *store, struct libdma_machine **ret)
{
	static const struct libdma_machine_options defaults;
	struct libdma_machine *machine = calloc(1, sizeof(*machine));
	int err = -EINVAL;

	if (!machine)
		return -ENOMEM;
	if (!options)
		options = &defaults;
	take_options(machine, options);
	if (!machine_options_valid(machine, options))
		goto destroy_machine;
	machine->strings = libdma_strings_create();
	err = machine->strings ? make_memory(machine, options, store) : -ENOMEM;
	if (!err)
		err = make_contiguous(machine, options);
	if (!err)
		err = make_swiotlb(machine, options);
	if (!err)
		err = backing_create_pools(machine, options->coherent_pool);
	if (!err)
		err = keep_reserved(machine, options);
	if (!err)
		err = cache_create(&machine->heap, machine->memory, machine->cacheline,
				   &machine->cache);
	if (err)
		goto destroy_machine;
	*ret = machine;
	return 0;

destroy_machine:
	libdma_machine_destroy(machine);
	return err;
}

int libdma_machine_create(const struct libdma_machine_options *options,
			  struct libdma_machine **ret)
{
	return machine_create(options, NULL, ret);
}

void libdma_machine_destroy(struct libdma_machine *machine)
{
	if (!machine)
		return;
	machine->observe = NULL;
	while (machine->devices)
		device_remove(machine->devices->dev);
	cache_destroy(machine->cache);
	heap_free(machine->reserved);
	backing_destroy_pools(machine);
	swiotlb_destroy(machine->swiotlb);
	contiguous_destroy(machine->contiguous);
	pages_destroy(machine->pages);
	memory_destroy(machine->memory);
	libdma_strings_destroy(machine->strings);
	free(machine);
}

/* --- CPU, time, failures --- */

void libdma_machine_set_cpu(struct libdma_machine *machine, unsigned int cpu)
{
	machine->cpu = cpu % machine->cpus;
}

unsigned int libdma_machine_cpu(const struct libdma_machine *machine)
{
	return machine->cpu;
}

void libdma_machine_set_time(struct libdma_machine *machine, uint64_t ns)
{
	if (ns < machine->ns)
		return;
	/* What the kernel does in the background is done as soon as time passes. */
	if (machine->swiotlb && ns > machine->ns &&
	    swiotlb_grow(machine->swiotlb) == -ENOMEM)
		machine_log(machine, LIBDMA_LOG_WARNING, "Failed to allocate new pool");
	group_advance_all(machine, ns);
}

uint64_t libdma_machine_time(const struct libdma_machine *machine)
{
	return machine->ns;
}

void libdma_machine_set_atomic(struct libdma_machine *machine, bool atomic)
{
	machine->atomic = atomic;
}

void libdma_machine_fail(struct libdma_machine *machine, uint64_t nth, uint32_t ppm,
			 uint64_t seed)
{
	machine->heap.fail_nth = nth ? machine->heap.calls + nth : 0;
	machine->heap.fail_ppm = ppm;
	machine->heap.random = seed;
}

/* --- memory for buffers --- */

void *libdma_memory_alloc(struct libdma_machine *machine, size_t size, unsigned int gfp)
{
	enum memory_zone zone = gfp & __GFP_DMA     ? MEMORY_ZONE_DMA
				: gfp & __GFP_DMA32 ? MEMORY_ZONE_DMA32
						    : MEMORY_ZONE_NORMAL;
	phys_addr_t phys;
	void *cpu;

	if (!size ||
	    pages_alloc(machine->pages, zone, (unsigned int)get_order(size), &phys))
		return NULL;
	cpu = memory_cpu(machine->memory, phys);
	if (gfp & __GFP_ZERO)
		memset(cpu, 0, size);
	return cpu;
}

void libdma_memory_free(struct libdma_machine *machine, void *cpu, size_t size)
{
	if (cpu &&
	    pages_free(machine->pages, virt_to_phys(cpu), (unsigned int)get_order(size)))
		machine_log(machine, LIBDMA_LOG_ERROR,
			    "BUG: %zu bytes are freed that were not allocated so", size);
}

void *libdma_memory_cpu(const struct libdma_machine *machine, phys_addr_t phys)
{
	return memory_has(machine->memory, phys, 1) ? memory_cpu(machine->memory, phys)
						    : NULL;
}

phys_addr_t libdma_memory_phys(const struct libdma_machine *machine, const void *cpu)
{
	return memory_owns(machine->memory, cpu) ? virt_to_phys(cpu) : ~(phys_addr_t)0;
}

bool libdma_machine_valid(const struct libdma_machine *machine)
{
	bool valid = memory_valid(machine->memory) && pages_valid(machine->pages) &&
		     cache_valid(machine->cache);

	if (machine->contiguous)
		valid = valid && contiguous_valid(machine->contiguous);
	if (machine->swiotlb)
		valid = valid && swiotlb_valid(machine->swiotlb);
	for (int zone = 0; zone < MEMORY_ZONES; zone++)
		if (machine->atomic_pool[zone])
			valid = valid && atomic_pool_valid(machine->atomic_pool[zone]);
	for (const struct group *group = machine->groups; group; group = group->next)
		valid = valid && group_valid(group);
	for (const struct device_state *it = machine->devices; it; it = it->next)
		valid = valid && (!it->region || coherent_valid(it->region)) &&
			(!it->restricted || swiotlb_valid(it->swiotlb));
	return valid;
}

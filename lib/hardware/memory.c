// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * memory.c - the physical memory of a modelled machine
 *
 * One reservation without pages behind it; only where memory is may it be touched, so
 * that a program that follows a wild address stops there.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bits.h"
#include "hardware/memory-store.h"
#include "hardware/memory.h"

/* Each range becomes a mapping of the program, which may have some 65,000. */
#define MAX_RANGES 16384

/* Memory of a device, which lies outside of the machine's own. */
struct device_memory {
	struct device_memory *next;
	phys_addr_t start;
	uint64_t length;
	bool mapped; /* behind the linear map's end: a mapping of its own */
};

struct memory {
	struct heap *heap;
	struct memory_store *store;
	struct memory_mapping mapping; /* an address is an offset */
	struct device_memory *devices;
	struct memory_range *range;
	size_t ranges;
	phys_addr_t end;
	phys_addr_t zone_end[MEMORY_ZONES];
};

/* Whole pages of the ranges that were given; -EINVAL where they are in no order. */
static int take_ranges(struct memory *memory, const struct memory_layout *layout)
{
	for (size_t at = 0; at < layout->ranges; at++) {
		const struct memory_range *given = &layout->range[at];
		phys_addr_t start, end;

		if (given->length > MEMORY_LIMIT ||
		    given->start > MEMORY_LIMIT - given->length)
			return -EINVAL;
		if (at && given->start < given[-1].start + given[-1].length)
			return -EINVAL;
		start = align_up(given->start, PAGE_SIZE);
		end = align_down(given->start + given->length, PAGE_SIZE);
		if (start >= end)
			continue;
		if (memory->ranges && start == memory->end)
			memory->range[memory->ranges - 1].length += end - start;
		else
			memory->range[memory->ranges++] =
				(struct memory_range) { start, end - start };
		memory->end = end;
	}
	return memory->ranges ? 0 : -EINVAL;
}

/* Where the linear map can lie: at a multiple of its limit, wherever is room. */
static int reserve_linear(struct memory *memory)
{
	const int fd = memory->mapping.fd;

	for (uint64_t place = 1; place < 1ULL << (47 - LIBDMA_LINEAR_BITS); place++) {
		void *wanted = (void *)(place << LIBDMA_LINEAR_BITS), *got;

		got = mmap(wanted, memory->end, PROT_NONE,
			   MAP_SHARED | MAP_NORESERVE | MAP_FIXED_NOREPLACE, fd, 0);
		if (got == wanted) {
			memory->mapping.linear = got;
			return 0;
		}
		/* a kernel before 4.17 takes the address for a hint */
		if (got != MAP_FAILED)
			munmap(got, memory->end);
	}
	return -ENOMEM;
}

/*
 * Let a range of the reservation be read and written. By a mapping over it: valgrind
 * takes ten seconds a gigabyte for a change of protection, and next to nothing for this.
 */
static int open_range(const struct memory *memory, phys_addr_t start, uint64_t length)
{
	void *got = mmap(memory->mapping.linear + start, length, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_NORESERVE | MAP_FIXED, memory->mapping.fd,
			 (off_t)start);

	return got == MAP_FAILED ? -ENOMEM : 0;
}

static int open_ranges(const struct memory *memory)
{
	for (size_t at = 0; at < memory->ranges; at++)
		if (open_range(memory, memory->range[at].start, memory->range[at].length))
			return -ENOMEM;
	return 0;
}

static int make_mapping(struct memory *memory)
{
	struct memory_mapping *mapping = &memory->mapping;

	mapping->fd = memfd_create("libdma", MFD_CLOEXEC);
	if (mapping->fd < 0)
		return -ENOMEM;
	if (ftruncate(mapping->fd, (off_t)memory->end))
		goto close_fd;
	if (reserve_linear(memory))
		goto close_fd;
	if (open_ranges(memory))
		goto unmap;
	return 0;

unmap:
	munmap(mapping->linear, memory->end);
close_fd:
	close(mapping->fd);
	return -ENOMEM;
}

int memory_create(struct heap *heap, const struct memory_layout *layout,
		  struct memory **ret)
{
	struct memory *memory;
	int err;

	if (!layout->ranges || layout->ranges > MAX_RANGES ||
	    layout->dma_end > layout->dma32_end ||
	    (layout->dma_end | layout->dma32_end) & (PAGE_SIZE - 1))
		return -EINVAL;
	memory = heap_alloc(heap, 1, sizeof(*memory));
	if (!memory)
		return -ENOMEM;
	memory->heap = heap;
	memory->store = layout->store;
	err = -ENOMEM;
	memory->range = heap_alloc(heap, layout->ranges, sizeof(*memory->range));
	if (!memory->range)
		goto free_memory;
	err = take_ranges(memory, layout);
	if (err)
		goto free_ranges;
	if (!memory->store || !memory_store_take(memory->store, memory->range,
						 memory->ranges, &memory->mapping))
		err = make_mapping(memory);
	if (err)
		goto free_ranges;

	memory->zone_end[MEMORY_ZONE_DMA] = layout->dma_end;
	memory->zone_end[MEMORY_ZONE_DMA32] = layout->dma32_end;
	memory->zone_end[MEMORY_ZONE_NORMAL] = MEMORY_LIMIT;
	*ret = memory;
	return 0;

free_ranges:
	heap_free(memory->range);
free_memory:
	heap_free(memory);
	return err;
}

/* What devices had mapped is not taken away one by one. */
static bool give(struct memory *memory)
{
	return memory->store && !memory->devices &&
	       memory_store_give(memory->store, memory->range, memory->ranges,
				 &memory->mapping);
}

void memory_destroy(struct memory *memory)
{
	struct device_memory *device;

	if (!memory)
		return;
	if (give(memory))
		goto free_memory;
	while ((device = memory->devices)) {
		memory->devices = device->next;
		if (device->mapped)
			munmap(memory->mapping.linear + device->start, device->length);
		heap_free(device);
	}
	memory_mapping_end(&memory->mapping, memory->end);
	heap_free(memory->range);
free_memory:
	heap_free(memory);
}

void *memory_cpu(const struct memory *memory, phys_addr_t phys)
{
	return memory->mapping.linear + phys;
}

bool memory_owns(const struct memory *memory, const void *cpu)
{
	return (uintptr_t)cpu - (uintptr_t)memory->mapping.linear < memory->end;
}

bool memory_has(const struct memory *memory, phys_addr_t phys, uint64_t size)
{
	size_t low = 0, high = memory->ranges;
	uint64_t offset;

	/* the last range that does not begin behind it */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memory->range[middle].start <= phys)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return false;
	offset = phys - memory->range[low - 1].start;
	return offset < memory->range[low - 1].length &&
	       size <= memory->range[low - 1].length - offset;
}

phys_addr_t memory_end(const struct memory *memory)
{
	return memory->end;
}

enum memory_zone memory_zone_of(const struct memory *memory, phys_addr_t phys)
{
	unsigned int zone = MEMORY_ZONE_DMA;

	while (zone < MEMORY_ZONE_NORMAL && phys >= memory->zone_end[zone])
		zone++;
	return zone;
}

void memory_zone(const struct memory *memory, enum memory_zone zone, phys_addr_t *start,
		 phys_addr_t *end)
{
	*start = zone ? memory->zone_end[zone - 1] : 0;
	*end = memory->zone_end[zone];
}

void memory_forget(const struct memory *memory, phys_addr_t phys, uint64_t size)
{
	/* a store counts on pages to stay */
	if (memory->store)
		memset(memory->mapping.linear + phys, 0, size);
	else if (size)
		madvise(memory->mapping.linear + phys, size, MADV_REMOVE);
}

/* Behind the end there is no mapping yet; a hole before it is only closed. */
static int open_device(struct memory *memory, struct device_memory *device)
{
	char *place = memory->mapping.linear + device->start;
	uint64_t end = device->start + device->length;
	void *got;

	if (end <= memory->end)
		return open_range(memory, device->start, device->length);
	if (device->start < memory->end)
		return -EINVAL;
	if (ftruncate(memory->mapping.fd, (off_t)MEMORY_LIMIT))
		return -ENOMEM;
	got = mmap(place, device->length, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_NORESERVE | MAP_FIXED_NOREPLACE, memory->mapping.fd,
		   (off_t)device->start);
	if (got == place) {
		device->mapped = true;
		return 0;
	}
	if (got != MAP_FAILED)
		munmap(got, device->length);
	return -ENOMEM;
}

int memory_add_device(struct memory *memory, phys_addr_t phys, uint64_t size)
{
	phys_addr_t start = align_down(phys, PAGE_SIZE);
	struct device_memory *device;
	int err;

	if (!size || size > MEMORY_LIMIT || phys > MEMORY_LIMIT - size)
		return -EINVAL;
	size = align_up(phys + size, PAGE_SIZE) - start;
	for (device = memory->devices; device; device = device->next)
		if (start >= device->start &&
		    start + size <= device->start + device->length)
			return 0;
	device = heap_alloc(memory->heap, 1, sizeof(*device));
	if (!device)
		return -ENOMEM;
	device->start = start;
	device->length = size;
	err = open_device(memory, device);
	if (err) {
		heap_free(device);
		return err;
	}
	device->next = memory->devices;
	memory->devices = device;
	return 0;
}

void *memory_remap(const struct memory *memory, const phys_addr_t *page, size_t pages)
{
	char *place = mmap(NULL, pages << PAGE_SHIFT, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t run;

	if (place == MAP_FAILED)
		return NULL;
	for (size_t at = 0; at < pages; at += run) {
		for (run = 1; at + run < pages; run++)
			if (page[at + run] != page[at] + (run << PAGE_SHIFT))
				break;
		if (mmap(place + (at << PAGE_SHIFT), run << PAGE_SHIFT,
			 PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE | MAP_FIXED,
			 memory->mapping.fd, (off_t)page[at]) == MAP_FAILED) {
			memory_unmap(place, pages);
			return NULL;
		}
	}
	return place;
}

void memory_unmap(void *cpu, size_t pages)
{
	munmap(cpu, pages << PAGE_SHIFT);
}

int memory_walk(const struct memory *memory, extent_visitor *visit, void *arg)
{
	phys_addr_t at = 0;
	int err = 0;

	for (size_t i = 0; i < memory->ranges && !err; i++) {
		const struct memory_range *range = &memory->range[i];

		if (range->start > at)
			err = visit(&(struct extent) { at, range->start - at, false },
				    arg);
		if (!err)
			err = visit(
				&(struct extent) { range->start, range->length, true },
				arg);
		at = range->start + range->length;
	}
	return err;
}

bool memory_valid(const struct memory *memory)
{
	phys_addr_t at = 0;

	for (size_t i = 0; i < memory->ranges; i++) {
		const struct memory_range *range = &memory->range[i];

		if (range->start < at || !range->length ||
		    (range->start | range->length) & (PAGE_SIZE - 1))
			return false;
		at = range->start + range->length;
	}
	return at == memory->end && virt_to_phys(memory->mapping.linear) == 0;
}

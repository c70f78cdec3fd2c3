// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stack-bytes.c - what devices and CPUs see of fuzz-stack.c's buffers
 *
 * One array of bytes a slot stands for all machines: who may see a byte sees that one.
 */
#include <string.h>

#include "oracle.h"
#include "stack.h"

static unsigned char pattern;

void stack_begin(void)
{
	for (unsigned int number = 0; number < SLOTS_USED; number++) {
		slots[number].use = UNUSED;
		slots[number].filled = 0;
	}
	pattern = 1;
}

static void *buffer_of(struct rig *rig, unsigned int number)
{
	struct mapped *mapped = &rig->mapped[number];

	if (!mapped->cpu && rig->machine) {
		mapped->cpu = libdma_memory_alloc(rig->machine, BUFFER, GFP_KERNEL);
		expect(MEMORY, mapped->cpu);
	}
	return mapped->cpu;
}

static bool device_reads(enum dma_data_direction dir)
{
	return dir != DMA_FROM_DEVICE;
}

static bool device_writes(enum dma_data_direction dir)
{
	return dir != DMA_TO_DEVICE;
}

/* A piece as the device has it: through segments that may hold several. */
static size_t access_list(struct rig *rig, struct mapped *mapped, uint64_t skip,
			  unsigned char *bytes, size_t size, bool write)
{
	struct scatterlist *sg = mapped->list;
	size_t done = 0;

	for (; done < size; sg++) {
		size_t part = sg_dma_len(sg) - skip;

		if (skip >= sg_dma_len(sg)) {
			skip -= sg_dma_len(sg);
			continue;
		}
		part = part < size - done ? part : size - done;
		if (write)
			part = libdma_device_write(rig->dev, sg_dma_address(sg) + skip,
						   bytes + done, part, NULL);
		else
			part = libdma_device_read(rig->dev, sg_dma_address(sg) + skip,
						  bytes + done, part, NULL);
		if (!part)
			break;
		done += part;
		skip = 0;
	}
	return done;
}

static void access_piece(enum backend backend, unsigned int number, unsigned int at,
			 unsigned char *bytes, bool write)
{
	struct mapped *mapped = &rigs[backend].mapped[number];
	const struct slot *slot = &slots[number];
	uint64_t size = slot->piece[at].size, before = 0;
	size_t done;

	for (unsigned int i = 0; i < at; i++)
		before += slot->piece[i].size;
	if (slot->use == LIST)
		done = access_list(&rigs[backend], mapped, before, bytes, size, write);
	else if (write)
		done = libdma_device_write(rigs[backend].dev, mapped->dma, bytes, size, NULL);
	else
		done = libdma_device_read(rigs[backend].dev, mapped->dma, bytes, size, NULL);
	expect(TRANSLATE, done == size);
}

/*
 * Half of it, and the other half stays as it was; 6.1 makes zeros of that where the
 * device is not trusted (I27).
 */
static uint64_t written(uint64_t size)
{
	return requests_kernel(&requests) == DMA_KERNEL_6_1 ? size : size / 2 + 1;
}

/* The device looks at what it may see, and then changes some of it. */
void stack_device_runs(unsigned int number)
{
	struct slot *slot = &slots[number];
	static unsigned char seen[BUFFER];

	for (unsigned int at = 0; at < slot->pieces; at++) {
		struct piece *piece = &slot->piece[at];

		for (int i = 0; i < BACKENDS && device_reads(slot->dir); i++) {
			if (!rigs[i].mapped[number].live)
				continue;
			access_piece(i, number, at, seen, false);
			expect(DEVICE, !memcmp(seen, slot->bytes + piece->place, piece->size));
		}
		if (!device_writes(slot->dir))
			continue;
		pattern = (unsigned char)(pattern * 5 + 17);
		memset(slot->bytes + piece->place, pattern, written(piece->size));
	}
	for (int i = 0; i < BACKENDS && device_writes(slot->dir); i++)
		for (unsigned int at = 0; at < slot->pieces; at++) {
			struct piece part = slot->piece[at];

			if (!rigs[i].mapped[number].live)
				continue;
			slot->piece[at].size = written(part.size);
			/* what lies before it in the list is as long as before */
			if (slot->use != LIST)
				access_piece(i, number, at, slot->bytes + part.place, true);
			slot->piece[at] = part;
			if (slot->use == LIST)
				access_piece(i, number, at, slot->bytes + part.place, true);
		}
}

void stack_check_cpu(unsigned int number, uint64_t place, uint64_t size)
{
	for (int i = 0; i < BACKENDS; i++) {
		const struct mapped *mapped = &rigs[i].mapped[number];
		const unsigned char *cpu = mapped->memory ? mapped->memory : mapped->cpu;

		if (mapped->live)
			expect(CPU, !memcmp(cpu + place, slots[number].bytes + place, size));
	}
}

/* Nobody but the mapping's own bytes may have changed. */
void stack_check_buffer(enum backend backend, unsigned int number)
{
	const unsigned char *cpu = rigs[backend].mapped[number].cpu;

	/* a line that a device wrote in part takes the CPU's neighbours with it */
	if (backend != INCOHERENT)
		expect(NEIGHBOUR, !memcmp(cpu, slots[number].bytes, slots[number].filled));
}

void stack_cpu_writes(unsigned int number, uint64_t place, uint64_t size)
{
	pattern = (unsigned char)(pattern * 5 + 13);
	memset(slots[number].bytes + place, pattern, size);
	for (int i = 0; i < BACKENDS; i++) {
		struct mapped *mapped = &rigs[i].mapped[number];

		if (mapped->live)
			memset((unsigned char *)(mapped->memory ? mapped->memory
								: (void *)mapped->cpu) +
				       place,
			       pattern, size);
	}
}

/*
 * What a request cannot touch is not filled: the rest of its last page shows who reaches
 * too far, and most requests are small. What was filled before stays under watch.
 */
void stack_fill(unsigned int number, uint64_t end)
{
	struct slot *slot = &slots[number];

	end = (end + PAGE_SIZE) & PAGE_MASK;
	if (slot->filled < end)
		slot->filled = end < BUFFER ? end : BUFFER;
	pattern = (unsigned char)(pattern * 5 + 11);
	memset(slot->bytes, pattern, slot->filled);
	for (uint64_t at = 0; at < slot->filled; at += 61)
		slot->bytes[at] = (unsigned char)(pattern + at / 61);
	for (int i = 0; i < BACKENDS; i++)
		if (rigs[i].machine)
			memcpy(buffer_of(&rigs[i], number), slot->bytes, slot->filled);
}

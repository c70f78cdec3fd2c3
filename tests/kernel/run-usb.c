// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * run-usb.c - buffers of a USB host controller, filled by its device
 *
 * The device writes a pattern of each buffer's own through the DMA address; when the
 * buffer is given back, the CPU has to find it there.
 */
#include <stdio.h>
#include <stdlib.h>

#include <linux/genalloc.h>
#include <linux/dma-mapping.h>
#include <linux/usb/hcd.h>

#include "run.h"

#define BUFFERS 300
#define LARGEST 9000
#define ROUNDS	20000

static struct device dev;
static u64 dma_mask;
static struct usb_hcd hcd = { .self.sysdev = &dev };

static struct buffer {
	unsigned char *cpu;
	dma_addr_t dma;
	size_t size;
	unsigned char mark;
	bool pages;
} buffers[BUFFERS];

/* No controller here has memory of its own. */
void *gen_pool_dma_alloc(struct gen_pool *pool, size_t size, dma_addr_t *dma)
{
	(void)pool, (void)size, (void)dma;
	abort();
}

void *gen_pool_dma_alloc_align(struct gen_pool *pool, size_t size, dma_addr_t *dma,
			       int align)
{
	(void)pool, (void)size, (void)dma, (void)align;
	abort();
}

void gen_pool_free(struct gen_pool *pool, unsigned long cpu, size_t size)
{
	(void)pool, (void)cpu, (void)size;
	abort();
}

static int take(struct buffer *buffer, unsigned int dice)
{
	unsigned char bytes[LARGEST];

	buffer->size = 1 + (dice >> 8) % (dice % 4 ? 2100 : LARGEST);
	buffer->mark = (unsigned char)(dice >> 16);
	buffer->pages = dice % 7 == 0;
	if (buffer->pages)
		buffer->cpu = hcd_buffer_alloc_pages(&hcd, buffer->size, GFP_KERNEL,
						     &buffer->dma);
	else
		buffer->cpu = hcd_buffer_alloc(&hcd.self, buffer->size, GFP_ATOMIC,
					       &buffer->dma);
	if (!buffer->cpu)
		return 1;
	memset(bytes, buffer->mark, buffer->size);
	if (hcd.uses_dma)
		return libdma_device_write(&dev, buffer->dma, bytes, buffer->size, NULL) !=
		       buffer->size;
	memset(buffer->cpu, buffer->mark, buffer->size);
	return buffer->dma != DMA_MAPPING_ERROR;
}

static int give_back(struct buffer *buffer)
{
	int wrong = 0;

	for (size_t at = 0; at < buffer->size; at++)
		wrong |= buffer->cpu[at] != buffer->mark;
	if (buffer->pages)
		hcd_buffer_free_pages(&hcd, buffer->size, buffer->cpu, buffer->dma);
	else
		hcd_buffer_free(&hcd.self, buffer->size, buffer->cpu, buffer->dma);
	buffer->cpu = NULL;
	return wrong;
}

static int exercise(bool uses_dma)
{
	unsigned int dice = 1;
	int wrong;

	hcd.uses_dma = uses_dma;
	wrong = hcd_buffer_create(&hcd) != 0;
	for (int round = 0; round < ROUNDS && !wrong; round++) {
		struct buffer *buffer;

		dice = dice * 1664525 + 1013904223;
		buffer = &buffers[(dice >> 4) % BUFFERS];
		wrong = buffer->cpu ? give_back(buffer) : take(buffer, dice);
	}
	for (int i = 0; i < BUFFERS; i++)
		if (buffers[i].cpu)
			wrong |= give_back(&buffers[i]);
	hcd_buffer_destroy(&hcd);
	if (wrong)
		fprintf(stderr, "a buffer was not had, or lost what it held\n");
	return wrong;
}

static void release(struct device *released)
{
	(void)released;
}

int main(int argc, char **argv)
{
	struct run run;
	int wrong;

	if (argc != 2)
		return 2;
	run_begin(&run, (unsigned int)atoi(argv[1]) % RUN_MACHINES);
	dev.release = release;
	dev.dma_mask = &dma_mask;
	wrong = dev_set_name(&dev, "usb%d", 1) || device_register(&dev) ||
		dma_set_mask_and_coherent(&dev, DMA_BIT_MASK(32));
	usb_init_pool_max();
	wrong = wrong || exercise(true) || exercise(false);
	device_unregister(&dev);
	return run_end(&run) || wrong;
}

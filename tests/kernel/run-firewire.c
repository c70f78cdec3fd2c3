// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * run-firewire.c - isochronous buffers of a FireWire card, page by page
 *
 * What the card writes at a page's DMA address the CPU has to find in that page, and
 * what the CPU wrote the card has to read. Then memory runs short, of the model and of
 * the machine.
 */
#include <stdio.h>
#include <stdlib.h>

#include <linux/dma-mapping.h>
#include <linux/firewire.h>

#include "run.h"

#define PAGES 37
#define HOARD 4096 /* most pieces that all free memory is taken in */

static struct device dev;
static u64 dma_mask;
static struct fw_card card = { .device = &dev };

static int receive(void)
{
	unsigned char bytes[PAGE_SIZE];
	struct fw_iso_buffer buffer = { 0 };
	int wrong = 0;

	if (fw_iso_buffer_init(&buffer, &card, PAGES, DMA_FROM_DEVICE))
		return 1;
	for (int i = 0; i < PAGES; i++) {
		memset(bytes, i + 1, sizeof(bytes));
		wrong |= libdma_device_write(&dev, buffer.dma_addrs[i], bytes,
					     sizeof(bytes), NULL) != sizeof(bytes);
	}
	for (int i = 0; i < PAGES; i++) {
		unsigned char *cpu = page_address(buffer.pages[i]);

		dma_sync_single_for_cpu(&dev, buffer.dma_addrs[i], PAGE_SIZE,
					DMA_FROM_DEVICE);
		memset(bytes, i + 1, sizeof(bytes));
		wrong |= memcmp(cpu, bytes, sizeof(bytes)) != 0;
		wrong |= fw_iso_buffer_lookup(&buffer, buffer.dma_addrs[i] + 100) !=
			 (size_t)i * PAGE_SIZE + 100;
	}
	fw_iso_buffer_destroy(&buffer, &card);
	return wrong;
}

static int transmit(void)
{
	struct fw_iso_buffer buffer = { 0 };
	unsigned char seen = 0;
	int wrong = 0;

	if (fw_iso_buffer_init(&buffer, &card, PAGES, DMA_TO_DEVICE))
		return 1;
	for (int i = 0; i < PAGES; i++) {
		((unsigned char *)page_address(buffer.pages[i]))[77] = (unsigned char)~i;
		dma_sync_single_for_device(&dev, buffer.dma_addrs[i], PAGE_SIZE,
					   DMA_TO_DEVICE);
		wrong |= libdma_device_read(&dev, buffer.dma_addrs[i] + 77, &seen, 1,
					    NULL) != 1 ||
			 seen != (unsigned char)~i;
	}
	fw_iso_buffer_destroy(&buffer, &card);
	return wrong;
}

/* Where the model itself runs short, all that was begun has to be undone. */
static int fail(struct run *run)
{
	int wrong = 0;

	for (unsigned int nth = 1; nth <= 200; nth++) {
		struct fw_iso_buffer buffer = { .direction = DMA_TO_DEVICE };
		unsigned long long live = run->begun - run->ended;
		size_t leaks = libdma_kernel_leaks(run->kernel);
		int err;

		libdma_machine_fail(run->machine, nth, 0, 0);
		err = fw_iso_buffer_init(&buffer, &card, PAGES, DMA_TO_DEVICE);
		libdma_machine_fail(run->machine, 0, 0, 0);
		if (!err)
			fw_iso_buffer_destroy(&buffer, &card);
		wrong |= (err && err != -ENOMEM) || run->begun - run->ended != live ||
			 libdma_kernel_leaks(run->kernel) != leaks ||
			 !libdma_machine_valid(run->machine);
	}
	return wrong;
}

/* With fewer pages left than a buffer has, none of them may stay taken. */
static int starve(struct run *run)
{
	static struct page *hoard[HOARD], *spare[PAGES / 2];
	static unsigned int orders[HOARD];
	struct fw_iso_buffer buffer = { 0 };
	unsigned int hoarded = 0, order = 11;
	size_t leaks;
	int wrong;

	for (int i = 0; i < PAGES / 2; i++)
		spare[i] = alloc_page(GFP_KERNEL);
	while (order-- && hoarded < HOARD)
		while (hoarded < HOARD && (hoard[hoarded] = alloc_pages(GFP_KERNEL, order)))
			orders[hoarded++] = order;
	release_pages(spare, PAGES / 2);
	leaks = libdma_kernel_leaks(run->kernel);
	wrong = fw_iso_buffer_init(&buffer, &card, PAGES, DMA_TO_DEVICE) != -ENOMEM;
	wrong |= buffer.pages || libdma_kernel_leaks(run->kernel) != leaks;
	while (hoarded--)
		__free_pages(hoard[hoarded], orders[hoarded]);
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
	wrong = dev_set_name(&dev, "fw%d", 0) || device_register(&dev) ||
		dma_set_mask_and_coherent(&dev, DMA_BIT_MASK(32));
	wrong = wrong || receive() || transmit() || fail(&run) || starve(&run);
	if (wrong)
		fprintf(stderr, "a page was not had, held something else, or is not back\n");
	device_unregister(&dev);
	return run_end(&run) || wrong;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hcd.h - a host controller, as far as usb/core/buffer.c asks */
#pragma once

#include <linux/usb.h>

#define HCD_BUFFER_POOLS 4

struct gen_pool;
struct dma_pool;

struct usb_hcd {
	struct usb_bus self;
	struct dma_pool *pool[HCD_BUFFER_POOLS];
	struct gen_pool *localmem_pool; /* always NULL here */
	bool uses_dma;
};

#define hcd_uses_dma(hcd) ((hcd)->uses_dma)
#define bus_to_hcd(bus)	  container_of(bus, struct usb_hcd, self)

void usb_init_pool_max(void);
int hcd_buffer_create(struct usb_hcd *hcd);
void hcd_buffer_destroy(struct usb_hcd *hcd);
void *hcd_buffer_alloc(struct usb_bus *bus, size_t size, gfp_t gfp, dma_addr_t *dma);
void hcd_buffer_free(struct usb_bus *bus, size_t size, void *cpu, dma_addr_t dma);
void *hcd_buffer_alloc_pages(struct usb_hcd *hcd, size_t size, gfp_t gfp,
			     dma_addr_t *dma);
void hcd_buffer_free_pages(struct usb_hcd *hcd, size_t size, void *cpu, dma_addr_t dma);

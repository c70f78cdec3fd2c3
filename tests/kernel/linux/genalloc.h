/* SPDX-License-Identifier: GPL-2.0-or-later */
/* genalloc.h - a controller's own memory, which none has here */
#pragma once

#include <linux/types.h>

struct gen_pool;

/* run-usb.c stops where one of these is reached. */
void *gen_pool_dma_alloc(struct gen_pool *pool, size_t size, dma_addr_t *dma);
void *gen_pool_dma_alloc_align(struct gen_pool *pool, size_t size, dma_addr_t *dma,
			       int align);
void gen_pool_free(struct gen_pool *pool, unsigned long cpu, size_t size);

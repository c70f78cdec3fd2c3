/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * border.h - what a kernel owns, for the files of kernel/
 */
#pragma once

#include <libdma/kernel.h>

struct named_device;

struct libdma_kernel {
	struct libdma_machine *machine;
	unsigned int flags;
	uint64_t clock_ns; /* the computer's clock where the machine's is machine_ns */
	uint64_t machine_ns;

	void *slabs;		     /* a tree of all, by address; tsearch(3) */
	struct slab *partial[16];    /* by the size's power, those with room */
	size_t objects;		     /* of kmalloc() that are live */
	size_t pages;		     /* of alloc_pages() that are live */
	struct named_device *devices; /* newest first */
};

/* The kernel that the caller is inside of. */
struct libdma_kernel *border_kernel(void);

/* What is left at the end; slab.c, device.c. */
void slab_release_all(struct libdma_kernel *kernel);
void device_release_all(struct libdma_kernel *kernel);
size_t device_count(const struct libdma_kernel *kernel);

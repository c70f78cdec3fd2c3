/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peer-swiotlb.h - the kernel's bounce buffers, built as a shared object of their own
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct peer_swiotlb_device {
	unsigned int min_align_mask;
	uint64_t boundary;
};

/* What the shared object exports as `peer_swiotlb`. */
struct peer_swiotlb {
	/* there is one bank, which replaces that of before */
	void (*create)(uint64_t start, unsigned long slots, unsigned int areas);
	/* all ones where there is no room; nothing is copied */
	uint64_t (*map)(const struct peer_swiotlb_device *device, unsigned int cpu,
			uint64_t phys, size_t size, unsigned int align_mask);
	void (*unmap)(const struct peer_swiotlb_device *device, uint64_t phys);
	unsigned long (*used)(void); /* slots */
	size_t (*max_mapping_size)(const struct peer_swiotlb_device *device);
	/* as at boot, with what stands after swiotlb= and so much memory that can be had:
	 * is there a bank? */
	bool (*boot)(const char *text, unsigned int cpus, unsigned long most_slots,
		     unsigned long *slots, unsigned int *areas, bool *force);
};

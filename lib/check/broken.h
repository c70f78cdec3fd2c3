/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * broken.h - one function a rule: is it broken, and how?
 *
 * Each is asked on the occasion that the table of check-rules.c names. Its name is the
 * rule's.
 */
#pragma once

#include "check/check.h"

typedef bool is_broken(const struct question *question, struct answer *answer);

/* broken-end.c */
is_broken unmap_error_address, unmap_not_mapped, unmap_other_size, unmap_other_function,
	free_other_cpu_address, unmap_sg_other_nents, unmap_other_direction,
	map_error_unchecked, unmap_other_attributes, unmap_twice, unmap_sg_returned_count,
	sync_missing_for_device;

/* broken-map.c */
is_broken map_no_memory, map_kernel_text, cacheline_overlap, cacheline_overlaps_many,
	cacheline_shared, segment_too_long, segment_over_boundary, mmio_of_ram,
	beyond_mask, address_given_twice, iova_before_flush;

/* broken-sync.c */
is_broken sync_not_mapped, sync_beyond, sync_other_direction, sync_read_only_for_cpu,
	sync_write_only_for_device, sync_sg_other_nents, use_after_unmap,
	sync_missing_for_cpu;

/* broken-device.c */
is_broken driver_left_mappings, fault_after_unmap, fault_other_direction, fault_unmapped,
	pool_free_unknown, pool_wrong_handle, pool_destroy_busy, region_declared_twice,
	region_released_busy, region_occupied_busy;

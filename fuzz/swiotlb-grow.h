/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * swiotlb-grow.h - fuzz-swiotlb where banks are added, and what is not found but told
 */
#pragma once

#include "requests.h"

/*
 * All requests of an input. map_*, alloc and unmap_* as ever; mapping_error adds the bank
 * that is wanted; sync_single_for_cpu takes a copy back, and places it where it was;
 * sync_single_for_device reads a size as the kernel's command line has it. Direction 3:
 * there is no memory for a bank; device 3: none for what describes it.
 */
void grow_run(struct requests *requests);

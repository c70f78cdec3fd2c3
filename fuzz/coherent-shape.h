/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * coherent-shape.h - what fuzz-coherent asks besides allocations: what walks show, what
 * is refused, which pool is tried
 */
#pragma once

#include "alloc/atomic-pool.h"
#include "alloc/coherent.h"
#include "alloc/contiguous.h"
#include "reference-pages.h"

/* A walk shows each page of @pages once, in order, as runs from the address given. */
void shape_expect_region(const struct coherent_region *region,
			 const struct reference_pages *pages, uint64_t dma);
void shape_expect_area(const struct contiguous *area, const struct reference_pages *pages,
		       uint64_t phys);

/* What cannot be is no region, area or pool; nor what the model has no memory for. */
void shape_refuses(const struct kernel_rules *rules,
		   const struct atomic_pool_pages *pages, uint64_t fail_nth);

/* Which pool is tried, of those that the bits of @has say there are (A16, A17). */
void shape_check_choice(const struct kernel_rules *rules, unsigned int has);

/* Of a region where nothing is taken: what is released wrongly (C10, C14). */
void shape_release_wrongly(const struct kernel_rules *rules,
			   struct coherent_region *region);

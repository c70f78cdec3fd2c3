/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * extent.h - how every allocator shows its space: one run after another
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct extent {
	uint64_t start; /* in the allocator's own unit and address space */
	uint64_t length;
	bool used;
};

/* Called for each extent in address order; a non-zero return ends the walk. */
typedef int extent_visitor(const struct extent *extent, void *arg);

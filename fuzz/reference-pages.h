/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reference-pages.h - pages of an area the plain way: what is taken, in a sorted array
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define REFERENCE_PAGES_RUNS 2048

struct reference_run {
	uint64_t first, end;
};

struct reference_pages {
	uint64_t size;
	struct reference_run run[REFERENCE_PAGES_RUNS]; /* apart from each other */
	unsigned int runs;
};

void reference_pages_init(struct reference_pages *pages, uint64_t size);

/*
 * The first @count pages in a row that are free and whose number, @skew added, is a
 * multiple of @align; the area's size where there are none.
 */
uint64_t reference_pages_find(const struct reference_pages *pages, uint64_t count,
			      uint64_t align, uint64_t skew);
void reference_pages_take(struct reference_pages *pages, uint64_t first, uint64_t count);

/* Whoever took them; what is free stays so. */
void reference_pages_give(struct reference_pages *pages, uint64_t first, uint64_t count);

/* How many of them are taken. */
uint64_t reference_pages_used(const struct reference_pages *pages, uint64_t first,
			      uint64_t count);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * page-table.h - a page table: from the number of a page to an entry
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/heap.h"

#define TABLE_BITS 9
#define TABLE_SIZE (1U << TABLE_BITS)

struct page_node {
	unsigned int used;
	union {
		struct page_node *child[TABLE_SIZE];
		uint64_t entry[TABLE_SIZE]; /* 0: none */
	};
};

/**
 * struct page_table - nodes of 512, as many levels of them as the numbers need
 *
 * @heap:	where nodes come from
 * @root:	NULL while it is empty
 * @levels:	of nodes
 * @count:	entries that are not 0
 */
struct page_table {
	struct heap *heap;
	struct page_node *root;
	unsigned int levels;
	uint64_t count;
};

/** page_table_clear() - no entries, no nodes */
void page_table_clear(struct page_table *table);

/** page_table_entry() - an entry, 0 if there is none */
uint64_t page_table_entry(const struct page_table *table, uint64_t number);

/** page_table_reserve() - have nodes for entries @from to @to - 1; 0 or -ENOMEM */
int page_table_reserve(struct page_table *table, uint64_t from, uint64_t to);

/** page_table_trim() - give back nodes that were reserved and no entry uses */
void page_table_trim(struct page_table *table, uint64_t from, uint64_t to);

/** page_table_set() - set an entry, not 0, whose node was reserved */
void page_table_set(struct page_table *table, uint64_t number, uint64_t entry);

/** page_table_remove() - remove an entry, if there is one */
void page_table_remove(struct page_table *table, uint64_t number);

/** page_table_next() - the number of the first entry from @from on; false if none */
bool page_table_next(const struct page_table *table, uint64_t from, uint64_t *ret);

/** page_table_valid() - does every node know how much of it is used? For tests. */
bool page_table_valid(const struct page_table *table);

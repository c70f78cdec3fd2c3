// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * page-table.c - a page table: from the number of a page to an entry
 */
#include <assert.h>
#include <errno.h>

#include "hardware/page-table.h"

#define MAX_LEVELS 7 /* of 9 bits: numbers have 63 at most */

static unsigned int place(uint64_t number, unsigned int level)
{
	return number >> level * TABLE_BITS & (TABLE_SIZE - 1);
}

/* Does a table of so many levels have a place for it? */
static bool within(unsigned int levels, uint64_t number)
{
	return levels == MAX_LEVELS || (levels && number >> levels * TABLE_BITS == 0);
}

static void node_destroy(struct page_node *node, unsigned int level)
{
	for (unsigned int i = 0; level && i < TABLE_SIZE; i++)
		if (node->child[i])
			node_destroy(node->child[i], level - 1);
	heap_free(node);
}

void page_table_clear(struct page_table *table)
{
	if (table->root)
		node_destroy(table->root, table->levels - 1);
	table->root = NULL;
	table->levels = 0;
	table->count = 0;
}

/* The node at the bottom, NULL if there is none. */
static struct page_node *leaf(const struct page_table *table, uint64_t number)
{
	struct page_node *node = table->root;

	if (!within(table->levels, number))
		return NULL;
	for (unsigned int level = table->levels; node && --level > 0;)
		node = node->child[place(number, level)];
	return node;
}

uint64_t page_table_entry(const struct page_table *table, uint64_t number)
{
	const struct page_node *node = leaf(table, number);

	return node ? node->entry[place(number, 0)] : 0;
}

static struct page_node *node_create(struct page_table *table)
{
	return heap_alloc(table->heap, 1, sizeof(struct page_node));
}

/* More levels, until there is a place for the number. */
static int grow(struct page_table *table, uint64_t number)
{
	struct page_node *root;

	while (!table->root && !within(table->levels, number))
		table->levels++;
	while (!table->root || !within(table->levels, number)) {
		root = node_create(table);
		if (!root)
			break;
		if (table->root) {
			root->child[0] = table->root;
			root->used = 1;
			table->levels++;
		}
		table->root = root;
	}
	if (!table->root)
		table->levels = 0;
	return table->root && within(table->levels, number) ? 0 : -ENOMEM;
}

static int leaf_reserve(struct page_table *table, uint64_t number)
{
	struct page_node *node, **child;

	if (grow(table, number))
		return -ENOMEM;
	node = table->root;
	for (unsigned int level = table->levels; --level > 0; node = *child) {
		child = &node->child[place(number, level)];
		if (*child)
			continue;
		*child = node_create(table);
		if (!*child)
			return -ENOMEM;
		node->used++;
	}
	return 0;
}

int page_table_reserve(struct page_table *table, uint64_t from, uint64_t to)
{
	for (uint64_t number = from; number < to; number = (number | (TABLE_SIZE - 1)) + 1) {
		if (leaf_reserve(table, number)) {
			page_table_trim(table, from, to);
			return -ENOMEM;
		}
	}
	return 0;
}

/* Free the nodes on the way to a number that hold nothing, from the bottom. */
static void prune(struct page_table *table, uint64_t number)
{
	struct page_node *path[MAX_LEVELS], *node = table->root;
	unsigned int depth = 0;

	if (!within(table->levels, number))
		return;
	for (unsigned int level = table->levels; node; depth++) {
		path[depth] = node;
		node = --level ? node->child[place(number, level)] : NULL;
	}
	while (depth && !path[depth - 1]->used) {
		heap_free(path[--depth]);
		if (!depth) {
			table->root = NULL;
			table->levels = 0;
			return;
		}
		path[depth - 1]->child[place(number, table->levels - depth)] = NULL;
		path[depth - 1]->used--;
	}
}

void page_table_trim(struct page_table *table, uint64_t from, uint64_t to)
{
	for (uint64_t number = from; number < to; number = (number | (TABLE_SIZE - 1)) + 1)
		prune(table, number);
}

void page_table_set(struct page_table *table, uint64_t number, uint64_t entry)
{
	struct page_node *node = leaf(table, number);
	uint64_t *old;

	assert(node); /* the caller has prepared it */
	old = &node->entry[place(number, 0)];
	node->used += !*old;
	table->count += !*old;
	*old = entry;
}

void page_table_remove(struct page_table *table, uint64_t number)
{
	struct page_node *node = leaf(table, number);

	if (!node || !node->entry[place(number, 0)])
		return;
	node->entry[place(number, 0)] = 0;
	table->count--;
	if (!--node->used)
		prune(table, number);
}

static bool node_next(const struct page_node *node, unsigned int level, uint64_t from,
		      uint64_t *ret)
{
	for (unsigned int i = place(from, level); i < TABLE_SIZE; i++) {
		uint64_t below = 0;

		if (!level && node->entry[i]) {
			*ret = i;
			return true;
		}
		/* Only the first child is entered in its middle. */
		if (level && node->child[i] &&
		    node_next(node->child[i], level - 1, i == place(from, level) ? from : 0,
			      &below)) {
			*ret = ((uint64_t)i << level * TABLE_BITS) + below;
			return true;
		}
	}
	return false;
}

bool page_table_next(const struct page_table *table, uint64_t from, uint64_t *ret)
{
	return table->root && within(table->levels, from) &&
	       node_next(table->root, table->levels - 1, from, ret);
}

static bool node_valid(const struct page_node *node, unsigned int level, uint64_t *count)
{
	unsigned int used = 0;

	for (unsigned int i = 0; i < TABLE_SIZE; i++) {
		if (!(level ? (bool)node->child[i] : (bool)node->entry[i]))
			continue;
		used++;
		if (level && !node_valid(node->child[i], level - 1, count))
			return false;
	}
	*count += level ? 0 : used;
	return used == node->used && used;
}

bool page_table_valid(const struct page_table *table)
{
	uint64_t count = 0;

	if (!table->root)
		return !table->levels && !table->count;
	return node_valid(table->root, table->levels - 1, &count) && count == table->count;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * intervals.c - ranges that may overlap, found by what they overlap
 *
 * A treap ordered by start, in which each node knows how far its subtree reaches, so
 * that a search leaves out what ends too early.
 *
 * Kernel counterpart: lib/interval_tree.c
 */
#include <stddef.h>

#include "base/intervals.h"

static bool is_before(const struct interval *a, const struct interval *b)
{
	return a->start < b->start || (a->start == b->start && a->order < b->order);
}

static uint64_t reach_of(const struct interval *node)
{
	uint64_t highest = node->last;

	if (node->left && node->left->highest > highest)
		highest = node->left->highest;
	if (node->right && node->right->highest > highest)
		highest = node->right->highest;
	return highest;
}

static void update_upwards(struct interval *node)
{
	for (; node; node = node->parent)
		node->highest = reach_of(node);
}

/* Where the tree holds @node; @parent is NULL for the root. */
static struct interval **place_of(struct intervals *set, struct interval *parent,
				  const struct interval *node)
{
	if (!parent)
		return &set->root;
	return parent->left == node ? &parent->left : &parent->right;
}

/* Let @child take the place of its parent, which becomes its child. */
static void rotate_up(struct intervals *set, struct interval *child)
{
	struct interval *parent = child->parent, **place, *moved;

	place = place_of(set, parent->parent, parent);
	if (parent->left == child) {
		moved = child->right;
		parent->left = moved;
		child->right = parent;
	} else {
		moved = child->left;
		parent->right = moved;
		child->left = parent;
	}
	if (moved)
		moved->parent = parent;
	child->parent = parent->parent;
	parent->parent = child;
	*place = child;
	parent->highest = reach_of(parent);
	child->highest = reach_of(child);
}

/* Any function that no input chooses will do: it keeps the tree flat. */
static uint32_t priority_of(uint64_t order)
{
	order = (order ^ order >> 31) * 0x9e3779b97f4a7c15;
	return (uint32_t)((order ^ order >> 29) * 0xbf58476d1ce4e5b9 >> 32);
}

void intervals_add(struct intervals *set, struct interval *range)
{
	struct interval *parent = NULL, **place = &set->root;

	range->order = ++set->added;
	range->priority = priority_of(range->order);
	range->left = range->right = NULL;
	while (*place) {
		parent = *place;
		place = is_before(range, parent) ? &parent->left : &parent->right;
	}
	*place = range;
	range->parent = parent;
	update_upwards(range);
	while (range->parent && range->parent->priority < range->priority)
		rotate_up(set, range);
}

void intervals_remove(struct intervals *set, struct interval *range)
{
	struct interval *parent;

	while (range->left || range->right) {
		struct interval *left = range->left, *right = range->right;

		rotate_up(set, !right || (left && left->priority > right->priority)
				       ? left
				       : right);
	}
	parent = range->parent;
	*place_of(set, parent, range) = NULL;
	update_upwards(parent);
}

/* The first below @node that overlaps. */
static struct interval *first_below(struct interval *node, uint64_t start, uint64_t last)
{
	while (node && node->highest >= start) {
		if (node->left && node->left->highest >= start) {
			node = node->left;
			continue;
		}
		if (node->start > last)
			return NULL;
		if (node->last >= start)
			return node;
		node = node->right;
	}
	return NULL;
}

struct interval *intervals_first(const struct intervals *set, uint64_t start,
				 uint64_t last)
{
	return first_below(set->root, start, last);
}

struct interval *intervals_next(const struct interval *range, uint64_t start,
				uint64_t last)
{
	struct interval *found = first_below(range->right, start, last), *up;

	for (up = range->parent; !found && up; range = up, up = up->parent) {
		if (range == up->right)
			continue;
		if (up->start > last)
			return NULL;
		found = up->last >= start ? up : first_below(up->right, start, last);
	}
	return found;
}

struct interval *intervals_at(const struct intervals *set, uint64_t start)
{
	struct interval *node = set->root, *found = NULL;

	while (node) {
		if (node->start == start)
			found = node;
		node = start <= node->start ? node->left : node->right;
	}
	return found;
}

struct interval *intervals_newer(const struct interval *range)
{
	struct interval *next = range->right;
	uint64_t start = range->start;

	if (next) {
		while (next->left)
			next = next->left;
	} else {
		for (next = range->parent; next && range == next->right;) {
			range = next;
			next = next->parent;
		}
	}
	return next && next->start == start ? next : NULL;
}

bool intervals_valid(const struct intervals *set)
{
	const struct interval *node = set->root, *last = NULL;

	if (node && node->parent)
		return false;
	while (node && node->left)
		node = node->left;
	while (node) {
		if ((last && !is_before(last, node)) || node->highest != reach_of(node) ||
		    (node->parent && node->parent->priority < node->priority) ||
		    (node->left && node->left->parent != node) ||
		    (node->right && node->right->parent != node))
			return false;
		last = node;
		if (node->right) {
			for (node = node->right; node->left;)
				node = node->left;
			continue;
		}
		while (node->parent && node == node->parent->right)
			node = node->parent;
		node = node->parent;
	}
	return true;
}

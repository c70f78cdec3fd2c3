// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ranges.c - a set of disjoint ranges of numbers that knows its gaps
 *
 * A B+ tree in which a range stands for the gap below it too. Of a gap one number is
 * enough: the largest size that fits naturally aligned, since whatever is smaller fits
 * as well. So the maximum of it in each subtree leads straight to the highest gap
 * that is large enough, aligned and all.
 *
 * A last range at RANGES_END makes the gap above the others an ordinary one, and
 * every insertion one before a range that exists: a subtree's last key never grows.
 */
#include <errno.h>
#include <string.h>

#include "base/mutant.h"
#include "base/ranges-tree.h"

/* The highest range before @at of a leaf whose gap is large enough. */
static bool gap_in_leaf(const struct leaf *leaf, unsigned int *at, uint64_t size)
{
	for (unsigned int i = *at; i-- > 0;) {
		uint64_t from = tree_gap_start(leaf, i);

		if (leaf->lo[i] - from >= size && tree_gap_fit(from, leaf->lo[i]) >= size) {
			*at = i;
			return true;
		}
	}
	return false;
}

/* The highest child before @index that has such a gap. */
static bool fit_below(const struct inner *inner, unsigned int *index, uint64_t size)
{
	for (unsigned int i = *index; i-- > 0;) {
		if (inner->fit[i] >= size) {
			*index = i;
			return true;
		}
	}
	return false;
}

/* The highest range below the path's whose gap is large enough. */
static bool descend_to_gap(const struct ranges *ranges, struct path *path, uint64_t size)
{
	unsigned int level = ranges->height, index = path->at;
	void *node;

	if (path->leaf->fit >= size && gap_in_leaf(path->leaf, &index, size)) {
		path->at = index;
		return true;
	}
	do {
		if (!level)
			return false;
		level--;
	} while (!fit_below(path->node[level], &path->index[level], size));

	node = path->node[level]->child[path->index[level]];
	while (++level < ranges->height) {
		path->node[level] = node;
		path->index[level] = path->node[level]->count;
		fit_below(node, &path->index[level], size);
		node = path->node[level]->child[path->index[level]];
	}
	path->leaf = node;
	path->at = path->leaf->count;
	return gap_in_leaf(path->leaf, &path->at, size);
}

int ranges_take(struct ranges *ranges, uint64_t size, uint64_t below, uint64_t floor,
		uint64_t *ret)
{
	uint64_t mask, from, lo;
	struct path path;
	int r;

	if (!size || size > 1ULL << 63)
		return -EINVAL;
	if (MUTANT(E01, below < size, false))
		return -ENOSPC;
	mask = ~0ULL << (size > 1 ? 64 - __builtin_clzll(size - 1) : 0);

	/* The gap that the bound may cut, and then the gaps that are whole. */
	tree_descend(ranges, below, &path);
	from = tree_gap_start(path.leaf, path.at);
	lo = (below - size) & mask;
	if (from > lo) {
		if (!descend_to_gap(ranges, &path, size))
			return -ENOSPC;
		lo = (path.leaf->lo[path.at] - size) & mask;
	}
	if (lo < floor)
		return -ENOSPC;
	r = tree_insert(ranges, &path, (struct range){ lo, lo + size - 1 });
	if (r)
		return r;
	*ret = lo;
	return 0;
}

/* ---- the rest of the face ---- */

int ranges_create(struct heap *heap, struct ranges **ret)
{
	struct ranges *ranges = heap_alloc(heap, 1, sizeof(*ranges));
	struct leaf *leaf;

	if (!ranges)
		return -ENOMEM;
	leaf = heap_alloc(heap, 1, sizeof(*leaf));
	if (!leaf)
		goto free_ranges;
	leaf->count = 1;
	leaf->lo[0] = leaf->hi[0] = RANGES_END;
	leaf->fit = tree_leaf_fit(leaf);
	ranges->heap = heap;
	ranges->root = leaf;
	ranges->leaves = 1;
	*ret = ranges;
	return 0;

free_ranges:
	heap_free(ranges);
	return -ENOMEM;
}

static void subtree_destroy(struct ranges *ranges, void *node, unsigned int height)
{
	struct inner *inner = node;

	for (unsigned int i = 0; height && i < inner->count; i++)
		subtree_destroy(ranges, inner->child[i], height - 1);
	if (!tree_in_piece(ranges, node))
		heap_free(node);
}

void ranges_destroy(struct ranges *ranges)
{
	if (!ranges)
		return;
	if (ranges->leaves + ranges->inners > ranges->piece_nodes)
		subtree_destroy(ranges, ranges->root, ranges->height);
	while (ranges->spares)
		heap_free(ranges->spare_inner[--ranges->spares]);
	heap_free(ranges->spare_leaf);
	heap_free(ranges->piece);
	heap_free(ranges);
}

/* ---- a clone: its nodes are one piece of memory, the leaves in their order ---- */

static struct leaf *leaf_clone(struct ranges *ranges, const struct leaf *of)
{
	struct leaf *leaf = (struct leaf *)ranges->piece + ranges->leaves++;

	memcpy(leaf, of, offsetof(struct leaf, lo[of->count]));
	memcpy(leaf->hi, of->hi, of->count * sizeof(of->hi[0]));
	leaf->prev = of->prev ? leaf - 1 : NULL;
	leaf->next = of->next ? leaf + 1 : NULL;
	return leaf;
}

/* The inner nodes are behind @leaves leaves. */
static void *subtree_clone(struct ranges *ranges, const void *of, unsigned int height,
			   size_t leaves)
{
	const struct inner *from = of;
	struct inner *inner;

	if (!height)
		return leaf_clone(ranges, of);
	inner = (struct inner *)((struct leaf *)ranges->piece + leaves) +
		ranges->inners++;
	inner->count = from->count;
	memcpy(inner->last, from->last, from->count * sizeof(from->last[0]));
	memcpy(inner->fit, from->fit, from->count * sizeof(from->fit[0]));
	for (unsigned int i = 0; i < from->count; i++)
		inner->child[i] =
			subtree_clone(ranges, from->child[i], height - 1, leaves);
	return inner;
}

int ranges_clone(const struct ranges *of, struct ranges **ret)
{
	struct ranges *ranges = heap_alloc(of->heap, 1, sizeof(*ranges));

	if (!ranges)
		return -ENOMEM;
	ranges->piece_size = of->leaves * sizeof(struct leaf) +
			     of->inners * sizeof(struct inner);
	ranges->piece = heap_resize(of->heap, NULL, 1, ranges->piece_size);
	if (!ranges->piece) {
		heap_free(ranges);
		return -ENOMEM;
	}
	ranges->heap = of->heap;
	ranges->height = of->height;
	ranges->count = of->count;
	ranges->root = subtree_clone(ranges, of->root, of->height, of->leaves);
	ranges->piece_nodes = ranges->leaves + ranges->inners;
	*ret = ranges;
	return 0;
}

int ranges_insert(struct ranges *ranges, struct range range)
{
	struct path path;

	if (range.lo > range.hi || range.hi == RANGES_END)
		return -EINVAL;
	tree_descend(ranges, range.lo, &path);
	if (path.leaf->lo[path.at] <= range.hi || tree_gap_start(path.leaf, path.at) > range.lo)
		return -EEXIST;
	return tree_insert(ranges, &path, range);
}

/* The range of a path, and the one above it. */
static struct range range_at(const struct path *path)
{
	return (struct range){ path->leaf->lo[path->at], path->leaf->hi[path->at] };
}

static struct range range_above(const struct path *path)
{
	const struct leaf *leaf = path->leaf;
	unsigned int at = path->at + 1;

	if (at == leaf->count) {
		leaf = leaf->next;
		at = 0;
	}
	return (struct range){ leaf->lo[at], leaf->hi[at] };
}

int ranges_extract(struct ranges *ranges, uint64_t number, struct range *ret,
		   struct range *next)
{
	struct path path;

	tree_descend(ranges, number, &path);
	if (path.leaf->lo[path.at] != number) {
		/* The one before may begin lower and reach so far. */
		if (ranges_find(ranges, number, ret))
			return -ENOENT;
		tree_descend(ranges, ret->lo, &path);
	}
	if (number == RANGES_END)
		return -ENOENT;
	*ret = range_at(&path);
	*next = range_above(&path);
	tree_remove(ranges, &path);
	return 0;
}

int ranges_remove(struct ranges *ranges, uint64_t lo)
{
	struct path path;

	tree_descend(ranges, lo, &path);
	if (path.leaf->lo[path.at] != lo || lo == RANGES_END)
		return -ENOENT;
	tree_remove(ranges, &path);
	return 0;
}

int ranges_lower(struct ranges *ranges, uint64_t lo, uint64_t to)
{
	struct path path;

	tree_descend(ranges, lo, &path);
	if (path.leaf->lo[path.at] != lo || lo == RANGES_END || to > lo)
		return -ENOENT;
	if (tree_gap_start(path.leaf, path.at) > to)
		return -EEXIST;
	tree_lower(ranges, &path, to);
	return 0;
}

int ranges_find(const struct ranges *ranges, uint64_t number, struct range *ret)
{
	struct path path;
	struct leaf *leaf;
	unsigned int at;

	tree_descend(ranges, number, &path);
	leaf = path.leaf;
	at = path.at;
	if (leaf->lo[at] != number) {
		/* The one before may begin lower and reach so far. */
		if (!at && !leaf->prev)
			return -ENOENT;
		leaf = at ? leaf : leaf->prev;
		at = at ? at - 1 : leaf->count - 1;
	}
	if (number > leaf->hi[at] || number == RANGES_END)
		return -ENOENT;
	*ret = (struct range){ leaf->lo[at], leaf->hi[at] };
	return 0;
}

struct range ranges_next(const struct ranges *ranges, uint64_t from)
{
	struct path path;

	tree_descend(ranges, from, &path);
	return (struct range){ path.leaf->lo[path.at], path.leaf->hi[path.at] };
}

int ranges_walk(const struct ranges *ranges, ranges_visitor *visit, void *arg)
{
	struct path path;
	int r;

	tree_descend(ranges, 0, &path);
	for (const struct leaf *leaf = path.leaf; leaf; leaf = leaf->next) {
		for (unsigned int i = 0; i < leaf->count; i++) {
			if (leaf->lo[i] == RANGES_END)
				break;
			r = visit((struct range){ leaf->lo[i], leaf->hi[i] }, arg);
			if (r)
				return r;
		}
	}
	return 0;
}

size_t ranges_count(const struct ranges *ranges)
{
	return ranges->count;
}

size_t ranges_memory(const struct ranges *ranges)
{
	return sizeof(*ranges) + ranges->leaves * sizeof(struct leaf) +
	       ranges->inners * sizeof(struct inner);
}

/* ---- for tests ---- */

struct census {
	size_t count;
	const struct leaf *leaf; /* the one that the walk should meet next */
};

static bool leaf_valid(const struct leaf *leaf, struct census *census)
{
	if (leaf != census->leaf || !leaf->count || leaf->count > LEAF_RANGES ||
	    leaf->fit != tree_leaf_fit(leaf))
		return false;
	for (unsigned int i = 0; i < leaf->count; i++)
		if (leaf->lo[i] > leaf->hi[i] || leaf->lo[i] < tree_gap_start(leaf, i))
			return false;
	census->count += leaf->count;
	census->leaf = leaf->next;
	return !leaf->next || leaf->next->prev == leaf;
}

static bool subtree_valid(const void *node, unsigned int height, uint64_t last, uint64_t fit,
			  struct census *census)
{
	const struct inner *inner = node;

	if (!height) {
		const struct leaf *leaf = node;

		return leaf_valid(leaf, census) && leaf->lo[leaf->count - 1] == last &&
		       leaf->fit == fit;
	}
	if (!inner->count || inner->count > FANOUT || tree_inner_fit(inner) != fit ||
	    inner->last[inner->count - 1] != last)
		return false;
	for (unsigned int i = 0; i < inner->count; i++)
		if (!subtree_valid(inner->child[i], height - 1, inner->last[i],
				   inner->fit[i], census))
			return false;
	return true;
}

bool ranges_valid(const struct ranges *ranges)
{
	struct census census = { 0 };
	struct path path;
	uint64_t fit;

	tree_descend(ranges, 0, &path);
	census.leaf = path.leaf;
	fit = ranges->height ? tree_inner_fit(ranges->root) : ((struct leaf *)ranges->root)->fit;
	return !path.leaf->prev &&
	       subtree_valid(ranges->root, ranges->height, RANGES_END, fit, &census) &&
	       !census.leaf && census.count == ranges->count + 1;
}

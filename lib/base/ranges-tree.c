// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ranges-tree.c - the tree below a set of ranges
 *
 * A leaf's range stands for the gap below it too, and a node knows of each child the
 * highest range and the largest gap. Memory is taken before anything changes.
 */
#include <errno.h>
#include <string.h>

#include "base/ranges-tree.h"

uint64_t tree_gap_fit(uint64_t from, uint64_t to)
{
	uint64_t length = to - from, block, start;

	if (!length)
		return 0;
	block = 1ULL << (63 - __builtin_clzll(length));
	start = (from + block - 1) & ~(block - 1);
	if (start > to - block)
		block >>= 1;
	else if (block >> 63)
		return block;

	/* More than a block, if it begins where a block of twice the size may. */
	start = (from + 2 * block - 1) & ~(2 * block - 1);
	return start >= from && start < to && to - start > block ? to - start : block;
}

uint64_t tree_leaf_fit(const struct leaf *leaf)
{
	uint64_t from = tree_gap_start(leaf, 0), most = 0, fit;

	for (unsigned int i = 0; i < leaf->count; i++) {
		if (leaf->lo[i] - from > most) {
			fit = tree_gap_fit(from, leaf->lo[i]);
			most = fit > most ? fit : most;
		}
		from = leaf->hi[i] + 1;
	}
	return most;
}

uint64_t tree_inner_fit(const struct inner *inner)
{
	uint64_t most = 0;

	for (unsigned int i = 0; i < inner->count; i++)
		most = inner->fit[i] > most ? inner->fit[i] : most;
	return most;
}

/* The first of @count ascending numbers, one at least, that is not below @key. */
static unsigned int lower_bound(const uint64_t *number, unsigned int count, uint64_t key)
{
	const uint64_t *first = number;

	while (count > 1) {
		unsigned int half = count / 2;

		first = first[half - 1] < key ? first + half : first;
		count -= half;
	}
	return (unsigned int)(first - number) + (*first < key);
}

void tree_descend(const struct ranges *ranges, uint64_t key, struct path *path)
{
	void *node = ranges->root;

	for (unsigned int level = 0; level < ranges->height; level++) {
		struct inner *inner = node;

		path->node[level] = inner;
		path->index[level] = lower_bound(inner->last, inner->count, key);
		node = inner->child[path->index[level]];
		tree_come_near(ranges, node);
	}
	path->leaf = node;
	path->at = lower_bound(path->leaf->lo, path->leaf->count, key);
}

/* Tell the nodes above @level, the leaf's if it is the height, what changed below. */
static void refresh(const struct path *path, unsigned int level, uint64_t fit, uint64_t last)
{
	while (level-- > 0) {
		struct inner *inner = path->node[level];
		unsigned int index = path->index[level];

		if (inner->fit[index] == fit && inner->last[index] == last)
			return;
		inner->fit[index] = fit;
		inner->last[index] = last;
		fit = tree_inner_fit(inner);
		last = inner->last[inner->count - 1];
	}
}

static void refresh_leaf(const struct ranges *ranges, const struct path *path)
{
	const struct leaf *leaf = path->leaf;

	refresh(path, ranges->height, leaf->fit, leaf->lo[leaf->count - 1]);
}

/* ---- memory: taken before anything changes ---- */

/* As many nodes as an insertion on the way @path may need. */
static int provide(struct ranges *ranges, const struct path *path)
{
	unsigned int need = 1;

	if (path->leaf->count < LEAF_RANGES)
		return 0;
	if (!ranges->spare_leaf) {
		ranges->spare_leaf = heap_alloc(ranges->heap, 1, sizeof(struct leaf));
		if (!ranges->spare_leaf)
			return -ENOMEM;
		ranges->leaves++;
	}
	for (unsigned int level = ranges->height; level-- > 0; need++)
		if (path->node[level]->count < FANOUT)
			break;
	if (need == ranges->height + 1 && need > MAX_HEIGHT)
		return -ENOMEM;
	while (ranges->spares < need) {
		struct inner *inner = heap_alloc(ranges->heap, 1, sizeof(*inner));

		if (!inner)
			return -ENOMEM;
		ranges->spare_inner[ranges->spares++] = inner;
		ranges->inners++;
	}
	return 0;
}

/* ---- splitting and joining ---- */

static void child_add(struct inner *inner, unsigned int index, void *child, uint64_t last,
		      uint64_t fit)
{
	unsigned int after = inner->count - index;

	memmove(inner->last + index + 1, inner->last + index, after * sizeof(uint64_t));
	memmove(inner->fit + index + 1, inner->fit + index, after * sizeof(uint64_t));
	memmove(inner->child + index + 1, inner->child + index, after * sizeof(void *));
	inner->last[index] = last;
	inner->fit[index] = fit;
	inner->child[index] = child;
	inner->count++;
}

/* Move the first @count children of one node to the end of another. */
static void children_move(struct inner *to, struct inner *from, unsigned int count)
{
	unsigned int rest = from->count - count;

	memcpy(to->last + to->count, from->last, count * sizeof(uint64_t));
	memcpy(to->fit + to->count, from->fit, count * sizeof(uint64_t));
	memcpy(to->child + to->count, from->child, count * sizeof(void *));
	to->count += count;
	memmove(from->last, from->last + count, rest * sizeof(uint64_t));
	memmove(from->fit, from->fit + count, rest * sizeof(uint64_t));
	memmove(from->child, from->child + count, rest * sizeof(void *));
	from->count -= count;
}

static void ranges_move(struct leaf *to, struct leaf *from, unsigned int count)
{
	unsigned int rest = from->count - count;

	memcpy(to->lo + to->count, from->lo, count * sizeof(uint64_t));
	memcpy(to->hi + to->count, from->hi, count * sizeof(uint64_t));
	to->count += count;
	memmove(from->lo, from->lo + count, rest * sizeof(uint64_t));
	memmove(from->hi, from->hi + count, rest * sizeof(uint64_t));
	from->count = rest;
}

/* A node was cut in two: @lower is new, and @upper the rest of the one on the path. */
struct cut {
	void *lower;
	uint64_t last, fit; /* of @lower */
	uint64_t upper_fit;
};

/* Put the lower part beside the upper, which hangs at @level - 1. */
static void adopt(struct ranges *ranges, const struct path *path, unsigned int level,
		  struct cut cut)
{
	struct inner *inner, *lower;
	unsigned int index;

	if (!level) {
		inner = ranges->spare_inner[--ranges->spares];
		inner->count = 0;
		child_add(inner, 0, ranges->root, RANGES_END, cut.upper_fit);
		child_add(inner, 0, cut.lower, cut.last, cut.fit);
		ranges->root = inner;
		ranges->height++;
		return;
	}
	inner = path->node[level - 1];
	index = path->index[level - 1];
	inner->fit[index] = cut.upper_fit;
	if (inner->count < FANOUT) {
		child_add(inner, index, cut.lower, cut.last, cut.fit);
		return;
	}
	lower = ranges->spare_inner[--ranges->spares];
	lower->count = 0;
	children_move(lower, inner, FANOUT / 2);
	if (index <= FANOUT / 2)
		child_add(lower, index, cut.lower, cut.last, cut.fit);
	else
		child_add(inner, index - FANOUT / 2, cut.lower, cut.last, cut.fit);
	cut = (struct cut){ lower, lower->last[lower->count - 1], tree_inner_fit(lower),
			    tree_inner_fit(inner) };
	adopt(ranges, path, level - 1, cut);
}

/*
 * Make room in a full leaf. Where ranges are added downwards, as addresses are handed
 * out, the upper part stays as full as it is.
 */
static void split(struct ranges *ranges, const struct path *path)
{
	struct leaf *leaf = path->leaf, *lower = ranges->spare_leaf;
	unsigned int count = path->at > 4 ? LEAF_RANGES / 2 : path->at ? path->at : 1;

	ranges->spare_leaf = NULL;
	lower->count = 0;
	ranges_move(lower, leaf, count);
	lower->prev = leaf->prev;
	lower->next = leaf;
	if (lower->prev)
		lower->prev->next = lower;
	leaf->prev = lower;
	lower->fit = tree_leaf_fit(lower);
	leaf->fit = tree_leaf_fit(leaf);
	adopt(ranges, path, ranges->height,
	      (struct cut){ lower, lower->lo[count - 1], lower->fit, leaf->fit });
}

/* Take a child that is empty, or was joined to the next, out of the tree. */
static void child_remove(const struct path *path, unsigned int level)
{
	struct inner *inner = path->node[level];
	unsigned int index = path->index[level], after = inner->count - index - 1;

	memmove(inner->last + index, inner->last + index + 1, after * sizeof(uint64_t));
	memmove(inner->fit + index, inner->fit + index + 1, after * sizeof(uint64_t));
	memmove(inner->child + index, inner->child + index + 1, after * sizeof(void *));
	inner->count--;
}

static void node_free(struct ranges *ranges, void *node, bool is_leaf)
{
	if (tree_in_piece(ranges, node))
		return;
	heap_free(node);
	if (is_leaf)
		ranges->leaves--;
	else
		ranges->inners--;
}

/* Move all of @upper to the end of @lower, if it is worth it and has room to grow. */
static bool leaf_join(struct leaf *lower, struct leaf *upper)
{
	if (lower->count + upper->count > LEAF_RANGES - 4)
		return false;
	ranges_move(lower, upper, upper->count);
	lower->fit = upper->fit > lower->fit ? upper->fit : lower->fit;
	lower->next = upper->next;
	if (lower->next)
		lower->next->prev = lower;
	return true;
}

static bool inner_join(struct inner *lower, struct inner *upper)
{
	if (lower->count + upper->count > FANOUT - 4)
		return false;
	children_move(lower, upper, upper->count);
	return true;
}

/* Join children @index and @index + 1 of the node above @level. */
static bool join(struct ranges *ranges, struct path *path, unsigned int level,
		 unsigned int index)
{
	struct inner *above = path->node[level - 1];
	bool is_leaf = level == ranges->height;
	void *lower, *upper;

	if (index + 1 >= above->count)
		return false;
	lower = above->child[index];
	upper = above->child[index + 1];
	if (is_leaf ? !leaf_join(lower, upper) : !inner_join(lower, upper))
		return false;
	above->last[index] = above->last[index + 1];
	if (above->fit[index] < above->fit[index + 1])
		above->fit[index] = above->fit[index + 1];
	path->index[level - 1] = index + 1;
	child_remove(path, level - 1);
	node_free(ranges, upper, is_leaf);
	return true;
}

/* After a removal at @level: join what became too small, from there upwards. */
static void shrink(struct ranges *ranges, struct path *path, unsigned int level)
{
	for (; level > 0; level--) {
		unsigned int index = path->index[level - 1];

		if (level == ranges->height ? path->leaf->count > LEAF_RANGES / 2
					    : path->node[level]->count > FANOUT / 2)
			break;
		if (!join(ranges, path, level, index) &&
		    !(index && join(ranges, path, level, index - 1)))
			break;
	}
	while (ranges->height && ((struct inner *)ranges->root)->count == 1) {
		struct inner *root = ranges->root;

		ranges->root = root->child[0];
		ranges->height--;
		node_free(ranges, root, false);
	}
}

/* The path's leaf has lost its only range: take it out, and what it leaves empty. */
static unsigned int leaf_remove(struct ranges *ranges, const struct path *path)
{
	struct leaf *leaf = path->leaf;
	unsigned int level = ranges->height;
	struct inner *inner;

	if (leaf->prev)
		leaf->prev->next = leaf->next;
	leaf->next->prev = leaf->prev;
	node_free(ranges, leaf, true);
	for (;;) {
		inner = path->node[--level];
		child_remove(path, level);
		if (inner->count)
			break;
		node_free(ranges, inner, false);
	}
	refresh(path, level, tree_inner_fit(inner), inner->last[inner->count - 1]);
	return level;
}

void tree_remove(struct ranges *ranges, struct path *path)
{
	struct leaf *leaf = path->leaf;
	unsigned int at = path->at, level = ranges->height, after = --leaf->count - at;
	struct leaf *grown = after ? NULL : leaf->next;
	struct path next;
	uint64_t fit;

	memmove(leaf->lo + at, leaf->lo + at + 1, after * sizeof(uint64_t));
	memmove(leaf->hi + at, leaf->hi + at + 1, after * sizeof(uint64_t));
	ranges->count--;
	if (!leaf->count) {
		level = leaf_remove(ranges, path);
	} else if (after) {
		/* two gaps became one, in which fits what fitted in each */
		fit = tree_gap_fit(tree_gap_start(leaf, at), leaf->lo[at]);
		leaf->fit = fit > leaf->fit ? fit : leaf->fit;
		refresh_leaf(ranges, path);
	} else {
		leaf->fit = tree_leaf_fit(leaf);
		refresh_leaf(ranges, path);
	}
	if (grown) {
		fit = tree_gap_fit(tree_gap_start(grown, 0), grown->lo[0]);
		grown->fit = fit > grown->fit ? fit : grown->fit;
		tree_descend(ranges, grown->lo[0], &next);
		refresh_leaf(ranges, &next);
	}
	shrink(ranges, path, level);
}

int tree_insert(struct ranges *ranges, struct path *path, struct range range)
{
	struct leaf *leaf;
	unsigned int at, after;
	uint64_t from, gap;

	if (path->leaf->count == LEAF_RANGES) {
		if (provide(ranges, path))
			return -ENOMEM;
		split(ranges, path);
		tree_descend(ranges, range.lo, path);
	}
	leaf = path->leaf;
	at = path->at;
	after = leaf->count++ - at;
	from = tree_gap_start(leaf, at);
	gap = tree_gap_fit(from, leaf->lo[at]);
	memmove(leaf->lo + at + 1, leaf->lo + at, after * sizeof(uint64_t));
	memmove(leaf->hi + at + 1, leaf->hi + at, after * sizeof(uint64_t));
	leaf->lo[at] = range.lo;
	leaf->hi[at] = range.hi;
	ranges->count++;
	if (gap == leaf->fit)
		leaf->fit = tree_leaf_fit(leaf);
	refresh_leaf(ranges, path);
	return 0;
}

void tree_lower(struct ranges *ranges, struct path *path, uint64_t to)
{
	path->leaf->lo[path->at] = to;
	path->leaf->fit = tree_leaf_fit(path->leaf);
	refresh_leaf(ranges, path);
}

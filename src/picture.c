// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * picture.c - a space cut into rows of cells, before anybody draws it
 */
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "picture.h"

/* Where one device has all of a space, what it uses it for is more to be told. */
enum {
	USE_ALLOCATED,
	USE_TO,
	USE_FROM,
	USE_BOTH,
	USE_OTHER,
};

static const struct {
	char letter;
	const char *name;
} uses[] = {
	[USE_ALLOCATED] = { 'A', "allocated" },
	[USE_TO] = { 'T', "mapped to device" },
	[USE_FROM] = { 'F', "mapped from device" },
	[USE_BOTH] = { 'B', "mapped both ways" },
	[USE_OTHER] = { 'V', "reserved addresses" },
};

static unsigned int use_of(const struct libdma_extent *extent)
{
	if (libdma_event_kind_class(extent->kind) != DMA_CLASS_MAP)
		return USE_ALLOCATED;
	if (extent->kind == DMA_EVENT_IOVA_TRY_ALLOC)
		return USE_OTHER;
	switch (extent->dir) {
	case DMA_TO_DEVICE:
		return USE_TO;
	case DMA_FROM_DEVICE:
		return USE_FROM;
	default:
		return USE_BOTH;
	}
}

/*
 * Classes
 */

unsigned int picture_class_of(const struct picture *picture,
			      const struct libdma_extent *extent)
{
	if (!picture->owners)
		return use_of(extent);
	for (unsigned int i = 0; i + 1 < picture->classes; i++)
		if (picture->class[i].device == extent->device)
			return i;
	return picture->classes - 1;
}

/* Sizes in a trace may be nonsense, but their sum shall not be small. */
static uint64_t sum(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static void class_add(struct picture_class *class, const struct libdma_extent *extent)
{
	class->things++;
	class->requested = sum(class->requested, extent->size);
	class->taken = sum(class->taken, extent->taken);
	if (extent->size > class->largest)
		class->largest = extent->size;
	if (class->things == 1 || extent->ns < class->oldest_ns)
		class->oldest_ns = extent->ns;
}

static int compare_classes(const void *a, const void *b)
{
	const struct picture_class *first = a, *second = b;

	if (first->taken != second->taken)
		return first->taken < second->taken ? 1 : -1;
	return (first->device > second->device) - (first->device < second->device);
}

/* Bytes by device, the most first; devices beyond the last letter share it. */
static void find_owners(struct picture *picture, const struct state *state)
{
	const struct libdma_space *space = picture->space;
	struct picture_class *owner = NULL;
	uint32_t devices = 0, count = 0;

	for (size_t i = 0; i < space->extents; i++)
		if (space->extent[i].device >= devices)
			devices = space->extent[i].device + 1;
	owner = calloc((size_t)devices + 1, sizeof(*owner));
	if (!owner)
		out_of_memory();
	for (size_t i = 0; i < space->extents; i++)
		class_add(&owner[space->extent[i].device], &space->extent[i]);
	for (uint32_t i = 0; i < devices; i++) {
		owner[i].device = i;
		count += owner[i].things > 0;
	}
	qsort(owner, devices, sizeof(*owner), compare_classes);
	picture->owners = count > 1 || space->kind == LIBDMA_SPACE_SWIOTLB;
	picture->classes = count < PICTURE_CLASSES ? count : PICTURE_CLASSES;
	for (uint32_t i = 0; i < picture->classes; i++) {
		picture->class[i] = owner[i];
		picture->class[i].name =
			libdma_strings_get(state_strings(state), owner[i].device);
		picture->class[i].driver = state_driver(state, owner[i].device);
		picture->class[i].letter = (char)('A' + i);
	}
	if (count > PICTURE_CLASSES) {
		struct picture_class *last = &picture->class[PICTURE_CLASSES - 1];

		*last = (struct picture_class) { .letter = 'Z',
						 .name = "other devices",
						 .driver = "" };
	}
	free(owner);
}

static void find_classes(struct picture *picture, const struct state *state)
{
	const struct libdma_space *space = picture->space;

	find_owners(picture, state);
	if (picture->owners && picture->classes < PICTURE_CLASSES)
		return;
	if (!picture->owners) {
		memset(picture->class, 0, sizeof(picture->class));
		picture->classes = sizeof(uses) / sizeof(uses[0]);
		for (unsigned int i = 0; i < picture->classes; i++) {
			picture->class[i].letter = uses[i].letter;
			picture->class[i].name = uses[i].name;
			picture->class[i].driver = "";
		}
	}
	for (size_t i = 0; i < space->extents; i++) {
		unsigned int class = picture_class_of(picture, &space->extent[i]);

		if (!picture->owners || class == PICTURE_CLASSES - 1)
			class_add(&picture->class[class], &space -> extent[i]);
	}
}

/*
 * Rows
 */

/* Rows are counted from here: the start of what has one, otherwise address 0. */
static uint64_t base_of(const struct libdma_space *space)
{
	return space->kind == LIBDMA_SPACE_IOVA || space->kind == LIBDMA_SPACE_MEMORY
		       ? 0
		       : space->start;
}

/* Is all of the space drawn, whether something is in it or not? */
static bool is_bounded(const struct libdma_space *space)
{
	return space->size && space->allocates;
}

struct layout {
	const struct libdma_space *space;
	uint64_t row_size;
	uint64_t next;  /* the first row that has not been visited */
	uint64_t limit; /* of rows */
	uint64_t rows;
	struct picture *picture; /* NULL to count only */
};

static void add_row(struct layout *layout, uint64_t first, uint64_t count, bool folded)
{
	struct picture *picture = layout->picture;
	struct picture_row *row;

	layout->rows += folded ? 1 : count;
	layout->next = first + count;
	for (uint64_t i = 0; picture && i < (folded ? 1 : count); i++) {
		row = &picture->row[picture->rows++];
		row->start = base_of(layout->space) + (first + i) * layout->row_size;
		row->size = folded ? count * layout->row_size : layout->row_size;
		if (folded)
			continue;
		row->cell = calloc(picture->columns, sizeof(*row->cell));
		if (!row->cell)
			out_of_memory();
	}
}

/* Rows that something reaches into; those before it that nothing does are folded. */
static void visit_rows(struct layout *layout, uint64_t first, uint64_t last, bool fold)
{
	if (last < layout->next)
		return;
	if (first < layout->next)
		first = layout->next;
	if (first > layout->next && fold)
		add_row(layout, layout->next, first - layout->next, true);
	if (last - first >= layout->limit) {
		layout->rows = layout->limit + 1;
		layout->next = last + 1;
		return;
	}
	add_row(layout, first, last - first + 1, false);
}

static void lay_out(struct layout *layout)
{
	const struct libdma_space *space = layout->space;
	uint64_t base = base_of(space);
	bool bounded = is_bounded(space);

	layout->next = 0;
	layout->rows = 0;
	for (size_t i = 0; i < space->extents && layout->rows <= layout->limit; i++) {
		const struct libdma_extent *extent = &space->extent[i];
		uint64_t from = extent->from - base;
		uint64_t to = from + (extent->taken ? extent->taken - 1 : 0);

		visit_rows(layout, from / layout->row_size, to / layout->row_size,
			   i || bounded);
	}
	if (bounded) {
		uint64_t end = (space->size - 1) / layout->row_size + 1;

		if (end > layout->next)
			add_row(layout, layout->next, end - layout->next, true);
	}
}

static void choose_scale(struct picture *picture, unsigned int rows)
{
	struct layout layout = { .space = picture->space, .limit = rows };

	picture->cell = picture->space->unit ? picture->space->unit : 1;
	for (;; picture->cell *= 2) {
		bool last = picture->cell > UINT64_MAX / 4 / picture->columns;

		layout.row_size = picture->cell * picture->columns;
		lay_out(&layout);
		if (layout.rows <= rows || last)
			break;
	}
	layout.limit =
		UINT32_MAX; /* larger cells there are not: take what rows it needs */
	lay_out(&layout);
	picture->row = calloc(layout.rows + 1, sizeof(*picture->row));
	if (!picture->row)
		out_of_memory();
	layout.picture = picture;
	lay_out(&layout);
}

/*
 * Cells
 */

static struct picture_row *find_row(const struct picture *picture, uint64_t address)
{
	size_t low = 0, high = picture->rows;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (picture->row[middle].start <= address)
			low = middle;
		else
			high = middle;
	}
	return &picture->row[low];
}

/* Call for the part of [from, to) in each cell. */
typedef void cell_visitor(struct picture_row *row, struct picture_cell *cell,
			  uint64_t bytes, unsigned int class);

static void visit_cells(const struct picture *picture, uint64_t from, uint64_t to,
			unsigned int class, cell_visitor *visit)
{
	struct picture_row *row = find_row(picture, from);
	const struct picture_row *end_row = picture->row + picture->rows;

	while (from < to && row < end_row) {
		uint64_t index = (from - row->start) / picture->cell;
		uint64_t end = row->start + (index + 1) * picture->cell;

		if (from - row->start >= row->size) {
			row++;
			continue;
		}
		end = end > from && end < to ? end : to;
		if (row->cell)
			visit(row, &row->cell[index], end - from, class);
		from = end;
	}
}

static void cell_take(struct picture_row *row, struct picture_cell *cell, uint64_t bytes,
		      unsigned int class)
{
	(void)class;
	row->taken += bytes;
	cell->taken += bytes;
}

static void cell_share(struct picture_row *row, struct picture_cell *cell, uint64_t bytes,
		       unsigned int class)
{
	(void)row;
	(void)bytes;
	(void)class;
	cell->shared = true;
}

static void cell_own(struct picture_row *row, struct picture_cell *cell, uint64_t bytes,
		     unsigned int class)
{
	(void)row;
	if (cell->things && cell->class != class)
		cell->mixed = true;
	if (cell->things && cell->class == class)
		cell->most += bytes;
	if (!cell->things || (cell->class != class && bytes > cell->most)) {
		cell->class = (uint8_t) class;
		cell->most = bytes;
	}
	cell->things++;
}

static void cell_begin(struct picture_row *row, struct picture_cell *cell, uint64_t bytes,
		       unsigned int class)
{
	(void)row;
	(void)bytes;
	(void)class;
	cell->begins = true;
}

static void fill_cells(struct picture *picture)
{
	const struct libdma_space *space = picture->space;
	uint64_t end = 0, reached = 0; /* of what is taken, of what is requested */

	for (size_t i = 0; i < space->extents; i++) {
		const struct libdma_extent *extent = &space->extent[i];
		uint64_t behind = extent->from + (extent->taken ? extent->taken : 1);
		uint64_t last = extent->start + extent->size;
		uint64_t reach = extent->times > 1 ? last : reached;
		unsigned int class = picture_class_of(picture, extent);

		visit_cells(picture, extent->from, behind, class, cell_own);
		visit_cells(picture, extent->from, extent->from + 1, class, cell_begin);
		visit_cells(picture, extent->from > end ? extent->from : end, behind,
			    class, cell_take);
		visit_cells(picture, extent->start, reach < last ? reach : last, class,
			    cell_share);
		end = behind > end ? behind : end;
		reached = last > reached ? last : reached;
		picture->small += extent->taken < picture->cell;
	}
}

static bool in_gap(const struct libdma_space *space, uint64_t start, uint64_t size)
{
	for (size_t i = 0; i < space->gaps; i++)
		if (space->gap[i].start <= start &&
		    start - space->gap[i].start < space->gap[i].length &&
		    space->gap[i].length - (start - space->gap[i].start) >= size)
			return true;
	return is_bounded(space) && start - space->start >= space->size;
}

static void finish_rows(struct picture *picture)
{
	for (size_t i = 0; i < picture->rows; i++) {
		struct picture_row *row = &picture->row[i];

		row->runs = space_runs(picture->space, row->start, row->size);
		for (unsigned int j = 0; row->cell && j < picture->columns; j++) {
			struct picture_cell *cell = &row->cell[j];

			picture->crowded += cell->things > 1;
			if (!cell->things)
				cell->gap = in_gap(picture->space,
						   row->start + j * picture->cell,
						   picture->cell);
		}
	}
}

struct picture *picture_create(const struct libdma_space *space,
			       const struct state *state, unsigned int columns,
			       unsigned int rows)
{
	struct picture *picture = calloc(1, sizeof(*picture));

	if (!picture)
		out_of_memory();
	picture->space = space;
	picture->columns = columns;
	find_classes(picture, state);
	choose_scale(picture, rows);
	if (picture->rows)
		fill_cells(picture);
	finish_rows(picture);
	return picture;
}

void picture_destroy(struct picture *picture)
{
	for (size_t i = 0; i < picture->rows; i++)
		free(picture->row[i].cell);
	free(picture->row);
	free(picture);
}

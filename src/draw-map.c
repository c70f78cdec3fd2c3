// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * draw-map.c - a space on a terminal
 *
 * A letter says whose a cell is and its case whether all of it is taken, so that a
 * picture says the same without colours, in a pipe and in a bug report. Where cells
 * hold several things, the line below has their number.
 */
#include <inttypes.h>
#include <string.h>

#include "draw.h"
#include "output.h"
#include "paragraph.h"
#include "space.h"
#include "table.h"

struct glyphs {
	const char *free;
	const char *gap;
	const char *on; /* an extent that began before goes on */
	const char *mixed;
	const char *shared;
	const char *many; /* ten or more */
	const char *count[10];
	const char *fold;
};

static const struct glyphs glyphs_unicode = {
	.free = "·",
	.gap = "×",
	.on = "━",
	.mixed = "*",
	.shared = "#",
	.many = "₊",
	.count = { " ", " ", "₂", "₃", "₄", "₅", "₆", "₇", "₈", "₉" },
	.fold = "⋮",
};

static const struct glyphs glyphs_ascii = {
	.free = ".",
	.gap = "x",
	.on = "=",
	.mixed = "*",
	.shared = "#",
	.many = "+",
	.count = { " ", " ", "2", "3", "4", "5", "6", "7", "8", "9" },
	.fold = ":",
};

/* Black on these; 26 letters share them, which is why there are letters. */
static const char *const palette[] = { "30;42", "30;46", "30;43",
				       "30;45", "97;44", "30;47" };

#define PALETTE (sizeof(palette) / sizeof(palette[0]))

static const struct glyphs *glyphs_of(const struct terminal *terminal)
{
	return terminal->ascii ? &glyphs_ascii : &glyphs_unicode;
}

static const char *class_color(unsigned int class)
{
	return palette[class % PALETTE];
}

/* Hexadecimal digits of the highest address. */
static int address_width(const struct libdma_space *space)
{
	uint64_t last = space->extents ? space->numbers.last - 1 : 0;
	int digits = 1;

	if (space->allocates && space->size && space->start + space->size - 1 > last)
		last = space->start + space->size - 1;
	while (last >>= 4)
		digits++;
	return digits < 8 ? 8 : digits;
}

#define PERCENT_WIDTH 5 /* " 100%" */
#define LONGEST_WIDTH 14

unsigned int draw_columns(const struct libdma_space *space,
			  const struct terminal *terminal)
{
	unsigned int used = (unsigned int)address_width(space) + 1, columns = 8;

	while (used + 2 * columns <= terminal->width && columns < 1024)
		columns *= 2;
	return columns;
}

/*
 * One row
 */

static bool is_full(const struct picture *picture, const struct picture_cell *cell)
{
	return cell->taken >= picture->cell;
}

static const char *cell_color(const struct picture_cell *cell)
{
	if (cell->shared)
		return "97;41";
	if (cell->things)
		return class_color(cell->class);
	return "2";
}

static void print_cell(const struct picture *picture, const struct picture_cell *cell,
		       const struct glyphs *glyphs, bool first)
{
	char letter = picture->class[cell->class].letter;

	if (cell->shared)
		fputs(glyphs->shared, stdout);
	else if (cell->mixed)
		fputs(glyphs->mixed, stdout);
	else if (cell->things && !cell->begins && is_full(picture, cell) && !first)
		fputs(glyphs->on, stdout);
	else if (cell->things)
		putchar(is_full(picture, cell) ? letter : letter - 'A' + 'a');
	else
		fputs(cell->gap ? glyphs->gap : glyphs->free, stdout);
}

static void print_cells(const struct picture *picture, const struct picture_row *row,
			const struct terminal *terminal)
{
	const struct glyphs *glyphs = glyphs_of(terminal);
	const char *color = "";

	for (unsigned int i = 0; i < picture->columns; i++) {
		const char *next = cell_color(&row->cell[i]);

		if (terminal->colors && strcmp(next, color)) {
			fputs(terminal_color(terminal, "0"), stdout);
			fputs(terminal_color(terminal, next), stdout);
			color = next;
		}
		print_cell(picture, &row->cell[i], glyphs, !i);
	}
	fputs(terminal_color(terminal, "0"), stdout);
}

/* Below the cells: how many things those hold that hold several. */
static void print_counts(const struct picture *picture, const struct picture_row *row,
			 int indent, const struct terminal *terminal)
{
	const struct glyphs *glyphs = glyphs_of(terminal);
	unsigned int last = 0;

	for (unsigned int i = 0; i < picture->columns; i++)
		if (row->cell[i].things > 1)
			last = i + 1;
	if (!last)
		return;
	printf("%*s%s", indent, "", terminal_color(terminal, "2"));
	for (unsigned int i = 0; i < last; i++) {
		uint32_t things = row->cell[i].things;

		fputs(things < 10 ? glyphs->count[things] : glyphs->many, stdout);
	}
	printf("%s\n", terminal_color(terminal, "0"));
}

static void print_folded(const struct picture *picture, const struct picture_row *row,
			 const struct terminal *terminal)
{
	const struct libdma_space *space = picture->space;
	char size[16], free[16];

	printf("%0*" PRIx64 " %s%s %s%s", address_width(space), row->start,
	       terminal_color(terminal, "2"), glyphs_of(terminal)->fold,
	       table_size(row->size, size, sizeof(size)),
	       space->allocates ? "" : " not mapped");
	if (space->allocates && row->runs.free == row->size)
		fputs(" free", stdout);
	else if (space->allocates)
		printf(", %s of it free", table_size(row->runs.free, free, sizeof(free)));
	printf("%s\n", terminal_color(terminal, "0"));
}

static void print_row(const struct picture *picture, const struct picture_row *row,
		      const struct terminal *terminal)
{
	int digits = address_width(picture->space);
	unsigned int room = terminal->width - (unsigned int)digits - 1 - picture->columns;
	char longest[16];

	if (!row->cell) {
		print_folded(picture, row, terminal);
		return;
	}
	printf("%0*" PRIx64 " ", digits, row->start);
	print_cells(picture, row, terminal);
	if (room >= PERCENT_WIDTH)
		printf(" %3.0f%%", 100.0 * (double)row->taken / (double)row->size);
	if (room >= PERCENT_WIDTH + LONGEST_WIDTH && picture->space->allocates)
		printf(" longest %5s",
		       table_size(row->runs.longest, longest, sizeof(longest)));
	putchar('\n');
	print_counts(picture, row, digits + 1, terminal);
}

/*
 * A space
 */

static void print_title(const struct picture *picture, const struct state *state,
			const struct terminal *terminal)
{
	const struct libdma_space *space = picture->space;
	const char *driver = space->device ? state_driver(state, space->device) : "";
	char cell[16], row[16], size[16], whole[64] = "";

	if (space->kind == LIBDMA_SPACE_SWIOTLB && space->size)
		snprintf(whole, sizeof(whole), ", %" PRIu64 " slots of 2K at 0x%" PRIx64,
			 space->size / space->unit, space->start);
	else if (space->size && space->kind != LIBDMA_SPACE_MEMORY)
		snprintf(whole, sizeof(whole), ", %s at 0x%" PRIx64,
			 table_size(space->size, size, sizeof(size)), space->start);
	table_size(picture->cell, cell, sizeof(cell));
	table_size(picture->cell * picture->columns, row, sizeof(row));
	printf("%s%s%s", terminal_color(terminal, "1"), space->name,
	       terminal_color(terminal, "0"));
	paragraph_rest(terminal, (unsigned int)strlen(space->name), 2,
		       "%s%s%s%s; a cell is %s, a row %s",
		       *driver ? " (" : "", driver, *driver ? ")" : "", whole, cell, row);
}

void draw_text(const char *text, const struct terminal *terminal)
{
	size_t width = terminal->width, indent = 0;

	while (strlen(text) + indent > width) {
		size_t cut = width - indent;

		while (cut && text[cut] != ' ')
			cut--;
		if (!cut) /* a word that is wider than all */
			cut = strcspn(text, " ");
		printf("%*s%.*s\n", (int)indent, "", (int)cut, text);
		text += cut + strspn(text + cut, " ");
		indent = 2;
	}
	if (*text)
		printf("%*s%s\n", (int)indent, "", text);
}

static void print_numbers(const struct libdma_space *space,
			  const struct terminal *terminal)
{
	const struct libdma_fragmentation *numbers = &space->numbers;
	char used[16], requested[16], free[16], longest[16], text[SENTENCE];
	int length =
		snprintf(text, sizeof(text), "used %s by %zu extent%s, %s requested",
			 table_size(numbers->used, used, sizeof(used)), space->extents,
			 space->extents == 1 ? "" : "s",
			 table_size(numbers->requested, requested, sizeof(requested)));

	if (space->allocates && space->size)
		snprintf(text + length, sizeof(text) - (size_t)length,
			 "; free %s in %" PRIu64 " runs, the longest %s",
			 table_size(numbers->free, free, sizeof(free)), numbers->runs,
			 table_size(numbers->largest_free, longest, sizeof(longest)));
	draw_text(text, terminal);
}

/* Does an area of the swiotlb begin with this row? */
static void print_area(const struct picture *picture, size_t index,
		       const struct terminal *terminal)
{
	const struct libdma_space *space = picture->space;
	const struct picture_row *row = &picture->row[index];
	uint64_t offset = row->start - space->start;

	if (!space->area || offset % space->area || space->area < row->size)
		return;
	printf("%s-- area %" PRIu64 "%s\n", terminal_color(terminal, "2"),
	       offset / space->area, terminal_color(terminal, "0"));
}

/*
 * A line of the table of holders: @letter, @name, and of the columns behind it as many
 * as fit; the name gives way first. What is left out is wider terminals' and --json's.
 */
static void print_holder(const char *letter, const char *name, const char *numbers,
			 const struct terminal *terminal)
{
	static const unsigned int ends[] = { 49, 40, 32, 22, 14, 7 };
	unsigned int room = terminal->width - 2, shown = 0, named;

	while (shown < 5 && ends[shown] + 12 > room)
		shown++;
	named = room < ends[shown] + 27 ? room - ends[shown] : 27;
	printf("%s %-*.*s%.*s\n", letter, (int)named, (int)named, name,
	       (int)ends[shown], numbers);
}

static void print_holders(const struct picture *picture, const struct state *state,
			  const struct terminal *terminal)
{
	char taken[16], requested[16], largest[16], age[16];

	print_holder(" ", picture->owners ? "HELD BY" : "USE",
		     "  TAKEN  SHARE EXTENTS REQUESTED LARGEST   OLDEST", terminal);
	for (unsigned int i = 0; i < picture->classes; i++) {
		const struct picture_class *class = &picture->class[i];
		char who[28], letter[32], numbers[96];

		if (!class->things)
			continue;
		snprintf(who, sizeof(who), "%s%s%s", class->name,
			 *class->driver ? " " : "", class->driver);
		snprintf(letter, sizeof(letter), "%s%c%s",
			 terminal_color(terminal, class_color(i)), class->letter,
			 terminal_color(terminal, "0"));
		snprintf(numbers, sizeof(numbers),
			 " %6s %5.1f%% %7" PRIu64 " %9s %7s %8s",
			 table_size(class->taken, taken, sizeof(taken)),
			 100.0 * (double)class->taken /
				 (double)(picture->space->numbers.taken
						  ? picture->space->numbers.taken
						  : 1),
			 class->things,
			 table_size(class->requested, requested, sizeof(requested)),
			 table_size(class->largest, largest, sizeof(largest)),
			 table_time(state->moment.ns > class->oldest_ns
					    ? state->moment.ns - class->oldest_ns
					    : 0,
				    age, sizeof(age)));
		print_holder(letter, who, numbers, terminal);
	}
}

/* The areas that CPUs take their slots from first (RULES.md S17). */
static void print_areas(const struct libdma_space *space)
{
	char longest[16];

	for (uint64_t i = 0; space->area && i < space->size / space->area && i < 16;
	     i++) {
		uint64_t start = space->start + i * space->area;
		struct space_runs runs = space_runs(space, start, space->area);

		printf("area %" PRIu64 ": %" PRIu64 " of %" PRIu64
		       " slots used, longest free run %s\n",
		       i, (space->area - runs.free) / space->unit,
		       space->area / space->unit,
		       table_size(runs.longest, longest, sizeof(longest)));
	}
}

static void print_sentence(void *arg, const char *sentence)
{
	draw_text(sentence, arg);
}

void draw_space(const struct picture *picture, const struct state *state,
		const struct terminal *terminal)
{
	print_title(picture, state, terminal);
	print_numbers(picture->space, terminal);
	draw_findings(picture->space, state, print_sentence, (void *)terminal);
	print_areas(picture->space);
	for (size_t i = 0; i < picture->rows; i++) {
		print_area(picture, i, terminal);
		print_row(picture, &picture->row[i], terminal);
	}
	if (picture->space->extents)
		print_holders(picture, state, terminal);
	putchar('\n');
}

/* What of the legend is needed. */
struct seen {
	uint64_t small, crowded;
	bool gap, mixed, shared, folded;
};

static void look_at(const struct picture *picture, struct seen *seen)
{
	seen->small += picture->small;
	seen->crowded += picture->crowded;
	for (size_t i = 0; i < picture->rows; i++) {
		const struct picture_row *row = &picture->row[i];

		seen->folded |= !row->cell;
		for (unsigned int j = 0; row->cell && j < picture->columns; j++) {
			seen->gap |= row->cell[j].gap;
			seen->mixed |= row->cell[j].mixed && !row->cell[j].shared;
			seen->shared |= row->cell[j].shared;
		}
	}
}

void draw_legend(struct picture *const *picture, size_t count,
		 const struct terminal *terminal)
{
	const struct glyphs *glyphs = glyphs_of(terminal);
	struct seen seen = { 0 };

	for (size_t i = 0; i < count; i++)
		look_at(picture[i], &seen);
	printf("A%s%s an extent: the letter where it begins or a row does, %s where it goes "
	       "on\n",
	       glyphs->on, glyphs->on, glyphs->on);
	printf("a  a cell of which only a part is taken;  %s free\n", glyphs->free);
	if (seen.gap)
		printf("%s  reserved, or no memory\n", glyphs->gap);
	if (seen.mixed)
		printf("%s  a cell with extents of several letters\n", glyphs->mixed);
	if (seen.shared)
		printf("%s  addresses that two or more extents hold at once\n",
		       glyphs->shared);
	if (seen.crowded)
		printf("%s..%s below a cell: so many extents in it, %s ten or more; %" PRIu64
		       " cells hold several\n",
		       glyphs->count[2], glyphs->count[9], glyphs->many, seen.crowded);
	if (seen.folded)
		printf("%s  rows in which nothing is taken, folded into one line\n",
		       glyphs->fold);
	if (seen.small)
		printf("%" PRIu64 " extents are smaller than their cell\n", seen.small);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * timeline-print.c - the use over time on a terminal
 *
 * A column stands for a piece of the time and is as high as the most that was in use
 * then. Each chart has its own scale, and its top says which.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "paragraph.h"
#include "timeline.h"
#include "utf8.h"

#define LABEL_MIN   8
#define PEAK_WIDTH  7 /* behind a line */
#define CELLS_MIN   8
#define MARKS_SHOWN 5
#define LABEL_MAX   96 /* bytes of a name that are looked at */

static const char *const blocks[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
static const char *const ascii_blocks[] = { " ", ".", ".", ".", ":", ":", ":", ":", "#" };

#define STEPS 8 /* of a block */

struct layout {
	const struct timeline_view *view;
	const struct terminal *terminal;
	unsigned int label; /* columns before a chart */
	unsigned int cells; /* of a chart */
	unsigned int rows;
};

/* What is no printable ASCII is one '?': so a name has the width it seems to have. */
static void print_label(const char *text, unsigned int width)
{
	size_t size = strnlen(text, LABEL_MAX);
	unsigned int column = 0;

	while (size && column < width) {
		size_t length = utf8_length(text, size);

		putchar(length == 1 && *text >= ' ' && *text <= '~' ? *text : '?');
		column++;
		length = length ? length : 1;
		text += length;
		size -= length;
	}
	printf("%*s", (int)(width - column), "");
}

static unsigned int label_width(const struct timeline_view *view, unsigned int width)
{
	unsigned int most = LABEL_MIN;
	char buffer[32];

	for (size_t i = 0; i < view->count; i++) {
		size_t size = strlen(timeline_name(view, view->series[i], buffer));

		if (size > most)
			most = size > width / 4 ? width / 4 : (unsigned int)size;
	}
	return most < LABEL_MIN ? LABEL_MIN : most;
}

/* How high a value stands in a chart of so many steps; what is not 0 is seen. */
static unsigned int height_of(uint64_t value, uint64_t top, unsigned int steps)
{
	unsigned int height;

	if (!value || !top)
		return 0;
	height = (unsigned int)((double)value / (double)top * steps + 0.5);
	return height ? height < steps ? height : steps : 1;
}

/* The part of a column that lies in row @row, counted from below. */
static void print_block(const struct layout *layout, unsigned int height,
			unsigned int row)
{
	unsigned int below = row * STEPS;
	unsigned int part = height > below ? height - below : 0;

	fputs((layout->terminal->ascii ? ascii_blocks
				       : blocks)[part < STEPS ? part : STEPS],
	      stdout);
}

/* One line of a chart, up to its last column that is not empty. */
static void print_row(const struct layout *layout, const struct timeline_cut *cut,
		      unsigned int measure, uint64_t top, unsigned int row)
{
	unsigned int steps = layout->rows * STEPS;
	size_t last = cut->count;

	while (last &&
	       height_of(cut->cell[last - 1].high[measure], top, steps) <= row * STEPS)
		last--;
	for (size_t i = 0; i < last; i++)
		print_block(layout, height_of(cut->cell[i].high[measure], top, steps),
			    row);
}

static void print_chart(const struct layout *layout, unsigned int measure)
{
	uint64_t top = timeline_top(layout->view, measure);
	struct timeline_cut cut = timeline_cut(layout->view->timeline, 0, layout->cells);
	const char *axis = layout->terminal->ascii ? "|" : "│";
	char value[32];

	for (unsigned int row = layout->rows; row-- > 0;) {
		const char *label = "";

		if (row + 1 == layout->rows)
			label = timeline_value(measure, top, value, sizeof(value));
		else if (!row)
			label = "0";
		printf("%*s %s", (int)layout->label, label, axis);
		print_row(layout, &cut, measure, top, row);
		putchar('\n');
	}
	timeline_cut_deinit(&cut);
}

/* A series on one line, with a scale of its own and its peak behind it. */
static void print_line(const struct layout *layout, size_t series, unsigned int measure)
{
	const struct libdma_timeline_peak *peak =
		&libdma_timeline_series(layout->view->timeline, series)->peak[measure];
	struct timeline_cut cut =
		timeline_cut(layout->view->timeline, series, layout->cells);
	char buffer[32];

	print_label(timeline_name(layout->view, series, buffer), layout->label);
	printf(" %s", layout->terminal->ascii ? "|" : "│");
	for (size_t i = 0; i < cut.count; i++)
		print_block(layout,
			    height_of(cut.cell[i].high[measure], peak->value, STEPS), 0);
	printf("%*s %s\n", (int)(layout->cells - cut.count), "",
	       timeline_value(measure, peak->value, buffer, sizeof(buffer)));
	timeline_cut_deinit(&cut);
}

static void print_measure(const struct layout *layout, unsigned int measure)
{
	const struct timeline_view *view = layout->view;
	char peak[128];

	printf("\n%s", terminal_color(layout->terminal, "1"));
	paragraph_print(layout->terminal, 0, 2, "%s: %s", timeline_title(measure),
			timeline_peak(view, 0, measure, peak, sizeof(peak)));
	fputs(terminal_color(layout->terminal, "0"), stdout);
	print_chart(layout, measure);
	for (size_t i = 0; view->count > 1 && i < view->count; i++)
		if (libdma_timeline_series(view->timeline, view->series[i])
			    ->peak[measure]
			    .value)
			print_line(layout, view->series[i], measure);
}

static char digit(uint64_t count)
{
	if (!count)
		return ' ';
	return count < 10 ? (char)('0' + count) : '+';
}

/* How often something happened in each column. */
static void print_counts(const struct layout *layout, const char *label,
			 uint64_t (*count)(const struct libdma_timeline_bin *cell))
{
	struct timeline_cut cut = timeline_cut(layout->view->timeline, 0, layout->cells);
	size_t last = 0;

	for (size_t i = 0; i < cut.count; i++)
		last = count(&cut.cell[i]) ? i + 1 : last;
	if (last) {
		printf("%-*s %s%s", (int)layout->label, label,
		       layout->terminal->ascii ? "|" : "│",
		       terminal_color(layout->terminal, "31"));
		for (size_t i = 0; i < last; i++)
			putchar(digit(count(&cut.cell[i])));
		printf("%s\n", terminal_color(layout->terminal, "0"));
	}
	timeline_cut_deinit(&cut);
}

static uint64_t count_failed(const struct libdma_timeline_bin *cell)
{
	return cell->failed;
}

static uint64_t count_gaps(const struct libdma_timeline_bin *cell)
{
	return cell->gaps;
}

/* When the first column begins, and when the last event was. */
static void print_axis(const struct layout *layout)
{
	const struct libdma_timeline *timeline = layout->view->timeline;
	char begin[48], end[48];
	int room;

	timeline_when(libdma_timeline_time(timeline, 0), begin, sizeof(begin));
	timeline_when(libdma_timeline_last(timeline), end, sizeof(end));
	room = (int)layout->cells - (int)strlen(begin);
	if (room < (int)strlen(end) + 1)
		printf("%*s%s to %s\n", (int)layout->label + 2, "", begin, end);
	else
		printf("%*s%s%*s\n", (int)layout->label + 2, "", begin, room, end);
}

static void print_marks(const struct layout *layout)
{
	const struct libdma_timeline_series *all =
		libdma_timeline_series(layout->view->timeline, 0);
	const struct libdma_timeline_mark *mark;
	uint64_t marks = all->failed + all->gaps, i;
	char text[256];

	for (i = 0; i < MARKS_SHOWN; i++) {
		mark = libdma_timeline_mark(layout->view->timeline, i);
		if (!mark)
			break;
		paragraph_print(layout->terminal, 0, 2, "%s",
				timeline_mark(layout->view, mark, text, sizeof(text)));
	}
	if (marks > i)
		printf("and %" PRIu64 " more\n", marks - i);
}

void timeline_print(const struct timeline_view *view, unsigned int rows,
		    const struct terminal *terminal)
{
	struct layout layout = { .view = view, .terminal = terminal, .rows = rows };
	size_t bins = libdma_timeline_bins(view->timeline);
	bool lines = view->count > 1;
	unsigned int used;

	layout.label = label_width(view, terminal->width);
	used = layout.label + 2 + (lines ? PEAK_WIDTH : 0);
	layout.cells =
		terminal->width > used + CELLS_MIN ? terminal->width - used : CELLS_MIN;
	if (layout.cells > bins)
		layout.cells = (unsigned int)bins;
	for (unsigned int i = 0; i < LIBDMA_TIMELINE_MEASURES; i++)
		if (view->wanted[i])
			print_measure(&layout, i);
	print_counts(&layout, "failed", count_failed);
	print_counts(&layout, "lost", count_gaps);
	print_axis(&layout);
	print_marks(&layout);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * draw-svg.c - spaces as one SVG document
 *
 * Self-contained: no script, no font, no network. Each extent is a rectangle at its
 * true place, never narrower than can be seen, and says on hovering what it is.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"
#include "markup.h"
#include "table.h"

#define LABEL  130.0 /* user units, as all below */
#define WIDTH  896.0
#define RIGHT  90.0
#define ROW    16.0
#define FOLDED 14.0
#define LINE   16.0
#define MARGIN 16.0
#define THIN   0.7 /* no extent is narrower */

/* Colours that differ for colour-blind eyes as well, in the light and in the dark. */
static const char style[] =
	"<style>\n"
	"svg { font: 12px monospace } .paper { fill: #fff }\n"
	".e { stroke: #fff; stroke-width: .6 }\n"
	"text { fill: #222 } .dim { fill: #777 } .head { font-weight: bold }\n"
	".free { fill: #eef0f2 } .gap { fill: #c9ccd1 } .shared { stroke: #d00000 }\n"
	".c0 { fill: #1b7f5c } .c1 { fill: #d98c00 } .c2 { fill: #3b6fc4 }\n"
	".c3 { fill: #a8487e } .c4 { fill: #8a6d3b } .c5 { fill: #5f6b7a }\n"
	"@media (prefers-color-scheme: dark) {\n"
	".paper { fill: #15181c } .e { stroke: #15181c }\n"
	"text { fill: #ddd } .dim { fill: #999 }\n"
	".free { fill: #262b31 } .gap { fill: #3d444d }\n"
	".c0 { fill: #35b98b } .c1 { fill: #f0aa2a } .c2 { fill: #6d9ff0 }\n"
	".c3 { fill: #d678ab } .c4 { fill: #b89a62 } .c5 { fill: #95a1b0 } }\n"
	"</style>\n";

#define COLORS 6

static void begin_text(FILE *out, double x, double y, const char *class)
{
	fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">", x, y, class);
}

static void draw_rect(FILE *out, const struct picture_row *row, double y, uint64_t from,
		      uint64_t to, const char *class)
{
	double scale = WIDTH / (double)row->size;
	double width = (double)(to - from) * scale;

	fprintf(out,
		"<rect x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\" class=\"%s\"",
		LABEL + (double)(from - row->start) * scale, y,
		width < THIN ? THIN : width, ROW - 2, class);
}

static void draw_gaps(FILE *out, const struct libdma_space *space,
		      const struct picture_row *row, double y)
{
	uint64_t end = row->start + row->size;

	for (size_t i = 0; i < space->gaps; i++) {
		const struct libdma_range *gap = &space->gap[i];
		uint64_t from = gap->start > row->start ? gap->start : row->start;
		uint64_t to =
			gap->start + gap->length < end ? gap->start + gap->length : end;

		if (to <= from)
			continue;
		draw_rect(out, row, y, from, to, "gap");
		fprintf(out,
			"><title>not to be had: 0x%" PRIx64 ", %" PRIu64
			" bytes</title></rect>\n",
			gap->start, gap->length);
	}
}

static void draw_extent(FILE *out, const struct picture *picture,
			const struct state *state, const struct picture_row *row,
			double y, const struct libdma_extent *extent)
{
	uint64_t end = row->start + row->size;
	uint64_t from = extent->from > row->start ? extent->from : row->start;
	uint64_t to = extent->from + extent->taken;
	const char *direction = libdma_direction_name(extent->dir);
	char class[24];

	to = to < end ? to : end;
	snprintf(class, sizeof(class), "c%u%s%s",
		 picture_class_of(picture, extent) % COLORS,
		 (double)(to - from) * WIDTH / (double)row->size > 3 ? " e" : "",
		 extent->shared ? " shared" : "");
	draw_rect(out, row, y, from, to, class);
	fprintf(out, "><title>0x%" PRIx64 ", %" PRIu64 " bytes (takes %" PRIu64 "), ",
		extent->start, extent->size, extent->taken);
	markup_text(out, libdma_strings_get(state_strings(state), extent->device));
	fprintf(out, " %s %s, event #%" PRIu64 "%s%s</title></rect>\n",
		libdma_event_kind_name(extent->kind), direction ? direction : "",
		extent->number, extent->shared ? ", shared" : "",
		extent->cut ? ", cut by the recorder" : "");
}

static void draw_folded(FILE *out, const struct libdma_space *space,
			const struct picture_row *row, double y)
{
	char size[16], free[16];

	begin_text(out, LABEL, y + FOLDED - 4, "dim");
	fprintf(out, "\342\213\256 %s", table_size(row->size, size, sizeof(size)));
	if (!space->allocates)
		fputs(" not mapped", out);
	else
		fprintf(out, ", %s free", table_size(row->runs.free, free, sizeof(free)));
	fputs("</text>\n", out);
}

/* A row with its extents, of which those before *@next end before it. */
static void draw_row(FILE *out, const struct picture *picture, const struct state *state,
		     const struct picture_row *row, double y, size_t *next)
{
	const struct libdma_space *space = picture->space;
	uint64_t end = row->start + row->size;

	begin_text(out, MARGIN, y + ROW - 5, "dim");
	fprintf(out, "0x%" PRIx64 "</text>\n", row->start);
	draw_rect(out, row, y, row->start, end, "free");
	fputs("/>\n", out);
	draw_gaps(out, space, row, y);
	for (size_t i = *next; i < space->extents && space->extent[i].from < end; i++) {
		const struct libdma_extent *extent = &space->extent[i];

		if (extent->from + extent->taken > row->start || !extent->taken)
			draw_extent(out, picture, state, row, y, extent);
		else if (i == *next)
			++*next;
	}
	begin_text(out, LABEL + WIDTH + 8, y + ROW - 5, "dim");
	fprintf(out, "%.0f%%</text>\n", 100.0 * (double)row->taken / (double)row->size);
}

struct pen {
	FILE *out;
	double y;
};

static void draw_line(void *arg, const char *sentence)
{
	struct pen *pen = arg;

	begin_text(pen->out, MARGIN, pen->y, "");
	markup_text(pen->out, sentence);
	fputs("</text>\n", pen->out);
	pen->y += LINE;
}

static void draw_holders(struct pen *pen, const struct picture *picture)
{
	char taken[16], requested[16];

	for (unsigned int i = 0; i < picture->classes; i++) {
		const struct picture_class *class = &picture->class[i];

		if (!class->things)
			continue;
		fprintf(pen->out,
			"<rect x=\"%.1f\" y=\"%.1f\" width=\"12\" height=\"12\" "
			"class=\"c%u\"/>\n",
			LABEL, pen->y - 10, i % COLORS);
		begin_text(pen->out, LABEL + 20, pen->y, "");
		markup_text(pen->out, class->name);
		fputs(*class->driver ? " (" : "", pen->out);
		markup_text(pen->out, class->driver);
		fprintf(pen->out, "%s: %s taken by %" PRIu64 " extents, %s requested",
			*class->driver ? ")" : "",
			table_size(class->taken, taken, sizeof(taken)), class->things,
			table_size(class->requested, requested, sizeof(requested)));
		fputs("</text>\n", pen->out);
		pen->y += LINE;
	}
}

static void draw_picture(struct pen *pen, const struct picture *picture,
			 const struct state *state)
{
	char cell[16];
	size_t next = 0;

	begin_text(pen->out, MARGIN, pen->y, "head");
	markup_text(pen->out, picture->space->name);
	fprintf(pen->out, ", a row is %s</text>\n",
		table_size(picture->cell * picture->columns, cell, sizeof(cell)));
	pen->y += LINE;
	draw_findings(picture->space, state, draw_line, pen);
	for (size_t i = 0; i < picture->rows; i++) {
		const struct picture_row *row = &picture->row[i];

		if (row->cell)
			draw_row(pen->out, picture, state, row, pen->y - LINE / 2, &next);
		else
			draw_folded(pen->out, picture->space, row, pen->y - LINE / 2);
		pen->y += row->cell ? ROW : FOLDED;
	}
	pen->y += LINE / 2;
	draw_holders(pen, picture);
	pen->y += LINE;
}

int draw_svg(struct picture *const *picture, size_t count, const struct state *state,
	     FILE *out)
{
	double width = LABEL + WIDTH + RIGHT;
	char moment[SENTENCE];
	char *body = NULL;
	size_t size;
	struct pen pen = { open_memstream(&body, &size), MARGIN + LINE };
	int err;

	if (!pen.out)
		return -ENOMEM;
	begin_text(pen.out, MARGIN, pen.y, "head");
	markup_text(pen.out, state_describe_moment(state, moment, sizeof(moment)));
	fputs("</text>\n", pen.out);
	pen.y += 2 * LINE;
	for (size_t i = 0; i < count; i++)
		draw_picture(&pen, picture[i], state);
	err = ferror(pen.out);
	if (fclose(pen.out) || err) {
		free(body);
		return -ENOMEM;
	}
	/* only now is it known how high it is */
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
		"viewBox=\"0 0 %.0f %.0f\">\n%s<title>dmactl map</title>\n"
		"<rect width=\"100%%\" height=\"100%%\" class=\"paper\"/>\n%s</svg>\n",
		width, pen.y, width, pen.y, style, body);
	free(body);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * timeline-svg.c - the use over time as SVG
 *
 * A chart is an SVG within another, one unit wide for each piece of the time and 100
 * high, which is stretched to wherever it is shown: in a file of its own, or in the
 * width of a phone. Dark is what was in use all the time of a piece, light the most.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "markup.h"
#include "timeline.h"

const char timeline_style_light[] =
	".most { fill: #bcd5f0 } .least { fill: #85b0de }\n"
	".fail { stroke: #c00000; stroke-width: 1.5 } .fail, .gap, .line { fill: none;"
	" vector-effect: non-scaling-stroke }\n"
	".gap { stroke: #8a5a00; stroke-width: 1.5; stroke-dasharray: 3 2 }\n"
	".line { stroke-width: 1.5; stroke-linejoin: round } .back { fill: #f2f4f6 }\n"
	".hit { fill: transparent } .hit:hover { fill: #00000018 }\n"
	".s0 { stroke: #1b7f5c; background: #1b7f5c } .s1 { stroke: #b36b00; background: "
	"#b36b00 }\n"
	".s2 { stroke: #7a3ea8; background: #7a3ea8 } .s3 { stroke: #a8305e; background: "
	"#a8305e }\n"
	".s4 { stroke: #6b5321; background: #6b5321 } .s5 { stroke: #46525f; background: "
	"#46525f }\n";

const char timeline_style_dark[] =
	".most { fill: #2b4d70 } .least { fill: #3f73ab } .back { fill: #1e2329 }\n"
	".fail { stroke: #ff7b72 } .gap { stroke: #e3a94a } .hit:hover { fill: #ffffff20 }\n"
	".s0 { stroke: #35b98b; background: #35b98b } .s1 { stroke: #f0aa2a; background: "
	"#f0aa2a }\n"
	".s2 { stroke: #c79af0; background: #c79af0 } .s3 { stroke: #f08bb4; background: "
	"#f08bb4 }\n"
	".s4 { stroke: #cdb27a; background: #cdb27a } .s5 { stroke: #a7b3c0; background: "
	"#a7b3c0 }\n";

/* From the top of a chart. */
static double height_of(uint64_t value, uint64_t top)
{
	return top ? 100 - 100 * (double)value / (double)top : 100;
}

struct chart {
	unsigned int measure;
	uint64_t top;
	const struct timeline_cut *cut;
	FILE *out;
};

static uint64_t low_of(const struct chart *chart, size_t cell)
{
	return chart->cut->cell[cell].low[chart->measure];
}

static uint64_t high_of(const struct chart *chart, size_t cell)
{
	return chart->cut->cell[cell].high[chart->measure];
}

typedef uint64_t value_of(const struct chart *chart, size_t cell);

/* Steps: across where the value stays, and up or down where it does not. */
static void draw_steps(const struct chart *chart, value_of *value)
{
	size_t from = 0;

	for (size_t i = 1; i <= chart->cut->count; i++) {
		if (i < chart->cut->count && value(chart, i) == value(chart, from))
			continue;
		fprintf(chart->out, "V%.4gH%zu",
			height_of(value(chart, from), chart->top), i);
		from = i;
	}
}

static void draw_area(const struct chart *chart, value_of *value, const char *class)
{
	fprintf(chart->out, "<path class=\"%s\" d=\"M0 100", class);
	draw_steps(chart, value);
	fputs("V100Z\"/>\n", chart->out);
}

static void draw_line(const struct chart *chart, unsigned int color)
{
	fprintf(chart->out, "<path class=\"line s%u\" d=\"M0 %.4g", color,
		height_of(high_of(chart, 0), chart->top));
	draw_steps(chart, high_of);
	fputs("\"/>\n", chart->out);
}

/* Strokes from top to bottom where something failed, or was lost. */
static void draw_marks(const struct chart *chart, const char *class,
		       bool (*is_marked)(const struct libdma_timeline_bin *cell))
{
	bool any = false;

	for (size_t i = 0; i < chart->cut->count; i++) {
		if (!is_marked(&chart->cut->cell[i]))
			continue;
		if (!any)
			fprintf(chart->out, "<path class=\"%s\" d=\"", class);
		fprintf(chart->out, "M%zu.5 0V100", i);
		any = true;
	}
	if (any)
		fputs("\"/>\n", chart->out);
}

static bool has_failed(const struct libdma_timeline_bin *cell)
{
	return cell->failed;
}

static bool has_gap(const struct libdma_timeline_bin *cell)
{
	return cell->gaps;
}

/* What a pointer that stays on a piece is told. */
static void draw_hints(const struct chart *chart)
{
	char when[48], low[32], high[32];

	for (size_t i = 0; i < chart->cut->count; i++) {
		const struct libdma_timeline_bin *cell = &chart->cut->cell[i];

		fprintf(chart->out,
			"<rect class=\"hit\" x=\"%zu\" width=\"1\" height=\"100\"><title>%s: ",
			i, timeline_when(chart->cut->ns[i], when, sizeof(when)));
		fprintf(chart->out, "%s to %s, %" PRIu64 " events",
			timeline_value(chart->measure, cell->low[chart->measure], low,
				       sizeof(low)),
			timeline_value(chart->measure, cell->high[chart->measure], high,
				       sizeof(high)),
			cell->events);
		if (cell->failed)
			fprintf(chart->out, ", %" PRIu64 " failed", cell->failed);
		if (cell->gaps)
			fprintf(chart->out, ", lost %" PRIu64, cell->lost);
		fputs("</title></rect>\n", chart->out);
	}
}

static void begin_box(const struct timeline_box *box, size_t cells, FILE *out)
{
	fputs("<svg", out);
	if (box->width > 0)
		fprintf(out, " x=\"%.0f\" y=\"%.0f\" width=\"%.0f\" height=\"%.0f\"",
			box->x, box->y, box->width, box->height);
	else
		fputs(" class=\"chart\"", out);
	if (box->label) {
		fputs(" role=\"img\" aria-label=\"", out);
		markup_text(out, box->label);
		putc('"', out);
	}
	fprintf(out, " viewBox=\"0 0 %zu 100\" preserveAspectRatio=\"none\">\n", cells);
	fprintf(out, "<rect class=\"back\" width=\"%zu\" height=\"100\"/>\n", cells);
}

void timeline_draw(const struct timeline_view *view, unsigned int measure, size_t cells,
		   const struct timeline_box *box, FILE *out)
{
	struct timeline_cut all = timeline_cut(view->timeline, 0, cells);
	struct chart chart = { measure, timeline_top(view, measure), &all, out };

	begin_box(box, all.count, out);
	draw_area(&chart, high_of, "most");
	draw_area(&chart, low_of, "least");
	for (size_t i = 0; view->count > 1 && i < view->count && i < TIMELINE_LINES;
	     i++) {
		struct timeline_cut cut =
			timeline_cut(view->timeline, view->series[i], cells);

		chart.cut = &cut;
		if (libdma_timeline_series(view->timeline, view->series[i])
			    ->peak[measure]
			    .value)
			draw_line(&chart, (unsigned int)i);
		timeline_cut_deinit(&cut);
	}
	chart.cut = &all;
	draw_marks(&chart, "gap", has_gap);
	draw_marks(&chart, "fail", has_failed);
	draw_hints(&chart);
	fputs("</svg>\n", out);
	timeline_cut_deinit(&all);
}

/*
 * A document
 */

#define MARGIN 16.0 /* user units, as all below */
#define LABEL  64.0
#define WIDTH  900.0
#define HEIGHT 110.0
#define LINE   17.0
#define MARKS  8 /* that are told in words */

struct pen {
	FILE *out;
	double y;
};

static void write_line(struct pen *pen, double x, const char *class, const char *text)
{
	fprintf(pen->out, "<text x=\"%.0f\" y=\"%.0f\" class=\"%s\">", x, pen->y, class);
	markup_text(pen->out, text);
	fputs("</text>\n", pen->out);
}

static void draw_measure(struct pen *pen, const struct timeline_view *view,
			 unsigned int measure, size_t cells)
{
	char text[192], peak[128], value[32];

	snprintf(text, sizeof(text), "%s: %s", timeline_title(measure),
		 timeline_peak(view, 0, measure, peak, sizeof(peak)));
	pen->y += LINE;
	write_line(pen, MARGIN, "head", text);
	pen->y += 8;
	timeline_draw(view, measure, cells,
		      &(struct timeline_box) { MARGIN + LABEL, pen->y, WIDTH, HEIGHT,
					       NULL },
		      pen->out);
	pen->y += 10;
	write_line(pen, MARGIN, "dim",
		   timeline_value(measure, timeline_top(view, measure), value,
				  sizeof(value)));
	pen->y += HEIGHT - 10;
	write_line(pen, MARGIN, "dim", "0");
	pen->y += LINE;
}

static void draw_axis(struct pen *pen, const struct timeline_view *view)
{
	char when[48];

	timeline_when(libdma_timeline_time(view->timeline, 0), when, sizeof(when));
	write_line(pen, MARGIN + LABEL, "dim", when);
	timeline_when(libdma_timeline_last(view->timeline), when, sizeof(when));
	write_line(pen, MARGIN + LABEL + WIDTH, "dim end", when);
	pen->y += LINE;
}

static void draw_legend(struct pen *pen, const struct timeline_view *view)
{
	char buffer[32];

	write_line(
		pen, MARGIN, "dim",
		"dark: in use all the time; light: at most; red: a call failed; dashed: "
		"events were lost");
	pen->y += LINE;
	for (size_t i = 0; view->count > 1 && i < view->count && i < TIMELINE_LINES;
	     i++) {
		fprintf(pen->out, "<path class=\"line s%zu\" d=\"M%.0f %.0fh24\"/>\n", i,
			MARGIN, pen->y - 4);
		write_line(pen, MARGIN + 32, "",
			   timeline_name(view, view->series[i], buffer));
		pen->y += LINE;
	}
}

static void draw_all(struct pen *pen, const struct timeline_view *view, size_t cells)
{
	const struct libdma_timeline_mark *mark;
	char text[256];

	for (unsigned int i = 0; i < LIBDMA_TIMELINE_MEASURES; i++)
		if (view->wanted[i])
			draw_measure(pen, view, i, cells);
	draw_axis(pen, view);
	draw_legend(pen, view);
	for (size_t i = 0; i < MARKS; i++) {
		mark = libdma_timeline_mark(view->timeline, i);
		if (!mark)
			break;
		write_line(pen, MARGIN, "",
			   timeline_mark(view, mark, text, sizeof(text)));
		pen->y += LINE;
	}
}

int timeline_svg(const struct timeline_view *view, size_t cells, FILE *out)
{
	double width = 2 * MARGIN + LABEL + WIDTH;
	struct pen pen = { .y = MARGIN };
	char *body = NULL;
	size_t size;
	int err;

	pen.out = open_memstream(&body, &size);
	if (!pen.out)
		return -ENOMEM;
	draw_all(&pen, view, cells);
	err = ferror(pen.out);
	if (fclose(pen.out) || err) {
		free(body);
		return -ENOMEM;
	}
	/* only now is it known how high it is */
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
		"viewBox=\"0 0 %.0f %.0f\">\n<style>\n"
		"svg { font: 12px monospace } .paper { fill: #fff }\n"
		"text { fill: #222 } .dim { fill: #666 } .head { font-weight: bold }\n"
		".end { text-anchor: end }\n%s@media (prefers-color-scheme: dark) {\n"
		".paper { fill: #15181c } text { fill: #ddd } .dim { fill: #999 }\n%s}\n"
		"</style>\n<title>dmactl timeline</title>\n"
		"<rect width=\"100%%\" height=\"100%%\" class=\"paper\"/>\n%s</svg>\n",
		width, pen.y, width, pen.y, timeline_style_light, timeline_style_dark,
		body);
	free(body);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * report-map.c - who held which addresses, moment after moment
 *
 * A row of cells is one path for each colour, so that a picture has a bounded size
 * whatever lies in it; its addresses are text beside it, which stays readable on a phone.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"
#include "markup.h"
#include "output.h"
#include "report.h"
#include "space.h"

#define COLUMNS     64
#define ROWS        16
#define SPACES      8 /* that are drawn of a moment */
#define COLORS      6
#define CLASS_GAP   COLORS
#define CLASS_CLASH (COLORS + 1) /* in more than one extent */
#define CLASSES     (COLORS + 2)

/* Which path a cell belongs to; -1 for none. */
static int class_of(const struct picture_cell *cell)
{
	if (cell->shared)
		return CLASS_CLASH;
	if (cell->things)
		return cell->class % COLORS;
	return cell->gap ? CLASS_GAP : -1;
}

/* How much of a cell is taken, in tenths; a little is seen, too. */
static unsigned int tenths_of(const struct picture *picture,
			      const struct picture_cell *cell)
{
	double part = (double)cell->taken / (double)picture->cell;

	if (!cell->things || part >= 1)
		return 10;
	return part < 0.2 ? 2 : (unsigned int)(part * 10);
}

/* Neighbours that look alike are one rectangle. */
static void draw_class(const struct picture *picture, const struct picture_row *row,
		       int class, FILE *out)
{
	bool any = false;
	unsigned int i = 0;

	while (i < picture->columns) {
		unsigned int from = i, tenths = tenths_of(picture, &row->cell[i]);

		if (class_of(&row->cell[i++]) != class)
			continue;
		while (i < picture->columns && class_of(&row->cell[i]) == class &&
		       tenths_of(picture, &row->cell[i]) == tenths)
			i++;
		if (!any)
			fprintf(out, "<path class=\"c%d\" d=\"", class);
		any = true;
		fprintf(out, "M%u 10V%uH%uV10z", from, 10 - tenths, i);
	}
	if (any)
		fputs("\"/>", out);
}

static void draw_row(const struct picture *picture, const struct picture_row *row,
		     FILE *out)
{
	char size[16], free_size[16];

	fprintf(out, "<span class=\"address\">%08" PRIx64 "</span>", row->start);
	if (!row->cell) {
		table_size(row->size, size, sizeof(size));
		fprintf(out, "<span class=\"fold\">%s", size);
		if (!picture->space->allocates)
			fputs(" not mapped", out);
		else if (row->runs.free == row->size)
			fputs(" free", out);
		else
			fprintf(out, ", %s of it free",
				table_size(row->runs.free, free_size, sizeof(free_size)));
		fputs("</span><span></span>\n", out);
		return;
	}
	fprintf(out,
		"<svg class=\"cells\" viewBox=\"0 0 %u 10\" preserveAspectRatio=\"none\" "
		"aria-hidden=\"true\">",
		picture->columns);
	for (int class = 0; class < CLASSES; class ++)
		draw_class(picture, row, class, out);
	fprintf(out, "</svg><span class=\"part\">%.0f%%</span>\n",
		100.0 * (double)row->taken / (double)row->size);
}

static void write_sentence(void *arg, const char *sentence)
{
	FILE *out = arg;

	fputs("<li>", out);
	markup_text(out, sentence);
	fputs("</li>\n", out);
}

static void write_holder(const struct picture_class *class, unsigned int index, FILE *out)
{
	char taken[16], requested[16], largest[16];

	fprintf(out, "<tr><th scope=\"row\"><i class=\"key c%u\"></i>", index % COLORS);
	markup_text(out, class->name);
	if (*class->driver) {
		putc(' ', out);
		markup_text(out, class->driver);
	}
	fprintf(out, "</th><td>%s</td><td>%" PRIu64 "</td><td>%s</td><td>%s</td></tr>\n",
		table_size(class->taken, taken, sizeof(taken)), class->things,
		table_size(class->requested, requested, sizeof(requested)),
		table_size(class->largest, largest, sizeof(largest)));
}

static void write_holders(const struct picture *picture, FILE *out)
{
	bool any = false;

	for (unsigned int i = 0; i < picture->classes; i++) {
		if (!picture->class[i].things)
			continue;
		if (!any)
			fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
			      "aria-label=\"Held by\"><table class=\"holders\"><thead><tr>"
			      "<th scope=\"col\">held by</th><th scope=\"col\">taken</th>"
			      "<th scope=\"col\">extents</th><th scope=\"col\">requested</th>"
			      "<th scope=\"col\">largest</th></tr></thead><tbody>\n",
			      out);
		any = true;
		write_holder(&picture->class[i], i, out);
	}
	if (any)
		fputs("</tbody></table></div>\n", out);
}

static void write_space(const struct libdma_space *space, const struct state *state,
			FILE *out)
{
	struct picture *picture = picture_create(space, state, COLUMNS, ROWS);
	char row[16];

	fputs("<div class=\"space\">\n<h4>", out);
	markup_text(out, space->name);
	fprintf(out, " <small>a row is %s</small></h4>\n<ul class=\"says\">\n",
		table_size(picture->cell * picture->columns, row, sizeof(row)));
	draw_findings(picture->space, state, write_sentence, out);
	fputs("</ul>\n<div class=\"rows\">\n", out);
	for (size_t i = 0; i < picture->rows; i++)
		draw_row(picture, &picture->row[i], out);
	fputs("</div>\n", out);
	write_holders(picture, out);
	fputs("</div>\n", out);
	picture_destroy(picture);
}

void report_spaces(const struct state *state, FILE *out)
{
	struct libdma_fragmap *fragmap = state_fragmap(state);
	struct space_list list =
		space_list(&(struct space_options) { 0 }, state, fragmap);

	for (size_t i = 0; i < list.count && i < SPACES; i++)
		write_space(list.space[i], state, out);
	if (list.count > SPACES)
		fprintf(out, "<p>And %zu more spaces.</p>\n", list.count - SPACES);
	if (!list.count)
		fputs("<p>Nothing is live at this moment.</p>\n", out);
	free(list.space);
	libdma_fragmap_destroy(fragmap);
}

static const char *reason(const struct report_moment *moment)
{
	switch (moment->why) {
	case REPORT_PEAK:
		return ": the peak, most bytes are live";
	case REPORT_FAILURE:
		return ": the first failure";
	case REPORT_END:
		return ": the end";
	default:
		return "";
	}
}

static void write_moment(const struct report *report, const struct report_moment *moment,
			 FILE *out)
{
	char when[48], command[64];

	timeline_when(moment->ns, when, sizeof(when));
	fprintf(out,
		"<section class=\"moment\" data-at=\"%s, event #%" PRIu64 "%s\">\n"
		"<h3>%s, event #%" PRIu64 "%s</h3>\n",
		when, moment->number, reason(moment), when, moment->number,
		reason(moment));
	fwrite(moment->spaces, 1, moment->size, out);
	snprintf(command, sizeof(command), "map --at '#%" PRIu64 "'", moment->number);
	report_command(report, command, out);
	fputs("</section>\n", out);
}

/* The moment that is shown first: the one that map shows. */
static size_t first_moment(const struct report *report)
{
	size_t first = 0;
	enum report_why best = REPORT_EVENT;

	for (size_t i = 0; i < report->moments; i++) {
		enum report_why why = report->moment[i].why;

		if (why == REPORT_FAILURE ||
		    (why == REPORT_PEAK && best != REPORT_FAILURE)) {
			first = i;
			best = why;
		}
	}
	return first;
}

static void write_player(const struct report *report, FILE *out)
{
	fprintf(out,
		"<div id=\"player\" hidden>\n<button type=\"button\" data-step=\"-1\" "
		"aria-label=\"earlier\">&#9664;</button>\n"
		"<input type=\"range\" min=\"0\" max=\"%zu\" value=\"%zu\" step=\"1\" "
		"aria-label=\"Moment\">\n"
		"<button type=\"button\" data-step=\"1\" aria-label=\"later\">&#9654;</button>\n",
		report->moments - 1, first_moment(report));
	for (size_t i = 0; i < report->moments; i++)
		if (report->moment[i].why != REPORT_EVENT)
			fprintf(out,
				"<button type=\"button\" data-go=\"%zu\">%s</button>\n",
				i,
				report->moment[i].why == REPORT_PEAK      ? "peak"
				: report->moment[i].why == REPORT_FAILURE ? "failure"
									  : "end");
	fputs("<output></output>\n</div>\n", out);
}

void report_map(const struct report *report, FILE *out)
{
	fputs("<section id=\"map\">\n<h2>Map</h2>\n<p>Who holds which addresses. A cell is as "
	      "high as it is taken; <i class=\"key c6\"></i> is not to be had, "
	      "<i class=\"key c7\"></i> is held by two or more at once.</p>\n",
	      out);
	write_player(report, out);
	for (size_t i = 0; i < report->moments; i++)
		write_moment(report, &report->moment[i], out);
	fputs("</section>\n", out);
}

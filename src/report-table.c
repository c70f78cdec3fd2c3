// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * report-table.c - use over time and by device: pictures with their numbers below
 */
#include <inttypes.h>
#include <stdlib.h>

#include "markup.h"
#include "report.h"
#include "stat-print.h"
#include "state.h"

#define CELLS 128 /* of a chart */
#define MARKS 8   /* failures and gaps that are told in words */

/*
 * The timeline
 */

static void write_chart(const struct report *report, unsigned int measure, FILE *out)
{
	const struct timeline_view *view = &report->view;
	char peak[128], value[32], label[256];

	timeline_peak(view, 0, measure, peak, sizeof(peak));
	snprintf(label, sizeof(label), "%s: %s", timeline_title(measure), peak);
	fprintf(out,
		"<figure>\n<figcaption><b>%s</b> %s</figcaption>\n<div class=\"plot\">"
		"<span class=\"top\">%s</span><span class=\"zero\">0</span>\n",
		timeline_title(measure), peak,
		timeline_value(measure, timeline_top(view, measure), value,
			       sizeof(value)));
	timeline_draw(view, measure, CELLS, &(struct timeline_box) { .label = label },
		      out);
	fputs("</div>\n</figure>\n", out);
}

static void write_legend(const struct timeline_view *view, FILE *out)
{
	char buffer[32], when[48];

	fprintf(out, "<p class=\"axis\"><span>%s</span>",
		timeline_when(libdma_timeline_time(view->timeline, 0), when,
			      sizeof(when)));
	fprintf(out, "<span>%s</span></p>\n<ul class=\"legend\">\n",
		timeline_when(libdma_timeline_last(view->timeline), when, sizeof(when)));
	fputs("<li><i class=\"key least\"></i>in use all the time</li>\n"
	      "<li><i class=\"key most\"></i>at most</li>\n",
	      out);
	for (size_t i = 0; view->count > 1 && i < view->count && i < TIMELINE_LINES;
	     i++) {
		fprintf(out, "<li><i class=\"key s%zu\"></i>", i);
		markup_text(out, timeline_name(view, view->series[i], buffer));
		fputs("</li>\n", out);
	}
	if (libdma_timeline_series(view->timeline, 0)->failed)
		fputs("<li><i class=\"key failed\"></i>a call failed</li>\n", out);
	if (libdma_timeline_series(view->timeline, 0)->gaps)
		fputs("<li><i class=\"key lost\"></i>events were lost</li>\n", out);
	fputs("</ul>\n", out);
}

static void write_marks(const struct timeline_view *view, FILE *out)
{
	const struct libdma_timeline_series *all =
		libdma_timeline_series(view->timeline, 0);
	const struct libdma_timeline_mark *mark;
	uint64_t shown = 0;
	char text[512];

	if (!all->failed && !all->gaps)
		return;
	fputs("<ul class=\"evidence\">\n", out);
	for (; shown < MARKS; shown++) {
		mark = libdma_timeline_mark(view->timeline, shown);
		if (!mark)
			break;
		fputs("<li>", out);
		markup_text(out, timeline_mark(view, mark, text, sizeof(text)));
		fputs("</li>\n", out);
	}
	if (all->failed + all->gaps > shown)
		fprintf(out, "<li>and %" PRIu64 " more</li>\n",
			all->failed + all->gaps - shown);
	fputs("</ul>\n", out);
}

static void write_value(FILE *out, uint64_t sort, const char *text)
{
	fprintf(out, "<td data-v=\"%" PRIu64 "\">%s</td>", sort, text);
}

static void write_count(FILE *out, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	write_value(out, value, text);
}

static void write_pieces(const struct timeline_view *view, FILE *out)
{
	struct timeline_cut cut = timeline_cut(view->timeline, 0, CELLS);
	char text[64];

	fputs("<details><summary>The numbers of these charts</summary>\n"
	      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
	      "aria-label=\"Use over time\"><table>\n<thead><tr><th scope=\"col\">from",
	      out);
	for (unsigned int i = 0; i < LIBDMA_TIMELINE_MEASURES; i++)
		if (view->wanted[i])
			fprintf(out, "</th><th scope=\"col\">most %s",
				libdma_timeline_measure_name(i));
	fputs("</th><th scope=\"col\">events</th><th scope=\"col\">failed</th>"
	      "<th scope=\"col\">gaps</th></tr></thead>\n<tbody>\n",
	      out);
	for (size_t i = 0; i < cut.count; i++) {
		fprintf(out, "<tr><th scope=\"row\">%s</th>",
			timeline_when(cut.ns[i], text, sizeof(text)));
		for (unsigned int j = 0; j < LIBDMA_TIMELINE_MEASURES; j++)
			if (view->wanted[j])
				fprintf(out, "<td>%s</td>",
					timeline_value(j, cut.cell[i].high[j], text,
						       sizeof(text)));
		fprintf(out,
			"<td>%" PRIu64 "</td><td>%" PRIu64 "</td><td>%" PRIu64
			"</td></tr>\n",
			cut.cell[i].events, cut.cell[i].failed, cut.cell[i].gaps);
	}
	fputs("</tbody></table></div></details>\n", out);
	timeline_cut_deinit(&cut);
}

void report_timeline(const struct report *report, FILE *out)
{
	const struct timeline_view *view = &report->view;
	bool any = false;

	fputs("<section id=\"timeline\">\n<h2>Use over time</h2>\n", out);
	for (unsigned int i = 0; i < LIBDMA_TIMELINE_MEASURES; i++)
		if (view->wanted[i]) {
			write_chart(report, i, out);
			any = true;
		}
	if (any) {
		write_legend(view, out);
		write_marks(view, out);
		write_pieces(view, out);
	} else {
		fputs("<p>Nothing was ever mapped or allocated.</p>\n", out);
		write_marks(view, out);
	}
	report_command(report, "timeline", out);
	fputs("</section>\n", out);
}

/*
 * The devices
 */

static void write_text(FILE *out, const char *text)
{
	fputs("<td class=\"text\">", out);
	markup_text(out, text);
	fputs("</td>", out);
}

static void write_mask(FILE *out, const struct libdma_device_environment *device)
{
	unsigned int bits = 0;

	if (!device || !device->origin.dma_mask || !device->dma_mask) {
		fputs("<td data-v=\"0\">-</td>", out);
		return;
	}
	bits = 64 - (unsigned int)__builtin_clzll(device->dma_mask);
	fprintf(out, "<td data-v=\"%u\">%u bits%s</td>", bits, bits,
		device->origin.dma_mask == LIBDMA_INFERRED ? "?" : "");
}

static void write_device(const struct report *report,
			 const struct libdma_stat_group *group, FILE *out)
{
	const struct libdma_strings *strings = source_strings(report->source);
	const struct libdma_device_environment *device;
	const char *name;
	char text[32];

	name = stat_group_name(LIBDMA_STAT_DEVICE, group, strings, text);
	device = libdma_environment_find_device(report->environment, name);
	fputs("<tr><th scope=\"row\">", out);
	markup_text(out, name);
	fputs("</th>", out);
	write_text(out, device && device->driver ? device->driver : "-");
	write_mask(out, device);
	write_count(out, group->events);
	write_count(out, group->maps);
	write_count(out, group->allocs);
	write_count(out, group->failed);
	write_value(out, group->bytes, table_size(group->bytes, text, sizeof(text)));
	write_value(out, group->peak_bytes,
		    table_size(group->peak_bytes, text, sizeof(text)));
	write_count(out, group->peak);
	write_count(out, group->live);
	if (group->lifetimes.count) {
		uint64_t median = libdma_histogram_quantile(&group->lifetimes, 0.5);

		write_value(out, median, table_time(median, text, sizeof(text)));
	} else {
		write_value(out, 0, "-");
	}
	fputs("</tr>\n", out);
}

void report_devices(const struct report *report, FILE *out)
{
	static const char *const heads[] = { "Device", "Driver", "Mask",
					     "Events", "Maps",   "Allocs",
					     "Failed", "Bytes",  "Peak bytes",
					     "Peak",   "Left",   "Median life" };
	const struct libdma_stat_group **sorted;
	size_t count;

	sorted = stat_sorted(report->stat, &count);
	fputs("<section id=\"devices\">\n<h2>Devices</h2>\n<div class=\"scroll\" "
	      "tabindex=\"0\" role=\"region\" aria-label=\"Devices\">"
	      "<table class=\"sortable\">\n<thead><tr>",
	      out);
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		fprintf(out, "<th scope=\"col\"%s>%s</th>",
			i < 2 ? " class=\"text\"" : "", heads[i]);
	fputs("</tr></thead>\n<tbody>\n", out);
	for (size_t i = 0; i < count && i < REPORT_ROWS; i++)
		if (sorted[i]->key)
			write_device(report, sorted[i], out);
	fputs("</tbody></table></div>\n", out);
	if (count > REPORT_ROWS)
		fprintf(out, "<p>And %zu more devices.</p>\n", count - REPORT_ROWS);
	report_command(report, "stat --by device", out);
	fputs("</section>\n", out);
	free(sorted);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * report-html.c - the page, and what stands at its head
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "environment-print.h"
#include "markup.h"
#include "output.h"
#include "report.h"
#include "version.h"

static bool is_plain(const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789._/:@%+,=-";

	return *text && (*text != '-' || !text[1]) && !text[strspn(text, plain)];
}

/* A word of a shell's command line. */
static void write_word(FILE *out, const char *text)
{
	if (is_plain(text)) {
		markup_text(out, text);
		return;
	}
	fputs(*text == '-' ? "./&#39;" : "&#39;", out);
	for (size_t size = strcspn(text, "'"); *text; size = strcspn(text, "'")) {
		char name[512];

		if (!size) {
			fputs("&#39;\\&#39;&#39;", out);
			text++;
			continue;
		}
		size = size < sizeof(name) ? size : sizeof(name) - 1;
		snprintf(name, sizeof(name), "%.*s", (int)size, text);
		markup_text(out, name);
		text += size;
	}
	fputs("&#39;", out);
}

void report_command(const struct report *report, const char *command, FILE *out)
{
	fputs("<p class=\"command\"><code>dmactl ", out);
	markup_text(out, command);
	putc(' ', out);
	write_word(out, report->title);
	fputs("</code></p>\n", out);
}

/*
 * The head
 */

static void write_loss(const struct report *report, FILE *out)
{
	const struct terminal plain = { .color = WHEN_NEVER };
	char *text = NULL;
	size_t size;
	FILE *line;

	if (!source_lossy(report->source))
		return;
	line = open_memstream(&text, &size);
	if (!line)
		out_of_memory();
	source_print_loss(report->source, &plain, line);
	fclose(line);
	fputs("<p class=\"loss\" role=\"note\"><strong>", out);
	markup_text(out, text);
	fputs("</strong> What follows is of what is left: ends that are missing look like "
	      "leaks, and what was never seen is in no sum.</p>\n",
	      out);
	free(text);
}

static void write_figure(FILE *out, const char *label, const char *class,
			 const char *value, const char *more)
{
	fprintf(out, "<div class=\"figure %s\"><dt>%s</dt><dd>", class, label);
	markup_text(out, value);
	if (*more) {
		fputs("<small>", out);
		markup_text(out, more);
		fputs("</small>", out);
	}
	fputs("</dd></div>\n", out);
}

static void write_use(const struct report *report, FILE *out)
{
	const struct libdma_stat_group *total = libdma_stat_total(report->stat);
	char value[64], more[96], size[32], when[48];

	snprintf(value, sizeof(value), "%s",
		 table_size(total->peak_bytes, size, sizeof(size)));
	snprintf(more, sizeof(more), "at %s",
		 timeline_when(total->peak_ns, when, sizeof(when)));
	write_figure(out, "Most in use", "", value, more);
	snprintf(value, sizeof(value), "%" PRIu64, total->live);
	snprintf(more, sizeof(more), "%s",
		 table_size(total->live_bytes, size, sizeof(size)));
	write_figure(out, "Live at the end", "", value, total->live ? more : "");
	snprintf(value, sizeof(value), "%" PRIu64, total->failed);
	write_figure(out, "Calls that failed", total->failed ? "bad" : "good", value, "");
}

static void write_verdicts(const struct report *report, FILE *out)
{
	uint64_t errors = findings_of(&report->findings, LIBDMA_CHECK_ERROR);
	uint64_t warnings = findings_of(&report->findings, LIBDMA_CHECK_WARNING);
	uint64_t leaked = 0;
	char value[64], more[64];

	for (size_t i = 0; i < report->leaks.count; i++)
		if (leak_is_found(&report->leaks.leak[i]))
			leaked += report->leaks.leak[i].count;
	snprintf(value, sizeof(value), "%" PRIu64, errors);
	snprintf(more, sizeof(more), "%" PRIu64 " warning%s", warnings,
		 warnings == 1 ? "" : "s");
	write_figure(out, "Rules broken",
		     errors     ? "bad"
		     : warnings ? "warn"
				: "good",
		     value, more);
	snprintf(value, sizeof(value), "%" PRIu64, leaked);
	write_figure(out, "Leaked", leaked ? "bad" : "good", value, "");
}

static void write_figures(const struct report *report, FILE *out)
{
	const struct libdma_stat_group *total = libdma_stat_total(report->stat);
	char value[64], more[96], time[32], size[32];
	uint64_t first, last;

	libdma_stat_time(report->stat, &first, &last);
	fputs("<dl class=\"figures\">\n", out);
	snprintf(value, sizeof(value), "%" PRIu64, total->events);
	snprintf(more, sizeof(more), "in %s",
		 table_time(last - first, time, sizeof(time)));
	write_figure(out, "Events", "", value, more);
	snprintf(value, sizeof(value), "%" PRIu64, total->maps);
	snprintf(more, sizeof(more), "and %" PRIu64 " allocation%s, %s", total->allocs,
		 total->allocs == 1 ? "" : "s",
		 table_size(total->bytes, size, sizeof(size)));
	write_figure(out, "Mappings", "", value, more);
	write_use(report, out);
	write_verdicts(report, out);
	fputs("</dl>\n", out);
}

static void write_fact(void *arg, const char *label, const char *text,
		       enum libdma_origin origin)
{
	FILE *out = arg;

	fprintf(out, "<dt>%s</dt><dd>", label);
	markup_text(out, text);
	fprintf(out, "%s</dd>\n", origin == LIBDMA_INFERRED ? " <i>inferred</i>" : "");
}

void report_summary(const struct report *report, FILE *out)
{
	fputs("<header>\n<p class=\"kind\">DMA report</p>\n<h1>", out);
	markup_text(out, report->title);
	fputs("</h1>\n", out);
	if (report->environment->kernel) {
		fputs("<p class=\"about\">kernel ", out);
		markup_text(out, report->environment->kernel);
		fputs("</p>\n", out);
	}
	write_loss(report, out);
	write_figures(report, out);
	fputs("</header>\n<nav aria-label=\"Parts\"><a href=\"#findings\">Findings</a> "
	      "<a href=\"#timeline\">Timeline</a> <a href=\"#devices\">Devices</a> "
	      "<a href=\"#map\">Map</a> <a href=\"#model\">Model</a> "
	      "<a href=\"#machine\">Machine</a></nav>\n",
	      out);
}

static void write_machine(const struct report *report, FILE *out)
{
	fputs("<section id=\"machine\">\n<h2>Machine</h2>\n<dl class=\"facts\">\n", out);
	environment_walk(report->environment, write_fact, out);
	fputs("</dl>\n", out);
	report_command(report, "info", out);
	fputs("</section>\n", out);
}

void report_fidelity(const struct report *report, FILE *out)
{
	char *text = NULL;
	size_t size, line;
	FILE *lines = open_memstream(&text, &size);

	if (!lines)
		out_of_memory();
	fidelity_print(report->fidelity, lines);
	fclose(lines);
	line = strcspn(text, "\n");
	fputs("<section id=\"model\">\n<h2>Model</h2>\n<p>The requests of the trace were run "
	      "on a model of its machine, and each answer compared with the kernel's.</p>\n"
	      "<p class=\"headline\">",
	      out);
	text[line] = '\0';
	markup_text(out, text);
	fputs("</p>\n<details><summary>By allocator, call and device; what was not "
	      "predicted</summary>\n<pre>",
	      out);
	if (line < size)
		markup_text(out, text + line + 1);
	fputs("</pre></details>\n", out);
	report_command(report, "replay", out);
	fputs("</section>\n", out);
	free(text);
}

void report_write(const struct report *report, FILE *out)
{
	fprintf(out,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		"style-src 'unsafe-inline'; script-src 'sha256-%s'\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"color-scheme\" content=\"light dark\">\n"
		"<meta name=\"generator\" content=\"dmactl " VERSION "\">\n<title>",
		report_script_hash);
	markup_text(out, report->title);
	fprintf(out,
		" - DMA report</title>\n<style>\n%s%s@media (prefers-color-scheme: dark) "
		"{\n%s}\n</style>\n</head>\n<body>\n",
		report_style, timeline_style_light, timeline_style_dark);
	report_summary(report, out);
	fputs("<main>\n", out);
	report_findings(report, out);
	report_timeline(report, out);
	report_devices(report, out);
	report_map(report, out);
	report_fidelity(report, out);
	write_machine(report, out);
	fprintf(out,
		"</main>\n<footer>Made by dmactl " VERSION
		". The commands above show each "
		"part in the terminal.</footer>\n<script>%s</script>\n</body>\n</html>\n",
		report_script);
}

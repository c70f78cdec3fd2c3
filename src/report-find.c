// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * report-find.c - rules that were broken and memory that leaked, with their evidence
 */
#include <inttypes.h>
#include <string.h>

#include "evidence.h"
#include "markup.h"
#include "report.h"

static const char *string(const struct report *report, uint32_t number)
{
	return libdma_strings_get(source_strings(report->source), number);
}

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static void write_paragraph(FILE *out, const char *lead, const char *text)
{
	fprintf(out, "<p>%s", lead);
	markup_text(out, text);
	fputs("</p>\n", out);
}

/* The functions, innermost first. */
static void write_stack(FILE *out, const char *stack)
{
	if (!*stack)
		return;
	fputs("<ol class=\"stack\">", out);
	while (*stack) {
		size_t size = strcspn(stack, ";");
		char frame[256];

		snprintf(frame, sizeof(frame), "%.*s", (int)size, stack);
		fputs("<li>", out);
		markup_text(out, frame);
		fputs("</li>", out);
		stack += size;
		stack += *stack == ';';
	}
	fputs("</ol>", out);
}

static void write_event(const struct report *report, FILE *out, const char *label,
			const struct dma_event *event)
{
	char text[EVIDENCE];

	if (event->kind == DMA_EVENT_NONE)
		return;
	fputs("<li>", out);
	markup_text(out, evidence_event(source_strings(report->source), label, event,
					text, sizeof(text)));
	write_stack(out, string(report, event->stack));
	fputs("</li>\n", out);
}

static void write_finding(const struct report *report, const struct finding *finding,
			  FILE *out)
{
	const struct libdma_check_rule *rule = finding->rule;
	const char *severity = libdma_check_severity_name(rule->severity);

	fprintf(out,
		"<article class=\"finding %s\">\n<h3><b class=\"severity\">%s</b> %s %s</h3>\n"
		"<p class=\"who\">",
		severity, severity, rule->id, rule->name);
	markup_text(out, string(report, finding->device));
	putc(' ', out);
	markup_text(out, string(report, finding->driver));
	fprintf(out, ", %" PRIu64 " time%s</p>\n", finding->count,
		plural(finding->count));
	write_paragraph(out, "It ", rule->summary);
	if (strcmp(finding->text, rule->summary))
		write_paragraph(out, "", finding->text);
	if (rule->kernel)
		write_paragraph(out, "The kernel would say: ", rule->kernel);
	fputs("<ul class=\"evidence\">\n", out);
	write_event(report, out, finding->count > 1 ? "first" : "event", &finding->first);
	write_event(report, out, "begun", &finding->begin);
	write_event(report, out, evidence_ends(&finding->other) ? "ended" : "also",
		    &finding->other);
	fputs("</ul>\n</article>\n", out);
}

static void write_rules(const struct report *report, FILE *out)
{
	const struct findings *findings = &report->findings;
	uint64_t doubts = findings_doubted(findings);
	size_t shown = 0, all = 0;

	for (size_t i = 0; i < findings->count; i++) {
		if (findings->finding[i].doubt)
			continue;
		if (all++ < REPORT_FOUND) {
			write_finding(report, &findings->finding[i], out);
			shown++;
		}
	}
	if (!all)
		fprintf(out,
			"<p class=\"headline\">No rule of the DMA API was broken in %" PRIu64
			" events.</p>\n",
			source_events(report->source));
	if (all > shown)
		fprintf(out, "<p>And %zu more.</p>\n", all - shown);
	if (doubts)
		fprintf(out,
			"<p>%" PRIu64
			" more verdict%s that something else explains: lost events, a late "
			"start, or a driver that need not unmap.</p>\n",
			doubts, plural(doubts));
	report_command(report, doubts ? "check --all" : "check", out);
}

static void write_leak(const struct report *report, const struct libdma_leak *leak,
		       FILE *out)
{
	char bytes[32], oldest[32], text[EVIDENCE];

	fprintf(out,
		"<article class=\"finding error\">\n<h3><b class=\"severity\">%s</b> ",
		libdma_leak_verdict_name(leak->verdict));
	markup_text(out, string(report, leak->oldest.device));
	fprintf(out, " %s</h3>\n", libdma_event_kind_name(leak->oldest.kind));
	fprintf(out, "<p class=\"who\">%" PRIu64 " left, %s; the oldest lives for %s",
		leak->count, table_size(leak->bytes, bytes, sizeof(bytes)),
		table_time(leak->oldest_ns, oldest, sizeof(oldest)));
	if (leak->slope > 0)
		fprintf(out, "; %.3g more each second", leak->slope);
	fputs("</p>\n", out);
	write_paragraph(out, "", libdma_leak_verdict_reason(leak->verdict));
	fputs("<ul class=\"evidence\">\n<li>", out);
	markup_text(out, evidence_event(source_strings(report->source), "the oldest",
					&leak->oldest, text, sizeof(text)));
	write_stack(out, string(report, leak->oldest.stack));
	fputs("</li>\n</ul>\n</article>\n", out);
}

static void write_leaks(const struct report *report, FILE *out)
{
	const struct leaks_list *list = &report->leaks;
	uint64_t others = 0;
	size_t all = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (!leak_is_found(&list->leak[i]))
			others += list->leak[i].count;
		else if (all++ < REPORT_FOUND)
			write_leak(report, &list->leak[i], out);
	}
	if (!all)
		fputs("<p class=\"headline\">Nothing leaked.</p>\n", out);
	if (all > REPORT_FOUND)
		fprintf(out, "<p>And of %zu more sites.</p>\n", all - REPORT_FOUND);
	if (others)
		fprintf(out,
			"<p>%" PRIu64
			" more %s left at the end, for other reasons.</p>\n",
			others, others == 1 ? "is" : "are");
	if (list->strangers)
		fprintf(out,
			"<p>Origin unknown: %" PRIu64
			" were ended that the recording does not show to begin.</p>\n",
			list->strangers);
	report_command(report, others ? "leaks --all" : "leaks", out);
}

void report_findings(const struct report *report, FILE *out)
{
	fputs("<section id=\"findings\">\n<h2>Findings</h2>\n", out);
	write_rules(report, out);
	write_leaks(report, out);
	fputs("</section>\n", out);
}

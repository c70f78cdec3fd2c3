// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * check-print.c - findings for people
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "check-print.h"
#include "evidence.h"
#include "json.h"
#include "output.h"
#include "paragraph.h"
#include "table.h"

#define STACK_SHOWN 8 /* functions */

struct printing {
	const struct findings *findings;
	const struct terminal *terminal;
};

static const char *string(const struct printing *printing, uint32_t number)
{
	return libdma_strings_get(printing->findings->strings, number);
}

static const char *color_of(const struct finding *finding)
{
	if (finding->doubt)
		return "2";
	return finding->rule->severity == LIBDMA_CHECK_ERROR ? "1;31" : "1;33";
}

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static void print_stack(const struct printing *printing, uint32_t number)
{
	const char *at = string(printing, number);

	for (unsigned int i = 0; *at; i++) {
		size_t size = strcspn(at, ";");

		if (i == STACK_SHOWN) {
			paragraph_print(printing->terminal, 6, 6, "...");
			return;
		}
		paragraph_print(printing->terminal, 6, 8, "%.*s", (int)size, at);
		at += size;
		at += *at == ';';
	}
}

static void print_event(const struct printing *printing, const char *label,
			const struct dma_event *event)
{
	char text[EVIDENCE];

	if (event->kind == DMA_EVENT_NONE)
		return;
	paragraph_print(printing->terminal, 2, 4, "%s",
			evidence_event(printing->findings->strings, label, event, text,
				       sizeof(text)));
	print_stack(printing, event->stack);
}

static void print_doubts(const struct printing *printing, uint32_t doubt)
{
	for (unsigned int bit = 0; bit < LIBDMA_DOUBTS; bit++)
		if (doubt & 1U << bit)
			paragraph_print(printing->terminal, 2, 4, "in doubt: %s",
					libdma_check_doubt_name(bit));
}

static void print_finding(const struct printing *printing, const struct finding *finding)
{
	const struct terminal *terminal = printing->terminal;
	const struct libdma_check_rule *rule = finding->rule;

	fputs(terminal_color(terminal, color_of(finding)), stdout);
	paragraph_print(terminal, 0, 2, "%s %s %s: %s%s%s, %" PRIu64 " time%s",
			finding->doubt ? "doubtful"
				       : libdma_check_severity_name(rule->severity),
			rule->id, rule->name, string(printing, finding->device),
			finding->driver ? " " : "", string(printing, finding->driver),
			finding->count, plural(finding->count));
	fputs(terminal_color(terminal, "0"), stdout);
	if (strcmp(finding->text, rule->summary))
		paragraph_print(terminal, 2, 4, "it %s: %s", rule->summary,
				finding->text);
	else
		paragraph_print(terminal, 2, 4, "it %s", rule->summary);
	if (rule->kernel)
		paragraph_print(terminal, 2, 4, "the kernel would say: %s", rule->kernel);
	print_event(printing, finding->count > 1 ? "first" : "event", &finding->first);
	print_event(printing, "begun", &finding->begin);
	print_event(printing, evidence_ends(&finding->other) ? "ended" : "also", &finding->other);
	print_doubts(printing, finding->doubt);
}

static void print_summary(const struct printing *printing, const struct source *source,
			  bool doubted)
{
	const struct findings *findings = printing->findings;
	uint64_t errors = findings_of(findings, LIBDMA_CHECK_ERROR);
	uint64_t warnings = findings_of(findings, LIBDMA_CHECK_WARNING);
	uint64_t doubts = findings_doubted(findings);

	paragraph_print(printing->terminal, 0, 2,
			"%" PRIu64 " events: %" PRIu64 " error%s, %" PRIu64 " warning%s",
			source_events(source), errors, plural(errors), warnings,
			plural(warnings));
	if (doubts)
		paragraph_print(printing->terminal, 0, 2,
				"%" PRIu64 " more verdict%s that something else explains%s",
				doubts, plural(doubts),
				doubted	      ? ""
				: doubts == 1 ? "; --all shows it"
					      : "; --all shows them");
	if (findings->suppressed)
		paragraph_print(printing->terminal, 0, 2, "%" PRIu64 " suppressed",
				findings->suppressed);
}

void check_print(const struct findings *findings, const struct source *source,
		 const struct terminal *terminal, bool doubted)
{
	const struct printing printing = { findings, terminal };

	source_print_loss(source, terminal, stdout);
	print_summary(&printing, source, doubted);
	for (size_t i = 0; i < findings->count; i++) {
		if (findings->finding[i].doubt && !doubted)
			continue;
		putchar('\n');
		print_finding(&printing, &findings->finding[i]);
	}
}

enum {
	COLUMN_ID,
	COLUMN_NAME,
	COLUMN_SEVERITY,
	COLUMN_SUMMARY,
	COLUMN_KERNEL
};

static const struct column columns[] = {
	[COLUMN_ID] = { .name = "ID", .summary = "its number, which never changes" },
	[COLUMN_NAME] = { .name = "NAME", .summary = "its name" },
	[COLUMN_SEVERITY] = { .name = "SEVERITY", .summary = "error, warning or note" },
	[COLUMN_SUMMARY] = { .name = "A DRIVER THAT",
			     .summary = "what a driver does who breaks it",
			     .shrink = true },
	[COLUMN_KERNEL] = { .name = "KERNEL",
			    .summary = "what the kernel's dma-debug says then",
			    .extra = true },
	{}
};

static void list_json(void)
{
	json_t *document = json_document("check-rules"), *list = json_list();
	const struct libdma_check_rule *rule;

	for (size_t i = 0; (rule = libdma_check_rule_at(i)); i++) {
		json_t *object = json_create();

		json_add(object, "id", json_text(rule->id));
		json_add(object, "name", json_text(rule->name));
		json_add(object, "severity",
			 json_text(libdma_check_severity_name(rule->severity)));
		json_add(object, "summary", json_text(rule->summary));
		json_add(object, "kernel",
			 rule->kernel ? json_text(rule->kernel) : json_null());
		json_append(list, object);
	}
	json_add(document, "rules", list);
	json_print(document);
}

int check_list_rules(const struct form_options *form, const struct terminal *terminal)
{
	const struct libdma_check_rule *rule;
	struct table *table;
	int status;

	if (form->form == FORM_JSON) {
		list_json();
		return EXIT_FINE;
	}
	status = table_create(form, terminal, columns, &table);
	if (!table)
		return status;
	for (size_t i = 0; (rule = libdma_check_rule_at(i)); i++) {
		table_row(table);
		table_cell(table, COLUMN_ID, "%s", rule->id);
		table_cell(table, COLUMN_NAME, "%s", rule->name);
		table_cell(table, COLUMN_SEVERITY, "%s",
			   libdma_check_severity_name(rule->severity));
		table_cell(table, COLUMN_SUMMARY, "%s", rule->summary);
		table_cell(table, COLUMN_KERNEL, "%s", rule->kernel ? rule->kernel : "");
	}
	table_print(table);
	table_destroy(table);
	return EXIT_FINE;
}

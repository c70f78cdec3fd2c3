// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * check-json.c - findings for programs, and for code review (SARIF)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check-print.h"
#include "json.h"
#include "output.h"
#include "version.h"

#define SARIF_SCHEMA "https://json.schemastore.org/sarif-2.1.0.json"

static json_t *stack_list(const char *stack)
{
	json_t *list = json_list();
	char *copy = strdup(stack), *rest = NULL;

	for (char *frame = copy ? strtok_r(copy, ";", &rest) : NULL; frame;
	     frame = strtok_r(NULL, ";", &rest))
		json_append(list, json_text(frame));
	free(copy);
	return list;
}

static json_t *event_object(const struct dma_event *event,
			    const struct libdma_strings *strings)
{
	const char *direction = libdma_direction_name(event->dir);
	json_t *object;

	if (event->kind == DMA_EVENT_NONE)
		return json_null();
	object = json_create();
	json_add_count(object, "event", event->number);
	json_add_count(object, "ns", event->ns);
	json_add(object, "kind", json_text(libdma_event_kind_name(event->kind)));
	json_add(object, "direction", direction ? json_text(direction) : json_null());
	json_add(object, "dma", json_hex(event->dma));
	json_add(object, "phys", json_hex(event->phys));
	json_add_count(object, "size", event->size);
	json_add_count(object, "nents", event->nents);
	json_add_count(object, "cpu", event->cpu);
	json_add(object, "comm", json_text(libdma_strings_get(strings, event->comm)));
	json_add(object, "pid", json_integer(event->pid));
	json_add(object, "stack", stack_list(libdma_strings_get(strings, event->stack)));
	return object;
}

static json_t *doubts_list(uint32_t doubt)
{
	json_t *list = json_list();

	for (unsigned int bit = 0; bit < LIBDMA_DOUBTS; bit++)
		if (doubt & 1U << bit)
			json_append(list, json_text(libdma_check_doubt_name(bit)));
	return list;
}

static json_t *finding_object(const struct finding *finding,
			      const struct libdma_strings *strings)
{
	json_t *object = json_create();

	json_add(object, "rule", json_text(finding->rule->id));
	json_add(object, "name", json_text(finding->rule->name));
	json_add(object, "severity",
		 json_text(libdma_check_severity_name(finding->rule->severity)));
	json_add(object, "device",
		 json_text(libdma_strings_get(strings, finding->device)));
	json_add(object, "driver",
		 finding->driver ? json_text(libdma_strings_get(strings, finding->driver))
				 : json_null());
	json_add_count(object, "count", finding->count);
	json_add_count(object, "last_ns", finding->last_ns);
	json_add(object, "text", json_text(finding->text));
	json_add(object, "dma", json_hex(finding->dma));
	json_add_count(object, "size", finding->size);
	json_add(object, "was", json_hex(finding->was));
	json_add(object, "is", json_hex(finding->is));
	json_add(object, "first", event_object(&finding->first, strings));
	json_add(object, "begun", event_object(&finding->begin, strings));
	json_add(object, "also", event_object(&finding->other, strings));
	json_add(object, "doubts", doubts_list(finding->doubt));
	return object;
}

void check_json(const struct findings *findings, const struct source *source,
		const char *path)
{
	json_t *document = json_document("check"), *found = json_list(),
	       *doubtful = json_list();

	for (size_t i = 0; i < findings->count; i++)
		json_append(findings->finding[i].doubt ? doubtful : found,
			    finding_object(&findings->finding[i], findings->strings));
	json_add(document, "trace", json_text(path));
	json_add(document, "completeness", source_completeness(source));
	json_add_count(document, "events", source_events(source));
	json_add_count(document, "errors", findings_of(findings, LIBDMA_CHECK_ERROR));
	json_add_count(document, "warnings", findings_of(findings, LIBDMA_CHECK_WARNING));
	json_add_count(document, "notes", findings_of(findings, LIBDMA_CHECK_NOTE));
	json_add_count(document, "doubtful", findings_doubted(findings));
	json_add_count(document, "suppressed", findings->suppressed);
	json_add(document, "findings", found);
	json_add(document, "in_doubt", doubtful);
	json_print(document);
}

/*
 * SARIF
 */

static json_t *wrapped(const char *key, const char *text)
{
	json_t *object = json_create();

	json_add(object, key, json_text(text));
	return object;
}

static json_t *sarif_rules(void)
{
	json_t *list = json_list(), *object, *level;
	const struct libdma_check_rule *rule;

	for (size_t i = 0; (rule = libdma_check_rule_at(i)); i++) {
		object = json_create();
		level = json_create();
		json_add(level, "level",
			 json_text(libdma_check_severity_name(rule->severity)));
		json_add(object, "id", json_text(rule->id));
		json_add(object, "name", json_text(rule->name));
		json_add(object, "shortDescription", wrapped("text", rule->summary));
		if (rule->kernel)
			json_add(object, "help", wrapped("text", rule->kernel));
		json_add(object, "defaultConfiguration", level);
		json_append(list, object);
	}
	return list;
}

/* A path as a reference of RFC 3986: whatever might mean something there is encoded. */
static json_t *sarif_uri(const char *path)
{
	char *uri = malloc(strlen(path) * 3 + 1), *end = uri;
	json_t *object;

	if (!uri)
		out_of_memory();
	for (; *path; path++)
		if ((*path >= 'a' && *path <= 'z') || (*path >= 'A' && *path <= 'Z') ||
		    (*path >= '0' && *path <= '9') || strchr("/-._~", *path))
			*end++ = *path;
		else
			end += sprintf(end, "%%%02X", (unsigned char)*path);
	*end = 0;
	object = wrapped("uri", uri);
	free(uri);
	return object;
}

/* There is no source line in a trace: the place is the trace and the event. */
static json_t *sarif_location(const struct finding *finding, const char *path,
			      const struct libdma_strings *strings)
{
	json_t *location = json_create(), *physical = json_create(), *list = json_list(),
	       *logical = json_create();

	json_add(physical, "artifactLocation", sarif_uri(path));
	json_add(location, "physicalLocation", physical);
	json_add(logical, "name",
		 json_text(libdma_strings_get(strings, finding->device)));
	json_add(logical, "kind", json_text("resource"));
	json_append(list, logical);
	json_add(location, "logicalLocations", list);
	list = json_list();
	json_append(list, location);
	return list;
}

static json_t *sarif_result(const struct finding *finding, const char *path,
			    const struct libdma_strings *strings)
{
	json_t *object = json_create();

	json_add(object, "ruleId", json_text(finding->rule->id));
	json_add(object, "level",
		 json_text(libdma_check_severity_name(finding->rule->severity)));
	json_add(object, "message", wrapped("text", finding->text));
	json_add_count(object, "occurrenceCount", finding->count);
	json_add(object, "locations", sarif_location(finding, path, strings));
	json_add(object, "properties", finding_object(finding, strings));
	return object;
}

void check_sarif(const struct findings *findings, const char *path)
{
	json_t *document = json_create(), *run = json_create(), *tool = json_create(),
	       *driver = json_create(), *results = json_list(), *runs = json_list();

	for (size_t i = 0; i < findings->count; i++)
		if (!findings->finding[i].doubt)
			json_append(results, sarif_result(&findings->finding[i], path,
							  findings->strings));
	json_add(driver, "name", json_text("dmactl"));
	json_add(driver, "version", json_text(VERSION));
	json_add(driver, "rules", sarif_rules());
	json_add(tool, "driver", driver);
	json_add(run, "tool", tool);
	json_add(run, "results", results);
	json_append(runs, run);
	json_add(document, "$schema", json_text(SARIF_SCHEMA));
	json_add(document, "version", json_text("2.1.0"));
	json_add(document, "runs", runs);
	json_print(document);
}

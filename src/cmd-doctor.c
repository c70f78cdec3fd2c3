// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-doctor.c - dmactl doctor: what 'dmactl record' would see on this machine
 *
 * It asks the kernel as the recorder does, and keeps nothing attached.
 */
#include <argp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "command.h"
#include "form.h"
#include "json.h"
#include "output.h"
#include "paragraph.h"
#include "privilege.h"
#include "probes.h"
#include "table.h"

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#define CAP_BPF	    39
#endif

struct options {
	enum attach attach;
	struct form_options form;
	struct terminal terminal;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->form;
		state->child_inputs[1] = &opts->terminal;
		state->child_inputs[2] = &opts->attach;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is too many", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.parser = parse_option,
	.doc = "Say what 'dmactl record' would see on this machine, by which probe, and what "
	       "is missing. The exit status is 125 where it would see nothing.",
	.children = (const struct argp_child[]) { { .argp = &form_document_argp },
						  { .argp = &terminal_argp },
						  { .argp = &attach_argp },
						  {} },
};

static const struct {
	unsigned int number;
	const char *name;
	const char *need;
} capabilities[] = {
	{ CAP_BPF, "CAP_BPF", "to load the probes" },
	{ CAP_PERFMON, "CAP_PERFMON", "to attach them" },
	{ CAP_SYSLOG, "CAP_SYSLOG", "for names in call stacks, and physical addresses of lists" },
	{ CAP_SYS_ADMIN, "CAP_SYS_ADMIN", "for the memory map in /proc/iomem; stands for CAP_BPF "
					  "and CAP_PERFMON" },
};
#define CAPABILITIES (sizeof(capabilities) / sizeof(capabilities[0]))

/* What no kernel has a place for that could be watched. */
static const char *const unseen[] = {
	"dma_mapping_error(): it is inlined into the drivers",
	"dma_sync_*() of devices that need none, from 6.10 on: the drivers skip the call",
	"what was mapped before the recording began: record the driver being loaded to have all",
};
#define UNSEEN (sizeof(unseen) / sizeof(unseen[0]))

/* What becomes of a kind of event, from all its probes. */
struct finding {
	const struct probe *probe; /* the one that is used, or says best why none is */
	const char *state;
};

static unsigned int rank(const struct probe *probe)
{
	if (probe->used)
		return 3;
	if (probe->covered)
		return 2;
	return strncmp(probe->why, "this kernel has no", 18) ? 1 : 0;
}

static bool find(const struct probes *probes, enum dma_event_kind kind, struct finding *ret)
{
	static const char *const states[] = { "missing", "refused", "as another", "recorded" };

	ret->probe = NULL;
	for (unsigned int i = 0; i < DMA_HOOKS; i++) {
		const struct probe *probe = probes_at(probes, i);

		if (probe->kind == kind && (!ret->probe || rank(probe) > rank(ret->probe)))
			ret->probe = probe;
	}
	if (ret->probe)
		ret->state = states[rank(ret->probe)];
	return ret->probe;
}

static void read_lockdown(char *buffer, size_t size)
{
	FILE *file = fopen("/sys/kernel/security/lockdown", "re");
	char line[128] = "", *begin, *end;

	snprintf(buffer, size, "unknown");
	if (!file)
		return;
	if (fgets(line, sizeof(line), file)) {
		begin = strchr(line, '[');
		end = begin ? strchr(begin, ']') : NULL;
		if (end)
			snprintf(buffer, size, "%.*s", (int)(end - begin - 1), begin + 1);
	}
	fclose(file);
}

/* A function has (), the name of a tracepoint has not. */
static void print_probes(const struct options *opts, const struct probes *probes)
{
	static const struct column columns[] = {
		{ .name = "EVENT", .summary = "what is recorded" },
		{ .name = "BY", .summary = "the form of the probe, or why there is none" },
		{ .name = "PROBE", .summary = "where", .shrink = true },
		{},
	};
	struct table *table;

	if (table_create(&opts->form, &opts->terminal, columns, &table) || !table)
		return;
	for (unsigned int kind = 1; kind < DMA_EVENT_KINDS; kind++) {
		struct finding finding;

		if (!find(probes, kind, &finding))
			continue;
		table_row(table);
		table_cell(table, 0, "%s", libdma_event_kind_name(kind));
		table_cell(table, 1, "%s",
			   finding.probe->used ? probe_form(finding.probe) : finding.state);
		table_cell(table, 2, "%s%s", finding.probe->target,
			   finding.probe->how == PROBE_TP ? "" : "()");
	}
	table_print(table);
	table_destroy(table);
}

/* Was @why given for an event before this one? */
static bool was_told(const struct probes *probes, unsigned int kind, const char *why)
{
	struct finding finding;

	while (--kind)
		if (find(probes, kind, &finding) && !strcmp(finding.probe->why, why))
			return true;
	return false;
}

/* The names of all events from @kind on that have its reason. */
static void list_events(const struct probes *probes, unsigned int kind, const char *why,
			char *buffer, size_t size)
{
	struct finding finding;
	size_t used = 0;

	for (*buffer = '\0'; kind < DMA_EVENT_KINDS && used < size; kind++)
		if (find(probes, kind, &finding) && !strcmp(finding.probe->why, why))
			used += (size_t)snprintf(buffer + used, size - used, "%s%s",
						 used ? ", " : "", libdma_event_kind_name(kind));
}

static void print_reasons(const struct options *opts, const struct probes *probes)
{
	bool any = false;

	for (unsigned int kind = 1; kind < DMA_EVENT_KINDS; kind++) {
		struct finding finding;
		char events[1500];

		if (!find(probes, kind, &finding) || !*finding.probe->why ||
		    was_told(probes, kind, finding.probe->why))
			continue;
		list_events(probes, kind, finding.probe->why, events, sizeof(events));
		if (!any)
			printf("\nWhy not, or why by another:\n");
		any = true;
		paragraph_print(&opts->terminal, 2, 4, "%s: %s", events, finding.probe->why);
	}
}

static void print_words(const struct options *opts, const struct probes *probes,
			const struct probes_obstacle *obstacle)
{
	struct utsname names;
	char lockdown[32];

	read_lockdown(lockdown, sizeof(lockdown));
	if (!uname(&names))
		printf("Kernel        %s, %s\n", names.release, names.machine);
	printf("Lockdown      %s\n", lockdown);
	for (size_t i = 0; i < CAPABILITIES; i++)
		paragraph_print(&opts->terminal, 0, 14, "%-14s%s, %s", capabilities[i].name,
				privilege_has(capabilities[i].number) ? "yes" : "no",
				capabilities[i].need);
	paragraph_print(&opts->terminal, 0, 14, "Recording     %s",
			obstacle->status ? obstacle->text : "possible");
	if (!probes)
		return;
	putchar('\n');
	print_probes(opts, probes);
	print_reasons(opts, probes);
	printf("\nNever seen, on any kernel:\n");
	for (size_t i = 0; i < UNSEEN; i++)
		paragraph_print(&opts->terminal, 2, 4, "%s", unseen[i]);
}

static json_t *list_probes(const struct probes *probes)
{
	json_t *list = json_list();

	for (unsigned int kind = 1; probes && kind < DMA_EVENT_KINDS; kind++) {
		struct finding finding;
		json_t *object;
		char place[80];

		if (!find(probes, kind, &finding))
			continue;
		object = json_create();
		json_add(object, "event", json_text(libdma_event_kind_name(kind)));
		json_add(object, "group", json_text(finding.probe->group));
		json_add(object, "state", json_text(finding.state));
		json_add(object, "probe",
			 json_text(probe_place(finding.probe, place, sizeof(place))));
		json_add(object, "by", finding.probe->used ? json_text(probe_form(finding.probe))
							   : json_null());
		json_add(object, "why",
			 *finding.probe->why ? json_text(finding.probe->why) : json_null());
		json_append(list, object);
	}
	return list;
}

static void print_json(const struct probes *probes, const struct probes_obstacle *obstacle)
{
	json_t *document = json_document("doctor"), *held = json_create(), *never = json_list();
	struct utsname names;
	char lockdown[32];

	read_lockdown(lockdown, sizeof(lockdown));
	json_add(document, "kernel", uname(&names) ? json_null() : json_text(names.release));
	json_add(document, "lockdown", json_text(lockdown));
	for (size_t i = 0; i < CAPABILITIES; i++)
		json_add(held, capabilities[i].name,
			 privilege_has(capabilities[i].number) ? json_true() : json_false());
	json_add(document, "capabilities", held);
	json_add(document, "possible", obstacle->status ? json_false() : json_true());
	json_add(document, "obstacle", obstacle->status ? json_text(obstacle->text) : json_null());
	json_add(document, "events", list_probes(probes));
	for (size_t i = 0; i < UNSEEN; i++)
		json_append(never, json_text(unseen[i]));
	json_add(document, "never_seen", never);
	json_print(document);
}

static int doctor_run(int argc, char **argv)
{
	struct probes_obstacle obstacle;
	struct options opts = { 0 };
	struct probes *probes;

	argp_parse(&argp, argc, argv, 0, NULL, &opts);
	probes = probes_create(NULL, opts.attach, &obstacle);
	if (opts.form.form == FORM_JSON)
		print_json(probes, &obstacle);
	else
		print_words(&opts, probes, &obstacle);
	probes_destroy(probes);
	return obstacle.status;
}

const struct command command_doctor = {
	.name = "doctor",
	.summary = "Say what 'record' would see on this machine",
	.argp = &argp,
	.run = doctor_run,
};

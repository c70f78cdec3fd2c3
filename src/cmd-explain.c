// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-explain.c - dmactl explain: a kernel log, and what it means
 */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "explain-witness.h"
#include "explain.h"
#include "form.h"
#include "json.h"
#include "output.h"
#include "paragraph.h"
#include "terminal.h"

enum {
	OPTION_DMESG = 256,
	OPTION_SEGMENT,
	OPTION_TRACE,
};

struct options {
	const char *path;
	bool dmesg;
	unsigned int segment;
	const char *trace_path;
	struct source_options trace;
	struct form_options form;
	struct terminal terminal;
};

static const struct argp_option options[] = {
	{ .name = "dmesg",
	  .key = OPTION_DMESG,
	  .doc = "Read the log of the running kernel" },
	{ .name = "segment",
	  .key = OPTION_SEGMENT,
	  .arg = "SLOTS",
	  .doc = "Slots of a slot set of swiotlb, for a kernel that was patched (128)" },
	{ .name = "trace",
	  .key = OPTION_TRACE,
	  .arg = "TRACE",
	  .doc = "Take the evidence from this recording of the same time" },
	{},
};

static unsigned int parse_segment(const char *arg, struct argp_state *state)
{
	char *end;
	unsigned long value = strtoul(arg, &end, 10);

	if (*end || end == arg || *arg == '-' || !value || value > 1u << 20 ||
	    (value & (value - 1)))
		argp_error(state,
			   "--segment takes a power of two up to 1048576, not '%s'", arg);
	return (unsigned int)value;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		opts->segment = 128;
		state->child_inputs[0] = &opts->trace;
		state->child_inputs[1] = &opts->form;
		state->child_inputs[2] = &opts->terminal;
		return 0;
	case OPTION_DMESG:
		opts->dmesg = true;
		return 0;
	case OPTION_SEGMENT:
		opts->segment = parse_segment(arg, state);
		return 0;
	case OPTION_TRACE:
		opts->trace_path = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (opts->path)
			argp_error(state, "one LOG only, not '%s' as well", arg);
		opts->path = arg;
		return 0;
	case ARGP_KEY_END:
		if (opts->dmesg && opts->path)
			argp_error(state,
				   "--dmesg reads the kernel's log, and takes no LOG");
		if (!opts->dmesg && !opts->path && isatty(STDIN_FILENO))
			argp_error(state, "name a LOG, or --dmesg, or pipe a log in");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "[LOG]",
	.doc = "Find the lines of a kernel log that are about DMA, and say what they mean and "
	       "what to do. LOG is a file, or - for standard input (the default).",
	.children = (const struct argp_child[]) { { .argp = &source_argp },
						  { .argp = &form_document_argp },
						  { .argp = &terminal_argp },
						  {} },
};

/*
 * Reading
 */

static int read_log(struct explain *explain, FILE *file, const char *name)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t size;
	int err;

	errno = 0;
	while ((size = getline(&line, &room, file)) >= 0) {
		if (size && line[size - 1] == '\n')
			size--;
		explain_line(explain, line, (size_t)size);
	}
	err = ferror(file) ? errno : 0;
	free(line);
	return err ? trouble(name, -err) : EXIT_FINE;
}

/* A record of /dev/kmsg is "priority,number,microseconds,flags;text". */
static void read_record(struct explain *explain, char *record)
{
	char *text = strchr(record, ';');
	unsigned long long us;
	char line[8320];

	if (!text)
		return;
	*text++ = 0;
	text[strcspn(text, "\n")] = 0;
	if (sscanf(record, "%*u,%*u,%llu", &us) != 1)
		return;
	snprintf(line, sizeof(line), "[%5llu.%06llu] %s", us / 1000000, us % 1000000,
		 text);
	explain_line(explain, line, strlen(line));
}

static int read_kernel(struct explain *explain)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char record[8193];
	ssize_t size;

	if (fd < 0) {
		complain("/dev/kmsg: %s; try 'sudo dmesg | dmactl explain'",
			 strerror(errno));
		return EXIT_CANNOT;
	}
	/* EPIPE: older records were overwritten meanwhile, the next read goes on */
	while ((size = read(fd, record, sizeof(record) - 1)) > 0 ||
	       (size < 0 && errno == EPIPE)) {
		record[size > 0 ? size : 0] = 0;
		read_record(explain, record);
	}
	close(fd);
	return EXIT_FINE;
}

static int read_lines(struct explain *explain, const struct options *opts)
{
	FILE *file;
	int status;

	if (opts->dmesg)
		return read_kernel(explain);
	if (!opts->path || !strcmp(opts->path, "-"))
		return read_log(explain, stdin, "standard input");
	file = fopen(opts->path, "re");
	if (!file)
		return trouble(opts->path, -errno);
	status = read_log(explain, file, opts->path);
	fclose(file);
	return status;
}

/*
 * Printing
 */

/* Text behind a label; its further lines begin below it. */
static void print_labelled(const struct terminal *terminal, const char *label,
			   const char *text)
{
	paragraph_print(terminal, 2, 11, "%-9s%s", label, text);
}

static void print_lines(const struct terminal *terminal, const struct finding *finding)
{
	char text[160];
	int size;

	if (finding->count == 1)
		size = snprintf(text, sizeof(text), "line %llu",
				(unsigned long long)finding->first);
	else
		size = snprintf(text, sizeof(text), "%llu lines, %llu to %llu",
				(unsigned long long)finding->count,
				(unsigned long long)finding->first,
				(unsigned long long)finding->last);
	if (finding->hidden)
		snprintf(text + size, sizeof(text) - (size_t)size,
			 "; the kernel left out %llu more",
			 (unsigned long long)finding->hidden);
	print_labelled(terminal, "where", text);
}

static void print_finding(const struct terminal *terminal, const struct finding *finding)
{
	static const char *const colors[LIBDMA_CHECK_SEVERITIES] = { "1;36", "1;33",
								     "1;31" };

	printf("%s%s%s: %s%s%s", terminal_color(terminal, colors[finding->severity]),
	       libdma_check_severity_name(finding->severity),
	       terminal_color(terminal, "0"), terminal_color(terminal, "1"), finding->id,
	       terminal_color(terminal, "0"));
	if (*finding->device)
		printf(", %s", finding->device);
	if (*finding->driver)
		printf(" (%s)", finding->driver);
	putchar('\n');
	print_labelled(terminal, "what", finding->title);
	print_labelled(terminal, "log", finding->text);
	print_lines(terminal, finding);
	print_labelled(terminal, "why", finding->why);
	for (size_t i = 0; i < finding->evidence.count; i++)
		print_labelled(terminal, i ? "" : "evidence", finding->evidence.text[i]);
	for (size_t i = 0; i < finding->recorded.count; i++)
		print_labelled(terminal, i ? "" : "recorded", finding->recorded.text[i]);
	for (size_t i = 0; i < finding->next.count; i++) {
		char label[32];

		snprintf(label, sizeof(label), "%s%zu.", i ? "     " : "next ", i + 1);
		print_labelled(terminal, label, finding->next.text[i]);
	}
}

static void print_human(const struct terminal *terminal, struct explain *explain)
{
	size_t findings = explain_findings(explain);

	for (size_t i = 0; i < findings; i++) {
		print_finding(terminal, explain_finding(explain, i));
		putchar('\n');
	}
	if (!findings)
		printf("None of the %llu lines is about DMA.\n",
		       (unsigned long long)explain_lines(explain));
}

static json_t *json_sentences(const struct sentences *sentences)
{
	json_t *list = json_list();

	for (size_t i = 0; i < sentences->count; i++)
		json_append(list, json_text(sentences->text[i]));
	return list;
}

static json_t *json_finding(const struct finding *finding, const struct witness *witness)
{
	json_t *object = json_create();

	json_add(object, "id", json_text(finding->id));
	json_add(object, "severity",
		 json_text(libdma_check_severity_name(finding->severity)));
	json_add(object, "device",
		 *finding->device ? json_text(finding->device) : json_null());
	json_add(object, "driver",
		 *finding->driver ? json_text(finding->driver) : json_null());
	json_add(object, "title", json_text(finding->title));
	json_add_count(object, "lines", finding->count);
	json_add_count(object, "suppressed", finding->hidden);
	json_add_count(object, "first_line", finding->first);
	json_add_count(object, "last_line", finding->last);
	json_add(object, "text", json_text(finding->text));
	json_add(object, "why", json_text(finding->why));
	json_add(object, "evidence", json_sentences(&finding->evidence));
	if (witness) {
		json_add(object, "recorded", json_sentences(&finding->recorded));
		json_add(object, "recording",
			 witness->json ? json_incref(witness->json) : json_null());
	}
	json_add(object, "next", json_sentences(&finding->next));
	return object;
}

static void print_json(const struct options *opts, struct explain *explain,
		       const struct witnesses *witnesses)
{
	json_t *document = json_document("explain");
	json_t *list = json_list();

	json_add(document, "log",
		 json_text(opts->dmesg  ? "/dev/kmsg"
			   : opts->path ? opts->path
					: "-"));
	json_add_count(document, "lines", explain_lines(explain));
	if (witnesses->completeness) {
		json_add(document, "trace", json_text(witnesses->path));
		json_add(document, "completeness", json_incref(witnesses->completeness));
	}
	for (size_t i = 0; i < explain_findings(explain); i++)
		json_append(list, json_finding(explain_finding(explain, i),
					       witnesses->completeness
						       ? &witnesses->witness[i]
						       : NULL));
	json_add(document, "findings", list);
	json_print(document);
}

static int explain_run(int argc, char **argv)
{
	struct options opts = { 0 };
	struct witnesses witnesses = { 0 };
	struct explain *explain;
	int status, heard = EXIT_FINE;

	argp_parse(&argp, argc, argv, 0, NULL, &opts);
	explain = explain_create(opts.segment);
	status = read_lines(explain, &opts);
	if (status == EXIT_CANNOT)
		goto destroy;
	explain_conclude(explain);
	if (opts.trace_path) {
		opts.trace.path = opts.trace_path;
		heard = witnesses_hear(&opts.trace, explain, &witnesses);
	}
	terminal_page(&opts.terminal);
	if (opts.form.form == FORM_JSON)
		print_json(&opts, explain, &witnesses);
	else
		print_human(&opts.terminal, explain);
	if (status == EXIT_FINE && explain_findings(explain))
		status = EXIT_FOUND;
	if (heard != EXIT_FINE && status <= EXIT_FOUND)
		status = heard;
	witnesses_deinit(&witnesses);
destroy:
	explain_destroy(explain);
	return status;
}

const struct command command_explain = {
	.name = "explain",
	.summary = "Say what the lines of a kernel log mean, and what to do",
	.argp = &argp,
	.run = explain_run,
};

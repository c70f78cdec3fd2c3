// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-fuzz-minimize-trace.c - a recording made small, while a command says the same of it
 *
 * Events are taken out, many at once and then fewer. The trace is read anew for each try,
 * so that memory follows the number of events only by a byte each. Without a command it
 * is 'dmactl check', of which the broken rules have to stay the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz-input.h"
#include "fuzz-scratch.h"
#include "json.h"
#include "output.h"
#include "source.h"
#include "target.h"

#define EVENTS_MOST (16 << 20)

/**
 * struct excision - a trace of which events are taken out
 * @target:	the file that is tried
 * @keep:	of each event, is it still in?
 * @kept:	how many are
 * @says:	what is said of the whole: an exit status, and which rules were broken
 */
struct excision {
	const struct fuzz_options *options;
	const char *input;
	struct target_options target;
	uint8_t *keep;
	size_t events, kept;
	unsigned long tries;
	struct {
		int status;
		char *rules;
	} says;
	int failed;
};

/* ---- what is said of a trace ---- */

/* "DMA003 DMA008 ": the rules that 'dmactl check --json' found broken, to be freed. */
static char *rules_of(FILE *stream)
{
	json_t *document = json_loadf(stream, 0, NULL), *finding;
	char *rules = fuzz_path("%s", ""), *more;
	size_t index;

	json_array_foreach(json_object_get(document, "findings"), index, finding)
	{
		const char *rule = json_string_value(json_object_get(finding, "rule"));

		if (!rule || strstr(rules, rule))
			continue;
		more = fuzz_path("%s%s ", rules, rule);
		free(rules);
		rules = more;
	}
	json_decref(document);
	return rules;
}

/* In the child. Does not return. */
static void run_child(const struct excision *excision, int out)
{
	const char *command = excision->options->command, *path = excision->target.path;
	int null = open("/dev/null", O_RDWR);
	char *line, self[PATH_MAX];
	ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);

	signal(SIGPIPE, SIG_DFL);
	dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	if (command) {
		line = fuzz_path("%s \"$1\"", command);
		execl("/bin/sh", "sh", "-c", line, "sh", path, (char *)NULL);
	} else {
		self[size > 0 ? size : 0] = 0;
		execl(self, "dmactl", "check", "--json", path, (char *)NULL);
	}
	_exit(127);
}

/* The command's exit status; @rules is what it printed, if it is 'dmactl check'. */
static int ask(struct excision *excision, char **rules)
{
	int out[2], how = 0;
	FILE *stream;
	pid_t pid;

	excision->tries++;
	if (pipe2(out, O_CLOEXEC))
		return excision->failed = trouble("pipe", -errno);
	fflush(stdout);
	pid = fork();
	if (!pid)
		run_child(excision, out[1]);
	close(out[1]);
	stream = pid < 0 ? NULL : fdopen(out[0], "r");
	if (!stream) {
		close(out[0]);
		return excision->failed = trouble("fork", -errno);
	}
	*rules = excision->options->command ? fuzz_path("%s", "") : rules_of(stream);
	while (fgetc(stream) != EOF)
		; /* what a command prints is not looked at */
	fclose(stream);
	while (waitpid(pid, &how, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(how) ? 128 + WTERMSIG(how) : WEXITSTATUS(how);
}

/* ---- traces of some events ---- */

/* Write those events that are kept; the first time, count them. */
static int write_candidate(struct excision *excision)
{
	struct source_options how = { .path = excision->input,
				      .again = excision->kept > 0 };
	const struct dma_event *event;
	struct libdma_writer *writer;
	struct source *source;
	size_t number = 0;
	int status = source_open(&how, NULL, &source), err = 0;

	if (status)
		return status;
	status = target_open(&excision->target, source_strings(source),
			     source_environment(source), &writer);
	if (status)
		return source_close(source, status);
	while (!err && source_next(source, &event) > 0)
		if (number < excision->events && excision->keep[number++])
			err = libdma_writer_put(writer, event);
	if (!err)
		err = libdma_writer_environment(writer, source_environment(source));
	status = target_close(&excision->target, writer, err);
	return source_close(source, status);
}

static int count_events(struct excision *excision)
{
	struct source_options how = { .path = excision->input };
	const struct dma_event *event;
	struct source *source;
	int status = source_open(&how, NULL, &source);

	if (status)
		return status;
	while (source_next(source, &event) > 0)
		excision->events++;
	status = source_close(source, EXIT_FINE);
	if (!status && excision->events > EVENTS_MOST) {
		complain("%s: more than %d events: 'dmactl trim' takes a part of them",
			 excision->input, EVENTS_MOST);
		status = EXIT_USAGE;
	}
	return status;
}

/* Is the same said without events @from to @to? */
static bool try_without(struct excision *excision, size_t from, size_t to)
{
	uint8_t *before = malloc(to - from + 1);
	char *rules = NULL;
	size_t out = 0;
	bool same;

	if (!before)
		out_of_memory();
	memcpy(before, excision->keep + from, to - from);
	for (size_t i = from; i < to; i++)
		out += before[i - from];
	memset(excision->keep + from, 0, to - from);
	same = out && !write_candidate(excision) &&
	       ask(excision, &rules) == excision->says.status && !excision->failed &&
	       !strcmp(rules, excision->says.rules);
	if (same)
		excision->kept -= out;
	else
		memcpy(excision->keep + from, before, to - from);
	free(rules);
	free(before);
	return same;
}

static void excise(struct excision *excision)
{
	bool smaller = true;

	for (size_t many = excision->events; many && !excision->failed; many /= 2)
		for (size_t at = excision->events; at && !excision->failed;) {
			size_t from = at > many ? at - many : 0;

			try_without(excision, from, at);
			at = from;
		}
	/* what was needed for an event that went later */
	while (smaller && !excision->failed) {
		smaller = false;
		for (size_t at = excision->events; at && !excision->failed; at--)
			if (excision->keep[at - 1])
				smaller |= try_without(excision, at - 1, at);
	}
}

static void print(const struct excision *excision, const char *out)
{
	json_t *document;

	if (excision->options->form.form == FORM_JSON) {
		document = json_document("fuzz-minimize");
		json_add(document, "out", json_text(out));
		json_add(document, "what", json_text(excision->says.rules));
		json_add_count(document, "exit_status", (uint64_t)excision->says.status);
		json_add_count(document, "events_before", excision->events);
		json_add_count(document, "events", excision->kept);
		json_add_count(document, "tries", excision->tries);
		json_print(document);
	} else {
		printf("%s: %zu of %zu events, %s%sexit status %d\n", out, excision->kept,
		       excision->events, excision->says.rules,
		       *excision->says.rules ? "and " : "", excision->says.status);
	}
}

static int minimize(struct excision *excision, const char *out)
{
	const char *candidate = excision->target.path;
	int status = write_candidate(excision);

	if (status)
		return status;
	excision->says.status = ask(excision, &excision->says.rules);
	if (excision->failed)
		return excision->failed;
	if (!excision->says.status) {
		complain("%s: %s exits with 0, so nothing can be made smaller",
			 excision->input,
			 excision->options->command ? excision->options->command
						    : "'dmactl check'");
		return EXIT_INPUT;
	}
	if (!excision->options->command && !*excision->says.rules) {
		complain("%s: 'dmactl check' ended with %d and no broken rule",
			 excision->input, excision->says.status);
		return EXIT_INPUT;
	}
	excise(excision);
	if (excision->failed)
		return excision->failed;
	excision->target.path = out;
	excision->target.force = false;
	status = write_candidate(excision);
	excision->target.path = candidate;
	if (!status)
		print(excision, out);
	return status;
}

int fuzz_minimize_trace(const struct fuzz_options *options, const char *input,
			const char *out)
{
	const char *suffix = strrchr(out, '.');
	struct excision excision = { .options = options,
				     .input = input,
				     .target.force = true };
	char *folder, *path;
	int status = count_events(&excision);

	if (!status)
		status = fuzz_scratch_create(&folder);
	if (status)
		return status;
	path = fuzz_path("%s/trace%s", folder,
			 suffix && !strchr(suffix, '/') ? suffix : "");
	excision.target.path = path;
	excision.keep = malloc(excision.events + 1);
	if (!excision.keep)
		out_of_memory();
	memset(excision.keep, 1, excision.events);
	excision.kept = excision.events;
	status = minimize(&excision, out);
	free(path);
	fuzz_scratch_destroy(folder);
	free(excision.says.rules);
	free(excision.keep);
	return status;
}

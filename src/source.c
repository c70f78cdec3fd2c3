// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * source.c - the trace that a command reads: one way in for all of them
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "environment.h"
#include "follow.h"
#include "json.h"
#include "output.h"
#include "progress.h"
#include "source.h"
#include "survey.h"

#define TRACE_DEFAULT "dma.dmat"
#define DAMAGE_SHOWN  10 /* lines about damage; the rest is counted */

enum {
	OPTION_FROM = 576,
	OPTION_ENVIRONMENT,
	OPTION_STRICT,
};

static const struct argp_option options[] = {
	{ .doc = "The trace:", .group = 5 },
	{ .name = "from",
	  .key = OPTION_FROM,
	  .arg = "FORMAT",
	  .doc = "Read TRACE as FORMAT, without looking what it is" },
	{ .name = "environment",
	  .key = OPTION_ENVIRONMENT,
	  .arg = "FILE",
	  .doc = "Take what is said of the machine in FILE (JSON) for given" },
	{ .name = "strict",
	  .key = OPTION_STRICT,
	  .doc = "Exit with 4 where the recorder lost events" },
	{ .name = "verbose", .key = 'v', .doc = "Say what is read besides TRACE" },
	{},
};

struct source {
	struct source_options *options;
	struct libdma_reader *reader;
	const struct libdma_strings *strings; /* the reader's */
	const char *name; /* for messages */
	char path[32];	  /* where the reader finds what came by standard input, or grows */
	int spool;	  /* its descriptor, or -1 */
	struct follower follower;
	char *beside;	  /* file of the environment, found beside the trace */
	struct libdma_environment *given;
	struct libdma_environment *surveyed;
	struct libdma_inference *inference;
	struct libdma_environment *known; /* what source_environment() gave last */
	bool open;
	bool selects; /* the user does not want all events */
	int (*idle)(void *arg); /* or NULL */
	void *idle_arg;
	unsigned int told; /* damaged places that were named */
	uint64_t events;
	bool lost;  /* an event said so; how many may be unknown */
	int status; /* EXIT_FINE, or EXIT_SYSTEM once reading failed */
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct source_options *source = state->input;

	switch (key) {
	case OPTION_FROM:
		source->from = arg;
		return 0;
	case OPTION_ENVIRONMENT:
		source->environment = arg;
		return 0;
	case OPTION_STRICT:
		source->strict = true;
		return 0;
	case 'v':
		source->verbose = true;
		return 0;
	case ARGP_KEY_ARG:
		if (source->path)
			argp_error(state, "one TRACE at a time, '%s' is too many", arg);
		source->path = arg;
		return 0;
	case ARGP_KEY_END:
		if (!source->path)
			source->path = TRACE_DEFAULT;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp source_argp = { .options = options, .parser = parse_option };

static void tell_damage(void *arg, const struct libdma_damage *damage)
{
	struct source *source = arg;

	if (source->options->damage)
		source->options->damage(source->options->damage_arg, damage);
	if (source->options->again || source->options->silent ||
	    source->told == DAMAGE_SHOWN)
		return;
	source->told++;
	if (damage->line)
		complain("%s:%" PRIu64 ": %s", source->name, damage->line, damage->reason);
	else if (damage->offset || source->open)
		complain("%s: offset %" PRIu64 ": %s", source->name, damage->offset,
			 damage->reason);
	else
		complain("%s: %s", source->name, damage->reason);
}

static int tell_idle(void *arg)
{
	struct source *source = arg;

	return source->idle ? source->idle(source->idle_arg) : -1;
}

/* The reader has told what is wrong with the content, but not what the system said. */
static int tell_failure(const struct source *source, int err)
{
	if (err == -EBADMSG || err == -ENOTSUP)
		return EXIT_INPUT;
	if (err == -EINVAL && source->options->from) {
		complain("'%s' is no format that can be read, 'dmactl convert --help' lists "
			 "them",
			 source->options->from);
		return EXIT_USAGE;
	}
	return trouble(source->name, err);
}

/* What the user says of the machine: with an option, or with a file beside the trace. */
static int read_given(struct source *source)
{
	const char *path = source->options->environment;

	source->given = libdma_environment_create();
	if (!source->given)
		out_of_memory();
	if (!path) {
		source->beside = environment_beside(source->options->path);
		path = source->beside;
	}
	if (!path)
		return EXIT_FINE;
	if (source->options->verbose && !source->options->again)
		complain("%s: its environment is read from %s", source->name, path);
	return environment_read(path, source->given);
}

static int open_reader(struct source *source, const char *path,
		       struct libdma_strings *strings)
{
	const struct libdma_reader_options how = {
		.from = source->options->from,
		.strings = strings,
		.damage = tell_damage,
		.idle = tell_idle,
		.arg = source,
	};
	int err = libdma_reader_open(path, &how, &source->reader);

	/* where nothing can be read there is no second reading to say why */
	if (err && source->options->silent) {
		source->options->silent = false;
		err = libdma_reader_open(path, &how, &source->reader);
	}
	if (err)
		return tell_failure(source, err);
	source->open = true;
	source->strings = libdma_reader_strings(source->reader);
	return EXIT_FINE;
}

/* What can be read but once is kept, so that it can be read again. */
static int spool(struct source *source, const char **path)
{
	int err;

	if (strcmp(*path, "-"))
		return EXIT_FINE;
	err = survey_spool(&source->spool);
	if (err)
		return trouble(source->name, err);
	snprintf(source->path, sizeof(source->path), "/dev/fd/%d", source->spool);
	*path = source->path;
	return EXIT_FINE;
}

/* A file that grows is read as a pipe. What is none, or is not there, is read as it is. */
static int follow(struct source *source, const char **path)
{
	struct stat status;
	int err;

	if (stat(*path, &status) || !S_ISREG(status.st_mode))
		return EXIT_FINE;
	err = follower_create(*path, &source->follower);
	if (err)
		return trouble(source->name, err);
	snprintf(source->path, sizeof(source->path), "/dev/fd/%d", source->follower.fd);
	*path = source->path;
	return EXIT_FINE;
}

/* A trace that cannot be opened or read is left to the second reading, which tells it. */
static void survey(struct source *source, const char *path)
{
	source->surveyed = libdma_environment_create();
	if (!source->surveyed ||
	    survey_trace(path, source->options->from, source->surveyed) == -ENOMEM)
		out_of_memory();
}

static void begin_inference(struct source *source)
{
	source->inference = libdma_inference_create();
	if (!source->inference ||
	    libdma_inference_tell(source->inference, source_environment(source)))
		out_of_memory();
}

static int prepare(struct source *source, struct libdma_strings *strings)
{
	const char *path = source->options->path;
	int status = EXIT_FINE;

	if (source->options->survey)
		status = spool(source, &path);
	if (status == EXIT_FINE && source->options->survey)
		survey(source, path);
	if (source->spool >= 0)
		lseek(source->spool, 0, SEEK_SET);
	if (status == EXIT_FINE && source->options->follow)
		status = follow(source, &path);
	if (status == EXIT_FINE)
		status = open_reader(source, path, strings);
	if (status == EXIT_FINE)
		status = read_given(source);
	if (status == EXIT_FINE && source->options->infer)
		begin_inference(source);
	return status;
}

static void free_source(struct source *source)
{
	libdma_reader_close(source->reader);
	follower_destroy(&source->follower);
	if (source->spool >= 0)
		close(source->spool);
	libdma_environment_destroy(source->given);
	libdma_environment_destroy(source->surveyed);
	libdma_environment_destroy(source->known);
	libdma_inference_destroy(source->inference);
	libdma_filter_destroy(source->options->filter);
	source->options->filter = NULL;
	free(source->beside);
	free(source);
}

int source_open(struct source_options *opts, struct libdma_strings *strings,
		struct source **ret)
{
	struct source *source = calloc(1, sizeof(*source));
	int status;

	if (!source)
		out_of_memory();
	source->options = opts;
	source->selects = opts->filter || opts->range.begin.type || opts->range.end.type;
	source->spool = source->follower.fd = -1;
	source->name = strcmp(opts->path, "-") ? opts->path : "standard input";
	status = prepare(source, strings);
	if (status != EXIT_FINE) {
		free_source(source);
		return status;
	}
	*ret = source;
	return EXIT_FINE;
}

static __attribute__((noinline)) void show_progress(const struct source *source)
{
	uint64_t done, total;

	libdma_reader_progress(source->reader, &done, &total);
	progress_show(done, total, source->events);
}

static int teach_filter(void *arg, uint32_t device, uint32_t driver)
{
	return libdma_filter_driver(arg, device, driver);
}

static __attribute__((noinline)) bool is_selected(struct source *source,
						  const struct dma_event *event)
{
	struct source_options *opts = source->options;

	if (!range_holds(&opts->range, event))
		return false;
	return !opts->filter ||
	       libdma_filter_match(opts->filter, event, source_strings(source));
}

/* Count the event, and say whether the user wants it. */
static bool look_at(struct source *source, const struct dma_event *event)
{
	struct source_options *opts = source->options;

	/* A trace may tell its drivers with the first event, not before. */
	if (!source->events++ && opts->filter)
		source_drivers(source, teach_filter, opts->filter);
	source->lost |= event->kind == DMA_EVENT_LOST;
	if (source->inference &&
	    libdma_inference_observe(source->inference, event, source->strings))
		out_of_memory();
	if (progress_due(source->events))
		show_progress(source);
	return !source->selects || is_selected(source, event);
}

int source_next(struct source *source, const struct dma_event **ret)
{
	int more;

	do {
		if (range_is_over(&source->options->range, source->events))
			return 0;
		more = libdma_reader_next(source->reader, ret);
		if (more < 0)
			source->status = trouble(source->name, more);
		if (more <= 0)
			return 0;
	} while (!look_at(source, *ret));
	return 1;
}

const struct libdma_environment *source_environment(struct source *source)
{
	const struct libdma_environment *told = libdma_reader_environment(source->reader);

	libdma_environment_destroy(source->known);
	source->known = libdma_environment_create();
	if (!source->known || libdma_environment_merge(source->known, source->given) ||
	    libdma_environment_merge(source->known, told))
		out_of_memory();
	if (source->surveyed && libdma_environment_merge(source->known, source->surveyed))
		out_of_memory();
	if (source->inference &&
	    libdma_inference_conclude(source->inference, source->known))
		out_of_memory();
	return source->known;
}

const char *source_name(const struct source *source)
{
	return source->name;
}

const char *source_beside(const struct source *source)
{
	return source->beside;
}

void source_drivers(struct source *source,
		    int (*visit)(void *arg, uint32_t device, uint32_t driver), void *arg)
{
	const struct libdma_environment *environment = source_environment(source);
	struct libdma_strings *strings = libdma_reader_strings(source->reader);

	for (size_t i = 0; i < environment->devices; i++) {
		const struct libdma_device_environment *it = &environment->device[i];
		uint32_t device, driver;

		if (!it->driver)
			continue;
		if (libdma_strings_add(strings, it->name, strlen(it->name), &device) ||
		    libdma_strings_add(strings, it->driver, strlen(it->driver), &driver) ||
		    visit(arg, device, driver))
			out_of_memory();
	}
}

struct libdma_reader *source_reader(const struct source *source)
{
	return source->reader;
}

const struct libdma_strings *source_strings(const struct source *source)
{
	return source->strings;
}

void source_idle(struct source *source, int (*idle)(void *arg), void *arg)
{
	source->idle = idle;
	source->idle_arg = arg;
}

int source_flush_stdout(void *arg)
{
	(void)arg;
	fflush(stdout);
	return -1;
}

uint64_t source_events(const struct source *source)
{
	return source->events;
}

uint64_t source_lost(const struct source *source)
{
	return libdma_reader_lost(source->reader);
}

bool source_untold(const struct source *source)
{
	return source->options->silent && libdma_reader_damaged(source->reader);
}

bool source_lossy(const struct source *source)
{
	return source->lost || libdma_reader_lost(source->reader) ||
	       libdma_reader_damaged(source->reader);
}

void source_print_loss(const struct source *source, const struct terminal *terminal,
		       FILE *out)
{
	uint64_t lost = source_lost(source), damaged = libdma_reader_damaged(source->reader);
	double part = 100.0 * (double)lost / ((double)lost + (double)source->events);

	if (!source_lossy(source))
		return;
	fputs(terminal_color(terminal, "1;31"), out);
	if (lost)
		fprintf(out, "LOSSY: %" PRIu64 " event%s lost (%.*f %%)", lost,
			lost == 1 ? "" : "s", part < 1 ? 3 : 0, part);
	else if (source->lost)
		fputs("LOSSY: events lost, the recorder does not say how many", out);
	else
		fputs("LOSSY:", out);
	if (damaged)
		fprintf(out, "%s %" PRIu64 " damaged place%s", lost || source->lost ? "," : "",
			damaged, damaged == 1 ? "" : "s");
	fprintf(out, "%s\n", terminal_color(terminal, "0"));
}

json_t *source_completeness(const struct source *source)
{
	json_t *object = json_create();

	json_add(object, "complete", json_boolean(!source_lossy(source)));
	json_add_count(object, "lost", source_lost(source));
	json_add_count(object, "damaged", libdma_reader_damaged(source->reader));
	return object;
}

int source_close(struct source *source, int status)
{
	uint64_t damaged;

	if (!source)
		return status;
	damaged = libdma_reader_damaged(source->reader);
	if (damaged > source->told && !source->options->again && !source->options->silent)
		complain("%s: %" PRIu64 " more damaged place%s", source->name,
			 damaged - source->told, damaged - source->told == 1 ? "" : "s");
	progress_clear();
	if (source->status)
		status = source->status;
	else if (status > EXIT_FOUND)
		; /* the command's own failure is worse */
	else if (damaged)
		status = EXIT_INPUT;
	else if (source->options->strict && source_lossy(source))
		status = EXIT_LOSSY;
	free_source(source);
	return status;
}

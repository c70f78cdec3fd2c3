// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * source.c - the trace that a command reads: one way in for all of them
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "output.h"
#include "progress.h"
#include "source.h"

#define TRACE_DEFAULT "dma.dmat"
#define DAMAGE_SHOWN  10 /* lines about damage; the rest is counted */

enum {
	OPTION_FROM = 576,
	OPTION_STRICT,
};

static const struct argp_option options[] = {
	{ .doc = "The trace:", .group = 5 },
	{ .name = "from",
	  .key = OPTION_FROM,
	  .arg = "FORMAT",
	  .doc = "Read TRACE as FORMAT, without looking what it is" },
	{ .name = "strict",
	  .key = OPTION_STRICT,
	  .doc = "Exit with 4 where the recorder lost events" },
	{},
};

struct source {
	const struct source_options *options;
	struct libdma_reader *reader;
	const char *name; /* for messages */
	bool open;
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
	case OPTION_STRICT:
		source->strict = true;
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

	if (source->open && libdma_reader_damaged(source->reader) > DAMAGE_SHOWN)
		return;
	if (damage->line)
		complain("%s:%" PRIu64 ": %s", damage->path, damage->line, damage->reason);
	else if (damage->offset || source->open)
		complain("%s: offset %" PRIu64 ": %s", damage->path, damage->offset,
			 damage->reason);
	else
		complain("%s: %s", damage->path, damage->reason);
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

int source_open(const struct source_options *opts, struct libdma_strings *strings,
		struct source **ret)
{
	struct source *source = calloc(1, sizeof(*source));
	int err;

	if (!source)
		out_of_memory();
	source->options = opts;
	source->name = strcmp(opts->path, "-") ? opts->path : "standard input";
	err = libdma_reader_open(opts->path,
				 &(struct libdma_reader_options) {
					 .from = opts->from,
					 .strings = strings,
					 .damage = tell_damage,
					 .arg = source,
				 },
				 &source->reader);
	if (err) {
		int status = tell_failure(source, err);

		free(source);
		return status;
	}
	source->open = true;
	*ret = source;
	return EXIT_FINE;
}

static void show_progress(const struct source *source)
{
	uint64_t done, total;

	libdma_reader_progress(source->reader, &done, &total);
	progress_show(done, total, source->events);
}

int source_next(struct source *source, const struct dma_event **ret)
{
	int more = libdma_reader_next(source->reader, ret);

	if (more < 0) {
		source->status = trouble(source->name, more);
		return 0;
	}
	if (!more)
		return 0;
	source->events++;
	if ((*ret)->kind == DMA_EVENT_LOST)
		source->lost = true;
	if (progress_due(source->events))
		show_progress(source);
	return 1;
}

struct libdma_reader *source_reader(const struct source *source)
{
	return source->reader;
}

const struct libdma_strings *source_strings(const struct source *source)
{
	return libdma_reader_strings(source->reader);
}

uint64_t source_events(const struct source *source)
{
	return source->events;
}

uint64_t source_lost(const struct source *source)
{
	return libdma_reader_lost(source->reader);
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

	if (!source_lossy(source))
		return;
	fputs(terminal_color(terminal, "1;31"), out);
	if (lost)
		fprintf(out, "LOSSY: %" PRIu64 " event%s lost (%.2g %%)", lost,
			lost == 1 ? "" : "s",
			100.0 * (double)lost / (double)(lost + source->events));
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
	json_add(object, "lost", json_integer((json_int_t)source_lost(source)));
	json_add(object, "damaged",
		 json_integer((json_int_t)libdma_reader_damaged(source->reader)));
	return object;
}

int source_close(struct source *source, int status)
{
	uint64_t damaged;

	if (!source)
		return status;
	damaged = libdma_reader_damaged(source->reader);
	if (damaged > DAMAGE_SHOWN)
		complain("%s: %" PRIu64 " more damaged places", source->name,
			 damaged - DAMAGE_SHOWN);
	progress_clear();
	if (source->status)
		status = source->status;
	else if (status > EXIT_FOUND)
		; /* the command's own failure is worse */
	else if (damaged)
		status = EXIT_INPUT;
	else if (source->options->strict && source_lossy(source))
		status = EXIT_LOSSY;
	libdma_reader_close(source->reader);
	free(source);
	return status;
}

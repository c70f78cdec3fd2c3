// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-repair.c - dmactl repair: what can be read of a damaged trace, as a whole one
 *
 * The reader steps over what is damaged, the writer makes new checkpoints and a new
 * index. What was stepped over becomes an event of kind "lost", so that whoever reads
 * the new file knows that something happened there which nobody can see.
 */
#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "form.h"
#include "json.h"
#include "output.h"
#include "source.h"
#include "target.h"
#include "terminal.h"

struct options {
	struct source_options source;
	struct target_options target;
	struct form_options form;
	struct terminal terminal;
};

/* What is known of the events that are missing. */
struct losses {
	bool told;        /* damage was met since the last event */
	uint64_t pending; /* and so many are missing for it, as far as is known */
	uint64_t last_ns; /* the time of the last event */
	uint64_t events;  /* that could be read */
	uint64_t missing;
	uint64_t records; /* of loss, that were written */
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *opts = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->source;
		state->child_inputs[1] = &opts->target;
		state->child_inputs[2] = &opts->form;
		state->child_inputs[3] = &opts->terminal;
		return 0;
	case ARGP_KEY_END:
		form_check(&opts->form, opts->target.path, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.parser = parse_option,
	.args_doc = "[IN]",
	.doc = "Write all that can be read of the trace IN (dma.dmat by default) to OUT, with "
	       "new checkpoints and a new index, and say there what is missing.",
	.children = (const struct argp_child[]) { { .argp = &source_argp },
						  { .argp = &target_argp },
						  { .argp = &form_document_argp },
						  { .argp = &terminal_argp },
						  {} },
};

static void take_damage(void *arg, const struct libdma_damage *damage)
{
	struct losses *losses = arg;

	losses->told = true;
	losses->pending += damage->missing;
}

/*
 * A record of what is missing between the last event and @until_ns. In a .dmat file the
 * events are numbered, so that none may be missing for the damage: of an index, say.
 */
static int put_loss(struct losses *losses, struct libdma_writer *writer,
		    uint64_t until_ns, bool numbered)
{
	const struct dma_event lost = {
		.kind = DMA_EVENT_LOST,
		.ns = losses->events ? losses->last_ns : until_ns,
		.until_ns = until_ns,
		.count = losses->pending,
	};
	bool wanted = losses->told && (losses->pending || !numbered);

	losses->missing += losses->pending;
	losses->told = false;
	losses->pending = 0;
	if (!wanted)
		return 0;
	losses->records++;
	return libdma_writer_put(writer, &lost);
}

static int copy(struct source *source, struct libdma_writer *writer,
		struct losses *losses, const struct dma_event *event, bool more)
{
	bool numbered = !strcmp(libdma_reader_format(source_reader(source)), "binary");
	int err = 0;

	for (; more && !err; more = source_next(source, &event) > 0) {
		err = put_loss(losses, writer, event->ns, numbered);
		if (!err)
			err = libdma_writer_put(writer, event);
		losses->events++;
		losses->last_ns = event->ns;
	}
	/* Nobody knows what came behind the end. */
	if (!err)
		err = put_loss(losses, writer, losses->last_ns, false);
	if (!err)
		err = libdma_writer_environment(writer, source_environment(source));
	return err;
}

static void print_outcome(const struct options *opts, const struct source *source,
			  const struct losses *losses)
{
	json_t *document;

	if (!opts->form.form) {
		complain("%s: %" PRIu64 " event%s, %" PRIu64
			 " known to be missing, in %" PRIu64 " place%s",
			 target_name(&opts->target), losses->events,
			 losses->events == 1 ? "" : "s", losses->missing, losses->records,
			 losses->records == 1 ? "" : "s");
		return;
	}
	document = json_document("repair");
	json_add(document, "trace", json_text(opts->source.path));
	json_add(document, "completeness", source_completeness(source));
	json_add(document, "out", json_text(opts->target.path));
	json_add_count(document, "events", losses->events);
	json_add_count(document, "missing", losses->missing);
	json_add_count(document, "loss_records", losses->records);
	json_print(document);
}

static int repair(const struct options *opts, struct source *source,
		  struct losses *losses)
{
	struct libdma_writer *writer = NULL;
	const struct dma_event *event = NULL;
	bool more = source_next(source, &event) > 0;
	int err, status = target_open(&opts->target, source_strings(source),
				      source_environment(source), &writer);

	if (status)
		return status;
	err = copy(source, writer, losses, event, more);
	status = target_close(&opts->target, writer, err);
	if (!status)
		print_outcome(opts, source, losses);
	return status;
}

static int repair_run(int argc, char **argv)
{
	struct losses losses = { 0 };
	struct options opts = { .source = { .damage = take_damage,
					    .damage_arg = &losses } };
	struct source *source;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &opts);
	status = target_check(&opts.target, opts.source.path);
	if (!status)
		status = source_open(&opts.source, NULL, &source);
	if (status)
		return status;
	return source_close(source, repair(&opts, source, &losses));
}

const struct command command_repair = {
	.name = "repair",
	.summary = "Write what can be read of a damaged trace as a whole one",
	.argp = &argp,
	.run = repair_run,
};

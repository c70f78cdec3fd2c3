// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-fuzz-repro.c - dmactl fuzz repro: what an input asks for, and what breaks on it
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libdma/trace.h>

#include "fuzz-input.h"
#include "fuzz-mutant.h"
#include "fuzz-replay.h"
#include "json.h"
#include "output.h"

/* The requests up to the one that broke it; all where that is not known. */
static int print_requests(const char *input, const struct fuzz_outcome *outcome)
{
	const struct libdma_reader_options as = { .from = "program" };
	struct libdma_writer_options how = { .to = "text" };
	const struct dma_event *event;
	struct libdma_reader *reader;
	struct libdma_writer *writer;
	unsigned int number = 0;
	int err;

	err = libdma_reader_open(input, &as, &reader);
	if (err)
		return trouble(input, err);
	how.strings = libdma_reader_strings(reader);
	how.environment = libdma_reader_environment(reader);
	fflush(stdout);
	err = libdma_writer_open("-", &how, &writer);
	if (err)
		goto close_reader;
	while (!err && libdma_reader_next(reader, &event) > 0) {
		if (*outcome->place && number++ > outcome->request)
			break;
		err = libdma_writer_put(writer, event);
	}
	if (err)
		libdma_writer_close(writer);
	else
		err = libdma_writer_close(writer);
close_reader:
	libdma_reader_close(reader);
	return err ? trouble("standard output", err) : EXIT_FINE;
}

static void print_json(const struct fuzz_target *target, const char *input,
		       const struct fuzz_outcome *outcome)
{
	json_t *document = json_document("fuzz-repro"), *frames = json_list();
	char bucket[FUZZ_BUCKET];

	fuzz_bucket(outcome, bucket);
	json_add(document, "target", json_text(target->name));
	json_add(document, "input", json_text(input));
	json_add(document, "found", json_boolean(outcome->found));
	if (outcome->found) {
		json_add(document, "oracle", json_text(outcome->oracle));
		json_add_count(document, "request", outcome->request);
		json_add(document, "place", json_text(outcome->place));
		json_add(document, "condition", json_text(outcome->condition));
		json_add(document, "bucket", json_text(bucket));
		for (unsigned int i = 0; i < outcome->frames; i++)
			json_append(frames, json_text(outcome->frame[i]));
		json_add(document, "frames", frames);
	} else {
		json_decref(frames);
	}
	json_print(document);
}

static void print_outcome(const struct fuzz_target *target, const char *input,
			  const char *mutant, const struct fuzz_outcome *outcome,
			  const char *text)
{
	char bucket[FUZZ_BUCKET];

	fflush(stdout);
	if (!outcome->found) {
		printf("%s%s%s passes on %s\n", target->name, mutant ? " with bug " : "",
		       mutant ? mutant : "", input);
		return;
	}
	fuzz_bucket(outcome, bucket);
	printf("%s%s%s breaks on %s: %s\n", target->name, mutant ? " with bug " : "",
	       mutant ? mutant : "", input, bucket);
	if (*outcome->place)
		printf("  at request %u, %s: %s\n", outcome->request, outcome->place,
		       outcome->condition);
	else if (*outcome->condition)
		printf("  %s\n", outcome->condition);
	else
		printf("%s", text);
}

int fuzz_repro(const struct fuzz_options *options)
{
	const char *input = options->argv[0];
	struct fuzz_outcome outcome;
	struct fuzz_target target;
	char *text = NULL;
	int status = fuzz_mutant_check(options);

	if (!status)
		status = fuzz_input_target(options, input, options->argv[1], &target);
	if (status)
		return status;
	status = fuzz_replay(&target, input, options->mutant, &outcome, &text);
	if (status)
		goto deinit_target;
	if (options->form.form == FORM_JSON) {
		print_json(&target, input, &outcome);
	} else {
		if (fuzz_input_is_program(input))
			status = print_requests(input, &outcome);
		print_outcome(&target, input, options->mutant, &outcome, text);
	}
	if (!status && outcome.found)
		status = EXIT_FOUND;
deinit_target:
	free(text);
	fuzz_target_deinit(&target);
	return status;
}

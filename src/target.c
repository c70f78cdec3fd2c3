// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * target.c - the trace that a command writes: one way out for all of them
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "out-file.h"
#include "output.h"
#include "target.h"

enum {
	OPTION_TO = 640,
};

static const struct argp_option options[] = {
	{ .doc = "What is written:", .group = 6 },
	{ .name = "output", .key = 'o', .arg = "OUT", .doc = "Write to this file" },
	{ .name = "to",
	  .key = OPTION_TO,
	  .arg = "FORMAT",
	  .doc = "Write this format; otherwise what OUT's suffix says, or 'binary'" },
	OPTION_FORCE("OUT"),
	{},
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct target_options *target = state->input;

	switch (key) {
	case 'o':
		target->path = arg;
		return 0;
	case OPTION_TO:
		target->to = arg;
		return 0;
	case 'f':
		target->force = true;
		return 0;
	case ARGP_KEY_END:
		if (!target->path)
			argp_error(state, "-o OUT is needed");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp target_argp = { .options = options, .parser = parse_option };

static bool is_writable(const char *name)
{
	const struct libdma_format *format;

	for (size_t i = 0; (format = libdma_format_at(i)); i++)
		if (format->writes && !strcmp(format->name, name))
			return true;
	return false;
}

const char *target_format(const struct target_options *target)
{
	static const struct {
		const char *suffix;
		const char *format;
	} suffixes[] = {
		{ ".txt", "text" },
		{ ".ndjson", "ndjson" },
		{ ".ftrace", "ftrace" },
	};
	const char *suffix = strrchr(target->path, '.');
	const char *name = target->to ? target->to : "binary";

	for (size_t i = 0; !target->to && suffix && i < 3; i++)
		if (!strcmp(suffix, suffixes[i].suffix))
			name = suffixes[i].format;
	if (is_writable(name))
		return name;
	complain(
		"'%s' is no format that can be written, 'dmactl convert --help' lists them",
		name);
	return NULL;
}

int target_check(const struct target_options *target, const char *in)
{
	const char *format = target_format(target);
	int status = format ? out_file_check(target->path, target->force, in) : EXIT_USAGE;

	if (status != EXIT_FINE)
		return status;
	if (!strcmp(target->path, "-") && isatty(STDOUT_FILENO) &&
	    !strcmp(format, "binary")) {
		complain(
			"binary is nothing for a terminal: name a file, or say --to text");
		return EXIT_USAGE;
	}
	return EXIT_FINE;
}

const char *target_name(const struct target_options *target)
{
	return strcmp(target->path, "-") ? target->path : "standard output";
}

int target_open(const struct target_options *target, const struct libdma_strings *strings,
		const struct libdma_environment *environment, struct libdma_writer **ret)
{
	const struct libdma_writer_options how = {
		.to = target_format(target),
		.strings = strings,
		.environment = environment,
		.overwrite = target->force,
	};
	int err = libdma_writer_open(target->path, &how, ret);

	return err ? trouble(target_name(target), err) : EXIT_FINE;
}

int target_close(const struct target_options *target, struct libdma_writer *writer,
		 int err)
{
	uint64_t skipped = writer ? libdma_writer_skipped(writer) : 0;
	int closed = libdma_writer_close(writer);

	if (err || closed)
		return trouble(target_name(target), err ? err : closed);
	if (skipped)
		complain("%s: %" PRIu64
			 " event%s left out, which the format cannot express",
			 target_name(target), skipped, skipped == 1 ? "" : "s");
	return EXIT_FINE;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * machine.c - --set and --machine: what the user says of the machine
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "environment.h"
#include "machine.h"
#include "output.h"

enum {
	OPTION_SET = 864,
	OPTION_MACHINE,
};

static const struct argp_option options[] = {
	{ .doc = "The machine:", .group = 4 },
	{ .name = "set",
	  .key = OPTION_SET,
	  .arg = "NAME=VALUE",
	  .doc = "Take this of the machine for given: swiotlb.slots=1024, iommu.mode=strict, "
		 "0000:00:02.0/min_align_mask=0xfff; the names are those of dmat(5)" },
	{ .name = "machine",
	  .key = OPTION_MACHINE,
	  .arg = "FILE",
	  .doc = "Take all that FILE (JSON, dmat(5)) says of the machine for given" },
	{},
};

#define SCHEMA "{\"schema\":\"dmactl.environment/1\","

/* "swiotlb":{"slots":1024}, the value as a number, or else as a string. */
static int set_as(struct libdma_environment *set, const char *name, const char *value,
		  const char *quote, char **why)
{
	const char *dot = strchr(name, '.'), *slash = strrchr(name, '/');
	char *text = NULL;
	int err;

	if (slash)
		err = asprintf(&text, SCHEMA "\"devices\":[{\"name\":\"%.*s\",\"%s\":%s%s%s}]}",
			       (int)(slash - name), name, slash + 1, quote, value, quote);
	else if (dot)
		err = asprintf(&text, SCHEMA "\"%.*s\":{\"%s\":%s%s%s}}", (int)(dot - name), name,
			       dot + 1, quote, value, quote);
	else
		err = asprintf(&text, SCHEMA "\"%s\":%s%s%s}", name, quote, value, quote);
	if (err < 0)
		return -ENOMEM;
	err = libdma_environment_parse(set, text, strlen(text), why);
	free(text);
	return err;
}

/* As a string; @why, which tells why it is no number, stays where it looks like one. */
static int set_text(struct libdma_environment *set, const char *name, const char *value,
		    char **why)
{
	char *why_text = NULL;
	int err = set_as(set, name, value, "\"", &why_text);

	if (err == -EINVAL && value[0] && !value[strspn(value, "-0123456789")]) {
		free(why_text);
		return err;
	}
	free(*why);
	*why = why_text;
	return err;
}

/* Behind "line 1, column 43: ", which is that of the JSON made here. */
static const char *past_place(const char *why)
{
	const char *colon = strstr(why, ": ");

	return colon ? colon + 2 : why;
}

static void set_value(struct machine_options *opts, const char *arg,
		      struct argp_state *state)
{
	const char *equals = strchr(arg, '=');
	char *name, *why = NULL;
	int err;

	if (!equals || equals == arg || strpbrk(arg, "\"\\"))
		argp_error(state, "'%s' is no NAME=VALUE such as swiotlb.slots=1024", arg);
	name = strndup(arg, (size_t)(equals - arg));
	if (!name)
		out_of_memory();
	err = set_as(opts->set, name, equals + 1, "", &why);
	if (err == -EINVAL)
		err = set_text(opts->set, name, equals + 1, &why);
	if (err == -ENOMEM)
		out_of_memory();
	if (err)
		argp_error(state, "'%s': %s", arg, why ? past_place(why) : "no such value");
	free(why);
	free(name);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct machine_options *opts = state->input;
	int status;

	switch (key) {
	case ARGP_KEY_INIT:
		opts->set = libdma_environment_create();
		if (!opts->set)
			out_of_memory();
		return 0;
	case OPTION_SET:
		set_value(opts, arg, state);
		return 0;
	case OPTION_MACHINE:
		status = environment_read(arg, opts->set);
		if (status != EXIT_FINE)
			exit(status);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp machine_argp = { .options = options, .parser = parse_option };

void machine_options_deinit(struct machine_options *opts)
{
	libdma_environment_destroy(opts->set);
}

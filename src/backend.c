// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * backend.c - by which form of a probe the kernel's functions are watched
 */
#include <string.h>

#include "backend.h"

enum {
	OPTION_BACKEND = 900,
};

static const struct argp_option options[] = {
	{ .name = "backend",
	  .key = OPTION_BACKEND,
	  .arg = "WHICH",
	  .doc = "Watch the kernel by its tracepoints, its functions where there are none, and "
		 "these by kprobes where it refuses fentry (auto, the default); or wherever "
		 "possible its functions, by fentry or kprobe" },
	{},
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	static const char *const names[] = {
		[BACKEND_AUTO] = "auto",
		[BACKEND_FENTRY] = "fentry",
		[BACKEND_KPROBE] = "kprobe",
	};
	enum backend *backend = state->input;

	if (key != OPTION_BACKEND)
		return ARGP_ERR_UNKNOWN;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(arg, names[i])) {
			*backend = (enum backend)i;
			return 0;
		}
	argp_error(state, "--backend takes auto, fentry or kprobe, not '%s'", arg);
	return 0;
}

const struct argp backend_argp = { .options = options, .parser = parse_option };

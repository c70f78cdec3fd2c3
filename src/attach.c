// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * attach.c - by which form of a probe the kernel's functions are watched
 */
#include <string.h>

#include "attach.h"

enum {
	OPTION_ATTACH = 900,
};

static const struct argp_option options[] = {
	{ .name = "attach",
	  .key = OPTION_ATTACH,
	  .arg = "WHICH",
	  .doc = "Watch the kernel by its tracepoints, its functions where there are none, and "
		 "these by kprobes where it refuses fentry (auto, the default); or wherever "
		 "possible its functions, by fentry or kprobe" },
	{},
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	static const char *const names[] = {
		[ATTACH_AUTO] = "auto",
		[ATTACH_FENTRY] = "fentry",
		[ATTACH_KPROBE] = "kprobe",
	};
	enum attach *attach = state->input;

	if (key != OPTION_ATTACH)
		return ARGP_ERR_UNKNOWN;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(arg, names[i])) {
			*attach = (enum attach)i;
			return 0;
		}
	argp_error(state, "--attach takes auto, fentry or kprobe, not '%s'", arg);
	return 0;
}

const struct argp attach_argp = { .options = options, .parser = parse_option };

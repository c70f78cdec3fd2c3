// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-outcome.c - what a target said when it ended, as a finding
 *
 * Addresses differ from run to run, and so they take no part: two findings are the same
 * if one oracle saw them in the same functions of the project, or, where no sanitizer
 * printed those, at the same place.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz-replay.h"

/* Copy a word of @text, up to one of @ends. */
static void copy_word(const char *text, const char *ends, char *to, size_t room)
{
	size_t size = strcspn(text, ends);

	snprintf(to, room, "%.*s", (int)(size < room ? size : room - 1), text);
}

/* "oracle NAME, request 7, fuzz-pool.c:200: condition" */
static bool read_oracle(const char *text, struct fuzz_outcome *ret)
{
	const char *at = strstr(text, "oracle ");
	char *end;

	if (!at)
		return false;
	at += strlen("oracle ");
	copy_word(at, ",: \n", ret->oracle, sizeof(ret->oracle));
	at += strcspn(at, ",:\n");
	if (strncmp(at, ", request ", 10))
		return true;
	ret->request = (unsigned int)strtoul(at + 10, &end, 10);
	if (strncmp(end, ", ", 2))
		return true;
	at = end + 2;
	end = strstr(at, ": ");
	if (!end)
		return true;
	snprintf(ret->place, sizeof(ret->place), "%.*s", (int)(end - at), at);
	copy_word(end + 2, "\n", ret->condition, sizeof(ret->condition));
	return true;
}

/* The last part of a path, up to its line: "pool.c:200" of "/x/lib/dma/pool.c:200:7". */
static void set_place(struct fuzz_outcome *ret, const char *begin, const char *end)
{
	const char *base = begin;

	for (const char *it = begin; it < end; it++)
		if (*it == '/')
			base = it + 1;
	snprintf(ret->place, sizeof(ret->place), "%.*s", (int)(end - base), base);
}

/* "FILE:LINE:COLUMN: runtime error: what" */
static bool read_undefined(const char *text, struct fuzz_outcome *ret)
{
	const char *at = strstr(text, ": runtime error: "), *begin = at, *end;

	if (!at)
		return false;
	while (begin > text && begin[-1] != '\n')
		begin--;
	for (end = at; end > begin && end[-1] != ':';)
		end--;
	set_place(ret, begin, end > begin ? end - 1 : at);
	snprintf(ret->oracle, sizeof(ret->oracle), "UNDEFINED");
	copy_word(at + strlen(": runtime error: "), "\n", ret->condition,
		  sizeof(ret->condition));
	return true;
}

/* "program: FILE:LINE: function: Assertion `condition' failed." */
static bool read_assertion(const char *text, struct fuzz_outcome *ret)
{
	const char *at = strstr(text, ": Assertion `"), *begin = at, *end;

	if (!at)
		return false;
	while (begin > text && begin[-1] != '\n')
		begin--;
	begin = strstr(begin, ": ");
	end = begin < at ? strstr(begin + 2, ": ") : NULL;
	if (end && end < at)
		set_place(ret, begin + 2, end);
	snprintf(ret->oracle, sizeof(ret->oracle), "ASSERT");
	copy_word(at + strlen(": Assertion `"), "\n", ret->condition,
		  sizeof(ret->condition));
	return true;
}

/* "ERROR: AddressSanitizer: heap-use-after-free on ...", of libFuzzer and others, too */
static bool read_sanitizer(const char *text, struct fuzz_outcome *ret)
{
	const char *at = strstr(text, "ERROR: ");

	if (!at)
		return false;
	at += strlen("ERROR: ");
	copy_word(at, "\n", ret->condition, sizeof(ret->condition));
	if (!strncmp(at, "libFuzzer: timeout", 18)) {
		snprintf(ret->oracle, sizeof(ret->oracle), "ENDLESS");
		return true;
	}
	if (!strncmp(at, "libFuzzer: out-of-memory", 24)) {
		snprintf(ret->oracle, sizeof(ret->oracle), "MEMORY");
		return true;
	}
	if (!strncmp(at, "libFuzzer: ", 11))
		return false; /* says only that there was a signal */
	if (!strncmp(at, "LeakSanitizer", 13)) {
		snprintf(ret->oracle, sizeof(ret->oracle), "LEAKED");
		return true;
	}
	at += strcspn(at, " \n");
	copy_word(at + (*at == ' '), " (\n", ret->oracle, sizeof(ret->oracle));
	return true;
}

/* Not those that every finding passes through, nor those of runtimes. */
static bool is_ours(const char *function, const char *where)
{
	static const char *const others[] = { "oracle_fail", "_start", "main",    "abort",
					      "raise",       "tell",   "run_file" };

	if (!strncmp(function, "__", 2) || !strncmp(function, "LLVMFuzzer", 10) ||
	    !strncmp(function, "fuzzer::", 8))
		return false;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (!strcmp(function, others[i]))
			return false;
	/* the C library's are of files that were built elsewhere, or of none */
	return strstr(where, ".c:") && !strstr(where, "/sysdeps/") &&
	       !strstr(where, ".so.");
}

/* "    #3 0x4f5e6d in pool_alloc /x/lib/dma/pool.c:200:7", of the first stack */
static void read_frames(const char *text, struct fuzz_outcome *ret)
{
	const char *at = strstr(text, "    #0 0x");

	for (; at && !strncmp(at, "    #", 5) && ret->frames < FUZZ_FRAMES;
	     at = strchr(at, '\n'), at += at != NULL) {
		const char *in = strstr(at, " in "), *end = strchr(at, '\n');
		char function[64], where[256];

		if (!in || (end && in > end))
			continue;
		copy_word(in + 4, " \n", function, sizeof(function));
		copy_word(in + 4 + strcspn(in + 4, " \n"), "\n", where, sizeof(where));
		if (is_ours(function, where))
			snprintf(ret->frame[ret->frames++], sizeof(ret->frame[0]), "%s",
				 function);
	}
}

void fuzz_outcome_read(const char *text, int status, struct fuzz_outcome *ret)
{
	int number = status - 128;

	*ret = (struct fuzz_outcome) { .found = status != 0, .status = status };
	if (!ret->found)
		return;
	read_frames(text, ret);
	if (read_oracle(text, ret) || read_undefined(text, ret) ||
	    read_assertion(text, ret) || read_sanitizer(text, ret))
		return;
	if (number > 0 && sigabbrev_np(number))
		snprintf(ret->oracle, sizeof(ret->oracle), "SIG%s", sigabbrev_np(number));
	else
		snprintf(ret->oracle, sizeof(ret->oracle), "EXIT%d", status);
}

void fuzz_bucket(const struct fuzz_outcome *outcome, char bucket[FUZZ_BUCKET])
{
	size_t used;

	used = (size_t)snprintf(bucket, FUZZ_BUCKET, "%s", outcome->oracle);
	for (unsigned int i = 0; i < outcome->frames; i++)
		used += (size_t)snprintf(bucket + used, FUZZ_BUCKET - used, "%s%s",
					 i ? " < " : " in ", outcome->frame[i]);
	if (!outcome->frames && *outcome->place)
		snprintf(bucket + used, FUZZ_BUCKET - used, " at %s", outcome->place);
}

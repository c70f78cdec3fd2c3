// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * arguments.c - the command line's own parsers, with what may happen in them
 *
 * argp_error() and exit() are compiled into the parsers by the names of the functions
 * here (module.am), and what src/output.c has is here, too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "arguments.h"
#include "oracle.h"
#include "output.h"

/* What a parser held as it gave up is lost, and no finding of LeakSanitizer's. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return 1;
}

static jmp_buf ended;
static unsigned int said;

void arguments_error(const struct argp_state *state, const char *format, ...)
{
	char line[256];
	va_list values;

	(void)state;
	va_start(values, format);
	expect(TEXT, vsnprintf(line, sizeof(line), format, values) > 0);
	va_end(values);
	said++;
	longjmp(ended, EXIT_USAGE);
}

void complain(const char *format, ...)
{
	char line[256];
	va_list values;

	va_start(values, format);
	expect(TEXT, vsnprintf(line, sizeof(line), format, values) > 0);
	va_end(values);
	said++;
}

int trouble(const char *what, int err)
{
	(void)what;
	expect(ERROR, err < 0);
	said++;
	return EXIT_SYSTEM;
}

void out_of_memory(void)
{
	longjmp(ended, EXIT_SYSTEM);
}

/* What the parsers' exit() is: these files are compiled with that name for it. */
void arguments_exit(int status)
{
	longjmp(ended, status ? status : -1);
}

int arguments_parse(const struct argp *argp, void *input, int count, char **words)
{
	static FILE *nowhere;
	FILE *kept = stderr;
	char name[] = "dmactl", *argv[ARGUMENTS_MOST + 2] = { name };
	volatile int status;

	if (!nowhere)
		nowhere = fopen("/dev/null", "we");
	expect(MEMORY, nowhere);
	for (int i = 0; i < count; i++)
		argv[i + 1] = words[i];
	said = 0;
	stderr = nowhere;
	status = setjmp(ended);
	if (!status)
		status = argp_parse(argp, count + 1, argv,
				    ARGP_NO_HELP | ARGP_NO_EXIT | ARGP_NO_ERRS, NULL, input)
				 ? EXIT_USAGE
				 : 0;
	else if (status != EXIT_SYSTEM && status != -1)
		expect(TEXT, said);
	stderr = kept;
	return status;
}

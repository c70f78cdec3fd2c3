// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * csv.c - comma-separated values, RFC 4180
 */
#include <string.h>

#include "csv.h"

static bool needs_quotes(const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (strchr(",\"\r\n", bytes[i]))
			return true;
	return false;
}

void csv_quote(FILE *out, const char *bytes, size_t size)
{
	if (!needs_quotes(bytes, size)) {
		fwrite(bytes, 1, size, out);
		return;
	}
	fputc('"', out);
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == '"')
			fputc('"', out);
		fputc(bytes[i], out);
	}
	fputc('"', out);
}

void csv_field(FILE *out, const char *text, bool first)
{
	if (!first)
		fputc(',', out);
	csv_quote(out, text, strlen(text));
}

void csv_end(FILE *out)
{
	fputs("\r\n", out);
}

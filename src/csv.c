// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * csv.c - comma-separated values, RFC 4180
 */
#include <string.h>

#include "csv.h"

void csv_field(FILE *out, const char *text, bool first)
{
	if (!first)
		fputc(',', out);
	if (!text[strcspn(text, ",\"\r\n")]) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

void csv_end(FILE *out)
{
	fputs("\r\n", out);
}

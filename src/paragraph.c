// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * paragraph.c - sentences that keep to the terminal
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "paragraph.h"
#include "utf8.h"

#define LONGEST 2048 /* bytes, with the NUL */

/* Columns of a word: a character is one, whatever bytes it has. */
static unsigned int columns_of(const char *word, size_t size)
{
	unsigned int columns = 0;

	for (size_t i = 0; i < size; i++)
		columns += ((unsigned char)word[i] & 0xc0) != 0x80;
	return columns;
}

static void replace_controls(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

void paragraph_print(const struct terminal *terminal, unsigned int first,
		     unsigned int indent, const char *format, ...)
{
	char raw[LONGEST], clean[3 * LONGEST + 1], *at = clean;
	unsigned int column = first;
	va_list args;

	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	utf8_clean(raw, strlen(raw), clean);
	replace_controls(clean);
	printf("%*s", (int)first, "");
	for (bool begun = false; *at; begun = true) {
		size_t size = strcspn(at, " ");
		unsigned int columns = columns_of(at, size);

		if (begun && column + 1 + columns > terminal->width) {
			printf("\n%*s", (int)indent, "");
			column = indent;
		} else if (begun) {
			putchar(' ');
			column++;
		}
		fwrite(at, 1, size, stdout);
		column += columns;
		at += size;
		at += *at == ' ';
	}
	putchar('\n');
}

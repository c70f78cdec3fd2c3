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

static void print_from(const struct terminal *terminal, unsigned int column,
		       unsigned int indent, const char *format, va_list args)
{
	char raw[LONGEST], clean[3 * LONGEST + 1], *at = clean;

	vsnprintf(raw, sizeof(raw), format, args);
	utf8_clean(raw, strlen(raw), clean);
	replace_controls(clean);
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

void paragraph_print(const struct terminal *terminal, unsigned int first,
		     unsigned int indent, const char *format, ...)
{
	va_list args;

	printf("%*s", (int)first, "");
	va_start(args, format);
	print_from(terminal, first, indent, format, args);
	va_end(args);
}

void paragraph_rest(const struct terminal *terminal, unsigned int column,
		    unsigned int indent, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_from(terminal, column, indent, format, args);
	va_end(args);
}

void paragraph_lines(const struct terminal *terminal, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");
		unsigned int indent = (unsigned int)strspn(text, " ");

		if (terminal->fixed && length < LONGEST && indent < terminal->width / 2)
			paragraph_print(terminal, indent, indent + 4, "%.*s",
					(int)(length - indent), text + indent);
		else
			printf("%.*s\n", (int)length, text);
		text += length;
		text += *text == '\n';
	}
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * markup.c - text of a trace within SVG and HTML
 *
 * A device, a task or a pool may be called anything by who made the trace, and a
 * browser would believe it.
 */
#include <string.h>

#include "markup.h"
#include "utf8.h"

#define REPLACEMENT "\xef\xbf\xbd"

/* U+200E-200F, U+202A-202E, U+2066-2069, U+061C: marks of a text's direction. */
static bool turns(const char *text, size_t length)
{
	const unsigned char *byte = (const unsigned char *)text;

	if (length == 2)
		return byte[0] == 0xd8 && byte[1] == 0x9c;
	if (length != 3 || byte[0] != 0xe2)
		return false;
	if (byte[1] == 0x80)
		return byte[2] == 0x8e || byte[2] == 0x8f ||
		       (byte[2] >= 0xaa && byte[2] <= 0xae);
	return byte[1] == 0x81 && byte[2] >= 0xa6 && byte[2] <= 0xa9;
}

/* Controls of ASCII and of Latin-1, and what is no character in any text. */
static bool is_forbidden(const char *text, size_t length)
{
	const unsigned char *byte = (const unsigned char *)text;

	if (length == 1)
		return (byte[0] < ' ' && byte[0] != '\n' && byte[0] != '\t') ||
		       byte[0] == 0x7f;
	if (length == 2 && byte[0] == 0xc2 && byte[1] < 0xa0)
		return true;
	if (length == 3 && byte[0] == 0xef && byte[1] == 0xbf && byte[2] >= 0xbe)
		return true;
	return turns(text, length);
}

static const char *entity(char character)
{
	switch (character) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void markup_text(FILE *out, const char *text)
{
	size_t size = strlen(text);

	while (size) {
		size_t length = utf8_length(text, size);

		if (!length || is_forbidden(text, length)) {
			fputs(REPLACEMENT, out);
			length = length ? length : 1;
		} else if (entity(*text)) {
			fputs(entity(*text), out);
		} else {
			fwrite(text, 1, length, out);
		}
		text += length;
		size -= length;
	}
}

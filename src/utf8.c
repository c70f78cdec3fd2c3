// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * utf8.c - text from a trace may hold any bytes; what is printed may not
 *
 * RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF.
 */
#include <stdint.h>
#include <string.h>

#include "utf8.h"

static bool follows(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

size_t utf8_length(const char *text, size_t size)
{
	const unsigned char *byte = (const unsigned char *)text;
	uint32_t code;

	if (!size)
		return 0;
	if (byte[0] < 0x80)
		return byte[0] ? 1 : 0;
	if (byte[0] < 0xe0)
		return byte[0] >= 0xc2 && size >= 2 && follows(byte[1]) ? 2 : 0;
	if (byte[0] < 0xf0) {
		if (size < 3 || !follows(byte[1]) || !follows(byte[2]))
			return 0;
		code = (byte[0] & 0xfu) << 12 | (byte[1] & 0x3fu) << 6;
		return code >= 0x800 && (code & 0xf800) != 0xd800 ? 3 : 0;
	}
	if (byte[0] > 0xf4 || size < 4 || !follows(byte[1]) || !follows(byte[2]) ||
	    !follows(byte[3]))
		return 0;
	code = (byte[0] & 7u) << 18 | (byte[1] & 0x3fu) << 12;
	return code >= 0x10000 && code < 0x110000 ? 4 : 0;
}

bool utf8_valid(const char *text, size_t size)
{
	while (size) {
		size_t length = utf8_length(text, size);

		if (!length)
			return false;
		text += length;
		size -= length;
	}
	return true;
}

size_t utf8_clean(const char *text, size_t size, char *ret)
{
	char *start = ret;

	while (size) {
		size_t length = utf8_length(text, size);

		if (length) {
			memcpy(ret, text, length);
			ret += length;
		} else {
			length = 1;
			memcpy(ret, "\xef\xbf\xbd", 3);
			ret += 3;
		}
		text += length;
		size -= length;
	}
	*ret = '\0';
	return (size_t)(ret - start);
}

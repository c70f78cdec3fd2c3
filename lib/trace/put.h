/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * put.h - numbers as text, written by hand
 *
 * Each function writes at @out, which has room enough, and returns the new end.
 * printf() would take most of the time that a line takes.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline char *put(char *out, const char *text)
{
	size_t size = strlen(text);

	memcpy(out, text, size);
	return out + size;
}

static inline char *put_count(char *out, uint64_t number)
{
	char digits[20];
	size_t size = 0;

	do
		digits[size++] = (char)('0' + number % 10);
	while (number /= 10);
	while (size)
		*out++ = digits[--size];
	return out;
}

/* "0x1f00" */
static inline char *put_address(char *out, uint64_t number)
{
	int shift = number ? (63 - __builtin_clzll(number)) / 4 * 4 : 0;

	*out++ = '0';
	*out++ = 'x';
	for (; shift >= 0; shift -= 4)
		*out++ = "0123456789abcdef"[number >> shift & 15];
	return out;
}

/* Exactly @width digits. */
static inline char *put_digits(char *out, uint64_t number, int width)
{
	for (int i = width; i--; number /= 10)
		out[i] = (char)('0' + number % 10);
	return out + width;
}

/* Bytes of the UTF-8 character at @text, which is not ASCII; 0 if there is none. */
static inline size_t character_size(const unsigned char *text, const unsigned char *end)
{
	size_t size = *text < 0xc2 ? 0 : *text < 0xe0 ? 2 : *text < 0xf0 ? 3 : 4;

	if (!size || *text > 0xf4 || size > (size_t)(end - text))
		return 0;
	for (size_t i = 1; i < size; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	/* overlong forms, surrogates, and what is behind the last code point */
	if ((*text == 0xe0 && text[1] < 0xa0) || (*text == 0xed && text[1] > 0x9f) ||
	    (*text == 0xf0 && text[1] < 0x90) || (*text == 0xf4 && text[1] > 0x8f))
		return 0;
	return size;
}

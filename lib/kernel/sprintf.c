// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * sprintf.c - text with the kernel's conversions
 *
 * Each conversion is cut out and handed to the C library with its one argument, but
 * for those after %p that are the kernel's own.
 *
 * Kernel counterpart: lib/vsprintf.c
 */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include <linux/sprintf.h>

/* As the C library's, which the header gives the kernel's name. */
#undef snprintf
#undef vsnprintf

#define CONVERSION_SIZE 32

struct text {
	char *at;
	size_t room; /* bytes, with the final NUL */
	size_t size; /* bytes that the whole text has */
};

static void text_add(struct text *text, int size)
{
	size_t written = size < 0 ? 0 : (size_t)size;

	text->size += written;
	if (!text->room)
		return;
	if (written >= text->room)
		written = text->room - 1;
	text->at += written;
	text->room -= written;
}

/*
 * The number's bytes are told by its modifiers; what h and hh shorten comes as int, and
 * all others are as long as a long.
 */
_Static_assert(sizeof(long) == sizeof(long long), "a number of ll has 64 bits");

static void text_number(struct text *text, const char *conversion, va_list *args)
{
	const char *modifier = conversion + strcspn(conversion, "hlzjt");
	int size;

	/* NOLINTNEXTLINE(bugprone-branch-clone): the types of va_arg() differ */
	if (*modifier && *modifier != 'h')
		size = snprintf(text->at, text->room, conversion, va_arg(*args, long));
	else
		size = snprintf(text->at, text->room, conversion, va_arg(*args, int));
	text_add(text, size);
}

/* @format is behind %p; where the letters end is returned. */
static const char *text_pointer(struct text *text, const char *format, const void *ptr)
{
	const char *end = format;

	while (isalnum((unsigned char)*end))
		end++;
	if (*format == 'a')
		text_add(text, snprintf(text->at, text->room, "0x%016llx",
					*(const unsigned long long *)ptr));
	else if (*format == 'e' && (unsigned long)ptr >= (unsigned long)-4095)
		text_add(text, snprintf(text->at, text->room, "%s",
					strerrorname_np(-(int)(long)ptr)));
	else
		text_add(text, snprintf(text->at, text->room, "%016lx",
					(unsigned long)ptr));
	return end;
}

/* Copies a conversion with its * replaced by the argument; behind it is returned. */
static const char *cut(const char *format, char conversion[CONVERSION_SIZE],
		       va_list *args)
{
	size_t size = 0;
	char kind = 0;

	conversion[size++] = *format++;
	while (*format && size < CONVERSION_SIZE - 12 && !kind) {
		if (*format == '*')
			size += (size_t)sprintf(conversion + size, "%d",
						va_arg(*args, int));
		else
			conversion[size++] = *format;
		if (isalpha((unsigned char)*format) && !strchr("hlzjt", *format))
			kind = *format;
		if (*format == '%')
			kind = *format;
		format++;
	}
	conversion[size] = '\0';
	return format;
}

int kernel_vsnprintf(char *buffer, size_t size, const char *format, va_list given)
{
	struct text text = { buffer, size, 0 };
	char conversion[CONVERSION_SIZE];
	va_list args;

	va_copy(args, given);
	while (*format) {
		size_t plain = strcspn(format, "%");
		char kind;

		text_add(&text, snprintf(text.at, text.room, "%.*s", (int)plain, format));
		format += plain;
		if (!*format)
			break;
		format = cut(format, conversion, &args);
		kind = conversion[strlen(conversion) - 1];
		if (kind == 'p')
			format = text_pointer(&text, format, va_arg(args, void *));
		else if (kind == 's')
			text_add(&text, snprintf(text.at, text.room, conversion,
						 va_arg(args, char *)));
		else if (kind == '%')
			text_add(&text, snprintf(text.at, text.room, "%%"));
		else
			text_number(&text, conversion, &args);
	}
	va_end(args);
	return (int)text.size;
}

int kernel_snprintf(char *buffer, size_t size, const char *format, ...)
{
	va_list args;
	int whole;

	va_start(args, format);
	whole = kernel_vsnprintf(buffer, size, format, args);
	va_end(args);
	return whole;
}

int scnprintf(char *buffer, size_t size, const char *format, ...)
{
	va_list args;
	int whole;

	va_start(args, format);
	whole = kernel_vsnprintf(buffer, size, format, args);
	va_end(args);
	if (!size)
		return 0;
	return whole < (int)size ? whole : (int)size - 1;
}

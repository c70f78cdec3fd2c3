/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * utf8.h - text from a trace may hold any bytes; what is printed may not
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the character that @text begins with; 0 where it is no UTF-8, or NUL. */
size_t utf8_length(const char *text, size_t size);

bool utf8_valid(const char *text, size_t size);

/*
 * Copy, with U+FFFD for each byte that is no UTF-8, and a NUL at the end. @ret has
 * room for three times @size and one. Returns the length.
 */
size_t utf8_clean(const char *text, size_t size, char *ret);

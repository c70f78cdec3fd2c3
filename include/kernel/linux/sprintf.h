/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sprintf.h - text with the kernel's conversions */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include <linux/compiler.h>

/**
 * kernel_vsnprintf() - vsnprintf() of the kernel's conversions
 *
 * %pa, %pap and %pad take the address of the number; %pe an error pointer. Any other
 * letter after %p is left out, and the pointer printed as it is.
 *
 * Return: the characters that the whole text has.
 */
int kernel_vsnprintf(char *buffer, size_t size, const char *format, va_list args);
int kernel_snprintf(char *buffer, size_t size, const char *format, ...) __printf(3, 4);

/** scnprintf() - as snprintf(); returns the characters that were written */
int scnprintf(char *buffer, size_t size, const char *format, ...) __printf(3, 4);

#define vsnprintf kernel_vsnprintf
#define snprintf  kernel_snprintf

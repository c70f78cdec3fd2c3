/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmdline.h - a parameter of the kernel's command line
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/**
 * cmdline_find() - what stands behind a parameter's '='
 * @cmdline:	the kernel's command line, or NULL
 * @name:	the parameter, without the '='
 * @length:	set to the length of the value in bytes
 *
 * Where it is said twice the last one counts, as in the kernel (kernel/params.c).
 *
 * Return: the value, which is part of @cmdline, or NULL where it is not said.
 */
const char *cmdline_find(const char *cmdline, const char *name, size_t *length);

/**
 * cmdline_flag() - a parameter that is on or off
 * @cmdline:	the kernel's command line, or NULL
 * @name:	the parameter
 * @otherwise:	what holds where it is not said, or as no such word
 *
 * Return: what kstrtobool() takes its value for: y, t, 1 and on, n, f, 0 and off.
 */
bool cmdline_flag(const char *cmdline, const char *name, bool otherwise);

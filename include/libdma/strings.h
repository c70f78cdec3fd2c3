/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * strings.h - each different string of a trace, once, known by a number
 *
 * Events name their device, task and driver by number, so that an event has a
 * fixed size and two names are compared as two numbers. Number 0 is "".
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct libdma_strings;

/**
 * libdma_strings_create() - an empty table
 *
 * Return: the table, or NULL without memory.
 */
struct libdma_strings *libdma_strings_create(void);

/** libdma_strings_destroy() - release a table; NULL is allowed */
void libdma_strings_destroy(struct libdma_strings *strings);

/**
 * libdma_strings_add() - the number of a string, which is added if it is new
 * @strings:	the table
 * @text:	the string; need not end in NUL, may hold any byte but NUL
 * @size:	its length in bytes
 * @ret:	set to its number
 *
 * Return: 0, or -ENOMEM.
 */
int libdma_strings_add(struct libdma_strings *strings, const char *text, size_t size,
		       uint32_t *ret);

/**
 * libdma_strings_get() - the string of a number
 *
 * Return: the NUL-terminated string, valid as long as the table; "" for a number
 * that was never handed out.
 */
const char *libdma_strings_get(const struct libdma_strings *strings, uint32_t number);

/** libdma_strings_size() - length in bytes of the string of a number */
size_t libdma_strings_size(const struct libdma_strings *strings, uint32_t number);

/** libdma_strings_count() - one more than the highest number handed out */
uint32_t libdma_strings_count(const struct libdma_strings *strings);

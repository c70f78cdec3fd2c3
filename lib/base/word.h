/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * word.h - which word was meant
 */
#pragma once

#include <stddef.h>

/**
 * word_distance() - how many letters must change to make one word of the other
 * @a:	a word
 * @b:	a word
 *
 * Return: letters put in, left out or changed; 32 where a word has more than that.
 */
size_t word_distance(const char *a, const char *b);

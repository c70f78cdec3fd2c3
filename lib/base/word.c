// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * word.c - which word was meant
 */
#include <string.h>

#include "base/word.h"

size_t word_distance(const char *a, const char *b)
{
	size_t row[33], size = strlen(b);

	if (size > 32 || strlen(a) > 32)
		return 32;
	for (size_t j = 0; j <= size; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t corner = row[0]++;

		for (size_t j = 0; j < size; j++) {
			size_t change = corner + (a[i] != b[j]);

			corner = row[j + 1];
			if (change > row[j] + 1)
				change = row[j] + 1;
			if (change > corner + 1)
				change = corner + 1;
			row[j + 1] = change;
		}
	}
	return row[size];
}

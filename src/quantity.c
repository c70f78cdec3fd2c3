// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * quantity.c - numbers as users write them
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "quantity.h"

bool quantity_size(const char *text, uint64_t *ret)
{
	static const char units[] = "kMGT";
	const char *unit;
	uint64_t size;
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	size = strtoull(text, &end, 0);
	if (errno)
		return false;
	unit = *end ? strchr(units, *end == 'K' ? 'k' : *end) : NULL;
	if (unit) {
		unsigned int shift = 10 * (unsigned int)(unit - units + 1);

		if (size > UINT64_MAX >> shift)
			return false;
		size <<= shift;
		end++;
	}
	if (*end)
		return false;
	*ret = size;
	return true;
}

uint64_t quantity_option(const char *option, const char *text, uint64_t least,
			 uint64_t most, struct argp_state *state)
{
	uint64_t number;
	char *end;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (isdigit((unsigned char)*text) && !*end && !errno && number >= least &&
	    number <= most)
		return number;
	if (most == UINT64_MAX)
		argp_error(state, "%s takes a number from %" PRIu64 ", not '%s'", option,
			   least, text);
	argp_error(state, "%s takes a number from %" PRIu64 " to %" PRIu64 ", not '%s'",
		   option, least, most, text);
	return least;
}

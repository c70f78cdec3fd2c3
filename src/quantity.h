/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * quantity.h - numbers as users write them
 */
#pragma once

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

/* "4096", "64k", "0x1000": bytes; k, M, G and T are powers of 1024. */
bool quantity_size(const char *text, uint64_t *ret);

/**
 * quantity_option() - the number that an option takes
 * @option:	its name with the hyphens, for the message
 * @text:	what was given, decimal
 * @least, @most: the bounds; there is no upper one where @most is UINT64_MAX
 * @state:	argp's
 *
 * Return: the number. Any other text is told by argp_error(), which does not return.
 */
uint64_t quantity_option(const char *option, const char *text, uint64_t least,
			 uint64_t most, struct argp_state *state);

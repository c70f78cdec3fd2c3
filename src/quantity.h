/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * quantity.h - numbers as users write them
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* "4096", "64k", "0x1000": bytes; k, M, G and T are powers of 1024. */
bool quantity_size(const char *text, uint64_t *ret);

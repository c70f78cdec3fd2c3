/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pager.h - hold back a screenful, and start a pager for what is longer
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct pager;

/* A pager that starts with line @rows; NULL without memory. */
struct pager *pager_create(unsigned int rows);

/*
 * Keep @size bytes back, if all so far fits on the screen. False from the moment
 * on when descriptor 1 leads to a pager that has been given what was held; then,
 * and where no pager could be started, the caller writes the bytes itself.
 */
bool pager_hold(struct pager *pager, const char *data, size_t size);

/* What is held back still. */
const char *pager_held(const struct pager *pager, size_t *size);

/* End the pager's input, wait for its user and release it. */
void pager_destroy(struct pager *pager);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * evidence.h - an event that proves something, as a sentence
 */
#pragma once

#include <libdma/event.h>

#define EVIDENCE 512 /* bytes; longer ones are cut */

/*
 * "first #12 at 3.113603 s: unmap_page TO_DEVICE at 0x1000, 512 bytes, by dd/7 on CPU 1";
 * returns @buffer.
 */
const char *evidence_event(const struct libdma_strings *strings, const char *label,
			   const struct dma_event *event, char *buffer, size_t room);

/* Does it end a mapping or an allocation? */
bool evidence_ends(const struct dma_event *event);

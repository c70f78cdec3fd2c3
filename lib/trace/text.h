/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * text.h - an event as a line of text (dmat(5)), and back
 *
 *	12.000345000 [001 d.h1.] iomix/261 map_page 0000:00:02.0 TO_DEVICE phys=0x1000
 *	dma=0x1000 size=512
 *
 * What is 0 or empty is left out. Time, CPU and task may be left out by hand, and
 * the rest may stand in any order.
 */
#pragma once

#include <libdma/event.h>

/* What a kind of event calls the members that share a place. */
struct text_names {
	const char *first;  /* mask, unmapped, offset ... */
	const char *second; /* boundary, limit, until_ns */
	const char *third;  /* coherent_mask, align_mask */
	bool counts;        /* the first is a count, so is written in decimal */
};

struct text_names text_names(unsigned int kind);

/* dma_event.flags as words; NULL behind the last. */
const char *text_flag_name(unsigned int bit);

/* The direction of a name, -1 if it is none. */
int text_direction(const char *name, size_t size);

/* Bytes that text_print() needs at most. */
size_t text_bound(const struct dma_event *event, const struct libdma_strings *strings);

/* Write the event's line without its newline to @out; returns its end. */
char *text_print(char *out, const struct dma_event *event,
		 const struct libdma_strings *strings);

/**
 * struct text_parser - what is kept from one line to the next
 * @strings:	table for the strings of the events
 * @ns:		time of the last event, for a line that says none
 * @scratch:	strings of this line without their escapes
 * @entry:	the line's lists
 * @where:	after -EINVAL: the place in the line
 * @why:	after -EINVAL: what is wrong there
 */
struct text_parser {
	struct libdma_strings *strings;
	uint64_t ns;
	char *scratch;
	size_t scratch_room;
	char *scratch_at;
	struct text_list {
		uint64_t *address;
		uint32_t *size;
		uint32_t room;
	} entries, segments;
	const char *where;
	char why[128];
};

/**
 * text_parse() - the event of a line
 * @parser:	the state
 * @line:	the line, without its newline
 * @size:	its length
 * @event:	set to the event; its lists last until the next call
 *
 * Return: 1 with an event, 0 where the line has none, -EINVAL where it is wrong, or
 * -ENOMEM. A member that nobody knows is told by @parser->where, and left out.
 */
int text_parse(struct text_parser *parser, const char *line, size_t size,
	       struct dma_event *event);

/* Release what the parser holds. */
void text_parser_deinit(struct text_parser *parser);

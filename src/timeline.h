/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * timeline.h - the use over time of a trace: what timeline and report draw
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include <libdma/timeline.h>

#include "form.h"
#include "source.h"
#include "table.h"
#include "terminal.h"

/* How bins of a timeline are put together to be shown. */
#define TIMELINE_CELLS 128

/**
 * struct timeline_view - a timeline, as it is shown
 * @timeline:	the timeline
 * @strings:	of its keys
 * @environment: of the machine
 * @by:		what is followed apart
 * @wanted:	by measure: is it shown?
 * @series:	numbers of those that are apart, the largest first
 * @count:	of them
 */
struct timeline_view {
	const struct libdma_timeline *timeline;
	const struct libdma_strings *strings;
	const struct libdma_environment *environment;
	enum libdma_stat_key by;
	bool wanted[LIBDMA_TIMELINE_MEASURES];
	size_t *series;
	size_t count;
};

/* Put the series in order; @view->series is then to be freed. */
void timeline_order(struct timeline_view *view);

/**
 * struct timeline_cut - a series in some equal pieces
 * @cell:	the pieces
 * @ns:		when each begins, and the last one ends
 * @count:	how many; 0 where nothing happened
 */
struct timeline_cut {
	struct libdma_timeline_bin *cell;
	uint64_t *ns;
	size_t count;
};

/* Cut a series into @cells pieces, or as many as it has bins; ends dmactl without memory.
 */
struct timeline_cut timeline_cut(const struct libdma_timeline *timeline, size_t series,
				 size_t cells);
void timeline_cut_deinit(struct timeline_cut *cut);

/* Who the series is of; "" for all together. @buffer has room for a number. */
const char *timeline_name(const struct timeline_view *view, size_t series,
			  char buffer[32]);

/* "bytes in use", "swiotlb slots" */
const char *timeline_title(unsigned int measure);

/* "2.6M", or "848" of what is counted. */
const char *timeline_value(unsigned int measure, uint64_t value, char *buffer,
			   size_t room);

/* "3.235722 s" */
const char *timeline_when(uint64_t ns, char *buffer, size_t room);

/* The highest value that the scale of a measure has to have room for. */
uint64_t timeline_top(const struct timeline_view *view, unsigned int measure);

/* "at most 982 of 1024, at 6.66 s, event #4321" */
const char *timeline_peak(const struct timeline_view *view, size_t series,
			  unsigned int measure, char *buffer, size_t room);

/* What a mark is, in a sentence without a full stop. */
const char *timeline_mark(const struct timeline_view *view,
			  const struct libdma_timeline_mark *mark, char *buffer,
			  size_t room);

/* For the terminal; charts of @rows lines. */
void timeline_print(const struct timeline_view *view, unsigned int rows,
		    const struct terminal *terminal);

/* A table of all pieces of all series, as table_create(). */
int timeline_table_create(const struct form_options *form,
			  const struct terminal *terminal, struct table **ret);
void timeline_table_fill(struct table *table, const struct timeline_view *view,
			 size_t cells);

/* Print the document dmactl.timeline/1. */
void timeline_json(const struct timeline_view *view, size_t cells,
		   const struct source *source, const char *path);

/* Draw one measure of all series into a box of the SVG, which the caller has begun. */
struct timeline_box {
	double x, y, width, height; /* 0 wide: as wide as its place */
	const char *label;	    /* what it shows, for who cannot see it; or NULL */
};
void timeline_draw(const struct timeline_view *view, unsigned int measure, size_t cells,
		   const struct timeline_box *box, FILE *out);

/* Classes of what timeline_draw() draws, for the light and for the dark. */
extern const char timeline_style_light[];
extern const char timeline_style_dark[];

/* How many series have a line of their own in a picture. */
#define TIMELINE_LINES 6

/* A whole document; 0 or -ENOMEM. */
int timeline_svg(const struct timeline_view *view, size_t cells, FILE *out);

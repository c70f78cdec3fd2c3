/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * event-csv.h - events as comma-separated values, in columns of the user's choice
 */
#pragma once

#include <stdio.h>

#include <libdma/event.h>

struct event_csv;

/*
 * @columns: names separated by commas, "+..." for some besides the usual ones, "all", or
 * NULL. Returns EXIT_FINE, or EXIT_USAGE with *@ret NULL where a name is no column.
 */
int event_csv_create(const char *columns, FILE *out, struct event_csv **ret);
void event_csv_destroy(struct event_csv *csv);

/* List the columns that there are. */
void event_csv_help(void);

void event_csv_head(const struct event_csv *csv);
void event_csv_print(const struct event_csv *csv, const struct dma_event *event,
		     const struct libdma_strings *strings);

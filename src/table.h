/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table.h - rows and columns, for people (libsmartcols), as CSV, or raw
 *
 * A command says what columns there are; the user chooses among them with --columns.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "form.h"
#include "terminal.h"

/**
 * struct column - a column that a table can have
 * @name:	in capitals; --columns takes it in any case
 * @summary:	one line for '--columns help'
 * @right:	numbers: aligned to the right
 * @extra:	shown only when asked for
 * @shrink:	may be cut where the terminal is too narrow
 */
struct column {
	const char *name;
	const char *summary;
	bool right;
	bool extra;
	bool shrink;
};

struct table;

/**
 * table_create() - an empty table of the columns that the user wants
 * @columns:	all that there are; ends with a NULL name
 * @ret:	set to the table; NULL for '--columns help', which is then done
 *
 * Return: EXIT_FINE, or EXIT_USAGE for a name that is no column.
 */
int table_create(const struct form_options *form, const struct terminal *terminal,
		 const struct column *columns, struct table **ret);
void table_destroy(struct table *table);

/* Begin a row; its cells are empty. */
void table_row(struct table *table);

/* How many there are. */
size_t table_rows(const struct table *table);

/* Fill a cell of the newest row; @column counts in the array given to table_create(). */
void table_cell(struct table *table, size_t column, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Is the column shown? For cells that are costly to make. */
bool table_wants(const struct table *table, size_t column);

/* Colour of the cells of the newest row, "31"; see terminal_color(). */
void table_color(struct table *table, const char *code);

/* Print it to stdout. */
void table_print(struct table *table);

/* "4K", "1.5M": a size for people, of at most 5 characters. */
const char *table_size(uint64_t bytes, char *buffer, size_t room);

/* "850ns", "12.3us", "4.5s": a duration for people. */
const char *table_time(uint64_t ns, char *buffer, size_t room);

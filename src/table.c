// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * table.c - rows and columns, for people (libsmartcols), as CSV, or raw
 *
 * Cells are kept as text until the table is printed, so that one set of rows serves
 * every form.
 */
#include <inttypes.h>
#include <libsmartcols/libsmartcols.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "csv.h"
#include "output.h"
#include "table.h"

#define COLUMNS_MAX 32
#define SHRINK_TO   12 /* a name that is cut further says nothing */

struct row {
	const char *color;
	char **cell;
};

struct table {
	const struct form_options *form;
	const struct terminal *terminal;
	const struct column *columns;
	size_t count; /* of columns */
	size_t chosen[COLUMNS_MAX];
	size_t width; /* number of columns chosen */
	struct row *row;
	size_t rows;
	size_t room;
};

static void print_columns(const struct column *columns)
{
	for (; columns->name; columns++)
		printf("%-12s %s%s\n", columns->name, columns->summary,
		       columns->extra ? " (not shown unless asked for)" : "");
}

static int choose_column(struct table *table, const char *name, size_t size)
{
	for (size_t i = 0; i < table->count; i++) {
		const char *known = table->columns[i].name;

		if (strlen(known) != size || strncasecmp(known, name, size))
			continue;
		if (table->width == COLUMNS_MAX) {
			complain("too many columns");
			return EXIT_USAGE;
		}
		table->chosen[table->width++] = i;
		return EXIT_FINE;
	}
	complain("'%.*s' is no column, '--columns help' lists them", (int)size, name);
	return EXIT_USAGE;
}

static int choose_columns(struct table *table)
{
	const char *list = table->form->columns;
	bool more = list && *list == '+';
	int status = EXIT_FINE;

	for (size_t i = 0; (!list || more) && i < table->count; i++)
		if (!table->columns[i].extra)
			table->chosen[table->width++] = i;
	if (more)
		list++;
	while (list && status == EXIT_FINE) {
		size_t size = strcspn(list, ",");

		status = choose_column(table, list, size);
		list = list[size] ? list + size + 1 : NULL;
	}
	return status;
}

int table_create(const struct form_options *form, const struct terminal *terminal,
		 const struct column *columns, struct table **ret)
{
	struct table *table = calloc(1, sizeof(*table));
	int status;

	*ret = NULL;
	if (!table)
		out_of_memory();
	if (form->columns && !strcasecmp(form->columns, "help")) {
		print_columns(columns);
		free(table);
		return EXIT_FINE;
	}
	table->form = form;
	table->terminal = terminal;
	table->columns = columns;
	while (columns[table->count].name)
		table->count++;
	status = choose_columns(table);
	if (status == EXIT_FINE)
		*ret = table;
	else
		free(table);
	return status;
}

void table_destroy(struct table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->rows; i++) {
		for (size_t j = 0; j < table->count; j++)
			free(table->row[i].cell[j]);
		free(table->row[i].cell);
	}
	free(table->row);
	free(table);
}

void table_row(struct table *table)
{
	struct row *row;

	if (table->rows == table->room) {
		table->room = table->room ? 2 * table->room : 16;
		table->row = realloc(table->row, table->room * sizeof(*table->row));
		if (!table->row)
			out_of_memory();
	}
	row = &table->row[table->rows++];
	*row = (struct row) { .cell = calloc(table->count, sizeof(*row->cell)) };
	if (!row->cell)
		out_of_memory();
}

size_t table_rows(const struct table *table)
{
	return table->rows;
}

void table_cell(struct table *table, size_t column, const char *format, ...)
{
	char **cell = &table->row[table->rows - 1].cell[column];
	va_list args;

	free(*cell);
	va_start(args, format);
	if (vasprintf(cell, format, args) < 0)
		out_of_memory();
	va_end(args);
}

void table_color(struct table *table, const char *code)
{
	table->row[table->rows - 1].color = terminal_color(table->terminal, code);
}

bool table_wants(const struct table *table, size_t column)
{
	for (size_t i = 0; i < table->width; i++)
		if (table->chosen[i] == column)
			return true;
	return false;
}

static void print_csv(const struct table *table)
{
	for (size_t i = 0; !table->form->noheadings && i < table->width; i++)
		csv_field(stdout, table->columns[table->chosen[i]].name, !i);
	if (!table->form->noheadings)
		csv_end(stdout);
	for (size_t r = 0; r < table->rows; r++) {
		for (size_t i = 0; i < table->width; i++) {
			const char *text = table->row[r].cell[table->chosen[i]];

			csv_field(stdout, text ? text : "", !i);
		}
		csv_end(stdout);
	}
}

static void add_column(const struct table *table, struct libscols_table *out, size_t i)
{
	const struct column *column = &table->columns[table->chosen[i]];
	int flags = 0;

	if (column->right)
		flags |= SCOLS_FL_RIGHT;
	if (column->shrink)
		flags |= SCOLS_FL_TRUNC;
	if (!scols_table_new_column(out, column->name, column->shrink ? 0.1 : 0, flags))
		out_of_memory();
}

static void add_row(const struct table *table, struct libscols_table *out,
		    const struct row *row)
{
	struct libscols_line *line = scols_table_new_line(out, NULL);

	if (!line)
		out_of_memory();
	for (size_t i = 0; i < table->width; i++) {
		const char *text = row->cell[table->chosen[i]];

		if (scols_line_set_data(line, i, text ? text : ""))
			out_of_memory();
	}
	if (row->color && *row->color)
		scols_line_set_color(line, row->color);
}

static struct libscols_table *begin_output(const struct table *table, bool noheadings)
{
	const struct terminal *terminal = table->terminal;
	struct libscols_table *out = scols_new_table();

	if (!out)
		out_of_memory();
	scols_table_set_stream(out, stdout);
	scols_table_enable_raw(out, table->form->form == FORM_RAW);
	scols_table_enable_noheadings(out, noheadings);
	scols_table_enable_ascii(out, terminal->ascii);
	scols_table_enable_colors(out, terminal->colors);
	if (terminal->fixed) {
		scols_table_set_termforce(out, SCOLS_TERMFORCE_ALWAYS);
		scols_table_set_termwidth(out, terminal->width);
	} else {
		scols_table_set_termforce(out, SCOLS_TERMFORCE_NEVER);
	}
	return out;
}

static void end_output(struct libscols_table *out)
{
	if (scols_print_table(out))
		out_of_memory();
	scols_unref_table(out);
}

static void print_columned(const struct table *table)
{
	struct libscols_table *out = begin_output(table, table->form->noheadings);

	for (size_t i = 0; i < table->width; i++)
		add_column(table, out, i);
	for (size_t i = 0; i < table->rows; i++)
		add_row(table, out, &table->row[i]);
	end_output(out);
}

/*
 * Where a row is wider than the terminal
 */

/* Columns on a terminal, where what cannot be shown is spelled "\x07". */
static size_t cells_of(const char *text)
{
	size_t cells = 0;

	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		cells += byte < ' ' || byte == 0x7f ? 4 : byte < 0x80 || byte >= 0xc0;
	}
	return cells;
}

static size_t column_width(const struct table *table, size_t column)
{
	size_t widest = cells_of(table->columns[column].name);

	for (size_t i = 0; i < table->rows; i++) {
		const char *text = table->row[i].cell[column];
		size_t cells = text ? cells_of(text) : 0;

		if (cells > widest)
			widest = cells;
	}
	if (table->columns[column].shrink && widest > SHRINK_TO)
		return SHRINK_TO;
	return widest;
}

static bool fits(const struct table *table)
{
	size_t width = 0;

	if (table->form->form != FORM_HUMAN || !table->terminal->fixed)
		return true;
	for (size_t i = 0; i < table->width; i++)
		width += column_width(table, table->chosen[i]) + 1;
	return width <= table->terminal->width + 1;
}

/* Each row by itself, one cell a line. */
static void print_records(const struct table *table)
{
	for (size_t r = 0; r < table->rows; r++) {
		struct libscols_table *out = begin_output(table, true);

		if (!scols_table_new_column(out, "NAME", 0, 0) ||
		    !scols_table_new_column(out, "VALUE", 0, SCOLS_FL_WRAP))
			out_of_memory();
		for (size_t i = 0; i < table->width; i++) {
			size_t column = table->chosen[i];
			const char *text = table->row[r].cell[column];
			struct libscols_line *line;

			if (!text || !*text)
				continue;
			line = scols_table_new_line(out, NULL);
			if (!line || scols_line_set_data(line, 0, table->columns[column].name) ||
			    scols_line_set_data(line, 1, text))
				out_of_memory();
			if (table->row[r].color && *table->row[r].color)
				scols_line_set_color(line, table->row[r].color);
		}
		if (r)
			putchar('\n');
		end_output(out);
	}
}

void table_print(struct table *table)
{
	if (table->form->form == FORM_CSV)
		print_csv(table);
	else if (table->rows && fits(table))
		print_columned(table);
	else if (table->rows)
		print_records(table);
}

const char *table_size(uint64_t bytes, char *buffer, size_t room)
{
	static const char units[] = "KMGTPE";
	double value = (double)bytes;
	unsigned int unit = 0;

	if (bytes < 1024) {
		snprintf(buffer, room, "%" PRIu64, bytes);
		return buffer;
	}
	for (value /= 1024; value >= 1023.5 && units[unit + 1]; value /= 1024)
		unit++;
	/* what comes out even needs no digit that says so */
	snprintf(buffer, room, value < 99.95 && value != (double)(uint64_t)value ? "%.1f%c"
										 : "%.0f%c",
		 value, units[unit]);
	return buffer;
}

const char *table_time(uint64_t ns, char *buffer, size_t room)
{
	if (ns < 1000)
		snprintf(buffer, room, "%" PRIu64 "ns", ns);
	else if (ns < 1000000)
		snprintf(buffer, room, "%.1fus", (double)ns / 1e3);
	else if (ns < 1000000000)
		snprintf(buffer, room, "%.1fms", (double)ns / 1e6);
	else
		snprintf(buffer, room, "%.1fs", (double)ns / 1e9);
	return buffer;
}

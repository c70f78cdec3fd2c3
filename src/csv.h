/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * csv.h - comma-separated values, RFC 4180
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

/* Print a field; before all but the @first of a record comes a comma. */
void csv_field(FILE *out, const char *text, bool first);

/* Print @size bytes as a field, or as part of one that needs no quoting. */
void csv_quote(FILE *out, const char *bytes, size_t size);

/* End the record. */
void csv_end(FILE *out);

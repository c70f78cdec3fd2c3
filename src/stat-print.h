/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stat-print.h - what was counted, as a table for people and as a document
 */
#pragma once

#include <libdma/stat.h>

#include "form.h"
#include "json.h"
#include "source.h"
#include "table.h"
#include "terminal.h"

/* What the user may count by: "device" and so on; LIBDMA_STAT_KEYS for another word. */
enum libdma_stat_key stat_key_find(const char *word);
const char *stat_key_name(enum libdma_stat_key key);

/*
 * A table for groups by @key. Returns EXIT_FINE and *@ret, which is NULL where nothing
 * is left to do; or EXIT_USAGE.
 */
int stat_table_create(enum libdma_stat_key key, const struct form_options *form,
		      const struct terminal *terminal, struct table **ret);

/* A row for each group, the most events first. */
void stat_table_fill(struct table *table, enum libdma_stat_key key, bool plain,
		     const struct libdma_stat *stat, const struct libdma_strings *strings);

/* The total as some lines of text. */
void stat_print_total(const struct libdma_stat *stat);

/* Two histograms, of sizes and of lifetimes, in powers of two. */
void stat_print_histograms(const struct libdma_stat *stat, const struct terminal *terminal);

/* { "map_page": 17, ... } */
json_t *stat_kinds(const struct libdma_stat *stat);

/* All members of a group. */
json_t *stat_group(const struct libdma_stat_group *group);

/* The groups, each with its "key". */
json_t *stat_groups(const struct libdma_stat *stat, enum libdma_stat_key key,
		    const struct libdma_strings *strings);

/* What a key stands for; @buffer has room for a number. */
const char *stat_key_text(enum libdma_stat_key key, uint64_t value,
			  const struct libdma_strings *strings, char buffer[32]);

/* What the key of a group stands for; @buffer has room for a number. */
const char *stat_group_name(enum libdma_stat_key key, const struct libdma_stat_group *group,
			    const struct libdma_strings *strings, char buffer[32]);

/* The groups in the order of their events; free() it. */
const struct libdma_stat_group **stat_sorted(const struct libdma_stat *stat, size_t *count);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * leaks-print.h - what is left mapped, as a table and as a document
 */
#pragma once

#include <libdma/leaks.h>

#include "form.h"
#include "source.h"
#include "table.h"
#include "terminal.h"

/**
 * struct leaks_list - what is left of a trace
 * @leak:	the sites, the worst first
 * @count:	how many
 * @strangers:	ends of what was never seen to begin
 * @suppressed:	sites that the user does not want to hear of
 * @source:	the trace
 */
struct leaks_list {
	struct libdma_leak *leak;
	size_t count;
	uint64_t strangers;
	uint64_t suppressed;
	struct source *source;
};

/* A verdict that is a finding. */
static inline bool leak_is_found(const struct libdma_leak *leak)
{
	return leak->verdict >= LIBDMA_LEAK_OLD;
}

/* As table_create(). */
int leaks_table_create(const struct form_options *form, const struct terminal *terminal,
		       struct table **ret);

/* A row for each site; of findings alone unless @all. */
void leaks_table_fill(struct table *table, const struct leaks_list *list, bool plain,
		      bool all);

/* What the table means, before it and behind it. */
void leaks_print_summary(const struct leaks_list *list, const struct terminal *terminal,
			 bool all);
void leaks_print_reasons(const struct leaks_list *list, const struct terminal *terminal,
			 bool all);

/* The document dmactl.leaks/1. */
void leaks_json(const struct leaks_list *list, const char *path);

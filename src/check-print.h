/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * check-print.h - findings for people, for programs, and for code review (SARIF)
 */
#pragma once

#include "findings.h"
#include "form.h"
#include "source.h"
#include "terminal.h"

/* For people; those in doubt as well if @doubted. */
void check_print(const struct findings *findings, const struct source *source,
		 const struct terminal *terminal, bool doubted);

/* The document dmactl.check/1. */
void check_json(const struct findings *findings, const struct source *source,
		const char *path);

/* SARIF 2.1.0: findings alone. */
void check_sarif(const struct findings *findings, const char *path);

/* The rules; returns the status to exit with. */
int check_list_rules(const struct form_options *form, const struct terminal *terminal);

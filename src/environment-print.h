/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * environment-print.h - what is known of a machine, and from where
 */
#pragma once

#include <jansson.h>

#include <libdma/environment.h>
#include <libdma/stat.h>

#include "terminal.h"

/* The JSON form of dmat(5), as a member of a document. */
json_t *environment_object(const struct libdma_environment *environment);

/* Call @visit for each thing: a label, what is known, and who said so. */
typedef void environment_visitor(void *arg, const char *label, const char *text,
				 enum libdma_origin origin);
void environment_walk(const struct libdma_environment *environment,
		      environment_visitor *visit, void *arg);

/* A line for each thing, with "(inferred)" behind what nobody said. */
void environment_print(const struct libdma_environment *environment);

/* A table of the devices, with what each asked for; @stat counted by device. */
void environment_print_devices(const struct libdma_environment *environment,
			       const struct libdma_stat *stat,
			       const struct libdma_strings *strings,
			       const struct terminal *terminal);

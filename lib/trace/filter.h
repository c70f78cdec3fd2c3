/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * filter.h - a filter as a list of steps, between its parser and its evaluator
 *
 * Each test sets one truth value. A step AND jumps over what is left of a conjunction
 * when the value is false already, OR likewise when it is true; so nothing that
 * cannot matter is looked at, and there is no stack.
 */
#pragma once

#include <libdma/filter.h>

#include "dma/drivers.h"

/* What a field is compared as. */
enum field_type {
	FIELD_NUMBER,
	FIELD_TIME,   /* a number of ns */
	FIELD_ERROR,  /* a number, or the name of an errno */
	FIELD_STRING, /* number of a string */
	FIELD_KIND,   /* one of a set of kinds */
	FIELD_CLASS,
	FIELD_DIRECTION,
	FIELD_TRUTH, /* stands alone */
};

enum field_id {
	ID_DEVICE,
	ID_DRIVER,
	ID_COMM,
	ID_NAME,
	ID_STACK,
	ID_GFP,
	ID_KIND,
	ID_CLASS,
	ID_DIR,
	ID_SIZE,
	ID_DMA,
	ID_PHYS,
	ID_CPU_ADDR,
	ID_ATTRS,
	ID_CPU,
	ID_PID,
	ID_TIME,
	ID_NUMBER,
	ID_NENTS,
	ID_ENTS,
	ID_HANDLE,
	ID_ERROR,
	ID_FAILED,
	ID_CUT,
	IDS
};

struct field {
	struct libdma_filter_field face;
	enum field_type type;
};

extern const struct field fields[IDS];

enum compare {
	COMPARE_EQUAL,
	COMPARE_LESS,
	COMPARE_LESS_EQUAL,
	COMPARE_MORE,
	COMPARE_MORE_EQUAL,
	COMPARE_GLOB,
};

enum step_op {
	STEP_NUMBER,
	STEP_STRING,
	STEP_SET, /* kind, class, direction: is its bit set in @value? */
	STEP_TRUTH,
	STEP_NOT,
	STEP_AND,
	STEP_OR,
};

struct step {
	uint8_t op;
	uint8_t id;
	uint8_t compare;
	uint64_t value;  /* to compare with; AND, OR: where to jump */
	uint32_t string; /* index of the pattern */
};

/* A string that fields are compared with, and what is known about others already. */
struct pattern {
	char *text;
	bool glob;
	uint8_t *memo; /* by number: 0 not known, 1 differs, 2 matches */
	size_t memos;
};

struct libdma_filter {
	struct step *step;
	size_t steps;
	size_t step_room;
	struct pattern *pattern;
	size_t patterns;
	struct drivers drivers;
};

/* Fill an empty filter; as libdma_filter_create(). */
int filter_parse(struct libdma_filter *filter, const char *text, size_t *place, char **why);

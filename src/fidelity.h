/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fidelity.h - how well the model predicts a recording: for the commands that replay one
 */
#pragma once

#include <argp.h>
#include <jansson.h>
#include <stdio.h>

#include <libdma/predict.h>

#include "source.h"
#include "state.h"

/**
 * struct fidelity_options - input of fidelity_argp
 * @verify:	--verify
 * @all:	--divergences: show all of them
 */
struct fidelity_options {
	bool verify;
	bool all;
};

extern const struct argp fidelity_argp;

struct fidelity;

/**
 * fidelity_create() - prepare to predict a trace
 * @options:	as fidelity_argp left them
 * @set:	what the user says of the machine
 * @from:	as source_argp left them; changed as the first reading needs it
 * @ret:	set to the prediction; fidelity_observer() is to see the trace
 *
 * Most recordings are read twice, since what came before them is known only when all was
 * seen. One reading is enough where nothing came before, and the recorder told all of
 * the machine: if fidelity_wants_survey() is false behind it.
 */
void fidelity_create(const struct fidelity_options *options,
		     const struct libdma_environment *set, struct source_options *from,
		     struct fidelity **ret);

/* Is what the observer saw not enough? */
bool fidelity_wants_survey(const struct fidelity *fidelity);

/**
 * fidelity_survey() - forget what was predicted so far, and read the trace a first time
 *
 * Standard input is not read, but what gives away the machine then is to be kept.
 *
 * Return: EXIT_FINE, or the status to exit with; the reason was printed.
 */
int fidelity_survey(struct fidelity *fidelity, struct source_options *from);
void fidelity_destroy(struct fidelity *fidelity);

/* What state_open() shall show the trace to. */
const struct state_observer *fidelity_observer(struct fidelity *fidelity);

/* The figures for people, and the answers that were not predicted. */
void fidelity_print(const struct fidelity *fidelity, FILE *out);

json_t *fidelity_json(const struct fidelity *fidelity);

/* Answers that nothing explains, direct maps among them. */
uint64_t fidelity_unexplained(const struct fidelity *fidelity);

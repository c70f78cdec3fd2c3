/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * machine.h - --set and --machine: what the user says of the machine
 */
#pragma once

#include <argp.h>

#include <libdma/environment.h>

/**
 * struct machine_options - input of machine_argp
 * @set:	what was said; later options win
 */
struct machine_options {
	struct libdma_environment *set;
};

extern const struct argp machine_argp;

void machine_options_deinit(struct machine_options *options);

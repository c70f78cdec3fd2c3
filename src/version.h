/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * version.h - which dmactl this is
 */
#pragma once

#include <argp.h>
#include <stdio.h>

/* For --version: "dmactl 0.1" */
void version_print(FILE *out, struct argp_state *state);

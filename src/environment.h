/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * environment.h - environments in files, as the user gives them
 */
#pragma once

#include <libdma/environment.h>

/*
 * Read a JSON file into @environment; what it says becomes LIBDMA_GIVEN. Returns
 * EXIT_FINE, or the status to exit with; the reason was printed.
 */
int environment_read(const char *path, struct libdma_environment *environment);

/*
 * The file that describes a recording of ftrace by lying beside it: NAME.json beside
 * NAME.ftrace, packed or not. NULL where there is none; free() it.
 */
char *environment_beside(const char *path);

/*
 * Replace each device's name by what @name_of makes of it, which is freed with the
 * environment.
 */
void environment_rename(struct libdma_environment *environment,
			char *(*name_of)(void *arg, const char *name), void *arg);

/* Rename the devices, and forget all that is known of the machine beside them. */
void environment_keep_devices(struct libdma_environment *environment,
			      char *(*name_of)(void *arg, const char *name), void *arg);

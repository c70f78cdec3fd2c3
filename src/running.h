/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * running.h - what /proc and /sys tell of the machine that is being recorded
 */
#pragma once

#include <libdma/environment.h>

#include "probes.h"

/*
 * Add it to @environment, as given. @probes tell what they are, and what they read
 * of the kernel's memory. What cannot be read stays unknown. 0, or -ENOMEM.
 */
int running_describe(struct libdma_environment *environment, const struct probes *probes);

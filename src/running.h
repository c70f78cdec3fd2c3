/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * running.h - what /proc and /sys tell of the machine that is being recorded
 */
#pragma once

#include <libdma/environment.h>

#include "bpf/dma.h"

/*
 * Add it to @environment, as given. @inside is what the probes read of the kernel's
 * memory, or NULL. What cannot be read stays unknown. 0, or -ENOMEM.
 */
int running_describe(struct libdma_environment *environment,
		     const struct dma_probe_kernel *inside);

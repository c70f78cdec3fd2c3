/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel.h - which of the kernels that libdma knows a trace is of
 */
#pragma once

#include <libdma/environment.h>

/* That of the environment's version; 6.12 where nobody says. */
enum dma_kernel kernel_of(const struct libdma_environment *environment);

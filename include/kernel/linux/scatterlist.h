/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* scatterlist.h - buffers in pieces */
#pragma once

#include <linux/mm.h>

#include <libdma/scatterlist.h>

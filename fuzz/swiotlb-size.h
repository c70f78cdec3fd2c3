/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * swiotlb-size.h - the size of the bounce buffers, as fuzz-swiotlb asks for it
 */
#pragma once

#include "trace/program.h"

/* The numbers of @op as swiotlb= has them, some of which no kernel takes. */
void size_read(const struct program_op *op);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * binary-write.h - the writing half of format-binary.c
 */
#pragma once

#include "trace/format.h"

int binary_create(struct libdma_writer *writer);
int binary_put(struct libdma_writer *writer, const struct dma_event *event);
int binary_learn(struct libdma_writer *writer, const struct libdma_environment *environment);
int binary_flush(struct libdma_writer *writer);
int binary_finish(struct libdma_writer *writer);

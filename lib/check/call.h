/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * call.h - what a call says of the memory that it is about
 */
#pragma once

#include "check/check.h"

/* As what does a call map, or end? */
enum mapping_type call_type(const struct libdma_check *check, unsigned int kind);

/* What a call says of its one range. */
struct reference call_reference(const struct libdma_check *check,
				const struct dma_event *event);

/* What a call says of a segment of its list, below its dma_count. */
struct reference call_segment(const struct libdma_check *check,
			      const struct dma_event *event, unsigned int index);

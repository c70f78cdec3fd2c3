/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reference-sg.h - how a list is laid out behind an IOMMU, the plain way: where each
 * piece's first byte lies, and after that which of them are neighbours
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define REFERENCE_SG_PIECES 512

struct reference_piece {
	uint32_t offset, length; /* of the caller */
	uint64_t place;		 /* of its first granule, from the list's beginning */
	uint32_t taken;		 /* bytes of address space, a padding behind it included */
};

struct reference_segment {
	uint64_t dma;
	uint32_t length;
};

struct reference_sg {
	struct reference_piece piece[REFERENCE_SG_PIECES];
	unsigned int pieces;
	uint64_t size; /* of address space */
	struct reference_segment segment[REFERENCE_SG_PIECES];
	unsigned int segments;
};

/* @checked: 6.12 refuses lengths beyond 32 bits, and then this says false. */
bool reference_sg_layout(struct reference_sg *sg, uint64_t granule, uint64_t boundary,
			 bool checked);
void reference_sg_merge(struct reference_sg *sg, uint64_t granule, uint64_t boundary,
			uint32_t longest, uint64_t dma);

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * reference-sg.c - how a list is laid out behind an IOMMU, the plain way (RULES.md
 * I35-I38)
 */
#include "reference-sg.h"
#include "reference.h"

REFERENCE_BEGIN

bool reference_sg_layout(struct reference_sg *sg, uint64_t granule, uint64_t boundary,
			 bool checked)
{
	uint64_t place = 0;

	for (unsigned int i = 0; i < sg->pieces; i++) {
		struct reference_piece *piece = &sg->piece[i];
		uint64_t bytes = piece->length + piece->offset % granule;
		uint64_t size = (bytes + granule - 1) / granule * granule;
		/* how far the next boundary is */
		uint64_t room = -place & boundary;

		if (checked && size > UINT32_MAX)
			return false;
		/* for an entry without a byte this wraps, so that it is padded */
		if (i && room && room < size - 1) {
			piece[-1].taken += (uint32_t)room;
			if (checked && piece[-1].taken < room)
				return false;
			place += room;
		}
		piece->place = place;
		piece->taken = (uint32_t)size;
		place += size;
	}
	sg->size = place;
	return true;
}

void reference_sg_merge(struct reference_sg *sg, uint64_t granule, uint64_t boundary,
			uint32_t longest, uint64_t dma)
{
	uint64_t end = 0; /* of the last piece, where another may join it */

	sg->segments = 0;
	for (unsigned int i = 0; i < sg->pieces; i++) {
		const struct reference_piece *piece = &sg->piece[i];
		uint32_t inside = piece->offset & (uint32_t)(granule - 1);
		struct reference_segment *last = &sg->segment[sg->segments - !!sg->segments];

		if (end && !inside && dma & boundary &&
		    (uint32_t)(longest - last->length) >= piece->length)
			last->length += piece->length;
		else
			sg->segment[sg->segments++] = (struct reference_segment){
				dma + inside, piece->length };
		last = &sg->segment[sg->segments - 1];
		end = inside + piece->length < piece->taken ? 0 : last->length;
		dma += piece->taken;
	}
}

REFERENCE_END

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fragmap.c - the spaces that live things take addresses from
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/fragmap.h"

/*
 * Spaces
 */

static size_t slot_of(const struct libdma_fragmap *fragmap, enum libdma_space_kind kind,
		      uint64_t id)
{
	uint64_t hash = (id * 8 + kind) * 0x9e3779b97f4a7c15;
	size_t at = (size_t)(hash >> 32) & (fragmap->slots - 1);

	while (fragmap->slot[at]) {
		const struct space *space = fragmap->space[fragmap->slot[at] - 1];

		if (space->face.kind == kind && space->id == id)
			break;
		at = (at + 1) & (fragmap->slots - 1);
	}
	return at;
}

static int grow_spaces(struct libdma_fragmap *fragmap)
{
	size_t room = fragmap->room ? fragmap->room * 2 : 16;
	struct space **space = realloc(fragmap->space, room * sizeof(struct space *));
	uint32_t *slot;

	if (!space)
		return -ENOMEM;
	fragmap->space = space;
	slot = calloc(room * 2, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	free(fragmap->slot);
	fragmap->slot = slot;
	fragmap->slots = room * 2;
	fragmap->room = room;
	for (size_t i = 0; i < fragmap->count; i++)
		fragmap->slot[slot_of(fragmap, space[i]->face.kind, space[i]->id)] =
			(uint32_t)i + 1;
	return 0;
}

int fragmap_space(struct libdma_fragmap *fragmap, enum libdma_space_kind kind,
		  uint64_t id, struct space **ret)
{
	struct space *space;
	size_t at;

	if (fragmap->count == fragmap->room && grow_spaces(fragmap))
		return -ENOMEM;
	at = slot_of(fragmap, kind, id);
	if (!fragmap->slot[at]) {
		space = calloc(1, sizeof(*space));
		if (!space)
			return -ENOMEM;
		space->face.kind = kind;
		space->id = id;
		space->weighs = fragmap->weighs;
		fragmap->space[fragmap->count++] = space;
		fragmap->slot[at] = (uint32_t)fragmap->count;
	}
	*ret = fragmap->space[fragmap->slot[at] - 1];
	return 0;
}

int space_add_extent(struct space *space, const struct libdma_extent *extent)
{
	if (space->weighs) {
		space->weight += extent->taken;
		return 0;
	}
	if (space->face.extents == space->room) {
		size_t room = space->room ? space->room * 2 : 64;
		struct libdma_extent *extents =
			realloc(space->face.extent, room * sizeof(*extents));

		if (!extents)
			return -ENOMEM;
		space->face.extent = extents;
		space->room = room;
	}
	space->face.extent[space->face.extents++] = *extent;
	return 0;
}

int space_add_gap(struct space *space, uint64_t start, uint64_t length)
{
	if (!length)
		return 0;
	if (space->face.gaps == space->gap_room) {
		size_t room = space->gap_room ? space->gap_room * 2 : 16;
		struct libdma_range *gap = realloc(space->face.gap, room * sizeof(*gap));

		if (!gap)
			return -ENOMEM;
		space->face.gap = gap;
		space->gap_room = room;
	}
	space->face.gap[space->face.gaps++] =
		(struct libdma_range) { .start = start, .length = length };
	return 0;
}

/*
 * Devices
 */

static bool mode_translates(const struct libdma_environment *environment,
			    const struct libdma_group *group)
{
	if (group && group->type && !strcmp(group->type, "identity"))
		return false;
	return environment->iommu.mode >= LIBDMA_IOMMU_STRICT;
}

static const struct libdma_group *group_of(const struct libdma_environment *environment,
					   const char *device)
{
	for (size_t i = 0; i < environment->iommu.groups; i++) {
		const struct libdma_group *group = &environment->iommu.group[i];

		for (size_t j = 0; j < group->devices; j++)
			if (!strcmp(group->device[j], device))
				return group;
	}
	return NULL;
}

int fragmap_place(struct libdma_fragmap *fragmap, uint32_t device, struct place **ret)
{
	const struct libdma_group *group;
	struct place *place;

	if (device >= fragmap->places) {
		size_t places = 2 * (size_t)device + 16;

		place = realloc(fragmap->place, places * sizeof(*place));
		if (!place)
			return -ENOMEM;
		memset(place + fragmap->places, 0,
		       (places - fragmap->places) * sizeof(*place));
		fragmap->place = place;
		fragmap->places = places;
	}
	*ret = place = &fragmap->place[device];
	if (place->known)
		return 0;
	group = group_of(fragmap->environment,
			 libdma_strings_get(fragmap->strings, device));
	place->known = true;
	place->translated = mode_translates(fragmap->environment, group);
	place->domain = group && group->devices > 1 ? GROUP_ID | group->number : device;
	place->region = NO_SPACE;
	return 0;
}

/*
 * The whole
 */

struct libdma_fragmap *libdma_fragmap_create(const struct libdma_environment *environment,
					     const struct libdma_strings *strings)
{
	struct libdma_fragmap *fragmap = calloc(1, sizeof(*fragmap));

	if (!fragmap)
		return NULL;
	fragmap->environment = environment;
	fragmap->strings = strings;
	return fragmap;
}

void libdma_fragmap_destroy(struct libdma_fragmap *fragmap)
{
	if (!fragmap)
		return;
	for (size_t i = 0; i < fragmap->count; i++) {
		free(fragmap->space[i]->face.name);
		free(fragmap->space[i]->face.extent);
		free(fragmap->space[i]->face.gap);
		free(fragmap->space[i]);
	}
	free(fragmap->space);
	free(fragmap->slot);
	free(fragmap->place);
	free(fragmap);
}

static int compare_spaces(const void *a, const void *b)
{
	const struct space *first = *(struct space *const *)a;
	const struct space *second = *(struct space *const *)b;

	if (first->face.kind != second->face.kind)
		return first->face.kind < second->face.kind ? -1 : 1;
	return strcmp(first->face.name, second->face.name);
}

static int name_space(const struct libdma_fragmap *fragmap, struct space *space)
{
	static const char *const prefix[] = {
		[LIBDMA_SPACE_IOVA] = "iova",
		[LIBDMA_SPACE_BUS] = "bus",
		[LIBDMA_SPACE_REGION] = "region",
	};
	const char *device = libdma_strings_get(fragmap->strings, space->face.device);
	int length;

	if (space->face.name)
		return 0;
	if (space->face.kind == LIBDMA_SPACE_SWIOTLB)
		length = asprintf(&space->face.name, "swiotlb");
	else if (space->face.kind == LIBDMA_SPACE_MEMORY)
		length = asprintf(&space->face.name, "memory");
	else if (space->face.kind == LIBDMA_SPACE_POOL)
		length = asprintf(&space->face.name, "pool:%llu@%s",
				  (unsigned long long)space->id, device);
	else if (space->id & GROUP_ID)
		length = asprintf(&space->face.name, "iova:group%u", (uint32_t)space->id);
	else
		length = asprintf(&space->face.name, "%s:%s", prefix[space->face.kind],
				  device);
	if (length < 0)
		space->face.name = NULL;
	return length < 0 ? -ENOMEM : 0;
}

int libdma_fragmap_finish(struct libdma_fragmap *fragmap)
{
	struct space *space;

	/* an empty pool is worth showing */
	if (fragmap->environment->swiotlb.slots &&
	    fragmap_space(fragmap, LIBDMA_SPACE_SWIOTLB, 0, &space))
		return -ENOMEM;
	for (size_t i = 0; i < fragmap->count; i++) {
		space = fragmap->space[i];
		space_sort(&space->face);
		if (name_space(fragmap, space) ||
		    space_bound(space, fragmap->environment, fragmap->strings))
			return -ENOMEM;
		space_count(&space->face);
	}
	if (fragmap->count)
		qsort(fragmap->space, fragmap->count, sizeof(struct space *),
		      compare_spaces);
	return 0;
}

const struct libdma_space *libdma_fragmap_space(const struct libdma_fragmap *fragmap,
						size_t index)
{
	return index < fragmap->count ? &fragmap->space[index]->face : NULL;
}

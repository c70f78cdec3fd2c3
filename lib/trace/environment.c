// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * environment.c - the machine that a trace was recorded on
 *
 * What a value is and where it came from are two members of one structure; the
 * tables below pair them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/environment.h"

#define MEMBER(object, name, type, member, known)                                \
	{                                                                        \
		object, name, type, offsetof(struct libdma_environment, member), \
			offsetof(struct libdma_environment, origin.known)        \
	}

const struct member environment_members[] = {
	MEMBER("", "kernel", MEMBER_TEXT, kernel, kernel),
	MEMBER("", "arch", MEMBER_TEXT, arch, arch),
	MEMBER("", "cmdline", MEMBER_TEXT, cmdline, cmdline),
	MEMBER("", "clock", MEMBER_TEXT, clock, clock),
	MEMBER("", "recorder", MEMBER_TEXT, recorder, recorder),
	MEMBER("", "probes", MEMBER_TEXT, probes, probes),
	MEMBER("", "page_size", MEMBER_COUNT32, page_size, page_size),
	MEMBER("", "cpus", MEMBER_COUNT32, cpus, cpus),
	MEMBER("", "entries_written", MEMBER_COUNT, entries_written, entries),
	MEMBER("", "entries_kept", MEMBER_COUNT, entries_kept, entries),
	MEMBER("", "memory", MEMBER_RANGES, memory, memory),
	MEMBER("swiotlb", "start", MEMBER_ADDRESS, swiotlb.start, swiotlb_start),
	MEMBER("swiotlb", "slots", MEMBER_COUNT, swiotlb.slots, swiotlb_slots),
	MEMBER("swiotlb", "areas", MEMBER_POWER32, swiotlb.areas, swiotlb_areas),
	MEMBER("swiotlb", "slot_size", MEMBER_COUNT32, swiotlb.slot_size,
	       swiotlb_slot_size),
	MEMBER("swiotlb", "force", MEMBER_FLAG, swiotlb.force, swiotlb_force),
	MEMBER("iommu", "mode", MEMBER_MODE, iommu.mode, iommu_mode),
	MEMBER("iommu", "granule", MEMBER_POWER, iommu.granule, iommu_granule),
	MEMBER("iommu", "aperture_end", MEMBER_ADDRESS, iommu.aperture_end,
	       iommu_aperture_end),
	MEMBER("iommu", "groups", MEMBER_GROUPS, iommu.group, iommu_groups),
	{ .name = NULL },
};

#define DEVICE_MEMBER(member, type)                                                    \
	{                                                                              \
		"", #member, type, offsetof(struct libdma_device_environment, member), \
			offsetof(struct libdma_device_environment, origin.member)      \
	}

const struct member device_members[] = {
	DEVICE_MEMBER(driver, MEMBER_TEXT),
	DEVICE_MEMBER(dma_mask, MEMBER_ADDRESS),
	DEVICE_MEMBER(coherent_dma_mask, MEMBER_ADDRESS),
	DEVICE_MEMBER(bus_dma_limit, MEMBER_ADDRESS),
	DEVICE_MEMBER(max_segment_size, MEMBER_COUNT),
	DEVICE_MEMBER(segment_boundary_mask, MEMBER_ADDRESS),
	DEVICE_MEMBER(min_align_mask, MEMBER_ADDRESS),
	DEVICE_MEMBER(coherent, MEMBER_FLAG),
	DEVICE_MEMBER(skip_sync, MEMBER_FLAG),
	DEVICE_MEMBER(untrusted, MEMBER_FLAG),
	{ .name = NULL },
};

const struct member group_members[] = {
	{ "", "number", MEMBER_COUNT32, offsetof(struct libdma_group, number),
	  NO_ORIGIN },
	{ "", "type", MEMBER_TEXT, offsetof(struct libdma_group, type), NO_ORIGIN },
	{ "", "reserved", MEMBER_RANGES, offsetof(struct libdma_group, reserved),
	  NO_ORIGIN },
	{ .name = NULL },
};

const struct member range_members[] = {
	{ "", "start", MEMBER_ADDRESS, offsetof(struct libdma_range, start), NO_ORIGIN },
	{ "", "length", MEMBER_COUNT, offsetof(struct libdma_range, length), NO_ORIGIN },
	{ "", "name", MEMBER_TEXT, offsetof(struct libdma_range, name), NO_ORIGIN },
	{ .name = NULL },
};

const char *iommu_mode_name(unsigned int mode)
{
	static const char *const names[] = {
		[LIBDMA_IOMMU_OFF] = "off",
		[LIBDMA_IOMMU_PASSTHROUGH] = "passthrough",
		[LIBDMA_IOMMU_STRICT] = "strict",
		[LIBDMA_IOMMU_LAZY] = "lazy",
		[LIBDMA_IOMMU_TRANSLATED] = "translated",
	};

	return mode < sizeof(names) / sizeof(names[0]) ? names[mode] : NULL;
}

static void free_ranges(struct libdma_ranges *ranges)
{
	for (size_t i = 0; i < ranges->count; i++)
		free(ranges->range[i].name);
	free(ranges->range);
	*ranges = (struct libdma_ranges) { 0 };
}

static void free_group(struct libdma_group *group)
{
	for (size_t i = 0; i < group->devices; i++)
		free(group->device[i]);
	free(group->device);
	free(group->type);
	free_ranges(&group->reserved);
}

static void free_groups(struct libdma_group *group, size_t groups)
{
	for (size_t i = 0; i < groups; i++)
		free_group(&group[i]);
	free(group);
}

struct libdma_environment *libdma_environment_create(void)
{
	return calloc(1, sizeof(struct libdma_environment));
}

void libdma_environment_destroy(struct libdma_environment *environment)
{
	if (!environment)
		return;
	free_groups(environment->iommu.group, environment->iommu.groups);
	for (size_t i = 0; i < environment->devices; i++) {
		free(environment->device[i].name);
		free(environment->device[i].driver);
	}
	free(environment->device);
	free_ranges(&environment->memory);
	free(environment->kernel);
	free(environment->arch);
	free(environment->cmdline);
	free(environment->clock);
	free(environment->recorder);
	free(environment->probes);
	free(environment);
}

struct libdma_device_environment *
libdma_environment_device(struct libdma_environment *environment, const char *name)
{
	struct libdma_device_environment *device;

	device = (struct libdma_device_environment *)libdma_environment_find_device(
		environment, name);
	if (device)
		return device;
	device = realloc(environment->device,
			 (environment->devices + 1) * sizeof(*device));
	if (!device)
		return NULL;
	environment->device = device;
	device += environment->devices;
	*device = (struct libdma_device_environment) { .name = strdup(name) };
	if (!device->name)
		return NULL;
	environment->devices++;
	return device;
}

const struct libdma_device_environment *
libdma_environment_find_device(const struct libdma_environment *environment,
			       const char *name)
{
	for (size_t i = 0; i < environment->devices; i++)
		if (!strcmp(environment->device[i].name, name))
			return &environment->device[i];
	return NULL;
}

static char *copy_text(const char *text, int *err)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		*err = -ENOMEM;
	return copy;
}

static int copy_ranges(struct libdma_ranges *to, const struct libdma_ranges *from)
{
	int err = 0;

	*to = (struct libdma_ranges) { .range = calloc(from->count + 1,
						       sizeof(*from->range)) };
	if (!to->range)
		return -ENOMEM;
	for (size_t i = 0; i < from->count && !err; i++) {
		to->range[i] = from->range[i];
		to->range[i].name = copy_text(from->range[i].name, &err);
		to->count++;
	}
	return err;
}

static int copy_group(struct libdma_group *to, const struct libdma_group *from)
{
	int err = 0;

	*to = (struct libdma_group) {
		.number = from->number,
		.type = copy_text(from->type, &err),
		.device = calloc(from->devices + 1, sizeof(*from->device)),
	};
	if (err || !to->device)
		return -ENOMEM;
	for (size_t i = 0; i < from->devices && !err; i++) {
		to->device[i] = copy_text(from->device[i], &err);
		to->devices++;
	}
	return err ? err : copy_ranges(&to->reserved, &from->reserved);
}

static int replace_groups(struct libdma_environment *environment,
			  const struct libdma_environment *other)
{
	size_t groups = other->iommu.groups;
	struct libdma_group *group = calloc(groups + 1, sizeof(*group));
	int err = group ? 0 : -ENOMEM;

	for (size_t i = 0; i < groups && !err; i++)
		err = copy_group(&group[i], &other->iommu.group[i]);
	if (err) {
		free_groups(group, group ? groups : 0);
		return err;
	}
	free_groups(environment->iommu.group, environment->iommu.groups);
	environment->iommu.group = group;
	environment->iommu.groups = groups;
	return 0;
}

static int replace_ranges(struct libdma_ranges *to, const struct libdma_ranges *from)
{
	struct libdma_ranges copy;
	int err = copy_ranges(&copy, from);

	if (err) {
		free_ranges(&copy);
		return err;
	}
	free_ranges(to);
	*to = copy;
	return 0;
}

static int copy_member(const struct member *member, void *to, const void *from)
{
	const void *source = (const char *)from + member->offset;
	void *place = (char *)to + member->offset;
	char *text;
	int err = 0;

	switch (member->type) {
	case MEMBER_TEXT:
		text = copy_text(*(char *const *)source, &err);
		if (err)
			return err;
		free(*(char **)place);
		*(char **)place = text;
		break;
	case MEMBER_COUNT32:
	case MEMBER_POWER32:
		memcpy(place, source, sizeof(uint32_t));
		break;
	case MEMBER_COUNT:
	case MEMBER_POWER:
	case MEMBER_ADDRESS:
		memcpy(place, source, sizeof(uint64_t));
		break;
	case MEMBER_FLAG:
		memcpy(place, source, sizeof(bool));
		break;
	case MEMBER_MODE:
		memcpy(place, source, sizeof(enum libdma_iommu_mode));
		break;
	case MEMBER_RANGES:
		err = replace_ranges(place, source);
		break;
	case MEMBER_GROUPS:
		err = replace_groups(to, from);
		break;
	}
	if (err)
		return err;
	*member_origin(member, to) = member_known(member, from);
	return 0;
}

static bool prefers(enum libdma_origin mine, enum libdma_origin other, bool wins)
{
	return other > mine || (wins && other == mine && other != LIBDMA_UNKNOWN);
}

/* @before is @to as it was: two members may share one origin. */
static int merge_members(const struct member *members, void *to, const void *before,
			 const void *from, bool wins)
{
	int err = 0;

	for (const struct member *member = members; member->name && !err; member++)
		if (prefers(member_known(member, before), member_known(member, from),
			    wins))
			err = copy_member(member, to, from);
	return err;
}

static int merge_device(struct libdma_environment *environment,
			const struct libdma_device_environment *other, bool wins)
{
	struct libdma_device_environment *device, before;

	device = libdma_environment_device(environment, other->name);
	if (!device)
		return -ENOMEM;
	before = *device;
	return merge_members(device_members, device, &before, other, wins);
}

int environment_merge(struct libdma_environment *environment,
		      const struct libdma_environment *other, bool wins)
{
	struct libdma_environment before = *environment;
	int err;

	err = merge_members(environment_members, environment, &before, other, wins);
	for (size_t i = 0; i < other->devices && !err; i++)
		err = merge_device(environment, &other->device[i], wins);
	return err;
}

int libdma_environment_merge(struct libdma_environment *environment,
			     const struct libdma_environment *other)
{
	return environment_merge(environment, other, false);
}

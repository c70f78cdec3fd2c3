// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * environment-same.c - do two environments tell of the same machine?
 */
#include <string.h>

#include "trace/environment.h"

static bool texts_same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static size_t size_of(enum member_type type)
{
	switch (type) {
	case MEMBER_COUNT32:
	case MEMBER_POWER32:
		return sizeof(uint32_t);
	case MEMBER_FLAG:
		return sizeof(bool);
	case MEMBER_MODE:
		return sizeof(enum libdma_iommu_mode);
	default:
		return sizeof(uint64_t);
	}
}

static bool is_zero(const void *value, size_t size)
{
	static const char zeros[sizeof(uint64_t)];

	return !memcmp(value, zeros, size);
}

/* What was given of lists nothing replaces; what was inferred may have grown. */
static bool member_same(const struct member *member, const void *a, const void *b)
{
	const void *one = (const char *)a + member->offset;
	const void *other = (const char *)b + member->offset;
	bool told = member_known(member, a) == member_known(member, b);
	size_t size = size_of(member->type);

	switch (member->type) {
	case MEMBER_TEXT:
		return told && texts_same(*(char *const *)one, *(char *const *)other);
	case MEMBER_RANGES:
	case MEMBER_GROUPS:
		return told && member_known(member, a) != LIBDMA_INFERRED;
	default:
		return !memcmp(one, other, size) && (told || is_zero(one, size));
	}
}

static bool members_same(const struct member *members, const void *a, const void *b)
{
	for (const struct member *member = members; member->name; member++)
		if (!member_same(member, a, b))
			return false;
	return true;
}

/* One of which nothing is known is none. */
static bool devices_same(const struct libdma_environment *a,
			 const struct libdma_environment *b)
{
	static const struct libdma_device_environment nothing;

	for (size_t i = 0; i < a->devices; i++) {
		const struct libdma_device_environment *it =
			libdma_environment_find_device(b, a->device[i].name);

		if (!members_same(device_members, &a->device[i], it ? it : &nothing))
			return false;
	}
	return true;
}

bool libdma_environment_same(const struct libdma_environment *a,
			     const struct libdma_environment *b)
{
	return members_same(environment_members, a, b) && devices_same(a, b) &&
	       devices_same(b, a);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * environment.h - the single values of an environment, as a table
 *
 * Reading, writing and merging all walk it, so that a new member is one line.
 */
#pragma once

#include <libdma/environment.h>

#define ENVIRONMENT_SCHEMA "dmactl.environment/1"

enum member_type {
	MEMBER_TEXT,    /* char *, the environment's own */
	MEMBER_COUNT32, /* uint32_t */
	MEMBER_COUNT,   /* uint64_t, written as a number */
	MEMBER_POWER32, /* uint32_t, 0 or a power of two */
	MEMBER_POWER,   /* uint64_t, 0 or a power of two up to 2 GiB */
	MEMBER_ADDRESS, /* uint64_t, written as "0x..." */
	MEMBER_FLAG,    /* bool */
	MEMBER_MODE,    /* enum libdma_iommu_mode */
	MEMBER_RANGES,  /* struct libdma_ranges */
	MEMBER_GROUPS,  /* the environment's groups */
};

#define NO_ORIGIN SIZE_MAX

/**
 * struct member - one value of an environment, or of a structure in it
 * @object:	the JSON object that it lies in, "" for the outermost
 * @name:	its name there
 * @type:	what it is
 * @offset:	where it is in the structure
 * @origin:	where its enum libdma_origin is, or NO_ORIGIN
 */
struct member {
	const char *object;
	const char *name;
	enum member_type type;
	size_t offset;
	size_t origin;
};

/* Each ends with an entry without a name. */
extern const struct member environment_members[];
extern const struct member device_members[];
extern const struct member group_members[];
extern const struct member range_members[];

/* Where @base keeps the member's origin. */
static inline enum libdma_origin *member_origin(const struct member *member, void *base)
{
	return (enum libdma_origin *)((char *)base + member->origin);
}

static inline enum libdma_origin member_known(const struct member *member,
					      const void *base)
{
	if (member->origin == NO_ORIGIN)
		return LIBDMA_GIVEN;
	return *(const enum libdma_origin *)((const char *)base + member->origin);
}

/* "strict" and the like; NULL for a number that is no mode. */
const char *iommu_mode_name(unsigned int mode);

/* Copy what @other knows; what both know equally well is @other's if it @wins. */
int environment_merge(struct libdma_environment *environment,
		      const struct libdma_environment *other, bool wins);

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gfp.c - the running kernel's allocation flags in words
 *
 * Which bit is which differs from version to version. From 6.10 on BTF has an
 * enumeration that says so; what came before has the bits of 6.1.
 *
 * Kernel counterpart: include/trace/events/mmflags.h
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gfp.h"

enum {
	DMA, HIGHMEM, DMA32, MOVABLE, RECLAIMABLE, HIGH, IO, FS, ZERO, UNUSED9,
	DIRECT_RECLAIM, KSWAPD_RECLAIM, WRITE, NOWARN, RETRY_MAYFAIL, NOFAIL, NORETRY,
	MEMALLOC, COMP, NOMEMALLOC, HARDWALL, THISNODE, ACCOUNT, BITS
};

static const char *const names[BITS] = {
	"DMA", "HIGHMEM", "DMA32", "MOVABLE", "RECLAIMABLE", "HIGH", "IO", "FS", "ZERO",
	"ATOMIC", "DIRECT_RECLAIM", "KSWAPD_RECLAIM", "WRITE", "NOWARN", "RETRY_MAYFAIL",
	"NOFAIL", "NORETRY", "MEMALLOC", "COMP", "NOMEMALLOC", "HARDWALL", "THISNODE",
	"ACCOUNT",
};

#define BIT(name) (1U << (name))
#define RECLAIM	  (BIT(DIRECT_RECLAIM) | BIT(KSWAPD_RECLAIM))
#define KERNEL	  (RECLAIM | BIT(IO) | BIT(FS))
#define USER	  (KERNEL | BIT(HARDWALL))
#define HIGHUSER  (USER | BIT(HIGHMEM))

/* In the order in which the kernel tries them. */
static const struct {
	const char *name;
	uint32_t bits; /* by the numbers above */
} sets[] = {
	{ "GFP_HIGHUSER_MOVABLE", HIGHUSER | BIT(MOVABLE) },
	{ "GFP_HIGHUSER", HIGHUSER },
	{ "GFP_USER", USER },
	{ "GFP_KERNEL_ACCOUNT", KERNEL | BIT(ACCOUNT) },
	{ "GFP_KERNEL", KERNEL },
	{ "GFP_NOFS", RECLAIM | BIT(IO) },
	{ "GFP_ATOMIC", BIT(HIGH) | BIT(KSWAPD_RECLAIM) },
	{ "GFP_NOIO", RECLAIM },
	{ "GFP_NOWAIT", BIT(KSWAPD_RECLAIM) | BIT(NOWARN) },
	{ "GFP_DMA", BIT(DMA) },
	{ "GFP_DMA32", BIT(DMA32) },
	{ "__GFP_RECLAIM", RECLAIM },
};

struct gfp {
	uint8_t number[32]; /* of each bit of the running kernel; BITS if unknown */
};

static void learn(struct gfp *gfp, const char *name, uint32_t bit)
{
	size_t size = strlen(name);

	if (strncmp(name, "___GFP_", 7) || size < 12 || strcmp(name + size - 4, "_BIT") ||
	    bit > 31)
		return;
	for (unsigned int i = 0; i < BITS; i++)
		if (strlen(names[i]) == size - 11 && !memcmp(names[i], name + 7, size - 11))
			gfp->number[bit] = (uint8_t)i;
}

struct gfp *gfp_create(const struct btf *btf)
{
	struct gfp *gfp = malloc(sizeof(*gfp));
	bool told = false;

	if (!gfp)
		return NULL;
	for (unsigned int i = 0; i < 32; i++)
		gfp->number[i] = i < BITS ? (uint8_t)i : BITS;
	for (__u32 id = 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);
		const struct btf_enum *member = btf_enum(type);

		if (!btf_is_enum(type) || type->name_off || !btf_vlen(type) ||
		    strcmp(btf__name_by_offset(btf, member->name_off), "___GFP_DMA_BIT"))
			continue;
		for (unsigned int i = 0; i < 32 && !told; i++)
			gfp->number[i] = BITS;
		told = true;
		for (unsigned int i = 0; i < btf_vlen(type); i++)
			learn(gfp, btf__name_by_offset(btf, member[i].name_off),
			      (uint32_t)member[i].val);
	}
	return gfp;
}

void gfp_destroy(struct gfp *gfp)
{
	free(gfp);
}

static size_t append(char *buffer, size_t size, size_t used, const char *prefix,
		     const char *name)
{
	int more;

	if (used >= size)
		return used;
	more = snprintf(buffer + used, size - used, "%s%s%s", used ? "|" : "", prefix, name);
	return used + (more > 0 ? (size_t)more : 0);
}

void gfp_print(const struct gfp *gfp, uint32_t flags, char *buffer, size_t size)
{
	uint32_t bits = 0, others = 0;
	size_t used = 0;
	char number[16];

	for (unsigned int i = 0; i < 32; i++) {
		if (!(flags & BIT(i)))
			continue;
		if (gfp->number[i] < BITS)
			bits |= BIT(gfp->number[i]);
		else
			others |= BIT(i);
	}
	*buffer = '\0';
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		if ((bits & sets[i].bits) == sets[i].bits) {
			used = append(buffer, size, used, "", sets[i].name);
			bits &= ~sets[i].bits;
		}
	for (unsigned int i = 0; i < BITS; i++)
		if (bits & BIT(i))
			used = append(buffer, size, used, "__GFP_", names[i]);
	if (others) {
		snprintf(number, sizeof(number), "0x%x", others);
		append(buffer, size, used, "", number);
	}
}

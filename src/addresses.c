// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * addresses.c - a table from addresses to entries, by open addressing
 *
 * Entries are never removed: there are as many as the machine had devices, pools and
 * domains while it was recorded.
 */
#include <stdlib.h>
#include <string.h>

#include "addresses.h"

struct addresses {
	uint32_t size; /* of an entry, as the caller sees it */
	uint32_t count;
	uint32_t bits;
	uint64_t *address; /* 0: free */
	void **entry;
};

#define FIRST_BITS 6

struct addresses *addresses_create(uint32_t size)
{
	struct addresses *addresses = calloc(1, sizeof(*addresses));

	if (!addresses)
		return NULL;
	addresses->size = size;
	addresses->bits = FIRST_BITS;
	addresses->address = calloc(1U << FIRST_BITS, sizeof(*addresses->address));
	addresses->entry = calloc(1U << FIRST_BITS, sizeof(*addresses->entry));
	if (addresses->address && addresses->entry)
		return addresses;
	addresses_destroy(addresses);
	return NULL;
}

void addresses_destroy(struct addresses *addresses)
{
	if (!addresses)
		return;
	for (uint32_t i = 0; addresses->entry && i < 1U << addresses->bits; i++)
		free(addresses->entry[i]);
	free(addresses->address);
	free(addresses->entry);
	free(addresses);
}

/* Where an address is, or would be. */
static uint32_t place_of(const struct addresses *addresses, uint64_t address)
{
	uint32_t mask = (1U << addresses->bits) - 1;
	uint32_t at = (uint32_t)(address * 0x9e3779b97f4a7c15ULL >> (64 - addresses->bits));

	while (addresses->address[at] && addresses->address[at] != address)
		at = (at + 1) & mask;
	return at;
}

static int grow(struct addresses *addresses)
{
	struct addresses larger = *addresses;

	larger.bits++;
	larger.address = calloc(1U << larger.bits, sizeof(*larger.address));
	larger.entry = calloc(1U << larger.bits, sizeof(*larger.entry));
	if (!larger.address || !larger.entry) {
		free(larger.address);
		free(larger.entry);
		return -1;
	}
	for (uint32_t i = 0; i < 1U << addresses->bits; i++) {
		uint32_t at;

		if (!addresses->address[i])
			continue;
		at = place_of(&larger, addresses->address[i]);
		larger.address[at] = addresses->address[i];
		larger.entry[at] = addresses->entry[i];
	}
	free(addresses->address);
	free(addresses->entry);
	*addresses = larger;
	return 0;
}

void *addresses_get(struct addresses *addresses, uint64_t address)
{
	uint32_t at = place_of(addresses, address);

	if (addresses->address[at])
		return addresses->entry[at];
	if (addresses->count >= 1U << (addresses->bits - 1)) {
		if (grow(addresses))
			return NULL;
		at = place_of(addresses, address);
	}
	addresses->entry[at] = calloc(1, addresses->size);
	if (!addresses->entry[at])
		return NULL;
	addresses->address[at] = address;
	addresses->count++;
	return addresses->entry[at];
}

void *addresses_find(const struct addresses *addresses, uint64_t address)
{
	uint32_t at = place_of(addresses, address);

	return addresses->address[at] ? addresses->entry[at] : NULL;
}

uint32_t addresses_count(const struct addresses *addresses)
{
	return addresses->count;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * strings.c - each different string of a trace, once, known by a number
 *
 * The bytes lie in chunks that never move, so that a string once given stays
 * valid. Open addressing finds the number of a string.
 */
#include <stdlib.h>
#include <string.h>
#include <errno.h>

#include <libdma/strings.h>
#include <xxhash.h>

#define CHUNK_SIZE 65536

struct chunk {
	struct chunk *next;
	size_t used;
	size_t size;
	char bytes[];
};

struct entry {
	const char *text;
	uint32_t size;
	uint32_t hash;
};

struct libdma_strings {
	struct chunk *chunks;
	struct entry *entry; /* by number */
	uint32_t count;
	uint32_t room;
	uint32_t *slot; /* number, or 0 for none; room is a power of two */
	uint32_t slots;
};

static int grow_slots(struct libdma_strings *strings)
{
	uint32_t slots = strings->slots * 2, *slot = calloc(slots, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	for (uint32_t number = 1; number < strings->count; number++) {
		uint32_t at = strings->entry[number].hash & (slots - 1);

		while (slot[at])
			at = (at + 1) & (slots - 1);
		slot[at] = number;
	}
	free(strings->slot);
	strings->slot = slot;
	strings->slots = slots;
	return 0;
}

static int grow_entries(struct libdma_strings *strings)
{
	uint32_t room = strings->room * 2;
	struct entry *entry = realloc(strings->entry, room * sizeof(*entry));

	if (!entry)
		return -ENOMEM;
	strings->entry = entry;
	strings->room = room;
	return 0;
}

/* A copy of @text, with a NUL behind it. */
static const char *keep(struct libdma_strings *strings, const char *text, size_t size)
{
	struct chunk *chunk = strings->chunks;
	char *copy;

	if (!chunk || chunk->size - chunk->used < size + 1) {
		size_t want = size + 1 > CHUNK_SIZE ? size + 1 : CHUNK_SIZE;

		chunk = malloc(sizeof(*chunk) + want);
		if (!chunk)
			return NULL;
		chunk->next = strings->chunks;
		chunk->used = 0;
		chunk->size = want;
		strings->chunks = chunk;
	}
	copy = chunk->bytes + chunk->used;
	memcpy(copy, text, size);
	copy[size] = '\0';
	chunk->used += size + 1;
	return copy;
}

struct libdma_strings *libdma_strings_create(void)
{
	struct libdma_strings *strings = calloc(1, sizeof(*strings));

	if (!strings)
		return NULL;
	strings->slots = 64;
	strings->room = 32;
	strings->count = 1;
	strings->slot = calloc(strings->slots, sizeof(*strings->slot));
	strings->entry = calloc(strings->room, sizeof(*strings->entry));
	if (!strings->slot || !strings->entry) {
		libdma_strings_destroy(strings);
		return NULL;
	}
	strings->entry[0].text = "";
	return strings;
}

void libdma_strings_destroy(struct libdma_strings *strings)
{
	struct chunk *chunk, *next;

	if (!strings)
		return;
	for (chunk = strings->chunks; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	free(strings->slot);
	free(strings->entry);
	free(strings);
}

int libdma_strings_add(struct libdma_strings *strings, const char *text, size_t size,
		       uint32_t *ret)
{
	uint32_t hash, at;
	const char *copy;

	*ret = 0;
	if (!size)
		return 0;
	if (size > UINT32_MAX)
		return -ENOMEM;

	hash = (uint32_t)XXH3_64bits(text, size);
	for (at = hash & (strings->slots - 1); strings->slot[at];
	     at = (at + 1) & (strings->slots - 1)) {
		const struct entry *entry = &strings->entry[strings->slot[at]];

		if (entry->hash == hash && entry->size == size &&
		    !memcmp(entry->text, text, size)) {
			*ret = strings->slot[at];
			return 0;
		}
	}

	if (strings->count == strings->room && grow_entries(strings))
		return -ENOMEM;
	if (strings->count >= strings->slots / 2) {
		if (grow_slots(strings))
			return -ENOMEM;
		for (at = hash & (strings->slots - 1); strings->slot[at];
		     at = (at + 1) & (strings->slots - 1))
			;
	}
	copy = keep(strings, text, size);
	if (!copy)
		return -ENOMEM;
	strings->entry[strings->count] =
		(struct entry) { .text = copy, .size = (uint32_t)size, .hash = hash };
	strings->slot[at] = strings->count;
	*ret = strings->count++;
	return 0;
}

const char *libdma_strings_get(const struct libdma_strings *strings, uint32_t number)
{
	return number < strings->count ? strings->entry[number].text : "";
}

size_t libdma_strings_size(const struct libdma_strings *strings, uint32_t number)
{
	return number < strings->count ? strings->entry[number].size : 0;
}

uint32_t libdma_strings_count(const struct libdma_strings *strings)
{
	return strings->count;
}

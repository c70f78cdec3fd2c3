// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * disguise.c - names, numbers and addresses that stand for others
 *
 * A name becomes its SipHash-2-4. An address is turned round within those that need as
 * many bits as it does, by whole units of 2 MiB, or of 4 GiB where there is room: so all
 * but two of the units in such a zone keep their neighbours.
 *
 * SipHash: J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input PRF", 2012
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "disguise.h"
#include "environment.h"
#include "output.h"

#define KEY_MOST     4096 /* bytes of a file that is a key */
#define PID_MOST     ((uint64_t)1 << 22)
#define UNIT_SMALL   21 /* bits of 2 MiB, */
#define UNIT_LARGE   32 /* and of 4 GiB */
#define POINTER_BITS 46 /* of a kernel's pointer that are turned round */

struct disguise {
	uint64_t key[2];
	unsigned int keep;
	uint64_t turn[64]; /* by the highest bit of an address */
	uint64_t pointer_turn;
};

static const char *const part_names[DISGUISE_PARTS] = {
	[DISGUISE_DEVICE] = "device", [DISGUISE_DRIVER] = "driver",
	[DISGUISE_TASK] = "task",     [DISGUISE_POOL] = "pool",
	[DISGUISE_SYMBOL] = "symbol", [DISGUISE_ADDRESS] = "address",
	[DISGUISE_TEXT] = "text",
};

const char *disguise_part_name(unsigned int part)
{
	return part < DISGUISE_PARTS ? part_names[part] : NULL;
}

static uint64_t rotate(uint64_t x, unsigned int bits)
{
	return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

static void sip_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	sip_round(v);
	v[0] ^= word;
}

static uint64_t siphash(const uint64_t key[2], const void *data, size_t size)
{
	uint64_t v[4] = { key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
			  key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573 };
	const unsigned char *at = data;
	uint64_t last = (uint64_t)size << 56;

	for (size_t left = size; left >= 8; left -= 8, at += 8) {
		uint64_t word = 0;

		for (unsigned int i = 0; i < 8; i++)
			word |= (uint64_t)at[i] << 8 * i;
		sip_word(v, word);
	}
	for (unsigned int i = 0; i < size % 8; i++)
		last |= (uint64_t)at[i] << 8 * i;
	sip_word(v, last);
	v[2] ^= 0xff;
	for (unsigned int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* The hash of a number, another one for each purpose. */
static uint64_t hash_number(const struct disguise *disguise, char purpose,
			    uint64_t number)
{
	unsigned char bytes[9] = { (unsigned char)purpose };

	for (unsigned int i = 0; i < 8; i++)
		bytes[i + 1] = (unsigned char)(number >> 8 * i);
	return siphash(disguise->key, bytes, sizeof(bytes));
}

static int read_key(const char *path, uint64_t key[2])
{
	static const uint64_t fixed[2][2] = { { 1, 2 }, { 3, 4 } };
	char bytes[KEY_MOST];
	FILE *file;
	size_t size;
	bool failed;

	if (!path) {
		if (getrandom(key, 16, 0) != 16)
			return trouble("random numbers", -errno);
		return EXIT_FINE;
	}
	file = fopen(path, "re");
	if (!file)
		return trouble(path, -errno);
	size = fread(bytes, 1, sizeof(bytes), file);
	failed = ferror(file);
	fclose(file);
	if (failed)
		return trouble(path, errno ? -errno : -EIO);
	if (size < 16) {
		complain(
			"%s: a key has 16 bytes or more, 'head -c 32 /dev/urandom' makes one",
			path);
		return EXIT_INPUT;
	}
	key[0] = siphash(fixed[0], bytes, size);
	key[1] = siphash(fixed[1], bytes, size);
	return EXIT_FINE;
}

int disguise_create(const char *path, unsigned int keep, struct disguise **ret)
{
	struct disguise *disguise = calloc(1, sizeof(*disguise));
	int status;

	if (!disguise)
		out_of_memory();
	disguise->keep = keep;
	status = read_key(path, disguise->key);
	if (status) {
		free(disguise);
		return status;
	}
	for (unsigned int bit = UNIT_SMALL + 1; bit < 64; bit++) {
		unsigned int unit = bit > UNIT_LARGE ? UNIT_LARGE : UNIT_SMALL;
		uint64_t units = (uint64_t)1 << (bit - unit);

		disguise->turn[bit] = (hash_number(disguise, 'a', bit) % units) << unit;
	}
	disguise->pointer_turn = hash_number(disguise, 'p', 0) << UNIT_SMALL;
	*ret = disguise;
	return EXIT_FINE;
}

void disguise_destroy(struct disguise *disguise)
{
	free(disguise);
}

static bool is_kept(const struct disguise *disguise, enum disguise_part part)
{
	return disguise->keep >> part & 1;
}

static char *copy(const char *text)
{
	char *own = strdup(text);

	if (!own)
		out_of_memory();
	return own;
}

/* "0000:00:1f.2": what is a PCI device tries other IOVAs than what is none. */
static bool is_pci(const char *name)
{
	unsigned int domain, bus, device, function;
	int end = 0;

	return sscanf(name, "%4x:%2x:%2x.%1x%n", &domain, &bus, &device, &function,
		      &end) == 4 &&
	       !name[end];
}

static char *name_pci(uint64_t hash)
{
	char *own;

	if (asprintf(&own, "%04x:%02x:%02x.%x", (unsigned int)(hash & 0xffff),
		     (unsigned int)(hash >> 16 & 0xff), (unsigned int)(hash >> 24 & 0x1f),
		     (unsigned int)(hash >> 29 & 7)) < 0)
		out_of_memory();
	return own;
}

char *disguise_name(const struct disguise *disguise, enum disguise_part part,
		    const char *name)
{
	char *own;

	if (!*name || is_kept(disguise, part))
		return copy(name);
	if (part == DISGUISE_DEVICE && is_pci(name))
		return name_pci(siphash(disguise->key, name, strlen(name)));
	if (asprintf(&own, "%s-%010llx", part_names[part],
		     (unsigned long long)siphash(disguise->key, name, strlen(name)) >>
			     24) < 0)
		out_of_memory();
	return own;
}

char *disguise_stack(const struct disguise *disguise, const char *stack)
{
	char *own = NULL;
	size_t size;
	FILE *out;

	if (!*stack || is_kept(disguise, DISGUISE_SYMBOL))
		return copy(stack);
	out = open_memstream(&own, &size);
	if (!out)
		out_of_memory();
	while (*stack) {
		size_t length = strcspn(stack, ";");

		fprintf(out, "f_%010llx",
			(unsigned long long)siphash(disguise->key, stack, length) >> 24);
		stack += length;
		if (*stack)
			fputc(*stack++, out);
	}
	if (fclose(out))
		out_of_memory();
	return own;
}

int32_t disguise_pid(const struct disguise *disguise, int32_t pid)
{
	if (pid <= 0 || is_kept(disguise, DISGUISE_TASK))
		return pid;
	return (int32_t)(1 + hash_number(disguise, 't', (uint64_t)pid) % PID_MOST);
}

uint64_t disguise_address(const struct disguise *disguise, uint64_t address)
{
	unsigned int bit;
	uint64_t base;

	if (address < (uint64_t)1 << UNIT_SMALL || address == UINT64_MAX ||
	    is_kept(disguise, DISGUISE_ADDRESS))
		return address;
	bit = 63 - (unsigned int)__builtin_clzll(address);
	base = (uint64_t)1 << bit;
	return base | ((address + disguise->turn[bit]) & (base - 1));
}

uint64_t disguise_pointer(const struct disguise *disguise, uint64_t pointer)
{
	const uint64_t mask = ((uint64_t)1 << POINTER_BITS) - 1;

	if (!pointer || is_kept(disguise, DISGUISE_ADDRESS))
		return pointer;
	return (pointer & ~mask) | ((pointer + disguise->pointer_turn) & mask);
}

static int compare_ranges(const void *a, const void *b)
{
	const struct libdma_range *one = a, *two = b;

	return (one->start > two->start) - (one->start < two->start);
}

/* A range in its pieces: a zone ends at a power of two, and is turned round there. */
static size_t turn_range(const struct disguise *disguise,
			 const struct libdma_range *range, struct libdma_range *out)
{
	uint64_t at = range->start, left = range->length;
	size_t count = 0;

	while (left) {
		unsigned int bit = at ? 63 - (unsigned int)__builtin_clzll(at) : 0;
		uint64_t low = (uint64_t)1 << UNIT_SMALL, piece;

		if (at < low) {
			piece = low - at;
		} else {
			uint64_t base = (uint64_t)1 << bit, inside = at - base;
			uint64_t wrap = base - disguise->turn[bit];

			piece = (inside < wrap ? wrap : base) - inside;
		}
		if (piece > left)
			piece = left;
		out[count++] =
			(struct libdma_range) { disguise_address(disguise, at), piece,
						copy(range->name ? range->name : "") };
		at += piece;
		left -= piece;
		if (!at)
			break;
	}
	return count;
}

/*
 * Windows of host bridges are left where they are if an IOMMU translates: it has them for
 * no mapping, so that they say which DMA addresses there can be.
 */
static bool is_window(const struct libdma_range *range)
{
	return range->name && !strncmp(range->name, "PCI Bus", 7);
}

static void turn_ranges(const struct disguise *disguise, struct libdma_ranges *ranges,
			bool translates)
{
	const size_t pieces = 2 * 64 + 1; /* of one range, at most */
	struct libdma_range *all, *last = NULL;
	size_t count = 0, kept = 0;

	if (!ranges->count || is_kept(disguise, DISGUISE_ADDRESS))
		return;
	all = calloc(ranges->count, pieces * sizeof(*all));
	if (!all)
		out_of_memory();
	for (size_t i = 0; i < ranges->count; i++) {
		struct libdma_range *range = &ranges->range[i];

		if (translates && is_window(range)) {
			all[count++] = *range;
			continue;
		}
		count += turn_range(disguise, range, all + count);
		free(range->name);
	}
	qsort(all, count, sizeof(*all), compare_ranges);
	for (size_t i = 0; i < count; i++) {
		if (last && last->start + last->length == all[i].start &&
		    !strcmp(last->name, all[i].name)) {
			last->length += all[i].length;
			free(all[i].name);
			continue;
		}
		last = &all[kept++];
		*last = all[i];
	}
	free(ranges->range);
	ranges->range = all;
	ranges->count = kept;
}

static char *name_device(void *arg, const char *name)
{
	return disguise_name(arg, DISGUISE_DEVICE, name);
}

void disguise_environment(const struct disguise *disguise,
			  struct libdma_environment *environment, bool translates)
{
	environment_rename(environment, name_device, (void *)disguise);
	for (size_t i = 0; i < environment->devices; i++) {
		char **driver = &environment->device[i].driver, *was = *driver;

		if (was)
			*driver = disguise_name(disguise, DISGUISE_DRIVER, was);
		free(was);
	}
	environment->swiotlb.start =
		disguise_address(disguise, environment->swiotlb.start);
	turn_ranges(disguise, &environment->memory, translates);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * symbols.c - names of the kernel's functions, for call stacks
 *
 * Read once, while privilege is held; what is loaded later has no names.
 */
#include <bpf/bpf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "symbols.h"

#define DEPTH 64 /* of the map of stacks */

struct symbol {
	uint64_t address;
	char *name;
};

struct symbols {
	struct symbol *symbol;
	size_t count;
	size_t room;
};

static int compare(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

static void add(struct symbols *symbols, uint64_t address, const char *name)
{
	if (symbols->count == symbols->room) {
		symbols->room = symbols->room ? symbols->room * 2 : 1 << 16;
		symbols->symbol = realloc(symbols->symbol,
					  symbols->room * sizeof(*symbols->symbol));
		if (!symbols->symbol)
			out_of_memory();
	}
	symbols->symbol[symbols->count].name = strdup(name);
	if (!symbols->symbol[symbols->count].name)
		out_of_memory();
	symbols->symbol[symbols->count++].address = address;
}

struct symbols *symbols_create(void)
{
	struct symbols *symbols = calloc(1, sizeof(*symbols));
	FILE *file = fopen("/proc/kallsyms", "re");
	char line[512], kind, name[256];
	uint64_t address;

	if (!symbols)
		out_of_memory();
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%" SCNx64 " %c %255s", &address, &kind, name) == 3 &&
		    address && strchr("tTwW", kind))
			add(symbols, address, name);
	if (file)
		fclose(file);
	if (!symbols->count) {
		complain("/proc/kallsyms tells no addresses, so call stacks have no names: "
			 "CAP_SYSLOG is needed, and kernel.kptr_restrict below 2");
		symbols_destroy(symbols);
		return NULL;
	}
	qsort(symbols->symbol, symbols->count, sizeof(*symbols->symbol), compare);
	return symbols;
}

void symbols_destroy(struct symbols *symbols)
{
	if (!symbols)
		return;
	for (size_t i = 0; i < symbols->count; i++)
		free(symbols->symbol[i].name);
	free(symbols->symbol);
	free(symbols);
}

/* The last symbol at or before an address; NULL before the first. */
static const struct symbol *find(const struct symbols *symbols, uint64_t address)
{
	size_t low = 0, high = symbols->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (symbols->symbol[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &symbols->symbol[low - 1] : NULL;
}

int symbols_stack(const struct symbols *symbols, int stacks, int number,
		  struct libdma_strings *strings, uint32_t *ret)
{
	uint64_t address[DEPTH] = { 0 };
	char text[DEPTH * 80];
	size_t used = 0;

	*ret = 0;
	if (bpf_map_lookup_elem(stacks, &number, address))
		return 0;
	for (unsigned int i = 0; i < DEPTH && address[i] && used < sizeof(text) - 1; i++) {
		const struct symbol *symbol = find(symbols, address[i]);
		int size;

		if (symbol)
			size = snprintf(text + used, sizeof(text) - used, "%s%s+0x%" PRIx64,
					used ? ";" : "", symbol->name,
					address[i] - symbol->address);
		else
			size = snprintf(text + used, sizeof(text) - used, "%s0x%" PRIx64,
					used ? ";" : "", address[i]);
		used += size > 0 ? (size_t)size : 0;
	}
	if (used >= sizeof(text))
		used = sizeof(text) - 1;
	return libdma_strings_add(strings, text, used, ret);
}

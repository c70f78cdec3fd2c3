// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * symbols.c - names of the kernel's functions, for call stacks
 *
 * Read while privilege is held, and through the same descriptor again when an address
 * lies where nothing is known: in a module that was loaded since.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addresses.h"
#include "output.h"
#include "symbols.h"

#define PAGE_SHIFT 12
#define LONGEST	   0x10000 /* of all functions, in bytes */
#define SOUGHT_MAX 64	   /* addresses that all names are read again for */
#define TEXT_SIZE  5120	   /* of a stack; what is longer is cut */

struct symbol {
	uint64_t address;
	size_t place; /* in the file: of several at one address the kernel shows the first */
	char *name;
	char *module; /* "" for the kernel's own */
};

struct symbols {
	FILE *file;
	struct symbol *symbol;
	size_t count;
	size_t room;
	struct addresses *sought; /* where nothing was known, and still is not */
};

static int compare(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

static char *copy_of(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		out_of_memory();
	return copy;
}

static void add(struct symbols *symbols, uint64_t address, const char *name, const char *module)
{
	if (symbols->count == symbols->room) {
		symbols->room = symbols->room ? symbols->room * 2 : 1 << 16;
		symbols->symbol = realloc(symbols->symbol,
					  symbols->room * sizeof(*symbols->symbol));
		if (!symbols->symbol)
			out_of_memory();
	}
	symbols->symbol[symbols->count] = (struct symbol) {
		.address = address,
		.place = symbols->count,
		.name = copy_of(name),
		.module = copy_of(module),
	};
	symbols->count++;
}

static void forget(struct symbols *symbols)
{
	for (size_t i = 0; i < symbols->count; i++) {
		free(symbols->symbol[i].name);
		free(symbols->symbol[i].module);
	}
	symbols->count = 0;
}

/* Once more from the beginning. What may be seen was settled when the file was opened. */
static void read_all(struct symbols *symbols)
{
	char line[512], kind, name[256], module[128];
	uint64_t address;
	int words;

	forget(symbols);
	rewind(symbols->file);
	while (fgets(line, sizeof(line), symbols->file)) {
		*module = '\0';
		words = sscanf(line, "%" SCNx64 " %c %255s %127s", &address, &kind, name, module);
		if (words >= 3 && address && strchr("tTwW", kind))
			add(symbols, address, name, module);
	}
	qsort(symbols->symbol, symbols->count, sizeof(*symbols->symbol), compare);
}

struct symbols *symbols_create(void)
{
	struct symbols *symbols = calloc(1, sizeof(*symbols));

	if (!symbols)
		out_of_memory();
	symbols->sought = addresses_create(1);
	if (!symbols->sought)
		out_of_memory();
	symbols->file = fopen("/proc/kallsyms", "re");
	if (symbols->file)
		read_all(symbols);
	if (symbols->count)
		return symbols;
	complain("/proc/kallsyms tells no addresses, so call stacks have no names: CAP_SYSLOG "
		 "is needed, and kernel.kptr_restrict below 2");
	symbols_destroy(symbols);
	return NULL;
}

void symbols_destroy(struct symbols *symbols)
{
	if (!symbols)
		return;
	forget(symbols);
	free(symbols->symbol);
	addresses_destroy(symbols->sought);
	if (symbols->file)
		fclose(symbols->file);
	free(symbols);
}

/* The last symbol at or before an address, the first of its names; NULL before the first. */
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
	while (low > 1 && symbols->symbol[low - 2].address == symbols->symbol[low - 1].address)
		low--;
	return low ? &symbols->symbol[low - 1] : NULL;
}

/*
 * Nothing says where a symbol ends. The last one of a module is not believed beyond its
 * page: what comes there belongs to another module.
 */
static bool is_within(const struct symbols *symbols, const struct symbol *symbol,
		      uint64_t address)
{
	const struct symbol *next = symbol + 1, *end = symbols->symbol + symbols->count;

	while (next < end && next->address == symbol->address)
		next++;
	return address >> PAGE_SHIFT == symbol->address >> PAGE_SHIFT ||
	       (next < end && !strcmp(next->module, symbol->module));
}

/* The symbol that an address belongs to, or NULL. */
static const struct symbol *symbol_of(struct symbols *symbols, uint64_t address)
{
	const struct symbol *symbol = find(symbols, address);

	if (symbol && is_within(symbols, symbol, address))
		return symbol;
	if (!addresses_find(symbols->sought, address) &&
	    addresses_count(symbols->sought) < SOUGHT_MAX) {
		read_all(symbols);
		symbol = find(symbols, address);
		if (!addresses_get(symbols->sought, address))
			out_of_memory();
	}
	return symbol && address - symbol->address < LONGEST ? symbol : NULL;
}

/* What lies between the DMA API and us: the probe, and how the kernel came to it. */
static bool is_ours(const struct symbol *symbol)
{
	return !strcmp(symbol->module, "[bpf]") ||
	       !strncmp(symbol->name, "bpf_trace_run", strlen("bpf_trace_run")) ||
	       !strncmp(symbol->name, "__bpf_trace_", strlen("__bpf_trace_")) ||
	       !strncmp(symbol->name, "__traceiter_", strlen("__traceiter_"));
}

int symbols_stack(struct symbols *symbols, const uint64_t *address, unsigned int count,
		  struct libdma_strings *strings, uint32_t *ret)
{
	char text[TEXT_SIZE];
	size_t used = 0;

	for (unsigned int i = 0; i < count && address[i] && used < sizeof(text) - 1; i++) {
		const struct symbol *symbol = symbol_of(symbols, address[i]);
		int size;

		if (symbol && is_ours(symbol))
			continue;
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

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * export-folded.c - who maps how much, a line for each call site, for flame graphs
 *
 *   0000:00:02.0;nvme;entry_SYSCALL_64;...;nvme_map_data;map_sg 184320
 *
 * Device and driver stand at the root and the call at the tip; between them is the call
 * stack where one was recorded. Memory follows the number of such sites.
 */
#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "output.h"

struct site {
	uint32_t device, stack, kind;
	uint64_t weight;
};

/* A site as it is printed; several may be the same. */
struct line {
	char *text;
	uint64_t weight;
};

struct folded {
	struct export *export;
	const struct libdma_environment *machine; /* at the end */
	void *sites;                              /* of tsearch(3) */
	struct line *line;
	size_t sites_count, lines;
};

static int compare_numbers(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int compare_sites(const void *a, const void *b)
{
	const struct site *first = a, *second = b;

	return compare_numbers(first->device, second->device)
		       ?: compare_numbers(first->stack, second->stack)
		       ?: compare_numbers(first->kind, second->kind);
}

static struct site *site_of(struct folded *folded, const struct dma_event *begin)
{
	struct site wanted = { begin->device, begin->stack, begin->kind, 0 }, *site;
	struct site **found = tsearch(&wanted, &folded->sites, compare_sites);

	if (!found)
		out_of_memory();
	if (*found != &wanted)
		return *found;
	site = malloc(sizeof(*site));
	if (!site)
		out_of_memory();
	*site = wanted;
	*found = site;
	folded->sites_count++;
	return site;
}

static void *folded_create(struct export *export)
{
	struct folded *folded = calloc(1, sizeof(*folded));

	if (!folded)
		out_of_memory();
	folded->export = export;
	return folded;
}

static int folded_put(void *state, const struct dma_event *event,
		      const struct libdma_change *change)
{
	struct folded *folded = state;
	enum export_weight weight = folded->export->options->weight;

	(void)event;
	if (change->live_class > LIBDMA_LIVE_ALLOCATIONS || !change->begin)
		return EXIT_FINE;
	if (change->kind == LIBDMA_CHANGE_BEGUN)
		site_of(folded, change->begin)->weight +=
			weight == EXPORT_COUNT ? 1 : libdma_event_bytes(change->begin);
	else if (weight == EXPORT_LIVE)
		site_of(folded, change->begin)->weight -=
			libdma_event_bytes(change->begin);
	return EXIT_FINE;
}

/* A frame's offset into its function would make every call a site of its own. */
static size_t frame_size(const char *frame, size_t size)
{
	const char *plus = memchr(frame, '+', size);

	return plus ? (size_t)(plus - frame) : size;
}

/* Recorded innermost first, folded the other way round. */
static void print_stack(FILE *out, const char *stack)
{
	size_t end = strlen(stack), begin;

	while (end) {
		for (begin = end; begin && stack[begin - 1] != ';'; begin--)
			;
		fwrite(stack + begin, 1, frame_size(stack + begin, end - begin), out);
		putc(';', out);
		end = begin ? begin - 1 : 0;
	}
}

static void print_frames(const struct folded *folded, const struct site *site, FILE *out)
{
	const struct libdma_strings *strings = source_strings(folded->export->source);
	const char *device = libdma_strings_get(strings, site->device);
	const struct libdma_device_environment *known =
		libdma_environment_find_device(folded->machine, device);

	fprintf(out, "%s;", *device ? device : "(no device)");
	fprintf(out, "%s;", known && known->driver ? known->driver : "(no driver)");
	print_stack(out, libdma_strings_get(strings, site->stack));
	fputs(libdma_event_kind_name(site->kind), out);
}

static void add_line(const void *node, VISIT visit, void *arg)
{
	const struct site *site = *(struct site *const *)node;
	struct folded *folded = arg;
	struct line *line = &folded->line[folded->lines];
	size_t size;
	FILE *out;

	if ((visit != postorder && visit != leaf) || !site->weight)
		return;
	line->weight = site->weight;
	out = open_memstream(&line->text, &size);
	if (!out)
		out_of_memory();
	print_frames(folded, site, out);
	if (fclose(out))
		out_of_memory();
	folded->lines++;
}

static int compare_lines(const void *a, const void *b)
{
	const struct line *first = a, *second = b;

	return strcmp(first->text, second->text);
}

static int folded_finish(void *state)
{
	struct folded *folded = state;
	uint64_t weight = 0;

	folded->machine = source_environment(folded->export->source);
	folded->line = calloc(folded->sites_count + 1, sizeof(*folded->line));
	if (!folded->line)
		out_of_memory();
	twalk_r(folded->sites, add_line, folded);
	qsort(folded->line, folded->lines, sizeof(*folded->line), compare_lines);
	for (size_t i = 0; i < folded->lines; i++) {
		const struct line *line = &folded->line[i];

		weight += line->weight;
		if (i + 1 < folded->lines && !compare_lines(line, line + 1))
			continue;
		fprintf(folded->export->out, "%s %" PRIu64 "\n", line->text, weight);
		weight = 0;
	}
	return EXIT_FINE;
}

static void folded_destroy(void *state)
{
	struct folded *folded = state;

	for (size_t i = 0; i < folded->lines; i++)
		free(folded->line[i].text);
	free(folded->line);
	tdestroy(folded->sites, free);
	free(folded);
}

const struct exporter export_folded = {
	.name = "folded",
	.suffix = ".folded",
	.summary = "call sites with their weight, for flame graphs (--weight)",
	.create = folded_create,
	.put = folded_put,
	.finish = folded_finish,
	.destroy = folded_destroy,
};

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-fuzz-corpus-import.c - dmactl fuzz corpus import: recordings as inputs of targets
 *
 * A target gets the calls that mean something to it, in programs of as many as it runs.
 * Where it takes one kind of call for several that are alike, such as map_page for
 * map_phys, the recording's becomes that one.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/kinds.h"
#include "fuzz-corpus.h"
#include "fuzz-tool.h"
#include "fuzz-target.h"
#include "json.h"
#include "output.h"
#include "source.h"

#define CALLS_MOST  400 /* of an input; records of lists and waits are besides them */
#define PIECES_MOST 64  /* of a recording, for a target */
#define KINDS_MOST  32

static const struct fitting {
	const char *target;
	uint16_t kind[KINDS_MOST]; /* ends with DMA_EVENT_NONE */
} fittings[] = {
	{ "api", { KINDS_OF_API } },
	{ "check", { KINDS_OF_CHECK } },
	{ "coherent", { KINDS_OF_COHERENT } },
	{ "direct", { KINDS_OF_DIRECT } },
	{ "hostile", { KINDS_OF_HOSTILE } },
	{ "iova", { KINDS_OF_IOVA } },
	{ "pool", { KINDS_OF_POOL } },
	{ "sg", { KINDS_OF_SG } },
	{ "stack", { KINDS_OF_STACK } },
	{ "swiotlb", { KINDS_OF_SWIOTLB } },
};

#define FITTINGS (sizeof(fittings) / sizeof(fittings[0]))

/* The input of a target that is just being written. */
struct piece {
	struct libdma_writer *writer;
	unsigned int calls;
	unsigned int count; /* pieces begun */
};

struct import {
	const char *out;
	char *base; /* "6.12-direct-nvme" of the trace's name */
	struct source *source;
	struct piece piece[FITTINGS];
	uint64_t total[FITTINGS];
};

/* Calls that ask an allocator for the same; 0 for those that are like no other. */
static unsigned int group_of(uint16_t kind)
{
	switch (kind) {
	case DMA_EVENT_MAP_SINGLE:
	case DMA_EVENT_MAP_PAGE:
	case DMA_EVENT_MAP_PHYS:
		return 1;
	case DMA_EVENT_UNMAP_SINGLE:
	case DMA_EVENT_UNMAP_PAGE:
	case DMA_EVENT_UNMAP_PHYS:
		return 2;
	case DMA_EVENT_ALLOC_SGT:
	case DMA_EVENT_ALLOC:
		return 3;
	case DMA_EVENT_FREE_SGT:
	case DMA_EVENT_FREE:
		return 4;
	default:
		return 0;
	}
}

/* The kind that the target has for it, or DMA_EVENT_NONE. */
static uint16_t kind_for(const struct fitting *fitting, uint16_t kind)
{
	const uint16_t *it;

	for (it = fitting->kind; *it; it++)
		if (*it == kind)
			return kind;
	for (it = fitting->kind; *it; it++)
		if (group_of(kind) && group_of(*it) == group_of(kind))
			return *it;
	return DMA_EVENT_NONE;
}

static int close_piece(struct import *import, struct piece *piece)
{
	int err = libdma_writer_close(piece->writer);

	piece->writer = NULL;
	piece->calls = 0;
	return err ? trouble(import->out, err) : EXIT_FINE;
}

static int open_piece(struct import *import, size_t number)
{
	struct piece *piece = &import->piece[number];
	char *folder = fuzz_path("%s/%s", import->out, fittings[number].target);
	char *path = fuzz_path("%s/%s.%u", folder, import->base, piece->count + 1);
	struct libdma_writer_options how = {
		.to = "program",
		.strings = source_strings(import->source),
		.environment = source_environment(import->source),
	};
	int status = fuzz_folder_make(folder), err;

	if (!status) {
		err = libdma_writer_open(path, &how, &piece->writer);
		status = err ? trouble(path, err) : EXIT_FINE;
		piece->count += !err;
		import->total[number] += !err;
	}
	free(path);
	free(folder);
	return status;
}

static int put(struct import *import, size_t number, const struct dma_event *event)
{
	struct piece *piece = &import->piece[number];
	struct dma_event call = *event;
	int status = EXIT_FINE, err;

	call.kind = kind_for(&fittings[number], event->kind);
	call.ns = 0; /* a wait is a record, and there is one before most calls */
	if (!call.kind || (!piece->writer && piece->count == PIECES_MOST))
		return EXIT_FINE;
	if (!piece->writer)
		status = open_piece(import, number);
	if (status)
		return status;
	err = libdma_writer_put(piece->writer, &call);
	if (err)
		return trouble(import->out, err);
	/* entries of a list are records, too */
	piece->calls += 1 + (call.kind == DMA_EVENT_MAP_SG ? call.phys_count : 0);
	return piece->calls < CALLS_MOST ? EXIT_FINE : close_piece(import, piece);
}

/* The name of a recording without its folder, and what says its format. */
static char *base_of(const char *path)
{
	static const char *const suffixes[] = { ".ftrace", ".dmat",  ".txt",  ".dat",
						".ndjson", ".jsonl", ".json", ".zst" };
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path, *at;
	size_t size = strlen(name);

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		at = strstr(name, suffixes[i]);
		if (at && at > name && (size_t)(at - name) < size)
			size = (size_t)(at - name);
	}
	return fuzz_path("%.*s", (int)size, name);
}

static int import_trace(struct import *import, const char *path)
{
	struct source_options how = { .path = path };
	const struct dma_event *event;
	int status = source_open(&how, NULL, &import->source), last;

	if (status)
		return status;
	import->base = base_of(path);
	memset(import->piece, 0, sizeof(import->piece));
	while (!status && source_next(import->source, &event) > 0)
		for (size_t i = 0; i < FITTINGS && !status; i++)
			status = put(import, i, event);
	for (size_t i = 0; i < FITTINGS; i++) {
		if (import->piece[i].count == PIECES_MOST)
			complain("%s: %s has the first %d inputs of it, and no more",
				 path, fittings[i].target, PIECES_MOST);
		if (import->piece[i].writer) {
			last = close_piece(import, &import->piece[i]);
			status = status ? status : last;
		}
	}
	free(import->base);
	return source_close(import->source, status);
}

static void print(const struct import *import, const struct fuzz_options *options)
{
	json_t *document = json_document("fuzz-corpus-import"), *list = json_list();

	json_add(document, "out", json_text(import->out));
	for (size_t i = 0; i < FITTINGS; i++) {
		json_t *object;

		if (!import->total[i])
			continue;
		if (options->form.form != FORM_JSON)
			printf("%s/%s: %" PRIu64 " inputs\n", import->out,
			       fittings[i].target, import->total[i]);
		object = json_create();
		json_add(object, "target", json_text(fittings[i].target));
		json_add_count(object, "inputs", import->total[i]);
		json_append(list, object);
	}
	json_add(document, "targets", list);
	if (options->form.form == FORM_JSON)
		json_print(document);
	else
		json_decref(document);
}

int fuzz_corpus_import(const struct fuzz_options *options)
{
	struct import import = { .out = options->argv[0] };
	int status = EXIT_FINE, got;

	/* a recording that is damaged gives what can be read of it */
	for (int i = 1; i < options->argc && (!status || status == EXIT_INPUT); i++) {
		got = import_trace(&import, options->argv[i]);
		status = got ? got : status;
	}
	print(&import, options);
	return status;
}

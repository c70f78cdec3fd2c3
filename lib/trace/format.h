/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * format.h - what a format of traces gives to trace.c
 *
 * A format is one constant with some functions. It keeps its own state behind
 * reader->state or writer->state, and tells damage by reader_damage().
 */
#pragma once

#include <libdma/trace.h>

#include "trace/input.h"
#include "trace/output.h"

struct libdma_reader {
	const struct format *format;
	struct input *input;
	char *path;
	struct libdma_strings *strings;
	bool owns_strings;
	struct libdma_environment *environment;
	uint64_t events;
	uint64_t lost;    /* the format adds to it */
	uint64_t damaged; /* reader_damage() adds to it */
	uint64_t missing; /* events that the next damage to be told stands for */
	void (*damage)(void *arg, const struct libdma_damage *damage);
	void *arg;
	void *state;
};

struct libdma_writer {
	const struct format *format;
	struct output *output;
	const struct libdma_strings *strings;
	struct libdma_environment *environment; /* as at open; NULL if unknown */
	uint64_t skipped; /* the format adds to it */
	int error;        /* the first one; stays */
	void *state;
};

/**
 * struct format - one format of traces
 * @recognise:	is this the start of such a trace? @data has up to 64 KiB of it
 * @open:	begin reading: set reader->state; 0 or -errno
 * @next:	1 with an event, numbered by reader->events++, 0 at the end, -errno
 * @close:	release reader->state, which may be NULL after a failed @open
 * @fact:	as libdma_reader_fact(); may be NULL
 * @create:	begin writing; 0 or -errno
 * @put:	write one event; 0 or -errno
 * @learn:	the environment is known better now; may be NULL
 * @flush:	make readable what was put; NULL where flushing writer->output does
 * @finish:	write what ends the file; 0 or -errno; release writer->state
 */
struct format {
	struct libdma_format face; /* name, one line for --help, what it can do */

	bool (*recognise)(const unsigned char *data, size_t size);
	int (*open)(struct libdma_reader *reader);
	int (*next)(struct libdma_reader *reader, const struct dma_event **ret);
	void (*close)(struct libdma_reader *reader);
	const char *(*fact)(const struct libdma_reader *reader, size_t index,
			    uint64_t *value);

	int (*create)(struct libdma_writer *writer);
	int (*put)(struct libdma_writer *writer, const struct dma_event *event);
	int (*learn)(struct libdma_writer *writer,
		     const struct libdma_environment *environment);
	int (*flush)(struct libdma_writer *writer);
	int (*finish)(struct libdma_writer *writer);
};

/*
 * Open the file and choose the format, but do not begin; as libdma_reader_open() says.
 */
int reader_create(const char *path, const struct libdma_reader_options *options,
		  struct libdma_reader **ret);

/* Tell the reader's owner that something at @offset, in line @line or 0, is damaged. */
void reader_damage(struct libdma_reader *reader, uint64_t line, uint64_t offset,
		   const char *reason, ...) __attribute__((format(printf, 4, 5)));

/* Of trace.c's table: reading, writing or both. */
extern const struct format format_binary;
extern const struct format format_text;
extern const struct format format_ndjson;
extern const struct format format_ftrace;
extern const struct format format_tracedat;
extern const struct format format_program;

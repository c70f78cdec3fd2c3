/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * trace.h - read and write files of events, in any format
 *
 * A reader recognises the format by content, sees through gzip, xz and zstd, and
 * gives one event after the other. What is damaged is told to a callback and
 * stepped over: all that is readable before and after it is still given.
 */
#pragma once

#include <stdio.h>

#include <libdma/environment.h>
#include <libdma/event.h>

struct libdma_reader;
struct libdma_writer;

/**
 * struct libdma_damage - a place in a trace that cannot be read
 * @path:	the file, as the caller named it; "standard input" for "-"
 * @line:	line number from 1, 0 for formats without lines
 * @offset:	byte offset in the trace, after decompression
 * @reason:	what is wrong there, as words without a full stop
 * @missing:	events that are missing there, as far as that can be told; 0 where not
 */
struct libdma_damage {
	const char *path;
	uint64_t line;
	uint64_t offset;
	const char *reason;
	uint64_t missing;
};

/**
 * struct libdma_reader_options - how to read
 * @from:	the format's name, or NULL to recognise it
 * @strings:	table for the events' strings, or NULL for one that the reader owns;
 *		readers with one table give events with comparable numbers
 * @damage:	called for each damaged place, or NULL
 * @idle:	called before the reader waits for a pipe or the like that has nothing to
 *		give, after all events that came by it were given; returns the milliseconds
 *		after which it is called again if still nothing has come, or a negative
 *		number for "not again"; or NULL
 * @arg:	their first argument
 */
struct libdma_reader_options {
	const char *from;
	struct libdma_strings *strings;
	void (*damage)(void *arg, const struct libdma_damage *damage);
	int (*idle)(void *arg);
	void *arg;
};

/**
 * libdma_reader_open() - begin to read a trace
 * @path:	the file; "-" for standard input
 * @options:	how, or NULL
 * @ret:	set to the reader
 *
 * Return: 0, or
 * -EINVAL	@options->from names no format that can be read,
 * -EBADMSG	the content is no trace, or its head is damaged (told to @damage),
 * -ENOTSUP	the trace needs a feature that this version has not (told to @damage),
 * -ENOMEM, or what open(2) and read(2) say.
 */
int libdma_reader_open(const char *path, const struct libdma_reader_options *options,
		       struct libdma_reader **ret);

/** libdma_reader_close() - end reading; NULL is allowed */
void libdma_reader_close(struct libdma_reader *reader);

/**
 * libdma_reader_next() - the next event
 * @reader:	where from
 * @ret:	set to the event, which lasts until the next call
 *
 * Return: 1 with an event, 0 at the end, -ENOMEM, or what read(2) says.
 */
int libdma_reader_next(struct libdma_reader *reader, const struct dma_event **ret);

/** libdma_reader_format() - "binary", "text", "ftrace", "tracedat" or "program" */
const char *libdma_reader_format(const struct libdma_reader *reader);

/**
 * libdma_reader_compression() - what the file is packed with
 *
 * Return: "none", "gzip", "xz" or "zstd".
 */
const char *libdma_reader_compression(const struct libdma_reader *reader);

/** libdma_reader_strings() - the table of its events' strings */
struct libdma_strings *libdma_reader_strings(const struct libdma_reader *reader);

/**
 * libdma_reader_environment() - what the trace says of its machine
 *
 * Some formats say it all at the start, some only as reading goes on.
 */
struct libdma_environment *libdma_reader_environment(const struct libdma_reader *reader);

/** libdma_reader_lost() - events that the recorder is known to have missed, so far */
uint64_t libdma_reader_lost(const struct libdma_reader *reader);

/** libdma_reader_damaged() - damaged places so far */
uint64_t libdma_reader_damaged(const struct libdma_reader *reader);

/**
 * libdma_reader_progress() - how far reading is
 * @reader:	the reader
 * @done:	set to the bytes read of the file
 * @total:	set to the file's size, 0 where it has none
 */
void libdma_reader_progress(const struct libdma_reader *reader, uint64_t *done,
			    uint64_t *total);

/**
 * libdma_reader_fact() - what a format counts of its file beside events, so far
 * @reader:	the reader
 * @index:	which of the facts, from 0
 * @value:	set to the fact's value
 *
 * Binary has "blocks", "checkpoints", and "closed", which is 1 where the file ends as a
 * writer ends it; other formats have nothing of the sort.
 *
 * Return: the fact's name, or NULL behind the last.
 */
const char *libdma_reader_fact(const struct libdma_reader *reader, size_t index,
			       uint64_t *value);

/**
 * struct libdma_writer_options - how to write
 * @to:		the format's name; NULL for "binary"
 * @strings:	table of the strings of the events that will be put
 * @environment: what is known of the machine, or NULL; copied
 * @overwrite:	replace an existing file
 */
struct libdma_writer_options {
	const char *to;
	const struct libdma_strings *strings;
	const struct libdma_environment *environment;
	bool overwrite;
};

/**
 * libdma_writer_open() - begin a trace
 * @path:	the file; "-" for standard output
 * @options:	how
 * @ret:	set to the writer
 *
 * Return: 0, -EINVAL where @options->to names no format that can be written,
 * -EEXIST for an existing file without @overwrite, -ENOMEM, or what open(2) says.
 */
int libdma_writer_open(const char *path, const struct libdma_writer_options *options,
		       struct libdma_writer **ret);

/**
 * libdma_writer_put() - add an event
 *
 * Return: 0, -ENOMEM, or what write(2) says; then later calls fail alike. Events that
 * the format cannot express are counted, not refused.
 */
int libdma_writer_put(struct libdma_writer *writer, const struct dma_event *event);

/**
 * libdma_writer_environment() - say what has been learned of the machine since
 *
 * Return: 0, -ENOMEM, or what write(2) says. Formats that state the environment only
 * at the start ignore it.
 */
int libdma_writer_environment(struct libdma_writer *writer,
			      const struct libdma_environment *environment);

/**
 * libdma_writer_flush() - make what was put readable for others now
 *
 * Binary ends its block, so that a file flushed very often is larger. A program is
 * written when it is closed, whatever is asked for here.
 *
 * Return: 0, -ENOMEM, or what write(2) says; then later calls fail alike.
 */
int libdma_writer_flush(struct libdma_writer *writer);

/** libdma_writer_skipped() - events that the format could not express */
uint64_t libdma_writer_skipped(const struct libdma_writer *writer);

/**
 * libdma_event_object() - an event as one JSON object, as format ndjson writes it
 * @event:	the event
 * @strings:	where its strings are
 * @ret:	set to the text, without a line feed; the caller frees it
 *
 * Return: 0; -EINVAL where the kind of @event is none, -ENOMEM.
 */
int libdma_event_object(const struct dma_event *event,
			const struct libdma_strings *strings, char **ret);

/**
 * libdma_writer_close() - finish the file and release the writer
 * @writer:	NULL is allowed
 *
 * Return: 0, or why some of it was not written.
 */
int libdma_writer_close(struct libdma_writer *writer);

/**
 * struct libdma_format - a format of traces, as 'dmactl convert --help' lists them
 */
struct libdma_format {
	const char *name;
	const char *summary;
	bool reads;
	bool writes;
};

/**
 * libdma_format_at() - the formats, one after the other
 *
 * Return: the format of number @index, from 0; NULL behind the last.
 */
const struct libdma_format *libdma_format_at(size_t index);

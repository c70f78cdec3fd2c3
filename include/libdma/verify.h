/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * verify.h - is a file of events what its writer left?
 *
 * Every byte of a .dmat file belongs to a block with two checksums, and what a block
 * says of itself, of its place and of the events before it can be worked out again. So
 * whatever is changed, cut or moved is noticed. Of other formats it is only known
 * whether they can be read.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/**
 * enum libdma_flaw_kind - what can be wrong with a file
 * @LIBDMA_FLAW_DAMAGE:	bytes that are no block, or a line that is no event
 * @LIBDMA_FLAW_CUT:	the file ends in the middle of something
 * @LIBDMA_FLAW_ORDER:	blocks are missing, doubled or moved
 * @LIBDMA_FLAW_EVENTS:	events are not what their block says of them
 * @LIBDMA_FLAW_ENVIRONMENT: the description of the machine cannot be read
 * @LIBDMA_FLAW_VERSION: written for a reader that knows more
 * @LIBDMA_FLAW_CHECKPOINT: a checkpoint is not the state that the events led to
 * @LIBDMA_FLAW_INDEX:	the index is not that of the blocks
 * @LIBDMA_FLAW_UNCLOSED: no index ends the file: the writer was stopped, or an end that
 *			began with a block is missing
 * @LIBDMA_FLAW_LOSS:	the recorder lost events; the file says so, and is whole
 */
enum libdma_flaw_kind {
	LIBDMA_FLAW_DAMAGE,
	LIBDMA_FLAW_CUT,
	LIBDMA_FLAW_ORDER,
	LIBDMA_FLAW_EVENTS,
	LIBDMA_FLAW_ENVIRONMENT,
	LIBDMA_FLAW_VERSION,
	LIBDMA_FLAW_CHECKPOINT,
	LIBDMA_FLAW_INDEX,
	LIBDMA_FLAW_UNCLOSED,
	LIBDMA_FLAW_LOSS,
	LIBDMA_FLAW_KINDS
};

/* How bad: the trace cannot all be read; it can, but the file is not right; neither. */
enum libdma_flaw_level {
	LIBDMA_FLAW_NOTE,
	LIBDMA_FLAW_WARNING,
	LIBDMA_FLAW_ERROR,
};

/**
 * struct libdma_flaw - one thing that is wrong
 * @kind:	what sort of thing
 * @offset:	byte offset in the file, after decompression
 * @block:	number of the block that it is about, by its place in the file, from 0
 * @line:	line number from 1, 0 for formats without lines
 * @missing:	events that are missing for it, as far as that can be told
 * @text:	in words, without a full stop
 */
struct libdma_flaw {
	enum libdma_flaw_kind kind;
	uint64_t offset;
	uint64_t block;
	uint64_t line;
	uint64_t missing;
	const char *text;
};

/**
 * struct libdma_verdict - what was seen of a file
 * @format:	its name, a constant; NULL where it was not recognised
 * @compression: "none", "gzip", "xz" or "zstd"; a constant
 * @bytes:	that were read, after decompression
 * @blocks:	that are whole, of all types
 * @traces:	that were appended to each other; 1 in most files
 * @events:	that can be read
 * @checkpoints: that were held against the events
 * @missing:	events that are known to be missing
 * @lost:	events that the recorder lost
 * @flaws:	how many of each kind
 */
struct libdma_verdict {
	const char *format;
	const char *compression;
	uint64_t bytes;
	uint64_t blocks;
	uint64_t traces;
	uint64_t events;
	uint64_t checkpoints;
	uint64_t missing;
	uint64_t lost;
	uint64_t flaws[LIBDMA_FLAW_KINDS];
};

/**
 * libdma_verify() - read all of a file and say what is wrong with it
 * @path:	the file; "-" for standard input
 * @from:	the format's name, or NULL to recognise it
 * @flaw:	called for each thing that is wrong, in the order of the file; or NULL
 * @arg:	its first argument
 * @ret:	set to what was seen, also of a file that is nothing but damage
 *
 * Memory follows what is mapped at one time, not the length of the file.
 *
 * Return: 0 where it was read to its end, whatever it holds; -EINVAL where @from names
 * no format that can be read, -ENOMEM, or what open(2) and read(2) say.
 */
int libdma_verify(const char *path, const char *from,
		  void (*flaw)(void *arg, const struct libdma_flaw *flaw), void *arg,
		  struct libdma_verdict *ret);

/** libdma_flaw_name() - "checkpoint"; NULL for a number that is no kind */
const char *libdma_flaw_name(unsigned int kind);

/** libdma_flaw_level() - how bad flaws of a kind are */
enum libdma_flaw_level libdma_flaw_level(enum libdma_flaw_kind kind);

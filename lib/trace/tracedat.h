/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tracedat.h - what the parts of the trace.dat format share
 */
#pragma once

#include <event-parse.h>
#include <trace-seq.h>

#include "trace/format.h"

/* Where a field of a record goes. */
enum tracedat_target {
	TRACEDAT_U64,
	TRACEDAT_U32,
	TRACEDAT_U8,
	TRACEDAT_FLAG, /* sets a flag of the event */
	TRACEDAT_STRING,
	TRACEDAT_GFP,
	TRACEDAT_PHYS_LIST,
	TRACEDAT_DMA_LIST,
	TRACEDAT_SIZE_LIST,
};

struct tracedat_field {
	const struct tep_format_field *field;
	enum tracedat_target target;
	size_t member; /* where in struct dma_event, or the flag */
};

#define TRACEDAT_FIELDS 12 /* more than any of our tracepoints has */

/* A tracepoint as one file describes it. */
struct tracedat_point {
	struct tep_event *event;
	unsigned int kind;
	uint32_t name;
	size_t fields;
	struct tracedat_field field[TRACEDAT_FIELDS];
};

struct tracedat_list {
	void *value;
	size_t room; /* bytes */
};

/* From records of one file to events. */
struct tracedat_decoder {
	struct tep_handle *tep;
	struct libdma_strings *strings;
	struct tracedat_point **point; /* by number */
	size_t points;
	struct trace_seq text;
	struct tracedat_list phys, dma, sizes;
	uint32_t lengths;  /* of this record's sizes */
	uint64_t gfp_bits; /* of the last allocation, */
	uint32_t gfp;      /* and how they are printed */
};

void tracedat_decoder_init(struct tracedat_decoder *decoder, struct tep_handle *tep,
			   struct libdma_strings *strings);
void tracedat_decoder_deinit(struct tracedat_decoder *decoder);

/*
 * Turn a record into an event, which lasts until the next. 0, -EBADMSG where the
 * record does not have the fields that its tracepoint tells of, or -ENOMEM.
 */
int tracedat_decode(struct tracedat_decoder *decoder, struct tep_record *record,
		    struct dma_event *event);

/* Is this record the call stack of the one before? Then give it as one string. */
int tracedat_decode_stack(struct tracedat_decoder *decoder, struct tep_record *record,
			  uint32_t *ret);

/* The pages of one CPU of one buffer. */
struct tracedat_data {
	uint32_t cpu;
	uint32_t page_size;
	uint64_t offset;
	uint64_t size;
	bool packed;
};

/**
 * struct tracedat_layout - what a file's head and tables say
 * @size:	bytes that the file must have
 * @clock:	the trace clock, empty where it is not said
 * @uname:	"Linux HOST RELEASE MACHINE", or empty
 * @packer:	how the pages are packed, if they are: "zstd" or "zlib"
 * @data:	where the pages lie
 */
struct tracedat_layout {
	uint64_t size;
	bool big_endian;
	char clock[32];
	char uname[256];
	char packer[32];
	struct tracedat_data *data;
	size_t count;
};

/*
 * Walk the tables of a file, before a library that believes them does. 0, or -EBADMSG
 * with *@why set to what is wrong, -ENOMEM, or what pread(2) says; free layout->data.
 */
int tracedat_check(int fd, struct tracedat_layout *layout, const char **why);

/* Unpack what "zstd" or "zlib" packed, exactly @size bytes. */
bool tracedat_unpack(const char *packer, const void *packed, size_t packed_size,
		     void *bytes, size_t size);

/* Has a tracepoint's description, with a NUL behind it, the kernel's grammar? */
bool tracedat_format_valid(const char *text, size_t size);

struct tracedat_chunk {
	unsigned char *bytes;
	size_t size;
	size_t room;
};

/**
 * struct tracedat_stream - the records of one CPU of one buffer
 * @record:	the record that tracedat_stream_next() found; what its data points to
 *		stays for one further call
 */
struct tracedat_stream {
	struct tep_record record;
	int fd;
	const struct tracedat_layout *layout;
	unsigned int long_size; /* of the kernel */
	uint64_t at;            /* where in the file to go on */
	uint64_t left;
	uint32_t page_size;
	bool packed;
	bool counted;    /* the number of chunks was read */
	uint32_t chunks; /* that are left */
	struct tracedat_chunk raw, chunk[2];
	unsigned int which; /* of the chunks is read */
	size_t page;        /* which place in it */
	bool begun;         /* that page */
	const unsigned char *place, *end;
	uint64_t ns;
	long long missed;
};

void tracedat_stream_init(struct tracedat_stream *stream, int fd,
			  const struct tracedat_layout *layout,
			  const struct tracedat_data *data, unsigned int long_size);
void tracedat_stream_deinit(struct tracedat_stream *stream);

/*
 * Go to the next record: 1, 0 at the end, -EBADMSG where a page is damaged, of which
 * the rest is then left out, or -errno.
 */
int tracedat_stream_next(struct tracedat_stream *stream);

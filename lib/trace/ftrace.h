/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ftrace.h - what the parts of the ftrace format share
 *
 * A line is a prefix (ftrace-line.c) and a body (ftrace-body.c; ftrace-raw.c where
 * libtraceevent printed the fields as they lie). ftrace-print.c writes both.
 */
#pragma once

#include "trace/format.h"
#include "trace/scan.h"

/*
 * The layouts of a body (RULES.md T3). Several kinds share one, and the text of a
 * kind is found in one table, whether it is read or written.
 */
enum ftrace_shape {
	FTRACE_NO_SHAPE, /* the kernel has no such tracepoint */
	FTRACE_MAP,
	FTRACE_UNMAP,
	FTRACE_ALLOC,
	FTRACE_FREE,
	FTRACE_ALLOC_SGT,
	FTRACE_FREE_SGT,
	FTRACE_MAP_SG,
	FTRACE_MAP_SG_ERR,
	FTRACE_UNMAP_SG,
	FTRACE_SYNC,
	FTRACE_SYNC_SG,
	FTRACE_BOUNCED,
	FTRACE_IOMMU_MAP,
	FTRACE_IOMMU_UNMAP,
	FTRACE_GROUP,
	FTRACE_DOMAIN,
	FTRACE_FAULT,
	FTRACE_MARK,
};

extern const uint8_t ftrace_shapes[DMA_EVENT_KINDS];

/* The layout of a kind of event. */
static inline enum ftrace_shape ftrace_shape(unsigned int kind)
{
	return kind < DMA_EVENT_KINDS ? (enum ftrace_shape)ftrace_shapes[kind]
				      : FTRACE_NO_SHAPE;
}

/*
 * The kind of a tracepoint as text names it: "dma_map_page", "map", also with perf's
 * "iommu:" before it. DMA_EVENT_OTHER where it is none of ours.
 */
unsigned int ftrace_kind(const char *name, size_t size);

/* The tracepoint of a kind, in two parts: "dma_" or "", and the rest. */
const char *ftrace_name(unsigned int kind, const char **ret);

/* A string that was looked up before. */
struct memo {
	uint64_t head; /* its first eight bytes, */
	uint64_t tail; /* and its last eight, or 0 for a shorter one */
	const char *text;
	uint32_t size;
	uint32_t number;
	uint32_t kind; /* of a tracepoint's name */
};

#define MEMO_BITS 8

struct memos {
	struct memo memo[1 << MEMO_BITS];
	const struct memo *last;
};

/* Is @text the string that was looked up last, where that is of 8 to 16 bytes? */
static inline bool memo_is_last(const struct memos *memos, const char *text)
{
	const struct memo *last = memos->last;

	return last && last->size - 8 <= 8 && scan_load(text) == last->head &&
	       scan_load(text + last->size - 8) == last->tail;
}

/* The columns of a line from its beginning to the context, and what they say. */
struct seen_who {
	uint64_t word[5];
	uint32_t comm;
	uint32_t context;
	uint32_t cpu;
	int32_t pid;
};

/* The 16 to 32 bytes where a tracepoint's name begins, and what it is. */
struct seen_name {
	uint64_t word[4]; /* the first and the last 16 */
	uint32_t size;	  /* with ": " behind it; 0 for none */
	uint32_t last;	  /* where the last 16 bytes begin */
	uint32_t kind;
	uint32_t number;
};

/*
 * The column of a line's seconds up to the point, 8 to 16 bytes or, where the mask says
 * so, fewer.
 */
struct seen_second {
	uint64_t word[2]; /* its first and its last eight bytes */
	uint64_t mask;
	uint32_t size; /* 0 for none */
	uint32_t tail; /* where the last eight begin */
	uint64_t ns;
};

#define SEEN_BITS 6

/* A list that is reused from event to event. */
struct list64 {
	uint64_t *value;
	uint32_t count;
	uint32_t room;
};

struct list32 {
	uint32_t *value;
	uint32_t count;
	uint32_t room;
};

struct ftrace {
	struct libdma_reader *reader;
	uint64_t line;     /* number of the line at @text */
	const char *text;  /* the next line */
	const char *limit; /* behind the last newline that is in the window */
	char *tail;        /* a copy of a last line that has no newline */
	bool unended;      /* @text is that copy */
	bool counts;       /* the clock is none of seconds */
	bool crlf;         /* lines end in "\r\n" */
	bool stacks;       /* call stacks follow some events */

	struct dma_event event;
	struct list64 phys;
	struct list64 dma;
	struct list32 sizes;
	struct list64 lengths; /* of an array that is printed byte by byte */

	struct seen_who who[1 << SEEN_BITS];
	struct seen_name names[1 << SEEN_BITS];
	struct seen_second second;

	struct memos comm;
	struct memos context;
	struct memos name;
	struct memos device;
	struct memos word; /* allocation flags, drivers */
};

/* Have a whole line at ftrace->text: 1, 0 at the end, or -errno. */
int ftrace_fetch(struct ftrace *ftrace);

/* Be done with the line that ends before @next. */
static inline void ftrace_leave(struct ftrace *ftrace, const char *next)
{
	struct input *input = ftrace->reader->input;
	size_t size = (size_t)(next - ftrace->text);

	input_skip(input, size < input->size ? size : input->size);
	ftrace->text = next;
	ftrace->line++;
}

static inline size_t ftrace_seen_slot(uint64_t hash)
{
	return hash * 0x9e3779b97f4a7c15ULL >> (64 - SEEN_BITS);
}

/* Where such columns are remembered. */
static inline struct seen_who *ftrace_seen_who(struct ftrace *ftrace, const char *text)
{
	return &ftrace->who[ftrace_seen_slot(
		scan_load(text + 8) ^ scan_load(text + 16) << 7 ^ scan_load(text + 28))];
}

static inline struct seen_name *ftrace_seen_name(struct ftrace *ftrace, const char *text)
{
	return &ftrace->names[ftrace_seen_slot(scan_load(text) ^ scan_load(text + 8)
									 << 7)];
}

/* The entry of a string, which is learned where it is new. */
struct memo *ftrace_recall(struct ftrace *ftrace, struct scan *scan, struct memos *memos,
			   const char *text, size_t size);

/* The number of a string, remembered. -EBADMSG where it holds a NUL. */
void ftrace_intern(struct ftrace *ftrace, struct scan *scan, struct memos *memos,
		   const char *text, size_t size, uint32_t *ret);

/*
 * Scan a line's prefix up to its tracepoint's name and the blanks behind that, into
 * ftrace->event: when, where, who, and event.kind.
 */
void ftrace_scan_prefix(struct ftrace *ftrace, struct scan *scan);

/* Is this the beginning of a line that ftrace, trace-cmd or perf printed? */
bool ftrace_is_line(const char *text, size_t size);

/* Scan a line's body, up to its end. */
void ftrace_scan_body(struct ftrace *ftrace, struct scan *scan);

/* Scan a body that begins with "[FAILED TO PARSE]". */
void ftrace_scan_raw(struct ftrace *ftrace, struct scan *scan);

/* Are there call stacks in what the window holds? */
bool ftrace_has_stacks(const struct ftrace *ftrace);

/* Is this the line that announces one, come apart from its event? */
bool ftrace_is_stack(const struct dma_event *event);

/* Give ftrace->event the call stack that follows it, if one does. 0 or -errno. */
int ftrace_take_stack(struct ftrace *ftrace);

/* Make room for one more value. */
bool ftrace_list64_grow(struct scan *scan, struct list64 *list);
bool ftrace_list32_grow(struct scan *scan, struct list32 *list);

/* Scan an array as the kernel prints it; a 32-bit one may hold no larger numbers. */
void ftrace_scan_list64(struct scan *scan, struct list64 *list);
void ftrace_scan_list32(struct scan *scan, struct list32 *list);

/* What follows from what was scanned: failure, counts, sums. */
void ftrace_finish_event(struct dma_event *event);

/* Of the writer. */
int ftrace_create(struct libdma_writer *writer);
int ftrace_put(struct libdma_writer *writer, const struct dma_event *event);
int ftrace_finish(struct libdma_writer *writer);

static inline bool ftrace_at_end(const struct scan *scan)
{
	return *scan->at == '\n' || (scan->at[0] == '\r' && scan->at[1] == '\n');
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * verify.h - what is known while a file is verified
 */
#pragma once

#include <libdma/verify.h>

#include "trace/binary-find.h"
#include "trace/binary-index.h"
#include "trace/format.h"

struct verify {
	struct libdma_reader *reader;
	struct libdma_verdict *verdict;
	void (*flaw)(void *arg, const struct libdma_flaw *flaw);
	void *arg;
	struct block block; /* the present one, */
	uint64_t offset;    /* its header, */
	uint64_t place;     /* and which block of the file it is */
};

/* Tell a flaw of the present block. */
void verify_tell(struct verify *verify, enum libdma_flaw_kind kind, uint64_t missing,
		 const char *format, ...) __attribute__((format(printf, 4, 5)));

/* All blocks of a .dmat file, whose reader is opened and not begun. 0 or -errno. */
int verify_blocks(struct verify *verify);

/* Of one trace: what is live, and what its checkpoints say. */
struct verify_state;

struct verify_state *verify_state_create(void);
void verify_state_destroy(struct verify_state *state);

/* Show the next event. 0 or -ENOMEM. */
int verify_state_put(struct verify_state *state, const struct dma_event *event);

/* Events are missing: checkpoints can no longer be held against them. */
void verify_state_lost(struct verify_state *state);

/* Show the next event of a checkpoint. 0 or -ENOMEM. */
int verify_state_told(struct verify_state *state, const struct dma_event *event);

/*
 * A checkpoint ends. 1 with @was and @is, how many mappings there are and how many it
 * tells, where it is not what the events led to; 0 where it is, or nobody knows; or
 * -ENOMEM.
 */
int verify_state_compare(struct verify_state *state, uint64_t *was, uint64_t *is);

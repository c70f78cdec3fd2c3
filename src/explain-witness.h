/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain-witness.h - what a recording says of the lines of a kernel log
 *
 * The recording is read for the failed calls first: each finding gets the one of its
 * device that is nearest to one of its lines, by size and time. Then it is read up to
 * these, and what was live there is the evidence.
 */
#pragma once

#include <jansson.h>

#include <libdma/leaks.h>

#include "explain.h"
#include "source.h"
#include "state.h"

enum witness_answer {
	WITNESS_NONE, /* the finding names no device */
	/* the recording is of another machine, or another boot of it */
	WITNESS_OTHER_KERNEL,
	WITNESS_OTHER_SLOTS,
	WITNESS_OTHER_DEVICES,
	WITNESS_ABSENT, /* it does not hold the moment */
	WITNESS_QUIET,  /* it does, and no call of the device failed there */
	WITNESS_FAILED, /* it has the call that failed */
};

/**
 * struct witness - what the recording has of one finding
 * @answer:	does it?
 * @finding:	whose
 * @line:	the line that was matched
 * @number:	the event up to which it matters
 * @ns:		its time, or the line's where no call failed
 * @apart:	seconds from the event to the line; NAN where the line has no time
 * @failed:	the call, without lists
 * @json:	all that was told, for --json
 */
struct witness {
	enum witness_answer answer;
	struct finding *finding;
	const struct log_moment *line;
	uint64_t number, ns;
	double apart;
	struct dma_event failed;
	json_t *json;
};

/**
 * struct witnesses - one for each finding
 * @path:	of the recording
 * @environment: all that it tells of its machine
 * @strings:	of its events
 * @first_ns:	when its first event was
 * @last_ns:	and its last
 * @lossy:	events of it were lost
 * @clock:	its times and the log's can be compared
 * @leak:	what it leaves behind for good or bad, @leaks of them
 * @witness:	by finding, @count of them
 * @completeness: of the recording
 */
struct witnesses {
	const char *path;
	struct libdma_environment *environment;
	struct libdma_strings *strings;
	uint64_t first_ns, last_ns;
	bool lossy;
	bool clock;
	struct libdma_leak *leak;
	size_t leaks;
	struct witness *witness;
	size_t count;
	json_t *completeness;
};

/**
 * witnesses_hear() - let a recording say what it has of each finding
 * @options:	the recording, as source_argp left them
 * @explain:	the findings, which get sentences
 * @ret:	filled; witnesses_deinit() it in any case
 *
 * Return: EXIT_FINE, or the status to exit with; the reason was printed.
 */
int witnesses_hear(struct source_options *options, struct explain *explain,
		   struct witnesses *ret);
void witnesses_deinit(struct witnesses *witnesses);

/*
 * For explain-witness.c: tell what it found, as sentences of the finding and as
 * witness->json.
 */

/* That there is nothing, and why. */
void witness_tell_nothing(const struct witnesses *witnesses, struct witness *witness);

/* What was live: @state->moment is the witness's. */
void witness_tell_state(const struct witnesses *witnesses, struct witness *witness,
			const struct state *state);

/* What is left of the device at the end. */
void witness_tell_leaks(const struct witnesses *witnesses, struct witness *witness);

struct whatif;

/* Which swiotlb= would have served. */
void witness_tell_size(struct witness *witness, const struct whatif *whatif);

/* Is it the swiotlb that refused? */
bool witness_is_swiotlb(const struct witness *witness);

/* Was it a call of the DMA API that failed, which a recorder of its calls has seen? */
bool witness_is_call(const struct witness *witness);

/* Does the recording call a device so? A log may leave out the PCI domain. */
bool witness_is_device(const struct finding *finding, const char *recorded);

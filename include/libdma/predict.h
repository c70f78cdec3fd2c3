/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * predict.h - a recording held against the model, answer by answer
 *
 * The recording's requests run on the model of its machine. What an allocator of the
 * kernel decided is predicted and compared: slots of the swiotlb, IOVAs, merging of
 * lists, pages of a region, blocks of a pool, failures. Physical addresses of buffers
 * are inputs. At a difference the model takes the recorded answer over and goes on.
 */
#pragma once

#include <libdma/environment.h>
#include <libdma/event.h>
#include <libdma/replay.h>

/*
 * How an answer was met. Only the first is a prediction; the next ones have a witness in
 * the recording that tells why the model could not know better.
 */
enum libdma_verdict {
	LIBDMA_VERDICT_PREDICTED,
	LIBDMA_VERDICT_ORDER,  /* of two CPUs: the recording has it the other way round */
	LIBDMA_VERDICT_ORIGIN, /* it rests on a request from before the recording */
	LIBDMA_VERDICT_CUT,    /* ... on a list that the recorder cut */
	LIBDMA_VERDICT_TIMER,  /* ... on when a timer ran */
	LIBDMA_VERDICT_LOST,   /* ... on events that the recorder lost */
	LIBDMA_VERDICT_USED,   /* the answer itself told what the model had to know */
	LIBDMA_VERDICT_UNEXPLAINED,
	LIBDMA_VERDICTS
};

/** libdma_verdict_name() - "predicted", "order", "origin" ... "unexplained" */
const char *libdma_verdict_name(enum libdma_verdict verdict);

/* Who decided an answer. */
enum libdma_decider {
	LIBDMA_DECIDER_SWIOTLB,
	LIBDMA_DECIDER_IOVA,
	LIBDMA_DECIDER_REGION,
	LIBDMA_DECIDER_POOL,
	LIBDMA_DECIDERS
};

/** libdma_decider_name() - "swiotlb", "iova", "region", "pool" */
const char *libdma_decider_name(enum libdma_decider decider);

/**
 * struct libdma_fidelity - answers by how they were met
 *
 * What was predictable is the sum of all.
 */
struct libdma_fidelity {
	uint64_t count[LIBDMA_VERDICTS];
};

/** libdma_fidelity_predictable() - the sum */
uint64_t libdma_fidelity_predictable(const struct libdma_fidelity *fidelity);

/* A device's share. */
struct libdma_device_fidelity {
	const char *name;
	struct libdma_fidelity fidelity;
	uint64_t direct; /* maps and lists that no allocator decided */
};

/**
 * struct libdma_fidelity_totals - all that was compared
 *
 * @all:	every answer that an allocator decided
 * @by_decider:	the same, by who decided
 * @by_kind:	the same, by the kind of event
 * @direct:	maps and lists that need no allocator: the address is the buffer's
 * @direct_other: of those, where the recorded address is another one
 * @inputs:	allocations whose address the page allocator decided
 */
struct libdma_fidelity_totals {
	struct libdma_fidelity all;
	struct libdma_fidelity by_decider[LIBDMA_DECIDERS];
	struct libdma_fidelity by_kind[DMA_EVENT_KINDS];
	uint64_t direct;
	uint64_t direct_other;
	uint64_t inputs;
};

/**
 * struct libdma_divergence - an answer that was not predicted
 *
 * @verdict:	why, as far as there is a witness
 * @decider:	whose answer
 * @event:	the event, lists included
 * @segment:	of a list: the first that differs
 * @expected:	the model's answer, an address; DMA_MAPPING_ERROR for a failure
 * @got:	the recorded one
 * @witness:	number of the event that is the witness; UINT64_MAX where it is none
 * @state:	what mattered, in words
 */
struct libdma_divergence {
	enum libdma_verdict verdict;
	enum libdma_decider decider;
	const struct dma_event *event;
	uint32_t segment;
	uint64_t expected;
	uint64_t got;
	uint64_t witness;
	const char *state;
};

#define LIBDMA_NO_WITNESS UINT64_MAX

/**
 * struct libdma_assumption - what nobody gave and the model had to take from elsewhere
 *
 * @name:	as --set takes it: "swiotlb.start"
 * @value:	"0x39200000"
 * @from:	"the first bounce", "the kernel's default"
 */
struct libdma_assumption {
	const char *name;
	const char *value;
	const char *from;
};

/**
 * struct libdma_predictor_options - how to predict
 *
 * @strings:	table of the strings of the events
 * @diverged:	called for each answer that was not predicted, in order, or NULL
 * @arg:	its first argument
 * @thread:	judge in a thread beside the caller's, once there are many events; then
 *		@diverged is called there
 * @window_ns:	how far the model may look ahead of an event; 0 for 100 ms
 * @window_events: at most so many events; 0 for 4096
 */
struct libdma_predictor_options {
	const struct libdma_strings *strings;
	void (*diverged)(void *arg, const struct libdma_divergence *divergence);
	void *arg;
	bool thread;
	uint64_t window_ns;
	uint32_t window_events;
};

struct libdma_predictor;

/** libdma_predictor_create() - 0 or -ENOMEM */
int libdma_predictor_create(const struct libdma_predictor_options *options,
			    struct libdma_predictor **ret);

/** libdma_predictor_destroy() - release it; NULL is allowed */
void libdma_predictor_destroy(struct libdma_predictor *predictor);

/**
 * libdma_predictor_survey() - show an event of a first reading
 *
 * A trace that can be read twice is shown from its first event to its last before
 * libdma_predictor_start(): what was there before the recording is known by its end.
 *
 * Return: 0 or -ENOMEM.
 */
int libdma_predictor_survey(struct libdma_predictor *predictor,
			    const struct dma_event *event);

/**
 * libdma_predictor_follow() - let a replay see what the predictor judges
 * @predictor:	the predictor, before libdma_predictor_start()
 * @replay:	shown each event once it is judged, and none by the caller; lasts until
 *		libdma_predictor_finish()
 *
 * What is live is then kept once for both. After libdma_predictor_finish() the replay
 * has seen all.
 */
void libdma_predictor_follow(struct libdma_predictor *predictor,
			     struct libdma_replay *replay);

/**
 * libdma_predictor_start() - build the machine
 * @predictor:	the predictor
 * @environment: the recording's; copied
 *
 * Return: 0 or -ENOMEM.
 */
int libdma_predictor_start(struct libdma_predictor *predictor,
			   const struct libdma_environment *environment);

/** libdma_predictor_put() - the next event, after libdma_predictor_start(); 0 or -ENOMEM */
int libdma_predictor_put(struct libdma_predictor *predictor,
			 const struct dma_event *event);

/** libdma_predictor_finish() - there are no more: judge what waits; 0 or -ENOMEM */
int libdma_predictor_finish(struct libdma_predictor *predictor);

/**
 * libdma_predictor_lacks_survey() - would a first reading have told more?
 *
 * Return: true once an event showed what is known only of a trace that was surveyed: it
 * ended what began before the recording, searched for slots, or told of a loss. As long
 * as it is false the verdicts are the same as after a survey. Where a thread judges, the
 * last events may not be in it before libdma_predictor_finish().
 */
bool libdma_predictor_lacks_survey(const struct libdma_predictor *predictor);

/**
 * libdma_predictor_totals() - what came of it so far; lasts as long as @predictor
 *
 * Where a thread judges this and what follows is for after libdma_predictor_finish().
 */
const struct libdma_fidelity_totals *
libdma_predictor_totals(const struct libdma_predictor *predictor);

/**
 * libdma_predictor_device() - the devices with events, in order of their first
 *
 * Return: true with @ret set, false behind the last.
 */
bool libdma_predictor_device(const struct libdma_predictor *predictor, size_t index,
			     struct libdma_device_fidelity *ret);

/** libdma_predictor_assumption() - those made so far; false behind the last */
bool libdma_predictor_assumption(const struct libdma_predictor *predictor, size_t index,
				 struct libdma_assumption *ret);

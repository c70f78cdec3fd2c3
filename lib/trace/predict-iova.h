/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * predict-iova.h - IOVAs that a recording should have got, for its own files
 *
 * The recording shows an allocation of IOVAs by its traces: iommu:map of the range's
 * pieces, then the mapping's own event; a release by iommu:unmap. A request is one of
 * these, put together; a space is an IOMMU group's domain, on which requests run.
 */
#pragma once

#include <string.h>

#include <libdma/scatterlist.h>

#include "trace/predict-iova-timeline.h"
#include "trace/predict.h"

#define CONTEXTS   256 /* times WAYS are told apart */
#define WAYS       4
#define BEGUN      1024   /* ranges whose end is looked for */
#define RACE_NS    200000 /* between an operation and its event, and so twice that apart */
#define SILENT     1024   /* places of the hash of ranges that no mapping's event tells */
#define AHEAD      16     /* operations that a take may come after */
#define INTERRUPTS 64     /* sorts that are told apart */
#define DELAYS     32     /* of each */
#define HOLES      3
#define STATE_SIZE 160

/**
 * struct space - the IOVAs of a group's devices
 *
 * @group:	index in the environment, or PREDICT_NO_GROUP
 * @device:	its device where the group is not known
 * @handle:	its number where allocations themselves are recorded; 0 if not known
 * @lazy:	released addresses wait for a flush
 * @stranger:	number of an event that shows a request from before the recording,
 *		LIBDMA_NO_WITNESS if there is none
 * @doubtful:	not all answers were predicted: what was taken may lie elsewhere
 */
struct space {
	struct space *next;
	uint32_t group;
	const struct predict_device *device;
	uint64_t handle;
	bool lazy;
	uint64_t stranger;
	bool doubtful;
	struct timeline *timeline;
};

/**
 * struct request - an allocation or a release
 *
 * @owner:	where it goes when nobody needs it any more
 * @users:	who points here; the last one releases it
 * @also:	the range of the list's next entry, where each has its own; the next spare
 * @kind:	IOVA_OP_TAKE or IOVA_OP_RELEASE
 * @level:	request_level() of its event
 * @coherent:	take: with the coherent mask
 * @exact:	take: the event is that of the allocation itself
 * @done:	it ran
 * @closed:	release: an event tells that it was over
 * @begun:	release: of a mapping that began in the recording
 * @cut:	its extent is not known for sure
 * @single:	take: of one buffer
 * @followed:	exact takes: the event that it was done for is known
 * @open:	take: its task has done nothing since that would have ended it
 * @interrupted: take: an interrupt came into it, or before it: where it has another answer
 * @misjudged:	take: it seemed to be before the interrupt, and was not
 * @cpu, @from, @dma, @size, @since, @ns, @number: as struct iova_op, in bytes
 * @seen:	number of the event before it of its task, LIBDMA_NO_WITNESS if there is none
 * @into:	release of an interrupt: the take that it came into, or before; or NULL
 * @delay:	take: ns since the last event before it on its CPU, of the @context
 * @behind:	take: number of the interrupt's release, where it is @interrupted
 * @handle:	as the space's
 * @extent:	take: bytes that were released at once later, 0 where not known yet
 * @limit:	exact takes: the highest address
 * @device:	NULL where no event tells
 * @guess:	whose it is then; @near: whose the last mapping of its task was, or NULL
 * @space:	where it ran
 * @verdict, @expected, @witness: what came of a take
 * @state:	the state that mattered
 */
struct request {
	struct iova *owner;
	unsigned int users;
	struct request *also;
	uint8_t kind, level;
	bool coherent, exact, done, closed, begun, cut, single, followed, open;
	bool interrupted, misjudged;
	uint32_t cpu, from;
	uint64_t dma, size;
	uint64_t since, ns, number, seen;
	struct request *into;
	uint64_t delay, behind;
	uint32_t context;
	uint64_t handle;
	uint64_t extent;
	uint64_t limit;
	struct predict_device *device;
	struct predict_device *guess, *near;
	struct space *space;
	enum libdma_verdict verdict;
	uint64_t expected;
	uint64_t witness;
	char state[STATE_SIZE];
};

/* Its state is text, of which most have none. */
static inline void request_init(struct request *request, uint8_t kind)
{
	memset(request, 0, offsetof(struct request, state));
	request->state[0] = '\0';
	request->kind = kind;
}

/**
 * struct context - a task, or the interrupts of a level on a CPU
 *
 * @key:	which; 0 for none
 * @ns, @cpu, @number: of its last event; @ns is 0 before the first
 * @take:	a range that may go on
 * @release:	the last one
 * @device:	said that it is about to unmap
 * @mapped:	was mapped for last
 * @linked:	where the range of dma_iova_try_alloc() begins that is filled now,
 * @linked_next: up to where it is filled
 * @linked_end:	and ends
 * @linked_ns:	and when it was taken
 */
struct context {
	uint64_t key;
	uint64_t ns, number;
	uint32_t cpu;
	struct request *take;
	struct request *release;
	struct predict_device *device, *mapped;
	uint64_t linked, linked_next, linked_end, linked_ns;
};

/* A mapping from before the recording. */
struct stranger {
	uint32_t device;
	uint64_t dma, size, number;
};

/* A run of entries that lie together in memory, and so are mapped together. */
struct run {
	phys_addr_t phys;
	uint64_t size;
};

/* ns between an interrupt and what tells of a take, of @count takes. */
struct delays {
	uint64_t ns[DELAYS];
	unsigned int count;
};

/**
 * struct interrupted - takes that interrupts of one sort came into, or before
 *
 * @before:	delays of takes that were before it, the last of them
 * @behind:	and of those behind it, the shortest
 * @limit:	of a shorter one the take was before
 */
struct interrupted {
	struct delays before, behind;
	uint64_t limit;
};

/* For a list's entries and runs, @room of each. */
struct list_scratch {
	struct scatterlist *sgl;
	struct run *run;
	uint32_t room;
};

/**
 * struct list_check - a list's segments as the model has them
 *
 * @verdict:	predicted, used or unexplained
 * @segment, @expected, @got: the first that differs, as in a divergence
 * @state:	what mattered
 */
struct list_check {
	enum libdma_verdict verdict;
	uint32_t segment;
	uint64_t expected, got;
	char state[STATE_SIZE];
};

/**
 * struct iova - the backend
 *
 * @granule:	bytes, a power of two
 * @shift:	of it
 * @reach:	the last address that the IOMMU reaches, as far as is known
 * @reach_told:	by an answer alone
 * @only_high:	the kernel was told not to look below 4 GiB first
 * @context_name, @context_level: what an event's context was last, and means
 * @shown:	the recording has iommu:map and iommu:unmap, or what @exact is
 * @exact:	it has allocations and releases themselves
 * @taken_silent: something was judged or seen as if it were not @shown
 * @begun:	by a hash of the address: the last range that began there
 * @pending:	of each CPU: a release that has begun
 * @spare:	requests to be used again
 * @last:	the context of the last event, NULL before the first; it was found by @last_cpu,
 *		@last_pid and @last_context
 * @silent:	the ranges without a mapping's event that are live, by a hash of where
 * @silent_last: where the last of them was taken
 * @credit:	steps that may be taken to look for explanations
 * @hole:	what is reserved, as answers told, @holes of them
 * @interrupted: by a hash of the interrupt's context, and of whether the take is a list's
 */
struct iova {
	struct libdma_predictor *frame;
	uint64_t granule;
	unsigned int shift;
	uint32_t cpus;
	uint64_t reach;
	bool reach_told;
	bool only_high;
	uint32_t context_name;
	unsigned int context_level;
	bool shown, exact, taken_silent;
	struct space *spaces;
	struct silent *silent[SILENT];
	struct space *silent_last;
	uint64_t credit;
	struct libdma_range hole[HOLES];
	unsigned int holes;
	struct interrupted interrupted[INTERRUPTS];
	struct context context[CONTEXTS][WAYS];
	struct request *begun[BEGUN];
	struct request **pending;
	struct request *spare;
	struct context *last;
	uint32_t last_cpu, last_context;
	int32_t last_pid;
	struct stranger *stranger;
	size_t strangers;
	struct list_scratch scratch;
};

/* Are there ranges that no mapping's event tells of, as far as is known? */
static inline bool iova_may_be_silent(const struct iova *iova)
{
	return iova->frame->rules->has_iova_api ||
	       iova->frame->environment->origin.kernel == LIBDMA_UNKNOWN;
}

/* A division would cost more than what is looked up by it. */
static inline uint32_t iova_cpu(const struct iova *iova, uint32_t cpu)
{
	return cpu < iova->cpus ? cpu : cpu % iova->cpus;
}

/* Do events tell what the IOMMU did? The answer must have been the same before. */
static inline bool iova_is_shown(struct iova *iova)
{
	iova->taken_silent |= !iova->shown;
	return iova->shown;
}

static inline void iova_show(struct iova *iova)
{
	iova->frame->lacks_survey |= !iova->shown && iova->taken_silent;
	iova->shown = true;
}

/* predict-iova.c: who needs a request */

struct request *request_get(struct request *request);
void request_put(struct request *request);

/* predict-iova-request.c: what the events tell */

/* One more, left in @event->memo; NULL without memory. */
struct request *request_create(struct iova *iova, struct foreseen *event, uint8_t kind,
			       uint64_t dma, uint64_t size);

/* Where a mapping lies, as far as its event tells. */
void request_extent(const struct iova *iova, const struct dma_event *event,
		    struct request *ret);

/* An event enters the window: its request is left in @event->memo. */
int request_see(void *state, struct foreseen *event);

/* 0: a task did it; 1: a softirq; 2: an interrupt. */
unsigned int request_level(struct iova *iova, const struct dma_event *event);

/* Is @other, just before @event on its CPU, a release of an interrupt of its task? */
bool request_interrupts(struct iova *iova, const struct foreseen *event,
			const struct foreseen *other);

/* predict-iova-interrupt.c: takes that an interrupt came into */

/* What tells of a take enters the window: which releases before it may be behind it. */
void interrupt_see(struct iova *iova, struct foreseen *event, struct request *take);

/* An interrupt's release is about to run: the take before it, if it is. 0 or -ENOMEM. */
int interrupt_run(struct iova *iova, struct request *release);

/* A take that was @interrupted has its verdict. */
void interrupt_learn(struct iova *iova, struct request *take);

/* predict-iova-space.c */

/* The space of a device, made if need be. */
int space_find(struct iova *iova, struct predict_device *device, struct space **ret);

/*
 * Nobody said what is reserved, and the kernel left out all from @start to @end, where the
 * model has nothing: then no space has it. 1 if so, 0 or -ENOMEM.
 */
int space_learn_hole(struct iova *iova, struct space *space, uint64_t start, uint64_t end);
void space_destroy(struct space *space);

/* predict-iova-silent.c: ranges that no mapping's event tells of */

/*
 * Where such a range was taken, or lies: @request->space is NULL if there is no space.
 * What is taken there is remembered by silent_note(), until its release is looked for.
 * @told: only the answer itself told whose it is. 0 or -ENOMEM.
 */
int silent_find(struct iova *iova, struct request *request, bool *told);
int silent_note(struct iova *iova, const struct request *request);

/*
 * The range was released in pieces of another length than the one that its own pieces
 * seemed to make: what is too much of it is a range of its own.
 */
int silent_split(struct iova *iova, struct foreseen *event);

void silent_destroy(struct iova *iova);

/* predict-iova-run.c: requests on the model */

/* The take or release as the model has it. */
struct iova_op run_op(const struct iova *iova, const struct request *request);

/* Where it runs, @request->space; @told: only a take's answer told. 0 or -ENOMEM. */
int run_find_space(struct iova *iova, struct request *request, bool *told);

/* What the model says to a take goes into the request. */
int run_take(struct iova *iova, struct foreseen *event, struct request *request);
int run_release(struct iova *iova, struct request *request);

/* As early as @ns, if that yields the recorded answer: 1 then, 0 or -ENOMEM. */
int run_early(struct iova *iova, struct request *take, uint64_t ns);

/* Will the release flush its CPU's queue, as far as is known where it runs? */
bool run_will_flush(const struct iova *iova, const struct request *request);

/*
 * A map of one buffer before which nothing told of its range. It has no request: until
 * it is judged only @event->since is kept, before which it cannot have begun. 1 if
 * predicted; 0 with @request made, or -ENOMEM.
 */
int run_plain(struct iova *iova, struct foreseen *event, struct request *request);

/*
 * Its end, which releases its range, where nobody recorded releases: the device has a
 * space, all of whose answers were predicted, and what it ends is of one buffer.
 */
int run_plain_end(struct iova *iova, const struct foreseen *event);

/* predict-iova-explain.c: the model's answer is not the recorded one: why, in @request */
int explain_take(struct iova *iova, struct foreseen *event, struct request *request);

/* predict-iova-list.c: how the entries of a list merge */

/* The segments of a list whose range is as @request has it; 0 or -ENOMEM. */
int list_check(struct iova *iova, const struct foreseen *event,
	       const struct request *request, struct list_check *check);
void list_scratch_deinit(struct list_scratch *scratch);

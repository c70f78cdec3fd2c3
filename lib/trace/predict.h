/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * predict.h - what the predictors of the different allocators share
 *
 * Events wait in a window until later ones are known, and are then judged in order.
 * Each allocator has a backend: a table of functions that is shown every event when it
 * enters the window (see) and when its turn has come (judge).
 */
#pragma once

#include <libdma/predict.h>

#include "base/prefetch.h"
#include "base/rules.h"
#include "dma/event-kind.h"
#include "dma/live.h"

#define PREDICT_WINDOW_NS     100000000
#define PREDICT_WINDOW_EVENTS 4096
#define PREDICT_HISTORY	      512 /* judged events that can still be looked at */
#define PREDICT_COMING	      2048 /* events that may wait for the thread, at least */
#define PREDICT_WAIT	      32  /* events of the survey that are looked at together */
#define PREDICT_LOSSES	      64  /* of more than these the last goes on */
/*
 * How far apart two CPUs may change places: from a tracepoint to the lock, or back, it is a
 * microsecond, and some where the CPU is emulated.
 */
#define PREDICT_RACE_NS 20000
/*
 * How long a task may be interrupted where only that answer tells of it: of 72 orders in
 * recordings of emulated CPUs most lie within 3 ms of their witness, the longest 16 ms.
 */
#define PREDICT_INTERRUPT_NS 20000000
#define PREDICT_NO_GROUP     UINT32_MAX

/**
 * struct predict_device - a device's limits as they are now
 *
 * What the recording does not tell is as the kernel sets it up for a PCI device.
 *
 * @name:	string
 * @known:	what the environment says of it, or NULL
 * @is_pci:	its name is that of a PCI device
 * @translated:	an IOMMU stands between it and memory
 * @has_region:	its allocations are the region backend's
 * @group:	index in environment->iommu.group, PREDICT_NO_GROUP where not known
 * @offset:	DMA address less the physical one, where no allocator decides
 * @offset_known: @offset is proven or given, not only assumed to be 0
 * @concerns:	backends that its events concern, a bit for each; PREDICT_TELLS_MACHINE
 * @iova:	the IOVA backend's own
 * @low_is_full: it was given an IOVA above 4 GiB, and asks for no other since
 * @bound:	its driver came to it in this recording
 * @known_since: number of the first event of it
 * @was_bound:	that event shows limits that a driver has set
 * @limits_told: an event told all its limits
 * @longest_told: an answer that was not predicted told @max_segment
 * @maps_lists: an IOMMU translated a list of it
 */
struct predict_device {
	uint32_t name;
	const struct libdma_device_environment *known;
	bool is_pci;
	bool translated;
	bool has_region;
	uint32_t group;
	uint64_t dma_mask;
	uint64_t coherent_mask;
	uint64_t bus_limit; /* 0 for none */
	uint64_t max_segment;
	uint64_t boundary;
	uint64_t min_align;
	uint64_t offset;
	bool offset_known;
	struct libdma_fidelity fidelity;
	uint64_t direct;
	unsigned int concerns;
	void *iova;
	bool low_is_full, longest_told, limits_told, bound, was_bound, maps_lists;
	uint64_t known_since;
};

/**
 * struct foreseen - an event in the window
 *
 * The window is longer than the caches, so of most events only the first two lines are
 * used: what is found out about it, and the head of the event.
 *
 * @place:	where it is found among what is live
 * @used:	how much of @event is not 0; the frame's
 * @class:	enum dma_event_class of its kind
 * @judges:	the backends that judge it, a bit for each; PREDICT_TELLS_MACHINE
 * @judged:	its turn has been
 * @put_off:	its turn came too early, and it was counted then
 * @done:	it was done before its turn
 * @is_page:	an allocation that became a page of a pool
 * @has_since:	@since it is, and not @memo
 * @device:	its device, NULL for none
 * @memo:	what a backend's see() leaves for its judge(); the backend releases it
 * @since:	the same, where it is no pointer
 * @event:	a copy with lists of its own
 * @lists:	those of @event, for which there is room of @lists_size; the frame's
 */
struct foreseen {
	struct live_place place;
	uint8_t used;
	uint8_t class;
	uint8_t judges;
	bool judged : 1, done : 1, is_page : 1, has_since : 1, put_off : 1;
	struct predict_device *device;
	union {
		void *memo;
		uint64_t since;
	};
	struct dma_event event;
	void *lists;
	size_t lists_size;
} __attribute__((aligned(CACHE_LINE)));

/* What most events use of it. */
#define PREDICT_HEAD offsetof(struct dma_event, mask)
/* And events without lists. */
#define PREDICT_TAIL offsetof(struct dma_event, max_segment_size)

_Static_assert(offsetof(struct foreseen, event) + PREDICT_HEAD == 2 * CACHE_LINE,
	       "an event without a tail fills two lines");
_Static_assert(sizeof(struct foreseen) == 4 * CACHE_LINE, "places are a power of two");
_Static_assert(DMA_EVENT_KINDS <= 64, "backend.judges has a bit for each");

struct backend {
	int (*create)(struct libdma_predictor *frame, void **ret);
	void (*destroy)(void *state);
	/* first reading; @stranger: it ends what began before the recording. May be NULL */
	int (*survey)(void *state, const struct dma_event *event, bool stranger);
	/* the environment is known now, and the survey over */
	int (*start)(void *state);
	/* enters the window, as its newest; may be NULL */
	int (*see)(void *state, struct foreseen *event);
	/* all before it are judged */
	int (*judge)(void *state, struct foreseen *event);
	/* of these kinds, a bit for each; 0: of all */
	uint64_t judges;
	/* is shown, before and then, only what is of a device that no IOMMU translates */
	bool untranslated;
	/* no more events; may be NULL */
	int (*finish)(void *state);
};

extern const struct backend backend_direct; /* and the swiotlb */
extern const struct backend backend_pool;
extern const struct backend backend_region;
extern const struct backend backend_iova;

enum { BACKEND_DIRECT, BACKEND_POOL, BACKEND_REGION, BACKEND_IOVA, BACKENDS };

/* Beside a bit for each backend: the event tells of devices, or of the recording. */
#define PREDICT_TELLS_MACHINE (1U << BACKENDS)

/* What a recorder lost in some time, and the number of the event that tells. */
struct loss {
	uint64_t ns, until_ns;
	uint64_t number;
};

/**
 * struct libdma_predictor - the frame
 *
 * @environment: the recording's machine, after start()
 * @rules:	its kernel's
 * @seeing:	backends that see, a bit for each; @judging: that judge a kind, and
 *		PREDICT_TELLS_MACHINE
 * @everywhere:	those that do, whether the device is translated or not; the same
 * @window:	ring of events, a power of two of them: @mask + 1
 * @next:	number in the ring's count of the next to be judged
 * @newest:	of the next to enter the window
 * @come:	of the next to come; the same, unless a thread judges
 * @stop:	what must be seen to before this one comes; UINT64_MAX, nothing
 * @thread:	the thread that judges, or NULL
 * @strings:	its own table, which takes the place of that in @options
 * @newest_ns:	the time of the one that entered last
 * @latest_ns:	the greatest time of any event so far
 * @disorder:	number in the ring's count of the last that has an earlier one
 * @live:	what has begun; after start() that of @replay if there is one
 * @following:	who is to be shown the events
 * @replay:	the same, after start()
 * @wait:	events of the survey, without lists, @waiting of them, and @place of each
 * @begin:	of the event that is judged: the one that began what it ends, NULL for none
 *		or where it was before the recording
 * @lost_number: what is older may be another thing: of the last DMA_EVENT_LOST that was
 *		judged, or that the survey knows to begin here; UINT64_MAX, none
 * @lost_witness: number of the DMA_EVENT_LOST itself
 * @loss:	from the survey, by time, @losses of them, the next is @next_loss
 * @lost_ns, @lost_until_ns: when the first begins, UINT64_MAX for none; when those before
 *		the next end
 * @first_ns:	when the recording begins
 * @again:	the event was put off, and is judged again
 * @announced:	it tells searches for slots (swiotlb_bounced)
 * @maps_phys:	it calls dma_map_phys(), which 6.12 has not; from the survey
 * @lacks_survey: an event showed what only a survey tells
 */
struct libdma_predictor {
	struct libdma_predictor_options options;
	struct libdma_environment *environment;
	const struct kernel_rules *rules;
	enum dma_kernel kernel;
	void *state[BACKENDS];
	unsigned int seeing, everywhere;
	uint8_t judging[DMA_EVENT_KINDS];

	struct foreseen *window;
	uint64_t mask;
	struct libdma_strings *strings;
	struct live *live;
	struct libdma_replay *following, *replay;

	/* written with each event that is judged, and no line of the cache with the above */
	uint64_t next __attribute__((aligned(CACHE_LINE)));
	uint64_t newest, newest_ns;
	uint64_t latest_ns, disorder;
	const struct dma_event *begin;
	uint64_t lost_number, lost_witness;
	uint64_t lost_ns, lost_until_ns;
	uint64_t first_ns;
	bool again;
	bool announced;
	bool maps_phys;
	bool lacks_survey;

	struct loss loss[PREDICT_LOSSES];
	unsigned int losses, next_loss;

	struct predict_device **device; /* by the string's number */
	uint32_t device_numbers;
	struct predict_device **device_list; /* in order */
	size_t devices;

	struct libdma_fidelity_totals totals;
	struct assumption *assumption;
	size_t assumptions;

	struct dma_event wait[PREDICT_WAIT];
	struct live_place place[PREDICT_WAIT];
	unsigned int waiting;

	/* written with each event that comes, by another CPU than the rest */
	uint64_t come __attribute__((aligned(CACHE_LINE)));
	uint64_t stop;
	struct predict_thread *thread;
};

/* The place of an event of the ring's count. */
static inline struct foreseen *predict_at(const struct libdma_predictor *frame,
					  uint64_t number)
{
	return &frame->window[number & frame->mask];
}

/* The oldest that is kept. */
static inline uint64_t predict_oldest(const struct libdma_predictor *frame)
{
	return frame->next > PREDICT_HISTORY ? frame->next - PREDICT_HISTORY : 0;
}

/* Does the event use more of its structure than most do? */
static inline bool predict_has_tail(const struct dma_event *event)
{
	return event->phys_count | event->dma_count | event->nents | event->ents ||
	       event->max_segment_size | event->min_align_mask;
}

/* Does the event end a mapping or an allocation? */
static inline bool predict_ends(const struct foreseen *event)
{
	return event->class == DMA_CLASS_UNMAP || event->class == DMA_CLASS_FREE;
}

/* The next event of the window, NULL where none is known yet. */
struct foreseen *predict_next(struct libdma_predictor *frame, const struct foreseen *event);

/* The one before it, judged or not, NULL where it is forgotten. */
struct foreseen *predict_previous(struct libdma_predictor *frame,
				  const struct foreseen *event);

/* The one before it on its CPU. */
struct foreseen *predict_previous_of_cpu(struct libdma_predictor *frame,
					 const struct foreseen *event);

/* Does a driver's handler call this when a transfer is over? */
bool predict_is_release(unsigned int kind);

/*
 * What a call returned is shown when it is over: the releases right before it, on the
 * same CPU and in the name of the same task, may be those of an interrupt that came into
 * the call. The first of them; NULL if there is none.
 */
struct foreseen *predict_interrupted(struct libdma_predictor *frame,
				     const struct foreseen *event);

/* The same, or what other tasks did in its place while the call was preempted. */
struct foreseen *predict_preempted(struct libdma_predictor *frame,
				   const struct foreseen *event);

/*
 * A task that was preempted in a call is shown late with what it had done before: did
 * @other's do nothing else since @event, which is another task's?
 */
bool predict_rested(struct libdma_predictor *frame, const struct foreseen *event,
		    const struct foreseen *other);

/* Put at the next place the event that is to be judged next, where times are no order. */
void predict_sort(struct libdma_predictor *frame);

/*
 * From a backend's judge(), of an announcement: its task was interrupted behind it, and
 * what is announced is done when that goes on. It is judged once more behind @other, or,
 * where that is NULL or comes later, right before its task goes on. False where it is
 * there already.
 */
bool predict_put_off(struct libdma_predictor *frame, const struct foreseen *other);

/* The state of an event's device, made if need be; *@ret is NULL for number 0. */
int predict_device_find(struct libdma_predictor *frame, uint32_t name,
			struct predict_device **ret);

static inline int predict_device(struct libdma_predictor *frame, uint32_t name,
				 struct predict_device **ret)
{
	*ret = name < frame->device_numbers ? frame->device[name] : NULL;
	return *ret ? 0 : predict_device_find(frame, name, ret);
}

/* The first event of it tells whether it was at work before. */
void predict_device_first(struct predict_device *device, const struct dma_event *said);

/* An event of it enters the window. */
static inline void predict_device_see(struct predict_device *device,
				      const struct dma_event *said)
{
	if (device->known_since == LIBDMA_NO_WITNESS)
		predict_device_first(device, said);
}

/* A device event, set_mask ...: its limits are others now. */
void predict_device_update(const struct foreseen *event);

/* Did anybody say what its min_align_mask is? */
bool predict_knows_alignment(const struct predict_device *device);

/*
 * Each answer that an allocator decided is counted once: as predicted, or with a
 * divergence, whose @event is set here.
 */
void predict_right(struct libdma_predictor *frame, const struct foreseen *event,
		   enum libdma_decider decider);
void predict_wrong(struct libdma_predictor *frame, const struct foreseen *event,
		   struct libdma_divergence *divergence);

/* List what was taken for granted: once a name; 0 or -ENOMEM. */
int predict_assume(struct libdma_predictor *frame, const char *name, const char *from,
		   const char *format, ...) __attribute__((format(printf, 4, 5)));

void predict_free_counts(struct libdma_predictor *frame);

/* All that came before @until enters the window, and what is due is judged; 0 or -ENOMEM. */
int predict_take_in(struct libdma_predictor *frame, uint64_t until);

/* predict-thread.c: events are taken in by a thread of the frame's own */

/* An event comes for which there must be a place; 0, or what the thread met. */
int predict_thread_go_on(struct libdma_predictor *frame);

/* As far as the thread got when it was asked last. */
bool predict_thread_lacks_survey(const struct predict_thread *thread);

/* Wait until all that came is taken in, and go on without; 0, or what the thread met. */
int predict_thread_finish(struct libdma_predictor *frame);

/* The same, but what has not been taken in is not wanted. */
void predict_thread_stop(struct libdma_predictor *frame);

/* How many a list had; the first tracepoints of 6.12 told no numbers, and cut nothing. */
static inline uint32_t predict_nents(const struct dma_event *list)
{
	return list->nents ? list->nents : list->phys_count;
}

static inline uint32_t predict_ents(const struct dma_event *list)
{
	return list->nents ? list->ents : list->dma_count;
}

/* So little later, or earlier, that another CPU may have been first? */
static inline bool predict_is_soon(uint64_t ns, uint64_t since)
{
	return ns <= since || ns - since <= PREDICT_RACE_NS;
}

/* A race that the recording may show the wrong way round? */
static inline bool predict_races(const struct foreseen *a, const struct foreseen *b)
{
	return a->event.cpu != b->event.cpu &&
	       predict_is_soon(a->event.ns, b->event.ns) &&
	       predict_is_soon(b->event.ns, a->event.ns);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * predict-swiotlb.h - which slots a recording's bounces should have got
 *
 * For the files of the direct backend alone. A bounce is one search for slots: it is
 * announced, looked for, and answered by the map or list that it belongs to.
 */
#pragma once

#include "alloc/swiotlb.h"
#include "trace/predict.h"

#define RELEASES 512 /* that are remembered */
#define CPUS_MAX 4096

/**
 * struct bounce - a search for slots
 *
 * @next, @previous: of those that no map has taken yet
 * @number:	of the event that announced it, or of the map
 * @device:	whose
 * @cpu, @pid:	where it ran, and for which task
 * @phys, @size: the buffer
 * @timed:	what tells the answer has the search's time and CPU: that is where it is
 *		searched for, not where it was announced
 * @judged:	the event at which it is searched for was judged
 * @answered:	@got is known: a physical address, or DMA_MAPPING_ERROR
 * @searched:	the model has looked for slots
 * @expected:	what it found, as @got
 * @told:	@got told where the swiotlb lies, or where a copy was put before the recording
 * @put_off:	what came in between was before it, and @foretold is what it would have
 *		found without
 * @tail:	its list was cut before it: its answer will never come
 * @verdict, @witness: why @got is another one
 */
struct bounce {
	struct bounce *next, *previous;
	uint64_t number;
	struct predict_device *device;
	uint32_t cpu;
	int32_t pid;
	phys_addr_t phys;
	uint64_t size;
	bool timed, judged, answered, searched, told, tail, put_off;
	phys_addr_t got, expected, foretold;
	enum libdma_verdict verdict;
	uint64_t witness;
	char state[128];
};

/* Of the event at which slots are searched for: the search, until it is judged; or NULL. */
static inline struct bounce *bounce_at(const struct foreseen *event)
{
	struct bounce *bounce = NULL;

	if (event->event.kind == DMA_EVENT_SWIOTLB_BOUNCED ||
	    event->event.kind == DMA_EVENT_SWIOTLB_MAP)
		bounce = event->memo;
	if (bounce && bounce->timed && event->event.kind == DMA_EVENT_SWIOTLB_BOUNCED)
		bounce = NULL;
	return bounce;
}

/* Slots that were given back, and by which event. */
struct release {
	uint64_t number, ns;
	uint32_t cpu;
	struct predict_device *device;
	struct swiotlb_mapping mapping;
	phys_addr_t copy;
};

/* What was live before the recording. */
struct stranger {
	uint64_t number;
	phys_addr_t copy;
	uint64_t size;
};

/* Of a CPU: the first address, and between which all lie. */
struct cpu_reach {
	bool used;
	uint64_t first, low, high;
	uint64_t number; /* of the event of the first */
};

/**
 * struct slots - the modelled swiotlb
 *
 * @swiotlb:	NULL until it is known where it lies
 * @told_by:	number of the map whose answer told it; UINT64_MAX for none
 * @sized_by:	the same for how large it is
 * @areas:	how many
 * @area_bytes:	of each
 * @confirmed:	of each area: number of the last event that searched it, plus 1
 * @touched:	a bit a slot that the recording used, since events were lost
 * @touched_since: number of the loss, UINT64_MAX for none
 * @tells:	the recording has swiotlb_unmap: slots come back then
 * @tails:	copies that only the model knows the place of: those of cut lists
 * @cut_by:	number of the last such list, UINT64_MAX for none
 * @first_cpu:	CPU of the survey's first bounce
 */
struct slots {
	struct libdma_predictor *frame;
	struct swiotlb *swiotlb;
	uint64_t told_by;
	uint64_t sized_by;
	uint64_t start, slots;
	uint32_t areas;
	uint64_t area_bytes;
	uint64_t *confirmed;
	uint64_t *touched, touched_since;
	bool tells;

	struct release release[RELEASES];
	uint64_t releases;

	struct stranger *stranger;
	size_t strangers, stranger_room;
	bool lost;
	struct cpu_reach *reach; /* of CPUS_MAX */
	uint64_t tails, cut_by;
	uint32_t first_cpu;
	bool reached;
};

/* ---- predict-swiotlb-build.c: where it lies, and how large it is ---- */

int slots_create(struct libdma_predictor *frame, struct slots **ret);
void slots_destroy(struct slots *slots);

/* The survey met a copy of a buffer, or the end of one that began before. */
int slots_survey(struct slots *slots, const struct dma_event *event, uint64_t copy,
		 uint64_t size);
int slots_survey_stranger(struct slots *slots, const struct dma_event *event);

/* The environment is known; builds the swiotlb if that and the survey suffice. */
int slots_start(struct slots *slots);

/* A bounce's answer tells where it lies. */
int slots_learn(struct slots *slots, struct bounce *bounce);

/* ---- predict-swiotlb.c: searches and releases ---- */

struct swiotlb_device slots_device(const struct slots *slots,
				   const struct predict_device *device);

/* Is a copy there within the device's reach? */
bool slots_reach(const struct slots *slots, const struct predict_device *device,
		 phys_addr_t copy, uint64_t size);

/* Search for slots; all ones where there are none. */
phys_addr_t slots_search(struct slots *slots, const struct bounce *bounce,
			 struct swiotlb_cursor *before);
void slots_unsearch(struct slots *slots, const struct bounce *bounce, phys_addr_t copy,
		    struct swiotlb_cursor before);

/* Search, compare with the answer if there is one, and take it over. */
int slots_resolve(struct slots *slots, struct bounce *bounce, struct foreseen *event);

/* It was searched for before the recording: it is where the answer says. */
void slots_believe(struct slots *slots, struct bounce *bounce);

/* The answer came after the search. */
void slots_answer(struct slots *slots, struct bounce *bounce);

/* Its answer will never come: give back what was found. */
void slots_forget(struct slots *slots, const struct bounce *bounce);

/* A buffer at this address is no longer bounced. */
void slots_release(struct slots *slots, const struct foreseen *event, phys_addr_t copy);

/* What was known of the slots is not, where events were lost since. */
void slots_doubt(struct slots *slots);

bool slots_hold(const struct slots *slots, phys_addr_t copy);
uint32_t slots_area(const struct slots *slots, phys_addr_t copy);

/* ---- predict-swiotlb-witness.c: why an answer is another one ---- */

/*
 * Another CPU's search or release, a moment away, that must have come on the other side
 * of this search for its answer to be what it is. True where there is one: then the
 * search is done as it was.
 */
bool slots_order(struct slots *slots, struct bounce *bounce, struct foreseen *event);

/*
 * Another task searched on the same CPU before this one went on, and found what this one
 * should have; or an interrupt left what this one found: the first such event, or NULL.
 */
const struct foreseen *slots_intruder(const struct slots *slots,
				      const struct bounce *bounce,
				      const struct foreseen *event);

/* Set the verdict from what is not known of an area. */
void slots_explain(struct slots *slots, struct bounce *bounce);

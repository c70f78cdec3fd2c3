/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * binary-encoder.h - the encoder's state, for the files that are the encoder
 *
 * binary-encode.c writes events, binary-encode-tables.c what they have in common,
 * binary-encode-lists.c their lists; binary-guess.c chooses the rules they follow.
 */
#pragma once

#include "trace/binary-encode.h"
#include "trace/binary-model.h"

#define TASK_BUCKETS   (2 * MODEL_TASKS)
#define FAMILY_BUCKETS (2 * MODEL_FAMILIES)
#define SHAPE_BUCKETS  (2 * MODEL_SHAPES)
#define SLOT_BUCKETS   16384u

#define GUESS_CANDIDATES 27

/* The rules that the numbers of a family may follow. */
struct candidates {
	struct sum sum[GUESS_CANDIDATES];
};

struct encoder {
	struct model model;
	struct stream streams[STREAMS];
	const struct libdma_strings *strings;
	uint32_t *local; /* by number in @strings: number in this block, 0 for none yet */
	uint32_t local_room;
	uint32_t strings_used;
	uint32_t task; /* of the present run */
	uint32_t task_length;
	struct candidates *candidates; /* of each family */
	uint64_t *ns;	 /* of each event */
	uint64_t number; /* of the event to come, if they follow one another */
	uint64_t lost;
	size_t bulk; /* bytes of strings, text and lists so far */
	bool numbered;
	/* Hash tables. Of tasks and families: number + 1; of slots: the newest. */
	uint32_t tasks[TASK_BUCKETS];
	uint32_t families[FAMILY_BUCKETS];
	uint32_t shapes[SHAPE_BUCKETS];
	uint32_t slots[SLOT_BUCKETS];
};

static inline bool same_task(const struct task *task, const struct dma_event *event)
{
	return task->cpu == event->cpu && task->pid == event->pid &&
	       task->comm == event->comm && task->context == event->context;
}

static inline bool same_family(const struct dma_event *a, const struct dma_event *b)
{
	return a->kind == b->kind && a->dir == b->dir && a->flags == b->flags &&
	       a->device == b->device && a->error == b->error && a->attrs == b->attrs &&
	       a->gfp == b->gfp && a->name == b->name && a->stack == b->stack &&
	       a->handle == b->handle && a->boundary == b->boundary &&
	       a->coherent_mask == b->coherent_mask &&
	       a->max_segment_size == b->max_segment_size &&
	       a->min_align_mask == b->min_align_mask;
}

static inline bool has_lists(const struct dma_event *event)
{
	return event->phys_count | event->dma_count | event->nents | event->ents |
	       event->text_size;
}

/* A run of events of one task ends, another begins. 0 or -ENOMEM. */
void encode_task_end(struct encoder *encoder);
int encode_task(struct encoder *encoder, const struct dma_event *event);

/* The number of the family of an event, which is written if it is new. 0 or -ENOMEM. */
int encode_family(struct encoder *encoder, const struct dma_event *event, uint32_t *ret);

/* The number of a shape, which is written if it is new. 0 or -ENOMEM. */
int encode_shape(struct encoder *encoder, const struct shape *shape, uint32_t *ret);

/* A family is new. */
void guess_prepare(struct encoder *encoder, uint32_t family);

/*
 * The number of a shape that was to be expected here and that foretells all of the
 * event, 0 for none.
 */
uint32_t guess_foreseen(struct encoder *encoder, const struct dma_event *event);

/* The shape of an event in its family; what it leaves open of the numbers is written. */
void guess_shape(struct encoder *encoder, const struct dma_event *event, uint32_t family,
		 struct shape *ret);

/* The mapping of this number has begun: let it be found. */
void guess_remember(struct encoder *encoder, uint32_t slot);

/* The rules for the lists of an event; @slot may be NULL. */
void guess_lists(const struct encoder *encoder, const struct dma_event *event,
		 const struct slot *slot, uint8_t rules[LISTS]);

/* Write the lists and the text. 0 or -ENOMEM. */
int encode_lists(struct encoder *encoder, const struct shape *shape,
		 const struct slot *slot, const struct dma_event *event);

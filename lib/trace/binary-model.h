/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * binary-model.h - what the encoder and the decoder both know of a block so far
 *
 * An event is a task (who), a family (everything that seldom changes) and five
 * numbers. A shape is a family with a rule for each number that tells how it follows
 * from what came before; so an event that was foreseen is its shape and its time.
 * Both sides keep this model, and change it by the same functions: dmat(5).
 */
#pragma once

#include <libdma/event.h>

#include "trace/binary.h"

#define MODEL_TASKS    4096u
#define MODEL_FAMILIES 4096u
#define MODEL_SHAPES   16384u
#define MODEL_STRINGS  65536u
#define MODEL_EVENTS   65536u
/* Addresses in the lists of all events of a block. */
#define MODEL_ENTRIES ((size_t)1 << 21)

#define MODEL_PAGE 4096u
#define NO_SLOT	   UINT32_MAX

/* The numbers of an event, in the order in which they are coded. */
enum member {
	MEMBER_SIZE,
	MEMBER_PHYS,
	MEMBER_CPU_ADDR, /* between the two, lest they be copied as one vector */
	MEMBER_DMA,
	MEMBER_EXTRA,
	MEMBERS
};

/* How a number follows. "Last" is the family's last event, "previous" the block's. */
enum rule {
	RULE_LAST,	/* as the last */
	RULE_VALUE,	/* + the number itself */
	RULE_DELTA,	/* + the difference to the last */
	RULE_NEAR,	/* + the distance behind the previous event's */
	RULE_STEP,	/* as far from the last as that from its last */
	RULE_UP,	/* where the last ended */
	RULE_DOWN,	/* this size below the last */
	RULE_PREVIOUS,	/* the previous event's */
	RULE_BESIDE,	/* dma: as far from the previous event's as phys is */
	RULE_PHYS,	/* dma: this event's phys */
	RULE_SIZE,	/* this event's size */
	RULE_SLOT,	/* the mapping's */
	RULE_SLOT_PAGE, /* the whole pages around the mapping */
	RULES
};

/* Which mapping of this block an event is about. */
enum slot_rule {
	SLOT_NONE,
	SLOT_SAME, /* the one that was named last */
	SLOT_NEXT, /* of the queue, the one made after that which was named last */
	SLOT_TAIL, /* of the queue, the newest */
	SLOT_FAR,  /* + the distance from SLOT_NEXT, in mappings of the block */
	SLOT_RULES
};

enum list {
	LIST_SIZE,
	LIST_DMA_SIZE,
	LIST_PHYS,
	LIST_DMA,
	LISTS
};

/* How a list follows; what a rule gives too few entries for is coded. */
enum list_rule {
	LIST_ABSENT, /* no list: a null pointer */
	LIST_CODED,  /* + each entry's difference to the one before */
	LIST_COPY,   /* dma as phys, dma_size as size */
	LIST_SLOT,   /* the mapping's */
	LIST_CHAIN,  /* dma: each where the one before it ended; + the first's difference */
	LIST_TRAIL,  /* phys: those of as many events before this one */
	LIST_RULES
};

struct task {
	uint32_t cpu;
	int32_t pid;
	uint32_t comm;
	uint32_t context;
};

/**
 * struct family - events that are alike but for their numbers
 *
 * @event:	the members that they share, and the numbers of the last of them
 * @step:	how far phys and dma of the last were from those before
 * @end:	where phys and dma of the last ended
 * @tail:	last entries of its lists
 * @newest:	the queue of its live mappings: newest and oldest of them,
 * @oldest:
 * @next:	and the one that is expected to end next; NO_SLOT for none
 * @begins:	its events make mappings
 * @ends:	its events end them
 */
struct family {
	struct dma_event event;
	uint64_t step[MEMBERS];
	uint64_t end[MEMBERS];
	uint64_t tail[LISTS];
	uint32_t newest;
	uint32_t oldest;
	uint32_t next;
	bool begins;
	bool ends;
};

enum rest {
	REST_NONE,
	REST_NUMBER,
	REST_SIGNED,
	REST_ADDRESS,
};

struct operation {
	uint8_t member;
	uint8_t rule;
};

/**
 * struct sum - a rule for one number of one family, as the addresses of three numbers
 *
 * The number is *@a + *@b - *@minus; so all rules are one piece of code. Some foretell
 * only a part of it, and the rest is in a stream.
 *
 * @place:	the number in the family's event
 * @step:	how far it went
 * @rest:	enum rest: how the rest is written
 * @stream:	and where
 */
struct sum {
	uint64_t *place;
	uint64_t *step;
	const uint64_t *a;
	const uint64_t *b;
	const uint64_t *minus;
	uint8_t member;
	uint8_t rule;
	uint8_t rest;
	uint8_t stream;
};

/**
 * struct shape - a family, and how its numbers follow
 *
 * @family:	number of the family
 * @queue:	number of the family whose mapping @slot names
 * @slot:	enum slot_rule
 * @operations: for the members that are not as the last
 * @lists:	the events have counts, lists or text
 * @list:	enum list_rule of each list
 * @coded:	lists or the mapping are in the streams (numbers: by their rules)
 * @after:	the two shapes that followed this one, the later first
 * @sum:	the operations, ready to be done
 */
struct shape {
	uint32_t family;
	uint32_t queue;
	uint8_t slot;
	uint8_t operations;
	bool lists;
	bool coded;
	struct operation operation[MEMBERS];
	uint8_t list[LISTS];
	uint32_t after[2];
	struct sum sum[MEMBERS];
};

/* A mapping that began in this block. */
struct slot {
	uint64_t dma;
	uint64_t size;
	uint64_t cpu_addr;
	uint32_t phys_at; /* its lists, in model.entries */
	uint32_t dma_at;
	uint32_t phys_count;
	uint32_t dma_count;
	uint32_t queue;
	uint32_t newer; /* in the queue */
	uint32_t older;
	uint32_t chain; /* the encoder's */
	bool live;
};

struct model {
	struct task *task;
	struct family *family;
	struct shape *shape;
	struct slot *slot;
	uint64_t *trail; /* phys of each event so far */
	uint64_t *entries;
	size_t entries_room;
	size_t entries_used;
	uint32_t tasks;
	uint32_t families;
	uint32_t shapes;
	uint32_t slots;
	uint32_t events;
	uint32_t now;	  /* shape of the previous event */
	uint32_t named;	  /* slot that was named last */
	uint32_t phys_at; /* the lists of this event, in entries */
	uint32_t dma_at;
	uint64_t previous[MEMBERS]; /* size, phys and dma of the previous event */
	uint64_t named_numbers[MEMBERS]; /* those of the slot that was named last */
	uint64_t named_pages[MEMBERS];	 /* and of the whole pages around it */
};

/* For the encoder, and for the decoder: which member, and where its rest goes. */
struct member_place {
	uint8_t offset;
	uint8_t stream;
	bool address;
};
extern const struct member_place model_members[MEMBERS];

/* The members that a family's events share, in the order of their bits in dmat(5). */
struct shared_member {
	uint8_t offset;
	uint8_t size; /* bytes */
	bool string;
	bool negative;
};
#define SHARED_MEMBERS 14
/* Behind the bits of the members: the family's events make mappings, or end them. */
#define FAMILY_BEGINS (1u << SHARED_MEMBERS)
#define FAMILY_ENDS   (2u << SHARED_MEMBERS)
extern const struct shared_member model_shared[SHARED_MEMBERS];

int model_init(struct model *model);
void model_deinit(struct model *model);

/* Begin a block. */
void model_reset(struct model *model);

/* Room for @count more entries; model->entries may move. 0, -ENOMEM or -EBADMSG. */
int model_reserve(struct model *model, size_t count);

/* The family whose shared members are those of @event, and what its events do. */
uint32_t model_add_family(struct model *model, const struct dma_event *event, bool begins,
			  bool ends);
/* @shape is copied; its family is known. */
uint32_t model_add_shape(struct model *model, const struct shape *shape);

/* After an event: its mapping begins or ends. */
void model_begin(struct model *model, uint32_t family);
void model_end(struct model *model, struct slot *slot);

static inline uint64_t *member_of(struct dma_event *event, unsigned int member)
{
	return (uint64_t *)((char *)event + model_members[member].offset);
}

static inline uint64_t value_of(const struct dma_event *event, unsigned int member)
{
	return *(const uint64_t *)((const char *)event + model_members[member].offset);
}

/* The slot that SLOT_NEXT names, NO_SLOT for none. */
static inline uint32_t model_next_slot(const struct family *queue)
{
	return queue->next != NO_SLOT ? queue->next : queue->oldest;
}

/* An event is about this mapping, to which RULE_SLOT and RULE_SLOT_PAGE refer. */
static inline struct slot *model_name_slot(struct model *model, uint32_t number)
{
	struct slot *slot = &model->slot[number];
	uint64_t inside = slot->dma % MODEL_PAGE;

	model->named = number;
	model->named_numbers[MEMBER_SIZE] = slot->size;
	model->named_numbers[MEMBER_CPU_ADDR] = slot->cpu_addr;
	model->named_numbers[MEMBER_DMA] = slot->dma;
	model->named_pages[MEMBER_SIZE] =
		(inside + slot->size + MODEL_PAGE - 1) / MODEL_PAGE * MODEL_PAGE;
	model->named_pages[MEMBER_DMA] = slot->dma - inside;
	return slot;
}

extern const uint64_t model_zero;

static inline enum rest model_rest(unsigned int member, unsigned int rule)
{
	switch (rule) {
	case RULE_VALUE:
	case RULE_NEAR:
		return REST_NUMBER;
	case RULE_DELTA:
		return model_members[member].address ? REST_ADDRESS : REST_SIGNED;
	default:
		return REST_NONE;
	}
}

/* The sum for a rule, good as long as the family. */
static inline struct sum model_sum(struct model *model, struct family *family,
				   unsigned int member, unsigned int rule)
{
	struct dma_event *event = &family->event;
	struct sum sum = {
		.place = member_of(event, member),
		.step = &family->step[member],
		.a = &model_zero,
		.b = &model_zero,
		.minus = &model_zero,
		.member = (uint8_t)member,
		.rule = (uint8_t)rule,
		.rest = (uint8_t)model_rest(member, rule),
		.stream = model_members[member].stream,
	};

	switch (rule) {
	case RULE_LAST:
	case RULE_DELTA:
		sum.a = sum.place;
		break;
	case RULE_NEAR:
	case RULE_PREVIOUS:
		sum.a = &model->previous[member];
		break;
	case RULE_STEP:
		sum.a = sum.place;
		sum.b = sum.step;
		break;
	case RULE_UP:
		sum.a = &family->end[member];
		break;
	case RULE_DOWN:
		sum.a = sum.place;
		sum.minus = &event->size;
		break;
	case RULE_BESIDE:
		sum.a = &model->previous[MEMBER_DMA];
		sum.b = &event->phys;
		sum.minus = &model->previous[MEMBER_PHYS];
		break;
	case RULE_PHYS:
		sum.a = &event->phys;
		break;
	case RULE_SIZE:
		sum.a = &event->size;
		break;
	case RULE_SLOT:
		sum.a = &model->named_numbers[member];
		break;
	case RULE_SLOT_PAGE:
		sum.a = &model->named_pages[member];
		break;
	}
	return sum;
}

/*
 * The number that a rule foretells, to which RULE_VALUE, RULE_DELTA and RULE_NEAR add
 * what is in the streams. The family's event has the members before this one already.
 */
static inline uint64_t sum_up(const struct sum *sum)
{
	return *sum->a + *sum->b - *sum->minus;
}

/* Which shape comes next, to the code that names it; and the model then knows it. */
static inline void model_follow(struct model *model, uint32_t shape)
{
	struct shape *now = &model->shape[model->now];

	if (now->after[0] != shape) {
		now->after[1] = now->after[0];
		now->after[0] = shape;
	}
	model->now = shape;
}

/* Note where the lists of the family's event end. */
void model_note_lists(struct family *family);

/* Note an event, whose numbers are in its family's event; @slot is NULL for none. */
static inline void model_note(struct model *model, struct family *family, struct slot *slot)
{
	const struct dma_event *event = &family->event;

	model->previous[MEMBER_SIZE] = event->size;
	model->previous[MEMBER_PHYS] = event->phys;
	model->previous[MEMBER_DMA] = event->dma;
	family->end[MEMBER_PHYS] = event->phys + event->size;
	family->end[MEMBER_DMA] = event->dma + event->size;
	model->trail[model->events++] = event->phys;
	if (slot && family->ends && slot->live)
		model_end(model, slot);
	if (family->begins && event->dma != DMA_MAPPING_ERROR)
		model_begin(model, (uint32_t)(family - model->family));
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * binary-guess.c - which rules does an event follow?
 *
 * For each number the rules are tried in turn, those first that hold for all events
 * of a sort and not for this one by chance, so that there are few shapes. First of
 * all, what followed last time is tried as a whole.
 */
#include "trace/binary-encoder.h"

/* A negligible distance between an event and the one before it. */
#define NEAR 65536

/* The rules for each number, in the order in which they are tried; the last one holds. */
static const struct operation candidates[GUESS_CANDIDATES] = {
	{ MEMBER_SIZE, RULE_SLOT },	{ MEMBER_SIZE, RULE_SLOT_PAGE },
	{ MEMBER_SIZE, RULE_LAST },	{ MEMBER_SIZE, RULE_PREVIOUS },
	{ MEMBER_SIZE, RULE_VALUE },	{ MEMBER_PHYS, RULE_LAST },
	{ MEMBER_PHYS, RULE_PREVIOUS }, { MEMBER_PHYS, RULE_UP },
	{ MEMBER_PHYS, RULE_DOWN },	{ MEMBER_PHYS, RULE_STEP },
	{ MEMBER_PHYS, RULE_NEAR },	{ MEMBER_PHYS, RULE_DELTA },
	{ MEMBER_CPU_ADDR, RULE_SLOT }, { MEMBER_CPU_ADDR, RULE_LAST },
	{ MEMBER_CPU_ADDR, RULE_VALUE }, { MEMBER_DMA, RULE_SLOT },
	{ MEMBER_DMA, RULE_SLOT_PAGE }, { MEMBER_DMA, RULE_PHYS },
	{ MEMBER_DMA, RULE_BESIDE },	{ MEMBER_DMA, RULE_LAST },
	{ MEMBER_DMA, RULE_UP },	{ MEMBER_DMA, RULE_DOWN },
	{ MEMBER_DMA, RULE_STEP },	{ MEMBER_DMA, RULE_DELTA },
	{ MEMBER_EXTRA, RULE_SIZE },	{ MEMBER_EXTRA, RULE_LAST },
	{ MEMBER_EXTRA, RULE_VALUE },
};

/* Where those of each member begin. */
static const uint8_t first_candidate[MEMBERS] = {
	[MEMBER_SIZE] = 0, [MEMBER_PHYS] = 5,	[MEMBER_CPU_ADDR] = 12,
	[MEMBER_DMA] = 15, [MEMBER_EXTRA] = 24,
};

void guess_prepare(struct encoder *encoder, uint32_t number)
{
	struct family *family = &encoder->model.family[number];

	for (unsigned int i = 0; i < GUESS_CANDIDATES; i++)
		encoder->candidates[number].sum[i] =
			model_sum(&encoder->model, family, candidates[i].member,
				  candidates[i].rule);
}

static bool rule_holds(const struct sum *sum, uint64_t value)
{
	uint64_t foretold = sum_up(sum);

	switch (sum->rule) {
	case RULE_VALUE:
	case RULE_DELTA:
		return true;
	case RULE_NEAR:
		return value - foretold < NEAR && foretold;
	case RULE_SIZE:
	case RULE_PHYS:
		/* No rule is needed where there is no number. */
		return foretold == value && (value || *sum->place);
	default:
		return foretold == value;
	}
}

static void write_rest(struct encoder *encoder, const struct sum *sum, uint64_t rest)
{
	struct stream *stream = &encoder->streams[sum->stream];

	if (sum->rest == REST_ADDRESS)
		put_address(stream, rest);
	else if (sum->rest == REST_SIGNED)
		put_signed(stream, rest);
	else
		put_varint(stream, rest);
}

/* The first rule that holds; those about a mapping only if the event names one. */
static const struct sum *choose_rule(const struct encoder *encoder, uint32_t family,
				     bool with_slot, unsigned int member, uint64_t value)
{
	const struct sum *sum =
		&encoder->candidates[family].sum[first_candidate[member]];

	while ((sum->rule >= RULE_SLOT && !with_slot) || !rule_holds(sum, value))
		sum++;
	return sum;
}

/* The numbers go into the family's event, and what was not foretold into the streams. */
static void guess_numbers(struct encoder *encoder, const struct dma_event *event,
			  struct shape *shape)
{
	for (unsigned int member = 0; member < MEMBERS; member++) {
		uint64_t value = value_of(event, member);
		const struct sum *sum =
			choose_rule(encoder, shape->family, shape->slot, member, value);
		uint64_t last = *sum->place;

		if (sum->rule == RULE_LAST)
			continue;
		if (sum->rest)
			write_rest(encoder, sum, value - sum_up(sum));
		shape->operation[shape->operations].member = (uint8_t)member;
		shape->operation[shape->operations].rule = sum->rule;
		shape->operations++;
		*sum->place = value;
		*sum->step = value - last;
	}
}

static uint32_t bucket_of(uint64_t address)
{
	return (uint32_t)((address / MODEL_PAGE) * 0x9e3779b97f4a7c15u >> 32) % SLOT_BUCKETS;
}

/* The address by which a mapping is found: a list's unmap knows only the physical one. */
static uint64_t key_of_slot(const struct model *model, const struct slot *slot)
{
	return slot->phys_count ? model->entries[slot->phys_at] : slot->dma;
}

void guess_remember(struct encoder *encoder, uint32_t number)
{
	struct slot *slot = &encoder->model.slot[number];
	uint32_t *bucket = &encoder->slots[bucket_of(key_of_slot(&encoder->model, slot))];

	slot->chain = *bucket;
	*bucket = number;
}

static bool begins_with(const uint64_t *list, uint32_t count, const uint64_t *prefix,
			uint32_t prefix_count)
{
	if (prefix_count > count)
		prefix_count = count;
	return !memcmp(list, prefix, prefix_count * sizeof(*list));
}

static bool slot_fits(const struct encoder *encoder, const struct slot *slot,
		      const struct dma_event *event)
{
	const struct model *model = &encoder->model;
	const struct dma_event *begin = &model->family[slot->queue].event;

	if (event->kind == DMA_EVENT_IOMMU_UNMAP)
		return slot->dma / MODEL_PAGE * MODEL_PAGE == event->dma;
	if (begin->device != event->device)
		return false;
	if (event->phys_count)
		return event->phys_list && slot->phys_count &&
		       begins_with(event->phys_list, event->phys_count,
				   model->entries + slot->phys_at, slot->phys_count);
	if (event->dma_count)
		return event->dma_list && slot->dma_count &&
		       event->dma_list[0] == slot->dma;
	return slot->dma == event->dma && slot->size == event->size;
}

/* Does this kind of event name a mapping that was made before? */
static bool names_slot(const struct dma_event *event)
{
	enum dma_event_class class = libdma_event_kind_class(event->kind);

	return class == DMA_CLASS_UNMAP || class == DMA_CLASS_FREE ||
	       class == DMA_CLASS_SYNC || event->kind == DMA_EVENT_IOMMU_UNMAP;
}

static uint32_t find_slot(const struct encoder *encoder, const struct dma_event *event)
{
	const struct model *model = &encoder->model;
	uint64_t key = event->dma;
	unsigned int patience = 64;

	if (model->named != NO_SLOT && slot_fits(encoder, &model->slot[model->named], event))
		return model->named;
	if (event->phys_count && event->phys_list)
		key = event->phys_list[0];
	else if (event->dma_count && event->dma_list)
		key = event->dma_list[0];
	for (uint32_t number = encoder->slots[bucket_of(key)];
	     number != NO_SLOT && patience--; number = model->slot[number].chain)
		if (model->slot[number].live &&
		    slot_fits(encoder, &model->slot[number], event))
			return number;
	return NO_SLOT;
}

static void guess_slot(struct encoder *encoder, uint32_t number, struct shape *shape)
{
	struct model *model = &encoder->model;
	const struct slot *slot = &model->slot[number];
	const struct family *queue = &model->family[slot->queue];
	uint32_t next = model_next_slot(queue);

	if (number == model->named) {
		shape->slot = SLOT_SAME;
		return;
	}
	shape->queue = slot->queue;
	if (number == next) {
		shape->slot = SLOT_NEXT;
	} else if (number == queue->newest) {
		shape->slot = SLOT_TAIL;
	} else {
		shape->slot = SLOT_FAR;
		shape->coded = true;
		put_signed(&encoder->streams[STREAM_SLOT],
			   (uint64_t)(int64_t)(int32_t)(number - next));
	}
	model_name_slot(model, number);
}

void guess_shape(struct encoder *encoder, const struct dma_event *event, uint32_t family,
		 struct shape *ret)
{
	struct family *last = &encoder->model.family[family];
	const struct slot *slot = NULL;
	uint32_t number = NO_SLOT;

	memset(ret, 0, offsetof(struct shape, after));
	ret->family = family;
	if (names_slot(event))
		number = find_slot(encoder, event);
	if (number != NO_SLOT) {
		slot = &encoder->model.slot[number];
		guess_slot(encoder, number, ret);
	}
	guess_numbers(encoder, event, ret);
	ret->lists = has_lists(event) || has_lists(&last->event);
	if (ret->lists) {
		guess_lists(encoder, event, slot, ret->list);
		ret->coded = true;
	}
}

/* Name the mapping that a shape is about, if that may be the event's. */
static bool foresee_slot(struct model *model, const struct shape *shape,
			 const struct dma_event *event)
{
	const struct family *queue = &model->family[shape->queue];
	uint32_t number = model->named;

	if (shape->slot == SLOT_NEXT)
		number = model_next_slot(queue);
	else if (shape->slot == SLOT_TAIL)
		number = queue->newest;
	if (number == NO_SLOT || (model->slot[number].dma ^ event->dma) >= MODEL_PAGE)
		return false;
	if (number != model->named)
		model_name_slot(model, number);
	return true;
}

static bool same_numbers(const struct dma_event *a, const struct dma_event *b)
{
	return a->dma == b->dma && a->phys == b->phys && a->size == b->size &&
	       a->cpu_addr == b->cpu_addr && a->mask == b->mask;
}

/*
 * Let the family's event become what the shape foretells; is it @event? Where a number
 * is in the streams, the shape is right only if no better rule has become so.
 */
static bool shape_foretells(struct encoder *encoder, const struct shape *shape,
			    const struct dma_event *event)
{
	const struct family *family = &encoder->model.family[shape->family];
	uint64_t last[MEMBERS], step[MEMBERS], rest[MEMBERS];
	unsigned int done;

	for (done = 0; done < shape->operations; done++) {
		const struct sum *sum = &shape->sum[done];
		uint64_t value = sum_up(sum);

		if (sum->rest) {
			rest[done] = value_of(event, sum->member) - value;
			value += rest[done];
			if (choose_rule(encoder, shape->family, false, sum->member, value)
				    ->rule != sum->rule)
				break;
		}
		last[done] = *sum->place;
		step[done] = *sum->step;
		*sum->place = value;
		*sum->step = value - last[done];
	}
	if (done == shape->operations && same_numbers(&family->event, event)) {
		for (unsigned int i = 0; i < done; i++)
			if (shape->sum[i].rest)
				write_rest(encoder, &shape->sum[i], rest[i]);
		return true;
	}
	while (done--) {
		*shape->sum[done].place = last[done];
		*shape->sum[done].step = step[done];
	}
	return false;
}

uint32_t guess_foreseen(struct encoder *encoder, const struct dma_event *event)
{
	struct model *model = &encoder->model;
	const uint32_t *after = model->shape[model->now].after;
	bool names = names_slot(event);
	uint32_t named = model->named;

	if (has_lists(event))
		return 0;
	for (unsigned int i = 0; i < 2 && after[i]; i++) {
		const struct shape *shape = &model->shape[after[i]];
		const struct dma_event *last = &model->family[shape->family].event;

		/* what the last one had has to be said to be gone */
		if (shape->coded || names != !!shape->slot || has_lists(last) ||
		    !same_family(last, event) ||
		    (names && !foresee_slot(model, shape, event)))
			continue;
		if (shape_foretells(encoder, shape, event))
			return after[i];
		if (model->named == named)
			continue;
		if (named != NO_SLOT)
			model_name_slot(model, named);
		model->named = named;
	}
	return 0;
}

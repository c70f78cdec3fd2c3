// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * binary-guess.c - which rules does an event follow?
 *
 * For each number the rules are tried in turn, those first that hold for all events
 * of a sort and not for this one by chance, so that there are few shapes.
 */
#include "trace/binary-encoder.h"

/* A negligible distance between an event and the one before it. */
#define NEAR 65536

/* The rules for each number, in the order in which they are tried. */
static const uint8_t candidates[MEMBERS][10] = {
	[MEMBER_SIZE] = { RULE_SLOT, RULE_SLOT_PAGE, RULE_LAST, RULE_PREVIOUS, RULE_VALUE },
	[MEMBER_PHYS] = { RULE_LAST, RULE_PREVIOUS, RULE_UP, RULE_DOWN, RULE_STEP, RULE_NEAR,
			  RULE_DELTA },
	[MEMBER_DMA] = { RULE_SLOT, RULE_SLOT_PAGE, RULE_PHYS, RULE_BESIDE, RULE_LAST,
			 RULE_UP, RULE_DOWN, RULE_STEP, RULE_DELTA },
	[MEMBER_CPU_ADDR] = { RULE_SLOT, RULE_LAST, RULE_VALUE },
	[MEMBER_EXTRA] = { RULE_SIZE, RULE_LAST, RULE_VALUE },
};

static bool rule_holds(const struct encoder *encoder, const struct family *family,
		       const struct dma_event *event, const struct slot *slot,
		       unsigned int member, unsigned int rule)
{
	uint64_t value = value_of(event, member), foretold;

	if (rule >= RULE_SLOT && !slot)
		return false;
	foretold = model_foretell(&encoder->model, family, event, slot, member, rule,
				  value_of(&family->event, member));
	switch (rule) {
	case RULE_VALUE:
	case RULE_DELTA:
		return true;
	case RULE_NEAR:
		return value - foretold < NEAR && foretold;
	case RULE_SIZE:
	case RULE_PHYS:
		/* No rule is needed where there is no number. */
		return foretold == value && (value || value_of(&family->event, member));
	default:
		return foretold == value;
	}
}

static void guess_numbers(const struct encoder *encoder, const struct family *family,
			  const struct dma_event *event, const struct slot *slot,
			  struct shape *shape)
{
	for (unsigned int member = 0; member < MEMBERS; member++) {
		const uint8_t *rule = candidates[member];

		while (!rule_holds(encoder, family, event, slot, member, *rule))
			rule++;
		if (*rule == RULE_LAST)
			continue;
		shape->operation[shape->operations].member = (uint8_t)member;
		shape->operation[shape->operations].rule = *rule;
		shape->operations++;
		shape->coded |= *rule <= RULE_NEAR;
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

static void guess_slot(const struct encoder *encoder, uint32_t number, struct shape *shape)
{
	const struct model *model = &encoder->model;
	const struct slot *slot = &model->slot[number];
	const struct family *queue = &model->family[slot->queue];

	if (number == model->named) {
		shape->slot = SLOT_SAME;
		return;
	}
	shape->queue = slot->queue;
	if (number == model_next_slot(queue))
		shape->slot = SLOT_NEXT;
	else if (number == queue->newest)
		shape->slot = SLOT_TAIL;
	else
		shape->slot = SLOT_FAR;
	shape->coded |= shape->slot == SLOT_FAR;
}

void guess_shape(const struct encoder *encoder, const struct dma_event *event,
		 uint32_t family, struct shape *ret, uint32_t *slot_number)
{
	const struct family *last = &encoder->model.family[family];
	const struct slot *slot = NULL;

	memset(ret, 0, sizeof(*ret));
	ret->family = family;
	*slot_number = names_slot(event) ? find_slot(encoder, event) : NO_SLOT;
	if (*slot_number != NO_SLOT) {
		slot = &encoder->model.slot[*slot_number];
		guess_slot(encoder, *slot_number, ret);
	}
	guess_numbers(encoder, last, event, slot, ret);
	ret->lists = has_lists(event) || has_lists(&last->event);
	if (ret->lists) {
		guess_lists(encoder, event, slot, ret->list);
		ret->coded = true;
	}
}

static uint32_t foreseen_slot(const struct model *model, const struct shape *shape)
{
	switch (shape->slot) {
	case SLOT_SAME:
		return model->named;
	case SLOT_NEXT:
		return model_next_slot(&model->family[shape->queue]);
	case SLOT_TAIL:
		return model->family[shape->queue].newest;
	default:
		return NO_SLOT;
	}
}

static bool shape_foretells(const struct encoder *encoder, const struct shape *shape,
			    const struct dma_event *event, uint32_t *slot_number)
{
	const struct model *model = &encoder->model;
	const struct family *family = &model->family[shape->family];
	const struct slot *slot = NULL;
	unsigned int next = 0;

	if (shape->coded || has_lists(event) || !same_family(&family->event, event))
		return false;
	*slot_number = foreseen_slot(model, shape);
	if (shape->slot) {
		if (*slot_number == NO_SLOT)
			return false;
		slot = &model->slot[*slot_number];
	}
	for (unsigned int member = 0; member < MEMBERS; member++) {
		unsigned int rule = RULE_LAST;

		if (next < shape->operations && shape->operation[next].member == member)
			rule = shape->operation[next++].rule;
		if (model_foretell(model, family, event, slot, member, rule,
				   value_of(&family->event, member)) !=
		    value_of(event, member))
			return false;
	}
	return true;
}

uint32_t guess_foreseen(const struct encoder *encoder, const struct dma_event *event,
			uint32_t *slot)
{
	const struct model *model = &encoder->model;
	const struct shape *now = &model->shape[model->now];

	for (unsigned int i = 0; i < 2; i++)
		if (now->after[i] && shape_foretells(encoder, &model->shape[now->after[i]],
						     event, slot))
			return now->after[i];
	*slot = NO_SLOT;
	return 0;
}

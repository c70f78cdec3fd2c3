// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * verify-state.c - is a checkpoint the state that the events before it led to?
 *
 * What a checkpoint tells goes into a table of its own, and both tables are walked side
 * by side, oldest first.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dma/live.h"
#include "trace/verify.h"

struct verify_state {
	struct live *live;
	struct live *told;
	bool lost;
};

struct verify_state *verify_state_create(void)
{
	struct verify_state *state = calloc(1, sizeof(*state));

	if (!state)
		return NULL;
	state->live = live_create();
	state->told = live_create();
	if (state->live && state->told)
		return state;
	verify_state_destroy(state);
	return NULL;
}

void verify_state_destroy(struct verify_state *state)
{
	if (!state)
		return;
	live_destroy(state->live);
	live_destroy(state->told);
	free(state);
}

void verify_state_lost(struct verify_state *state)
{
	state->lost = true;
}

int verify_state_put(struct verify_state *state, const struct dma_event *event)
{
	const struct mapping *mapping;
	int change = state->lost ? 0 : live_apply(state->live, event, &mapping);

	return change < 0 ? change : 0;
}

int verify_state_told(struct verify_state *state, const struct dma_event *event)
{
	return state->lost ? 0 : live_restore(state->told, event);
}

struct list {
	const struct mapping **mapping;
	size_t count;
};

static int append(const struct mapping *mapping, void *arg)
{
	struct list *list = arg;

	list->mapping[list->count++] = mapping;
	return 0;
}

static int list_mappings(const struct live *live, struct list *list)
{
	list->count = 0;
	list->mapping = calloc(live_records(live) + 1, sizeof(struct mapping *));
	if (!list->mapping)
		return -ENOMEM;
	return live_walk(live, append, list);
}

static bool same_list(const void *a, const void *b, size_t size)
{
	return a == b || (a && b && !memcmp(a, b, size));
}

static bool same_event(const struct dma_event *a, const struct dma_event *b)
{
	return a->number == b->number && a->kind == b->kind && a->dir == b->dir &&
	       a->ns == b->ns && a->device == b->device && a->name == b->name &&
	       a->stack == b->stack && a->phys == b->phys && a->dma == b->dma &&
	       a->size == b->size && a->cpu_addr == b->cpu_addr && a->attrs == b->attrs &&
	       a->handle == b->handle && a->nents == b->nents && a->ents == b->ents &&
	       a->phys_count == b->phys_count && a->dma_count == b->dma_count &&
	       same_list(a->phys_list, b->phys_list, a->phys_count * 8ul) &&
	       same_list(a->dma_list, b->dma_list, a->dma_count * 8ul);
}

static bool same_mappings(const struct list *a, const struct list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!same_event(&a->mapping[i]->event, &b->mapping[i]->event))
			return false;
	return true;
}

int verify_state_compare(struct verify_state *state, uint64_t *was, uint64_t *is)
{
	struct list live = { 0 }, told = { 0 };
	struct live *fresh;
	int ret;

	if (state->lost)
		return 0;
	fresh = live_create();
	if (!fresh)
		return -ENOMEM;
	ret = list_mappings(state->live, &live);
	if (!ret)
		ret = list_mappings(state->told, &told);
	if (!ret)
		ret = !same_mappings(&live, &told);
	*was = live.count;
	*is = told.count;
	free(live.mapping);
	free(told.mapping);
	live_destroy(state->told);
	state->told = fresh;
	return ret;
}

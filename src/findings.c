// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * findings.c - the verdicts of a trace, those of one rule, device and site together
 */
#include <stdlib.h>
#include <string.h>

#include "findings.h"
#include "output.h"

static uint32_t driver_of(const struct findings *findings, uint32_t device)
{
	return device < findings->drivers ? findings->driver[device] : 0;
}

int findings_driver(void *arg, uint32_t device, uint32_t driver)
{
	struct findings *findings = arg;
	size_t room = device < 64 ? 128 : (size_t)device * 2;
	uint32_t *grown;

	if (device >= findings->drivers) {
		grown = realloc(findings->driver, room * sizeof(*grown));
		if (!grown)
			out_of_memory();
		memset(grown + findings->drivers, 0,
		       (room - findings->drivers) * sizeof(*grown));
		findings->driver = grown;
		findings->drivers = room;
	}
	findings->driver[device] = driver;
	return 0;
}

static uint32_t site_of(const struct libdma_check_verdict *verdict)
{
	if (verdict->event->stack)
		return verdict->event->stack;
	return verdict->begin ? verdict->begin->stack : 0;
}

static bool is_same(const struct finding *a, const struct finding *b)
{
	return a->rule == b->rule && a->device == b->device && a->site == b->site &&
	       a->kind == b->kind && !a->doubt == !b->doubt;
}

/* Where a finding is, or the free slot where it would go. */
static uint32_t *slot_of(const struct findings *findings, const struct finding *finding)
{
	size_t mask = findings->room * 2 - 1;
	uint64_t hash = ((uint64_t)finding->device << 32 | finding->site) ^
			(uintptr_t)finding->rule << 7 ^ (uint64_t)finding->kind << 48 ^
			!finding->doubt;
	size_t at = (hash * 0x9e3779b97f4a7c15 >> 32) & mask;

	while (findings->slot[at] &&
	       !is_same(&findings->finding[findings->slot[at] - 1], finding))
		at = (at + 1) & mask;
	return &findings->slot[at];
}

static void grow(struct findings *findings)
{
	findings->room = findings->room ? findings->room * 2 : 16;
	findings->finding =
		realloc(findings->finding, findings->room * sizeof(*findings->finding));
	free(findings->slot);
	findings->slot = calloc(findings->room * 2, sizeof(*findings->slot));
	if (!findings->finding || !findings->slot)
		out_of_memory();
	for (size_t i = 0; i < findings->count; i++)
		*slot_of(findings, &findings->finding[i]) = (uint32_t)i + 1;
}

/* The group that a verdict belongs to, made if there is none. */
static struct finding *group_of(struct findings *findings,
				const struct libdma_check_verdict *verdict)
{
	const struct dma_event *event = verdict->event;
	const struct finding wanted = { .rule = verdict->rule,
					.device = event->device,
					.driver = driver_of(findings, event->device),
					.site = site_of(verdict),
					.kind = event->kind,
					.doubt = verdict->doubt };
	uint32_t *slot;

	if (findings->count == findings->room)
		grow(findings);
	slot = slot_of(findings, &wanted);
	if (!*slot) {
		findings->finding[findings->count++] = wanted;
		*slot = (uint32_t)findings->count;
	}
	return &findings->finding[*slot - 1];
}

static void keep(struct dma_event *to, const struct dma_event *event)
{
	if (!event)
		return;
	*to = *event;
	to->phys_list = to->dma_list = NULL;
	to->size_list = to->dma_size_list = NULL;
	to->text = NULL;
	to->text_size = 0;
}

static bool is_suppressed(const struct findings *findings,
			  const struct libdma_check_verdict *verdict)
{
	const struct libdma_strings *strings = findings->strings;

	return findings->suppressions &&
	       suppressions_match(findings->suppressions, verdict->rule,
				  libdma_strings_get(strings, verdict->event->device),
				  libdma_strings_get(strings, site_of(verdict)));
}

void findings_add(void *arg, const struct libdma_check_verdict *verdict)
{
	struct findings *findings = arg;
	struct finding *group;

	if (findings->muted ||
	    (findings->filter &&
	     !libdma_filter_match(findings->filter, verdict->event, findings->strings)))
		return;
	if (is_suppressed(findings, verdict)) {
		findings->suppressed++;
		return;
	}
	group = group_of(findings, verdict);
	group->doubt |= verdict->doubt;
	group->last_ns = verdict->event->ns;
	if (group->count++)
		return;
	keep(&group->first, verdict->event);
	keep(&group->begin, verdict->begin);
	keep(&group->other, verdict->other);
	group->dma = verdict->dma;
	group->size = verdict->size;
	group->was = verdict->was;
	group->is = verdict->is;
	group->text = strdup(verdict->text);
	if (!group->text)
		out_of_memory();
}

static int compare(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;

	if (!x->doubt != !y->doubt)
		return !!x->doubt - !!y->doubt;
	if (x->rule->severity != y->rule->severity)
		return x->rule->severity > y->rule->severity ? -1 : 1;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return (x->first.number > y->first.number) - (x->first.number < y->first.number);
}

void findings_sort(struct findings *findings)
{
	if (findings->count)
		qsort(findings->finding, findings->count, sizeof(*findings->finding),
		      compare);
}

uint64_t findings_of(const struct findings *findings, enum libdma_check_severity severity)
{
	uint64_t count = 0;

	for (size_t i = 0; i < findings->count; i++)
		if (!findings->finding[i].doubt &&
		    findings->finding[i].rule->severity == severity)
			count += findings->finding[i].count;
	return count;
}

uint64_t findings_doubted(const struct findings *findings)
{
	uint64_t count = 0;

	for (size_t i = 0; i < findings->count; i++)
		if (findings->finding[i].doubt)
			count += findings->finding[i].count;
	return count;
}

void findings_deinit(struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		free(findings->finding[i].text);
	free(findings->finding);
	free(findings->slot);
	free(findings->driver);
}

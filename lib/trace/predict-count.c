// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * predict-count.c - how well a recording was predicted, and on what assumptions
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/predict.h"

struct assumption {
	const char *name, *from; /* constants */
	char value[64];
};

static const char *const verdict_names[LIBDMA_VERDICTS] = {
	[LIBDMA_VERDICT_PREDICTED] = "predicted",
	[LIBDMA_VERDICT_ORDER] = "order",
	[LIBDMA_VERDICT_ORIGIN] = "origin",
	[LIBDMA_VERDICT_CUT] = "cut",
	[LIBDMA_VERDICT_TIMER] = "timer",
	[LIBDMA_VERDICT_LOST] = "lost",
	[LIBDMA_VERDICT_USED] = "used",
	[LIBDMA_VERDICT_UNEXPLAINED] = "unexplained",
};

static const char *const decider_names[LIBDMA_DECIDERS] = {
	[LIBDMA_DECIDER_SWIOTLB] = "swiotlb",
	[LIBDMA_DECIDER_IOVA] = "iova",
	[LIBDMA_DECIDER_REGION] = "region",
	[LIBDMA_DECIDER_POOL] = "pool",
};

const char *libdma_verdict_name(enum libdma_verdict verdict)
{
	return verdict < LIBDMA_VERDICTS ? verdict_names[verdict] : NULL;
}

const char *libdma_decider_name(enum libdma_decider decider)
{
	return decider < LIBDMA_DECIDERS ? decider_names[decider] : NULL;
}

uint64_t libdma_fidelity_predictable(const struct libdma_fidelity *fidelity)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < LIBDMA_VERDICTS; i++)
		sum += fidelity->count[i];
	return sum;
}

static void count(struct libdma_predictor *frame, const struct foreseen *event,
		  enum libdma_decider decider, enum libdma_verdict verdict)
{
	frame->totals.all.count[verdict]++;
	frame->totals.by_decider[decider].count[verdict]++;
	frame->totals.by_kind[event->event.kind].count[verdict]++;
	if (event->device)
		event->device->fidelity.count[verdict]++;
}

void predict_right(struct libdma_predictor *frame, const struct foreseen *event,
		   enum libdma_decider decider)
{
	count(frame, event, decider, LIBDMA_VERDICT_PREDICTED);
}

void predict_wrong(struct libdma_predictor *frame, const struct foreseen *event,
		   struct libdma_divergence *divergence)
{
	count(frame, event, divergence->decider, divergence->verdict);
	divergence->event = &event->event;
	if (frame->options.diverged)
		frame->options.diverged(frame->options.arg, divergence);
}

const struct libdma_fidelity_totals *
libdma_predictor_totals(const struct libdma_predictor *predictor)
{
	return &predictor->totals;
}

bool libdma_predictor_device(const struct libdma_predictor *predictor, size_t index,
			     struct libdma_device_fidelity *ret)
{
	const struct predict_device *device;

	if (index >= predictor->devices)
		return false;
	device = predictor->device_list[index];
	*ret = (struct libdma_device_fidelity) {
		.name = libdma_strings_get(predictor->options.strings, device->name),
		.fidelity = device->fidelity,
		.direct = device->direct,
	};
	return true;
}

int predict_assume(struct libdma_predictor *frame, const char *name, const char *from,
		   const char *format, ...)
{
	struct assumption *grown;
	va_list args;

	for (size_t i = 0; i < frame->assumptions; i++)
		if (!strcmp(frame->assumption[i].name, name))
			return 0;
	grown = realloc(frame->assumption, (frame->assumptions + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	frame->assumption = grown;
	grown += frame->assumptions++;
	grown->name = name;
	grown->from = from;
	va_start(args, format);
	vsnprintf(grown->value, sizeof(grown->value), format, args);
	va_end(args);
	return 0;
}

bool libdma_predictor_assumption(const struct libdma_predictor *predictor, size_t index,
				 struct libdma_assumption *ret)
{
	const struct assumption *assumption;

	if (index >= predictor->assumptions)
		return false;
	assumption = &predictor->assumption[index];
	*ret = (struct libdma_assumption) {
		.name = assumption->name,
		.value = assumption->value,
		.from = assumption->from,
	};
	return true;
}

void predict_free_counts(struct libdma_predictor *frame)
{
	free(frame->assumption);
}

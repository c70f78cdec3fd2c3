// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * predict-iova-request.c - allocations and releases of IOVAs, from what events tell
 *
 * Kernel counterpart: where drivers/iommu/iommu.c and kernel/dma/mapping.c have their
 * tracepoints (RULES.md T1-T6)
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "trace/predict-iova.h"

static void replace(struct request **at, struct request *request)
{
	request_put(*at);
	*at = request ? request_get(request) : NULL;
}

/* The task goes on with another range, or none. */
static void replace_take(struct context *context, struct request *take)
{
	if (context->take)
		context->take->open = false;
	replace(&context->take, take);
}

/* ---- who does it ---- */

/* From ftrace's column: 0 a task, 1 a softirq, 2 an interrupt. */
static unsigned int read_level(const char *text)
{
	if (!text || strlen(text) < 3)
		return 0;
	switch (text[2]) {
	case '.':
		return 0;
	case 's':
		return 1;
	default:
		return 2;
	}
}

unsigned int request_level(struct iova *iova, const struct dma_event *event)
{
	if (iova->context_name != event->context) {
		iova->context_name = event->context;
		iova->context_level = read_level(
			libdma_strings_get(iova->frame->options.strings, event->context));
	}
	return iova->context_level;
}

/* Of the few that a hash leaves, the one whose last event is longest ago makes room. */
static struct context *context_find(struct iova *iova, uint64_t key)
{
	struct context *set = iova->context[(key * 0x9e3779b97f4a7c15ULL) >> 56];
	struct context *oldest = set;

	for (unsigned int i = 0; i < WAYS; i++) {
		if (set[i].key == key)
			return &set[i];
		if (set[i].ns < oldest->ns)
			oldest = &set[i];
	}
	request_put(oldest->take);
	request_put(oldest->release);
	*oldest = (struct context) { .key = key };
	return oldest;
}

/* A task goes from one CPU to another, an interrupt does not. */
static __attribute__((noinline)) struct context *
context_look_up(struct iova *iova, const struct dma_event *event)
{
	unsigned int level = request_level(iova, event);
	bool task = !level && event->pid;
	uint64_t key = task ? (uint32_t)event->pid : event->cpu;

	key = key << 3 | level << 1 | task | 1ULL << 62;
	iova->last = context_find(iova, key);
	iova->last_cpu = event->cpu;
	iova->last_pid = event->pid;
	iova->last_context = event->context;
	return iova->last;
}

/* Mostly who did the last thing does the next. */
static inline struct context *context_of(struct iova *iova, const struct dma_event *event)
{
	if (iova->last && iova->last_cpu == event->cpu &&
	    iova->last_pid == event->pid && iova->last_context == event->context)
		return iova->last;
	return context_look_up(iova, event);
}

bool request_interrupts(struct iova *iova, const struct foreseen *event,
			const struct foreseen *other)
{
	return other->event.pid == event->event.pid && predict_is_release(other->event.kind) &&
	       event->event.ns - other->event.ns <= PREDICT_INTERRUPT_NS &&
	       other->event.context != event->event.context &&
	       request_level(iova, &other->event) > request_level(iova, &event->event);
}

/* ---- takes ---- */

struct request *request_create(struct iova *iova, struct foreseen *event, uint8_t kind,
			       uint64_t dma, uint64_t size)
{
	struct request *request = iova->spare;

	if (request)
		iova->spare = request->also;
	else
		request = malloc(sizeof(*request));
	if (!request)
		return NULL;
	request_init(request, kind);
	request->owner = iova;
	request->users = 1;
	request->cpu = request->from = event->event.cpu;
	request->seen = LIBDMA_NO_WITNESS;
	request->ns = event->event.ns;
	request->number = event->event.number;
	request->dma = dma;
	request->size = size;
	request->device = event->device;
	request->level = (uint8_t)request_level(iova, &event->event);
	request->witness = LIBDMA_NO_WITNESS;
	event->memo = request;
	return request;
}

/* What its task was seen at before. */
static void note_before(struct request *request, const struct context *context)
{
	request->since = context->ns;
	if (!context->ns)
		return;
	request->from = context->cpu;
	request->seen = context->number;
}

/*
 * Does this piece belong to the range before it? A range is as aligned as it is long,
 * so that what would grow beyond its alignment is two.
 */
static bool goes_on(const struct iova *iova, const struct request *take,
		    const struct dma_event *piece)
{
	uint64_t size = take->size + piece->size;

	if (take->dma + take->size != piece->dma || take->done)
		return false;
	return !(take->dma & ((iova->granule << log2_up(size / iova->granule)) - 1));
}

static struct request **begun_at(struct iova *iova, uint64_t dma)
{
	return &iova->begun[((dma >> iova->shift) * 0x9e3779b97f4a7c15ULL) >> 54];
}

static int see_map(struct iova *iova, struct foreseen *event, struct context *context)
{
	const struct dma_event *said = &event->event;
	struct request *take = context->take;

	iova_show(iova);
	if (said->dma == context->linked_next && said->dma < context->linked_end) {
		context->linked_next += said->size;
		return 0;
	}
	if (take && goes_on(iova, take, said)) {
		take->size += said->size;
		return 0;
	}
	take = request_create(iova, event, IOVA_OP_TAKE, said->dma, said->size);
	if (!take)
		return -ENOMEM;
	note_before(take, context);
	take->near = context->mapped;
	interrupt_see(iova, event, take);
	replace_take(context, take);
	take->open = true;
	replace(begun_at(iova, said->dma), take);
	return 0;
}

static uint64_t first_dma(const struct dma_event *event)
{
	if (event->kind != DMA_EVENT_MAP_SG)
		return event->dma;
	return event->dma_count ? event->dma_list[0] : DMA_MAPPING_ERROR;
}

/* As far as the event itself tells: what a list has in gaps, it does not. */
static uint64_t extent_of(const struct iova *iova, const struct dma_event *event)
{
	uint64_t first = first_dma(event), last = first + event->size;

	if (event->kind == DMA_EVENT_MAP_SG && event->dma_size_list)
		last = event->dma_list[event->dma_count - 1] +
		       event->dma_size_list[event->dma_count - 1];
	return align_up(last, iova->granule) - align_down(first, iova->granule);
}

void request_extent(const struct iova *iova, const struct dma_event *event,
		    struct request *ret)
{
	ret->dma = align_down(first_dma(event), iova->granule);
	ret->size = extent_of(iova, event);
}

static bool is_coherent(const struct dma_event *event)
{
	return event->kind == DMA_EVENT_ALLOC || event->kind == DMA_EVENT_ALLOC_SGT;
}

/* The mapping's range begins within the one before, which so is a range by itself. */
static int see_split(struct iova *iova, struct foreseen *event, struct context *context,
		     uint64_t dma)
{
	struct foreseen *piece = event;
	struct request *take = context->take, *rest;

	while ((piece = predict_previous(iova->frame, piece)) && !piece->judged)
		if (piece->event.kind == DMA_EVENT_IOMMU_MAP && piece->event.dma == dma &&
		    !piece->memo)
			break;
	if (!piece || piece->judged)
		return 0;
	rest = request_create(iova, piece, IOVA_OP_TAKE, dma,
			      take->dma + take->size - dma);
	if (!rest)
		return -ENOMEM;
	rest->since = take->ns;
	take->size = dma - take->dma;
	replace_take(context, rest);
	return 0;
}

static bool has_result(const struct dma_event *event)
{
	uint64_t dma = first_dma(event);

	if (event->flags & DMA_EVENT_REQUEST || event->error ||
	    dma == DMA_MAPPING_ERROR || event->kind == DMA_EVENT_MAP_SG_ERR ||
	    event->kind == DMA_EVENT_ALLOC_SGT_ERR)
		return false;
	return dma || event_kind_class(event->kind) != DMA_CLASS_ALLOC;
}

static inline bool is_single(const struct foreseen *event)
{
	unsigned int kind = event->event.kind;

	return event->class == DMA_CLASS_MAP && kind != DMA_EVENT_MAP_SG &&
	       kind != DMA_EVENT_MAP_SG_ERR && kind != DMA_EVENT_IOVA_TRY_ALLOC;
}

/* Of one buffer, and done: by far the most. */
static inline bool is_plain(const struct foreseen *event)
{
	const struct dma_event *said = &event->event;

	return is_single(event) && !said->error &&
	       !(said->flags & DMA_EVENT_REQUEST) && said->dma != DMA_MAPPING_ERROR;
}

/*
 * There was no range for it. Where takes are recorded the one before tells; where they
 * are not this one is, of a buffer: how long a list was nobody tells, and an allocation
 * may have failed for want of memory.
 */
static int see_failure(struct iova *iova, struct foreseen *event, struct context *context)
{
	const struct dma_event *said = &event->event;
	uint64_t offset = said->phys & (iova->granule - 1);
	struct request *take = context->take;

	if (said->flags & DMA_EVENT_REQUEST)
		return 0;
	if (take && take->exact && !take->dma && !take->done) {
		take->device = event->device;
		take->followed = true;
		take->single = is_single(event);
		event->memo = request_get(take);
		replace_take(context, NULL);
		return 0;
	}
	if (!is_single(event) || !said->size || said->size > INT64_MAX)
		return 0;
	take = request_create(iova, event, IOVA_OP_TAKE, 0,
			      align_up(said->size + offset, iova->granule));
	if (!take)
		return -ENOMEM;
	note_before(take, context);
	take->single = true;
	return 0;
}

/* An untrusted device's list: each entry has a range of its own (RULES.md I34). */
static int see_each(struct iova *iova, struct foreseen *event, struct context *context)
{
	const struct dma_event *said = &event->event;
	struct request **link = (struct request **)&event->memo;

	for (uint32_t i = 0; i < said->dma_count; i++) {
		uint64_t dma = align_down(said->dma_list[i], iova->granule);
		struct request *take = *begun_at(iova, dma);

		if (!take || take->dma != dma || take->done || take->followed)
			continue;
		take->device = event->device;
		take->followed = true;
		*link = request_get(take);
		link = &take->also;
	}
	replace_take(context, NULL);
	return 0;
}

/* A mapping: that of the range whose pieces came before, or of one that has none. */
static int see_mapping(struct iova *iova, struct foreseen *event, struct context *context)
{
	const struct dma_event *said = &event->event;
	uint64_t dma = align_down(first_dma(said), iova->granule);
	struct request *take = context->take;
	int err = 0;

	context->mapped = event->device;
	event->device->maps_lists |= said->kind == DMA_EVENT_MAP_SG;
	if (!has_result(said))
		return see_failure(iova, event, context);
	if (said->kind == DMA_EVENT_MAP_SG && event->device->known &&
	    event->device->known->untrusted && iova_is_shown(iova))
		return see_each(iova, event, context);
	if (take && !take->done && dma > take->dma && dma < take->dma + take->size)
		err = see_split(iova, event, context, dma);
	if (err)
		return err;
	take = context->take;
	if (take && take->dma == dma) {
		event->memo = request_get(take);
	} else {
		take = request_create(iova, event, IOVA_OP_TAKE, dma,
				      extent_of(iova, said));
		if (!take)
			return -ENOMEM;
		note_before(take, context);
		take->cut = said->flags & DMA_EVENT_CUT;
	}
	take->device = event->device;
	take->coherent = is_coherent(said);
	take->single = is_single(event);
	take->followed = true;
	replace_take(context, NULL);
	return 0;
}

/*
 * Its pieces are told of by iommu:map, which is no other range. Told twice in a row, it
 * was taken once.
 */
static int see_try_alloc(struct iova *iova, struct foreseen *event,
			 struct context *context)
{
	const struct dma_event *said = &event->event;
	uint64_t start = align_down(said->dma, iova->granule);
	uint64_t end = align_up(said->dma + said->size, iova->granule);

	if (has_result(said)) {
		if (context->linked == start && context->linked_end == end &&
		    context->linked_ns == context->ns)
			return 0;
		context->linked = context->linked_next = start;
		context->linked_end = end;
		context->linked_ns = said->ns;
	}
	return see_mapping(iova, event, context);
}

/* ---- releases ---- */

static int see_unmap(struct iova *iova, struct foreseen *event, struct context *context)
{
	struct request *release = request_create(iova, event, IOVA_OP_RELEASE,
						 event->event.dma, event->event.size);

	if (!release)
		return -ENOMEM;
	iova_show(iova);
	replace_take(context, NULL);
	release->since = release->ns;
	release->device = context->device;
	context->device = NULL;
	replace(&context->release, release);
	return 0;
}

/* Of one buffer it comes behind the release, of a list or an allocation before it. */
static void see_unmapping(struct foreseen *event, struct context *context)
{
	const struct dma_event *said = &event->event;
	struct request *release = context->release;

	if (said->kind == DMA_EVENT_UNMAP_SG || event->class == DMA_CLASS_FREE) {
		context->device = event->device;
		return;
	}
	if (!release || said->dma < release->dma ||
	    said->dma >= release->dma + release->size)
		return;
	release->device = event->device;
	release->closed = true;
	replace(&context->release, NULL);
}

/* ---- allocations and releases that were recorded themselves ---- */

static int see_exact(struct iova *iova, struct foreseen *event, struct context *context)
{
	const struct dma_event *said = &event->event;
	bool take = said->kind == DMA_EVENT_ALLOC_IOVA;
	struct request *request;

	iova->exact = true;
	iova_show(iova);
	request = request_create(iova, event, take ? IOVA_OP_TAKE : IOVA_OP_RELEASE,
				 said->dma, said->size);
	if (!request)
		return -ENOMEM;
	note_before(request, context);
	request->exact = true;
	request->handle = said->handle;
	request->limit = said->limit;
	if (take) {
		replace_take(context, request);
		replace(begun_at(iova, said->dma), request);
	} else if (!request->device)
		request->device = context->device;
	return 0;
}

/* What most are: nothing told of a mapping's range before, and nothing of its release. */
static inline bool see_plain(struct foreseen *event, struct context *context)
{
	if (event->class == DMA_CLASS_UNMAP)
		return !context->release && event->event.kind != DMA_EVENT_UNMAP_SG;
	if (context->take || !event->device || !is_plain(event))
		return false;
	context->mapped = event->device;
	event->since = context->ns;
	event->has_since = true;
	return true;
}

static __attribute__((noinline)) int see_other(struct iova *iova, struct foreseen *event,
					       struct context *context)
{
	switch (event->event.kind) {
	case DMA_EVENT_ALLOC_IOVA:
	case DMA_EVENT_FREE_IOVA:
		return see_exact(iova, event, context);
	case DMA_EVENT_IOMMU_MAP:
		return iova->exact ? 0 : see_map(iova, event, context);
	case DMA_EVENT_IOMMU_UNMAP:
		return iova->exact ? 0 : see_unmap(iova, event, context);
	}
	if (!event->device)
		return 0;
	if (event->event.kind == DMA_EVENT_IOVA_TRY_ALLOC)
		return see_try_alloc(iova, event, context);
	if (event->class == DMA_CLASS_MAP || event->class == DMA_CLASS_ALLOC)
		return see_mapping(iova, event, context);
	if (predict_ends(event))
		see_unmapping(event, context);
	return 0;
}

int request_see(void *state, struct foreseen *event)
{
	const struct dma_event *said = &event->event;
	struct context *context;
	int err = 0;

	if (event->device && !event->device->translated)
		return 0;
	context = context_of(state, said);
	if (!see_plain(event, context))
		err = see_other(state, event, context);
	context->ns = said->ns;
	context->cpu = said->cpu;
	context->number = said->number;
	return err;
}

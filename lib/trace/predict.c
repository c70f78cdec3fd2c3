// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * predict.c - a recording held against the model: the window of events
 *
 * A tracepoint fires before or after what it tells of, so that later events may say
 * what an earlier one met. Events wait until what came a while later is known, are then
 * judged in order, and are remembered for a while.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/large.h"
#include "base/prefetch.h"
#include "trace/predict.h"
#include "trace/replay.h"

/* Events between two steps of live_come_near(), before the first and behind the last. */
#define NEAR 6
/* Of what see() left for judge(). */
#define MEMO_LINES 3
/* Events that tell of devices, or of the recording. */
#define MACHINE_KINDS                                                                      \
	(1ULL << DMA_EVENT_SET_MASK | 1ULL << DMA_EVENT_SET_COHERENT_MASK |                \
	 1ULL << DMA_EVENT_DEVICE | 1ULL << DMA_EVENT_POOL_CREATE | SURVEY_KINDS)
/* Of these only a survey tells enough. */
#define SURVEY_KINDS                                                                       \
	(1ULL << DMA_EVENT_SWIOTLB_BOUNCED | 1ULL << DMA_EVENT_SWIOTLB_UNMAP |             \
	 1ULL << DMA_EVENT_LOST)

static const struct backend *const backends[BACKENDS] = {
	[BACKEND_DIRECT] = &backend_direct,
	[BACKEND_POOL] = &backend_pool,
	[BACKEND_REGION] = &backend_region,
	[BACKEND_IOVA] = &backend_iova,
};

static int create_backends(struct libdma_predictor *frame)
{
	int err = 0;

	for (unsigned int i = 0; i < BACKENDS && !err; i++) {
		const struct backend *backend = backends[i];
		uint64_t kinds = backend->judges ? backend->judges : UINT64_MAX;

		frame->seeing |= !!backend->see << i;
		frame->everywhere |= !backend->untranslated << i;
		for (unsigned int kind = 0; kind < DMA_EVENT_KINDS; kind++)
			frame->judging[kind] |= (kinds >> kind & 1) << i;
		err = backend->create(frame, &frame->state[i]);
	}
	frame->everywhere |= PREDICT_TELLS_MACHINE;
	for (unsigned int kind = 0; kind < DMA_EVENT_KINDS; kind++)
		if (MACHINE_KINDS >> kind & 1)
			frame->judging[kind] |= PREDICT_TELLS_MACHINE;
	return err;
}

static void free_frame(struct libdma_predictor *frame)
{
	predict_thread_stop(frame);
	for (unsigned int i = 0; i < BACKENDS; i++)
		if (frame->state[i])
			backends[i]->destroy(frame->state[i]);
	for (uint64_t i = 0; frame->window && i <= frame->mask; i++)
		free(frame->window[i].lists);
	for (size_t i = 0; i < frame->devices; i++)
		free(frame->device_list[i]);
	free(frame->device_list);
	free(frame->device);
	free(frame->window);
	libdma_strings_destroy(frame->strings);
	if (!frame->replay)
		live_destroy(frame->live);
	predict_free_counts(frame);
	libdma_environment_destroy(frame->environment);
	free(frame);
}

int libdma_predictor_create(const struct libdma_predictor_options *options,
			    struct libdma_predictor **ret)
{
	struct libdma_predictor *frame = large_zalloc(sizeof(*frame));

	if (!frame)
		return -ENOMEM;
	frame->options = *options;
	if (!frame->options.window_ns)
		frame->options.window_ns = PREDICT_WINDOW_NS;
	if (!frame->options.window_events)
		frame->options.window_events = PREDICT_WINDOW_EVENTS;
	frame->mask = (1ULL << log2_up(frame->options.window_events + PREDICT_HISTORY + 1 +
				       PREDICT_COMING)) - 1;
	frame->stop = frame->options.thread ? PREDICT_COMING : UINT64_MAX;
	frame->lost_number = frame->lost_ns = UINT64_MAX;
	frame->window = large_zalloc((frame->mask + 1) * sizeof(*frame->window));
	frame->live = live_create();
	if (!frame->window || !frame->live || create_backends(frame)) {
		free_frame(frame);
		return -ENOMEM;
	}
	*ret = frame;
	return 0;
}

void libdma_predictor_destroy(struct libdma_predictor *predictor)
{
	if (predictor)
		free_frame(predictor);
}

static void survey_loss(struct libdma_predictor *frame, const struct dma_event *lost)
{
	uint64_t until = lost->until_ns > lost->ns ? lost->until_ns : lost->ns;
	struct loss *loss = frame->loss;
	unsigned int at = frame->losses;

	if (at == PREDICT_LOSSES) {
		if (until > loss[at - 1].until_ns)
			loss[at - 1].until_ns = until;
		return;
	}
	for (; at && loss[at - 1].ns > lost->ns; at--)
		loss[at] = loss[at - 1];
	loss[at] = (struct loss){ lost->ns, until, lost->number };
	frame->losses++;
	frame->lost_ns = loss[0].ns;
}

static int survey_event(struct libdma_predictor *frame, const struct dma_event *event,
			const struct live_place *place)
{
	const struct mapping *mapping;
	int change = live_apply_at(frame->live, event, place, &mapping), err = 0;

	if (change < 0)
		return change;
	if (event->kind == DMA_EVENT_SWIOTLB_BOUNCED)
		frame->announced = true;
	if (event->kind == DMA_EVENT_LOST)
		survey_loss(frame, event);
	frame->maps_phys |= event->kind == DMA_EVENT_MAP_PHYS;
	for (unsigned int i = 0; i < BACKENDS && !err; i++)
		if (backends[i]->survey)
			err = backends[i]->survey(frame->state[i], event,
						  change == LIVE_STRANGER);
	return err;
}

static int survey_waiting(struct libdma_predictor *frame)
{
	unsigned int count = frame->waiting;
	int err = 0;

	for (unsigned int i = 0; i < count; i++)
		live_come_nearer(frame->live, &frame->place[i]);
	for (unsigned int i = 0; i < count && !err; i++)
		err = survey_event(frame, &frame->wait[i], &frame->place[i]);
	frame->waiting = 0;
	return err;
}

/* Many at a time, since each meets memory that has been forgotten since. */
int libdma_predictor_survey(struct libdma_predictor *frame, const struct dma_event *event)
{
	struct live_place place = live_place(event);
	int err = 0;

	if (predict_has_tail(event)) {
		err = survey_waiting(frame);
		return err ? err : survey_event(frame, event, &place);
	}
	memcpy(&frame->wait[frame->waiting], event, PREDICT_TAIL);
	frame->place[frame->waiting] = place;
	live_come_near(frame->live, &place);
	if (++frame->waiting == PREDICT_WAIT)
		err = survey_waiting(frame);
	return err;
}

void libdma_predictor_follow(struct libdma_predictor *frame, struct libdma_replay *replay)
{
	frame->following = replay;
}

static int learn_kernel(struct libdma_predictor *frame)
{
	const struct libdma_environment *known = frame->environment;
	const char *how, *rules;

	how = frame->maps_phys ? "dma_map_phys() is recorded" : "nothing says which";
	frame->kernel = frame->maps_phys ? DMA_KERNEL_7_2 : DMA_KERNEL_6_12;
	rules = kernel_rules(frame->kernel)->name;
	if (known->origin.kernel != LIBDMA_UNKNOWN &&
	    !libdma_kernel_parse(known->kernel, &frame->kernel)) {
		how = "the nearest modelled";
		rules = libdma_kernel_substitute(known->kernel);
	}
	if (rules && predict_assume(frame, "kernel", how, "%s", rules))
		return -ENOMEM;
	frame->rules = kernel_rules(frame->kernel);
	return 0;
}

int libdma_predictor_start(struct libdma_predictor *frame,
			   const struct libdma_environment *environment)
{
	int err = survey_waiting(frame);

	if (err)
		return err;
	live_destroy(frame->live);
	frame->replay = frame->following;
	frame->live = frame->replay ? replay_live(frame->replay) : live_create();
	frame->environment = libdma_environment_create();
	if (!frame->live || !frame->environment)
		return -ENOMEM;
	err = libdma_environment_merge(frame->environment, environment);
	if (!err)
		err = learn_kernel(frame);
	for (unsigned int i = 0; i < BACKENDS && !err; i++)
		err = backends[i]->start(frame->state[i]);
	return err;
}

/* What the event ends, as long as it is judged. */
static inline int find_begin(struct libdma_predictor *frame, struct foreseen *event)
{
	const struct mapping *mapping;
	int change = frame->replay ? replay_apply(frame->replay, &event->event,
						  &event->place, &mapping)
				   : live_apply_at(frame->live, &event->event,
						   &event->place, &mapping);

	if (change == LIVE_ENDED && predict_ends(event))
		frame->begin = &mapping->event;
	else if (change == LIVE_STRANGER)
		frame->lacks_survey = true;
	return change < 0 ? change : 0;
}

/* What most events use of their place in the window. */
static void come_near(const struct foreseen *event)
{
	prefetch_write(event);
	__builtin_prefetch((const char *)event + CACHE_LINE);
}

/* And what is found then, or was found out before. */
static void come_nearer(const struct live *live, const struct foreseen *event)
{
	const char *memo = event->has_since ? NULL : event->memo;

	live_come_nearer(live, &event->place);
	for (size_t line = 0; memo && line < MEMO_LINES; line++)
		prefetch_write(memo + line * CACHE_LINE);
}

/* The window knows what is to be judged soon; it is too long for the caches itself. */
static inline void look_ahead(const struct libdma_predictor *frame)
{
	const struct foreseen *window = frame->window;
	uint64_t mask = frame->mask, next = frame->next, waiting = frame->newest - next;

	come_near(&window[(next + 3 * NEAR) & mask]);
	if (waiting > 2 * NEAR)
		live_come_near(frame->live, &window[(next + 2 * NEAR) & mask].place);
	if (waiting > NEAR)
		come_nearer(frame->live, &window[(next + NEAR) & mask]);
}

/* What they tell is no call that is judged. */
static __attribute__((noinline)) void note_machine(struct libdma_predictor *frame,
						   const struct foreseen *event)
{
	predict_device_update(event);
	if (event->event.kind == DMA_EVENT_LOST) {
		frame->lost_number = event->event.number;
		frame->lost_witness = event->event.number;
	}
}

/*
 * A recorder may tell at the end what it lost since when. From then on nothing is sure,
 * and behind the loss what it shows again is.
 */
static void note_loss(struct libdma_predictor *frame, const struct dma_event *event)
{
	const struct loss *loss = &frame->loss[frame->next_loss];

	for (; frame->next_loss < frame->losses && loss->ns <= event->ns; loss++) {
		if (frame->lost_number == UINT64_MAX || loss->number > frame->lost_number)
			frame->lost_number = frame->lost_witness = loss->number;
		if (loss->until_ns > frame->lost_until_ns)
			frame->lost_until_ns = loss->until_ns;
		frame->next_loss++;
	}
	if (event->ns > frame->lost_until_ns && frame->lost_number > event->number)
		frame->lost_number = event->number;
}

static inline int judge_next(struct libdma_predictor *frame, struct foreseen *event)
{
	unsigned int all;
	int err = 0;

	if (frame->disorder > frame->next)
		predict_sort(frame);
	look_ahead(frame);
	frame->begin = NULL;
	if (!event->put_off && find_begin(frame, event))
		return -ENOMEM;
	if (event->event.ns >= frame->lost_ns)
		note_loss(frame, &event->event);
	if (event->judges & PREDICT_TELLS_MACHINE)
		note_machine(frame, event);
	for (all = event->judges & (PREDICT_TELLS_MACHINE - 1); all; all &= all - 1) {
		unsigned int i = (unsigned int)__builtin_ctz(all);

		err = backends[i]->judge(frame->state[i], event);
		if (err || frame->again)
			break;
	}
	if (frame->again) {
		frame->again = false;
		return err;
	}
	event->judged = true;
	frame->next++;
	return err;
}

/* The next event, if so much is known of what follows that it can be judged, or NULL. */
static inline struct foreseen *find_due(const struct libdma_predictor *frame)
{
	struct foreseen *event = predict_at(frame, frame->next);
	uint64_t waiting = frame->newest - frame->next, first, last = frame->newest_ns;

	if (waiting > frame->options.window_events)
		return event;
	if (!waiting)
		return NULL;
	first = event->event.ns;
	return last > first && last - first > frame->options.window_ns ? event : NULL;
}

/* Of few events: what they announce, and that only a survey tells what they need. */
static __attribute__((noinline)) void note_kind(struct libdma_predictor *frame,
						unsigned int kind)
{
	frame->announced |= kind == DMA_EVENT_SWIOTLB_BOUNCED;
	frame->lacks_survey |= SURVEY_KINDS >> kind & 1;
}

/* What came next enters the window. */
static inline int enter(struct libdma_predictor *frame)
{
	struct foreseen *new = predict_at(frame, frame->newest);
	const struct dma_event *event = &new->event;
	unsigned int concerns = frame->everywhere;
	int err = predict_device(frame, event->device, &new->device);

	come_near(predict_at(frame, frame->newest + NEAR));
	if (err)
		return err;
	if (event->ns < frame->latest_ns)
		frame->disorder = frame->newest;
	else
		frame->latest_ns = event->ns;
	if (new->device) {
		predict_device_see(new->device, event);
		concerns = new->device->concerns;
	}
	new->judges &= (uint8_t)concerns;
	frame->newest++;
	frame->newest_ns = event->ns;
	if (new->judges & PREDICT_TELLS_MACHINE)
		note_kind(frame, event->kind);
	for (unsigned int all = frame->seeing & concerns, i; all && !err; all &= all - 1) {
		i = (unsigned int)__builtin_ctz(all);
		err = backends[i]->see(frame->state[i], new);
	}
	return err;
}

int predict_take_in(struct libdma_predictor *frame, uint64_t until)
{
	struct foreseen *event;
	int err = 0;

	if (!frame->newest && until)
		frame->first_ns = predict_at(frame, 0)->event.ns;
	for (;;) {
		while (!err && (event = find_due(frame)))
			err = judge_next(frame, event);
		if (err || frame->newest == until)
			return err;
		err = enter(frame);
	}
}

bool libdma_predictor_lacks_survey(const struct libdma_predictor *predictor)
{
	return predictor->thread ? predict_thread_lacks_survey(predictor->thread)
				 : predictor->lacks_survey;
}

int libdma_predictor_finish(struct libdma_predictor *frame)
{
	int err = predict_thread_finish(frame);

	/* nothing will be known of what follows */
	frame->options.window_events = 0;
	if (!err)
		err = predict_take_in(frame, frame->newest);
	for (unsigned int i = 0; i < BACKENDS && !err; i++)
		if (backends[i]->finish)
			err = backends[i]->finish(frame->state[i]);
	return err;
}

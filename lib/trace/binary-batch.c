// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * binary-batch.c - events handed to a thread, many at a time
 *
 * A ring of batches: one is being filled, the others wait or are worked at. The
 * thread begins with the second batch, so that a short trace has none; where it
 * cannot be had, the work is done in the call that filled a batch. Whoever has to wait
 * for the other side waits until half of the ring is free or filled, since to be woken
 * costs more than a batch.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "trace/binary-batch.h"

#define BATCHES 8u
/* Room for lists and texts; a larger event has a batch of its own. */
#define BATCH_BYTES ((size_t)256 << 10)
/* What events of one buffer use of struct dma_event, and few others exceed. */
#define EVENT_HEAD offsetof(struct dma_event, boundary)

struct batches {
	const struct libdma_strings *strings;
	int (*work)(void *arg, const struct batch *batch);
	void *arg;
	uint32_t strings_sent;
	uint32_t strings_seen; /* whose length was looked at */
	bool has_long; /* a string that the format cannot hold */

	pthread_t thread;
	bool threaded;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t filled; /* batches so far; the next one is being filled */
	uint64_t done;
	int error;
	bool urgent; /* whoever asks waits until all is done */
	bool closing;
	struct batch *present; /* the one that is being filled */
	struct batch batch[BATCHES];
};

struct batches *batches_create(const struct libdma_strings *strings,
			       int (*work)(void *arg, const struct batch *batch), void *arg)
{
	struct batches *batches = calloc(1, sizeof(*batches));

	if (!batches)
		return NULL;
	batches->strings = strings;
	batches->work = work;
	batches->arg = arg;
	batches->strings_sent = 1; /* all have the empty one */
	batches->present = batches->batch;
	pthread_mutex_init(&batches->lock, NULL);
	pthread_cond_init(&batches->changed, NULL);
	return batches;
}

void batches_destroy(struct batches *batches)
{
	if (!batches)
		return;
	for (unsigned int i = 0; i < BATCHES; i++) {
		free(batches->batch[i].bytes.data);
		free(batches->batch[i].strings.data);
	}
	pthread_cond_destroy(&batches->changed);
	pthread_mutex_destroy(&batches->lock);
	free(batches);
}

/* How many batches wait or are worked at. */
static uint64_t backlog(const struct batches *batches)
{
	return batches->filled - batches->done;
}

/* Work at one batch; the lock is held, but not meanwhile. */
static void work_at_next(struct batches *batches)
{
	const struct batch *batch = &batches->batch[batches->done % BATCHES];
	int err = batches->error;

	pthread_mutex_unlock(&batches->lock);
	if (!err)
		err = batches->work(batches->arg, batch);
	pthread_mutex_lock(&batches->lock);
	batches->error = err;
	batches->done++;
}

static void *work_through(void *arg)
{
	struct batches *batches = arg;

	pthread_mutex_lock(&batches->lock);
	do {
		while (backlog(batches) < BATCHES / 2 && !batches->urgent)
			pthread_cond_wait(&batches->changed, &batches->lock);
		while (backlog(batches)) {
			work_at_next(batches);
			if (backlog(batches) == BATCHES / 2)
				pthread_cond_signal(&batches->changed);
		}
		if (batches->urgent)
			pthread_cond_signal(&batches->changed);
		batches->urgent = false;
	} while (!batches->closing);
	pthread_mutex_unlock(&batches->lock);
	return NULL;
}

/* Signals stay with the program's own threads. */
static void start_thread(struct batches *batches)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	batches->threaded =
		!pthread_create(&batches->thread, NULL, work_through, batches);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* The strings that are new since the last batch go along with this one. */
static int send_strings(struct batches *batches, struct batch *batch)
{
	uint32_t count = libdma_strings_count(batches->strings);

	for (; batches->strings_sent < count; batches->strings_sent++) {
		uint32_t number = batches->strings_sent;
		size_t size = libdma_strings_size(batches->strings, number);

		if (stream_reserve(&batch->strings, size + 10))
			return -ENOMEM;
		put_varint(&batch->strings, size);
		memcpy(batch->strings.data + batch->strings.size,
		       libdma_strings_get(batches->strings, number), size);
		batch->strings.size += size;
	}
	return 0;
}

/* Hand the present batch over, and wait until the next one is free. */
static int hand_over(struct batches *batches)
{
	struct batch *batch = batches->present;
	int err = send_strings(batches, batch);

	if (err)
		return err;
	if (!batches->threaded && batches->filled)
		start_thread(batches);
	if (!batches->threaded && !batches->error)
		batches->error = batches->work(batches->arg, batch);

	pthread_mutex_lock(&batches->lock);
	batches->filled++;
	if (!batches->threaded)
		batches->done++;
	if (backlog(batches) >= BATCHES / 2)
		pthread_cond_signal(&batches->changed);
	if (backlog(batches) == BATCHES)
		while (backlog(batches) > BATCHES / 2)
			pthread_cond_wait(&batches->changed, &batches->lock);
	err = batches->error;
	pthread_mutex_unlock(&batches->lock);

	batch = &batches->batch[batches->filled % BATCHES];
	batch->count = 0;
	batch->bytes.size = 0;
	batch->strings.size = 0;
	batches->present = batch;
	return err;
}

static bool is_short(const struct batches *batches, uint32_t string)
{
	return libdma_strings_size(batches->strings, string) <= BINARY_STRING_MAX;
}

/* Long strings are rare; only once there is one are events asked for theirs. */
static bool all_are_short(struct batches *batches)
{
	uint32_t count = libdma_strings_count(batches->strings);

	while (batches->strings_seen < count)
		batches->has_long |= !is_short(batches, batches->strings_seen++);
	return !batches->has_long;
}

/* Can the format express this event? Its lists, text and strings are bounded. */
static bool is_bounded(struct batches *batches, const struct dma_event *event)
{
	if (event->phys_count > BINARY_LIST_MAX || event->dma_count > BINARY_LIST_MAX ||
	    event->text_size > BINARY_TEXT_MAX)
		return false;
	return all_are_short(batches) ||
	       (is_short(batches, event->device) && is_short(batches, event->comm) &&
		is_short(batches, event->context) && is_short(batches, event->gfp) &&
		is_short(batches, event->name) && is_short(batches, event->stack));
}

/* Lists begin where their entries are aligned. */
static size_t padded(size_t size)
{
	return (size + 7) / 8 * 8;
}

static size_t bytes_of(const struct dma_event *event)
{
	return padded(event->text_size) + 16 * (size_t)event->phys_count +
	       16 * (size_t)event->dma_count;
}

static const void *keep(struct batch *batch, const void *data, size_t size)
{
	unsigned char *place = batch->bytes.data + batch->bytes.size;

	if (!data || !size)
		return NULL;
	memcpy(place, data, size);
	batch->bytes.size += padded(size);
	return place;
}

static void keep_lists(struct batch *batch, struct dma_event *event)
{
	event->phys_list = keep(batch, event->phys_list, event->phys_count * 8ul);
	event->size_list = keep(batch, event->size_list, event->phys_count * 4ul);
	event->dma_list = keep(batch, event->dma_list, event->dma_count * 8ul);
	event->dma_size_list = keep(batch, event->dma_size_list, event->dma_count * 4ul);
	event->text = keep(batch, event->text, event->text_size);
}

/* Have room in the present batch for an event with so many bytes of lists and text. */
static int make_room(struct batches *batches, size_t want)
{
	struct batch *batch = batches->present;
	int err;

	if (batch->count == BATCH_EVENTS ||
	    (batch->count && batch->bytes.room - batch->bytes.size < want)) {
		err = hand_over(batches);
		if (err)
			return err;
		batch = batches->present;
	}
	/* While a batch has events, what they point to must not move. */
	if (!batch->count && batch->bytes.room < want + BATCH_BYTES)
		return stream_make_room(&batch->bytes, want + BATCH_BYTES);
	return 0;
}

/* Does an event use more than the head of struct dma_event? */
static bool is_wide(const struct dma_event *event)
{
	return event->boundary | event->coherent_mask | event->max_segment_size |
	       event->min_align_mask | event->nents | event->ents | event->phys_count |
	       event->dma_count | event->text_size;
}

/*
 * Most events do not: then what the batch has behind the head already, 0, is left alone,
 * and stays where both sides have it in their caches.
 */
static void copy_event(struct batch *batch, const struct dma_event *event)
{
	struct dma_event *copy = &batch->event[batch->count];
	bool wide = is_wide(event), *was_wide = &batch->wide[batch->count];

	if (wide | *was_wide) {
		*copy = *event;
		*was_wide = wide;
	} else {
		memcpy(copy, event, EVENT_HEAD);
	}
}

int batches_put(struct batches *batches, const struct dma_event *event)
{
	size_t want = bytes_of(event);
	struct batch *batch = batches->present;
	int err;

	if (!is_bounded(batches, event))
		return 1;
	if (want || !batch->count || batch->count == BATCH_EVENTS) {
		err = make_room(batches, want);
		if (err)
			return err;
		batch = batches->present;
	}
	copy_event(batch, event);
	if (want)
		keep_lists(batch, &batch->event[batch->count]);
	batch->count++;
	return 0;
}

int batches_flush(struct batches *batches)
{
	int err = batches->present->count ? hand_over(batches) : 0;

	if (err)
		return err;
	pthread_mutex_lock(&batches->lock);
	batches->urgent = true;
	pthread_cond_signal(&batches->changed);
	while (backlog(batches))
		pthread_cond_wait(&batches->changed, &batches->lock);
	err = batches->error;
	pthread_mutex_unlock(&batches->lock);
	return err;
}

int batches_finish(struct batches *batches)
{
	int err = batches->present->count ? hand_over(batches) : batches->error;

	if (!batches->threaded)
		return err;
	pthread_mutex_lock(&batches->lock);
	batches->closing = true;
	batches->urgent = true;
	pthread_cond_signal(&batches->changed);
	pthread_mutex_unlock(&batches->lock);
	pthread_join(batches->thread, NULL);
	batches->threaded = false;
	return batches->error;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * predict-thread.c - a recording judged by a thread, while its reader reads on
 *
 * Whoever reads puts events into the ring of the window, ahead of those that have entered
 * it, and the thread takes them from there: no event is copied for it. The two sides meet
 * once for many events. Strings that are new then go along, so that each side has a table
 * of its own.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "trace/predict.h"

/* Events that change hands at once. */
#define HAND 256
/* Who has to wait waits until so many have changed hands: to be woken costs, too. */
#define PATIENCE (4 * HAND)

_Static_assert(PATIENCE <= PREDICT_COMING, "there is room for those that are waited for");

struct text {
	const char *text; /* stays where it is as long as the giver's table */
	size_t size;
};

/**
 * struct predict_thread - the two sides
 *
 * @given:	the reader's table of strings, and how many of them were @sent
 * @lacks_survey: what the reader knows of it
 * @lock:	of all that follows
 * @handed:	the reader put all before this one,
 * @taken:	the thread has taken in all before this one,
 * @oldest:	and needs none before this one
 * @text:	strings that are new, @texts of them
 * @stopping:	no more events will come; @unwanted: nor does it matter what came
 */
struct predict_thread {
	pthread_t thread;
	const struct libdma_strings *given;
	uint32_t sent;
	bool lacks_survey;

	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t handed, taken, oldest;
	struct text *text;
	size_t texts, room;
	bool lacking; /* a survey, as the thread has it */
	bool reader_waits, thread_waits;
	bool stopping, unwanted;
	int error;
};

/* ---- the thread's side; the lock is held ---- */

static int learn_strings(struct libdma_predictor *frame)
{
	struct predict_thread *thread = frame->thread;
	uint32_t number;
	int err = 0;

	for (size_t i = 0; i < thread->texts && !err; i++)
		err = libdma_strings_add(frame->strings, thread->text[i].text,
					 thread->text[i].size, &number);
	thread->texts = 0;
	return err;
}

static bool has_room(const struct libdma_predictor *frame, uint64_t events)
{
	return frame->thread->handed + events <= frame->thread->oldest + frame->mask + 1;
}

/* Take in all before @until, but not under the lock. */
static int take_in(struct libdma_predictor *frame, uint64_t until)
{
	struct predict_thread *thread = frame->thread;
	int err = learn_strings(frame);

	pthread_mutex_unlock(&thread->lock);
	if (!err)
		err = predict_take_in(frame, until);
	pthread_mutex_lock(&thread->lock);
	return err;
}

static void *take_all_in(void *arg)
{
	struct libdma_predictor *frame = arg;
	struct predict_thread *thread = frame->thread;
	uint64_t until;

	pthread_mutex_lock(&thread->lock);
	while (!thread->error && !thread->unwanted) {
		if (thread->taken == thread->handed) {
			if (thread->stopping)
				break;
			thread->thread_waits = true;
			pthread_cond_wait(&thread->changed, &thread->lock);
			continue;
		}
		until = thread->taken + HAND;
		thread->error = take_in(frame,
					until < thread->handed ? until : thread->handed);
		thread->taken = frame->newest;
		thread->oldest = predict_oldest(frame);
		thread->lacking = frame->lacks_survey;
		if (thread->reader_waits && (thread->error || has_room(frame, PATIENCE))) {
			thread->reader_waits = false;
			pthread_cond_signal(&thread->changed);
		}
	}
	pthread_mutex_unlock(&thread->lock);
	return NULL;
}

/* ---- the reader's ---- */

static int send_strings(struct predict_thread *thread)
{
	uint32_t count = libdma_strings_count(thread->given);
	struct text *grown;

	if (thread->texts + count - thread->sent > thread->room) {
		thread->room = thread->texts + count - thread->sent + 64;
		grown = realloc(thread->text, thread->room * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		thread->text = grown;
	}
	for (; thread->sent < count; thread->sent++)
		thread->text[thread->texts++] = (struct text) {
			libdma_strings_get(thread->given, thread->sent),
			libdma_strings_size(thread->given, thread->sent),
		};
	return 0;
}

/* Hand over what came, and wake the thread if there is enough for it, or @now. */
static int hand_over(struct libdma_predictor *frame, bool now)
{
	struct predict_thread *thread = frame->thread;
	int err = send_strings(thread);

	thread->handed = frame->come;
	thread->lacks_survey = thread->lacking;
	if (thread->thread_waits && (now || thread->handed - thread->taken >= PATIENCE)) {
		thread->thread_waits = false;
		pthread_cond_signal(&thread->changed);
	}
	return err;
}

static void destroy(struct predict_thread *thread)
{
	pthread_cond_destroy(&thread->changed);
	pthread_mutex_destroy(&thread->lock);
	free(thread->text);
	free(thread);
}

/* Signals stay with the program's own threads. */
static int start(struct libdma_predictor *frame)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&frame->thread->thread, NULL, take_all_in, frame);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -err;
}

/* Where no thread is to be had the caller goes on by itself. */
static int create(struct libdma_predictor *frame)
{
	struct predict_thread *thread = calloc(1, sizeof(*thread));
	int err;

	if (!frame->strings)
		frame->strings = libdma_strings_create();
	if (!thread || !frame->strings) {
		free(thread);
		return -ENOMEM;
	}
	pthread_mutex_init(&thread->lock, NULL);
	pthread_cond_init(&thread->changed, NULL);
	thread->given = frame->options.strings;
	thread->sent = 1; /* all have the empty one */
	thread->handed = thread->taken = frame->come;
	thread->oldest = predict_oldest(frame);
	thread->lacking = thread->lacks_survey = frame->lacks_survey;
	frame->thread = thread;
	err = send_strings(thread);
	if (!err)
		err = learn_strings(frame);
	if (!err) {
		frame->options.strings = frame->strings;
		err = start(frame);
	}
	if (!err)
		return 0;
	frame->options.strings = thread->given;
	frame->thread = NULL;
	frame->stop = UINT64_MAX;
	destroy(thread);
	return err == -ENOMEM ? err : 0;
}

int predict_thread_go_on(struct libdma_predictor *frame)
{
	struct predict_thread *thread = frame->thread;
	int err;

	if (!thread) {
		frame->stop += HAND;
		return create(frame);
	}
	pthread_mutex_lock(&thread->lock);
	err = hand_over(frame, false);
	thread->reader_waits = !has_room(frame, HAND);
	while (thread->reader_waits && !thread->error)
		pthread_cond_wait(&thread->changed, &thread->lock);
	frame->stop = frame->come + HAND;
	err = err ? err : thread->error;
	pthread_mutex_unlock(&thread->lock);
	return err;
}

bool predict_thread_lacks_survey(const struct predict_thread *thread)
{
	return thread->lacks_survey;
}

static int join(struct libdma_predictor *frame, bool unwanted)
{
	struct predict_thread *thread = frame->thread;
	int err;

	if (!thread)
		return 0;
	pthread_mutex_lock(&thread->lock);
	err = hand_over(frame, true);
	thread->stopping = true;
	thread->unwanted = unwanted;
	pthread_mutex_unlock(&thread->lock);
	pthread_join(thread->thread, NULL);
	err = err ? err : thread->error;
	destroy(thread);
	frame->thread = NULL;
	frame->stop = UINT64_MAX;
	return err;
}

int predict_thread_finish(struct libdma_predictor *frame)
{
	return join(frame, false);
}

void predict_thread_stop(struct libdma_predictor *frame)
{
	join(frame, true);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * read-text.h - read a trace that is a string of the test, and keep all it says
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <libdma/trace.h>

#include "test.h"

#define MOST_EVENTS 64
#define MOST_PLACES 16

struct reading {
	int error; /* of opening */
	struct libdma_reader *reader;
	struct dma_event event[MOST_EVENTS]; /* lists and texts are copies */
	size_t events;
	struct {
		uint64_t line, offset;
		char reason[256];
	} place[MOST_PLACES];
	size_t places;
};

static inline void note_damage(void *arg, const struct libdma_damage *damage)
{
	struct reading *reading = arg;

	assert_true(reading->places < MOST_PLACES);
	reading->place[reading->places].line = damage->line;
	reading->place[reading->places].offset = damage->offset;
	snprintf(reading->place[reading->places].reason, 256, "%s", damage->reason);
	reading->places++;
}

static inline void *copy(const void *data, size_t size)
{
	void *to = data ? malloc(size ? size : 1) : NULL;

	if (to)
		memcpy(to, data, size);
	return to;
}

static inline void keep_event(struct reading *reading, const struct dma_event *event)
{
	struct dma_event *kept = &reading->event[reading->events];

	assert_true(reading->events < MOST_EVENTS);
	assert_int_equal(event->number, reading->events);
	*kept = *event;
	kept->phys_list = copy(event->phys_list, 8 * (size_t)event->phys_count);
	kept->size_list = copy(event->size_list, 4 * (size_t)event->phys_count);
	kept->dma_list = copy(event->dma_list, 8 * (size_t)event->dma_count);
	kept->dma_size_list = copy(event->dma_size_list, 4 * (size_t)event->dma_count);
	kept->text = copy(event->text, event->text_size);
	reading->events++;
}

static inline struct reading *read_file(const char *path, const char *from)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	struct libdma_reader_options options = { .from = from,
						 .damage = note_damage,
						 .arg = reading };
	const struct dma_event *event;

	assert_non_null(reading);
	reading->error = libdma_reader_open(path, &options, &reading->reader);
	if (reading->error)
		return reading;
	while (libdma_reader_next(reading->reader, &event) > 0)
		keep_event(reading, event);
	return reading;
}

static inline struct reading *read_bytes(const char *bytes, size_t size, const char *from)
{
	int fd = memfd_create("trace", 0);
	struct reading *reading;
	char path[32];

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	reading = read_file(path, from);
	close(fd);
	return reading;
}

static inline struct reading *read_text(const char *text)
{
	return read_bytes(text, strlen(text), NULL);
}

static inline void end_reading(struct reading *reading)
{
	for (size_t i = 0; i < reading->events; i++) {
		free((void *)reading->event[i].phys_list);
		free((void *)reading->event[i].size_list);
		free((void *)reading->event[i].dma_list);
		free((void *)reading->event[i].dma_size_list);
		free((void *)reading->event[i].text);
	}
	libdma_reader_close(reading->reader);
	free(reading);
}

static inline const char *string_of(const struct reading *reading, uint32_t number)
{
	return libdma_strings_get(libdma_reader_strings(reading->reader), number);
}

#define expect_text(reading, number, text) \
	assert_string_equal(string_of(reading, number), text)

static inline void expect_bytes(const void *got, const void *want, size_t size)
{
	assert_int_equal(!got, !want);
	if (want)
		assert_memory_equal(got, want, size);
}

/* All that an event says but its strings and its number. */
static inline void expect_event(const struct dma_event *got, const struct dma_event *want)
{
	struct dma_event plain = *got;

	expect_bytes(got->phys_list, want->phys_list, 8 * (size_t)want->phys_count);
	expect_bytes(got->size_list, want->size_list, 4 * (size_t)want->phys_count);
	expect_bytes(got->dma_list, want->dma_list, 8 * (size_t)want->dma_count);
	expect_bytes(got->dma_size_list, want->dma_size_list,
		     4 * (size_t)want->dma_count);
	expect_bytes(got->text, want->text, want->text_size);
	plain.phys_list = want->phys_list;
	plain.size_list = want->size_list;
	plain.dma_list = want->dma_list;
	plain.dma_size_list = want->dma_size_list;
	plain.text = want->text;
	plain.number = want->number;
	plain.device = plain.comm = plain.context = 0;
	plain.gfp = plain.name = plain.stack = 0;
	assert_memory_equal(&plain, want, offsetof(struct dma_event, text_size) + 4);
}

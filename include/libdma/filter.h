/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * filter.h - which events are wanted, said in an expression
 *
 *	dev == "0000:03:00.0" && size > 4k && dir != to_device
 *
 * Comparisons with == != < <= > >= and, for globs, ~ and !~ are joined by && || !
 * and parentheses. dmactl-dump(1) lists the fields.
 */
#pragma once

#include <libdma/event.h>

struct libdma_filter;

/**
 * libdma_filter_create() - understand an expression
 * @text:	the expression
 * @ret:	set to the filter
 * @place:	on -EINVAL set to the place in @text, in bytes, that is wrong
 * @why:	on -EINVAL set to what is wrong there, in words; free() it
 *
 * Return: 0, -EINVAL where @text is no expression, or -ENOMEM.
 */
int libdma_filter_create(const char *text, struct libdma_filter **ret, size_t *place,
			 char **why);

/** libdma_filter_destroy() - release; NULL is allowed */
void libdma_filter_destroy(struct libdma_filter *filter);

/**
 * libdma_filter_driver() - say which driver a device has
 *
 * Events of kind DMA_EVENT_DEVICE that are shown to the filter say it too.
 *
 * Return: 0, or -ENOMEM.
 */
int libdma_filter_driver(struct libdma_filter *filter, uint32_t device, uint32_t driver);

/**
 * libdma_filter_match() - is this event wanted?
 * @filter:	the filter, which remembers what it learns about strings
 * @event:	the event
 * @strings:	the table of its strings; always the same one for a filter
 *
 * A comparison of an address of a list holds when it holds for one of its entries.
 */
bool libdma_filter_match(struct libdma_filter *filter, const struct dma_event *event,
			 const struct libdma_strings *strings);

/**
 * struct libdma_filter_field - a word that an expression may begin a comparison with
 */
struct libdma_filter_field {
	const char *name;
	const char *summary;
};

/** libdma_filter_field_at() - the fields, one after the other; NULL behind the last */
const struct libdma_filter_field *libdma_filter_field_at(size_t index);

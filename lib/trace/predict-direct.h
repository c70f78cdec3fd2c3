/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * predict-direct.h - what the files of the direct backend share
 */
#pragma once

#include "trace/predict-swiotlb.h"

#define UNTAKEN_MAX 8192 /* bounces without a map: failed lists, cut ones, 6.1 */
#define SURVEYED    1024 /* announcements of the survey that wait for their map */

struct announcement {
	uint32_t device;
	phys_addr_t phys;
};

struct direct {
	struct libdma_predictor *frame;
	struct slots *slots;
	struct bounce untaken; /* head of a ring, the newest last */
	size_t untaken_count;
	struct announcement surveyed[SURVEYED];
	uint64_t surveys;
};

/* The bounces of a map or list: a map's memo. */
struct taken {
	uint32_t count;
	struct bounce *bounce[];
};

/* How many entries of a list are known, before the mapping and after. */
uint32_t list_entries(const struct dma_event *said);

struct bounce *bounce_create(const struct foreseen *event, phys_addr_t phys,
			     uint64_t size);

/* What the kernel found for a bounce is known: the device's address of the copy. */
void bounce_answer(struct direct *direct, struct bounce *bounce, dma_addr_t dma);

/* Room for an event's bounces, as its memo; NULL without memory. */
struct taken *bounces_of(struct foreseen *event, uint32_t room);
void bounces_free(struct taken *taken);
void bounces_destroy(struct direct *direct);

/* A search is announced; its memo is the bounce until it is judged. 0 or -ENOMEM */
int bounces_see_announced(struct direct *direct, struct foreseen *event);

/* A map or list takes what was announced for it. */
int bounces_see_single(struct direct *direct, struct foreseen *event);
int bounces_see_list(struct direct *direct, struct foreseen *event);
int bounces_see_failed(struct direct *direct, struct foreseen *event);

/* What a search found, where the recorder tells it (swiotlb_map, swiotlb_unmap). The
 * latter is false where a map took what comes back. */
void bounces_see_found(struct direct *direct, struct foreseen *event);
bool bounces_judge_given_back(struct direct *direct, const struct foreseen *event);

/* A search failed, so that its list did: those of the same list come back. */
void bounces_drop_failed(struct direct *direct, const struct bounce *failed);

/* A list that was cut was judged: the searches that are left of it have no answer. */
void bounces_cut(struct direct *direct, const struct foreseen *event);

/* Searches whose map will not come: too old ones, and those of a cut list that ends. */
void bounces_drop_oldest(struct direct *direct);
void bounces_drop_tail(struct direct *direct, const struct foreseen *event);

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ledger-find.c - which live range does a call mean?
 *
 * The kernel takes what agrees in all, or else the only one there is; where several
 * are and none agrees, it takes none (RULES.md E2). We take the best fit.
 *
 * Kernel counterpart: kernel/dma/debug.c, __hash_bucket_find(), bucket_find_contain()
 */
#include <string.h>

#include "base/mutant.h"
#include "check/check.h"

#define BUCKET_SHIFT 13
#define BUCKETS      16384

#define FITS_ALL 15

/* How far a chain is searched, so that no trace costs n^2. */
#define SEARCHED 1024

/* Bit by bit what agrees, the weightiest first. */
static unsigned int fit_of(const struct record *record, const struct reference *ref)
{
	return (record->ref.type == ref->type) * 8U +
	       (record->ref.size == ref->size) * 4U + (record->ref.dir == ref->dir) * 2U +
	       (record->ref.nents == ref->nents);
}

static struct record *best_at(const struct device_check *device,
			      const struct reference *ref, unsigned int *fit,
			      unsigned int *count)
{
	struct interval *at = intervals_at(&device->ranges, ref->dma);
	struct record *best = NULL;

	*fit = *count = 0;
	for (; at && *fit < FITS_ALL && *count < SEARCHED; ++*count) {
		struct record *record = record_of(at);
		unsigned int fits = fit_of(record, ref);

		at = intervals_newer(at);
		if (best && fits <= *fit)
			continue;
		best = record;
		*fit = fits;
	}
	return best;
}

struct record *ledger_find(const struct libdma_check *check,
			   const struct device_check *device, const struct reference *ref)
{
	unsigned int fit, count;
	struct record *best = best_at(device, ref, &fit, &count);

	if (check->options.as_kernel && fit < FITS_ALL && count > 1)
		return NULL;
	return best;
}

/* As the kernel compares them. */
static bool is_around(const struct record *record, const struct reference *ref)
{
	return record->ref.dma <= ref->dma &&
	       record->ref.dma + record->ref.size >= ref->dma + ref->size;
}

/*
 * Where to begin to look for what is around a range. The end of one that wraps around is
 * a small address, behind which all have theirs for the kernel.
 */
static uint64_t first_around(const struct reference *ref)
{
	return ref->dma + ref->size < ref->dma ? 0 : ref->dma;
}

/* How many buckets the kernel walks down before it comes to a record. */
static uint64_t buckets_down(const struct record *record, const struct reference *ref)
{
	return ((ref->dma >> BUCKET_SHIFT) - (record->ref.dma >> BUCKET_SHIFT)) % BUCKETS;
}

/* The nearest bucket from @from on that has a record around the range. */
static uint64_t nearest_bucket(const struct device_check *device,
			       const struct reference *ref, uint64_t from)
{
	uint64_t first = first_around(ref);
	struct interval *at = intervals_first(&device->ranges, first, ref->dma);
	uint64_t nearest = BUCKETS;

	for (; at; at = intervals_next(at, first, ref->dma)) {
		uint64_t down = buckets_down(record_of(at), ref);

		if (is_around(record_of(at), ref) && down >= from && down < nearest)
			nearest = down;
	}
	return nearest;
}

/* What the kernel finds in one bucket. */
static struct record *find_in_bucket(const struct device_check *device,
				     const struct reference *ref, uint64_t down)
{
	uint64_t first = first_around(ref);
	struct interval *at = intervals_first(&device->ranges, first, ref->dma);
	struct record *found = NULL;
	unsigned int count = 0;

	for (; at; at = intervals_next(at, first, ref->dma)) {
		struct record *record = record_of(at);

		if (!is_around(record, ref) || buckets_down(record, ref) != down)
			continue;
		if (fit_of(record, ref) == FITS_ALL)
			return record;
		found = record;
		count++;
	}
	return count == 1 ? found : NULL;
}

static struct record *find_as_kernel(const struct device_check *device,
				     const struct reference *ref)
{
	uint64_t end = (ref->dma >> BUCKET_SHIFT) + 1, down = 0;
	struct record *found = NULL;

	for (; !found; down++) {
		down = nearest_bucket(device, ref, down);
		if (down == BUCKETS || down >= MUTANT(G06, end, 1))
			return NULL;
		found = find_in_bucket(device, ref, down);
	}
	return found;
}

/* A record that begins before the range, or with it, and does not end before. */
static bool holds(const struct record *record, const struct reference *ref)
{
	uint64_t offset = ref->dma - record->ref.dma;

	return offset <= record->ref.size && ref->size <= record->ref.size - offset;
}

struct record *ledger_find_around(const struct libdma_check *check,
				  const struct device_check *device,
				  const struct reference *ref)
{
	struct interval *at;
	struct record *best = NULL;
	unsigned int best_fit = 0, tried = 0;

	if (check->options.as_kernel)
		return find_as_kernel(device, ref);
	at = intervals_first(&device->ranges, ref->dma, ref->dma);
	for (; at && tried++ < SEARCHED; at = intervals_next(at, ref->dma, ref->dma)) {
		unsigned int fit = fit_of(record_of(at), ref);

		if (!holds(record_of(at), ref) || (best && fit <= best_fit))
			continue;
		best = record_of(at);
		best_fit = fit;
	}
	return best;
}

struct record *ledger_find_unchecked(const struct device_check *device, uint64_t dma)
{
	struct interval *at = intervals_at(&device->ranges, dma);

	for (unsigned int i = 0; at && i < SEARCHED; i++, at = intervals_newer(at))
		if (record_of(at)->error == ERROR_NOT_CHECKED)
			return record_of(at);
	return NULL;
}

/* How well the entries agree; 0 where they do not. */
static unsigned int list_fit(const struct dma_event *begin, const struct dma_event *end)
{
	uint32_t shared =
		begin->phys_count < end->phys_count ? begin->phys_count : end->phys_count;
	bool cut = begin->flags & DMA_EVENT_CUT && begin->phys_count < end->phys_count;

	if (memcmp(begin->phys_list, end->phys_list, shared * sizeof(*end->phys_list)))
		return 0;
	return 1 + 2 * (begin->phys_count == end->phys_count || cut) +
	       (begin->dir == end->dir);
}

struct origin *ledger_find_list(const struct device_check *device,
				const struct dma_event *event)
{
	struct interval *at = intervals_at(&device->lists, event->phys_list[0]);
	struct origin *best = NULL;
	unsigned int best_fit = 0, tried = 0;

	for (; at && tried++ < SEARCHED; at = intervals_newer(at)) {
		struct origin *origin = member_of(at, struct origin, by_phys);
		unsigned int fit = list_fit(&origin->event, event);

		if (fit <= best_fit)
			continue;
		best = origin;
		best_fit = fit;
	}
	return best;
}

struct record *ledger_segment(const struct device_check *device,
			      const struct origin *origin, unsigned int index)
{
	const struct dma_event *begin = &origin->event;
	struct interval *at = intervals_at(
		&device->ranges, begin->dma_count ? begin->dma_list[index] : begin->dma);

	while (at && (record_of(at)->origin != origin || record_of(at)->ref.segment != index))
		at = intervals_newer(at);
	return record_of(at);
}

const struct ended *ledger_ended(const struct libdma_check *check, uint32_t device,
				 uint64_t dma, uint64_t size)
{
	uint64_t last = range_last(dma, size);
	uint64_t kept = check->ended_count < ENDED_KEPT ? check->ended_count : ENDED_KEPT;

	for (uint64_t i = 1; i <= kept; i++) {
		const struct ended *it =
			&check->ended[(check->ended_count - i) % ENDED_KEPT];

		if (it->device == device && it->start <= last && it->last >= dma)
			return it;
	}
	return NULL;
}

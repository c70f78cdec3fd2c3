// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * predict-iova-list.c - which segments a device sees of a list behind an IOMMU
 *
 * Where the list begins was decided with its range; how its entries merge follows from
 * their offsets and lengths. Lengths are the caller's. Where the recorder could not see
 * them iommu:map tells them to the granule: it fires for each run of entries that lie
 * together in memory. What an entry's last granule lacks is told by its segment's end.
 *
 * Kernel counterpart: drivers/iommu/dma-iommu.c, iommu_dma_map_sg(), __finalise_sg()
 * (RULES.md I35-I38)
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bits.h"
#include "dma/iommu-sg.h"
#include "trace/predict-iova.h"

#define LENGTH_MAX 0xffffffffULL

static int make_room(struct list_scratch *scratch, uint32_t count)
{
	struct scatterlist *sgl;
	struct run *run;

	if (count <= scratch->room)
		return 0;
	sgl = realloc(scratch->sgl, count * sizeof(*sgl));
	if (!sgl)
		return -ENOMEM;
	scratch->sgl = sgl;
	run = realloc(scratch->run, count * sizeof(*run));
	if (!run)
		return -ENOMEM;
	scratch->run = run;
	scratch->room = count;
	return 0;
}

void list_scratch_deinit(struct list_scratch *scratch)
{
	free(scratch->sgl);
	free(scratch->run);
}

/* ---- lengths ---- */

/* The runs that iommu:map told of the range, the first one first; their number, or 0. */
static uint32_t find_runs(struct iova *iova, const struct foreseen *event,
			  const struct request *request)
{
	struct list_scratch *scratch = &iova->scratch;
	const struct foreseen *piece = event;
	uint64_t end = request->dma + request->size;
	uint32_t at = scratch->room, count;

	while (iova_is_shown(iova) && end > request->dma && at &&
	       (piece = predict_previous(iova->frame, piece)))
		if (piece->event.kind == DMA_EVENT_IOMMU_MAP &&
		    piece->event.dma + piece->event.size == end && piece->event.size) {
			end = piece->event.dma;
			scratch->run[--at] = (struct run) { .phys = piece->event.phys,
							    .size = piece->event.size };
		}
	if (end != request->dma)
		return 0;
	count = scratch->room - at;
	for (uint32_t i = 0; i < count; i++)
		scratch->run[i] = scratch->run[at + i];
	return count;
}

/*
 * Granules of each entry, into the entries' lengths: up to the next one where that lies
 * behind it in the same run, up to the run's end where not.
 */
static bool lengths_of_runs(struct iova *iova, const struct dma_event *said,
			    uint32_t runs)
{
	uint64_t granule = iova->granule, done = 0;
	struct scatterlist *sgl = iova->scratch.sgl;
	const struct run *run = iova->scratch.run, *behind = run + runs;

	for (uint32_t i = 0; i < said->phys_count; i++) {
		uint64_t start = align_down(said->phys_list[i], granule), next = 0, size;

		if (run == behind || run->phys + done != start)
			return false;
		size = run->size - done;
		if (i + 1 < said->phys_count)
			next = align_down(said->phys_list[i + 1], granule);
		if (next > start && next - start < size)
			size = next - start;
		if (size > LENGTH_MAX)
			return false;
		sgl[i].length = (unsigned int)size;
		done += size;
		if (done < run->size)
			continue;
		done = 0;
		run++;
	}
	return said->phys_count < predict_nents(said) || run == behind;
}

/* Of whole granules it has all but what lies behind a segment's end. */
static void lengths_end(struct iova *iova, const struct dma_event *said, uint64_t base)
{
	struct scatterlist *sgl = iova->scratch.sgl;
	uint32_t segment = 0;
	uint64_t at = base;

	for (uint32_t i = 0; i < said->phys_count; i++) {
		uint64_t start = at + sgl[i].offset, end = 0;

		at += sgl[i].length;
		for (; segment < said->dma_count; segment++) {
			end = said->dma_list[segment] + said->dma_size_list[segment];
			if (end > start)
				break;
		}
		if (segment == said->dma_count || end > at)
			end = at;
		sgl[i].length = (unsigned int)(end - start);
	}
}

/* The entries' lengths: false where only the answer could tell them. */
static bool find_lengths(struct iova *iova, const struct foreseen *event,
			 const struct request *request)
{
	const struct dma_event *said = &event->event;
	struct scatterlist *sgl = iova->scratch.sgl;
	bool one_by_one = predict_ents(said) == predict_nents(said) &&
			  said->dma_count == said->phys_count;
	const uint32_t *lengths = said->size_list;
	uint32_t runs;

	sg_init_table(sgl, said->phys_count);
	for (uint32_t i = 0; i < said->phys_count; i++)
		sgl[i].offset = (unsigned int)(said->phys_list[i] & (iova->granule - 1));
	if (!lengths) {
		runs = find_runs(iova, event, request);
		if (runs && lengths_of_runs(iova, said, runs)) {
			lengths_end(iova, said, request->dma);
			return true;
		}
		if (!one_by_one)
			return false;
		lengths = said->dma_size_list;
	}
	for (uint32_t i = 0; i < said->phys_count; i++)
		sgl[i].length = lengths[i];
	return true;
}

/* ---- segments ---- */

static bool differs(struct list_check *check, uint32_t segment, uint64_t expected,
		    uint64_t got, const char *what)
{
	check->verdict = LIBDMA_VERDICT_UNEXPLAINED;
	check->segment = segment;
	snprintf(check->state, sizeof(check->state), "segment %u: %s 0x%llx, not 0x%llx",
		 segment, what, (unsigned long long)got, (unsigned long long)expected);
	return true;
}

/* The first that is another one; of a list that was cut the last may be longer. */
static bool compare(const struct iova *iova, const struct dma_event *said, uint32_t count,
		    struct list_check *check)
{
	const struct scatterlist *sgl = iova->scratch.sgl;
	bool whole = said->phys_count >= predict_nents(said);
	uint32_t ents = predict_ents(said);

	for (uint32_t i = 0; i < count && i < said->dma_count; i++) {
		bool rest = !whole && i + 1 == count;

		check->expected = sgl[i].dma_address;
		check->got = said->dma_list[i];
		if (check->expected != check->got)
			return differs(check, i, check->expected, check->got, "at");
		if (rest ? said->dma_size_list[i] < sgl[i].dma_length
			 : said->dma_size_list[i] != sgl[i].dma_length)
			return differs(check, i, sgl[i].dma_length,
				       said->dma_size_list[i], "bytes");
	}
	if (whole ? count != ents : count > ents)
		return differs(check, count < ents ? count : ents, count, ents,
			       "segments");
	return false;
}

/* Whoever gave the longest segment learned it from this list. */
static bool tells_longest(struct predict_device *device, const struct dma_event *said)
{
	const struct libdma_device_environment *known = device->known;

	if (!known || device->longest_told ||
	    known->origin.max_segment_size != LIBDMA_INFERRED)
		return false;
	for (uint32_t i = 0; i < said->dma_count; i++)
		device->longest_told |= said->dma_size_list[i] >= device->max_segment;
	return device->longest_told;
}

static void used(struct list_check *check, const char *what)
{
	check->verdict = LIBDMA_VERDICT_USED;
	snprintf(check->state, sizeof(check->state), "its answer tells %s", what);
}

int list_check(struct iova *iova, const struct foreseen *event,
	       const struct request *request, struct list_check *check)
{
	const struct dma_event *said = &event->event;
	struct predict_device *device = event->device;
	uint32_t count, room;
	uint64_t size;

	*check = (struct list_check) { .verdict = LIBDMA_VERDICT_PREDICTED };
	/* an untrusted device's entries are mapped one by one (RULES.md I34) */
	if (!said->phys_count || !said->dma_size_list ||
	    (device->known && device->known->untrusted))
		return 0;
	room = said->nents < PREDICT_HISTORY ? said->nents : PREDICT_HISTORY;
	if (make_room(&iova->scratch, said->phys_count > room ? said->phys_count : room))
		return -ENOMEM;
	if (!find_lengths(iova, event, request)) {
		used(check, "how long its entries are");
		return 0;
	}
	if (iommu_sg_layout(iova->frame->rules, iova->scratch.sgl, said->phys_count,
			    iova->granule, device->boundary, &size))
		return 0;
	count = iommu_sg_merge(iova->scratch.sgl, said->phys_count, device->boundary,
			       (unsigned int)device->max_segment, request->dma);
	if (compare(iova, said, count, check))
		return 0;
	if (said->phys_count == predict_nents(said) && !request->cut &&
	    size != request->size)
		differs(check, 0, size, request->size, "the range's bytes");
	else if (tells_longest(device, said))
		used(check, "the device's longest segment");
	return 0;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * predict-swiotlb-build.c - where the swiotlb lies, and how large it is
 *
 * Seldom does anybody record where. After boot an area is filled from its beginning on,
 * so that the first bounce of a CPU lies there; what all bounces reach must lie inside.
 *
 * Kernel counterpart: swiotlb_init_remap() of kernel/dma/swiotlb.c (RULES.md S1-S5)
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "trace/cmdline.h"
#include "trace/predict-swiotlb.h"

#define SLOTS_MAX (1U << 26) /* 128 GiB */

int slots_create(struct libdma_predictor *frame, struct slots **ret)
{
	struct slots *slots = calloc(1, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	slots->frame = frame;
	slots->told_by = UINT64_MAX;
	slots->sized_by = UINT64_MAX;
	slots->cut_by = UINT64_MAX;
	slots->reach = calloc(CPUS_MAX, sizeof(*slots->reach));
	if (!slots->reach) {
		free(slots);
		return -ENOMEM;
	}
	*ret = slots;
	return 0;
}

void slots_destroy(struct slots *slots)
{
	if (!slots)
		return;
	swiotlb_destroy(slots->swiotlb);
	free(slots->confirmed);
	free(slots->touched);
	free(slots->stranger);
	free(slots->reach);
	free(slots);
}

/* ---- the survey ---- */

int slots_survey(struct slots *slots, const struct dma_event *event, uint64_t copy,
		 uint64_t size)
{
	struct cpu_reach *reach;

	if (event->cpu >= CPUS_MAX)
		return 0;
	reach = &slots->reach[event->cpu];
	if (!slots->reached)
		slots->first_cpu = event->cpu;
	slots->reached = true;
	if (!reach->used)
		*reach = (struct cpu_reach) { true, copy, copy, 0, event->number };
	if (copy < reach->low)
		reach->low = copy;
	if (copy + size > reach->high)
		reach->high = copy + size;
	return 0;
}

/* Behind a loss of events an end without beginning may be of a buffer mapped in it. */
int slots_survey_stranger(struct slots *slots, const struct dma_event *event)
{
	struct stranger *grown;
	size_t room;

	if (event->kind == DMA_EVENT_LOST)
		slots->lost = true;
	if (slots->lost || event_kind_class(event->kind) != DMA_CLASS_UNMAP ||
	    event->kind == DMA_EVENT_UNMAP_SG || !event->size)
		return 0;
	if (slots->strangers == slots->stranger_room) {
		room = slots->stranger_room ? slots->stranger_room * 2 : 64;
		grown = realloc(slots->stranger, room * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		slots->stranger = grown;
		slots->stranger_room = room;
	}
	slots->stranger[slots->strangers++] =
		(struct stranger) { event->number, event->dma, event->size };
	return 0;
}

/* ---- first bounces ---- */

static uint64_t area_bytes(const struct swiotlb_size *size)
{
	return size->slots / size->areas << SWIOTLB_SHIFT;
}

/* Where it begins if a CPU's area is still empty when this copy is made in it. */
static uint64_t start_by(const struct swiotlb_size *size, uint32_t cpu, uint64_t first)
{
	uint32_t area = cpu & (size->areas - 1);

	return align_down(first, PAGE_SIZE) - area * area_bytes(size);
}

static bool holds_all(const struct slots *slots, const struct swiotlb_size *size,
		      uint64_t start)
{
	for (uint32_t cpu = 0; cpu < CPUS_MAX; cpu++) {
		const struct cpu_reach *reach = &slots->reach[cpu];

		if (reach->used && (reach->low < start ||
				    reach->high > start + (size->slots << SWIOTLB_SHIFT)))
			return false;
	}
	return true;
}

/* Do the first bounces of two CPUs tell the same, or is nothing older than they are? */
static bool is_fresh(const struct slots *slots, const struct swiotlb_size *size,
		     uint64_t start)
{
	unsigned int cpus = 0, agree = 0;

	for (uint32_t cpu = 0; cpu < CPUS_MAX; cpu++) {
		if (!slots->reach[cpu].used)
			continue;
		cpus++;
		agree += start_by(size, cpu, slots->reach[cpu].first) == start;
	}
	return holds_all(slots, size, start) &&
	       (agree > 1 || (cpus == 1 && !slots->strangers));
}

/* ---- size ---- */

/*
 * The first bounces of two CPUs lie where their areas begin, and tell how large one is,
 * where the kernel's default cannot be it.
 */
static bool size_by_first(struct slots *slots, struct swiotlb_size *size)
{
	const struct cpu_reach *one = &slots->reach[slots->first_cpu], *other = NULL;
	uint32_t area = slots->first_cpu & (size->areas - 1);
	struct swiotlb_size guess = *size;
	int64_t apart, areas;
	uint64_t bytes;

	if (!slots->reached ||
	    is_fresh(slots, size, start_by(size, slots->first_cpu, one->first)))
		return false;
	for (uint32_t cpu = 0; cpu < CPUS_MAX && !other; cpu++)
		if (slots->reach[cpu].used && (cpu & (size->areas - 1)) != area)
			other = &slots->reach[cpu];
	if (!other)
		return false;
	apart = (int64_t)(align_down(other->first, PAGE_SIZE) -
			  align_down(one->first, PAGE_SIZE));
	areas = (int64_t)((uint64_t)(other - slots->reach) & (size->areas - 1)) - area;
	if (apart % areas || apart / areas <= 0)
		return false;
	bytes = (uint64_t)(apart / areas);
	if (!is_power_of_two(bytes) || bytes < SWIOTLB_SEGMENT << SWIOTLB_SHIFT ||
	    bytes >> SWIOTLB_SHIFT > SLOTS_MAX / size->areas)
		return false;
	guess.slots = (bytes >> SWIOTLB_SHIFT) * size->areas;
	if (!is_fresh(slots, &guess, start_by(&guess, slots->first_cpu, one->first)))
		return false;
	slots->sized_by = other->number;
	*size = guess;
	return true;
}

static int set_size(struct slots *slots, const struct libdma_environment *known,
		    struct swiotlb_size *size)
{
	struct libdma_predictor *frame = slots->frame;
	unsigned int cpus = known->cpus ? known->cpus : 1;
	size_t length = 0;
	const char *said = cmdline_find(known->cmdline, "swiotlb", &length), *how = NULL;
	char *text = said ? strndup(said, length) : NULL;
	int err = 0;

	if (said && !text)
		return -ENOMEM;
	if (swiotlb_size(text, cpus, SWIOTLB_SEGMENT, size))
		swiotlb_size(NULL, 1, SWIOTLB_SEGMENT, size);
	if (known->origin.swiotlb_areas == LIBDMA_GIVEN && known->swiotlb.areas &&
	    known->swiotlb.areas <= size->slots)
		size->areas = known->swiotlb.areas;
	else
		err = predict_assume(frame, "swiotlb.areas", "the number of CPUs", "%u",
				     size->areas);
	if (known->origin.swiotlb_slots == LIBDMA_GIVEN && known->swiotlb.slots &&
	    known->swiotlb.slots <= SLOTS_MAX)
		size->slots = known->swiotlb.slots;
	else if (text)
		how = "swiotlb= of the command line";
	else
		how = size_by_first(slots, size) ? "the first bounces of two CPUs"
						 : "the kernel's default";
	if (how && !err)
		err = predict_assume(frame, "swiotlb.slots", how, "%llu",
				     (unsigned long long)size->slots);
	if (size->slots < size->areas)
		size->areas = 1;
	free(text);
	return err;
}

static void place_strangers(struct slots *slots)
{
	static const struct swiotlb_device device = { .min_align_mask = SWIOTLB_SLOT - 1,
						      .boundary = UINT64_MAX };

	for (size_t i = 0; i < slots->strangers; i++) {
		const struct stranger *stranger = &slots->stranger[i];
		struct swiotlb_request request = { .phys = stranger->copy,
						   .size = stranger->size };

		if (slots_hold(slots, stranger->copy))
			swiotlb_place(slots->swiotlb, &device, &request, stranger->copy,
				      false);
	}
}

static int build(struct slots *slots, const struct swiotlb_size *size, uint64_t start)
{
	struct swiotlb_options options = {
		.rules = slots->frame->rules,
		.start = start,
		.slots = size->slots,
		.areas = size->areas,
	};
	int err = swiotlb_create(&options, &slots->swiotlb);

	if (err)
		return err == -ENOMEM ? err : 0;
	slots->start = start;
	slots->slots = size->slots;
	slots->areas = size->areas;
	slots->area_bytes = size->slots / size->areas << SWIOTLB_SHIFT;
	slots->confirmed = calloc(size->areas, sizeof(*slots->confirmed));
	slots->touched = calloc(size->slots / 64 + 1, sizeof(*slots->touched));
	slots->touched_since = slots->frame->lost_number;
	if (!slots->confirmed || !slots->touched)
		return -ENOMEM;
	place_strangers(slots);
	return 0;
}

/* ---- place ---- */

/* The value of @low to @high that is a multiple of most. */
static uint64_t roundest(uint64_t low, uint64_t high)
{
	uint64_t align = PAGE_SIZE;

	while (align_up(low, align * 2) <= high && align < 1ULL << 40)
		align *= 2;
	return align_up(low, align);
}

/*
 * Others were there before the recording, so that no first bounce tells where an area
 * begins. All copies lie inside, and those of a CPU in its area, unless that was full
 * once. Of the places that are left the roundest is as good as any: where its sets begin
 * is the same for all but the most crooked.
 */
static uint64_t start_by_reach(const struct slots *slots, const struct swiotlb_size *size)
{
	uint64_t most = UINT64_MAX, least = 0, low = UINT64_MAX, high = 0, bytes;

	for (uint32_t cpu = 0; cpu < CPUS_MAX; cpu++) {
		const struct cpu_reach *reach = &slots->reach[cpu];
		uint64_t start;

		if (!reach->used)
			continue;
		start = start_by(size, cpu, reach->low);
		most = start < most ? start : most;
		start = start_by(size, cpu, reach->high - 1) + PAGE_SIZE -
			area_bytes(size);
		least = start > least ? start : least;
		low = reach->low < low ? reach->low : low;
		high = reach->high > high ? reach->high : high;
	}
	if (least <= most && most <= low)
		return roundest(least, most);
	bytes = size->slots << SWIOTLB_SHIFT;
	high = align_up(high, PAGE_SIZE);
	return roundest(high > bytes ? high - bytes : 0, align_down(low, PAGE_SIZE));
}

int slots_start(struct slots *slots)
{
	const struct libdma_environment *known = slots->frame->environment;
	struct swiotlb_size size;
	uint64_t start = known->swiotlb.start;
	int err;

	/* behind an IOMMU what was seen are no addresses of copies */
	if (known->origin.swiotlb_start != LIBDMA_GIVEN &&
	    (!slots->reached || known->iommu.mode >= LIBDMA_IOMMU_STRICT))
		return 0;
	err = set_size(slots, known, &size);
	if (err || known->origin.swiotlb_start == LIBDMA_GIVEN)
		return err ? err : build(slots, &size, start);
	start = start_by(&size, slots->first_cpu, slots->reach[slots->first_cpu].first);
	slots->told_by = slots->reach[slots->first_cpu].number;
	for (uint32_t cpu = 0; cpu < CPUS_MAX && !holds_all(slots, &size, start); cpu++) {
		if (!slots->reach[cpu].used)
			continue;
		start = start_by(&size, cpu, slots->reach[cpu].first);
		slots->told_by = slots->reach[cpu].number;
	}
	if (is_fresh(slots, &size, start)) {
		err = predict_assume(slots->frame, "swiotlb.start", "the first bounce",
				     "0x%llx", (unsigned long long)start);
	} else {
		start = start_by_reach(slots, &size);
		slots->told_by = UINT64_MAX;
		err = predict_assume(slots->frame, "swiotlb.start", "what bounces reach",
				     "0x%llx", (unsigned long long)start);
	}
	return err ? err : build(slots, &size, start);
}

int slots_learn(struct slots *slots, struct bounce *bounce)
{
	struct swiotlb_size size;
	uint64_t start;
	int err = set_size(slots, slots->frame->environment, &size);

	if (err)
		return err;
	start = start_by(&size, bounce->cpu, bounce->got);
	bounce->told = true;
	err = predict_assume(slots->frame, "swiotlb.start", "the first bounce", "0x%llx",
			     (unsigned long long)start);
	return err ? err : build(slots, &size, start);
}

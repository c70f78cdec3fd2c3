// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * predict-iova-space.c - the IOVAs of each IOMMU group, as the kernel sets them up
 *
 * Kernel counterpart: drivers/iommu/dma-iommu.c, iommu_dma_init_domain(),
 * iova_reserve_iommu_regions(), iova_reserve_pci_windows() (RULES.md I2, I22, I23)
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/predict-iova.h"

#define TICK_NS    4000000  /* HZ is 250 on most distributions */
#define SLACK_NS   16000000 /* that a timer of a busy or sleeping CPU is late */
#define TIMEOUT_NS 10000000 /* of the flush queue */
#define TRIM_NS	   100000000 /* of a depot */
#define HOLE_MIN   0x100000 /* that a bridge's window has; less may be by chance */

static int reserve(const struct iova *iova, struct iova_domain *domain,
		   const struct libdma_range *range)
{
	if (!range->length)
		return 0;
	return iova_reserve(domain, range->start / iova->granule,
			    (range->start + range->length - 1) / iova->granule);
}

static bool is_window(const struct libdma_range *range)
{
	return range->name && !strncmp(range->name, "PCI Bus ", 8);
}

static const struct libdma_group *group_of(const struct iova *iova, uint32_t group)
{
	const struct libdma_environment *known = iova->frame->environment;

	return group == PREDICT_NO_GROUP ? NULL : &known->iommu.group[group];
}

/* Nobody says what the group cannot use: on x86, where interrupts go. */
static int reserve_interrupts(const struct iova *iova, struct iova_domain *domain)
{
	static const struct libdma_range interrupts = { 0xfee00000, 0x100000, NULL };
	const char *arch = iova->frame->environment->arch;

	if (arch && strcmp(arch, "x86_64"))
		return 0;
	return reserve(iova, domain, &interrupts);
}

/* The host bridge's windows, what the group cannot use, and what answers told. */
static int reserve_all(const struct iova *iova, uint32_t number,
		       struct iova_domain *domain)
{
	const struct libdma_environment *known = iova->frame->environment;
	const struct libdma_group *group = group_of(iova, number);
	int err = 0;

	for (size_t i = 0; i < known->memory.count && !err; i++)
		if (is_window(&known->memory.range[i]))
			err = reserve(iova, domain, &known->memory.range[i]);
	for (unsigned int i = 0; i < iova->holes && !err; i++)
		err = reserve(iova, domain, &iova->hole[i]);
	if (!group || !group->reserved.count)
		return err ? err : reserve_interrupts(iova, domain);
	for (size_t i = 0; i < group->reserved.count && !err; i++)
		err = reserve(iova, domain, &group->reserved.range[i]);
	return err;
}

static bool is_lazy(const struct iova *iova, uint32_t number)
{
	const struct libdma_group *group = group_of(iova, number);

	if (group && group->type)
		return !strcmp(group->type, "DMA-FQ");
	return iova->frame->environment->iommu.mode == LIBDMA_IOMMU_LAZY;
}

/* What was taken before the recording, and is given back in it. */
static int put_strangers(struct iova *iova, struct space *space)
{
	struct libdma_predictor *frame = iova->frame;

	for (size_t i = 0; i < iova->strangers; i++) {
		const struct stranger *it = &iova->stranger[i];
		uint64_t offset = it->dma & (iova->granule - 1);
		struct predict_device *device;
		int err = predict_device(frame, it->device, &device);

		if (err)
			return err;
		if (!device || device->group != space->group)
			continue;
		iova_adopt(timeline_domain(space->timeline), 0,
			   (it->size + offset + iova->granule - 1) / iova->granule,
			   it->dma / iova->granule);
		space->stranger = it->number;
	}
	return 0;
}

static int create_timeline(struct iova *iova, struct space *space,
			   struct iova_domain *domain)
{
	return timeline_create(
		&(struct timeline_options) {
			.domain = domain,
			.race = RACE_NS,
			.tick = TICK_NS,
			.slack = SLACK_NS,
			.timeout = space->lazy && !iova->exact ? TIMEOUT_NS : 0,
			.trim = iova->frame->rules->iova_depot_is_list ? TRIM_NS : 0,
			.credit = &iova->credit,
		},
		&space->timeline);
}

static int create_domain(struct iova *iova, struct space *space)
{
	struct iova_options options = {
		.rules = iova->frame->rules,
		.granule = iova->granule,
		.start = 1,
		.cpus = iova->cpus,
	};
	struct iova_domain *domain;
	int err = iova_domain_create(&options, &domain);

	if (err)
		return err;
	err = reserve_all(iova, space->group, domain);
	if (!err && space->lazy)
		err = iova_set_release(domain, IOVA_LAZY, NULL, NULL);
	if (!err)
		err = create_timeline(iova, space, domain);
	if (err)
		iova_domain_destroy(domain);
	return err;
}

static int create(struct iova *iova, struct predict_device *device, struct space **ret)
{
	struct space *space = calloc(1, sizeof(*space));
	int err;

	if (!space)
		return -ENOMEM;
	space->group = device->group;
	space->device = device;
	space->lazy = is_lazy(iova, device->group);
	space->stranger = LIBDMA_NO_WITNESS;
	err = create_domain(iova, space);
	if (!err)
		err = put_strangers(iova, space);
	if (err) {
		space_destroy(space);
		return err;
	}
	space->next = iova->spaces;
	iova->spaces = space;
	*ret = space;
	return 0;
}

void space_destroy(struct space *space)
{
	if (!space)
		return;
	timeline_destroy(space->timeline);
	free(space);
}

int space_find(struct iova *iova, struct predict_device *device, struct space **ret)
{
	struct space *space = device->iova;
	int err = 0;

	if (space) {
		*ret = space;
		return 0;
	}
	for (space = iova->spaces; space; space = space->next)
		if (device->group != PREDICT_NO_GROUP && space->group == device->group)
			break;
	if (!space)
		err = create(iova, device, &space);
	if (err)
		return err;
	device->iova = *ret = space;
	return 0;
}

int space_learn_hole(struct iova *iova, struct space *space, uint64_t start, uint64_t end)
{
	static const char *const names[HOLES] = { "iommu.reserved", "iommu.reserved (second)",
						  "iommu.reserved (third)" };
	uint64_t lo = start >> iova->shift, hi = (end - 1) >> iova->shift;
	int r = 0;

	if (iova->frame->environment->memory.count || iova->holes == HOLES ||
	    end - start < HOLE_MIN)
		return 0;
	r = timeline_reserve(space->timeline, lo, hi);
	for (struct space *other = iova->spaces; other && r > 0; other = other->next)
		if (other != space && timeline_reserve(other->timeline, lo, hi) < 0)
			r = -ENOMEM;
	if (r > 0 && predict_assume(iova->frame, names[iova->holes], "no address there",
				    "0x%llx-0x%llx", (unsigned long long)start,
				    (unsigned long long)end - 1))
		r = -ENOMEM;
	if (r > 0)
		iova->hole[iova->holes++] =
			(struct libdma_range) { start, end - start, NULL };
	return r;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * group.c - devices behind an IOMMU that share one domain, and so its IOVAs
 *
 * Kernel counterpart: drivers/iommu/iommu.c, iommu_dma_init_domain() of
 * drivers/iommu/dma-iommu.c (RULES.md I2, I3, I20-I23)
 */
#include <errno.h>

#include "alloc/iova.h"
#include "dma/group.h"
#include "hardware/iommu.h"

static void flush_all(void *arg, unsigned int cpu)
{
	struct group *group = arg;

	iommu_flush(group->table);
	group->flushes++;
	machine_emit(group->machine, cpu,
		     &(struct dma_event) {
			     .kind = DMA_EVENT_FLUSH,
			     .handle = group->number + 1,
		     });
}

/* What waited for a flush is free now, as a recorder of the kernel's sees it. */
static void tell_freed(void *arg, unsigned int cpu, uint64_t pfn, uint64_t size)
{
	struct group *group = arg;
	uint64_t granule = group->machine->granule;

	machine_emit(group->machine, cpu,
		     &(struct dma_event) {
			     .kind = DMA_EVENT_FREE_IOVA,
			     .dma = pfn * granule,
			     .size = size * granule,
			     .handle = group->number + 1,
		     });
}

static int reserve(struct group *group, const struct libdma_machine *machine)
{
	for (size_t i = 0; i < machine->reserved_count; i++) {
		const struct libdma_range *range = &machine->reserved[i];
		int err;

		if (!range->length)
			continue;
		err = iova_reserve(group->iova, range->start / machine->granule,
				   (range->start + range->length - 1) / machine->granule);
		if (err)
			return err;
	}
	return 0;
}

/* What a device may still reach after its unmap is for trusted ones alone (RULES.md I26). */
static enum iova_release release_of(const struct libdma_machine *machine, bool trusted)
{
	if (machine->iommu != LIBDMA_IOMMU_LAZY || !trusted)
		return IOVA_STRICT;
	/* A kernel that does not ask what a flush costs has a queue a CPU. */
	return machine->config & LIBDMA_CONFIG_SHADOWED_FLUSH &&
			       machine->rules->iova_queue_may_be_shared
		       ? IOVA_LAZY_SHARED
		       : IOVA_LAZY;
}

static void destroy(struct group *group)
{
	iova_domain_destroy(group->iova);
	iommu_destroy(group->table);
	heap_free(group);
}

static unsigned int unused_number(const struct libdma_machine *machine)
{
	unsigned int number = 0;

	for (const struct group *it = machine->groups; it; it = it->next)
		if (it->number >= number)
			number = it->number + 1;
	return number;
}

static int create(struct libdma_machine *machine, unsigned int wanted, bool trusted,
		  struct group **ret)
{
	enum iova_release release = release_of(machine, trusted);
	struct iova_options options = {
		.rules = machine->rules,
		.heap = &machine->heap,
		.granule = machine->granule,
		.start = 1,
		.cpus = machine->cpus,
		.magazine = machine->magazine,
	};
	struct group *group = heap_alloc(&machine->heap, 1, sizeof(*group));
	int err = -ENOMEM;

	if (!group)
		return -ENOMEM;
	group->number = unused_number(machine);
	group->wanted = wanted;
	group->machine = machine;
	err = iova_domain_create(&options, &group->iova);
	if (!err)
		err = iommu_create(&machine->heap, machine->granule, &group->table);
	if (!err)
		err = reserve(group, machine);
	if (err)
		goto destroy_group;
	/* Without memory for a queue the domain stays strict (RULES.md I29). */
	if (release != IOVA_STRICT)
		group->lazy = !iova_set_release(group->iova, release, flush_all, group);
	if (group->lazy)
		iova_on_free(group->iova, tell_freed);
	iova_advance(group->iova, machine->ns);
	*ret = group;
	return 0;

destroy_group:
	destroy(group);
	return err;
}

int group_join(struct libdma_machine *machine, unsigned int number, bool trusted,
	       struct group **ret)
{
	struct group *group;
	int err;

	for (group = machine->groups; group && number; group = group->next)
		if (group->wanted == number) {
			group->users++;
			*ret = group;
			return 0;
		}
	err = create(machine, number, trusted, &group);
	if (err)
		return err;
	group->users = 1;
	group->next = machine->groups;
	machine->groups = group;
	*ret = group;
	return 0;
}

void group_leave(struct libdma_machine *machine, struct group *group)
{
	struct group **at = &machine->groups;

	if (--group->users)
		return;
	while (*at != group)
		at = &(*at)->next;
	*at = group->next;
	destroy(group);
}

static struct group *first_due(const struct libdma_machine *machine, uint64_t ns)
{
	struct group *first = NULL;

	for (struct group *group = machine->groups; group; group = group->next) {
		uint64_t due = iova_next_timer(group->iova);

		if (due != UINT64_MAX && due <= ns &&
		    (!first || due < iova_next_timer(first->iova)))
			first = group;
	}
	return first;
}

void group_advance_all(struct libdma_machine *machine, uint64_t ns)
{
	struct group *first;

	/* what a timer does is told with its time */
	while ((first = first_due(machine, ns))) {
		uint64_t due = iova_next_timer(first->iova);

		machine->ns = due > machine->ns ? due : machine->ns;
		iova_advance(first->iova, machine->ns);
	}
	machine->ns = ns;
	for (struct group *group = machine->groups; group; group = group->next)
		iova_advance(group->iova, ns);
}

bool group_valid(const struct group *group)
{
	return iova_valid(group->iova) && iommu_valid(group->table);
}

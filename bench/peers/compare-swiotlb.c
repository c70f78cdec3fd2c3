// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * compare-swiotlb.c - libdma's bounce buffers and the kernel's kernel/dma/swiotlb.c
 *
 * Banks of all sizes and numbers of areas, devices with and without masks, eight CPUs.
 */
#include <errno.h>

#include <libdma/page.h>

#include "alloc/swiotlb.h"

#include "compare.h"
#include "peer-swiotlb.h"

#define CALLS 100000
#define RUNS  16
#define BOOTS 10000
#define CPUS  8
#define MOST  SWIOTLB_DEFAULT_SLOTS

struct trial {
	const struct peer_swiotlb *peer;
	struct swiotlb *swiotlb;
	struct swiotlb_device device;
	struct peer_swiotlb_device theirs;
	unsigned int endless;
	unsigned int count;
	phys_addr_t live[MOST];
};

static void map(struct trial *trial)
{
	struct swiotlb_request request = {
		.cpu = (unsigned int)roll(CPUS),
		.phys = roll(1ULL << 34),
		.size = roll(3) ? 512ULL << roll(8) : 1 + roll(70000),
		.align_mask = roll(3) ? 0 : (uint32_t)PAGE_SIZE - 1,
	};
	phys_addr_t ours = UINT64_MAX;
	int err = swiotlb_map(trial->swiotlb, &trial->device, &request, &ours, NULL);

	/* The kernel would not come back (S18b). */
	if (err == -EDEADLK) {
		trial->endless++;
		return;
	}
	compare("a copy's place", ours,
		trial->peer->map(&trial->theirs, request.cpu, request.phys, request.size,
				 request.align_mask));
	if (!err)
		trial->live[trial->count++] = ours;
}

static void unmap(struct trial *trial)
{
	phys_addr_t *phys = &trial->live[roll(trial->count)];

	trial->peer->unmap(&trial->theirs, *phys);
	compare("an unmap",
		(uint64_t)swiotlb_unmap(trial->swiotlb, &trial->device, *phys), 0);
	*phys = trial->live[--trial->count];
}

static void compare_usage(const struct trial *trial)
{
	uint64_t slots, used, most;

	swiotlb_usage(trial->swiotlb, &slots, &used, &most);
	compare("slots in use", used, trial->peer->used());
	compare("the longest mapping",
		swiotlb_max_mapping_size(trial->swiotlb, trial->device.min_align_mask),
		trial->peer->max_mapping_size(&trial->theirs));
	compare("valid", swiotlb_valid(trial->swiotlb), true);
}

static void run(struct trial *trial, enum dma_kernel kernel)
{
	static const uint32_t keep[] = { 0, 0, 0x1ff, 0x7ff, 0xfff, 0x3fff };
	static const uint64_t boundary[] = { 0xffff, 0x3ffff, 0xffffffff, UINT64_MAX };
	unsigned int areas = 1U << roll(4);
	uint64_t slots = ((uint64_t)SWIOTLB_SEGMENT * areas) << roll(5);
	const struct swiotlb_options options = {
		.rules = kernel_rules(kernel),
		.start = 0x4000000 + PAGE_SIZE * roll(3),
		.slots = slots < MOST ? slots : MOST,
		.areas = areas,
	};
	unsigned int inclination = 8 + (unsigned int)roll(5);

	trial->device.min_align_mask = keep[roll(6)];
	trial->device.boundary = boundary[roll(4)];
	trial->theirs = (struct peer_swiotlb_device) { trial->device.min_align_mask,
						       trial->device.boundary };
	trial->count = 0;
	if (swiotlb_create(&options, &trial->swiotlb))
		exit(1);
	trial->peer->create(options.start, options.slots, areas);
	for (unsigned int call = 0; call < CALLS; call++) {
		if (trial->count < MOST && roll(20) < inclination)
			map(trial);
		else if (trial->count)
			unmap(trial);
		if (call % 1000 == 0)
			compare_usage(trial);
	}
	swiotlb_destroy(trial->swiotlb);
}

/* ---- how large it is ---- */

static void pick_text(char *text, size_t size)
{
	static const char *const flags[] = { "",         "",      ",force",
					     ",noforce", "force", ",forced" };
	char slots[16] = "", areas[16] = "";

	if (roll(5))
		snprintf(slots, sizeof(slots), roll(4) ? "%u" : "%#x",
			 (unsigned int)roll(1ULL << roll(20)));
	if (roll(3))
		snprintf(areas, sizeof(areas), ",%u",
			 (unsigned int)roll(1ULL << roll(9)));
	snprintf(text, size, "%s%s%s", slots, areas, flags[roll(6)]);
}

/* Halved until so much memory is to be had. */
static bool boot(const struct kernel_rules *rules, const char *text, unsigned int cpus,
		 uint64_t most_slots, struct swiotlb_size *size)
{
	unsigned int wanted;

	if (swiotlb_size(text, cpus, SWIOTLB_SEGMENT, size))
		exit(1);
	wanted = size->areas;
	if (size->disable)
		return false;
	while (size->slots > most_slots)
		if (swiotlb_size_halve(size, SWIOTLB_SEGMENT))
			return false;
	if (rules->swiotlb_keeps_areas)
		size->areas = wanted;
	return true;
}

static void compare_boot(const struct peer_swiotlb *peer,
			 const struct kernel_rules *rules)
{
	unsigned int cpus = 1 + (unsigned int)roll(64), areas;
	uint64_t most_slots = 1ULL << roll(19);
	struct swiotlb_size size;
	unsigned long slots;
	bool force, has_bank;
	char text[64];

	pick_text(text, sizeof(text));
	has_bank = boot(rules, text, cpus, most_slots, &size);
	compare("is there a bank", has_bank,
		peer->boot(text, cpus, most_slots, &slots, &areas, &force));
	compare("are all to bounce", size.force, force);
	if (!has_bank)
		return;
	compare("a bank's slots", size.slots, slots);
	compare("a bank's areas", size.areas, areas);
}

int main(int argc, char **argv)
{
	static struct trial trial;
	enum dma_kernel kernel = kernel_of(argc, argv);

	trial.peer = open_peer(argv[2], "peer_swiotlb");
	for (unsigned int i = 0; i < RUNS; i++)
		run(&trial, kernel);
	for (unsigned int i = 0; i < BOOTS; i++)
		compare_boot(trial.peer, kernel_rules(kernel));
	printf("swiotlb of %s: %u runs of %u calls, %u boots, no difference "
	       "(%u endless searches)\n",
	       argv[1], RUNS, CALLS, BOOTS, trial.endless);
	return 0;
}

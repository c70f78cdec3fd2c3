// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * replay-record.c - a recording of a driver's steady state, made by the model
 *
 * Four devices map buffers of 1 to 16 pages. Once 65536 are live each map comes behind
 * an unmap of one of the oldest. The machine's own events are what is recorded.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libdma/dma-mapping.h>

#include "replay.h"

#define DEVICES REPLAY_DEVICES
#define LIVE	REPLAY_LIVE
#define NEAR	64 /* of the oldest this many one ends */
#define PAGES	16 /* most of one mapping */
#define MEMORY	((phys_addr_t)1 << 30)

void replay_give_up(const char *what, int err)
{
	fprintf(stderr, "replay: %s: %s\n", what, strerror(-err));
	exit(EXIT_FAILURE);
}

static uint64_t seed;

static uint32_t dice(uint32_t sides)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(seed >> 33) % sides;
}

static uint32_t index_of(const struct recording *recording, uint32_t device)
{
	uint32_t index = 0;

	while (recording->device[index] != device)
		index++;
	return index;
}

static void note(void *arg, const struct dma_event *event)
{
	struct recording *recording = arg;
	bool map = event->kind == DMA_EVENT_MAP_PHYS;
	struct dma_event numbered = *event;
	int err;

	if (map || event->kind == DMA_EVENT_UNMAP_PHYS)
		recording->record[recording->records++] = (struct record) {
			.ns = event->ns,
			.phys = event->phys,
			.dma = event->dma,
			.size = event->size,
			.device = index_of(recording, event->device),
			.cpu = event->cpu,
			.kind = event->kind,
		};
	else if (!recording->kind->inside)
		return;
	numbered.number = recording->events++;
	numbered.pid = 100 + (int)event->cpu;
	err = libdma_writer_put(recording->writer, &numbered);
	if (err)
		replay_give_up("the recording", err);
}

static const char *device_name(unsigned int device)
{
	static const char *const names[DEVICES] = { "0000:00:02.0", "0000:00:03.0",
						    "0000:00:04.0", "0000:00:05.0" };

	return names[device];
}

/* What a recorder would tell of the machine. */
static struct libdma_environment *describe(const struct kind *kind)
{
	struct libdma_environment *known = libdma_environment_create();
	bool strict = kind->mode == LIBDMA_IOMMU_STRICT;
	char json[4096], *why;
	int err, used;

	used = snprintf(json, sizeof(json),
			"{\"schema\": \"dmactl.environment/1\", \"kernel\": \"7.2.0\", "
			"\"arch\": \"x86_64\", \"clock\": \"mono\", \"page_size\": 4096, "
			"\"cpus\": 2, \"swiotlb\": {\"slots\": 0, \"force\": false}, "
			"\"iommu\": {\"mode\": \"%s\", \"granule\": 4096, \"groups\": [",
			strict ? "strict" : "off");
	for (unsigned int i = 0; strict && i < DEVICES; i++)
		used += snprintf(json + used, sizeof(json) - (size_t)used,
				 "%s{\"number\": %u, \"type\": \"DMA\", \"reserved\": "
				 "[{\"start\": \"0xfee00000\", \"length\": 1048576, "
				 "\"name\": \"msi\"}], \"devices\": [\"%s\"]}",
				 i ? ", " : "", i + 1, device_name(i));
	used += snprintf(json + used, sizeof(json) - (size_t)used, "]}, \"devices\": [");
	for (unsigned int i = 0; i < DEVICES; i++)
		used += snprintf(json + used, sizeof(json) - (size_t)used,
				 "%s{\"name\": \"%s\", "
				 "\"dma_mask\": \"0xffffffffffffffff\", "
				 "\"coherent_dma_mask\": \"0xffffffffffffffff\", "
				 "\"max_segment_size\": 65536, "
				 "\"segment_boundary_mask\": \"0xffffffff\", "
				 "\"min_align_mask\": \"0x0\", \"skip_sync\": true}",
				 i ? ", " : "", device_name(i));
	used += snprintf(json + used, sizeof(json) - (size_t)used, "]}");
	err = known ? libdma_environment_parse(known, json, (size_t)used, &why) : -ENOMEM;
	if (err)
		replay_give_up("the environment", err);
	return known;
}

/* What is mapped, the oldest first, in a ring. */
static struct mapped {
	struct device *device;
	dma_addr_t dma;
	size_t size;
} ring[LIVE];

static void map_one(struct device *const device[DEVICES], struct mapped *at)
{
	at->device = device[dice(DEVICES)];
	at->size = (1 + dice(PAGES)) * PAGE_SIZE;
	at->dma = dma_map_phys(at->device,
			       (1 + dice(MEMORY / PAGE_SIZE - PAGES)) * PAGE_SIZE,
			       at->size, DMA_TO_DEVICE, 0);
	if (at->dma == DMA_MAPPING_ERROR)
		replay_give_up("a mapping", -ENOSPC);
}

/* Of the oldest few one ends; the very oldest takes its place. */
static void unmap_one(struct mapped *oldest, struct mapped *ends)
{
	struct mapped gone = *ends;

	*ends = *oldest;
	dma_unmap_phys(gone.device, gone.dma, gone.size, DMA_TO_DEVICE, 0);
}

/* Fill, and then one ends and another begins, nearly in their order. */
static void run_driver(struct libdma_machine *machine, struct device *const device[DEVICES],
		       uint64_t calls)
{
	uint64_t ns = 1000000000;

	for (uint64_t i = 0; i < LIVE; i++)
		map_one(device, &ring[i]);
	for (uint64_t i = 0; i < (calls - LIVE) / 2; i++) {
		if (!dice(64))
			libdma_machine_set_cpu(machine, dice(2));
		libdma_machine_set_time(machine, ns += 500 + dice(1000));
		unmap_one(&ring[i % LIVE], &ring[(i + dice(NEAR)) % LIVE]);
		libdma_machine_set_time(machine, ns += 200 + dice(400));
		map_one(device, &ring[i % LIVE]);
	}
}

static void create_devices(struct libdma_machine *machine, struct device *device[DEVICES])
{
	for (unsigned int i = 0; i < DEVICES; i++) {
		struct libdma_device_options how = {
			.name = device_name(i),
			.pci = true,
			.coherent = true,
			.group = i + 1,
		};
		int err = libdma_device_create(machine, &how, &device[i]);

		if (!err)
			err = dma_set_mask_and_coherent(device[i], DMA_BIT_MASK(64));
		if (err)
			replay_give_up("a device", err);
	}
}

/* The model is the recorder and the recorded. */
void replay_record(uint64_t calls, struct recording *recording)
{
	struct libdma_machine_options computer = { .kernel = DMA_KERNEL_7_2,
						   .iommu = recording->kind->mode };
	struct libdma_environment *known = describe(recording->kind);
	struct libdma_writer_options how = { .environment = known, .overwrite = true };
	struct device *device[DEVICES];
	struct libdma_machine *machine;
	struct libdma_strings *strings;
	int err;

	recording->record = malloc((calls + 2) * sizeof(*recording->record));
	if (!recording->record)
		replay_give_up("the recording", -ENOMEM);
	seed = 1;
	err = libdma_machine_create(&computer, &machine);
	if (err)
		replay_give_up("the machine", err);
	create_devices(machine, device);
	strings = libdma_machine_strings(machine);
	how.strings = strings;
	for (unsigned int i = 0; i < DEVICES; i++)
		libdma_strings_add(strings, device_name(i), strlen(device_name(i)),
				   &recording->device[i]);
	err = libdma_writer_open(recording->path, &how, &recording->writer);
	if (err)
		replay_give_up("the recording", err);
	libdma_machine_observe(machine, note, recording);
	run_driver(machine, device, calls);
	libdma_machine_observe(machine, NULL, NULL);
	err = libdma_writer_close(recording->writer);
	if (err)
		replay_give_up("the recording", err);
	libdma_machine_destroy(machine);
	libdma_environment_destroy(known);
}

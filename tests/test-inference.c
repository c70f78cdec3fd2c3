// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>

#include <libdma/environment.h>

#include "dice.h"
#include "events.h"

struct machine {
	struct libdma_strings *strings;
	struct libdma_inference *inference;
	struct libdma_environment *environment;
	uint32_t device;
};

static int set_up(void **state)
{
	struct machine *machine = calloc(1, sizeof(*machine));

	assert_non_null(machine);
	machine->strings = libdma_strings_create();
	machine->inference = libdma_inference_create();
	machine->environment = libdma_environment_create();
	assert_int_equal(libdma_strings_add(machine->strings, "0000:00:02.0", 12,
					    &machine->device),
			 0);
	*state = machine;
	return 0;
}

static int tear_down(void **state)
{
	struct machine *machine = *state;

	libdma_environment_destroy(machine->environment);
	libdma_inference_destroy(machine->inference);
	libdma_strings_destroy(machine->strings);
	free(machine);
	return 0;
}

static void show(struct machine *machine, struct dma_event event)
{
	event.device = machine->device;
	assert_int_equal(
		libdma_inference_observe(machine->inference, &event, machine->strings),
		0);
}

static void show_map(struct machine *machine, phys_addr_t phys, dma_addr_t dma,
		     uint64_t size)
{
	show(machine, (struct dma_event) { .kind = DMA_EVENT_MAP_PAGE,
					   .phys = phys,
					   .dma = dma,
					   .size = size });
}

static const struct libdma_device_environment *conclude(struct machine *machine)
{
	assert_int_equal(
		libdma_inference_conclude(machine->inference, machine->environment), 0);
	return libdma_environment_find_device(machine->environment, "0000:00:02.0");
}

static void equal_addresses_are_direct(void **state)
{
	struct machine *machine = *state;
	const struct libdma_device_environment *device;

	show_map(machine, 0x1000, 0x1000, 4096);
	show_map(machine, 0x234567000, 0x234567000, 4096);
	device = conclude(machine);
	assert_int_equal(machine->environment->iommu.mode, LIBDMA_IOMMU_OFF);
	assert_int_equal(machine->environment->origin.iommu_mode, LIBDMA_INFERRED);
	assert_int_equal(machine->environment->origin.swiotlb_start, LIBDMA_UNKNOWN);
	assert_int_equal(machine->environment->cpus, 1);
	assert_true(device->dma_mask == 0x3ffffffff);
	assert_int_equal(device->origin.dma_mask, LIBDMA_INFERRED);
}

static void equal_addresses_behind_an_iommu_pass_through(void **state)
{
	struct machine *machine = *state;

	show(machine, (struct dma_event) { .kind = DMA_EVENT_IOMMU_ADD_DEVICE_TO_GROUP,
					   .handle = 7 });
	show(machine,
	     (struct dma_event) { .kind = DMA_EVENT_IOMMU_ATTACH_DEVICE_TO_DOMAIN });
	show_map(machine, 0x1000, 0x1000, 4096);
	conclude(machine);
	assert_int_equal(machine->environment->iommu.mode, LIBDMA_IOMMU_PASSTHROUGH);
	assert_int_equal(machine->environment->iommu.groups, 1);
	assert_int_equal(machine->environment->iommu.group[0].number, 7);
	assert_int_equal(machine->environment->iommu.group[0].devices, 1);
	assert_string_equal(machine->environment->iommu.group[0].device[0],
			    "0000:00:02.0");
}

/* A bus with an offset, as on some arm64 boards. */
static void one_offset_for_all_is_direct(void **state)
{
	struct machine *machine = *state;

	for (uint64_t i = 0; i < 20; i++)
		show_map(machine, 0x80000000 + i * 0x3000, i * 0x3000, 4096);
	conclude(machine);
	assert_int_equal(machine->environment->iommu.mode, LIBDMA_IOMMU_OFF);
	assert_int_equal(machine->environment->origin.iommu_granule, LIBDMA_UNKNOWN);
}

static void show_bounce(struct machine *machine, phys_addr_t phys, dma_addr_t dma)
{
	show(machine, (struct dma_event) { .kind = DMA_EVENT_SWIOTLB_BOUNCED,
					   .phys = phys,
					   .size = 512,
					   .mask = 0xffffffff });
	show_map(machine, phys, dma, 512);
}

static void announced_bounces_are_the_pool(void **state)
{
	struct machine *machine = *state;
	const struct libdma_device_environment *device;

	for (uint64_t i = 0; i < 20; i++)
		show_bounce(machine, 0x123400200 + i * 0x1000, 0x7a000000 + i * 2048);
	device = conclude(machine);
	assert_int_equal(machine->environment->iommu.mode, LIBDMA_IOMMU_OFF);
	assert_true(machine->environment->swiotlb.start == 0x7a000000);
	assert_int_equal(machine->environment->swiotlb.slots, 128);
	assert_int_equal(machine->environment->origin.swiotlb_force, LIBDMA_UNKNOWN);
	assert_true(device->dma_mask == 0xffffffff);
	assert_int_equal(device->min_align_mask, 0);
	assert_int_equal(device->origin.min_align_mask, LIBDMA_INFERRED);
}

static void bits_that_bounces_keep_are_the_alignment(void **state)
{
	struct machine *machine = *state;

	for (uint64_t i = 0; i < 20; i++)
		show_bounce(machine, 0x123400e00 + i * 0x1000,
			    0x7a000e00 + (i * 7 & 15) * 0x1000);
	assert_int_equal(conclude(machine)->min_align_mask, 0xfff);
	show_bounce(machine, 0x123400e00, 0x7a000600);
	assert_int_equal(conclude(machine)->min_align_mask, 0x7ff);
}

static void buffers_at_the_start_of_pages_show_no_alignment(void **state)
{
	struct machine *machine = *state;

	for (uint64_t i = 0; i < 20; i++)
		show_bounce(machine, 0x123400000 + i * 0x1000, 0x7a000000 + i * 0x2000);
	assert_int_equal(conclude(machine)->origin.min_align_mask, LIBDMA_UNKNOWN);
}

static void show_translated(struct machine *machine, uint64_t iova, uint64_t phys)
{
	show(machine, (struct dma_event) { .kind = DMA_EVENT_IOMMU_MAP,
					   .dma = iova,
					   .phys = phys,
					   .size = 4096 });
	show_map(machine, phys + 0x80, iova + 0x80, 512);
	show(machine, (struct dma_event) { .kind = DMA_EVENT_IOMMU_UNMAP,
					   .dma = iova,
					   .size = 4096,
					   .unmapped = 4096 });
}

static void an_address_used_again_at_once_is_strict(void **state)
{
	struct machine *machine = *state;

	for (uint64_t i = 0; i < 40; i++)
		show_translated(machine, 0xfffff000, 0x5000 * (i + 1));
	conclude(machine);
	assert_int_equal(machine->environment->iommu.mode, LIBDMA_IOMMU_STRICT);
	assert_int_equal(machine->environment->iommu.granule, 4096);
	assert_int_equal(machine->environment->origin.swiotlb_start, LIBDMA_UNKNOWN);
}

static void an_address_not_used_again_is_lazy(void **state)
{
	struct machine *machine = *state;

	for (uint64_t i = 0; i < 40; i++)
		show_translated(machine, 0xfffff000 - i * 4096, 0x5000 * (i + 1));
	conclude(machine);
	assert_int_equal(machine->environment->iommu.mode, LIBDMA_IOMMU_LAZY);
}

static void few_translations_do_not_tell_the_mode(void **state)
{
	struct machine *machine = *state;

	for (uint64_t i = 0; i < 5; i++)
		show_translated(machine, 0xfffff000, 0x5000 * (i + 1));
	conclude(machine);
	assert_int_equal(machine->environment->iommu.mode, LIBDMA_IOMMU_TRANSLATED);
	assert_int_equal(machine->environment->origin.iommu_granule, LIBDMA_UNKNOWN);
}

static void a_list_that_merges_is_translated(void **state)
{
	struct machine *machine = *state;
	uint64_t phys[] = { 0x1000, 0x5000, 0x9000 };
	uint64_t dma[] = { 0xffff0000, 0xffff2000 };
	uint32_t sizes[] = { 8192, 4096 };

	for (int i = 0; i < 3; i++)
		show(machine, (struct dma_event) { .kind = DMA_EVENT_MAP_SG,
						   .nents = 3,
						   .ents = 2,
						   .phys_count = 3,
						   .phys_list = phys,
						   .dma_count = 2,
						   .dma_list = dma,
						   .dma_size_list = sizes });
	assert_int_equal(conclude(machine)->max_segment_size, 8192);
	assert_int_equal(machine->environment->iommu.mode, LIBDMA_IOMMU_TRANSLATED);
}

static void what_was_given_stays(void **state)
{
	static const char json[] = "{\"schema\": \"dmactl.environment/1\", \"cpus\": 8,"
				   "\"iommu\": {\"mode\": \"lazy\"}}";
	struct machine *machine = *state;
	char *why;

	assert_int_equal(libdma_environment_parse(machine->environment, json,
						  sizeof(json) - 1, &why),
			 0);
	for (uint64_t i = 0; i < 40; i++)
		show_translated(machine, 0xfffff000, 0x5000 * (i + 1));
	conclude(machine);
	assert_int_equal(machine->environment->iommu.mode, LIBDMA_IOMMU_LAZY);
	assert_int_equal(machine->environment->origin.iommu_mode, LIBDMA_GIVEN);
	assert_int_equal(machine->environment->cpus, 8);
}

static void what_events_say_outright_is_given(void **state)
{
	struct machine *machine = *state;
	const struct libdma_device_environment *device;
	uint32_t driver;

	libdma_strings_add(machine->strings, "nvme", 4, &driver);
	show(machine, (struct dma_event) { .kind = DMA_EVENT_DEVICE,
					   .name = driver,
					   .mask = 0xffffffff,
					   .max_segment_size = 65536,
					   .min_align_mask = 0xfff });
	show(machine, (struct dma_event) { .kind = DMA_EVENT_SET_MASK, .mask = ~0ULL });
	show_map(machine, 0x1000, 0x1000, 4096);
	device = conclude(machine);
	assert_string_equal(device->driver, "nvme");
	assert_true(device->dma_mask == ~0ULL);
	assert_int_equal(device->origin.dma_mask, LIBDMA_GIVEN);
	assert_int_equal(device->min_align_mask, 0xfff);
	assert_int_equal(device->origin.coherent_dma_mask, LIBDMA_UNKNOWN);
}

/* What one or both of two devices do, on one sort of machine. */
static struct dma_event draw_mapping(const uint32_t *device, unsigned int devices,
				     uint64_t unit, bool bounces)
{
	static const uint16_t kinds[] = {
		DMA_EVENT_MAP_PAGE,  DMA_EVENT_MAP_PHYS,    DMA_EVENT_UNMAP_PHYS,
		DMA_EVENT_ALLOC,     DMA_EVENT_FREE,	    DMA_EVENT_SWIOTLB_BOUNCED,
	};
	uint64_t phys = (1 + roll(2)) * 4096 + roll(8) * 512;
	uint64_t shift = roll(3) ? (1 + roll(64)) * unit : 0;

	return (struct dma_event) {
		.kind = kinds[roll(sizeof(kinds) / sizeof(kinds[0]) - !bounces)],
		.device = device[roll(devices)],
		.cpu = (uint32_t)roll(4),
		.phys = phys,
		.dma = phys + shift,
		.size = 512 + roll(16) * 512,
		.error = roll(50) ? 0 : -12,
	};
}

static char *print_conclusions(const struct libdma_inference *inference, const char *json)
{
	struct libdma_environment *environment = libdma_environment_create();
	char *text, *why;

	assert_int_equal(libdma_environment_parse(environment, json, strlen(json), &why),
			 0);
	assert_int_equal(libdma_inference_conclude(inference, environment), 0);
	assert_int_equal(libdma_environment_print(environment, &text), 0);
	libdma_environment_destroy(environment);
	return text;
}

static void what_was_told_need_not_be_looked_at(void **state)
{
	static const char *const told[] = {
		"\"iommu\": {\"mode\": \"strict\", \"granule\": 4096}",
		"\"iommu\": {\"mode\": \"off\"}",
		"\"iommu\": {\"mode\": \"strict\"}",
		"\"cpus\": 9",
	};
	struct machine *machine = *state;
	char json[1024];
	uint32_t device[2];

	device[0] = machine->device;
	libdma_strings_add(machine->strings, "0000:00:03.0", 12, &device[1]);
	for (unsigned int i = 0; i < 2000; i++) {
		struct libdma_inference *all = libdma_inference_create();
		struct libdma_inference *less = libdma_inference_create();
		struct libdma_environment *known = libdma_environment_create();
		struct dma_event event;
		const char *iommu = told[roll(4)];
		uint64_t unit = iommu == told[1] ? 0 : roll(2) ? 4096 : 2048;
		uint64_t first = roll(2);
		unsigned int devices = 1 + (unsigned int)roll(2 - first);
		bool bounces = roll(2);
		char *one, *other, *why;

		snprintf(json, sizeof(json),
			 "{\"schema\": \"dmactl.environment/1\", \"swiotlb\": "
			 "{%s\"start\": \"0x10000000\"%s%s}, "
			 "%s, \"devices\": [{\"name\": \"0000:00:02.0\"%s%s}]}",
			 roll(5) ? "\"slots\": 1024, " : "",
			 roll(5) ? ", \"slot_size\": 2048" : "",
			 roll(5) ? ", \"force\": false" : "", iommu,
			 roll(5) ? ", \"dma_mask\": \"0xffffffff\"" : "",
			 roll(5) ? ", \"min_align_mask\": \"0xfff\"" : "");
		assert_int_equal(libdma_environment_parse(known, json, strlen(json), &why),
				 0);
		assert_int_equal(libdma_inference_tell(less, known), 0);
		for (uint64_t j = roll(400); j; j--) {
			event = draw_mapping(device + first, devices, unit, bounces);
			assert_int_equal(libdma_inference_observe(all, &event,
								  machine->strings),
					 0);
			assert_int_equal(libdma_inference_observe(less, &event,
								  machine->strings),
					 0);
		}
		one = print_conclusions(all, json);
		other = print_conclusions(less, json);
		assert_string_equal(one, other);
		free(one);
		free(other);
		libdma_environment_destroy(known);
		libdma_inference_destroy(all);
		libdma_inference_destroy(less);
	}
}

static void failures_and_requests_show_nothing(void **state)
{
	struct machine *machine = *state;

	show(machine, (struct dma_event) { .kind = DMA_EVENT_MAP_PAGE,
					   .phys = 0x1000,
					   .dma = DMA_MAPPING_ERROR,
					   .size = 4096 });
	show(machine, (struct dma_event) { .kind = DMA_EVENT_MAP_PAGE,
					   .flags = DMA_EVENT_REQUEST,
					   .phys = 0x1000,
					   .size = 4096 });
	show(machine, (struct dma_event) { .kind = DMA_EVENT_MAP_PAGE,
					   .error = -12,
					   .phys = 0x1000,
					   .size = 4096 });
	conclude(machine);
	assert_int_equal(machine->environment->origin.iommu_mode, LIBDMA_UNKNOWN);
}

/* Any events at all, and later conclusions over earlier ones. */
static void noise_is_survived(void **state)
{
	struct machine *machine = *state;
	struct draw draw = { .seed = 5, .strings = machine->strings };
	struct dma_event event;

	for (int i = 0; i < 20000; i++) {
		event = draw_event(&draw);
		event.error = 0;
		assert_int_equal(libdma_inference_observe(machine->inference, &event,
							  machine->strings),
				 0);
		if (i % 1000 == 0)
			conclude(machine);
	}
	conclude(machine);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(equal_addresses_are_direct),
		TEST(equal_addresses_behind_an_iommu_pass_through),
		TEST(one_offset_for_all_is_direct),
		TEST(announced_bounces_are_the_pool),
		TEST(bits_that_bounces_keep_are_the_alignment),
		TEST(buffers_at_the_start_of_pages_show_no_alignment),
		TEST(an_address_used_again_at_once_is_strict),
		TEST(an_address_not_used_again_is_lazy),
		TEST(few_translations_do_not_tell_the_mode),
		TEST(a_list_that_merges_is_translated),
		TEST(what_was_given_stays),
		TEST(what_events_say_outright_is_given),
		TEST(what_was_told_need_not_be_looked_at),
		TEST(failures_and_requests_show_nothing),
		TEST(noise_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

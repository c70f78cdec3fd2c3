// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Slots that the kernel's own swiotlb.c chose, recorded: the model chooses the same.
 * Each file's first line tells its form.
 */
#include <inttypes.h>

#include "alloc/swiotlb.h"

#include "test.h"
#include "vectors.h"

struct player {
	struct swiotlb *swiotlb;
	struct swiotlb_device device;
	unsigned int cpu;
	const char *path;
	unsigned int line;
};

static void expect(const struct player *player, bool holds, const char *text)
{
	if (!holds)
		fail_msg("%s:%u: not so: %s", player->path, player->line, text);
}

static void play_line(struct player *player, enum dma_kernel kernel, const char *text)
{
	struct swiotlb_options options = { .rules = kernel_rules(kernel) };
	struct swiotlb_request request = { .cpu = player->cpu };
	phys_addr_t phys, expected;

	if (sscanf(text, "i %" SCNx64 " %" SCNu64 " %u %" SCNx64 " %" SCNx32, &options.start,
		   &options.slots, &options.areas, &player->device.boundary,
		   &player->device.min_align_mask) == 5) {
		swiotlb_destroy(player->swiotlb);
		player->swiotlb = NULL;
		player->cpu = 0;
		expect(player, !swiotlb_create(&options, &player->swiotlb), text);
	} else if (sscanf(text, "c %u", &player->cpu) == 1) {
		return;
	} else if (sscanf(text, "m %" SCNx64 " %zu %" SCNx32 " = %" SCNx64, &request.phys,
			  &request.size, &request.align_mask, &expected) == 4) {
		if (swiotlb_map(player->swiotlb, &player->device, &request, &phys, NULL))
			phys = DMA_MAPPING_ERROR;
		expect(player, phys == expected, text);
	} else if (sscanf(text, "u %" SCNx64, &phys) == 1) {
		expect(player, !swiotlb_unmap(player->swiotlb, &player->device, phys), text);
	} else {
		expect(player, *text == '#', text);
		return;
	}
	if (player->line % 16 == 0)
		expect(player, swiotlb_valid(player->swiotlb), text);
}

static void play(FILE *file, const char *path, enum dma_kernel kernel)
{
	struct player player = { .path = path };
	char text[256];

	while (fgets(text, sizeof(text), file)) {
		player.line++;
		play_line(&player, kernel, text);
	}
	assert_true(player.line > 1);
	swiotlb_destroy(player.swiotlb);
}

static void slots_are_those_of_the_kernel(void **state)
{
	(void)state;
	vectors_play("swiotlb_", play);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots_are_those_of_the_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

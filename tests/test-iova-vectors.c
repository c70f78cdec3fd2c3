// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Addresses that the kernel's own iova.c handed out, recorded: the model hands out
 * the same. Each file's first line tells its form.
 */
#include <inttypes.h>

#include "alloc/iova.h"

#include "test.h"
#include "vectors.h"

struct player {
	struct iova_domain *domain;
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
	struct iova_options options = { .rules = kernel_rules(kernel), .cpus = 1 };
	uint64_t lo, hi, size, limit, pfn = 0, expected;
	int flush;

	if (sscanf(text, "i %" SCNu64 " %" SCNu64, &options.granule, &options.start) == 2) {
		iova_domain_destroy(player->domain);
		player->domain = NULL;
		expect(player, !iova_domain_create(&options, &player->domain), text);
	} else if (sscanf(text, "r %" SCNx64 " %" SCNx64, &lo, &hi) == 2) {
		expect(player, !iova_reserve(player->domain, lo, hi), text);
	} else if (sscanf(text, "a %" SCNu64 " %" SCNx64 " %d = %" SCNx64, &size, &limit,
			  &flush, &expected) == 4) {
		if (iova_alloc_fast(player->domain, 0, size, limit, flush, &pfn))
			pfn = 0;
		expect(player, pfn == expected, text);
	} else if (sscanf(text, "f %" SCNx64 " %" SCNu64, &pfn, &size) == 2) {
		iova_free_fast(player->domain, 0, pfn, size);
	} else {
		expect(player, *text == '#', text);
	}
	expect(player, !player->domain || iova_valid(player->domain), text);
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
	iova_domain_destroy(player.domain);
}

static void addresses_are_those_of_the_kernel(void **state)
{
	(void)state;
	vectors_play("iova_", play);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_those_of_the_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

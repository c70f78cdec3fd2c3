// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Blocks that the kernel's own dma_pool gave, recorded: the model gives the same.
 * Each file's first line tells its form.
 */
#include <inttypes.h>

#include "base/bits.h"
#include "dma/pool.h"

#include "test.h"
#include "vectors.h"

#define FIRST_PAGE 0x100000
#define ARENA      (256UL << 20)

/* Pages one behind the other; nothing is given back, so a number is an address. */
struct arena {
	char *memory;
	uint64_t used;
};

static int arena_alloc(void *arg, size_t size, unsigned int gfp, void **cpu,
		       dma_addr_t *dma)
{
	uint64_t step = PAGE_SIZE << get_order(size);
	struct arena *arena = arg;

	(void)gfp;
	arena->used = align_up(FIRST_PAGE + arena->used, step) - FIRST_PAGE;
	if (arena->used + step > ARENA)
		return -1;
	*cpu = arena->memory + arena->used;
	*dma = FIRST_PAGE + arena->used;
	arena->used += step;
	return 0;
}

static void arena_free(void *arg, size_t size, void *cpu, dma_addr_t dma)
{
	(void)arg;
	(void)size;
	(void)cpu;
	(void)dma;
}

struct player {
	struct arena arena;
	struct pool_options options;
	struct pool *pool;
	const char *path;
	unsigned int line;
};

static void expect(const struct player *player, bool holds, const char *text)
{
	if (!holds)
		fail_msg("%s:%u: not so: %s", player->path, player->line, text);
}

static void play_create(struct player *player, const char *text)
{
	size_t size, align, boundary;
	char outcome[8];
	int err;

	expect(player,
	       sscanf(text, "c %zu %zu %zu = %7s", &size, &align, &boundary, outcome) ==
		       4,
	       text);
	pool_destroy(player->pool);
	player->pool = NULL;
	player->arena.used = 0;
	err = pool_create("pool", size, align, boundary, &player->options, &player->pool);
	expect(player, !err == !strcmp(outcome, "ok"), text);
}

static void play_alloc(struct player *player, const char *text)
{
	dma_addr_t dma, expected;
	void *cpu;

	expect(player, sscanf(text, "a = %" SCNx64, &expected) == 1, text);
	expect(player, !pool_alloc(player->pool, 0, false, &cpu, &dma), text);
	expect(player, dma == expected, text);
	expect(player, (char *)cpu == player->arena.memory + (dma - FIRST_PAGE), text);
}

static void play_free(struct player *player, const char *text)
{
	dma_addr_t dma;

	expect(player, sscanf(text, "f %" SCNx64, &dma) == 1, text);
	expect(player,
	       !pool_free(player->pool, player->arena.memory + (dma - FIRST_PAGE), dma),
	       text);
}

/* Columns are compared by their words: recordings keep one space between them. */
static void play_show(struct player *player, const char *text)
{
	char line[4096], *save, *word;

	pool_print(player->pool, line, sizeof(line), 0);
	word = strtok_r(line, " \n", &save);
	for (text += strlen("s = "); word; word = strtok_r(NULL, " \n", &save)) {
		expect(player, !strncmp(text, word, strlen(word)), text);
		text += strlen(word);
		text += strspn(text, " \n");
	}
	expect(player, !*text, text);
}

static void play_layout(FILE *file, const char *path, enum dma_kernel kernel,
			enum pool_layout layout)
{
	struct player player = {
		.arena.memory = calloc(1, ARENA),
		.options = { .rules = kernel_rules(kernel), .layout = layout },
		.path = path,
	};
	char text[256];

	assert_non_null(player.arena.memory);
	player.options.pages =
		(struct pool_pages) { arena_alloc, arena_free, &player.arena };
	while (fgets(text, sizeof(text), file)) {
		player.line++;
		switch (*text) {
		case 'c':
			play_create(&player, text);
			break;
		case 'a':
			play_alloc(&player, text);
			break;
		case 'f':
			play_free(&player, text);
			break;
		case 's':
			play_show(&player, text);
			break;
		case '#':
		case '\n':
			continue;
		default:
			fail_msg("%s:%u: what is this: %s", path, player.line, text);
		}
		if (player.pool && !(player.line % 16))
			expect(&player, pool_valid(player.pool), "valid");
	}
	pool_destroy(player.pool);
	free(player.arena.memory);
}

static void play(FILE *file, const char *path, enum dma_kernel kernel)
{
	play_layout(file, path, kernel, POOL_OUTSIDE);
	rewind(file);
	play_layout(file, path, kernel, POOL_INSIDE);
}

static void pools_answer_as_the_kernel_did(void **state)
{
	(void)state;
	if (!vectors_play("dmapool_", play))
		skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pools_answer_as_the_kernel_did),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

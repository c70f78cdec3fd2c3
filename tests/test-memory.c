// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bits.h"
#include "hardware/memory-store.h"
#include "hardware/memory.h"

#include "dice.h"
#include "test.h"
#include "valgrind.h"

#define KIB 1024ULL
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

static struct memory *new_memory(const struct memory_range *range, size_t ranges)
{
	const struct memory_layout layout = { range, ranges, 16 * MIB, 4 * GIB, NULL };
	struct memory *memory;

	assert_int_equal(memory_create(NULL, &layout, &memory), 0);
	assert_true(memory_valid(memory));
	return memory;
}

static void holes_are_no_memory(void **state)
{
	/* a PC's: pages are whole, so 0x9fc00 ends at 0x9f000 */
	const struct memory_range range[] = {
		{ 0x1000, 0x9ec00 },
		{ MIB, 100 * MIB },
		{ 101 * MIB, MIB },
		{ 4 * GIB, GIB },
	};
	struct memory *memory = new_memory(range, 4);

	(void)state;
	assert_int_equal(memory_end(memory), 5 * GIB);
	assert_false(memory_has(memory, 0, 1));
	assert_true(memory_has(memory, 0x1000, 0x9e000));
	assert_false(memory_has(memory, 0x1000, 0x9e001));
	assert_true(memory_has(memory, MIB, 101 * MIB));
	assert_false(memory_has(memory, 102 * MIB, 0));
	assert_true(memory_has(memory, 5 * GIB - 1, 1));
	assert_false(memory_has(memory, 5 * GIB, 0));
	assert_false(memory_has(memory, 4 * GIB + 5, UINT64_MAX));
	memory_destroy(memory);
	memory_destroy(NULL);
}

static void a_terabyte_costs_what_is_touched(void **state)
{
	const struct memory_range range = { 0, 1024 * GIB };
	struct memory *memory;

	(void)state;
	if (runs_under_valgrind())
		skip();
	memory = new_memory(&range, 1);
	for (uint64_t at = 0; at < 1024 * GIB; at += 16 * GIB + 12345) {
		unsigned char *cpu = memory_cpu(memory, at);

		assert_int_equal(*cpu, 0);
		*cpu = (unsigned char)(at >> 34) | 1;
	}
	for (uint64_t at = 0; at < 1024 * GIB; at += 16 * GIB + 12345) {
		unsigned char *cpu = memory_cpu(memory, at);

		assert_int_equal(*cpu, (unsigned char)(at >> 34) | 1);
		assert_int_equal(virt_to_phys(cpu), at);
		assert_true(memory_owns(memory, cpu));
		memory_forget(memory, align_down(at, PAGE_SIZE), PAGE_SIZE);
		assert_int_equal(*cpu, 0);
	}
	assert_false(memory_owns(memory, &range));
	memory_destroy(memory);
}

static void two_machines_share_no_byte(void **state)
{
	const struct memory_range range = { 0, 64 * MIB };
	struct memory *one = new_memory(&range, 1), *other = new_memory(&range, 1);
	unsigned int *cpu = memory_cpu(one, 4096), *same = memory_cpu(other, 4096);

	(void)state;
	*cpu = 1;
	*same = 2;
	assert_int_equal(*cpu, 1);
	assert_int_equal(virt_to_phys(cpu), virt_to_phys(same));
	assert_false(memory_owns(one, same));
	memory_destroy(one);
	memory_destroy(other);
}

static void zones_end_where_the_layout_says(void **state)
{
	const struct memory_range range = { 0, 8 * GIB };
	struct memory *memory = new_memory(&range, 1);
	phys_addr_t start, end;

	(void)state;
	assert_int_equal(memory_zone_of(memory, 0), MEMORY_ZONE_DMA);
	assert_int_equal(memory_zone_of(memory, 16 * MIB - 1), MEMORY_ZONE_DMA);
	assert_int_equal(memory_zone_of(memory, 16 * MIB), MEMORY_ZONE_DMA32);
	assert_int_equal(memory_zone_of(memory, 4 * GIB), MEMORY_ZONE_NORMAL);
	memory_zone(memory, MEMORY_ZONE_DMA32, &start, &end);
	assert_int_equal(start, 16 * MIB);
	assert_int_equal(end, 4 * GIB);
	memory_destroy(memory);
}

static void wrong_layouts_are_refused(void **state)
{
	static const struct memory_range wrong[][2] = {
		{ { 0, 100 }, { MIB, 4095 } },          /* no whole page */
		{ { MIB, MIB }, { 0, MIB } },           /* not ascending */
		{ { 0, 2 * MIB }, { MIB, MIB } },       /* overlapping */
		{ { 0, MIB }, { MEMORY_LIMIT, 4096 } }, /* too high */
		{ { 0, MIB }, { MIB, UINT64_MAX } },
	};
	struct memory_layout layout = { NULL, 2, 0, 0, NULL };
	struct memory *memory = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		layout.range = wrong[i];
		assert_int_equal(memory_create(NULL, &layout, &memory), -EINVAL);
	}
	layout.range = &(struct memory_range) { 0, MIB };
	layout.ranges = 0;
	assert_int_equal(memory_create(NULL, &layout, &memory), -EINVAL);
	layout.ranges = 1;
	layout.dma_end = 4096;
	assert_int_equal(memory_create(NULL, &layout, &memory), -EINVAL);
	layout.dma32_end = 4097;
	assert_int_equal(memory_create(NULL, &layout, &memory), -EINVAL);
	layout.dma32_end = 4096;
	for (uint64_t nth = 1; nth <= 2; nth++) {
		struct heap heap = { .fail_nth = nth };

		assert_int_equal(memory_create(&heap, &layout, &memory), -ENOMEM);
	}
	assert_null(memory);
}

static int sum(const struct extent *extent, void *arg)
{
	uint64_t *bytes = arg;

	bytes[extent->used] += extent->length;
	return extent->start == 3 * MIB ? 99 : 0;
}

static void a_walk_shows_memory_and_holes(void **state)
{
	const struct memory_range range[] = { { MIB, MIB },
					      { 3 * MIB, MIB },
					      { 5 * MIB, MIB } };
	struct memory *memory = new_memory(range, 3);
	uint64_t bytes[2] = { 0, 0 };

	(void)state;
	assert_int_equal(memory_walk(memory, sum, bytes), 99);
	assert_int_equal(bytes[0], 2 * MIB);
	assert_int_equal(bytes[1], 2 * MIB);
	memory_destroy(memory);
}

/* A wild address must not read another machine's bytes: it stops the program. */
static void a_hole_cannot_be_read(void **state)
{
	const struct memory_range range[] = { { 0, MIB }, { 2 * MIB, MIB } };
	struct memory *memory = new_memory(range, 2);
	int status;
	pid_t child;

	(void)state;
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		volatile char *cpu = memory_cpu(memory, MIB);

		signal(SIGSEGV, SIG_DFL); /* cmocka's would tell of it */
		_exit(*cpu);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status));
	memory_destroy(memory);
}

static void scattered_pages_lie_side_by_side_for_the_cpu(void **state)
{
	const struct memory_range range = { 0, 64 * MIB };
	const phys_addr_t page[] = { 9 * MIB, MIB, MIB + PAGE_SIZE, 40 * MIB, MIB };
	struct memory *memory = new_memory(&range, 1);
	unsigned char *cpu = memory_remap(memory, page, 5);

	(void)state;
	assert_non_null(cpu);
	assert_false(memory_owns(memory, cpu));
	for (unsigned int at = 0; at < 4; at++)
		cpu[at * PAGE_SIZE + at] = (unsigned char)(at + 1);
	for (unsigned int at = 0; at < 4; at++)
		assert_int_equal(*(unsigned char *)memory_cpu(memory, page[at] + at), at + 1);
	assert_int_equal(cpu[4 * PAGE_SIZE + 1], 2); /* the same page once more */
	*(unsigned char *)memory_cpu(memory, 40 * MIB + 7) = 77;
	assert_int_equal(cpu[3 * PAGE_SIZE + 7], 77);
	memory_unmap(cpu, 5);
	memory_destroy(memory);
}

static void a_device_brings_memory_of_its_own(void **state)
{
	const struct memory_range range[] = { { 0, MIB }, { 2 * MIB, 2 * MIB } };
	struct memory *memory = new_memory(range, 2);
	unsigned char *cpu;

	(void)state;
	assert_int_equal(memory_add_device(memory, MIB, 64 * KIB), 0);
	assert_int_equal(memory_add_device(memory, MIB + 4096, 4096), 0);
	assert_int_equal(memory_add_device(memory, 3 * GIB + 100, 8000), 0);
	cpu = memory_cpu(memory, MIB + 65535);
	*cpu = 1;
	cpu = memory_cpu(memory, 3 * GIB + 8099);
	*cpu = 2;
	assert_int_equal(virt_to_phys(cpu), 3 * GIB + 8099);
	assert_false(memory_has(memory, MIB, 1));
	assert_int_equal(memory_add_device(memory, MIB, 0), -EINVAL);
	assert_int_equal(memory_add_device(memory, 4 * MIB - 4096, 8192), -EINVAL);
	assert_int_equal(memory_add_device(memory, MEMORY_LIMIT - 1, 2), -EINVAL);
	assert_int_equal(memory_add_device(memory, 0, UINT64_MAX), -EINVAL);
	assert_true(memory_valid(memory));
	memory_destroy(memory);
}

static struct memory *stored_memory(struct memory_store *store, uint64_t second)
{
	const struct memory_range range[] = { { 0, 4 * MIB }, { 8 * MIB, second } };
	const struct memory_layout layout = { .range = range,
					      .ranges = 2,
					      .dma32_end = 4 * GIB,
					      .store = store };
	struct memory *memory;

	assert_int_equal(memory_create(NULL, &layout, &memory), 0);
	assert_true(memory_valid(memory));
	return memory;
}

static bool all_zero(const struct memory *memory, phys_addr_t phys, uint64_t size)
{
	const unsigned char *cpu = memory_cpu(memory, phys);

	for (uint64_t at = 0; at < size; at++)
		if (cpu[at])
			return false;
	return true;
}

/* What a memory was is not to be seen, however much of it was written. */
static void kept_memory_is_zero(void **state)
{
	struct memory_store store = { .count = 0 };
	const phys_addr_t page[] = { 9 * MIB, 4096 };
	unsigned char *cpu;

	(void)state;
	for (unsigned int round = 0; round < 100; round++) {
		struct memory *memory = stored_memory(&store, 8 * MIB);
		unsigned int writes = round % 10 ? 5 : 4000;

		assert_int_equal(store.count, 0);
		if (round % 10 == 1)
			assert_true(all_zero(memory, 0, 4 * MIB) &&
				    all_zero(memory, 8 * MIB, 8 * MIB));
		while (writes--) {
			cpu = memory_cpu(memory, roll(4 * MIB));
			assert_true(*cpu == 0 || *cpu == round + 1);
			*cpu = (unsigned char)(round + 1);
			cpu = memory_cpu(memory, 8 * MIB + roll(8 * MIB));
			assert_true(*cpu == 0 || *cpu == round + 1);
			*cpu = (unsigned char)(round + 1);
		}
		cpu = memory_remap(memory, page, 2);
		memset(cpu, (int)round + 1, 2 * PAGE_SIZE);
		memory_unmap(cpu, 2);
		memory_destroy(memory);
		assert_int_equal(store.count, 1);
	}
	memory_store_deinit(&store);
	assert_int_equal(store.count, 0);
}

static void only_the_same_ranges_are_given_again(void **state)
{
	struct memory_store store = { .count = 0 };
	struct memory *memory = stored_memory(&store, MIB), *other;

	(void)state;
	memory_destroy(memory);
	memory = stored_memory(&store, 2 * MIB);
	assert_int_equal(store.count, 1);
	other = stored_memory(&store, MIB);
	assert_int_equal(store.count, 0);
	/* a device's is mapped besides, and goes with it */
	assert_int_equal(memory_add_device(memory, 5 * MIB, 4096), 0);
	memory_destroy(memory);
	assert_int_equal(store.count, 0);
	memory_destroy(other);
	for (uint64_t size = 1; size <= MEMORY_STORE_MOST + 2; size++)
		memory_destroy(stored_memory(&store, size * MIB));
	assert_int_equal(store.count, MEMORY_STORE_MOST);
	memory_store_deinit(&store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holes_are_no_memory),
		cmocka_unit_test(a_terabyte_costs_what_is_touched),
		cmocka_unit_test(two_machines_share_no_byte),
		cmocka_unit_test(zones_end_where_the_layout_says),
		cmocka_unit_test(wrong_layouts_are_refused),
		cmocka_unit_test(a_walk_shows_memory_and_holes),
		cmocka_unit_test(a_hole_cannot_be_read),
		cmocka_unit_test(scattered_pages_lie_side_by_side_for_the_cpu),
		cmocka_unit_test(a_device_brings_memory_of_its_own),
		cmocka_unit_test(kept_memory_is_zero),
		cmocka_unit_test(only_the_same_ranges_are_given_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

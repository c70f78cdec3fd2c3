// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libdma/environment.h>

#include "test.h"
#include "valgrind.h"

static uint64_t seed = 1;

static uint64_t draw(void)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return seed >> 33 | seed << 31;
}

static uint64_t draw_number(void)
{
	return draw() >> draw() % 64;
}

static enum libdma_origin draw_origin(void)
{
	return draw() % 3;
}

static char *draw_text(void)
{
	static const char *const texts[] = { "",
					     "x86_64",
					     "quote\" back\\slash",
					     "tab\tnewline\n",
					     "\xc3\xa4\xe2\x82\xac",
					     "0000:00:02.0" };

	return strdup(texts[draw() % 6]);
}

static void draw_ranges(struct libdma_ranges *ranges)
{
	ranges->count = draw() % 4;
	ranges->range = calloc(ranges->count + 1, sizeof(*ranges->range));
	for (size_t i = 0; i < ranges->count; i++)
		ranges->range[i] = (struct libdma_range) {
			.start = draw_number(),
			.length = draw_number(),
			.name = draw() % 2 ? draw_text() : NULL,
		};
}

static void draw_groups(struct libdma_environment *environment)
{
	environment->iommu.groups = draw() % 3;
	environment->iommu.group = calloc(3, sizeof(*environment->iommu.group));
	for (size_t i = 0; i < environment->iommu.groups; i++) {
		struct libdma_group *group = &environment->iommu.group[i];

		group->number = (uint32_t)draw();
		group->type = draw() % 2 ? draw_text() : NULL;
		group->devices = draw() % 3;
		group->device = calloc(3, sizeof(*group->device));
		for (size_t j = 0; j < group->devices; j++)
			group->device[j] = draw_text();
		draw_ranges(&group->reserved);
	}
}

#define DRAW(base, known, member, value)              \
	do {                                          \
		(base)->origin.known = draw_origin(); \
		if ((base)->origin.known)             \
			(base)->member = value;       \
	} while (0)

static void draw_device(struct libdma_environment *environment, const char *name)
{
	struct libdma_device_environment *device =
		libdma_environment_device(environment, name);

	assert_non_null(device);
	DRAW(device, driver, driver, draw_text());
	DRAW(device, dma_mask, dma_mask, draw_number());
	DRAW(device, coherent_dma_mask, coherent_dma_mask, draw_number());
	DRAW(device, bus_dma_limit, bus_dma_limit, draw_number());
	DRAW(device, max_segment_size, max_segment_size, draw_number());
	DRAW(device, segment_boundary_mask, segment_boundary_mask, draw_number());
	DRAW(device, min_align_mask, min_align_mask, draw_number());
	DRAW(device, coherent, coherent, draw() % 2);
	DRAW(device, skip_sync, skip_sync, draw() % 2);
	DRAW(device, untrusted, untrusted, draw() % 2);
}

static struct libdma_environment *draw_environment(void)
{
	struct libdma_environment *environment = libdma_environment_create();

	assert_non_null(environment);
	DRAW(environment, kernel, kernel, draw_text());
	DRAW(environment, arch, arch, draw_text());
	DRAW(environment, cmdline, cmdline, draw_text());
	DRAW(environment, clock, clock, draw_text());
	DRAW(environment, recorder, recorder, draw_text());
	DRAW(environment, page_size, page_size, (uint32_t)draw_number());
	DRAW(environment, cpus, cpus, (uint32_t)draw_number());
	DRAW(environment, entries, entries_written, draw_number());
	environment->entries_kept = environment->origin.entries ? draw_number() : 0;
	DRAW(environment, swiotlb_start, swiotlb.start, draw_number());
	DRAW(environment, swiotlb_slots, swiotlb.slots, draw_number());
	DRAW(environment, swiotlb_areas, swiotlb.areas, 1U << draw() % 32);
	DRAW(environment, swiotlb_slot_size, swiotlb.slot_size, (uint32_t)draw_number());
	DRAW(environment, swiotlb_force, swiotlb.force, draw() % 2);
	DRAW(environment, iommu_mode, iommu.mode, draw() % 5);
	DRAW(environment, iommu_granule, iommu.granule, 1ULL << draw() % 32);
	DRAW(environment, iommu_aperture_end, iommu.aperture_end, draw_number());
	environment->origin.memory = draw_origin();
	if (environment->origin.memory)
		draw_ranges(&environment->memory);
	environment->origin.iommu_groups = draw_origin();
	if (environment->origin.iommu_groups)
		draw_groups(environment);
	for (uint64_t i = draw() % 4; i; i--)
		draw_device(environment, (const char *[]) { "", "a", "b:c", "\"" }[i]);
	return environment;
}

static void expect_same_text(const char *a, const char *b)
{
	assert_int_equal(!a, !b);
	if (a)
		assert_string_equal(a, b);
}

static void expect_same_ranges(const struct libdma_ranges *a,
			       const struct libdma_ranges *b)
{
	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		assert_true(a->range[i].start == b->range[i].start);
		assert_true(a->range[i].length == b->range[i].length);
		expect_same_text(a->range[i].name, b->range[i].name);
	}
}

static void expect_same_groups(const struct libdma_environment *a,
			       const struct libdma_environment *b)
{
	assert_int_equal(a->iommu.groups, b->iommu.groups);
	for (size_t i = 0; i < a->iommu.groups; i++) {
		const struct libdma_group *x = &a->iommu.group[i],
					  *y = &b->iommu.group[i];

		assert_int_equal(x->number, y->number);
		expect_same_text(x->type, y->type);
		assert_int_equal(x->devices, y->devices);
		for (size_t j = 0; j < x->devices; j++)
			assert_string_equal(x->device[j], y->device[j]);
		expect_same_ranges(&x->reserved, &y->reserved);
	}
}

static void expect_same_devices(const struct libdma_environment *a,
				const struct libdma_environment *b)
{
	assert_int_equal(a->devices, b->devices);
	for (size_t i = 0; i < a->devices; i++) {
		const struct libdma_device_environment *x = &a->device[i];
		const struct libdma_device_environment *y =
			libdma_environment_find_device(b, x->name);

		assert_non_null(y);
		assert_memory_equal(&x->origin, &y->origin, sizeof(x->origin));
		expect_same_text(x->driver, y->driver);
		assert_true(x->dma_mask == y->dma_mask);
		assert_true(x->coherent_dma_mask == y->coherent_dma_mask);
		assert_true(x->bus_dma_limit == y->bus_dma_limit);
		assert_true(x->max_segment_size == y->max_segment_size);
		assert_true(x->segment_boundary_mask == y->segment_boundary_mask);
		assert_true(x->min_align_mask == y->min_align_mask);
		assert_true(x->coherent == y->coherent);
		assert_true(x->skip_sync == y->skip_sync);
		assert_true(x->untrusted == y->untrusted);
	}
}

static void expect_same(const struct libdma_environment *a,
			const struct libdma_environment *b)
{
	assert_memory_equal(&a->origin, &b->origin, sizeof(a->origin));
	expect_same_text(a->kernel, b->kernel);
	expect_same_text(a->arch, b->arch);
	expect_same_text(a->cmdline, b->cmdline);
	expect_same_text(a->clock, b->clock);
	expect_same_text(a->recorder, b->recorder);
	assert_int_equal(a->page_size, b->page_size);
	assert_int_equal(a->cpus, b->cpus);
	assert_true(a->entries_written == b->entries_written);
	assert_true(a->entries_kept == b->entries_kept);
	assert_true(a->swiotlb.start == b->swiotlb.start);
	assert_true(a->swiotlb.slots == b->swiotlb.slots);
	assert_int_equal(a->swiotlb.areas, b->swiotlb.areas);
	assert_int_equal(a->swiotlb.slot_size, b->swiotlb.slot_size);
	assert_int_equal(a->swiotlb.force, b->swiotlb.force);
	assert_int_equal(a->iommu.mode, b->iommu.mode);
	assert_true(a->iommu.granule == b->iommu.granule);
	assert_true(a->iommu.aperture_end == b->iommu.aperture_end);
	expect_same_ranges(&a->memory, &b->memory);
	expect_same_groups(a, b);
	expect_same_devices(a, b);
}

static void print_and_parse_change_nothing(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3000; i += valgrind_stride(60)) {
		struct libdma_environment *environment = draw_environment();
		struct libdma_environment *back = libdma_environment_create();
		struct libdma_environment *copy = libdma_environment_create();
		char *text, *why;

		assert_int_equal(libdma_environment_print(environment, &text), 0);
		assert_int_equal(libdma_environment_parse(back, text, strlen(text), &why),
				 0);
		expect_same(environment, back);
		assert_int_equal(libdma_environment_merge(copy, environment), 0);
		expect_same(environment, copy);
		free(text);
		libdma_environment_destroy(copy);
		libdma_environment_destroy(back);
		libdma_environment_destroy(environment);
	}
}

static void parse(struct libdma_environment *environment, const char *text)
{
	char *why;

	assert_int_equal(libdma_environment_parse(environment, text, strlen(text), &why),
			 0);
	assert_null(why);
}

static void a_given_value_beats_an_inferred_one(void **state)
{
	struct libdma_environment *environment = libdma_environment_create();
	struct libdma_environment *other = libdma_environment_create();

	(void)state;
	parse(environment, "{\"schema\": \"dmactl.environment/1\", \"cpus\": 2,"
			   " \"page_size\": 4096, \"inferred\": [\"page_size\"],"
			   " \"devices\": [{\"name\": \"d\", \"driver\": \"nvme\"}]}");
	parse(other, "{\"schema\": \"dmactl.environment/1\", \"cpus\": 8,"
		     " \"page_size\": 16384, \"swiotlb\": {\"slots\": 1024},"
		     " \"devices\": [{\"name\": \"d\", \"driver\": \"e100\","
		     " \"dma_mask\": \"0xffffffff\"}, {\"name\": \"e\"}]}");
	assert_int_equal(environment->origin.page_size, LIBDMA_INFERRED);
	assert_int_equal(libdma_environment_merge(environment, other), 0);
	assert_int_equal(environment->cpus, 2);
	assert_int_equal(environment->page_size, 16384);
	assert_int_equal(environment->origin.page_size, LIBDMA_GIVEN);
	assert_int_equal(environment->swiotlb.slots, 1024);
	assert_int_equal(environment->devices, 2);
	assert_string_equal(environment->device[0].driver, "nvme");
	assert_int_equal(environment->device[0].dma_mask, 0xffffffff);

	/* A text that is read is laid over what is there. */
	parse(environment, "{\"schema\": \"dmactl.environment/1\", \"cpus\": 4}");
	assert_int_equal(environment->cpus, 4);
	assert_int_equal(environment->page_size, 16384);
	libdma_environment_destroy(other);
	libdma_environment_destroy(environment);
}

#define MACHINE(rest) "{\"schema\": \"dmactl.environment/1\", \"cpus\": 2" rest "}"

static bool says_the_same(const char *a, const char *b)
{
	struct libdma_environment *one = libdma_environment_create();
	struct libdma_environment *other = libdma_environment_create();
	bool same;

	parse(one, a);
	parse(other, b);
	same = libdma_environment_same(one, other);
	assert_int_equal(libdma_environment_same(other, one), same);
	libdma_environment_destroy(one);
	libdma_environment_destroy(other);
	return same;
}

static void what_is_better_known_is_not_the_same(void **state)
{
	(void)state;
	assert_true(says_the_same(MACHINE(""), MACHINE("")));
	assert_false(says_the_same(MACHINE(""), MACHINE(", \"page_size\": 4096")));
	assert_false(says_the_same(MACHINE(", \"page_size\": 4096"),
				   MACHINE(", \"page_size\": 4096, \"inferred\": "
					   "[\"page_size\"]")));
	assert_false(says_the_same(MACHINE(", \"kernel\": \"6.1\""),
				   MACHINE(", \"kernel\": \"7.2\"")));
	/* a no that is known is what was assumed */
	assert_true(says_the_same(MACHINE(", \"swiotlb\": {\"force\": false}"),
				  MACHINE("")));
	assert_false(says_the_same(MACHINE(", \"swiotlb\": {\"force\": true}"),
				   MACHINE("")));
	assert_true(says_the_same(MACHINE(", \"devices\": [{\"name\": \"d\"}]"),
				  MACHINE("")));
	assert_false(says_the_same(MACHINE(", \"devices\": [{\"name\": \"d\", "
					   "\"dma_mask\": \"0xffffffff\"}]"),
				   MACHINE("")));
	assert_false(says_the_same(MACHINE(", \"iommu\": {\"mode\": \"strict\"}"),
				   MACHINE(", \"iommu\": {\"mode\": \"lazy\"}")));
}

#define HEAD "{\"schema\": \"dmactl.environment/1\",\n "

static void what_is_wrong_is_said_with_its_place(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "", "line 1, column 1: " },
		{ "{\"schema\": \"dmactl.environment/1\",\n \"cpus\": }",
		  "line 2, column 10: unexpected token near '}'" },
		{ "[]", "line 1, column 1: expected an object" },
		{ "{\"cpus\": 2}",
		  "line 1, column 1: expected \"schema\": \"dmactl.environment/1\"" },
		{ "{\"cpus\": 2, \"schema\": \"dmactl.environment/9\"}",
		  "line 1, column 13: expected \"schema\": \"dmactl.environment/1\"" },
		{ HEAD "\"cpuz\": 2}",
		  "line 2, column 2: unknown member \"cpuz\", is \"cpus\" meant?" },
		{ HEAD "\"nothing alike\": 2}",
		  "line 2, column 2: unknown member \"nothing alike\"" },
		{ HEAD "\"slots\": 2}", "line 2, column 2: unknown member \"slots\"" },
		{ HEAD "\"swiotlb\": {\"slot\": 1}}",
		  "line 2, column 14: unknown member \"slot\", is \"slots\" meant?" },
		{ HEAD "\"cpus\": -1}", "line 2, column 2: a number below 0" },
		{ HEAD "\"cpus\": 4294967296}",
		  "line 2, column 2: a number above 4294967295" },
		{ HEAD "\"cpus\": 1.5}", "line 2, column 2: expected a whole number, or a "
					 "string like \"0x1000\"" },
		{ HEAD "\"cpus\": 99999999999999999999}", "line 2, column 29: too big" },
		{ HEAD "\"cpus\": 1, \"cpus\": 2}", "line 2, column 18: duplicate" },
		{ HEAD "\"kernel\": 6}", "line 2, column 2: expected a string" },
		{ HEAD "\"iommu\": {\"mode\": \"fast\"}}",
		  "line 2, column 12: expected \"off\"" },
		{ HEAD "\"memory\": {}}", "line 2, column 2: expected a list" },
		{ HEAD "\"memory\": [{}, {\"start\": \"0x0\"},\n  {\"lenght\": 1}]}",
		  "line 3, column 4: unknown member \"lenght\", is \"length\" meant?" },
		{ HEAD "\"memory\": [{\"start\": \"0x12345678901234567\"}]}",
		  "line 2, column 14: expected a whole number" },
		{ HEAD "\"devices\": [{\"driver\": \"nvme\"}]}",
		  "line 2, column 14: a device without a \"name\"" },
		{ HEAD "\"devices\": [{\"name\": \"d\"}, {\"name\": \"d\"}]}",
		  "line 2, column 29: a second device \"d\"" },
		{ HEAD "\"devices\": [{\"name\": \"d\", \"coherent\": 1}]}",
		  "line 2, column 28: expected true or false" },
		{ HEAD "\"inferred\": [\"cpus\"]}",
		  "line 2, column 15: \"cpus\" is no member that is said here" },
		{ HEAD "\"kernel\": \"\\u0000\"}", "line 2, column 19: \\u0000" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct libdma_environment *environment = libdma_environment_create();
		struct libdma_environment *empty = libdma_environment_create();
		char *why = NULL;

		assert_int_equal(libdma_environment_parse(environment, cases[i].text,
							  strlen(cases[i].text), &why),
				 -EINVAL);
		assert_non_null(why);
		if (strncmp(why, cases[i].why, strlen(cases[i].why)))
			fail_msg("case %zu: \"%s\", not \"%s\"", i, why, cases[i].why);
		expect_same(environment, empty);
		free(why);
		libdma_environment_destroy(empty);
		libdma_environment_destroy(environment);
	}
}

/* Every beginning of a text is refused or read, and nothing else happens. */
static void a_text_cut_anywhere_is_refused(void **state)
{
	struct libdma_environment *environment = draw_environment();
	struct libdma_environment *back;
	char *text, *why, *cut;
	size_t size;

	(void)state;
	assert_int_equal(libdma_environment_print(environment, &text), 0);
	size = strlen(text);
	for (size_t i = 0; i + 2 < size; i += valgrind_stride(50)) {
		cut = malloc(i + 1);
		memcpy(cut, text, i);
		back = libdma_environment_create();
		assert_int_equal(libdma_environment_parse(back, cut, i, &why), -EINVAL);
		free(why);
		free(cut);
		libdma_environment_destroy(back);
	}
	free(text);
	libdma_environment_destroy(environment);
}

static void bytes_that_are_no_utf8_become_question_marks(void **state)
{
	struct libdma_environment *environment = libdma_environment_create();
	char *text;

	(void)state;
	environment->kernel = strdup("6.1\xff");
	environment->origin.kernel = LIBDMA_GIVEN;
	assert_int_equal(libdma_environment_print(environment, &text), 0);
	assert_non_null(strstr(text, "\"6.1?\""));
	free(text);
	libdma_environment_destroy(environment);
}

static char *read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "r");
	char *text = malloc(1 << 20);

	assert_non_null(file);
	assert_non_null(text);
	*size = fread(text, 1, 1 << 20, file);
	fclose(file);
	return text;
}

static size_t groups_of(const char *path)
{
	/* AMD's IOMMU is a PCI device of no group; both have two devices */
	if (strstr(path, "amd") || strstr(path, "megasas"))
		return 5;
	return strstr(path, "strict") || strstr(path, "lazy") ? 4 : 0;
}

static void those_of_the_recordings_are_read(void **state)
{
	char pattern[4096];
	glob_t found;

	(void)state;
	snprintf(pattern, sizeof(pattern), "%s/corpus/traces/*.json", getenv("srcdir"));
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= 12);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct libdma_environment *environment = libdma_environment_create();
		size_t size;
		char *text = read_file(found.gl_pathv[i], &size), *why;

		if (libdma_environment_parse(environment, text, size, &why))
			fail_msg("%s: %s", found.gl_pathv[i], why);
		assert_int_equal(environment->cpus, 2);
		assert_int_equal(environment->origin.memory, LIBDMA_GIVEN);
		assert_true(environment->devices > 3);
		assert_int_equal(environment->iommu.groups,
				 groups_of(found.gl_pathv[i]));
		free(text);
		libdma_environment_destroy(environment);
	}
	globfree(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(print_and_parse_change_nothing),
		cmocka_unit_test(a_given_value_beats_an_inferred_one),
		cmocka_unit_test(what_is_better_known_is_not_the_same),
		cmocka_unit_test(what_is_wrong_is_said_with_its_place),
		cmocka_unit_test(a_text_cut_anywhere_is_refused),
		cmocka_unit_test(bytes_that_are_no_utf8_become_question_marks),
		cmocka_unit_test(those_of_the_recordings_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

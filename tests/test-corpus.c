// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The recordings in corpus/traces: each line of them is an event of its kind, and what
 * their events give away agrees with what is known of their machines.
 */
#include <glob.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libdma/trace.h>

#include "test.h"
#include "trace/input.h"

#define MOST_BYTES ((size_t)64 << 20)

/* What the kernel calls the events, as the recordings have them. */
static const struct {
	const char *tracepoint;
	enum dma_event_kind kind;
} names[] = {
	{ "dma_map_page", DMA_EVENT_MAP_PAGE },
	{ "dma_map_phys", DMA_EVENT_MAP_PHYS },
	{ "dma_unmap_page", DMA_EVENT_UNMAP_PAGE },
	{ "dma_unmap_phys", DMA_EVENT_UNMAP_PHYS },
	{ "dma_map_sg", DMA_EVENT_MAP_SG },
	{ "dma_unmap_sg", DMA_EVENT_UNMAP_SG },
	{ "dma_alloc", DMA_EVENT_ALLOC },
	{ "dma_free", DMA_EVENT_FREE },
	{ "dma_sync_single_for_cpu", DMA_EVENT_SYNC_SINGLE_FOR_CPU },
	{ "dma_sync_single_for_device", DMA_EVENT_SYNC_SINGLE_FOR_DEVICE },
	{ "swiotlb_bounced", DMA_EVENT_SWIOTLB_BOUNCED },
	{ "map", DMA_EVENT_IOMMU_MAP },
	{ "unmap", DMA_EVENT_IOMMU_UNMAP },
	{ "add_device_to_group", DMA_EVENT_IOMMU_ADD_DEVICE_TO_GROUP },
	{ "attach_device_to_domain", DMA_EVENT_IOMMU_ATTACH_DEVICE_TO_DOMAIN },
	{ "tracing_mark_write", DMA_EVENT_MARK },
};

static const char line_pattern[] =
	"^ *[^ ].*-[0-9]+ +\\[[0-9]+\\] [^ ]+ +[0-9]+\\.[0-9]{6}: ([a-z_]+): ";

static unsigned int kind_of(const char *name, size_t size)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i].tracepoint) == size &&
		    !memcmp(names[i].tracepoint, name, size))
			return names[i].kind;
	fail_msg("the recording has an event %.*s", (int)size, name);
	return DMA_EVENT_NONE;
}

/* Count lines by an expression that knows nothing of the reader. */
static void count_lines(const char *path, uint64_t *counts)
{
	struct input *input;
	regmatch_t match[2];
	regex_t pattern;
	char *text, *line, *rest;

	assert_int_equal(regcomp(&pattern, line_pattern, REG_EXTENDED), 0);
	assert_int_equal(input_open(path, &input), 0);
	assert_int_equal(input_fill(input, MOST_BYTES), 0);
	assert_true(input->ended);
	text = strndup((const char *)input->data, input->size);
	for (rest = text; (line = strsep(&rest, "\n"));) {
		if (*line == '#' || !*line)
			continue;
		if (regexec(&pattern, line, 2, match, 0))
			fail_msg("%s: %s", path, line);
		counts[kind_of(line + match[1].rm_so,
			       (size_t)(match[1].rm_eo - match[1].rm_so))]++;
	}
	free(text);
	regfree(&pattern);
	input_close(input);
}

static struct libdma_environment *read_environment(const char *path)
{
	struct libdma_environment *environment = libdma_environment_create();
	FILE *file = fopen(path, "r");
	char *text = malloc(1 << 20), *why;
	size_t size;

	assert_non_null(file);
	size = fread(text, 1, 1 << 20, file);
	fclose(file);
	if (libdma_environment_parse(environment, text, size, &why))
		fail_msg("%s: %s", path, why);
	free(text);
	return environment;
}

static void expect_pool(const struct libdma_environment *given,
			const struct libdma_environment *inferred)
{
	uint64_t start = inferred->swiotlb.start, slots = inferred->swiotlb.slots;

	assert_int_equal(inferred->origin.swiotlb_start != LIBDMA_UNKNOWN,
			 given->swiotlb.slots != 0);
	assert_true(slots <= given->swiotlb.slots);
	if (given->origin.swiotlb_start && slots) {
		assert_true(start >= given->swiotlb.start);
		assert_true(start + slots * 2048 <=
			    given->swiotlb.start + given->swiotlb.slots * 2048);
	}
	if (inferred->origin.swiotlb_force)
		assert_int_equal(inferred->swiotlb.force, given->swiotlb.force);
}

static void expect_devices(const struct libdma_environment *given,
			   const struct libdma_environment *inferred)
{
	for (size_t i = 0; i < inferred->devices; i++) {
		const struct libdma_device_environment *guess = &inferred->device[i];
		const struct libdma_device_environment *known =
			libdma_environment_find_device(given, guess->name);

		assert_non_null(known);
		assert_true(guess->dma_mask <= known->dma_mask);
		assert_true(guess->coherent_dma_mask <= known->coherent_dma_mask);
		if (known->origin.max_segment_size)
			assert_true(guess->max_segment_size <= known->max_segment_size);
		if (guess->origin.min_align_mask)
			assert_int_equal(guess->min_align_mask, known->min_align_mask);
	}
}

/* A short recording may show that an IOMMU translates, and not when it flushes. */
static void expect_mode(const struct libdma_environment *given,
			const struct libdma_environment *inferred)
{
	assert_int_equal(inferred->origin.iommu_mode, LIBDMA_INFERRED);
	if (inferred->iommu.mode == LIBDMA_IOMMU_TRANSLATED)
		assert_true(given->iommu.mode >= LIBDMA_IOMMU_STRICT);
	else
		assert_int_equal(inferred->iommu.mode, given->iommu.mode);
}

static void expect_agreement(const struct libdma_environment *given,
			     const struct libdma_environment *inferred)
{
	expect_mode(given, inferred);
	assert_int_equal(inferred->cpus, given->cpus);
	if (inferred->origin.page_size)
		assert_int_equal(inferred->page_size, given->page_size);
	assert_int_equal(inferred->iommu.granule, given->iommu.granule);
	expect_pool(given, inferred);
	expect_devices(given, inferred);
}

/* Was it told in full how its machine maps? */
static bool try_recording(const char *path)
{
	uint64_t lines[DMA_EVENT_KINDS] = { 0 }, events[DMA_EVENT_KINDS] = { 0 };
	struct libdma_inference *inference = libdma_inference_create();
	struct libdma_environment *inferred = libdma_environment_create(), *given;
	const struct dma_event *event;
	struct libdma_reader *reader;
	char other[4096];
	bool decided;

	snprintf(other, sizeof(other), "%.*s.json",
		 (int)(strlen(path) - strlen(".ftrace.zst")), path);
	given = read_environment(other);
	count_lines(path, lines);
	assert_int_equal(libdma_reader_open(path, NULL, &reader), 0);
	while (libdma_reader_next(reader, &event) == 1) {
		events[event->kind]++;
		assert_int_equal(libdma_inference_observe(inference, event,
							  libdma_reader_strings(reader)),
				 0);
	}
	assert_int_equal(libdma_reader_damaged(reader), 0);
	assert_int_equal(libdma_reader_lost(reader), 0);
	assert_memory_equal(lines, events, sizeof(lines));
	assert_int_equal(libdma_inference_conclude(inference, inferred), 0);
	expect_agreement(given, inferred);
	decided = inferred->iommu.mode != LIBDMA_IOMMU_TRANSLATED;
	libdma_reader_close(reader);
	libdma_environment_destroy(inferred);
	libdma_environment_destroy(given);
	libdma_inference_destroy(inference);
	return decided;
}

static void every_recording_is_read_and_understood(void **state)
{
	const char *folder = getenv("srcdir");
	char pattern[4096];
	size_t decided = 0;
	glob_t found;

	(void)state;
	snprintf(pattern, sizeof(pattern), "%s/corpus/traces/*.ftrace.zst",
		 folder ? folder : ".");
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= 12);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		print_message("%s\n", found.gl_pathv[i]);
		decided += try_recording(found.gl_pathv[i]);
	}
	assert_true(decided + 1 >= found.gl_pathc);
	globfree(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_recording_is_read_and_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

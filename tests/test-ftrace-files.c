// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files as recorders made them. What is read from the kernel's text and written as
 * such must be the same text; and one buffer that the kernel and trace-cmd printed
 * must give the same events.
 */
#include <glob.h>

#include "read-text.h"
#include "trace/input.h"

#define MOST_BYTES ((size_t)64 << 20)

static const char *source_folder(void)
{
	const char *folder = getenv("srcdir");

	return folder ? folder : ".";
}

/* All bytes of a file, unpacked where need be. */
static char *load(const char *path, size_t *ret)
{
	struct input *input;
	char *bytes;

	assert_int_equal(input_open(path, &input), 0);
	assert_int_equal(input_fill(input, MOST_BYTES), 0);
	assert_true(input->ended);
	bytes = copy(input->data, input->size);
	*ret = input->size;
	input_close(input);
	return bytes;
}

/* The trace at @path, written as ftrace text. */
static char *rewritten(const char *path, size_t *ret)
{
	struct libdma_writer_options options = { .to = "ftrace", .overwrite = true };
	int fd = memfd_create("trace", 0);
	struct libdma_reader *reader;
	struct libdma_writer *writer;
	const struct dma_event *event;
	char to[32], *bytes = malloc(MOST_BYTES);

	assert_true(fd >= 0 && bytes);
	snprintf(to, sizeof(to), "/proc/self/fd/%d", fd);
	assert_int_equal(libdma_reader_open(path, NULL, &reader), 0);
	options.strings = libdma_reader_strings(reader);
	options.environment = libdma_reader_environment(reader);
	assert_int_equal(libdma_writer_open(to, &options, &writer), 0);
	while (libdma_reader_next(reader, &event) > 0)
		assert_int_equal(libdma_writer_put(writer, event), 0);
	assert_int_equal(libdma_reader_damaged(reader), 0);
	assert_int_equal(libdma_writer_skipped(writer), 0);
	assert_int_equal(libdma_writer_close(writer), 0);
	libdma_reader_close(reader);
	*ret = (size_t)pread(fd, bytes, MOST_BYTES, 0);
	close(fd);
	return bytes;
}

static void expect_same_text(const char *path)
{
	size_t before, after;
	char *was = load(path, &before), *is = rewritten(path, &after);

	if (before != after || memcmp(was, is, before))
		fail_msg("%s is not what it was", path);
	free(was);
	free(is);
}

static void kernel_text_comes_back(void **state)
{
	static const char *const patterns[] = { "tests/data/*.ftrace",
						"tests/data/every-event.txt",
						"corpus/traces/*.ftrace.zst" };
	char pattern[4096];
	size_t files = 0;
	glob_t found;

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		snprintf(pattern, sizeof(pattern), "%s/%s", source_folder(), patterns[i]);
		if (glob(pattern, 0, NULL, &found))
			continue;
		for (size_t k = 0; k < found.gl_pathc; k++)
			expect_same_text(found.gl_pathv[k]);
		files += found.gl_pathc;
		globfree(&found);
	}
	assert_true(files >= 2);
}

static struct reading *read_data(const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/tests/data/%s", source_folder(), name);
	return read_file(path, NULL);
}

/* trace-cmd does not hash pointers, and does not show the context unless asked. */
static void trace_cmd_says_the_same(void **state)
{
	struct reading *kernel = read_data("6.12-strict.ftrace");
	struct reading *report = read_data("6.12-strict.trace-cmd");

	(void)state;
	assert_int_equal(report->places, 0);
	assert_int_equal(report->events, kernel->events);
	assert_in_range(kernel->events, 20, MOST_EVENTS);
	for (size_t i = 0; i < kernel->events; i++) {
		struct dma_event *a = &kernel->event[i], *b = &report->event[i];

		expect_text(report, b->comm, string_of(kernel, a->comm));
		expect_text(report, b->device, string_of(kernel, a->device));
		expect_text(report, b->gfp, string_of(kernel, a->gfp));
		expect_text(report, b->name, string_of(kernel, a->name));
		if (a->flags & (DMA_EVENT_HASHED | DMA_EVENT_UNHASHED))
			assert_in_range(b->cpu_addr, 0xffff000000000000, UINT64_MAX);
		a->flags &= ~(DMA_EVENT_HASHED | DMA_EVENT_UNHASHED);
		a->cpu_addr = b->cpu_addr;
		a->device = a->comm = a->context = a->gfp = a->name = 0;
		expect_event(b, a);
	}
	end_reading(kernel);
	end_reading(report);
}

static void perf_is_read_whole(void **state)
{
	struct reading *reading = read_data("6.12-strict.perf");
	size_t lists = 0, chunks = 0;

	(void)state;
	assert_int_equal(reading->places, 0);
	assert_true(reading->events > 15);
	for (size_t i = 0; i < reading->events; i++) {
		assert_int_not_equal(reading->event[i].kind, DMA_EVENT_OTHER);
		lists += reading->event[i].kind == DMA_EVENT_UNMAP_SG;
		chunks += reading->event[i].kind == DMA_EVENT_ALLOC;
	}
	assert_true(lists && chunks);
	end_reading(reading);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernel_text_comes_back),
		cmocka_unit_test(trace_cmd_says_the_same),
		cmocka_unit_test(perf_is_read_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

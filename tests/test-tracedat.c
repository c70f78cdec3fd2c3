// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One buffer of a guest's kernel, which printed it as text and gave it to trace-cmd.
 * The text is the oracle for the records, of both versions of the file. Of those
 * files only the formats of tracepoints that recorded nothing were taken out.
 */
#include "read-text.h"
#include "trace/input.h"

#define TEXT "6.12-guest.ftrace.zst"

static const char *const files[] = { "6.12-guest.v6.dat.zst", "6.12-guest.v7.dat" };

#define FILES (sizeof(files) / sizeof(files[0]))

static const char *data_path(const char *name)
{
	static char path[4096];
	const char *folder = getenv("srcdir");

	snprintf(path, sizeof(path), "%s/tests/data/%s", folder ? folder : ".", name);
	return path;
}

static struct libdma_reader *open_data(const char *name, struct libdma_strings *strings)
{
	struct libdma_reader *reader;

	assert_int_equal(
		libdma_reader_open(data_path(name),
				   &(struct libdma_reader_options) { .strings = strings },
				   &reader),
		0);
	return reader;
}

/* But for what text cannot tell: pointers, and times below a microsecond. */
static void expect_same(const struct dma_event *record, const struct dma_event *line)
{
	struct dma_event want = *line, got = *record;

	if (line->flags & (DMA_EVENT_HASHED | DMA_EVENT_UNHASHED)) {
		assert_in_range(got.cpu_addr, 0xffff000000000000, UINT64_MAX);
		want.flags &= ~(DMA_EVENT_HASHED | DMA_EVENT_UNHASHED);
		want.cpu_addr = got.cpu_addr;
	}
	assert_int_equal((got.ns + 500) / 1000, want.ns / 1000);
	want.ns = got.ns;
	assert_int_equal(got.device, want.device);
	assert_int_equal(got.comm, want.comm);
	assert_int_equal(got.context, want.context);
	assert_int_equal(got.gfp, want.gfp);
	assert_int_equal(got.name, want.name);
	want.device = want.comm = want.context = want.gfp = want.name = 0;
	expect_event(&got, &want);
}

static void records_are_what_the_kernel_prints(void **state)
{
	(void)state;
	for (size_t i = 0; i < FILES; i++) {
		struct libdma_strings *strings = libdma_strings_create();
		struct libdma_reader *text = open_data(TEXT, strings);
		struct libdma_reader *records = open_data(files[i], strings);
		const struct dma_event *line, *record;
		size_t events = 0;

		assert_string_equal(libdma_reader_format(records), "tracedat");
		while (libdma_reader_next(text, &line) > 0) {
			assert_int_equal(libdma_reader_next(records, &record), 1);
			expect_same(record, line);
			events++;
		}
		assert_int_equal(libdma_reader_next(records, &record), 0);
		assert_int_equal(events, 14889);
		assert_int_equal(libdma_reader_damaged(records), 0);
		assert_int_equal(libdma_reader_lost(records), 0);
		libdma_reader_close(text);
		libdma_reader_close(records);
		libdma_strings_destroy(strings);
	}
}

static void what_the_file_says_of_the_machine(void **state)
{
	(void)state;
	for (size_t i = 0; i < FILES; i++) {
		struct libdma_reader *reader = open_data(files[i], NULL);
		const struct libdma_environment *environment =
			libdma_reader_environment(reader);

		assert_string_equal(environment->kernel, "6.12.107+deb13-amd64");
		assert_string_equal(environment->arch, "x86_64");
		assert_string_equal(environment->clock, "mono");
		assert_int_equal(environment->cpus, 2);
		libdma_reader_close(reader);
	}
}

static char *load(const char *name, size_t *ret)
{
	struct input *input;
	char *bytes;

	assert_int_equal(input_open(data_path(name), &input), 0);
	assert_int_equal(input_fill(input, 64 << 20), 0);
	bytes = copy(input->data, input->size);
	*ret = input->size;
	input_close(input);
	return bytes;
}

struct outcome {
	int error;
	size_t events, lost, losses, damaged;
};

static struct outcome read_through(const char *bytes, size_t size)
{
	struct outcome outcome = { 0 };
	int fd = memfd_create("trace", 0);
	struct libdma_reader *reader;
	const struct dma_event *event;
	char path[32];

	assert_int_equal(write(fd, bytes, size), (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	outcome.error = libdma_reader_open(path, NULL, &reader);
	close(fd);
	if (outcome.error)
		return outcome;
	while (libdma_reader_next(reader, &event) > 0) {
		outcome.events++;
		outcome.losses += event->kind == DMA_EVENT_LOST;
	}
	outcome.lost = libdma_reader_lost(reader);
	outcome.damaged = libdma_reader_damaged(reader);
	libdma_reader_close(reader);
	return outcome;
}

/* The first CPU's data in the file of version 6, and a page's length behind its time. */
#define FIRST_PAGE    57344
#define PAGE          4096
#define COMMIT        8
#define COMMIT_MISSED 0x80 /* of the length's highest byte of four */
#define COMMIT_STORED 0x40 /* and how many, behind the data */

static void events_that_were_missed(void **state)
{
	size_t size;
	char *bytes = load(files[0], &size), *page = bytes + FIRST_PAGE + 5 * PAGE;
	struct outcome outcome;
	uint16_t length;
	uint64_t missed = 77;

	(void)state;
	page[COMMIT + 3] |= COMMIT_MISSED;
	outcome = read_through(bytes, size);
	assert_int_equal(outcome.events, 14889 + 1);
	assert_int_equal(outcome.losses, 1);
	assert_int_equal(outcome.lost, 0);

	memcpy(&length, page + COMMIT, sizeof(length));
	if (length + 16 + sizeof(missed) <= PAGE) {
		page[COMMIT + 3] |= COMMIT_STORED;
		memcpy(page + 16 + length, &missed, sizeof(missed));
		outcome = read_through(bytes, size);
		assert_int_equal(outcome.losses, 1);
		assert_int_equal(outcome.lost, 77);
	}
	free(bytes);
}

static void a_file_that_was_cut(void **state)
{
	size_t size;
	char *bytes = load(files[0], &size);
	struct outcome outcome = read_through(bytes, size - 3 * PAGE);

	(void)state;
	assert_int_equal(outcome.error, 0);
	assert_int_equal(outcome.damaged, 1);
	assert_in_range(outcome.events, 14000, 14888);
	for (size_t left = FIRST_PAGE; left; left /= 2) {
		outcome = read_through(bytes, left);
		assert_true(outcome.error || !outcome.events);
	}
	free(bytes);
}

/* Nothing is promised but that it ends, and in the library's way. */
static void files_that_are_garbage(void **state)
{
	uint64_t random = 1;

	(void)state;
	for (size_t i = 0; i < FILES; i++) {
		size_t size;
		char *whole = load(files[i], &size), *bytes = malloc(size);

		for (int round = 0; round < 60; round++) {
			memcpy(bytes, whole, size);
			for (int k = 0; k <= round % 4; k++) {
				random = random * 6364136223846793005ULL +
					 1442695040888963407ULL;
				/* the tables are at the file's beginning, or its end */
				bytes[(random >> 20) % (k ? size : 60000)] =
					(char)(random >> 50);
			}
			read_through(bytes, size);
		}
		free(whole);
		free(bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_what_the_kernel_prints),
		cmocka_unit_test(what_the_file_says_of_the_machine),
		cmocka_unit_test(events_that_were_missed),
		cmocka_unit_test(a_file_that_was_cut),
		cmocka_unit_test(files_that_are_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading, writing, counting and drawing traces, with each allocation and each system
 * call failing in turn: the caller is told, or gets what it gets when nothing fails.
 * Nothing is left behind, and nothing is quietly less than it was.
 */
#include <fcntl.h>
#include <jansson.h>
#include <lzma.h>
#include <zlib.h>

#include <libdma/environment.h>
#include <libdma/filter.h>
#include <libdma/fragmap.h>
#include <libdma/replay.h>
#include <libdma/stat.h>
#include <libdma/trace.h>

#include "fail-each.h"

static void mix_event(const struct dma_event *event, const struct libdma_strings *strings)
{
	const uint32_t names[] = { event->device, event->comm, event->stack };

	mix(event->kind);
	mix(event->ns);
	mix(event->dma);
	mix(event->phys);
	mix(event->size);
	mix(event->number);
	for (uint32_t i = 0; i < event->phys_count && event->phys_list; i++)
		mix(event->phys_list[i]);
	for (uint32_t i = 0; i < event->dma_count && event->dma_list; i++)
		mix(event->dma_list[i]);
	for (size_t i = 0; i < 3; i++)
		mix_bytes(libdma_strings_get(strings, names[i]),
			  libdma_strings_size(strings, names[i]));
}

/* --- what is tried --- */

static int open_trace(const struct job *job, struct libdma_reader **ret)
{
	return libdma_reader_open(job->path, &(struct libdma_reader_options) { 0 }, ret);
}

static int read_trace(const struct job *job)
{
	struct libdma_reader *reader;
	const struct dma_event *event;
	char *text = NULL;
	int err = open_trace(job, &reader), more;

	if (err)
		return err;
	while ((more = libdma_reader_next(reader, &event)) > 0)
		mix_event(event, libdma_reader_strings(reader));
	err = more;
	mix(libdma_reader_damaged(reader));
	mix(libdma_reader_lost(reader));
	if (!err)
		err = libdma_environment_print(libdma_reader_environment(reader), &text);
	if (!err)
		mix_bytes(text, strlen(text));
	free(text);
	libdma_reader_close(reader);
	return err;
}

static void mix_file(const char *path)
{
	unsigned char bytes[4096];
	FILE *file = fopen(path, "rb");
	size_t got;

	assert_non_null(file);
	while ((got = fread(bytes, 1, sizeof(bytes), file)))
		mix_bytes(bytes, got);
	fclose(file);
}

static char made[64]; /* where traces are written to */

/* A file that is nowhere. */
static void name_file(char *name)
{
	snprintf(name, 64, "/proc/self/fd/%d", memfd_create("trace", 0));
}

static int write_trace(const struct job *job)
{
	struct libdma_writer_options options = { .to = job->name, .overwrite = true };
	struct libdma_reader *reader;
	struct libdma_writer *writer;
	const struct dma_event *event;
	int err = open_trace(job, &reader), end;

	if (err)
		return err;
	options.strings = libdma_reader_strings(reader);
	options.environment = libdma_reader_environment(reader);
	err = libdma_writer_open(made, &options, &writer);
	if (err)
		goto close_reader;
	while (!err && (err = libdma_reader_next(reader, &event)) > 0) {
		err = libdma_writer_put(writer, event);
		if (!err && event->number % 50 == 20)
			err = libdma_writer_flush(writer);
	}
	if (!err)
		err = libdma_writer_environment(writer, options.environment);
	mix(libdma_writer_skipped(writer));
	end = libdma_writer_close(writer);
	err = err ? err : end;
	if (!err)
		mix_file(made);
close_reader:
	libdma_reader_close(reader);
	return err;
}

static int count_trace(const struct job *job)
{
	struct libdma_reader *reader;
	const struct dma_event *event;
	struct libdma_stat *stat;
	int err = open_trace(job, &reader);

	if (err)
		return err;
	err = libdma_stat_create(job->number, true, &stat);
	if (err)
		goto close_reader;
	while (!err && (err = libdma_reader_next(reader, &event)) > 0)
		err = libdma_stat_put(stat, event);
	for (size_t i = 0; !err && libdma_stat_group(stat, i); i++)
		mix_bytes(libdma_stat_group(stat, i), sizeof(struct libdma_stat_group));
	libdma_stat_destroy(stat);
close_reader:
	libdma_reader_close(reader);
	return err;
}

static int place(void *arg, const struct dma_event *begin, uint64_t times)
{
	return libdma_fragmap_add(arg, begin, times);
}

static int draw(const struct libdma_replay *replay, struct libdma_reader *reader)
{
	struct libdma_fragmap *map = libdma_fragmap_create(
		libdma_reader_environment(reader), libdma_reader_strings(reader));
	const struct libdma_space *space;
	int err = map ? libdma_replay_walk(replay, place, map) : -ENOMEM;

	if (!err)
		err = libdma_fragmap_finish(map);
	for (size_t i = 0; !err && (space = libdma_fragmap_space(map, i)); i++) {
		mix_bytes(space->name, strlen(space->name));
		mix(space->start);
		mix(space->size);
		for (size_t j = 0; j < space->extents; j++)
			mix(space->extent[j].from + space->extent[j].taken);
	}
	libdma_fragmap_destroy(map);
	return err;
}

static int replay_trace(const struct job *job)
{
	struct libdma_replay_options options = { .at = { job->number, 30 } };
	struct libdma_inference *inference = libdma_inference_create();
	struct libdma_replay *replay = libdma_replay_create(&options);
	struct libdma_reader *reader = NULL;
	const struct dma_event *event;
	int err = inference && replay ? open_trace(job, &reader) : -ENOMEM;

	if (err)
		goto destroy_both;
	while (!err && (err = libdma_reader_next(reader, &event)) > 0) {
		err = libdma_replay_put(replay, event);
		if (!err)
			err = libdma_inference_observe(inference, event,
						       libdma_reader_strings(reader));
	}
	if (!err)
		err = libdma_inference_conclude(inference,
						libdma_reader_environment(reader));
	if (!err)
		err = draw(replay, reader);
	libdma_reader_close(reader);
destroy_both:
	libdma_replay_destroy(replay);
	libdma_inference_destroy(inference);
	return err;
}

static int filter_trace(const struct job *job)
{
	struct libdma_filter *filter;
	struct libdma_reader *reader;
	const struct dma_event *event;
	char *why = NULL;
	size_t at;
	int err = libdma_filter_create(job->name, &filter, &at, &why);

	free(why);
	if (err)
		return err;
	err = open_trace(job, &reader);
	if (err)
		goto destroy_filter;
	while (!err && (err = libdma_reader_next(reader, &event)) > 0) {
		err = libdma_filter_driver(filter, event->device, event->device);
		if (!err)
			mix(libdma_filter_match(filter, event,
						libdma_reader_strings(reader)));
	}
	libdma_reader_close(reader);
destroy_filter:
	libdma_filter_destroy(filter);
	return err;
}

static int print_and_merge(const struct job *job)
{
	struct libdma_environment *first = libdma_environment_create();
	struct libdma_environment *second = libdma_environment_create();
	char text[8192], *why = NULL, *again = NULL;
	FILE *file = fopen(job->path, "rb");
	size_t size;
	int err = first && second ? 0 : -ENOMEM;

	assert_non_null(file);
	size = fread(text, 1, sizeof(text), file);
	fclose(file);
	if (!err)
		err = libdma_environment_parse(first, text, size, &why);
	if (err == -EINVAL)
		fail_msg("%s: %s", job->path, why);
	if (!err)
		err = libdma_environment_merge(second, first);
	if (!err && !libdma_environment_device(second, "0000:77:00.0"))
		err = -ENOMEM;
	if (!err)
		err = libdma_environment_print(second, &again);
	if (!err)
		mix_bytes(again, strlen(again));
	free(again);
	free(why);
	libdma_environment_destroy(second);
	libdma_environment_destroy(first);
	return err;
}

static unsigned char plain[8192];
static size_t plain_size;
static char given[64]; /* where the trace is read from */

/* A seed of the fuzz target is a trace behind one byte. */
static void give(const char *seed)
{
	char path[500];
	FILE *file;

	snprintf(path, sizeof(path), "%s/corpus/trace/%s", getenv("srcdir"), seed);
	file = fopen(path, "rb");
	assert_non_null(file);
	fgetc(file);
	plain_size = fread(plain, 1, sizeof(plain), file);
	fclose(file);
	file = fopen(given, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(plain, 1, plain_size, file), plain_size);
	fclose(file);
}

static void fail_each_of_all(struct job job, const char *const *seeds)
{
	for (; *seeds; seeds++) {
		give(*seeds);
		snprintf(job.path, sizeof(job.path), "%s", given);
		fail_each(&job, OF_MEMORY);
		fail_each(&job, OF_SYSTEM);
	}
}

static const char *const traces[] = {
	"binary-7.2-lazy-e1000e", "binary-6.12-strict-nvme",  "ftrace-6.12-strict-nvme",
	"text-7.2-swiotlb-nvme",  "program-6.12-direct-xhci", NULL,
};

static const char *const some[] = { "binary-6.12-strict-nvme", "binary-7.2-swiotlb-nvme",
				    NULL };

static void reading_fails_cleanly(void **state)
{
	(void)state;
	fail_each_of_all((struct job) { .run = read_trace }, traces);
}

#ifdef HAVE_TRACECMD
/* Of libtracecmd's own memory nothing can fail here. */
static void reading_trace_dat_fails_cleanly(void **state)
{
	struct job job = { .run = read_trace, .most = 12 };

	(void)state;
	snprintf(job.path, sizeof(job.path), "%s/tests/data/6.12-guest.v7.dat",
		 getenv("srcdir"));
	fail_each(&job, OF_MEMORY);
	fail_each(&job, OF_SYSTEM);
}
#define TRACE_DAT_TEST cmocka_unit_test(reading_trace_dat_fails_cleanly),
#else
#define TRACE_DAT_TEST
#endif

static const char *const formats[] = { "binary", "text", "ftrace", "program", "ndjson" };

static void writing_fails_cleanly(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		fail_each_of_all((struct job) { .run = write_trace,
						.name = formats[i],
						.streams = true },
				 some);
}

static void counting_fails_cleanly(void **state)
{
	(void)state;
	for (unsigned int by = 0; by < LIBDMA_STAT_KEYS; by++)
		fail_each_of_all((struct job) { .run = count_trace, .number = by }, some);
	assert_int_equal(libdma_stat_create(LIBDMA_STAT_KEYS, true,
					    &(struct libdma_stat *) { NULL }),
			 -EINVAL);
}

static void drawing_fails_cleanly(void **state)
{
	(void)state;
	for (unsigned int at = 0; at < LIBDMA_MOMENT_KINDS; at++)
		fail_each_of_all((struct job) { .run = replay_trace, .number = at },
				 some);
}

static void filtering_fails_cleanly(void **state)
{
	static const char *const expressions[] = {
		"dev ~ \"*02*\" && size > 4k || !(dir == to_device)",
		"driver == \"0000:00:02.0\" || comm !~ \"a*\" && (kind == map_page)",
	};

	(void)state;
	for (size_t i = 0; i < 2; i++)
		fail_each_of_all(
			(struct job) { .run = filter_trace, .name = expressions[i] },
			some);
}

static void environments_fail_cleanly(void **state)
{
	static const char *const machines[] = { "6.12-strict-nvme", "7.2-swiotlb-nvme" };
	struct job job = { .run = print_and_merge };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		snprintf(job.path, sizeof(job.path), "%s/corpus/traces/%s.json",
			 getenv("srcdir"), machines[i]);
		fail_each(&job, OF_MEMORY);
	}
}

/* --- seen through what it is packed with --- */

static void pack_gzip(const char *path)
{
	/* in two members, as gzip -c >>FILE makes them */
	for (int part = 0; part < 2; part++) {
		gzFile file = gzopen(path, part ? "ab" : "wb");

		gzwrite(file, plain + (part ? plain_size / 2 : 0),
			(unsigned int)(part ? plain_size - plain_size / 2
					    : plain_size / 2));
		gzclose(file);
	}
}

static void pack_xz(const char *path)
{
	unsigned char packed[sizeof(plain)];
	FILE *file = fopen(path, "wb");
	size_t size = 0;

	assert_non_null(file);
	assert_int_equal(lzma_easy_buffer_encode(6, LZMA_CHECK_CRC32, NULL, plain,
						 plain_size, packed, &size,
						 sizeof(packed)),
			 LZMA_OK);
	fwrite(packed, 1, size, file);
	fclose(file);
}

static void packed_files_fail_cleanly(void **state)
{
	char gzip[64], xz[64];
	struct job job = { .run = read_trace };
	uint64_t expect;

	(void)state;
	name_file(gzip);
	name_file(xz);
	give("text-7.2-swiotlb-nvme");
	pack_gzip(gzip);
	pack_xz(xz);
	snprintf(job.path, sizeof(job.path), "%s", given);
	outcome = 0;
	assert_int_equal(read_trace(&job), 0);
	expect = outcome;
	for (int packed = 0; packed < 2; packed++) {
		snprintf(job.path, sizeof(job.path), "%s", packed ? gzip : xz);
		outcome = 0;
		assert_int_equal(read_trace(&job), 0);
		assert_true(outcome == expect);
		fail_each(&job, OF_MEMORY);
		fail_each(&job, OF_SYSTEM);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading_fails_cleanly),
		TRACE_DAT_TEST cmocka_unit_test(writing_fails_cleanly),
		cmocka_unit_test(counting_fails_cleanly),
		cmocka_unit_test(drawing_fails_cleanly),
		cmocka_unit_test(filtering_fails_cleanly),
		cmocka_unit_test(environments_fail_cleanly),
		cmocka_unit_test(packed_files_fail_cleanly),
	};

	name_file(made);
	name_file(given);
	json_set_alloc_funcs(__wrap_malloc, __wrap_free);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * binary.c - how small is .dmat, and how fast is it written and read?
 *
 * Each trace is written as .dmat in memory and read back. Sizes are without the blocks
 * of the environment. Two floors are measured in the same run: zstd -1 of the text, and
 * a walk over the same events as they lie in memory, which is what no reader can beat.
 */
#include <argp.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

#include <libdma/trace.h>

#include "trace/binary.h"

/* Events that are kept to be walked over; more would measure the memory. */
#define KEPT 4096

static struct {
	int rounds;
	int repeat;
	const char *source;
} args = { .rounds = 3, .repeat = 40, .source = "." };

struct figures {
	uint64_t events;
	uint64_t text, packed; /* bytes */
	uint64_t binary;
	double write, read, walk; /* ns per event */
};

static double seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void fail(const char *what, const char *path, int err)
{
	fprintf(stderr, "binary: %s: %s: %s\n", path, what, strerror(-err));
	exit(EXIT_FAILURE);
}

static struct libdma_reader *open_reader(const char *path)
{
	struct libdma_reader *reader;
	int err = libdma_reader_open(path, NULL, &reader);

	if (err)
		fail("cannot be read", path, err);
	return reader;
}

/* Write the trace @repeat times, one after the other, into @out. Nanoseconds for all. */
static double write_trace(const char *path, const char *out, const char *format,
			  int repeat, uint64_t *events)
{
	struct libdma_strings *strings = libdma_strings_create();
	struct libdma_reader_options options = { .strings = strings };
	struct libdma_writer_options how = {
		.to = format,
		.strings = strings,
		.overwrite = true,
	};
	const struct dma_event *event;
	struct libdma_writer *writer;
	double start = seconds(CLOCK_PROCESS_CPUTIME_ID);
	int err = libdma_writer_open(out, &how, &writer);

	if (err)
		fail("cannot be written", out, err);
	for (*events = 0; repeat--;) {
		struct libdma_reader *reader;

		if (libdma_reader_open(path, &options, &reader))
			fail("cannot be read", path, 0);
		for (; libdma_reader_next(reader, &event) > 0; ++*events)
			libdma_writer_put(writer, event);
		libdma_reader_close(reader);
	}
	err = libdma_writer_close(writer);
	if (err)
		fail("cannot be written", out, err);
	libdma_strings_destroy(strings);
	return (seconds(CLOCK_PROCESS_CPUTIME_ID) - start) * 1e9;
}

static double read_trace(const char *path)
{
	double start = seconds(CLOCK_PROCESS_CPUTIME_ID);
	struct libdma_reader *reader = open_reader(path);
	const struct dma_event *event;

	while (libdma_reader_next(reader, &event) > 0)
		;
	libdma_reader_close(reader);
	return (seconds(CLOCK_PROCESS_CPUTIME_ID) - start) * 1e9;
}

static double walk(const char *path, uint64_t events)
{
	static struct dma_event kept[KEPT];
	struct libdma_reader *reader = open_reader(path);
	const struct dma_event *event;
	volatile uint64_t sum = 0;
	size_t count = 0;
	double start;

	while (count < KEPT && libdma_reader_next(reader, &event) > 0)
		kept[count++] = *event;
	libdma_reader_close(reader);
	start = seconds(CLOCK_PROCESS_CPUTIME_ID);
	for (uint64_t i = 0; i < events; i++) {
		struct dma_event copy = kept[i % count];

		sum += copy.dma ^ copy.ns;
	}
	return (seconds(CLOCK_PROCESS_CPUTIME_ID) - start) * 1e9;
}

/* Bytes of all blocks but those of the environment. */
static uint64_t size_of_events(int fd)
{
	unsigned char head[BINARY_HEADER_SIZE];
	struct block block;
	uint64_t size = 0;
	off_t at = 0;

	while (pread(fd, head, sizeof(head), at) == sizeof(head) && !block_get(head, &block)) {
		if (block.type != BLOCK_ENVIRONMENT)
			size += block.header_size + block.size;
		at += block.header_size + block.size;
	}
	return size;
}

static uint64_t packed_size(int fd, uint64_t *size)
{
	uint64_t packed;
	void *text, *out;

	*size = (uint64_t)lseek(fd, 0, SEEK_END);
	text = mmap(NULL, *size, PROT_READ, MAP_SHARED, fd, 0);
	out = malloc(ZSTD_compressBound(*size));
	if (text == MAP_FAILED || !out)
		exit(EXIT_FAILURE);
	packed = ZSTD_compress(out, ZSTD_compressBound(*size), text, *size, 1);
	munmap(text, *size);
	free(out);
	return packed;
}

static double least(double a, double b)
{
	return !a || b < a ? b : a;
}

static struct figures measure(const char *path)
{
	struct figures figures = { 0 };
	char small[32], large[32], text[32];
	int fd[3];
	char *names[] = { small, large, text };
	uint64_t events;

	for (int i = 0; i < 3; i++) {
		fd[i] = memfd_create("trace", 0);
		snprintf(names[i], sizeof(small), "/proc/self/fd/%d", fd[i]);
	}
	write_trace(path, small, "binary", 1, &figures.events);
	figures.binary = size_of_events(fd[0]);
	write_trace(path, text, "text", 1, &events);
	figures.packed = packed_size(fd[2], &figures.text);
	write_trace(small, large, "binary", args.repeat, &events);
	for (int i = 0; i < args.rounds; i++) {
		double read = read_trace(large);
		double both = write_trace(large, small, "binary", 1, &events);

		figures.read = least(figures.read, read / (double)events);
		figures.write = least(figures.write, (both - read) / (double)events);
		figures.walk = least(figures.walk, walk(large, events) / (double)events);
	}
	for (int i = 0; i < 3; i++)
		close(fd[i]);
	return figures;
}

static void print(const char *name, const struct figures *figures)
{
	double events = (double)figures->events;

	printf("%-40s %8.0f %8.1f %8.1f %8.2f %9.1f %9.1f %9.1f\n", name, events,
	       (double)figures->text / events, (double)figures->packed / events,
	       (double)figures->binary / events, figures->write, 1e3 / figures->read,
	       1e3 / figures->walk);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	(void)state;
	switch (key) {
	case 'r':
		args.rounds = atoi(arg);
		return 0;
	case 'n':
		args.repeat = atoi(arg);
		return 0;
	case 'd':
		args.source = arg;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

int main(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "rounds", 'r', "N", 0, "Take the best of N rounds (3)", 0 },
		{ "repeat", 'n', "N", 0, "Read each trace N times over (40)", 0 },
		{ "source", 'd', "DIR", 0, "The source tree (.), for its recordings", 0 },
		{ 0 }
	};
	struct figures all = { 0 };
	char pattern[4096];
	glob_t found = { 0 };
	int first;

	argp_parse(&(struct argp) { options, parse, "[TRACE...]",
				    "Measure the size and the speed of .dmat", 0, 0, 0 },
		   argc, argv, 0, &first, NULL);
	printf("%-40s %8s %8s %8s %8s %9s %9s %9s\n", "trace", "events", "text B",
	       "zstd-1 B", ".dmat B", "write ns", "M read/s", "M walk/s");
	if (first == argc) {
		snprintf(pattern, sizeof(pattern), "%s/corpus/traces/*.ftrace.zst", args.source);
		if (glob(pattern, 0, NULL, &found))
			fail("no recordings", pattern, -ENOENT);
		argv = found.gl_pathv;
		argc = (int)found.gl_pathc;
		first = 0;
	}
	for (int i = first; i < argc; i++) {
		struct figures figures = measure(argv[i]);
		const char *name = strrchr(argv[i], '/');

		print(name ? name + 1 : argv[i], &figures);
		all.events += figures.events;
		all.text += figures.text;
		all.packed += figures.packed;
		all.binary += figures.binary;
	}
	if (all.events)
		printf("%-40s %8.0f %8.1f %8.1f %8.2f\n", "all", (double)all.events,
		       (double)all.text / (double)all.events,
		       (double)all.packed / (double)all.events,
		       (double)all.binary / (double)all.events);
	globfree(&found);
	return EXIT_SUCCESS;
}

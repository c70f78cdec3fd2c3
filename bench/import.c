// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * import.c - how fast are recordings read, and turned into .dmat?
 *
 * A recording is repeated in memory until it is large, then read; rates are of CPU
 * time, since machines have other things to do, but for the last one: all that "dmactl
 * import" does, by the clock on the wall. The peer, trace-cmd report, gets the records
 * of the same buffer that the text is of, also repeated.
 */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <libdma/trace.h>

#include "trace/input.h"

extern char **environ;

static const char doc[] = "Measure how fast recordings are read\v"
			  "Without RECORDINGs, those of corpus/traces are read, and the "
			  "peer's one.";

static const struct argp_option options[] = {
	{ "size", 's', "MB", 0, "Repeat each recording up to this size (200)", 0 },
	{ "rounds", 'r', "N", 0, "Take the best of N rounds (3)", 0 },
	{ "source", 'd', "DIR", 0, "The source tree (.)", 0 },
	{ 0 }
};

static struct {
	size_t size;
	int rounds;
	const char *source;
	char **recording;
	int recordings;
} args = { .size = 200, .rounds = 3, .source = "." };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 's':
		args.size = strtoul(arg, NULL, 10);
		return args.size ? 0 : EINVAL;
	case 'r':
		args.rounds = atoi(arg);
		return args.rounds > 0 ? 0 : EINVAL;
	case 'd':
		args.source = arg;
		return 0;
	case ARGP_KEY_ARGS:
		args.recording = state->argv + state->next;
		args.recordings = state->argc - state->next;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void give_up(const char *what)
{
	fprintf(stderr, "import: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* All bytes of a file, unpacked. */
static struct input *load(const char *path)
{
	struct input *input;
	int err = input_open(path, &input);

	if (!err)
		err = input_fill(input, (size_t)256 << 20);
	if (err) {
		errno = -err;
		give_up(path);
	}
	return input;
}

static void write_all(int fd, const void *data, size_t size)
{
	while (size) {
		ssize_t put = write(fd, data, size);

		if (put <= 0)
			give_up("memory");
		data = (const char *)data + put;
		size -= (size_t)put;
	}
}

static size_t header_size(const struct input *input)
{
	const unsigned char *at = input->data, *end = at + input->size, *next;

	while (at < end && *at == '#') {
		next = memchr(at, '\n', (size_t)(end - at));
		at = next ? next + 1 : end;
	}
	return (size_t)(at - input->data);
}

/* The text of a recording, again and again behind one header. */
static int repeat_text(const char *path, size_t *ret)
{
	struct input *input = load(path);
	size_t head = header_size(input), body = input->size - head, size = head;
	int fd = memfd_create("text", 0);

	write_all(fd, input->data, head);
	do {
		write_all(fd, input->data + head, body);
		size += body;
	} while (body && size < args.size * 1000000);
	input_close(input);
	*ret = size;
	return fd;
}

struct rate {
	double seconds;      /* of CPU time, of all threads */
	double wall_seconds; /* that passed */
	uint64_t events;
};

static double seconds_of(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* What is learned of the machine from all events is written at the end. */
static void learn(struct libdma_inference *inference, struct libdma_writer *writer)
{
	struct libdma_environment *known = libdma_environment_create();

	if (!known || libdma_inference_conclude(inference, known) ||
	    libdma_writer_environment(writer, known))
		give_up("memory");
	libdma_environment_destroy(known);
}

/*
 * Read all events of a file, and write them in another format unless @to is NULL. With
 * @inference that is what "dmactl import" does.
 */
static struct rate convert(const char *path, const char *to,
			   struct libdma_inference *inference)
{
	struct libdma_writer_options wanted = { .to = to, .overwrite = true };
	struct libdma_writer *writer = NULL;
	struct libdma_reader *reader;
	const struct dma_event *event;
	struct rate rate = { 0 };
	double start = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
	double wall_start = seconds_of(CLOCK_MONOTONIC);
	int err = libdma_reader_open(path, NULL, &reader);

	if (err) {
		errno = -err;
		give_up(path);
	}
	wanted.strings = libdma_reader_strings(reader);
	wanted.environment = libdma_reader_environment(reader);
	if (to && libdma_writer_open("/dev/null", &wanted, &writer))
		give_up("/dev/null");
	while (libdma_reader_next(reader, &event) > 0) {
		rate.events++;
		if (inference &&
		    libdma_inference_observe(inference, event, wanted.strings))
			give_up("memory");
		if (writer && libdma_writer_put(writer, event))
			give_up("/dev/null");
	}
	if (inference)
		learn(inference, writer);
	libdma_writer_close(writer);
	libdma_reader_close(reader);
	rate.seconds = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - start;
	rate.wall_seconds = seconds_of(CLOCK_MONOTONIC) - wall_start;
	return rate;
}

static struct rate best(const char *path, const char *to)
{
	struct rate fastest = convert(path, to, NULL), rate;

	for (int i = 1; i < args.rounds; i++) {
		rate = convert(path, to, NULL);
		if (rate.seconds < fastest.seconds)
			fastest = rate;
	}
	return fastest;
}

/* The least time on the wall in which a recording was imported. */
static struct rate best_import(const char *path)
{
	struct rate fastest = { 0 };

	for (int i = 0; i < args.rounds; i++) {
		struct libdma_inference *inference = libdma_inference_create();
		struct rate rate;

		if (!inference)
			give_up("memory");
		rate = convert(path, "binary", inference);
		libdma_inference_destroy(inference);
		if (!i || rate.wall_seconds < fastest.wall_seconds)
			fastest = rate;
	}
	return fastest;
}

static double millions(struct rate rate)
{
	return (double)rate.events / rate.seconds / 1e6;
}

/* One line of the table; what reading alone reached. */
static struct rate measure(const char *path)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	struct rate read, binary, import;
	char text[32];
	size_t size;
	int fd = repeat_text(path, &size);

	snprintf(text, sizeof(text), "/proc/self/fd/%d", fd);
	read = best(text, NULL);
	binary = best(text, "binary");
	import = best_import(text);
	close(fd);
	printf("%-34.34s %7.1f %8.2f %6.2f %10.2f %10.2f\n", name,
	       (double)size / (double)(read.events ? read.events : 1), millions(read),
	       (double)size / read.seconds / 1e9, millions(binary),
	       (double)import.events / import.wall_seconds / 1e6);
	fflush(stdout);
	return read;
}

/* CPU time that a command takes, or a negative number where it cannot be run. */
static double run(char *const *argv)
{
	posix_spawn_file_actions_t files;
	struct rusage before, after;
	int status;
	pid_t pid;

	getrusage(RUSAGE_CHILDREN, &before);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
	status = posix_spawnp(&pid, argv[0], &files, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	if (status || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) ||
	    WEXITSTATUS(status))
		return -1;
	getrusage(RUSAGE_CHILDREN, &after);
	return (double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec) +
	       (double)(after.ru_stime.tv_sec - before.ru_stime.tv_sec) +
	       (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec) / 1e6 +
	       (double)(after.ru_stime.tv_usec - before.ru_stime.tv_usec) / 1e6;
}

/* Where the recording's table of each CPU's records lies, and how many there are. */
#define FLYRECORD "flyrecord"

/*
 * The peer's file, of version 6, with each CPU's pages @times in a row. The table of
 * them is the last thing before the pages.
 */
static int repeat_records(const struct input *input, unsigned int times)
{
	const unsigned char *table =
		memmem(input->data, input->size, FLYRECORD, sizeof(FLYRECORD));
	int fd = memfd_create("records", 0);
	uint64_t from[2], to[2];
	size_t first, at;

	if (!table)
		give_up("the peer's recording");
	table += sizeof(FLYRECORD);
	memcpy(from, table, sizeof(from));
	first = from[0];
	write_all(fd, input->data, first);
	for (at = (size_t)(table - input->data); at + 16 <= first; at += 16) {
		memcpy(from, input->data + at, sizeof(from));
		if (!from[1] || from[0] + from[1] > input->size)
			break;
		to[0] = (uint64_t)lseek(fd, 0, SEEK_END);
		to[1] = from[1] * times;
		for (unsigned int i = 0; i < times; i++)
			write_all(fd, input->data + from[0], from[1]);
		if (pwrite(fd, to, sizeof(to), (off_t)at) != sizeof(to))
			give_up("memory");
		lseek(fd, 0, SEEK_END);
	}
	return fd;
}

static void compare(void)
{
	const unsigned int times = 20;
	char path[4096], records[64];
	char *const report[] = { "trace-cmd", "report", "-i", records, NULL };
	struct rate ours, peer;
	struct input *input;
	int fd;

	snprintf(path, sizeof(path), "%s/tests/data/6.12-guest.ftrace.zst", args.source);
	ours = measure(path);
	peer.events = convert(path, NULL, NULL).events * times;
	snprintf(path, sizeof(path), "%s/tests/data/6.12-guest.v6.dat.zst", args.source);
	input = load(path);
	fd = repeat_records(input, times);
	input_close(input);
	snprintf(records, sizeof(records), "/proc/%d/fd/%d", (int)getpid(), fd);
	peer.seconds = run(report);
	if (peer.seconds <= 0) {
		printf("trace-cmd is not installed, or cannot read its own file: "
		       "no comparison\n");
	} else {
		printf("trace-cmd report, the same buffer: %.2f M events/s; "
		       "reading its text here is %.1f times as fast\n",
		       millions(peer), millions(ours) / millions(peer));
		snprintf(records, sizeof(records), "/proc/self/fd/%d", fd);
		ours = best(records, NULL);
		printf("reading that file of records here: %.2f M events/s, %.1f times\n",
		       millions(ours), millions(ours) / millions(peer));
	}
	close(fd);
}

int main(int argc, char **argv)
{
	static const char *const corpus[] = {
		"6.12-strict-nvme", "6.12-direct-virtio-scsi", "7.2-strict-nvme",
		"6.12-direct-xhci", "6.12-swiotlb-nvme",
	};
	char path[4096];

	argp_parse(&(struct argp) { options, parse, "[RECORDING...]", doc, 0, 0, 0 },
		   argc, argv, 0, NULL, NULL);
	printf("%-34s %7s %8s %6s %10s %10s\n", "recording", "B/event", "M read/s",
	       "GB/s", "M binary/s", "M import/s");
	for (int i = 0; i < args.recordings; i++)
		measure(args.recording[i]);
	if (args.recordings)
		return 0;
	for (size_t i = 0; i < sizeof(corpus) / sizeof(corpus[0]); i++) {
		snprintf(path, sizeof(path), "%s/corpus/traces/%s.ftrace.zst",
			 args.source, corpus[i]);
		if (!access(path, R_OK))
			measure(path);
	}
	compare();
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * recorder.c - from the probes' ring to a trace, until something ends it
 *
 * The probes wake nobody: the ring is looked at many times a second, which costs less
 * than a wake-up for each event. Twice a second what came is made safe in the file,
 * and what was lost is written down, so that a recorder which is killed leaves a file
 * that lacks less than the last second.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <libdma/trace.h>

#include "capture.h"
#include "child.h"
#include "clock.h"
#include "history.h"
#include "output.h"
#include "privilege.h"
#include "recorder.h"
#include "running.h"
#include "symbols.h"

#define FLUSH_NS    (SECOND_NS / 2)
#define NAP_NS	    (10 * 1000000) /* between two looks at the ring, while events come, */
#define LONG_NAP_NS (50 * 1000000) /* and while none do */

struct recorder {
	const struct recorder_options *options;
	const struct recorder_output *output;
	struct probes *probes;
	struct libdma_strings *strings;
	struct libdma_environment *environment;
	struct symbols *symbols;
	struct libdma_writer *writer;
	struct capture *capture;
	struct history *history; /* with --overwrite; the writer gets it at the end */
	unsigned int snapshots;
	struct child child;
	const char *end; /* why it is over, in words; NULL while it is not */
	int child_status;
	uint64_t begin_ns;
	uint64_t end_ns; /* before the probes were taken away, which takes its time */
	uint64_t flush_ns;  /* of the last one */
	off_t whole;	    /* bytes of the file after it */
};

static const char *out_name(const struct recorder *recorder)
{
	return strcmp(recorder->output->path, "-") ? recorder->output->path : "standard output";
}

static bool is_end(const struct recorder *recorder, const struct dma_event *event)
{
	unsigned int stop_on = recorder->options->stop_on;

	if (!event->error)
		return false;
	if (event->kind == DMA_EVENT_SWIOTLB_MAP)
		return stop_on & RECORDER_STOP_SWIOTLB_FULL;
	return stop_on & RECORDER_STOP_MAP_FAILED &&
	       (libdma_event_kind_class(event->kind) == DMA_CLASS_MAP ||
		event->kind == DMA_EVENT_MAP_SG_ERR);
}

static int put(void *arg, const struct dma_event *event)
{
	struct recorder *recorder = arg;

	if (!recorder->end && is_end(recorder, event)) {
		recorder->end = event->kind == DMA_EVENT_SWIOTLB_MAP ? "no bounce buffer was found"
								     : "a mapping failed";
		/* The ring may be filled as fast as it is read. */
		recorder->end_ns = clock_ns();
		probes_silence(recorder->probes);
	}
	if (!recorder->history)
		return libdma_writer_put(recorder->writer, event);
	history_add(recorder->history, event);
	return 0;
}

static int put_kept(void *arg, const struct dma_event *event)
{
	return libdma_writer_put(arg, event);
}

/* Make safe what came; remember how much of the file is whole. */
static int flush(struct recorder *recorder)
{
	const uint64_t max_size = recorder->options->max_size;
	int err = libdma_writer_flush(recorder->writer);
	struct stat status;

	recorder->flush_ns = clock_ns();
	if (err || stat(recorder->output->path, &status) || !S_ISREG(status.st_mode))
		return err;
	recorder->whole = status.st_size;
	if (max_size && (uint64_t)status.st_size >= max_size)
		recorder->end = "the file has the size of --max-size";
	return 0;
}

static int open_writer(struct recorder *recorder, const char *path,
		       struct libdma_writer **ret)
{
	const struct libdma_writer_options how = {
		.to = recorder->output->format,
		.strings = recorder->strings,
		.environment = recorder->environment,
		.overwrite = recorder->output->force,
	};

	return libdma_writer_open(path, &how, ret);
}

static int open_output(struct recorder *recorder)
{
	int err = open_writer(recorder, recorder->output->path, &recorder->writer);

	return err ? trouble(out_name(recorder), err) : EXIT_FINE;
}

/* What is kept now, as a file of its own: FILE.1, FILE.2 ... */
static void write_snapshot(struct recorder *recorder)
{
	struct libdma_writer *writer;
	char path[4096];
	int err, closed;

	snprintf(path, sizeof(path), "%s.%u", recorder->output->path, ++recorder->snapshots);
	err = open_writer(recorder, path, &writer);
	if (!err) {
		err = history_walk(recorder->history, put_kept, writer);
		closed = libdma_writer_close(writer);
		err = err ? err : closed;
	}
	if (err)
		trouble(path, err);
	else
		complain("%s: what was recorded last", path);
}

static int step(struct recorder *recorder)
{
	int count = capture_read(recorder->capture), err = 0;

	if (count < 0)
		return count;
	if (clock_ns() - recorder->flush_ns >= FLUSH_NS) {
		err = capture_losses(recorder->capture, 0);
		if (!err)
			err = flush(recorder);
	} else if (recorder->output->live && count) {
		err = libdma_writer_flush(recorder->writer);
	}
	return err ? err : count;
}

static void look_around(struct recorder *recorder, int signal)
{
	const struct recorder_options *options = recorder->options;

	if (signal == SIGINT || signal == SIGTERM || signal == SIGHUP)
		recorder->end = signal == SIGINT ? "interrupted" : "told to end";
	if (signal == SIGUSR2 && recorder->history)
		write_snapshot(recorder);
	if (child_ended(&recorder->child, &recorder->child_status))
		recorder->end = "the command ended";
	if (options->duration_ns &&
	    clock_ns() - recorder->begin_ns >= options->duration_ns)
		recorder->end = "the time of --duration is over";
	if (options->probe.pid && kill((pid_t)options->probe.pid, 0) && errno == ESRCH)
		recorder->end = "the process ended";
}

static int loop(struct recorder *recorder, const sigset_t *signals)
{
	int count = 0;

	while (!recorder->end && count >= 0) {
		const struct timespec nap = { .tv_nsec = count ? NAP_NS : LONG_NAP_NS };

		look_around(recorder, sigtimedwait(signals, NULL, &nap));
		count = step(recorder);
	}
	return count < 0 ? count : 0;
}

/* Take what is still in the ring, and write down what was lost. */
static int drain(struct recorder *recorder)
{
	int count;

	recorder->end_ns = recorder->end_ns ?: clock_ns();
	probes_stop(recorder->probes);
	do
		count = capture_read(recorder->capture);
	while (count > 0);
	return count < 0 ? count : capture_losses(recorder->capture, recorder->end_ns);
}

/* What was not asked for, and may miss events where it is interrupted. */
static void tell_of_kprobes(const struct recorder *recorder)
{
	const struct probe *first = NULL;
	unsigned int count = 0;

	for (unsigned int i = 0; i < DMA_HOOKS; i++) {
		const struct probe *probe = probes_at(recorder->probes, i);

		if (!probe->used || !probe->kprobe)
			continue;
		first = first ?: probe;
		count++;
	}
	if (!count || recorder->options->attach == ATTACH_KPROBE)
		return;
	complain("%s() is watched by a %s: %s", first->target, probe_form(first), first->why);
	if (count > 1)
		complain("and %u more by kprobes, 'dmactl doctor' says why", count - 1);
}

static int prepare(struct recorder *recorder)
{
	struct dma_probe_options probe = recorder->options->probe;
	struct probes_obstacle obstacle;
	int err, status;

	recorder->probes = probes_create(recorder->options->groups,
					 recorder->options->attach, &obstacle);
	if (obstacle.status) {
		complain("%s", obstacle.text);
		return obstacle.status;
	}
	status = probes_start(recorder->probes, &probe, recorder->options->ring_size);
	if (status)
		return status;
	tell_of_kprobes(recorder);
	if (probe.stack) /* only now, for the probes are in stacks, too */
		recorder->symbols = symbols_create();
	err = running_describe(recorder->environment, recorder->probes);
	if (err)
		return trouble("the description of this machine", err);
	status = open_output(recorder);
	if (status)
		return status;
	recorder->capture = capture_create(&(struct capture_options) {
		.probes = recorder->probes,
		.strings = recorder->strings,
		.symbols = recorder->symbols,
		.min_size = probe.min_size,
		.put = put,
		.arg = recorder,
	});
	if (!recorder->capture)
		return EXIT_SYSTEM;
	err = privilege_drop();
	return err ? trouble("cannot give up privileges", err) : EXIT_FINE;
}

static int start_child(struct recorder *recorder)
{
	int err;

	if (!recorder->child.pid)
		return EXIT_FINE;
	err = child_start(&recorder->child);
	if (!err)
		return EXIT_FINE;
	complain("%s: %s", *recorder->options->command, strerror(err));
	return err == ENOENT ? 127 : 126;
}

/* What was recorded, and above all what was not. */
static void print_summary(const struct recorder *recorder)
{
	const struct capture_sum *sum = capture_sum(recorder->capture);
	const uint64_t end_ns = recorder->end_ns ?: clock_ns();
	const double seconds = (double)(end_ns - recorder->begin_ns) / 1e9;
	char bytes[32] = "";
	struct stat status;

	complain("%s: %" PRIu64 " events in %.1f s, %s", out_name(recorder), sum->events, seconds,
		 recorder->end ? recorder->end : "ended by an error");
	if (strcmp(recorder->output->path, "-") && !stat(recorder->output->path, &status))
		snprintf(bytes, sizeof(bytes), "%" PRIu64 " bytes; ", (uint64_t)status.st_size);
	complain("%slost %" PRIu64 " (no room in the buffer %" PRIu64 ", interrupted probes %"
		 PRIu64 "); lists cut %" PRIu64, bytes, sum->dropped + sum->missed, sum->dropped,
		 sum->missed, sum->cut);
	if (sum->stackless)
		complain("%" PRIu64 " events are without their call stack", sum->stackless);
	if (recorder->history && history_forgotten(recorder->history))
		complain("%" PRIu64 " events were overwritten by later ones",
			 history_forgotten(recorder->history));
	if (sum->dropped)
		complain("a larger --buffer, or fewer --events, would lose less");
}

/* A file that could not be written to its end is cut back to where it is whole. */
static int finish(struct recorder *recorder, int err)
{
	const char *path = recorder->output->path;
	int more = err ? 0 : drain(recorder), closed;

	if (!err)
		err = more;
	if (!err && recorder->history)
		err = history_walk(recorder->history, put_kept, recorder->writer);
	if (!err && !running_describe(recorder->environment, recorder->probes))
		err = libdma_writer_environment(recorder->writer, recorder->environment);
	closed = libdma_writer_close(recorder->writer);
	recorder->writer = NULL;
	if (!err)
		err = closed;
	if (!err)
		return EXIT_FINE;
	if (recorder->whole && !truncate(path, recorder->whole))
		complain("%s: %s; what was recorded until %.1f s before is in the file",
			 out_name(recorder), strerror(-err),
			 (double)(clock_ns() - recorder->flush_ns) / 1e9);
	else
		trouble(out_name(recorder), err);
	return EXIT_SYSTEM;
}

static int record(struct recorder *recorder, const sigset_t *signals)
{
	int status = prepare(recorder), err;

	if (status)
		return status;
	recorder->begin_ns = recorder->flush_ns = clock_ns();
	err = flush(recorder);
	status = start_child(recorder);
	if (!err && !status)
		err = loop(recorder, signals);
	else if (status)
		recorder->end = "the command could not be run";
	err = finish(recorder, err);
	print_summary(recorder);
	if (err)
		return err;
	return status ? status : recorder->options->propagate ? recorder->child_status
							      : EXIT_FINE;
}

static void release(struct recorder *recorder)
{
	child_destroy(&recorder->child);
	libdma_writer_close(recorder->writer);
	capture_destroy(recorder->capture);
	history_destroy(recorder->history);
	symbols_destroy(recorder->symbols);
	probes_destroy(recorder->probes);
	libdma_environment_destroy(recorder->environment);
	libdma_strings_destroy(recorder->strings);
}

int recorder_run(const struct recorder_options *options, const struct recorder_output *output)
{
	struct recorder recorder = {
		.options = options,
		.output = output,
		.strings = libdma_strings_create(),
		.environment = libdma_environment_create(),
	};
	sigset_t signals;
	int status, err;

	if (options->overwrite)
		recorder.history = history_create(options->overwrite);
	if (!recorder.strings || !recorder.environment ||
	    (options->overwrite && !recorder.history))
		out_of_memory();
	if (!output->force && strcmp(output->path, "-") && !access(output->path, F_OK)) {
		struct stat file;

		if (!stat(output->path, &file) && S_ISREG(file.st_mode)) {
			release(&recorder);
			return trouble(output->path, -EEXIST);
		}
	}
	if (options->probe.pid && kill((pid_t)options->probe.pid, 0) && errno == ESRCH) {
		release(&recorder);
		complain("there is no process %u", options->probe.pid);
		return EXIT_SYSTEM;
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGUSR2);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	err = options->command ? child_create(options->command, &recorder.child) : 0;
	status = err ? trouble("cannot start a process", err) : record(&recorder, &signals);
	release(&recorder);
	return status;
}

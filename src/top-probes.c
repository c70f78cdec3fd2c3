// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * top-probes.c - 'dmactl top' of the running kernel: from the probes' ring, no file
 * between
 *
 * As with 'dmactl record' the probes wake nobody; the ring is looked at many times a
 * second.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "capture.h"
#include "clock.h"
#include "output.h"
#include "privilege.h"
#include "running.h"
#include "top.h"

#define RING_SIZE ((size_t)32 << 20)
#define GROUPS    "map,sg,coherent,swiotlb"
#define LOSSES_NS (500 * 1000000ll)
#define NAP_NS    (10 * 1000000)

struct live {
	struct top top;
	struct probes *probes;
	struct capture *capture;
	struct libdma_strings *strings;
	struct libdma_environment *machine;
};

static int put(void *arg, const struct dma_event *event)
{
	struct live *live = arg;

	top_put(&live->top, event);
	return 0;
}

static const struct libdma_environment *learn(void *machine)
{
	return machine;
}

static int prepare(struct live *live)
{
	struct dma_probe_options options = { .directions = ~0U };
	struct probes_obstacle obstacle;
	int status, err;

	live->probes = probes_create(GROUPS, live->top.options.attach, &obstacle);
	if (obstacle.status) {
		complain("%s", obstacle.text);
		return obstacle.status;
	}
	status = probes_start(live->probes, &options, RING_SIZE);
	if (status != EXIT_FINE)
		return status;
	err = running_describe(live->machine, live->probes);
	if (err)
		return trouble("the description of this machine", err);
	live->capture = capture_create(&(struct capture_options) {
		.probes = live->probes,
		.strings = live->strings,
		.put = put,
		.arg = live,
	});
	if (!live->capture)
		return EXIT_SYSTEM;
	err = privilege_drop();
	return err ? trouble("cannot give up privileges", err) : EXIT_FINE;
}

static int loop(struct live *live, const sigset_t *signals)
{
	const struct timespec nap = { .tv_nsec = NAP_NS };
	uint64_t losses_ns = clock_ns();
	int count = 0;

	while (!live->top.over && count >= 0 && !output_error()) {
		if (sigtimedwait(signals, NULL, &nap) > 0)
			break;
		count = capture_read(live->capture);
		if (count >= 0 && clock_ns() - losses_ns >= LOSSES_NS) {
			losses_ns = clock_ns();
			if (capture_losses(live->capture, 0) < 0)
				count = -ENOMEM;
		}
		if (!count || live->top.screen)
			top_idle(&live->top);
	}
	return count < 0 ? trouble("the ring of events", count) : EXIT_FINE;
}

static void release(struct live *live)
{
	capture_destroy(live->capture);
	probes_destroy(live->probes);
	libdma_environment_destroy(live->machine);
	libdma_strings_destroy(live->strings);
}

int top_probes(struct top_options *options)
{
	struct live live = {
		.top = { .options = *options,
			 .title = "this machine",
			 .learn = learn,
			 .now = true },
		.strings = libdma_strings_create(),
		.machine = libdma_environment_create(),
	};
	sigset_t signals;
	int status;

	if (!live.strings || !live.machine)
		out_of_memory();
	live.top.strings = live.strings;
	live.top.arg = live.machine;
	status = prepare(&live);
	if (status == EXIT_FINE && !options->batch) {
		live.top.screen = screen_open();
		status = live.top.screen ? EXIT_FINE : EXIT_SYSTEM;
	}
	if (status == EXIT_FINE) {
		/* the terminal is put in order, whatever ends this */
		sigemptyset(&signals);
		sigaddset(&signals, SIGINT);
		sigaddset(&signals, SIGTERM);
		sigaddset(&signals, SIGHUP);
		sigprocmask(SIG_BLOCK, &signals, NULL);
		top_open(&live.top);
		status = loop(&live, &signals);
		top_close(&live.top);
	}
	release(&live);
	return status;
}

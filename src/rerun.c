// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rerun.c - a trace's requests on another machine
 *
 * The machine's events take the place of the trace's: they are what is summed up,
 * listed and written.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <libdma/environment.h>

#include "json.h"
#include "output.h"
#include "rerun.h"

#define KERNEL_LINEAR 0xffff888000000000ULL /* where x86's linear map begins */

struct rerun {
	const struct rerun_options *options;
	struct libdma_environment *environment;
	struct libdma_rerun *rerun;
	struct libdma_replay *replay;
	struct libdma_writer *writer;
	struct libdma_strings *strings; /* of the trace, and of what is written */
	uint64_t events;
	bool over;
	int err;
};

/* ---- running ---- */

static uint32_t translate(const struct rerun *rerun, uint32_t string)
{
	const struct libdma_strings *from =
		libdma_machine_strings(libdma_rerun_machine(rerun->rerun));
	uint32_t number = 0;

	if (string &&
	    libdma_strings_add(rerun->strings, libdma_strings_get(from, string),
			       libdma_strings_size(from, string), &number))
		out_of_memory();
	return number;
}

/* What the machine did. */
static void see(void *arg, const struct dma_event *event)
{
	struct rerun *rerun = arg;
	struct dma_event seen = *event;

	seen.device = translate(rerun, event->device);
	seen.name = translate(rerun, event->name);
	seen.gfp = translate(rerun, event->gfp);
	/* the program's own addresses are others each time */
	if (seen.cpu_addr)
		seen.cpu_addr = KERNEL_LINEAR + seen.dma;
	seen.comm = seen.context = seen.stack = 0;
	seen.number = rerun->events++;
	if (libdma_replay_put(rerun->replay, &seen))
		out_of_memory();
	if (rerun->writer && !rerun->err)
		rerun->err = libdma_writer_put(rerun->writer, &seen);
}

/* Where the trace ends with pools in use, no driver destroyed them. */
static void say(void *arg, enum libdma_log_level level, const char *text)
{
	const struct rerun *rerun = arg;

	if (level <= LIBDMA_LOG_ERROR && !rerun->over)
		complain("the machine: %s", text);
}

static uint32_t rename_device(const struct rerun *rerun, uint32_t device)
{
	const char *name = libdma_strings_get(rerun->strings, device);
	size_t length = strlen(name);
	uint32_t number = device;

	for (size_t i = 0; i < rerun->options->devices; i++) {
		const char *map = rerun->options->device[i];

		if (strncmp(map, name, length) || map[length] != '=')
			continue;
		map += length + 1;
		if (libdma_strings_add(rerun->strings, map, strlen(map), &number))
			out_of_memory();
	}
	return number;
}

static void run_once(struct rerun *rerun, struct source *source)
{
	const struct dma_event *event;
	struct dma_event renamed;

	while (source_next(source, &event) > 0) {
		renamed = *event;
		if (rerun->options->devices)
			renamed.device = rename_device(rerun, event->device);
		if (libdma_rerun_put(rerun->rerun, &renamed))
			out_of_memory();
	}
}

/* Where the swiotlb came to lie, and how large it is. */
static void learn_swiotlb(struct rerun *rerun)
{
	struct libdma_environment *machine = rerun->environment;
	struct libdma_rerun_swiotlb pool;

	libdma_rerun_swiotlb(rerun->rerun, &pool);
	if (!pool.slots)
		return;
	machine->swiotlb.start = pool.start;
	machine->swiotlb.slots = pool.slots;
	machine->swiotlb.areas = pool.areas;
	machine->origin.swiotlb_start = LIBDMA_GIVEN;
	machine->origin.swiotlb_slots = LIBDMA_GIVEN;
	machine->origin.swiotlb_areas = LIBDMA_GIVEN;
}

static int build(struct rerun *rerun, const struct state_options *at)
{
	struct libdma_rerun_options how = {
		.environment = rerun->environment,
		.strings = rerun->strings,
		.log = say,
		.log_arg = rerun,
	};
	struct libdma_replay_options keep = { .at = at->at };
	int err = libdma_rerun_create(&how, &rerun->rerun);

	if (err == -EINVAL)
		return EXIT_USAGE;
	rerun->replay = libdma_replay_create(&keep);
	if (err || !rerun->replay)
		out_of_memory();
	libdma_machine_observe(libdma_rerun_machine(rerun->rerun), see, rerun);
	learn_swiotlb(rerun);
	return rerun->options->target.path
		       ? target_open(&rerun->options->target, rerun->strings,
				     rerun->environment, &rerun->writer)
		       : EXIT_FINE;
}

/* The trace again from its beginning. */
static int again(struct rerun *rerun, struct source_options *from, struct state *state)
{
	int status = source_close(state->source, EXIT_FINE);

	state->source = NULL;
	from->again = true;
	from->survey = false;
	if (libdma_rerun_end(rerun->rerun))
		out_of_memory();
	return status == EXIT_FINE || status == EXIT_INPUT
		       ? source_open(from, rerun->strings, &state->source)
		       : status;
}

int rerun_open(const struct rerun_options *opts, const struct state_options *at,
	       const struct libdma_environment *set, struct source_options *from,
	       struct state *state, struct rerun **ret)
{
	struct rerun *rerun = calloc(1, sizeof(*rerun));
	int status;

	if (!rerun)
		out_of_memory();
	*ret = rerun;
	*state = (struct state) { 0 };
	rerun->options = opts;
	if (opts->repeat > 1 && !strcmp(from->path, "-")) {
		complain("--repeat cannot read standard input again");
		return EXIT_USAGE;
	}
	if (opts->target.path) {
		status = target_check(&opts->target, from->path);
		if (status != EXIT_FINE)
			return status;
	}
	rerun->strings = libdma_strings_create();
	if (!rerun->strings)
		out_of_memory();
	from->survey = true;
	status = source_open(from, rerun->strings, &state->source);
	if (status != EXIT_FINE)
		return status;
	rerun->environment = rerun_environment(opts, source_environment(state->source), set);
	status = build(rerun, at);
	if (status == EXIT_FINE)
		run_once(rerun, state->source);
	for (unsigned long i = 1; status == EXIT_FINE && i < opts->repeat; i++) {
		status = again(rerun, from, state);
		if (status == EXIT_FINE)
			run_once(rerun, state->source);
	}
	if (rerun->writer && target_close(&opts->target, rerun->writer, rerun->err))
		status = EXIT_SYSTEM;
	rerun->writer = NULL;
	state->replay = rerun->replay;
	state->environment = rerun->environment;
	if (rerun->replay)
		libdma_replay_moment(rerun->replay, &state->moment);
	return status;
}

void rerun_close(struct rerun *rerun)
{
	if (!rerun)
		return;
	rerun->over = true;
	libdma_rerun_destroy(rerun->rerun);
	libdma_environment_destroy(rerun->environment);
	libdma_strings_destroy(rerun->strings);
	free(rerun->options->device);
	free(rerun);
}

/* ---- what came of it ---- */

static const char *mode_name(const struct libdma_environment *machine)
{
	static const char *const names[] = {
		[LIBDMA_IOMMU_OFF] = "off",	  [LIBDMA_IOMMU_PASSTHROUGH] = "passthrough",
		[LIBDMA_IOMMU_STRICT] = "strict", [LIBDMA_IOMMU_LAZY] = "lazy",
		[LIBDMA_IOMMU_TRANSLATED] = "lazy",
	};

	return names[machine->iommu.mode];
}

static const char *kernel_name(const struct rerun *rerun)
{
	return rerun->environment->kernel ? rerun->environment->kernel : "6.12";
}

void rerun_print(const struct rerun *rerun, FILE *out)
{
	const struct libdma_rerun_count *count = libdma_rerun_count(rerun->rerun);
	const char *kernel = kernel_name(rerun), *substitute;
	struct libdma_rerun_swiotlb pool;

	libdma_rerun_swiotlb(rerun->rerun, &pool);
	fprintf(out, "machine: kernel %s", kernel);
	substitute = libdma_kernel_substitute(kernel);
	if (substitute)
		fprintf(out, " by the rules of %s", substitute);
	fprintf(out, ", iommu %s", mode_name(rerun->environment));
	if (pool.slots)
		fprintf(out,
			", swiotlb of %" PRIu64 " slots in %" PRIu32 " area%s%s: %" PRIu64
			" used at most",
			pool.slots, pool.areas, pool.areas == 1 ? "" : "s",
			rerun->environment->swiotlb.force ? ", forced" : "", pool.peak);
	fprintf(out,
		"\nrequests: %" PRIu64 ", failed %" PRIu64
		", at the recorded address or failed there too %" PRIu64 "\n",
		count->requests, count->failed, count->same);
	if (count->skipped)
		fprintf(out, "skipped: %" PRIu64 " requests that the trace does not tell whole\n",
			count->skipped);
	if (count->untold)
		fprintf(out,
			"left out: %" PRIu64
			" ranges of dma_iova_*(), of which the trace has only iommu:map\n",
			count->untold);
	if (count->guessed)
		fprintf(out,
			"guessed: the sizes in %" PRIu64
			" lists, of which the trace tells the sum\n",
			count->guessed);
}

json_t *rerun_json(const struct rerun *rerun)
{
	const struct libdma_rerun_count *count = libdma_rerun_count(rerun->rerun);
	json_t *object = json_create(), *part = json_create();
	struct libdma_rerun_swiotlb pool;

	libdma_rerun_swiotlb(rerun->rerun, &pool);
	json_add(object, "kernel", json_text(kernel_name(rerun)));
	json_add(object, "iommu", json_text(mode_name(rerun->environment)));
	json_add_count(part, "slots", pool.slots);
	json_add_count(part, "areas", pool.areas);
	json_add(part, "force", json_boolean(rerun->environment->swiotlb.force));
	json_add_count(part, "peak", pool.peak);
	json_add_count(part, "p99", pool.p99);
	json_add_count(part, "peak_bytes", pool.peak_bytes);
	json_add(object, "swiotlb", part);
	json_add_count(object, "requests", count->requests);
	json_add_count(object, "failed", count->failed);
	json_add_count(object, "same", count->same);
	json_add_count(object, "skipped", count->skipped);
	json_add_count(object, "untold", count->untold);
	json_add_count(object, "guessed", count->guessed);
	return object;
}

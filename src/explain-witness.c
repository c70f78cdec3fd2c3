// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explain-witness.c - find the moments of a kernel log in a recording
 *
 * printk's clock and the recorder's begin at boot both, but run apart a little: what
 * failed is known by its device and size as well.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "explain-witness.h"
#include "json.h"
#include "kernel.h"
#include "output.h"
#include "whatif.h"

bool witness_is_swiotlb(const struct witness *witness)
{
	return !strncmp(witness->finding->id, "swiotlb-", 8);
}

/* Could another size of the swiotlb have helped? */
static bool wants_size(const struct witness *witness)
{
	return witness->answer >= WITNESS_QUIET && witness_is_swiotlb(witness) &&
	       strcmp(witness->finding->id, "swiotlb-too-big") != 0;
}

bool witness_is_call(const struct witness *witness)
{
	static const char *const prefixes[] = { "swiotlb-", "direct-", "cma-",
						"atomic-",  "page-",   "driver-" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		if (!strncmp(witness->finding->id, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

bool witness_is_device(const struct finding *finding, const char *recorded)
{
	return !strcmp(finding->device, recorded) ||
	       (!strncmp(recorded, "0000:", 5) && !strcmp(finding->device, recorded + 5));
}

/*
 * The calls that failed
 */

/* How far the two clocks may be apart: a second, and one in 5000 of what has passed. */
static double tolerance(double seconds)
{
	return 1 + seconds / 5000;
}

static bool has_size(const struct dma_event *event, uint64_t size)
{
	if (event->size == size || libdma_event_bytes(event) == size)
		return true;
	for (uint32_t i = 0; event->size_list && i < event->phys_count; i++)
		if (event->size_list[i] == size)
			return true;
	return false;
}

/* 0 for the same call, as far as both tell; more the less it is like it; or negative. */
static double distance(const struct witnesses *witnesses, const struct log_moment *moment,
		       const struct dma_event *failed)
{
	double other = moment->size && !has_size(failed, moment->size) ? 1e9 : 0, apart;

	if (moment->seconds < 0 || !witnesses->clock)
		return other;
	apart = fabs(moment->seconds - (double)failed->ns / 1e9);
	return apart > tolerance(moment->seconds) ? -1 : other + apart;
}

static double apart(const struct witnesses *witnesses, const struct log_moment *moment,
		    uint64_t ns)
{
	return moment->seconds < 0 || !witnesses->clock
		       ? NAN
		       : moment->seconds - (double)ns / 1e9;
}

/* Is this call nearer than what was found so far? */
static void compare(const struct witnesses *witnesses, struct witness *witness,
		    const struct dma_event *failed)
{
	for (size_t i = 0; i < finding_moments(witness->finding); i++) {
		const struct log_moment *moment = &witness->finding->moment[i];
		double now = distance(witnesses, moment, failed);

		if (now < 0 ||
		    (witness->answer == WITNESS_FAILED &&
		     distance(witnesses, witness->line, &witness->failed) <= now))
			continue;
		witness->answer = WITNESS_FAILED;
		witness->line = moment;
		witness->number = failed->number;
		witness->ns = failed->ns;
		witness->apart = apart(witnesses, moment, failed->ns);
		witness->failed = *failed;
		/* the lists are the reader's; of one, what matters is its largest part */
		if (moment->size && has_size(failed, moment->size))
			witness->failed.size = moment->size;
		witness->failed.phys_list = witness->failed.dma_list = NULL;
		witness->failed.size_list = witness->failed.dma_size_list = NULL;
		witness->failed.phys_count = witness->failed.dma_count = 0;
		witness->failed.text = NULL;
		witness->failed.text_size = 0;
	}
}

static void look_at_failure(struct witnesses *witnesses, const struct dma_event *failed)
{
	const char *device = libdma_strings_get(witnesses->strings, failed->device);

	for (size_t i = 0; i < witnesses->count; i++)
		if (witness_is_call(&witnesses->witness[i]) &&
		    witness_is_device(witnesses->witness[i].finding, device))
			compare(witnesses, &witnesses->witness[i], failed);
}

/*
 * The rest: is it the same machine, and is the moment in the recording?
 */

static bool knows_device(const struct witnesses *witnesses, const struct finding *finding)
{
	for (size_t i = 0; i < witnesses->environment->devices; i++)
		if (witness_is_device(finding, witnesses->environment->device[i].name))
			return true;
	for (uint32_t i = 0; i < libdma_strings_count(witnesses->strings); i++)
		if (witness_is_device(finding, libdma_strings_get(witnesses->strings, i)))
			return true;
	return false;
}

/* What makes the recording that of another machine, or WITNESS_NONE. */
static enum witness_answer strangeness(const struct witnesses *witnesses,
				       const struct finding *finding)
{
	const struct libdma_environment *known = witnesses->environment;

	if (*finding->kernel && known->kernel && strcmp(finding->kernel, known->kernel))
		return WITNESS_OTHER_KERNEL;
	if (finding->total.seen && known->origin.swiotlb_slots == LIBDMA_GIVEN &&
	    (known->swiotlb.slots < finding->total.least ||
	     known->swiotlb.slots > finding->total.most))
		return WITNESS_OTHER_SLOTS;
	return knows_device(witnesses, finding) ? WITNESS_NONE : WITNESS_OTHER_DEVICES;
}

/* The last line that falls into the recording. */
static void find_line(const struct witnesses *witnesses, struct witness *witness)
{
	double first = (double)witnesses->first_ns / 1e9;
	double last = (double)witnesses->last_ns / 1e9;

	for (size_t i = 0; i < finding_moments(witness->finding); i++) {
		const struct log_moment *moment = &witness->finding->moment[i];

		if (moment->seconds < first || moment->seconds > last ||
		    (witness->line && witness->line->line > moment->line))
			continue;
		witness->answer = WITNESS_QUIET;
		witness->line = moment;
		witness->ns = (uint64_t)(moment->seconds * 1e9);
		witness->apart = NAN;
	}
}

static void decide(struct witnesses *witnesses)
{
	for (size_t i = 0; i < witnesses->count; i++) {
		struct witness *witness = &witnesses->witness[i];
		enum witness_answer strange;

		if (!*witness->finding->device)
			continue;
		strange = strangeness(witnesses, witness->finding);
		if (strange)
			witness->answer = strange;
		if (strange || witness->answer == WITNESS_FAILED)
			continue;
		witness->answer = WITNESS_ABSENT;
		if (witnesses->clock)
			find_line(witnesses, witness);
	}
}

/* Clocks that begin at boot and count seconds; those of trace-cmd's -C, and dmactl's. */
static bool is_clock_of_log(const char *clock)
{
	static const char *const names[] = { "mono",   "boot", "local",
					     "global", "perf", "mono_raw" };

	for (size_t i = 0; clock && i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(clock, names[i]))
			return true;
	return !clock;
}

/*
 * Reading
 */

static void copy_environment(struct witnesses *witnesses, struct source *source)
{
	libdma_environment_destroy(witnesses->environment);
	witnesses->environment = libdma_environment_create();
	if (!witnesses->environment ||
	    libdma_environment_merge(witnesses->environment, source_environment(source)))
		out_of_memory();
	witnesses->clock = is_clock_of_log(witnesses->environment->clock);
}

static struct libdma_leaks *create_leaks(struct witnesses *witnesses)
{
	const struct libdma_leaks_options how = {
		.kernel = kernel_of(witnesses->environment),
	};
	struct libdma_leaks *leaks = libdma_leaks_create(&how);

	if (!leaks ||
	    libdma_leaks_environment(leaks, witnesses->environment, witnesses->strings))
		out_of_memory();
	return leaks;
}

/* First reading: what failed, what leaked, and what machine it was. */
static void search(struct witnesses *witnesses, struct source *source)
{
	struct libdma_replay *replay = libdma_replay_create(NULL);
	const struct dma_event *event;
	bool more = source_next(source, &event) > 0;
	struct libdma_leaks *leaks;
	uint64_t damaged = 0;

	/* a trace may tell its machine with the first event, not before */
	copy_environment(witnesses, source);
	leaks = create_leaks(witnesses);
	if (!replay)
		out_of_memory();
	for (; more; more = source_next(source, &event) > 0) {
		if (libdma_reader_damaged(source_reader(source)) != damaged)
			libdma_leaks_lost(leaks);
		damaged = libdma_reader_damaged(source_reader(source));
		if (libdma_replay_put(replay, event) || libdma_leaks_put(leaks, event))
			out_of_memory();
		if (libdma_replay_change(replay)->kind == LIBDMA_CHANGE_FAILED)
			look_at_failure(witnesses, event);
	}
	if (libdma_leaks_conclude(leaks, &witnesses->leak, &witnesses->leaks))
		out_of_memory();
	witnesses->first_ns = libdma_replay_totals(replay)->first_ns;
	witnesses->last_ns = libdma_replay_totals(replay)->last_ns;
	libdma_leaks_destroy(leaks);
	libdma_replay_destroy(replay);
	copy_environment(witnesses, source);
	witnesses->completeness = source_completeness(source);
	witnesses->lossy = source_lossy(source);
}

/* Is the witness's moment before this event; NULL stands for the end. */
static bool is_reached(const struct witness *witness, const struct dma_event *event)
{
	if (!event)
		return true;
	return witness->answer == WITNESS_FAILED ? event->number >= witness->number
						 : event->ns > witness->ns;
}

static void visit(struct witnesses *witnesses, struct source *source,
		  struct libdma_replay *replay, const struct dma_event *event)
{
	struct state state = { .source = source,
			       .environment = witnesses->environment,
			       .replay = replay };

	for (size_t i = 0; i < witnesses->count; i++) {
		struct witness *witness = &witnesses->witness[i];

		if (witness->answer < WITNESS_QUIET || witness->json ||
		    !is_reached(witness, event))
			continue;
		libdma_replay_moment(replay, &state.moment);
		state.moment.reached = true;
		state.moment.kind = LIBDMA_MOMENT_TIME;
		if (witness->answer == WITNESS_FAILED) {
			state.moment.kind = LIBDMA_MOMENT_FAILURE;
			state.moment.number = witness->number;
			state.moment.ns = witness->ns;
			state.moment.failed = witness->failed;
		}
		witness_tell_state(witnesses, witness, &state);
		witness_tell_leaks(witnesses, witness);
	}
}

/* The next event at which a witness has to be asked. */
static bool is_awaited(const struct witnesses *witnesses, const struct dma_event *event)
{
	for (size_t i = 0; i < witnesses->count; i++)
		if (witnesses->witness[i].answer >= WITNESS_QUIET &&
		    !witnesses->witness[i].json &&
		    is_reached(&witnesses->witness[i], event))
			return true;
	return false;
}

/* Second reading: what was live at these moments. */
static void look(struct witnesses *witnesses, struct source *source)
{
	struct libdma_replay *replay = libdma_replay_create(NULL);
	const struct dma_event *event;

	if (!replay)
		out_of_memory();
	while (source_next(source, &event) > 0) {
		if (is_awaited(witnesses, event))
			visit(witnesses, source, replay, event);
		if (libdma_replay_put(replay, event))
			out_of_memory();
	}
	visit(witnesses, source, replay, NULL);
	libdma_replay_destroy(replay);
}

/* Third reading: the same requests with other sizes of the swiotlb. */
static void try_sizes(struct witnesses *witnesses, struct source *source)
{
	const struct libdma_environment *known = witnesses->environment;
	struct whatif *whatif = calloc(1, sizeof(*whatif));
	uint64_t most = known->swiotlb.slots > 32768 ? known->swiotlb.slots * 4 : 131072;

	if (!whatif)
		out_of_memory();
	whatif->parameter = WHATIF_SWIOTLB;
	whatif->strings = witnesses->strings;
	whatif->environment = witnesses->environment;
	if (!whatif->environment->cpus)
		whatif->environment->cpus = 1;
	whatif->sweep[whatif->sweeps++] = axis_sweep(AXIS_SLOTS);
	whatif->sweep[0].to = most;
	if (whatif_make_points(whatif) == EXIT_FINE &&
	    whatif_run(whatif, source) == EXIT_FINE)
		for (size_t i = 0; i < witnesses->count; i++)
			if (wants_size(&witnesses->witness[i]))
				witness_tell_size(&witnesses->witness[i], whatif);
	/* both are the witnesses' */
	whatif->strings = NULL;
	whatif->environment = NULL;
	whatif_deinit(whatif);
	free(whatif);
}

/* Read the trace once more; what there is to say of it was said. */
static int again(struct witnesses *witnesses, const struct source_options *options,
		 void (*read)(struct witnesses *witnesses, struct source *source))
{
	struct source_options opts = *options;
	struct source *source;
	int status;

	opts.again = true;
	opts.infer = false;
	status = source_open(&opts, witnesses->strings, &source);
	if (status != EXIT_FINE)
		return status;
	read(witnesses, source);
	return source_close(source, EXIT_FINE);
}

/* What is read three times has to be a file; what is none is left to source_open(). */
static int check_file(const char *path)
{
	struct stat status;

	if (strcmp(path, "-") &&
	    (stat(path, &status) || S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)))
		return EXIT_FINE;
	complain("%s: the recording is read more than once, and has to be a file",
		 strcmp(path, "-") ? path : "standard input");
	return EXIT_USAGE;
}

static void prepare(struct witnesses *witnesses, struct explain *explain,
		    const char *path)
{
	*witnesses =
		(struct witnesses) { .path = path, .count = explain_findings(explain) };
	witnesses->strings = libdma_strings_create();
	witnesses->witness = calloc(witnesses->count + 1, sizeof(*witnesses->witness));
	if (!witnesses->strings || !witnesses->witness)
		out_of_memory();
	for (size_t i = 0; i < witnesses->count; i++)
		witnesses->witness[i].finding = explain_finding(explain, i);
}

int witnesses_hear(struct source_options *options, struct explain *explain,
		   struct witnesses *witnesses)
{
	struct source *source;
	bool moments = false, swiotlb = false;
	int status;

	prepare(witnesses, explain, options->path);
	status = check_file(options->path);
	if (status != EXIT_FINE)
		return status;
	options->infer = true;
	status = source_open(options, witnesses->strings, &source);
	if (status != EXIT_FINE)
		return status;
	search(witnesses, source);
	status = source_close(source, EXIT_FINE);
	decide(witnesses);
	for (size_t i = 0; i < witnesses->count; i++) {
		struct witness *witness = &witnesses->witness[i];

		moments |= witness->answer >= WITNESS_QUIET;
		swiotlb |= wants_size(witness);
		if (witness->answer < WITNESS_QUIET)
			witness_tell_nothing(witnesses, witness);
	}
	if (moments && status != EXIT_SYSTEM)
		status = again(witnesses, options, look);
	if (swiotlb && status != EXIT_SYSTEM)
		status = again(witnesses, options, try_sizes);
	return status;
}

void witnesses_deinit(struct witnesses *witnesses)
{
	for (size_t i = 0; i < witnesses->count; i++)
		json_decref(witnesses->witness[i].json);
	free(witnesses->witness);
	free(witnesses->leak);
	json_decref(witnesses->completeness);
	libdma_environment_destroy(witnesses->environment);
	libdma_strings_destroy(witnesses->strings);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * state.c - what a trace had live at one moment, on the machine it was made on
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "output.h"
#include "state.h"

#define OPTION_AT 640

static const struct argp_option options[] = {
	{ .name = "at",
	  .key = OPTION_AT,
	  .arg = "MOMENT",
	  .doc = "Which moment: peak, failure (the first), end, an event (#123), a time (3.01, "
		 "+2s), or auto",
	  .group = 6 },
	{},
};

struct libdma_position state_parse_position(const char *text, struct argp_state *argp)
{
	struct libdma_position position = { .kind = LIBDMA_MOMENT_AUTO };
	int err = libdma_position_parse(text, &position);

	if (err == -ERANGE)
		argp_error(argp, "'%s' is behind the end of all time", text);
	else if (err)
		argp_error(
			argp,
			"'%s' is no moment: peak, failure, end, auto, an event such as "
			"#123, or a time such as 3.01, 12ms or +2s",
			text);
	return position;
}

static error_t parse_option(int key, char *arg, struct argp_state *argp)
{
	struct state_options *state = argp->input;

	switch (key) {
	case ARGP_KEY_INIT:
		argp->child_inputs[0] = &state->source;
		argp->child_inputs[1] = &state->terminal;
		return 0;
	case OPTION_AT:
		state->at = state_parse_position(arg, argp);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp state_argp = {
	.options = options,
	.parser = parse_option,
	.children = (const struct argp_child[]) { { .argp = &source_argp },
						  { .argp = &terminal_argp },
						  {} },
};

struct weighing {
	const struct state_weight *weight;
	const struct libdma_strings *strings;
};

static bool is_bounced(const struct dma_event *begin)
{
	if (libdma_event_kind_class(begin->kind) != DMA_CLASS_MAP)
		return false;
	if (begin->kind == DMA_EVENT_MAP_SG)
		return begin->dma_count && begin->phys_count &&
		       begin->dma_list[0] != begin->phys_list[0];
	return begin->dma != begin->phys;
}

static uint64_t weigh(void *arg, const struct dma_event *begin)
{
	const struct weighing *weighing = arg;
	enum dma_event_class class = libdma_event_kind_class(begin->kind);
	const char *device = libdma_strings_get(weighing->strings, begin->device);

	if (class != DMA_CLASS_MAP && class != DMA_CLASS_ALLOC)
		return 0;
	if (weighing->weight->device && strcmp(weighing->weight->device, device))
		return 0;
	if (weighing->weight->bounced && !is_bounced(begin))
		return 0;
	return libdma_event_bytes(begin);
}

/* A moment that the trace has not is no failure, but nobody should miss it. */
static void tell_unreached(const struct state *state, enum libdma_moment_kind kind)
{
	const struct libdma_moment *end = &state->moment;
	const char *name = source_name(state->source);

	if (end->reached)
		return;
	if (kind == LIBDMA_MOMENT_FAILURE)
		complain("%s: nothing failed, what is shown is the end", name);
	else if (kind == LIBDMA_MOMENT_PEAK)
		complain("%s: nothing was ever live, what is shown is the end", name);
	else
		complain("%s: ends before that moment, at event #%" PRIu64 ", %" PRIu64
			 ".%06" PRIu64 " s: what is shown is the end",
			 name, end->number, end->ns / 1000000000,
			 end->ns % 1000000000 / 1000);
}

int state_open(struct state_options *opts, const struct state_weight *weight,
	       struct state *ret)
{
	struct libdma_replay_options how = { .at = opts->at };
	struct weighing weighing = { .weight = weight };
	const struct state_observer *observer = opts->observer;
	const struct dma_event *event;
	int status;

	*ret = (struct state) { 0 };
	status = source_open(&opts->source, observer ? observer->strings : NULL,
			     &ret->source);
	if (status)
		return status;
	weighing.strings = source_strings(ret->source);
	if (weight) {
		how.weigh = weigh;
		how.arg = &weighing;
	}
	ret->replay = libdma_replay_create(&how);
	if (!ret->replay)
		out_of_memory();
	if (observer && observer->follow)
		observer->follow(observer->arg, ret->replay);
	if (observer)
		observer->begin(observer->arg, source_environment(ret->source));
	while (source_next(ret->source, &event) > 0) {
		if ((!observer || !observer->follow) &&
		    libdma_replay_put(ret->replay, event))
			out_of_memory();
		if (observer && !observer->see(observer->arg, event))
			return EXIT_FINE;
	}
	ret->environment = source_environment(ret->source);
	if (observer && !observer->end(observer->arg, ret->environment))
		return EXIT_FINE;
	libdma_replay_moment(ret->replay, &ret->moment);
	tell_unreached(ret, opts->at.kind);
	return EXIT_FINE;
}

/* What reading all of a file tells of its machine; NULL for a pipe. */
static int learn(struct source_options *from, struct libdma_environment **ret)
{
	const struct dma_event *event;
	struct source *source;
	int status;

	*ret = NULL;
	if (!strcmp(from->path, "-"))
		return EXIT_FINE;
	status = source_open(from, NULL, &source);
	if (status)
		return status;
	while (source_next(source, &event) > 0)
		;
	*ret = libdma_environment_create();
	if (!*ret || libdma_environment_merge(*ret, source_environment(source)))
		out_of_memory();
	status = source_close(source, EXIT_FINE);
	if (status == EXIT_SYSTEM) {
		libdma_environment_destroy(*ret);
		*ret = NULL;
	}
	return status == EXIT_SYSTEM ? status : EXIT_FINE;
}

static void visit_now(struct state *state, state_visitor *visit, void *arg)
{
	if (!state->learned)
		state->environment = source_environment(state->source);
	libdma_replay_moment(state->replay, &state->moment);
	visit(arg, state);
}

int state_series(struct state_options *opts, uint64_t interval_ns, state_visitor *visit,
		 void *arg, struct state *ret)
{
	struct source_options *from = &opts->source;
	const struct dma_event *event;
	uint64_t next = 0;
	int status;

	*ret = (struct state) { 0 };
	status = learn(from, &ret->learned);
	if (status)
		return status;
	ret->environment = ret->learned;
	from->again = ret->learned;
	status = source_open(from, NULL, &ret->source);
	if (status)
		return status;
	ret->replay = libdma_replay_create(NULL);
	if (!ret->replay)
		out_of_memory();
	while (source_next(ret->source, &event) > 0) {
		if (!next)
			next = event->ns + interval_ns;
		if (event->ns >= next) {
			visit_now(ret, visit, arg);
			next += (event->ns - next) / interval_ns * interval_ns +
				interval_ns;
		}
		if (libdma_replay_put(ret->replay, event))
			out_of_memory();
	}
	visit_now(ret, visit, arg);
	return EXIT_FINE;
}

int state_close(struct state *state, int status)
{
	libdma_replay_destroy(state->replay);
	libdma_environment_destroy(state->learned);
	return source_close(state->source, status);
}

static int add_live(void *arg, const struct dma_event *begin, uint64_t times)
{
	return libdma_fragmap_add(arg, begin, times);
}

struct libdma_fragmap *state_fragmap(const struct state *state)
{
	struct libdma_fragmap *fragmap =
		libdma_fragmap_create(state->environment, state_strings(state));

	if (!fragmap || libdma_replay_walk(state->replay, add_live, fragmap) ||
	    libdma_fragmap_finish(fragmap))
		out_of_memory();
	return fragmap;
}

const struct libdma_strings *state_strings(const struct state *state)
{
	return source_strings(state->source);
}

const char *state_driver(const struct state *state, uint32_t device)
{
	const struct libdma_device_environment *found = libdma_environment_find_device(
		state->environment, libdma_strings_get(state_strings(state), device));

	return found && found->driver ? found->driver : "";
}

static const char *moment_reason(const struct state *state)
{
	switch (state->moment.kind) {
	case LIBDMA_MOMENT_PEAK:
		return "the peak, most bytes are live";
	case LIBDMA_MOMENT_FAILURE:
		return "the first failure";
	case LIBDMA_MOMENT_END:
		return state->moment.reached ? "the end"
					     : "the end, the trace has no such moment";
	default:
		return "as asked for";
	}
}

const char *state_describe_moment(const struct state *state, char *buffer, size_t size)
{
	const struct libdma_moment *moment = &state->moment;
	const struct dma_event *failed = &moment->failed;
	int used = snprintf(buffer, size,
			    "at event #%" PRIu64 ", %" PRIu64 ".%06" PRIu64 " s: %s",
			    moment->number, moment->ns / 1000000000,
			    moment->ns % 1000000000 / 1000, moment_reason(state));

	if (moment->kind == LIBDMA_MOMENT_FAILURE && used > 0 && (size_t)used < size)
		snprintf(buffer + used, size - (size_t)used,
			 ", %s of %" PRIu64 " bytes for %s",
			 libdma_event_kind_name(failed->kind), failed->size,
			 libdma_strings_get(state_strings(state), failed->device));
	return buffer;
}

json_t *state_moment_json(const struct state *state)
{
	const struct libdma_moment *moment = &state->moment;
	json_t *object = json_create(), *failed;

	json_add(object, "kind", json_text(libdma_position_name(moment->kind)));
	json_add(object, "reached", json_boolean(moment->reached));
	json_add_count(object, "event", moment->number);
	json_add_count(object, "ns", moment->ns);
	if (moment->kind != LIBDMA_MOMENT_FAILURE)
		return object;
	failed = json_create();
	json_add(failed, "kind", json_text(libdma_event_kind_name(moment->failed.kind)));
	json_add(failed, "device",
		 json_text(libdma_strings_get(state_strings(state),
					      moment->failed.device)));
	json_add_count(failed, "size", moment->failed.size);
	json_add(object, "failed", failed);
	return object;
}

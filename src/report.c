// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * report.c - a trace is read for all that is told of it
 *
 * Three times: for what it tells of its machine and of what came before it; for when its
 * peak and its first failure were, so that the moments of the map can be chosen; and for
 * all the rest at once.
 */
#include <stdlib.h>
#include <string.h>

#include <libdma/check.h>
#include <libdma/replay.h>

#include "kernel.h"
#include "output.h"
#include "report.h"
#include "state.h"

/* What looks at the events of the last reading, beside what the report keeps. */
struct reading {
	struct report *report;
	struct libdma_check *check;
	struct libdma_leaks *leaks;
	struct libdma_replay *replay;
	size_t next; /* moment */
	uint64_t damaged;
};

/*
 * The moments
 */

static int compare_moments(const void *left, const void *right)
{
	const struct report_moment *a = left, *b = right;

	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return (a->why < b->why) - (a->why > b->why);
}

/* Of those behind one event the one that has most to say is kept. */
static void order_moments(struct report *report)
{
	size_t kept = 0;

	qsort(report->moment, report->moments, sizeof(*report->moment), compare_moments);
	for (size_t i = 0; i < report->moments; i++)
		if (!i || report->moment[i].number != report->moment[kept - 1].number)
			report->moment[kept++] = report->moment[i];
	report->moments = kept;
}

static void choose_moments(struct report *report, const struct libdma_timeline *timeline,
			   unsigned int moments)
{
	const struct libdma_timeline_series *all = libdma_timeline_series(timeline, 0);
	const struct libdma_timeline_mark *mark;
	struct report_moment *moment = calloc(moments + 2, sizeof(*moment));
	size_t count = 0;

	if (!moment)
		out_of_memory();
	for (unsigned int i = 1; i < moments; i++)
		moment[count++].number = all->events * i / moments;
	moment[count++] =
		(struct report_moment) { .number = UINT64_MAX, .why = REPORT_END };
	if (all->peak[LIBDMA_TIMELINE_BYTES].value)
		moment[count++] = (struct report_moment) {
			.number = all->peak[LIBDMA_TIMELINE_BYTES].number,
			.why = REPORT_PEAK
		};
	for (size_t i = 0; (mark = libdma_timeline_mark(timeline, i)); i++) {
		if (mark->kind == DMA_EVENT_LOST)
			continue;
		moment[count++] = (struct report_moment) { .number = mark->number,
							   .why = REPORT_FAILURE };
		break;
	}
	report->moment = moment;
	report->moments = count;
	order_moments(report);
}

/* The second reading. */
static int look_ahead(struct report *report, struct source_options *from,
		      unsigned int moments)
{
	struct libdma_timeline_options how = { .by = LIBDMA_STAT_ALL,
					       .environment = report->nothing };
	struct libdma_timeline *timeline = NULL;
	const struct dma_event *event;
	struct source *source;
	int status;

	from->infer = true;
	status = source_open(from, NULL, &source);
	from->infer = false;
	if (status)
		return status;
	how.strings = source_strings(source);
	if (libdma_timeline_create(&how, &timeline))
		out_of_memory();
	while (source_next(source, &event) > 0)
		if (libdma_timeline_put(timeline, event))
			out_of_memory();
	report->environment = libdma_environment_create();
	if (!report->environment ||
	    libdma_environment_merge(report->environment, source_environment(source)))
		out_of_memory();
	choose_moments(report, timeline, moments);
	libdma_timeline_destroy(timeline);
	status = source_close(source, EXIT_FINE);
	return status == EXIT_SYSTEM ? status : EXIT_FINE;
}

/*
 * The last reading
 */

static void draw_moment(struct reading *reading, struct report_moment *moment,
			const struct dma_event *event)
{
	struct state state = { .source = reading->report->source,
			       .environment = reading->report->environment,
			       .replay = reading->replay };
	FILE *out = open_memstream(&moment->spaces, &moment->size);

	if (!out)
		out_of_memory();
	libdma_replay_moment(reading->replay, &state.moment);
	moment->number = state.moment.number;
	moment->ns = state.moment.ns;
	if (moment->why == REPORT_FAILURE && event) {
		state.moment.kind = LIBDMA_MOMENT_FAILURE;
		state.moment.failed = *event;
	}
	report_spaces(&state, out);
	if (ferror(out) || fclose(out))
		out_of_memory();
}

static int learn_driver(void *arg, uint32_t device, uint32_t driver)
{
	struct report *report = arg;

	if (libdma_stat_driver(report->stat, device, driver) ||
	    libdma_timeline_driver(report->timeline, device, driver))
		return -1;
	return findings_driver(&report->findings, device, driver);
}

/* As check and leaks are told of the machine: what was inferred breaks no rule. */
static void begin_rules(struct reading *reading)
{
	struct report *report = reading->report;
	const struct libdma_environment *given = source_environment(report->source);
	struct libdma_strings *strings =
		libdma_reader_strings(source_reader(report->source));
	const struct libdma_check_options how = { .kernel = kernel_of(given),
						  .verdict = findings_add,
						  .arg = &report->findings };
	const struct libdma_leaks_options leaks = { .kernel = kernel_of(given) };

	report->findings.strings = strings;
	reading->leaks = libdma_leaks_create(&leaks);
	if (libdma_check_create(&how, &reading->check) ||
	    libdma_check_environment(reading->check, given, strings) || !reading->leaks ||
	    libdma_leaks_environment(reading->leaks, given, strings))
		out_of_memory();
}

static void begin_counts(struct reading *reading)
{
	struct report *report = reading->report;
	const struct libdma_timeline_options how = { .by = LIBDMA_STAT_DEVICE,
						     .environment = report->environment,
						     .strings = source_strings(
							     report->source) };

	reading->replay = libdma_replay_create(NULL);
	if (!reading->replay || libdma_timeline_create(&how, &report->timeline) ||
	    libdma_stat_create(LIBDMA_STAT_DEVICE, true, &report->stat))
		out_of_memory();
	report->view = (struct timeline_view) { .timeline = report->timeline,
						.strings = how.strings,
						.environment = report->environment,
						.by = LIBDMA_STAT_DEVICE };
}

static void look_at(struct reading *reading, const struct dma_event *event)
{
	struct report *report = reading->report;
	uint64_t damaged = libdma_reader_damaged(source_reader(report->source));

	if (damaged != reading->damaged) {
		libdma_check_lost(reading->check);
		libdma_leaks_lost(reading->leaks);
		libdma_timeline_lost(report->timeline);
	}
	reading->damaged = damaged;
	if (event->kind == DMA_EVENT_DEVICE && event->name)
		findings_driver(&report->findings, event->device, event->name);
	if (libdma_check_put(reading->check, event) ||
	    libdma_leaks_put(reading->leaks, event) ||
	    libdma_replay_put(reading->replay, event) ||
	    libdma_stat_put(report->stat, event) ||
	    libdma_timeline_put(report->timeline, event))
		out_of_memory();
	while (reading->next < report->moments &&
	       report->moment[reading->next].number <= event->number)
		draw_moment(reading, &report->moment[reading->next++], event);
}

static void end_reading(struct reading *reading)
{
	struct report *report = reading->report;

	while (reading->next < report->moments)
		draw_moment(reading, &report->moment[reading->next++], NULL);
	if (libdma_leaks_conclude(reading->leaks, &report->leaks.leak,
				  &report->leaks.count))
		out_of_memory();
	report->leaks.strangers = libdma_leaks_strangers(reading->leaks, 0);
	report->leaks.source = report->source;
	findings_sort(&report->findings);
	for (unsigned int i = 0; i < LIBDMA_TIMELINE_MEASURES; i++)
		report->view.wanted[i] =
			libdma_timeline_series(report->timeline, 0)->peak[i].value > 0;
	timeline_order(&report->view);
	libdma_check_destroy(reading->check);
	libdma_leaks_destroy(reading->leaks);
	libdma_replay_destroy(reading->replay);
}

/* A trace may tell its machine with the first event, not before. */
static int read_all(struct report *report, struct source_options *from)
{
	const struct state_observer *observer = fidelity_observer(report->fidelity);
	struct reading reading = { .report = report };
	const struct dma_event *event;
	int status = source_open(from, observer->strings, &report->source);
	bool more;

	if (status)
		return status;
	observer->begin(observer->arg, source_environment(report->source));
	begin_counts(&reading);
	more = source_next(report->source, &event) > 0;
	source_drivers(report->source, learn_driver, report);
	begin_rules(&reading);
	for (; more; more = source_next(report->source, &event) > 0) {
		observer->see(observer->arg, event);
		look_at(&reading, event);
	}
	observer->end(observer->arg, source_environment(report->source));
	end_reading(&reading);
	return EXIT_FINE;
}

int report_read(struct source_options *from, unsigned int moments, struct report *ret)
{
	static const struct fidelity_options usual = { 0 };
	const char *slash = strrchr(from->path, '/');
	int status;

	ret->path = from->path;
	ret->title = slash && slash[1] ? slash + 1 : from->path;
	ret->nothing = libdma_environment_create();
	if (!ret->nothing)
		out_of_memory();
	fidelity_create(&usual, ret->nothing, from, &ret->fidelity);
	status = fidelity_survey(ret->fidelity, from);
	if (status == EXIT_FINE)
		status = look_ahead(ret, from, moments);
	if (status == EXIT_FINE)
		status = read_all(ret, from);
	return status;
}

int report_close(struct report *report, int status)
{
	for (size_t i = 0; i < report->moments; i++)
		free(report->moment[i].spaces);
	free(report->moment);
	free(report->view.series);
	free(report->leaks.leak);
	findings_deinit(&report->findings);
	libdma_timeline_destroy(report->timeline);
	libdma_stat_destroy(report->stat);
	fidelity_destroy(report->fidelity);
	libdma_environment_destroy(report->environment);
	libdma_environment_destroy(report->nothing);
	return source_close(report->source, status);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fidelity.c - how well the model predicts a recording
 *
 * What came before the recording, and where the swiotlb lies, is known only when all of
 * it was seen. So a file is predicted at once, and if that shows anything of the sort it
 * is surveyed and then read from the beginning once more.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fidelity.h"
#include "json.h"
#include "output.h"

#define SHOWN	   20   /* divergences in words */
#define KEPT	   1000 /* and in JSON, unless all are wanted */
#define STATE_SIZE 160
#define ASKED	   64 /* events after which the predictor is asked what it lacks */

enum {
	OPTION_VERIFY = 800,
	OPTION_DIVERGENCES,
};

/* A divergence without its event's lists. */
struct kept {
	struct libdma_divergence divergence;
	uint32_t kind, device, cpu;
	uint64_t number, ns;
	char state[STATE_SIZE];
};

struct fidelity {
	const struct fidelity_options *options;
	const struct libdma_environment *set;
	struct libdma_predictor *predictor;
	struct libdma_strings *strings;
	struct libdma_environment *learned; /* of a file's survey */
	struct libdma_environment *machine; /* that the prediction began with */
	bool hopes;			    /* to need no survey */
	bool wants_survey;
	uint64_t seen; /* events */
	struct state_observer observer;
	struct kept *kept;
	size_t count, room;
	uint64_t dropped;
};

static const struct argp_option options[] = {
	{ .doc = "The prediction:", .group = 2 },
	{ .name = "verify",
	  .key = OPTION_VERIFY,
	  .doc = "Exit with 1 where an answer differs from the kernel's and nothing in the "
		 "trace explains it" },
	{ .name = "divergences",
	  .key = OPTION_DIVERGENCES,
	  .doc = "Show all answers that were not predicted, not only the first" },
	{},
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct fidelity_options *opts = state->input;

	(void)arg;
	switch (key) {
	case OPTION_VERIFY:
		opts->verify = true;
		return 0;
	case OPTION_DIVERGENCES:
		opts->all = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp fidelity_argp = { .options = options, .parser = parse_option };

/* ---- reading ---- */

static void keep(void *arg, const struct libdma_divergence *divergence)
{
	struct fidelity *fidelity = arg;
	struct kept *kept;

	if (fidelity->count >= KEPT && !fidelity->options->all) {
		fidelity->dropped++;
		return;
	}
	if (fidelity->count == fidelity->room) {
		fidelity->room = fidelity->room ? fidelity->room * 2 : 64;
		kept = realloc(fidelity->kept, fidelity->room * sizeof(*kept));
		if (!kept)
			out_of_memory();
		fidelity->kept = kept;
	}
	kept = &fidelity->kept[fidelity->count++];
	*kept = (struct kept) {
		.divergence = *divergence,
		.kind = divergence->event->kind,
		.device = divergence->event->device,
		.cpu = divergence->event->cpu,
		.number = divergence->event->number,
		.ns = divergence->event->ns,
	};
	snprintf(kept->state, sizeof(kept->state), "%s",
		 divergence->state ? divergence->state : "");
}

/* Groups are of the mode that the user asks for, unless he says of which each is. */
static void set_groups(struct libdma_environment *machine,
		       const struct libdma_environment *set)
{
	static const char *const types[] = {
		[LIBDMA_IOMMU_STRICT] = "DMA",
		[LIBDMA_IOMMU_LAZY] = "DMA-FQ",
	};

	if (set->origin.iommu_mode != LIBDMA_GIVEN || set->iommu.groups ||
	    set->iommu.mode < LIBDMA_IOMMU_STRICT ||
	    set->iommu.mode > LIBDMA_IOMMU_LAZY)
		return;
	for (size_t i = 0; i < machine->iommu.groups; i++) {
		char *type = strdup(types[set->iommu.mode]);

		if (!type)
			out_of_memory();
		free(machine->iommu.group[i].type);
		machine->iommu.group[i].type = type;
	}
}

static void follow(void *arg, struct libdma_replay *replay)
{
	struct fidelity *fidelity = arg;

	libdma_predictor_follow(fidelity->predictor, replay);
}

static struct libdma_environment *
machine_of(const struct fidelity *fidelity, const struct libdma_environment *environment)
{
	struct libdma_environment *machine = libdma_environment_create();

	if (!machine || libdma_environment_merge(machine, fidelity->set) ||
	    (fidelity->learned &&
	     libdma_environment_merge(machine, fidelity->learned)) ||
	    libdma_environment_merge(machine, environment))
		out_of_memory();
	set_groups(machine, fidelity->set);
	return machine;
}

static void begin(void *arg, const struct libdma_environment *environment)
{
	struct fidelity *fidelity = arg;

	libdma_environment_destroy(fidelity->machine);
	fidelity->machine = machine_of(fidelity, environment);
	if (libdma_predictor_start(fidelity->predictor, fidelity->machine))
		out_of_memory();
}

static bool see(void *arg, const struct dma_event *event)
{
	struct fidelity *fidelity = arg;

	if (libdma_predictor_put(fidelity->predictor, event))
		out_of_memory();
	/* end() asks again */
	if (++fidelity->seen % ASKED || !fidelity->hopes ||
	    !libdma_predictor_lacks_survey(fidelity->predictor))
		return true;
	fidelity->wants_survey = true;
	/* it shows events to a replay that the caller will destroy */
	libdma_predictor_destroy(fidelity->predictor);
	fidelity->predictor = NULL;
	return false;
}

/* What the events gave away of the machine would have been known to a second reading. */
static bool end(void *arg, const struct libdma_environment *environment)
{
	struct fidelity *fidelity = arg;
	struct libdma_environment *machine;

	if (libdma_predictor_finish(fidelity->predictor))
		out_of_memory();
	if (!fidelity->hopes)
		return true;
	machine = machine_of(fidelity, environment);
	fidelity->wants_survey = libdma_predictor_lacks_survey(fidelity->predictor) ||
				 !libdma_environment_same(machine, fidelity->machine);
	libdma_environment_destroy(machine);
	return !fidelity->wants_survey;
}

static void create_predictor(struct fidelity *fidelity)
{
	const struct libdma_predictor_options how = {
		.strings = fidelity->strings,
		.diverged = keep,
		.arg = fidelity,
		.thread = true,
	};

	if (libdma_predictor_create(&how, &fidelity->predictor))
		out_of_memory();
}

bool fidelity_wants_survey(const struct fidelity *fidelity)
{
	return fidelity->wants_survey;
}

/* What cannot be read is told here. */
int fidelity_survey(struct fidelity *fidelity, struct source_options *from)
{
	const struct dma_event *event;
	struct source *source;
	int status;

	fidelity->hopes = fidelity->wants_survey = from->silent = false;
	if (!strcmp(from->path, "-"))
		return EXIT_FINE;
	libdma_predictor_destroy(fidelity->predictor);
	create_predictor(fidelity);
	fidelity->count = fidelity->dropped = 0;
	from->infer = true;
	status = source_open(from, fidelity->strings, &source);
	if (status != EXIT_FINE)
		return status;
	while (source_next(source, &event) > 0)
		if (libdma_predictor_survey(fidelity->predictor, event))
			out_of_memory();
	fidelity->learned = libdma_environment_create();
	if (!fidelity->learned ||
	    libdma_environment_merge(fidelity->learned, source_environment(source)))
		out_of_memory();
	status = source_close(source, EXIT_FINE);
	from->infer = false;
	from->again = true;
	return status == EXIT_SYSTEM ? status : EXIT_FINE;
}

void fidelity_create(const struct fidelity_options *opts,
		     const struct libdma_environment *set, struct source_options *from,
		     struct fidelity **ret)
{
	struct fidelity *fidelity = calloc(1, sizeof(*fidelity));

	if (!fidelity)
		out_of_memory();
	*ret = fidelity;
	fidelity->options = opts;
	fidelity->set = set;
	fidelity->strings = libdma_strings_create();
	if (!fidelity->strings)
		out_of_memory();
	create_predictor(fidelity);
	fidelity->observer = (struct state_observer) {
		.strings = fidelity->strings,
		.begin = begin,
		.follow = follow,
		.see = see,
		.end = end,
		.arg = fidelity,
	};
	fidelity->hopes = strcmp(from->path, "-") != 0;
	from->infer = from->silent = fidelity->hopes;
	from->survey = !fidelity->hopes;
}

void fidelity_destroy(struct fidelity *fidelity)
{
	if (!fidelity)
		return;
	libdma_predictor_destroy(fidelity->predictor);
	libdma_strings_destroy(fidelity->strings);
	libdma_environment_destroy(fidelity->learned);
	libdma_environment_destroy(fidelity->machine);
	free(fidelity->kept);
	free(fidelity);
}

const struct state_observer *fidelity_observer(struct fidelity *fidelity)
{
	return &fidelity->observer;
}

uint64_t fidelity_unexplained(const struct fidelity *fidelity)
{
	const struct libdma_fidelity_totals *totals =
		libdma_predictor_totals(fidelity->predictor);

	return totals->all.count[LIBDMA_VERDICT_UNEXPLAINED] + totals->direct_other;
}

/* ---- for people ---- */

static void print_counts(FILE *out, const char *name, const struct libdma_fidelity *counts)
{
	uint64_t all = libdma_fidelity_predictable(counts);
	uint64_t right = counts->count[LIBDMA_VERDICT_PREDICTED];
	uint64_t hundredths;

	if (!all)
		return;
	/* never rounded up to all */
	hundredths = right * 10000 / all;
	fprintf(out, "%s: %.2f %% predicted, %" PRIu64 " of %" PRIu64, name,
		(double)hundredths / 100, right, all);
	for (unsigned int i = LIBDMA_VERDICT_PREDICTED + 1; i < LIBDMA_VERDICTS; i++)
		if (counts->count[i])
			fprintf(out, ", %" PRIu64 " %s", counts->count[i],
				libdma_verdict_name(i));
	fputc('\n', out);
}

static void print_address(FILE *out, uint64_t address)
{
	if (address == DMA_MAPPING_ERROR)
		fputs("failure", out);
	else
		fprintf(out, "0x%" PRIx64, address);
}

static void print_divergence(const struct fidelity *fidelity, FILE *out,
			     const struct kept *kept)
{
	const struct libdma_divergence *it = &kept->divergence;

	fprintf(out, "  #%" PRIu64 " %s %s cpu %u: expected ", kept->number,
		libdma_strings_get(fidelity->strings, kept->device),
		libdma_event_kind_name(kept->kind), kept->cpu);
	print_address(out, it->expected);
	fputs(", got ", out);
	print_address(out, it->got);
	if (it->segment)
		fprintf(out, " (segment %u)", it->segment);
	fprintf(out, ": %s", libdma_verdict_name(it->verdict));
	if (it->witness != LIBDMA_NO_WITNESS)
		fprintf(out, ", witness #%" PRIu64, it->witness);
	fprintf(out, "; %s\n", kept->state);
}

void fidelity_print(const struct fidelity *fidelity, FILE *out)
{
	const struct libdma_fidelity_totals *totals =
		libdma_predictor_totals(fidelity->predictor);
	size_t shown = fidelity->count, i;
	struct libdma_assumption assumption;
	struct libdma_device_fidelity device;

	if (!fidelity->options->all && shown > SHOWN)
		shown = SHOWN;
	if (!libdma_fidelity_predictable(&totals->all))
		fputs("fidelity: nothing to predict\n", out);
	print_counts(out, "fidelity", &totals->all);
	for (i = 0; i < LIBDMA_DECIDERS; i++) {
		if (libdma_fidelity_predictable(&totals->by_decider[i]))
			fputs("  ", out);
		print_counts(out, libdma_decider_name(i), &totals->by_decider[i]);
	}
	for (i = 0; i < DMA_EVENT_KINDS; i++) {
		if (libdma_fidelity_predictable(&totals->by_kind[i]))
			fputs("  ", out);
		print_counts(out, libdma_event_kind_name((unsigned int)i),
			     &totals->by_kind[i]);
	}
	for (i = 0; libdma_predictor_device(fidelity->predictor, i, &device); i++) {
		if (libdma_fidelity_predictable(&device.fidelity))
			fputs("  ", out);
		print_counts(out, device.name, &device.fidelity);
	}
	fprintf(out, "mapped directly: %" PRIu64, totals->direct);
	if (totals->direct_other)
		fprintf(out, ", %" PRIu64 " of them not at the buffer's address",
			totals->direct_other);
	fputc('\n', out);
	for (i = 0; libdma_predictor_assumption(fidelity->predictor, i, &assumption); i++)
		fprintf(out, "assumed: %s = %s (%s)\n", assumption.name, assumption.value,
			assumption.from);
	if (shown)
		fputs("not predicted:\n", out);
	for (i = 0; i < shown; i++)
		print_divergence(fidelity, out, &fidelity->kept[i]);
	if (fidelity->count + fidelity->dropped > shown)
		fprintf(out, "  and %" PRIu64 " more, --divergences shows all\n",
			fidelity->count + fidelity->dropped - shown);
}

/* ---- for machines ---- */

static json_t *counts_json(const struct libdma_fidelity *counts)
{
	json_t *object = json_create();

	json_add_count(object, "predictable", libdma_fidelity_predictable(counts));
	for (unsigned int i = 0; i < LIBDMA_VERDICTS; i++)
		json_add_count(object, libdma_verdict_name(i), counts->count[i]);
	return object;
}

static json_t *divergence_json(const struct fidelity *fidelity, const struct kept *kept)
{
	const struct libdma_divergence *it = &kept->divergence;
	json_t *object = json_create();

	json_add_count(object, "event", kept->number);
	json_add_count(object, "ns", kept->ns);
	json_add_count(object, "cpu", kept->cpu);
	json_add(object, "device",
		 json_text(libdma_strings_get(fidelity->strings, kept->device)));
	json_add(object, "kind", json_text(libdma_event_kind_name(kept->kind)));
	json_add(object, "decider", json_text(libdma_decider_name(it->decider)));
	json_add(object, "class", json_text(libdma_verdict_name(it->verdict)));
	json_add_count(object, "segment", it->segment);
	json_add(object, "expected", json_hex(it->expected));
	json_add(object, "got", json_hex(it->got));
	if (it->witness != LIBDMA_NO_WITNESS)
		json_add_count(object, "witness", it->witness);
	json_add(object, "state", json_text(kept->state));
	return object;
}

static json_t *assumptions_json(const struct fidelity *fidelity)
{
	struct libdma_assumption assumption;
	json_t *list = json_list(), *object;

	for (size_t i = 0;
	     libdma_predictor_assumption(fidelity->predictor, i, &assumption); i++) {
		object = json_create();
		json_add(object, "name", json_text(assumption.name));
		json_add(object, "value", json_text(assumption.value));
		json_add(object, "from", json_text(assumption.from));
		json_append(list, object);
	}
	return list;
}

static json_t *devices_json(const struct fidelity *fidelity)
{
	struct libdma_device_fidelity device;
	json_t *list = json_list(), *object;

	for (size_t i = 0; libdma_predictor_device(fidelity->predictor, i, &device); i++) {
		object = counts_json(&device.fidelity);
		json_add(object, "device", json_text(device.name));
		json_add_count(object, "direct", device.direct);
		json_append(list, object);
	}
	return list;
}

json_t *fidelity_json(const struct fidelity *fidelity)
{
	const struct libdma_fidelity_totals *totals =
		libdma_predictor_totals(fidelity->predictor);
	json_t *object = counts_json(&totals->all), *part = json_create();

	json_add_count(object, "direct", totals->direct);
	json_add_count(object, "direct_other", totals->direct_other);
	json_add_count(object, "inputs", totals->inputs);
	for (unsigned int i = 0; i < LIBDMA_DECIDERS; i++)
		json_add(part, libdma_decider_name(i), counts_json(&totals->by_decider[i]));
	json_add(object, "deciders", part);
	part = json_create();
	for (unsigned int i = 0; i < DMA_EVENT_KINDS; i++)
		if (libdma_fidelity_predictable(&totals->by_kind[i]))
			json_add(part, libdma_event_kind_name(i),
				 counts_json(&totals->by_kind[i]));
	json_add(object, "kinds", part);
	json_add(object, "devices", devices_json(fidelity));
	json_add(object, "assumptions", assumptions_json(fidelity));
	part = json_list();
	for (size_t i = 0; i < fidelity->count; i++)
		json_append(part, divergence_json(fidelity, &fidelity->kept[i]));
	json_add(object, "divergences", part);
	return object;
}

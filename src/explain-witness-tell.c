// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explain-witness-tell.c - what a recording has of a finding, in sentences and as JSON
 */
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"
#include "evidence.h"
#include "explain-holders.h"
#include "explain-witness.h"
#include "json.h"
#include "output.h"
#include "space.h"
#include "table.h"
#include "timeline.h"
#include "whatif.h"

#define LEAKS 3 /* are told; --json has all */

static const char *const answers[] = {
	[WITNESS_NONE] = "no device",
	[WITNESS_OTHER_KERNEL] = "another machine",
	[WITNESS_OTHER_SLOTS] = "another machine",
	[WITNESS_OTHER_DEVICES] = "another machine",
	[WITNESS_ABSENT] = "not recorded",
	[WITNESS_QUIET] = "no failed call",
	[WITNESS_FAILED] = "failed call",
};

static json_t *begin_json(struct witness *witness)
{
	witness->json = json_create();
	json_add(witness->json, "answer", json_text(answers[witness->answer]));
	return witness->json;
}

/* "3.235722 s" */
static const char *when(double seconds, char *buffer, size_t room)
{
	return timeline_when(seconds > 0 ? (uint64_t)(seconds * 1e9) : 0, buffer, room);
}

/*
 * Nothing
 */

static void tell_kernel(const struct witnesses *witnesses, struct finding *finding)
{
	finding_recorded(
		finding,
		"The recording is of kernel %s, and the log of %s: another machine, "
		"or another boot. It is no evidence.",
		witnesses->environment->kernel, finding->kernel);
}

static void tell_slots(const struct witnesses *witnesses, struct finding *finding)
{
	finding_recorded(
		finding,
		"The recording is of a machine with %" PRIu64
		" slots, and the log of one with %" PRIu64
		": another machine, another boot, or a pool of the device's own. "
		"It is no evidence.",
		witnesses->environment->swiotlb.slots, finding->total.most);
}

static void tell_devices(struct finding *finding)
{
	finding_recorded(finding,
			 "The recording has nothing of %s: another machine, or a "
			 "recording of other devices.%s",
			 finding->device,
			 strchr(finding->device, ':')
				 ? ""
				 : " What is mapped for a disk, an interface or a "
				   "USB device, the device above it maps.");
}

static void tell_absent(const struct witnesses *witnesses, struct finding *finding)
{
	char first[48], last[48], line[48];

	if (finding->moment->seconds < 0 || !witnesses->clock) {
		finding_recorded(finding,
				 "The recording has no failed call of %s, and %s.",
				 finding->device,
				 witnesses->clock ? "the line has no time to look for"
						  : "its clock is not the log's");
		return;
	}
	finding_recorded(
		finding,
		"The recording does not hold the moment: it is of %s to %s, and the "
		"%s of %s.",
		when((double)witnesses->first_ns / 1e9, first, sizeof(first)),
		when((double)witnesses->last_ns / 1e9, last, sizeof(last)),
		finding->count > 1 ? "last line" : "line",
		when(finding->last_seconds, line, sizeof(line)));
}

void witness_tell_nothing(const struct witnesses *witnesses, struct witness *witness)
{
	begin_json(witness);
	switch (witness->answer) {
	case WITNESS_OTHER_KERNEL:
		tell_kernel(witnesses, witness->finding);
		break;
	case WITNESS_OTHER_SLOTS:
		tell_slots(witnesses, witness->finding);
		break;
	case WITNESS_OTHER_DEVICES:
		tell_devices(witness->finding);
		break;
	case WITNESS_ABSENT:
		tell_absent(witnesses, witness->finding);
		break;
	default:
		break;
	}
}

/*
 * What was live
 */

/* The space that refused: the swiotlb, or the device's own. */
static const struct libdma_space *find_space(const struct witness *witness,
					     const struct libdma_fragmap *fragmap,
					     const struct libdma_strings *strings)
{
	const struct libdma_space *space;

	for (size_t i = 0; (space = libdma_fragmap_space(fragmap, i)); i++)
		if (witness_is_swiotlb(witness)
			    ? space->kind == LIBDMA_SPACE_SWIOTLB
			    : space->device && space->allocates &&
				      space->kind != LIBDMA_SPACE_POOL &&
				      witness_is_device(
					      witness->finding,
					      libdma_strings_get(strings, space->device)))
			return space;
	return NULL;
}

static void tell_sentence(void *arg, const char *sentence)
{
	finding_recorded(arg, "%c%s.", toupper((unsigned char)*sentence), sentence + 1);
}

/* The areas that have nothing left while others have: their CPUs look elsewhere. */
static void tell_areas(struct finding *finding, const struct libdma_space *space)
{
	uint64_t areas = space->area ? space->size / space->area : 0, full = 0;

	for (uint64_t i = 0; i < areas; i++)
		full += !space_runs(space, space->start + i * space->area, space->area)
				 .free;
	if (full && full < areas)
		finding_recorded(
			finding,
			"%" PRIu64 " of %" PRIu64 " areas %s full. A CPU whose own "
			"area is full goes on to the others, so this alone refuses "
			"no request.",
			full, areas, full == 1 ? "is" : "are");
}

static void tell_space(struct witness *witness, const struct libdma_space *space,
		       const struct state *state)
{
	json_t *object = space_json(space, state);

	draw_findings(space, state, tell_sentence, witness->finding);
	if (space->kind == LIBDMA_SPACE_SWIOTLB) {
		tell_areas(witness->finding, space);
		if (witness->answer == WITNESS_FAILED && space->size)
			json_add(witness->json, "cause",
				 json_text(space_refusal_name(
					 space_refusal(space, witness->failed.size))));
	}
	json_add(witness->json, "space", object);
}

static void tell_call(const struct witnesses *witnesses, struct witness *witness,
		      const struct state *state)
{
	struct finding *finding = witness->finding;
	const char *site = libdma_strings_get(witnesses->strings, witness->failed.stack);
	char text[EVIDENCE], line[48], clock[80] = "";

	if (witness->answer == WITNESS_FAILED) {
		if (!isnan(witness->apart))
			snprintf(clock, sizeof(clock),
				 ", which is %.6f s %s line %" PRIu64,
				 fabs(witness->apart),
				 witness->apart < 0 ? "behind" : "before",
				 witness->line->line);
		finding_recorded(finding, "The recording has%s%s%s%s.",
				 evidence_event(state_strings(state), "",
						&witness->failed, text, sizeof(text)),
				 *site ? ", from " : "", site, clock);
		return;
	}
	when(witness->line->seconds, line, sizeof(line));
	if (witness_is_call(witness))
		finding_recorded(finding,
				 "The recording has the moment of line %" PRIu64
				 ", %s, but no call of %s that failed there.",
				 witness->line->line, line, finding->device);
	else
		finding_recorded(finding,
				 "The recording has the moment of line %" PRIu64 ", %s.",
				 witness->line->line, line);
}

static void tell_live(struct witness *witness, const struct state *state)
{
	struct holders all = { 0 }, own = { .device = witness->finding->device };
	uint64_t count, bytes, own_count, own_bytes;
	char text[2][32];
	json_t *object;

	holders_find(state, &all);
	for (size_t i = 0; i < all.count; i++)
		if (witness_is_device(
			    witness->finding,
			    libdma_strings_get(all.strings, all.holder[i].device)))
			own.device =
				libdma_strings_get(all.strings, all.holder[i].device);
	holders_find(state, &own);
	count = holders_sum(&all, &bytes);
	own_count = holders_sum(&own, &own_bytes);
	finding_recorded(witness->finding,
			 "Then %" PRIu64
			 " mappings and allocations of %s were live, %" PRIu64
			 " of %s of this device.",
			 count, table_size(bytes, text[0], sizeof(text[0])), own_count,
			 table_size(own_bytes, text[1], sizeof(text[1])));
	object = json_create();
	json_add_count(object, "count", count);
	json_add_count(object, "bytes", bytes);
	json_add_count(object, "count_of_device", own_count);
	json_add_count(object, "bytes_of_device", own_bytes);
	json_add(witness->json, "live", object);
	free(all.holder);
	free(own.holder);
}

void witness_tell_state(const struct witnesses *witnesses, struct witness *witness,
			const struct state *state)
{
	struct libdma_fragmap *fragmap = state_fragmap(state);
	const struct libdma_space *space =
		find_space(witness, fragmap, state_strings(state));
	struct holders holders = { .space = space };
	json_t *json = begin_json(witness);

	json_add_count(json, "line", witness->line->line);
	json_add(json, "ns_before_line",
		 isnan(witness->apart)
			 ? json_null()
			 : json_integer((json_int_t)(witness->apart * 1e9 +
						     (witness->apart < 0 ? -.5 : .5))));
	json_add(json, "moment", state_moment_json(state));
	tell_call(witnesses, witness, state);
	tell_live(witness, state);
	if (space)
		tell_space(witness, space, state);
	holders_find(state, &holders);
	holders_tell(&holders, state, witness->finding);
	json_add(json, "holders", holders_json(&holders, state));
	free(holders.holder);
	libdma_fragmap_destroy(fragmap);
}

/*
 * What came of it
 */

/* Of the swiotlb anybody's leak takes slots; elsewhere the device's own matters. */
static bool leak_matters(const struct witnesses *witnesses, const struct witness *witness,
			 const struct libdma_leak *leak)
{
	return leak->verdict >= LIBDMA_LEAK_OLD &&
	       (witness_is_swiotlb(witness) ||
		witness_is_device(
			witness->finding,
			libdma_strings_get(witnesses->strings, leak->oldest.device)));
}

static json_t *leak_json(const struct witnesses *witnesses,
			 const struct libdma_leak *leak)
{
	json_t *object = json_create();

	json_add(object, "verdict", json_text(libdma_leak_verdict_name(leak->verdict)));
	json_add(object, "device",
		 json_text(libdma_strings_get(witnesses->strings, leak->oldest.device)));
	json_add(object, "call", json_text(libdma_event_kind_name(leak->oldest.kind)));
	json_add(object, "site",
		 json_text(libdma_strings_get(witnesses->strings, leak->oldest.stack)));
	json_add_count(object, "count", leak->count);
	json_add_count(object, "bytes", leak->bytes);
	json_add(object, "slope", json_real(leak->slope));
	return object;
}

void witness_tell_leaks(const struct witnesses *witnesses, struct witness *witness)
{
	json_t *list = json_list();
	size_t told = 0;
	char bytes[32];

	for (size_t i = 0; i < witnesses->leaks; i++) {
		const struct libdma_leak *leak = &witnesses->leak[i];

		if (!leak_matters(witnesses, witness, leak))
			continue;
		json_append(list, leak_json(witnesses, leak));
		if (told++ >= LEAKS)
			continue;
		finding_recorded(
			witness->finding,
			"A leak: %" PRIu64 " of %s, %s in all, are left of %s, "
			"%.3g more each second (%s).",
			leak->count, libdma_event_kind_name(leak->oldest.kind),
			table_size(leak->bytes, bytes, sizeof(bytes)),
			libdma_strings_get(witnesses->strings, leak->oldest.device),
			leak->slope, libdma_leak_verdict_reason(leak->verdict));
	}
	if (!told)
		finding_recorded(witness->finding,
				 "No leak: of what is left at the end nothing speaks for "
				 "one, so that it is load.");
	if (witnesses->lossy)
		finding_recorded(witness->finding,
				 "The recording lost events: what they ended is told as "
				 "live, and what they began is missing.");
	json_add(witness->json, "leaks", list);
}

void witness_tell_size(struct witness *witness, const struct whatif *whatif)
{
	const struct point *point = whatif->point[whatif->points - 1];
	struct answer answer;
	char call[64];

	if (!whatif_answer(whatif, whatif_goals(WHATIF_SWIOTLB), &answer) ||
	    answer.least) {
		finding_recorded(witness->finding,
				 "No size of the swiotlb up to %" PRIu64
				 " slots serves what "
				 "is recorded; %" PRIu64 " requests fit none.",
				 point->swiotlb.slots, whatif->never);
		return;
	}
	point = whatif->point[answer.point];
	axis_print_call(point, call, sizeof(call));
	finding_recorded(
		witness->finding,
		"%s, of which the kernel makes %" PRIu64
		" slots in %u area%s, would have served all of it%s; at most %" PRIu64
		" of them are used.",
		call, point->swiotlb.slots, point->swiotlb.areas,
		point->swiotlb.areas == 1 ? "" : "s",
		whatif->never ? " that any size can serve" : "", point->swiotlb.peak);
	json_add(witness->json, "smallest", whatif_answer_json(whatif, &answer));
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * verdict.c - ask the rules of an occasion, and tell what they say
 */
#include <inttypes.h>
#include <stdio.h>

#include "check/check.h"

#define SIDE 32 /* bytes of a printed number */

static const char *print_side(enum side as, uint64_t value, char buffer[SIDE])
{
	static const char *const types[] = {
		[TYPE_SINGLE] = "single",           [TYPE_SG] = "a list",
		[TYPE_COHERENT] = "coherent",       [TYPE_RESOURCE] = "a resource",
		[TYPE_NONCOHERENT] = "noncoherent", [TYPE_PHYS] = "phys",
		[TYPE_IOVA] = "an IOVA range",
	};
	const char *name = NULL;

	if (as == AS_DIRECTION && value <= UINT8_MAX)
		name = libdma_direction_name((unsigned int)value);
	else if (as == AS_TYPE && value <= TYPE_IOVA)
		name = types[value];
	if (name)
		return name;
	snprintf(buffer, SIDE, as == AS_HEX ? "%#" PRIx64 : "%" PRIu64, value);
	return buffer;
}

/* What else could explain it. */
static uint32_t doubts(const struct rule *rule, const struct question *question,
		       uint32_t own)
{
	const struct libdma_check *check = question->check;

	if (check->options.as_kernel)
		return 0;
	if (!rule->of_history)
		return own;
	if (question->record ? question->record->losses != check->losses : check->losses)
		own |= LIBDMA_DOUBT_LOST;
	return own;
}

static void tell(const struct rule *rule, const struct question *question,
		 const struct answer *answer)
{
	struct libdma_check *check = question->check;
	char was[SIDE], is[SIDE];
	struct libdma_check_verdict verdict = {
		.rule = &rule->face,
		.event = question->event,
		.begin = answer->begin,
		.other = answer->other,
		.dma = answer->dma ? answer->dma : question->ref.dma,
		.size = answer->size ? answer->size : question->ref.size,
		.was = rule->as == AS_NOTHING ? 0 : answer->was,
		.is = rule->as == AS_NOTHING ? 0 : answer->is,
		.doubt = doubts(rule, question, answer->doubt),
		.text = check->text,
	};

	if (!verdict.begin && question->record)
		verdict.begin = &question->record->origin->event;
	if (!rule->differ)
		snprintf(check->text, sizeof(check->text), "%s", rule->face.summary);
	else if (rule->as == AS_COUNT)
		snprintf(check->text, sizeof(check->text), rule->differ,
			 print_side(rule->as, answer->is, is));
	else
		snprintf(check->text, sizeof(check->text), rule->differ,
			 print_side(rule->as, answer->was, was),
			 print_side(rule->as, answer->is, is));
	check->options.verdict(check->options.arg, &verdict);
}

void check_ask(enum occasion on, const struct question *question)
{
	enum whose others = question->check->options.as_kernel ? OURS : KERNELS;

	for (size_t i = 0; i < check_rule_count; i++) {
		const struct rule *rule = &check_rules[i];
		struct answer answer = { 0 };

		if (rule->on == on && rule->whose != others &&
		    rule->broken(question, &answer))
			tell(rule, question, &answer);
	}
}

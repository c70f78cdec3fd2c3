// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * verdict-words.c - what a verdict has to say, whatever it is about
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "oracle.h"
#include "verdict-words.h"

/* Rules whose text has a number in it, an address, or the name of a direction. */
static const unsigned char numbers[] = { 3, 6, 15, 19, 23, 24, 25, 107, 115 };
static const unsigned char addresses[] = { 5, 9, 16, 106, 114 };
static const unsigned char directions[] = { 7, 20, 21, 22, 111 };

static bool is_one(unsigned int rule, const unsigned char *rules, size_t count)
{
	return memchr(rules, (int)rule, count);
}

static bool says(const char *text, uint64_t number, const char *form)
{
	char word[32];

	snprintf(word, sizeof(word), form, number);
	return strstr(text, word);
}

void verdict_expect_words(const struct libdma_check_verdict *verdict, unsigned int rule)
{
	const struct dma_event *other = verdict->other;
	const char *text = verdict->text;

	expect(TEXT, text && *text && !strchr(text, '\n'));
	if (is_one(rule, numbers, sizeof(numbers)))
		expect(TEXT, says(text, verdict->is, "%" PRIu64));
	if (is_one(rule, addresses, sizeof(addresses)))
		expect(TEXT, says(text, verdict->is, " %#" PRIx64));
	if (is_one(rule, directions, sizeof(directions)))
		expect(TEXT, strstr(text, libdma_direction_name((unsigned int)verdict->is)));
	/* what was mapped there before, and what ended that */
	expect(ABOUT, rule != 109 || (verdict->begin && other));
	/* lists are their recorder's, and those of what ended are not kept */
	expect(ABOUT, !other || (!other->phys_count && !other->dma_count &&
				 !other->phys_list && !other->dma_list));
}

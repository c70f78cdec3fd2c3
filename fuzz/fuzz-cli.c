// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-cli.c - what users write behind options: sizes, places, filters
 *
 * Each line is one argument: behind '=' to a parser of sizes, behind '@' to that of
 * places in a trace, behind '?' a filter, and all else goes to the options that choose
 * events. Sizes and places are read a second time the plain way, in 128 bits. A filter
 * says of some events what its parts say: not of it is the opposite, both of it and it
 * the same, and one of both always.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libdma/filter.h>

#include "arguments.h"
#include "oracle.h"
#include "output.h"
#include "quantity.h"
#include "source.h"
#include "target.h"

#define EVENTS	 6
#define FILTERED 200 /* bytes of a filter that is tried in brackets, too */
#define NS_PER_S 1000000000

typedef unsigned __int128 wide;

/* ---- sizes and places, the plain way ---- */

static bool plain_number(const char **text, unsigned int base, wide *value)
{
	static const char digits[] = "0123456789abcdef";
	const char *begin = *text, *digit;

	for (*value = 0; **text; ++*text) {
		digit = strchr(digits, tolower((unsigned char)**text));
		if (!digit || (unsigned int)(digit - digits) >= base)
			break;
		*value = *value * base + (wide)(digit - digits);
		if (*value > UINT64_MAX)
			return false;
	}
	return *text > begin;
}

static bool plain_size(const char *text, uint64_t *ret)
{
	static const char units[] = "kMGT";
	unsigned int base = *text == '0' ? 8 : 10;
	const char *unit;
	wide value;

	if (!isdigit((unsigned char)*text))
		return false;
	if (*text == '0' && tolower((unsigned char)text[1]) == 'x' &&
	    isxdigit((unsigned char)text[2])) {
		base = 16;
		text += 2;
	}
	if (!plain_number(&text, base, &value))
		return false;
	unit = *text ? strchr(units, *text == 'K' ? 'k' : *text) : NULL;
	if (unit) {
		for (const char *at = units; at <= unit; at++)
			value *= 1024;
		text++;
	}
	*ret = (uint64_t)value;
	return !*text && value <= UINT64_MAX;
}

static void try_size(const char *text)
{
	uint64_t got = 0, plain = 0;
	bool is = quantity_size(text, &got);

	expect(REFERENCE, is == plain_size(text, &plain));
	expect(REFERENCE, !is || got == plain);
}

/* Seconds count to their ninth place; "12.", "12s" and "12.5s" are some. */
static bool plain_seconds(const char *text, uint64_t *ret)
{
	uint64_t unit = NS_PER_S / 10;
	wide value;

	if (!plain_number(&text, 10, &value))
		return false;
	value *= NS_PER_S;
	if (value > UINT64_MAX)
		return false;
	if (*text == '.')
		for (text++; isdigit((unsigned char)*text); text++, unit /= 10)
			value += unit * (unsigned int)(*text - '0');
	*ret = (uint64_t)value;
	return value <= UINT64_MAX && (!*text || !strcmp(text, "s"));
}

static void try_place(const char *text)
{
	enum place_type type = *text == '#'   ? PLACE_NUMBER
			       : *text == '+' ? PLACE_RELATIVE
					      : PLACE_TIME;
	const char *number = text + (type != PLACE_TIME);
	struct place got = { 0 };
	uint64_t plain = 0;
	wide value;
	bool may;

	if (type == PLACE_NUMBER) {
		may = plain_number(&number, 10, &value) && !*number;
		plain = may ? (uint64_t)value : 0;
	} else {
		may = plain_seconds(number, &plain);
	}
	expect(REFERENCE, place_parse(text, &got) == may);
	expect(REFERENCE, !may || (got.type == type && got.value == plain));
}

/* ---- filters ---- */

static struct libdma_strings *make_events(struct dma_event *event)
{
	static const char *const names[] = { "0000:03:00.0", "nvme0", "kworker/0:1" };
	static const uint64_t list[] = { 0x1000, 0x2000 };
	static const uint32_t sizes[] = { 4096, 512 };
	static const uint16_t kinds[EVENTS] = {
		DMA_EVENT_MAP_PAGE,    DMA_EVENT_UNMAP_PAGE, DMA_EVENT_MAP_SG,
		DMA_EVENT_POOL_CREATE, DMA_EVENT_DEVICE,     DMA_EVENT_NONE,
	};
	struct libdma_strings *strings = libdma_strings_create();
	uint32_t number[3] = { 0 };

	expect(MEMORY, strings);
	for (unsigned int i = 0; i < 3; i++)
		expect(MEMORY, !libdma_strings_add(strings, names[i], strlen(names[i]),
						   &number[i]));
	for (unsigned int i = 0; i < EVENTS; i++)
		event[i] = (struct dma_event){ .kind = kinds[i],
					       .dir = (uint8_t)(i % 4),
					       .cpu = i % 2,
					       .ns = i * 1000,
					       .number = i,
					       .device = number[i % 2],
					       .comm = number[2],
					       .phys = 0x1000U << i,
					       .dma = i == 1 ? DMA_MAPPING_ERROR : 0xf000 + i,
					       .size = 512U << i,
					       .error = i == 1 ? -ENOMEM : 0 };
	event[2].phys_list = event[2].dma_list = list;
	event[2].size_list = event[2].dma_size_list = sizes;
	event[2].phys_count = event[2].dma_count = event[2].nents = event[2].ents = 2;
	return strings;
}

/* Bit by bit, which of the events are wanted; false where it is no filter. */
static bool ask(const char *text, unsigned int *wanted)
{
	struct libdma_filter *filter = NULL;
	struct dma_event event[EVENTS];
	struct libdma_strings *strings;
	char *why = NULL;
	size_t place = 0;
	int err = libdma_filter_create(text, &filter, &place, &why);

	*wanted = 0;
	expect(ERROR, !err || err == -EINVAL);
	if (err) {
		expect(TEXT, why && *why && place <= strlen(text));
		free(why);
		return false;
	}
	strings = make_events(event);
	for (unsigned int i = 0; i < EVENTS; i++)
		*wanted |= (unsigned int)libdma_filter_match(filter, &event[i], strings) << i;
	libdma_filter_destroy(filter);
	libdma_strings_destroy(strings);
	return true;
}

static void try_filter(const char *text)
{
	static const char *const around[][2] = {
		{ "(", ")" }, { "!(", ")" }, { "(", NULL }, { "!!(", ")" }
	};
	unsigned int wanted, again, all = (1U << EVENTS) - 1;
	size_t length = strlen(text);
	char other[2 * FILTERED + 16];

	if (!ask(text, &wanted) || length > FILTERED)
		return;
	for (unsigned int i = 0; i < 4; i++) {
		const char *end = around[i][1];

		if (end)
			snprintf(other, sizeof(other), "%s%s%s", around[i][0], text, end);
		else
			snprintf(other, sizeof(other), "(%s) && (%s)", text, text);
		/* brackets lie in each other only so deep */
		if (ask(other, &again))
			expect(LOGIC, again == (i == 1 ? all & ~wanted : wanted));
	}
	snprintf(other, sizeof(other), "(%s) || !(%s)", text, text);
	if (ask(other, &again))
		expect(LOGIC, again == all);
}

/* ---- lines ---- */

static void try_options(int count, char **words)
{
	struct source_options source = { 0 };
	int status = arguments_parse(&selection_argp, &source, count, words);

	expect(STATUS, status == 0 || status == -1 || status == EXIT_USAGE);
	libdma_filter_destroy(source.filter);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[4 * ARGUMENT_SIZE], *words[ARGUMENTS_MOST], *at = text;
	int count = 0;

	size = size < sizeof(text) ? size : sizeof(text) - 1;
	memcpy(text, data, size);
	text[size] = '\0';
	while (at && count < ARGUMENTS_MOST) {
		char *word = strsep(&at, "\n");

		if (*word == '=')
			try_size(word + 1);
		else if (*word == '@')
			try_place(word + 1);
		else if (*word == '?')
			try_filter(word + 1);
		else
			words[count++] = word;
	}
	try_options(count, words);
	return 0;
}

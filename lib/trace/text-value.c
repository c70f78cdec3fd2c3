// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * text-value.c - the members of an event in a line of text
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/text-cursor.h"

enum value_type {
	VALUE_U64,
	VALUE_U32,
	VALUE_DIR,
	VALUE_DMA,
	VALUE_STRING,
	VALUE_ATTRS,
	VALUE_FLAGS,
	VALUE_ERROR,
	VALUE_ENTRIES,
	VALUE_SEGMENTS,
	VALUE_TEXT,
};

/* Those of most lines come first. */
static const struct key {
	const char *name;
	enum value_type type;
	size_t offset;
} keys[] = {
#define KEY(name, type, member)                                \
	{                                                      \
		name, type, offsetof(struct dma_event, member) \
	}
	KEY("dma", VALUE_DMA, dma),
	KEY("size", VALUE_U64, size),
	KEY("phys", VALUE_U64, phys),
	KEY("attrs", VALUE_ATTRS, attrs),
	KEY("nents", VALUE_U32, nents),
	KEY("ents", VALUE_U32, ents),
	KEY("entries", VALUE_ENTRIES, phys_list),
	KEY("segments", VALUE_SEGMENTS, dma_list),
	KEY("mask", VALUE_U64, mask),
	KEY("unmapped", VALUE_U64, unmapped),
	KEY("virt", VALUE_U64, cpu_addr),
	KEY("gfp", VALUE_STRING, gfp),
	KEY("flags", VALUE_FLAGS, flags),
	KEY("error", VALUE_ERROR, error),
	KEY("handle", VALUE_U64, handle),
	KEY("name", VALUE_STRING, name),
	KEY("text", VALUE_TEXT, text),
	KEY("stack", VALUE_STRING, stack),
	KEY("offset", VALUE_U64, offset),
	KEY("align", VALUE_U64, align),
	KEY("count", VALUE_U64, count),
	KEY("fault", VALUE_U64, fault),
	KEY("slot", VALUE_U64, slot),
	KEY("boundary", VALUE_U64, boundary),
	KEY("limit", VALUE_U64, limit),
	KEY("until_ns", VALUE_U64, until_ns),
	KEY("coherent_mask", VALUE_U64, coherent_mask),
	KEY("align_mask", VALUE_U64, align_mask),
	KEY("max_segment_size", VALUE_U64, max_segment_size),
	KEY("min_align_mask", VALUE_U64, min_align_mask),
	KEY("device", VALUE_STRING, device),
	KEY("dir", VALUE_DIR, dir),
#undef KEY
};

#define KEYS (sizeof(keys) / sizeof(keys[0]))
_Static_assert(KEYS <= TEXT_SEEN_FREE, "a bit for each member");

static int read_attrs(struct cursor *cursor, uint64_t *ret)
{
	const char *start = cursor->at;
	struct word word;

	text_read_bare(cursor, ' ', &word);
	if (libdma_attrs_parse(word.text, word.size, ret))
		return text_complain(cursor, start, "\"%.*s\" are no attributes",
				     (int)(word.size < 60 ? word.size : 60), word.text);
	return 0;
}

static bool find_flag(const char *name, size_t size, uint8_t *flags)
{
	for (unsigned int bit = 0; text_flag_name(bit); bit++)
		if (strlen(text_flag_name(bit)) == size &&
		    !memcmp(text_flag_name(bit), name, size)) {
			*flags |= (uint8_t)(1U << bit);
			return true;
		}
	return false;
}

static int read_flags(struct cursor *cursor, uint8_t *flags)
{
	const char *start;
	uint64_t bits;
	int err;

	do {
		start = cursor->at;
		while (!text_at_gap(cursor) && *cursor->at != '|')
			cursor->at++;
		if (find_flag(start, (size_t)(cursor->at - start), flags))
			continue;
		cursor->at = start;
		err = text_read_number(cursor, UINT8_MAX, &bits);
		if (err)
			return text_complain(cursor, start, "this is no flag");
		*flags |= (uint8_t)bits;
	} while (text_skip_mark(cursor, '|'));
	return 0;
}

/* The errno of a name, 0 if there is none. */
static int find_error(const char *name, size_t size)
{
	for (int number = 1; number < 256; number++) {
		const char *known = strerrorname_np(number);

		if (known && strlen(known) == size && !memcmp(known, name, size))
			return number;
	}
	return 0;
}

static int read_error(struct cursor *cursor, int32_t *ret)
{
	const char *start = cursor->at;
	uint64_t number = 0;
	struct word word;
	bool negative;

	text_read_bare(cursor, ' ', &word);
	*ret = -find_error(word.text, word.size);
	if (*ret)
		return 0;
	cursor->at = start;
	negative = text_skip_mark(cursor, '-');
	if (text_read_number(cursor, negative ? (uint64_t)INT32_MAX + 1 : INT32_MAX,
			     &number))
		return text_complain(cursor, start, "this is no error");
	*ret = (int32_t)(negative ? -(int64_t)number : (int64_t)number);
	return 0;
}

static int list_grow(struct text_list *list)
{
	uint32_t room = list->room ? list->room * 2 : 64;
	uint64_t *address = realloc(list->address, room * sizeof(*address));
	uint32_t *size;

	if (!address)
		return -ENOMEM;
	list->address = address;
	size = realloc(list->size, room * sizeof(*size));
	if (!size)
		return -ENOMEM;
	list->size = size;
	list->room = room;
	return 0;
}

/* {0x1000:512,0x2000:512}, where all entries have a size, or none */
static int read_list(struct cursor *cursor, struct text_list *list, uint32_t *count,
		     bool *sized)
{
	uint32_t used = 0, sizes = 0;
	int err = 0;

	if (!text_skip_mark(cursor, '{'))
		return text_complain(cursor, cursor->at, "a list begins with {");
	do {
		err = used == list->room ? list_grow(list) : 0;
		if (!err)
			err = text_read_number(cursor, UINT64_MAX, &list->address[used]);
		if (!err && text_skip_mark(cursor, ':')) {
			err = text_read_u32(cursor, &list->size[used]);
			sizes++;
		}
		if (err)
			return err;
		used++;
	} while (text_skip_mark(cursor, ','));
	if (sizes && sizes != used)
		return text_complain(cursor, cursor->at,
				     "some entries have a size, not all");
	if (!text_skip_mark(cursor, '}'))
		return text_complain(cursor, cursor->at, "a list ends with }");
	*count = used;
	*sized = sizes;
	return 0;
}

static int read_entries(struct cursor *cursor, struct dma_event *event)
{
	struct text_list *list = &cursor->parser->entries;
	bool sized = false;
	int err = read_list(cursor, list, &event->phys_count, &sized);

	event->phys_list = list->address;
	event->size_list = sized ? list->size : NULL;
	return err;
}

static int read_segments(struct cursor *cursor, struct dma_event *event)
{
	struct text_list *list = &cursor->parser->segments;
	bool sized = false;
	int err = read_list(cursor, list, &event->dma_count, &sized);

	event->dma_list = list->address;
	event->dma_size_list = sized ? list->size : NULL;
	return err;
}

static int read_dma(struct cursor *cursor, dma_addr_t *ret)
{
	static const char error[] = "error";

	if ((size_t)(cursor->end - cursor->at) < sizeof(error) - 1 ||
	    memcmp(cursor->at, error, sizeof(error) - 1))
		return text_read_number(cursor, UINT64_MAX, ret);
	cursor->at += sizeof(error) - 1;
	*ret = DMA_MAPPING_ERROR;
	return 0;
}

static int read_text(struct cursor *cursor, struct dma_event *event)
{
	struct word word;
	int err = text_read_string(cursor, ' ', &word);

	event->text = word.text;
	event->text_size = (uint32_t)word.size;
	return err;
}

static int read_value(struct cursor *cursor, const struct key *key,
		      struct dma_event *event)
{
	void *place = (char *)event + key->offset;
	const char *start = cursor->at;
	struct word word;
	uint64_t number;
	int err;

	switch (key->type) {
	case VALUE_U64:
		return text_read_number(cursor, UINT64_MAX, place);
	case VALUE_U32:
		return text_read_u32(cursor, place);
	case VALUE_DIR:
		err = text_read_number(cursor, UINT8_MAX, &number);
		event->dir = err ? 0 : (uint8_t)number;
		return err;
	case VALUE_DMA:
		return read_dma(cursor, place);
	case VALUE_STRING:
		err = text_read_string(cursor, ' ', &word);
		return err ? err : text_add_string(cursor, start, &word, place);
	case VALUE_ATTRS:
		return read_attrs(cursor, place);
	case VALUE_FLAGS:
		return read_flags(cursor, place);
	case VALUE_ERROR:
		return read_error(cursor, place);
	case VALUE_ENTRIES:
		return read_entries(cursor, event);
	case VALUE_SEGMENTS:
		return read_segments(cursor, event);
	case VALUE_TEXT:
		return read_text(cursor, event);
	}
	return 0;
}

static const struct key *find_key(const char *name, size_t size)
{
	for (size_t i = 0; i < KEYS; i++)
		if (!strncmp(keys[i].name, name, size) && !keys[i].name[size])
			return &keys[i];
	return NULL;
}

int text_read_member(struct cursor *cursor, size_t key_size, struct dma_event *event,
		     uint64_t *seen)
{
	const char *start = cursor->at;
	const struct key *key = find_key(start, key_size);
	struct word ignored;
	int err;

	cursor->at += key_size + 1;
	if (!key) {
		text_complain(cursor, start, "unknown member \"%.*s\"",
			      (int)(key_size < 60 ? key_size : 60), start);
		return text_read_string(cursor, ' ', &ignored);
	}
	if (*seen & 1ULL << (key - keys))
		return text_complain(cursor, start, "a second %s=", key->name);
	*seen |= 1ULL << (key - keys);
	err = read_value(cursor, key, event);
	if (!err && !text_at_gap(cursor))
		err = text_complain(cursor, cursor->at, "a space was expected here");
	return err;
}

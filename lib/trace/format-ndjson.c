// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * format-ndjson.c - events for other programs: one JSON object a line (dmactl-dump(1))
 *
 * Written, never read. Members that a kind of event does not use are left out, and
 * the others always come in the same order. Addresses are strings, since a double
 * holds 53 bits; bytes that are no UTF-8 become U+FFFD.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libdma/trace.h>

#include "trace/format.h"
#include "trace/put.h"
#include "trace/text.h"

static char *put_key(char *out, const char *key)
{
	*out++ = ',';
	*out++ = '"';
	out = put(out, key);
	*out++ = '"';
	*out++ = ':';
	return out;
}

static char *put_escape(char *out, unsigned char byte)
{
	*out++ = '\\';
	if (byte == '"' || byte == '\\') {
		*out++ = (char)byte;
		return out;
	}
	out = put(out, "u00");
	*out++ = "0123456789abcdef"[byte >> 4];
	*out++ = "0123456789abcdef"[byte & 15];
	return out;
}

/* Six bytes for each at most, and the quotation marks. */
static char *put_text(char *out, const char *bytes, size_t size)
{
	const unsigned char *at = (const unsigned char *)bytes, *end = at + size;

	*out++ = '"';
	while (at < end) {
		size_t wide = *at >= 0x80 ? character_size(at, end) : 1;

		if (!wide) {
			out = put(out, "\xef\xbf\xbd");
			at++;
		} else if (*at < 0x20 || *at == '"' || *at == '\\' || *at == 0x7f) {
			out = put_escape(out, *at++);
		} else {
			memcpy(out, at, wide);
			out += wide;
			at += wide;
		}
	}
	*out++ = '"';
	return out;
}

static char *put_hex(char *out, uint64_t number)
{
	*out++ = '"';
	out = put_address(out, number);
	*out++ = '"';
	return out;
}

static char *put_count_of(char *out, const char *key, uint64_t count)
{
	return count ? put_count(put_key(out, key), count) : out;
}

static char *put_hex_of(char *out, const char *key, uint64_t number)
{
	return number ? put_hex(put_key(out, key), number) : out;
}

static char *put_string_of(char *out, const char *key,
			   const struct libdma_strings *strings, uint32_t number)
{
	if (!number)
		return out;
	return put_text(put_key(out, key), libdma_strings_get(strings, number),
			libdma_strings_size(strings, number));
}

static char *put_error(char *out, int error)
{
	const char *name = error < 0 ? strerrorname_np(-(unsigned int)error) : NULL;

	if (!error)
		return out;
	out = put_key(out, "error");
	if (name)
		return put_text(out, name, strlen(name));
	if (error < 0)
		*out++ = '-';
	return put_count(out, error < 0 ? -(uint64_t)error : (uint64_t)error);
}

static char *put_attrs(char *out, uint64_t attrs)
{
	char text[512], *at = text, *bar;

	if (!attrs)
		return out;
	libdma_attrs_print(attrs, text, sizeof(text));
	out = put_key(out, "attrs");
	for (*out++ = '['; at; at = bar ? bar + 1 : NULL) {
		bar = strchr(at, '|');
		out = put_text(out, at, bar ? (size_t)(bar - at) : strlen(at));
		if (bar)
			*out++ = ',';
	}
	*out++ = ']';
	return out;
}

static char *put_flags(char *out, unsigned int flags)
{
	if (!flags)
		return out;
	out = put_key(out, "flags");
	*out++ = '[';
	for (unsigned int bit = 0; text_flag_name(bit); bit++) {
		if (!(flags & 1U << bit))
			continue;
		out = put_text(out, text_flag_name(bit), strlen(text_flag_name(bit)));
		*out++ = ',';
	}
	out -= out[-1] == ',';
	*out++ = ']';
	return out;
}

static char *put_list(char *out, const char *key, const char *space,
		      const uint64_t *address, const uint32_t *size, uint32_t count)
{
	if (!count || !address)
		return out;
	out = put_key(out, key);
	*out++ = '[';
	for (uint32_t i = 0; i < count; i++) {
		out = put(out, i ? ",{\"" : "{\"");
		out = put(out, space);
		out = put(out, "\":");
		out = put_hex(out, address[i]);
		if (size)
			out = put_count(put_key(out, "size"), size[i]);
		*out++ = '}';
	}
	*out++ = ']';
	return out;
}

static char *put_direction(char *out, const struct dma_event *event)
{
	const char *name = libdma_direction_name(event->dir);

	if (!event->dir && libdma_event_kind_class(event->kind) == DMA_CLASS_NONE)
		return out;
	out = put_key(out, "dir");
	return name ? put_text(out, name, strlen(name)) : put_count(out, event->dir);
}

static char *put_head(char *out, const struct dma_event *event,
		      const struct libdma_strings *strings)
{
	const char *kind = libdma_event_kind_name(event->kind);

	out = put_count(put(out, "{\"number\":"), event->number);
	out = put_count(put_key(out, "ns"), event->ns);
	out = put_count(put_key(out, "cpu"), event->cpu);
	out = put_key(out, "pid");
	if (event->pid < 0)
		*out++ = '-';
	out = put_count(out, event->pid < 0 ? -(uint64_t)event->pid : (uint64_t)event->pid);
	out = put_string_of(out, "comm", strings, event->comm);
	out = put_string_of(out, "context", strings, event->context);
	out = put_text(put_key(out, "kind"), kind, strlen(kind));
	return put_string_of(out, "device", strings, event->device);
}

/* What kinds of events call by different names. */
static char *put_rest(char *out, const struct dma_event *event)
{
	struct text_names names = text_names(event->kind);

	if (names.counts)
		out = put_count_of(out, names.first, event->mask);
	else
		out = put_hex_of(out, names.first, event->mask);
	if (event->kind == DMA_EVENT_LOST)
		out = put_count_of(out, names.second, event->until_ns);
	else
		out = put_hex_of(out, names.second, event->boundary);
	out = put_hex_of(out, names.third, event->coherent_mask);
	out = put_count_of(out, "max_segment_size", event->max_segment_size);
	out = put_hex_of(out, "min_align_mask", event->min_align_mask);
	return put_count_of(out, "handle", event->handle);
}

static char *put_event(char *out, const struct dma_event *event,
		       const struct libdma_strings *strings)
{
	out = put_head(out, event, strings);
	out = put_direction(out, event);
	out = put_hex_of(out, "phys", event->phys);
	out = put_hex_of(out, "dma", event->dma);
	out = put_count_of(out, "size", event->size);
	out = put_hex_of(out, "cpu_addr", event->cpu_addr);
	out = put_rest(out, event);
	out = put_count_of(out, "nents", event->nents);
	out = put_count_of(out, "ents", event->ents);
	out = put_list(out, "entries", "phys", event->phys_list, event->size_list,
		       event->phys_count);
	out = put_list(out, "segments", "dma", event->dma_list, event->dma_size_list,
		       event->dma_count);
	out = put_attrs(out, event->attrs);
	out = put_string_of(out, "gfp", strings, event->gfp);
	out = put_string_of(out, "name", strings, event->name);
	out = put_flags(out, event->flags);
	out = put_error(out, event->error);
	out = put_string_of(out, "stack", strings, event->stack);
	if (event->text_size)
		out = put_text(put_key(out, "text"), event->text, event->text_size);
	return put(out, "}");
}

static size_t ndjson_bound(const struct dma_event *event,
			   const struct libdma_strings *strings)
{
	size_t size = 2048;

	size += 6 * libdma_strings_size(strings, event->device);
	size += 6 * libdma_strings_size(strings, event->comm);
	size += 6 * libdma_strings_size(strings, event->context);
	size += 6 * libdma_strings_size(strings, event->gfp);
	size += 6 * libdma_strings_size(strings, event->name);
	size += 6 * libdma_strings_size(strings, event->stack);
	size += 6 * (size_t)event->text_size;
	/* {"phys":"0x0123456789abcdef","size":4294967295}, */
	return size + 52 * ((size_t)event->phys_count + event->dma_count);
}

int libdma_event_object(const struct dma_event *event,
			const struct libdma_strings *strings, char **ret)
{
	char *place;

	if (!libdma_event_kind_name(event->kind))
		return -EINVAL;
	place = malloc(ndjson_bound(event, strings));
	if (!place)
		return -ENOMEM;
	*put_event(place, event, strings) = '\0';
	*ret = place;
	return 0;
}

static int ndjson_create(struct libdma_writer *writer)
{
	(void)writer;
	return 0;
}

static int ndjson_put(struct libdma_writer *writer, const struct dma_event *event)
{
	unsigned char *place;
	char *end;

	if (!libdma_event_kind_name(event->kind)) {
		writer->skipped++;
		return 0;
	}
	place = output_reserve(writer->output, ndjson_bound(event, writer->strings));
	if (!place)
		return writer->output->error;
	end = put_event((char *)place, event, writer->strings);
	*end++ = '\n';
	output_commit(writer->output, (size_t)(end - (char *)place));
	return 0;
}

static int ndjson_finish(struct libdma_writer *writer)
{
	return writer->output->error;
}

const struct format format_ndjson = {
	.face = {
		.name = "ndjson",
		.summary = "one JSON object a line, for other programs",
		.writes = true,
	},
	.create = ndjson_create,
	.put = ndjson_put,
	.finish = ndjson_finish,
};

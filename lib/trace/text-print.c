// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * text-print.c - an event as a line of text
 */
#include <string.h>

#include "trace/put.h"
#include "trace/text.h"

struct text_names text_names(unsigned int kind)
{
	struct text_names names = { "mask", "boundary", "coherent_mask", false };

	switch (kind) {
	case DMA_EVENT_IOMMU_UNMAP:
		names.first = "unmapped";
		names.counts = true;
		break;
	case DMA_EVENT_IOVA_LINK:
	case DMA_EVENT_IOVA_UNLINK:
		names.first = "offset";
		break;
	case DMA_EVENT_POOL_CREATE:
		names.first = "align";
		names.counts = true;
		break;
	case DMA_EVENT_POOL_ALLOC:
	case DMA_EVENT_POOL_FREE:
		names.first = "slot";
		names.counts = true;
		break;
	case DMA_EVENT_ALLOC_IOVA:
		names.first = "align";
		names.second = "limit";
		names.counts = true;
		break;
	case DMA_EVENT_LOST:
		names.first = "count";
		names.second = "until_ns";
		names.counts = true;
		break;
	case DMA_EVENT_FLUSH:
		names.first = "count";
		names.counts = true;
		break;
	case DMA_EVENT_IOMMU_IO_PAGE_FAULT:
		names.first = "fault";
		break;
	case DMA_EVENT_SWIOTLB_MAP:
		names.third = "align_mask";
		break;
	}
	return names;
}

const char *text_flag_name(unsigned int bit)
{
	static const char *const names[] = { "cut",      "force",   "hashed",
					     "unhashed", "request", "skip_sync",
					     "earlier",  "searched" };

	return bit < sizeof(names) / sizeof(names[0]) ? names[bit] : NULL;
}

int text_direction(const char *name, size_t size)
{
	for (int dir = 0; libdma_direction_name((unsigned int)dir); dir++)
		if (strlen(libdma_direction_name((unsigned int)dir)) == size &&
		    !memcmp(libdma_direction_name((unsigned int)dir), name, size))
			return dir;
	return -1;
}

size_t text_bound(const struct dma_event *event, const struct libdma_strings *strings)
{
	size_t size = 1024;

	size += 4 * libdma_strings_size(strings, event->device);
	size += 4 * libdma_strings_size(strings, event->comm);
	size += 4 * libdma_strings_size(strings, event->context);
	size += 4 * libdma_strings_size(strings, event->gfp);
	size += 4 * libdma_strings_size(strings, event->name);
	size += 4 * libdma_strings_size(strings, event->stack);
	size += 4 * (size_t)event->text_size;
	/* "0x0123456789abcdef:4294967295," */
	return size + 30 * ((size_t)event->phys_count + event->dma_count);
}

static char *put_escape(char *out, unsigned char byte)
{
	*out++ = '\\';
	switch (byte) {
	case '"':
	case '\\':
		*out++ = (char)byte;
		break;
	case '\n':
		*out++ = 'n';
		break;
	case '\t':
		*out++ = 't';
		break;
	default:
		*out++ = 'x';
		*out++ = "0123456789abcdef"[byte >> 4];
		*out++ = "0123456789abcdef"[byte & 15];
	}
	return out;
}

static char *put_quoted(char *out, const char *bytes, size_t size)
{
	const unsigned char *at = (const unsigned char *)bytes, *end = at + size;
	size_t wide;

	*out++ = '"';
	while (at < end) {
		if (*at >= 0x20 && *at < 0x7f && *at != '"' && *at != '\\') {
			*out++ = (char)*at++;
			continue;
		}
		wide = *at >= 0x80 ? character_size(at, end) : 0;
		if (wide) {
			memcpy(out, at, wide);
			out += wide;
			at += wide;
		} else {
			out = put_escape(out, *at++);
		}
	}
	*out++ = '"';
	return out;
}

/* Can this stand without quotes where a reader expects @wrong to mean something? */
static bool is_plain(const char *text, size_t size, const char *wrong)
{
	if (!size || *text == '#' || *text == '[')
		return false;
	for (size_t i = 0; i < size; i++)
		if (text[i] <= ' ' || text[i] > '~' || text[i] == '"' ||
		    text[i] == '\\' || strchr(wrong, text[i]))
			return false;
	return true;
}

static char *put_string(char *out, const struct libdma_strings *strings, uint32_t number,
			const char *wrong)
{
	const char *text = libdma_strings_get(strings, number);
	size_t size = libdma_strings_size(strings, number);

	if (!is_plain(text, size, wrong))
		return put_quoted(out, text, size);
	memcpy(out, text, size);
	return out + size;
}

static char *put_head(char *out, const struct dma_event *event,
		      const struct libdma_strings *strings)
{
	out = put_count(out, event->ns / 1000000000);
	*out++ = '.';
	out = put_digits(out, event->ns % 1000000000, 9);
	out = put(out, " [");
	out = event->cpu < 1000 ? put_digits(out, event->cpu, 3)
				: put_count(out, event->cpu);
	if (event->context) {
		*out++ = ' ';
		out = put_string(out, strings, event->context, "]");
	}
	*out++ = ']';
	*out++ = ' ';
	if (event->comm || event->pid) {
		if (event->comm)
			out = put_string(out, strings, event->comm, "");
		*out++ = '/';
		if (event->pid < 0)
			*out++ = '-';
		out = put_count(out, event->pid < 0 ? -(uint64_t)event->pid
						    : (uint64_t)event->pid);
		*out++ = ' ';
	}
	return out;
}

/* What looks like a direction or a member is a device when it stands in quotes. */
static char *put_device(char *out, const struct libdma_strings *strings, uint32_t number)
{
	const char *name = libdma_strings_get(strings, number);
	size_t size = libdma_strings_size(strings, number);

	if (text_direction(name, size) >= 0)
		return put_quoted(out, name, size);
	return put_string(out, strings, number, "=");
}

/* The direction stands by its name where the kind of event has one. */
static char *put_direction(char *out, const struct dma_event *event)
{
	const char *name = libdma_direction_name(event->dir);

	if (!event->dir && libdma_event_kind_class(event->kind) == DMA_CLASS_NONE)
		return out;
	*out++ = ' ';
	if (name)
		return put(out, name);
	return put_count(put(out, "dir="), event->dir);
}

static char *put_key(char *out, const char *key)
{
	*out++ = ' ';
	out = put(out, key);
	*out++ = '=';
	return out;
}

static char *put_count_of(char *out, const char *key, uint64_t count)
{
	return count ? put_count(put_key(out, key), count) : out;
}

static char *put_address_of(char *out, const char *key, uint64_t address)
{
	return address ? put_address(put_key(out, key), address) : out;
}

static char *put_string_of(char *out, const char *key,
			   const struct libdma_strings *strings, uint32_t number)
{
	return number ? put_string(put_key(out, key), strings, number, "") : out;
}

static char *put_dma(char *out, dma_addr_t dma)
{
	if (dma == DMA_MAPPING_ERROR)
		return put(out, " dma=error");
	return put_address_of(out, "dma", dma);
}

static char *put_flags(char *out, unsigned int flags)
{
	bool first = true;

	if (!flags)
		return out;
	out = put_key(out, "flags");
	for (unsigned int bit = 0; text_flag_name(bit); bit++) {
		if (!(flags & 1U << bit))
			continue;
		flags &= ~(1U << bit);
		if (!first)
			*out++ = '|';
		first = false;
		out = put(out, text_flag_name(bit));
	}
	if (flags) {
		if (!first)
			*out++ = '|';
		out = put_address(out, flags);
	}
	return out;
}

static char *put_error(char *out, int error)
{
	const char *name = error < 0 ? strerrorname_np(-(unsigned int)error) : NULL;

	if (!error)
		return out;
	out = put_key(out, "error");
	if (name)
		return put(out, name);
	if (error < 0)
		*out++ = '-';
	return put_count(out, error < 0 ? -(uint64_t)error : (uint64_t)error);
}

static char *put_attrs(char *out, uint64_t attrs)
{
	char text[512];

	if (!attrs)
		return out;
	libdma_attrs_print(attrs, text, sizeof(text));
	return put(put_key(out, "attrs"), text);
}

static char *put_list(char *out, const char *key, const uint64_t *address,
		      const uint32_t *size, uint32_t count)
{
	if (!count || !address)
		return out;
	out = put_key(out, key);
	*out++ = '{';
	for (uint32_t i = 0; i < count; i++) {
		if (i)
			*out++ = ',';
		out = put_address(out, address[i]);
		if (size) {
			*out++ = ':';
			out = put_count(out, size[i]);
		}
	}
	*out++ = '}';
	return out;
}

/* The members that few kinds of events have. */
static char *put_rest(char *out, const struct dma_event *event)
{
	struct text_names names = text_names(event->kind);

	if (names.counts)
		out = put_count_of(out, names.first, event->mask);
	else
		out = put_address_of(out, names.first, event->mask);
	if (event->kind == DMA_EVENT_LOST)
		out = put_count_of(out, names.second, event->boundary);
	else
		out = put_address_of(out, names.second, event->boundary);
	out = put_address_of(out, names.third, event->coherent_mask);
	out = put_count_of(out, "max_segment_size", event->max_segment_size);
	out = put_address_of(out, "min_align_mask", event->min_align_mask);
	return put_count_of(out, "handle", event->handle);
}

static char *put_lists(char *out, const struct dma_event *event)
{
	out = put_count_of(out, "nents", event->nents);
	out = put_count_of(out, "ents", event->ents);
	out = put_list(out, "entries", event->phys_list, event->size_list,
		       event->phys_count);
	return put_list(out, "segments", event->dma_list, event->dma_size_list,
			event->dma_count);
}

char *text_print(char *out, const struct dma_event *event,
		 const struct libdma_strings *strings)
{
	out = put_head(out, event, strings);
	out = put(out, libdma_event_kind_name(event->kind));
	if (event->device) {
		*out++ = ' ';
		out = put_device(out, strings, event->device);
	}
	out = put_direction(out, event);
	out = put_address_of(out, "phys", event->phys);
	out = put_dma(out, event->dma);
	out = put_count_of(out, "size", event->size);
	out = put_address_of(out, "virt", event->cpu_addr);
	out = put_rest(out, event);
	out = put_lists(out, event);
	out = put_attrs(out, event->attrs);
	out = put_string_of(out, "gfp", strings, event->gfp);
	out = put_string_of(out, "name", strings, event->name);
	out = put_flags(out, event->flags);
	out = put_error(out, event->error);
	out = put_string_of(out, "stack", strings, event->stack);
	if (event->text_size)
		out = put_quoted(put_key(out, "text"), event->text, event->text_size);
	return out;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * tracedat-event.c - records of the ring buffer as events
 *
 * The file describes its tracepoints' fields; those that our kinds of events have are
 * found once by name, then copied from each record. Text is printed only for what
 * has no kind here, since libtraceevent cannot print all that the kernel can.
 *
 * Kernel counterpart: include/trace/events/{dma,swiotlb,iommu}.h (RULES.md T2)
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/ftrace.h"
#include "trace/tracedat.h"

#define MEMBER(name) offsetof(struct dma_event, name)

static const struct {
	const char *name;
	enum tracedat_target target;
	size_t member;
} members[] = {
	{ "device", TRACEDAT_STRING, MEMBER(device) },
	{ "dev_name", TRACEDAT_STRING, MEMBER(device) },
	{ "driver", TRACEDAT_STRING, MEMBER(name) },
	{ "dir", TRACEDAT_U8, MEMBER(dir) },
	{ "dma_addr", TRACEDAT_U64, MEMBER(dma) },
	{ "addr", TRACEDAT_U64, MEMBER(dma) },
	{ "iova", TRACEDAT_U64, MEMBER(dma) },
	{ "phys_addr", TRACEDAT_U64, MEMBER(phys) },
	{ "paddr", TRACEDAT_U64, MEMBER(phys) },
	{ "dev_addr", TRACEDAT_U64, MEMBER(phys) },
	{ "virt_addr", TRACEDAT_U64, MEMBER(cpu_addr) },
	{ "size", TRACEDAT_U64, MEMBER(size) },
	{ "unmapped_size", TRACEDAT_U64, MEMBER(unmapped) },
	{ "attrs", TRACEDAT_U64, MEMBER(attrs) },
	{ "dma_mask", TRACEDAT_U64, MEMBER(mask) },
	{ "gid", TRACEDAT_U64, MEMBER(handle) },
	{ "err", TRACEDAT_U32, MEMBER(error) },
	{ "full_nents", TRACEDAT_U32, MEMBER(nents) },
	{ "full_ents", TRACEDAT_U32, MEMBER(ents) },
	{ "truncated", TRACEDAT_FLAG, DMA_EVENT_CUT },
	{ "force", TRACEDAT_FLAG, DMA_EVENT_FORCE },
	{ "phys_addrs", TRACEDAT_PHYS_LIST, 0 },
	{ "addrs", TRACEDAT_PHYS_LIST, 0 },
	{ "dma_addrs", TRACEDAT_DMA_LIST, 0 },
	{ "lengths", TRACEDAT_SIZE_LIST, 0 },
};

void tracedat_decoder_init(struct tracedat_decoder *decoder, struct tep_handle *tep,
			   struct libdma_strings *strings)
{
	decoder->tep = tep;
	decoder->strings = strings;
	decoder->gfp_bits = UINT64_MAX;
	trace_seq_init(&decoder->text);
}

void tracedat_decoder_deinit(struct tracedat_decoder *decoder)
{
	for (size_t i = 0; i < decoder->points; i++)
		free(decoder->point[i]);
	free(decoder->point);
	free(decoder->phys.value);
	free(decoder->dma.value);
	free(decoder->sizes.value);
	trace_seq_destroy(&decoder->text);
}

static bool is_ours(const struct tep_event *event)
{
	return event->system &&
	       (!strcmp(event->system, "dma") || !strcmp(event->system, "iommu") ||
		!strcmp(event->system, "swiotlb"));
}

static void describe_field(struct tracedat_point *point,
			   const struct tep_format_field *field)
{
	struct tracedat_field *ours = &point->field[point->fields];

	if (point->fields == TRACEDAT_FIELDS)
		return;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (strcmp(field->name, members[i].name))
			continue;
		*ours = (struct tracedat_field) { field, members[i].target,
						  members[i].member };
		point->fields++;
		return;
	}
	/* two of our tracepoints have flags, and they are not of one sort */
	if (strcmp(field->name, "flags"))
		return;
	*ours = (struct tracedat_field) { field, TRACEDAT_GFP, 0 };
	if (ftrace_shape(point->kind) == FTRACE_FAULT)
		*ours = (struct tracedat_field) { field, TRACEDAT_U64, MEMBER(fault) };
	point->fields++;
}

static struct tracedat_point *describe(struct tracedat_decoder *decoder,
				       struct tep_event *event)
{
	struct tracedat_point *point = calloc(1, sizeof(*point));

	if (!point || libdma_strings_add(decoder->strings, event->name,
					 strlen(event->name), &point->name)) {
		free(point);
		return NULL;
	}
	point->event = event;
	point->kind = is_ours(event) ? ftrace_kind(event->name, strlen(event->name))
				     : DMA_EVENT_OTHER;
	if (point->kind == DMA_EVENT_OTHER)
		return point;
	for (const struct tep_format_field *field = event->format.fields; field;
	     field = field->next)
		describe_field(point, field);
	return point;
}

/* The tracepoint of a record: 0, -EBADMSG or -ENOMEM. */
static int find_point(struct tracedat_decoder *decoder, struct tep_record *record,
		      struct tracedat_point **ret)
{
	int number = tep_data_type(decoder->tep, record);
	struct tep_event *event;

	if (number < 0 || number > UINT16_MAX)
		return -EBADMSG;
	if ((size_t)number >= decoder->points) {
		size_t points = (size_t)number + 1;
		struct tracedat_point **point =
			realloc(decoder->point, points * sizeof(struct tracedat_point *));

		if (!point)
			return -ENOMEM;
		memset(point + decoder->points, 0,
		       (points - decoder->points) * sizeof(struct tracedat_point *));
		decoder->point = point;
		decoder->points = points;
	}
	if (!decoder->point[number]) {
		event = tep_find_event(decoder->tep, number);
		if (!event)
			return -EBADMSG;
		decoder->point[number] = describe(decoder, event);
		if (!decoder->point[number])
			return -ENOMEM;
	}
	*ret = decoder->point[number];
	return 0;
}

/* The bytes of a field, wherever in the record they lie. NULL where they do not. */
static const void *find_bytes(struct tracedat_decoder *decoder,
			      const struct tep_record *record,
			      const struct tep_format_field *field, size_t *ret)
{
	const char *data = record->data;
	size_t size = (size_t)record->size, offset = (size_t)field->offset;
	size_t length = (size_t)field->size;
	uint32_t where;

	if (field->offset < 0 || field->size < 0 || offset > size ||
	    length > size - offset)
		return NULL;
	if (field->flags & TEP_FIELD_IS_DYNAMIC) {
		if (length != 4)
			return NULL;
		where = (uint32_t)tep_read_number(decoder->tep, data + offset, 4);
		if (field->flags & TEP_FIELD_IS_RELATIVE)
			offset += length + (where & 0xffff);
		else
			offset = where & 0xffff;
		length = where >> 16;
		if (offset > size || length > size - offset)
			return NULL;
	}
	*ret = length;
	return data + offset;
}

static int read_string(struct tracedat_decoder *decoder, const char *bytes, size_t size,
		       uint32_t *ret)
{
	return libdma_strings_add(decoder->strings, bytes, strnlen(bytes, size), ret);
}

static int make_room(struct tracedat_list *list, size_t size)
{
	void *value;

	if (size <= list->room)
		return 0;
	value = realloc(list->value, size);
	if (!value)
		return -ENOMEM;
	list->value = value;
	list->room = size;
	return 0;
}

static int read_list64(struct tracedat_decoder *decoder, struct tracedat_list *list,
		       const char *bytes, size_t size, uint32_t *ret)
{
	uint64_t *value;

	if (make_room(list, size))
		return -ENOMEM;
	value = list->value;
	for (size_t i = 0; i < size / 8; i++)
		value[i] = tep_read_number(decoder->tep, bytes + 8 * i, 8);
	*ret = (uint32_t)(size / 8);
	return size % 8 ? -EBADMSG : 0;
}

static int read_list32(struct tracedat_decoder *decoder, struct tracedat_list *list,
		       const char *bytes, size_t size, uint32_t *ret)
{
	uint32_t *value;

	if (make_room(list, size))
		return -ENOMEM;
	value = list->value;
	for (size_t i = 0; i < size / 4; i++)
		value[i] = (uint32_t)tep_read_number(decoder->tep, bytes + 4 * i, 4);
	*ret = (uint32_t)(size / 4);
	return size % 4 ? -EBADMSG : 0;
}

/*
 * Allocation flags as the kernel prints them. Their names are in the tracepoint's
 * print format, which only libtraceevent can run: the record is printed, and the
 * word taken out of it. Drivers hardly vary them.
 */
static int print_gfp(struct tracedat_decoder *decoder, struct tep_record *record,
		     uint64_t bits, uint32_t *ret)
{
	const char *word, *text;
	int err;

	if (bits != decoder->gfp_bits) {
		trace_seq_reset(&decoder->text);
		tep_print_event(decoder->tep, &decoder->text, record, "%s",
				TEP_PRINT_INFO);
		trace_seq_terminate(&decoder->text);
		text = decoder->text.buffer;
		word = strstr(text, " flags=");
		if (!word)
			return 0;
		word += strlen(" flags=");
		err = libdma_strings_add(decoder->strings, word, strcspn(word, " \n"),
					 &decoder->gfp);
		if (err)
			return err;
		decoder->gfp_bits = bits;
	}
	*ret = decoder->gfp;
	return 0;
}

static bool read_value(struct tracedat_decoder *decoder, const void *bytes, size_t size,
		       uint64_t *ret)
{
	if (size != 1 && size != 2 && size != 4 && size != 8)
		return false;
	*ret = tep_read_number(decoder->tep, bytes, (int)size);
	return true;
}

static int read_number(struct tracedat_decoder *decoder,
		       const struct tracedat_field *field, struct tep_record *record,
		       uint64_t value, struct dma_event *event)
{
	void *member = (char *)event + field->member;

	switch (field->target) {
	case TRACEDAT_U64:
		memcpy(member, &value, sizeof(value));
		return 0;
	case TRACEDAT_U32:
		memcpy(member, &(uint32_t) { (uint32_t)value }, sizeof(uint32_t));
		return 0;
	case TRACEDAT_U8:
		*(uint8_t *)member = (uint8_t)value;
		return value > UINT8_MAX ? -EBADMSG : 0;
	case TRACEDAT_FLAG:
		event->flags |= value ? (uint8_t)field->member : 0;
		return 0;
	default:
		return print_gfp(decoder, record, value, &event->gfp);
	}
}

static int read_field(struct tracedat_decoder *decoder,
		      const struct tracedat_field *field, struct tep_record *record,
		      struct dma_event *event)
{
	const char *bytes;
	uint64_t value;
	size_t size;

	bytes = find_bytes(decoder, record, field->field, &size);
	if (!bytes)
		return -EBADMSG;
	switch (field->target) {
	case TRACEDAT_STRING:
		return read_string(decoder, bytes, size,
				   (uint32_t *)((char *)event + field->member));
	case TRACEDAT_PHYS_LIST:
		return read_list64(decoder, &decoder->phys, bytes, size,
				   &event->phys_count);
	case TRACEDAT_DMA_LIST:
		return read_list64(decoder, &decoder->dma, bytes, size,
				   &event->dma_count);
	case TRACEDAT_SIZE_LIST:
		return read_list32(decoder, &decoder->sizes, bytes, size,
				   &decoder->lengths);
	default:
		if (!read_value(decoder, bytes, size, &value))
			return -EBADMSG;
		return read_number(decoder, field, record, value, event);
	}
}

/*
 * Five characters of context, as the kernel prints them. libtraceevent knows the
 * first five bits; the others are newer.
 */
static int print_context(struct tracedat_decoder *decoder, struct tep_record *record,
			 uint32_t *ret)
{
	static const char digits[] = ".123456789abcdef";
	unsigned int flags = (unsigned int)tep_data_flags(decoder->tep, record);
	unsigned int count = (unsigned int)tep_data_preempt_count(decoder->tep, record);
	bool hard = flags & TRACE_FLAG_HARDIRQ, soft = flags & TRACE_FLAG_SOFTIRQ;
	bool nmi = flags & 0x40;
	unsigned int irqs = (flags & 0x01) | (flags >> 6 & 2);
	unsigned int resched = (flags >> 2 & 1) | (flags >> 4 & 2) | (flags << 1 & 4);
	const char text[5] = {
		".dbD"[irqs],
		".npNlbLB"[resched],
		nmi && hard    ? 'Z'
		: nmi          ? 'z'
		: hard && soft ? 'H'
		: hard         ? 'h'
		: soft         ? 's'
			       : '.',
		digits[count & 15],
		digits[count >> 4 & 15],
	};

	return libdma_strings_add(decoder->strings, text, sizeof(text), ret);
}

/* What every record has. */
static int decode_common(struct tracedat_decoder *decoder, struct tep_record *record,
			 struct dma_event *event)
{
	const char *comm;
	int err;

	event->ns = record->ts;
	event->cpu = (uint32_t)record->cpu;
	event->pid = tep_data_pid(decoder->tep, record);
	comm = tep_data_comm_from_pid(decoder->tep, event->pid);
	err = libdma_strings_add(decoder->strings, comm, strlen(comm), &event->comm);
	return err ? err : print_context(decoder, record, &event->context);
}

/* What the user wrote into the trace, or the kernel by trace_printk(). */
static int decode_print(struct tracedat_decoder *decoder,
			const struct tracedat_point *point, struct tep_record *record,
			struct dma_event *event)
{
	const struct tep_format_field *ip = tep_find_field(point->event, "ip");
	const struct tep_format_field *buf = tep_find_field(point->event, "buf");
	const char *function = NULL, *text;
	size_t size;
	const void *bytes;
	uint64_t value;

	if (!ip || !buf || buf->offset < 0 || buf->offset > record->size)
		return -EBADMSG;
	bytes = find_bytes(decoder, record, ip, &size);
	if (bytes && read_value(decoder, bytes, size, &value))
		function = tep_find_function(decoder->tep, value);

	text = (const char *)record->data + buf->offset;
	size = strnlen(text, (size_t)(record->size - buf->offset));
	if (size && text[size - 1] == '\n')
		size--;
	event->text = text;
	event->text_size = (uint32_t)size;
	event->kind = DMA_EVENT_MARK;
	if (!function || !strcmp(function, "tracing_mark_write"))
		return 0;
	event->kind = DMA_EVENT_OTHER;
	return libdma_strings_add(decoder->strings, function, strlen(function),
				  &event->name);
}

/* Any other tracepoint, in libtraceevent's words. */
static int decode_other(struct tracedat_decoder *decoder,
			const struct tracedat_point *point, struct tep_record *record,
			struct dma_event *event)
{
	if (!strcmp(point->event->name, "print"))
		return decode_print(decoder, point, record, event);
	trace_seq_reset(&decoder->text);
	tep_print_event(decoder->tep, &decoder->text, record, "%s", TEP_PRINT_INFO);
	trace_seq_terminate(&decoder->text);
	event->kind = DMA_EVENT_OTHER;
	event->name = point->name;
	event->text = decoder->text.buffer;
	event->text_size = (uint32_t)decoder->text.len;
	return 0;
}

int tracedat_decode(struct tracedat_decoder *decoder, struct tep_record *record,
		    struct dma_event *event)
{
	struct tracedat_point *point;
	int err;

	*event = (struct dma_event) { .kind = DMA_EVENT_OTHER };
	err = find_point(decoder, record, &point);
	if (!err)
		err = decode_common(decoder, record, event);
	if (err)
		return err;
	if (point->kind == DMA_EVENT_OTHER)
		return decode_other(decoder, point, record, event);

	event->kind = (uint16_t)point->kind;
	decoder->lengths = 0;
	for (size_t i = 0; i < point->fields && !err; i++)
		err = read_field(decoder, &point->field[i], record, event);
	if (err)
		return err;
	if (event->dir > DMA_NONE || decoder->lengths != event->dma_count)
		return -EBADMSG;
	event->phys_list = event->phys_count ? decoder->phys.value : NULL;
	event->dma_list = event->dma_count ? decoder->dma.value : NULL;
	event->dma_size_list = event->dma_count ? decoder->sizes.value : NULL;
	ftrace_finish_event(event);
	return 0;
}

int tracedat_decode_stack(struct tracedat_decoder *decoder, struct tep_record *record,
			  uint32_t *ret)
{
	struct tracedat_point *point;
	const struct tep_format_field *caller;
	size_t width = (size_t)tep_get_long_size(decoder->tep), at;

	*ret = 0;
	if (find_point(decoder, record, &point) ||
	    strcmp(point->event->name, "kernel_stack") || (width != 4 && width != 8))
		return 0;
	caller = tep_find_field(point->event, "caller");
	if (!caller || caller->offset < 0)
		return 0;
	trace_seq_reset(&decoder->text);
	for (at = (size_t)caller->offset; at + width <= (size_t)record->size;
	     at += width) {
		uint64_t address = tep_read_number(decoder->tep,
						   (char *)record->data + at, (int)width);
		const char *function = tep_find_function(decoder->tep, address);

		if (!address || address == UINT64_MAX)
			break;
		if (decoder->text.len)
			trace_seq_putc(&decoder->text, ';');
		if (function)
			trace_seq_puts(&decoder->text, function);
		else
			trace_seq_printf(&decoder->text, "0x%llx",
					 (unsigned long long)address);
	}
	trace_seq_terminate(&decoder->text);
	return libdma_strings_add(decoder->strings, decoder->text.buffer,
				  decoder->text.len, ret);
}

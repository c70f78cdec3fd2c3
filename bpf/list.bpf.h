/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * list.bpf.h - events that have a scatterlist, whole
 *
 * Entries are copied many at a time, and only then looked at for the link to the next
 * table of a chain: reading them one by one costs ten times as much.
 */
#pragma once

#include "device.bpf.h"

#define SG_CHAIN 1UL
#define SG_FLAGS 3UL
#define SG_PAGE	 4096UL

/* The verifier of 6.1 knows the bounds of a register, not of what it was made from. */
#define keep(number) asm volatile("" : "+r"(number))

/* Where a record is made; what may interrupt another has a place of its own. */
enum list_slot {
	LIST_MAP,
	LIST_MAP_FAILED,
	LIST_MAP_TABLE,
	LIST_UNMAP,
	LIST_SYNC_CPU,
	LIST_SYNC_DEVICE,
	LIST_ALLOC,
	LIST_FREE,
	LIST_SLOTS,
};

struct list_record {
	struct dma_probe_event event;
	__u8 entry[DMA_PROBE_ENTRIES * DMA_PROBE_ENTRY_SIZE];
	__u64 next; /* address of the entry to come; kept here it is a plain number */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LIST_SLOTS * DMA_PROBE_LEVELS);
	__type(key, __u32);
	__type(value, struct list_record);
} records SEC(".maps");

/* How far a list is sent. */
struct list_walk {
	__u32 left; /* entries to come */
	__u32 ahead;
	__u32 key;
	__u32 stop; /* sent or not, it is over */
	struct dma_probe_count *count;
};

static __always_inline __u64 entry_link(const __u8 *entry, __u32 number)
{
	return *(const __u64 *)(entry + number * bpf_core_type_size(struct scatterlist));
}

/* The same where @number is not known when the program is loaded. */
static __always_inline __u64 entry_link_at(const struct list_record *record, __u32 number)
{
	__u64 offset = number * (__u64)bpf_core_type_size(struct scatterlist);

	keep(offset);
	if (offset > sizeof(record->entry) - sizeof(__u64))
		return 0;
	return *(const __u64 *)(record->entry + offset);
}

/*
 * The number of the first of @count entries that is a link to the next table, or
 * @count. Without a branch for each entry: they are seldom there.
 */
static __noinline __u32 find_chain(const struct list_record *record, __u32 count)
{
	const __u8 *entry = record->entry;
	__u32 links = 0;

	if (count <= 4) {
#pragma unroll
		for (__u32 i = 0; i < 4; i++)
			links |= (__u32)(entry_link(entry, i) & SG_CHAIN) << i;
	} else {
#pragma unroll
		for (__u32 i = 0; i < DMA_PROBE_ENTRIES; i++)
			links |= (__u32)(entry_link(entry, i) & SG_CHAIN) << i;
	}
	if (!links)
		return count;
	for (__u32 i = 0; i < DMA_PROBE_ENTRIES && i < count; i++, links >>= 1)
		if (links & 1)
			return i;
	return count;
}

static __always_inline bool copy(struct list_record *record, __u64 from, __u32 count)
{
	__u64 bytes = count * (__u64)bpf_core_type_size(struct scatterlist);

	keep(bytes);
	if (bytes > sizeof(record->entry))
		return false;
	return !bpf_probe_read_kernel(record->entry, bytes, (const void *)from);
}

/* Copy up to @count entries; how many were. */
static __always_inline __u32 copy_entries(struct list_record *record, __u64 from, __u32 count)
{
	__u32 room;

	if (copy(record, from, count))
		return count;
	/* What lies behind the list's last table may not be mapped. */
	room = (SG_PAGE - (from & (SG_PAGE - 1))) / bpf_core_type_size(struct scatterlist);
	return room < count && copy(record, from, room) ? room : 0;
}

static __always_inline void list_output(struct list_walk *walk, struct list_record *record,
					__u32 count, __u8 type)
{
	__u64 bytes = count * (__u64)bpf_core_type_size(struct scatterlist);

	keep(bytes);
	if (bytes > sizeof(record->entry))
		return;
	bytes += sizeof(record->event);
	record->event.type = type;
	record->event.entries = count;
	record->event.ahead = walk->ahead;
	if (bpf_ringbuf_output(&ring, record, bytes,
			       BPF_RB_NO_WAKEUP)) {
		drop(walk->count);
		walk->stop = 1;
	} else if (type == DMA_PROBE_EVENT) {
		walk->count->events++;
	}
}

/* Send what comes next; 1 when it was the last. */
static __noinline long list_step(__u32 index, struct list_walk *walk)
{
	struct list_record *record = bpf_map_lookup_elem(&records, &walk->key);
	__u32 want = walk->left, got, chain;
	bool last;

	if (!record || walk->stop)
		return 1;
	if (want > DMA_PROBE_ENTRIES)
		want = DMA_PROBE_ENTRIES;
	got = copy_entries(record, record->next, want);
	chain = find_chain(record, got);
	if (chain < got) {
		record->next = entry_link_at(record, chain) & ~SG_FLAGS;
		got = chain;
	} else {
		record->next += got * bpf_core_type_size(struct scatterlist);
	}
	walk->left -= got;
	last = !walk->left || (!got && !chain) || walk->ahead + got >= DMA_PROBE_LIST ||
	       index + 1 == DMA_PROBE_PIECES;
	if (last && walk->left) {
		record->event.flags |= DMA_PROBE_CUT;
		walk->count->cut++;
	}
	if (last || got)
		list_output(walk, record, got, last ? DMA_PROBE_EVENT : DMA_PROBE_PIECE);
	walk->ahead += got;
	walk->stop |= last;
	return last ? 1 : 0;
}

/* What an event with a list has beside it. */
struct list_call {
	enum list_slot slot;
	struct device *dev;
	__u64 list;
	__u32 nents;
	__u32 ents;
	__u32 dir;
	__s32 error;
	__u64 attrs;
	__u64 size;
	__u32 gfp;
};

static __always_inline void list_send(struct call *call, const struct list_call *list)
{
	struct list_walk walk = {
		.left = list->nents,
		.key = list->slot * DMA_PROBE_LEVELS + call->level,
		.count = call->count,
	};
	struct list_record *record;

	if (!transfer_wanted(~0ULL, list->dir) || !device_wanted(list->dev, call->count))
		return;
	record = bpf_map_lookup_elem(&records, &walk.key);
	if (!record)
		return;
	record->next = list->list;
	event_fill(call, &record->event);
	record->event.device = (__u64)list->dev;
	record->event.dir = list->dir;
	record->event.nents = list->nents;
	record->event.ents = list->ents;
	record->event.error = list->error;
	record->event.attrs = list->attrs;
	record->event.size = list->size;
	record->event.gfp = list->gfp;
	if (!list_step(0, &walk))
		bpf_loop(DMA_PROBE_PIECES, list_step, &walk, 0);
}

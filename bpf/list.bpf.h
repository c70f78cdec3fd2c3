/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * list.bpf.h - events that have a scatterlist, whole
 *
 * Entries are copied many at a time, straight into the ring, and only then looked at for
 * the link to the next table of a chain: reading them one by one costs ten times as
 * much. Where they land nobody has written for long, and a second copy from a place of
 * ours would cost as much as all the rest.
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

/*
 * What is sent of which call, and how far. Kept in a map these are plain numbers to the
 * verifier, which looks at list_step() once then, and not where it is called.
 */
struct list_state {
	struct list_call list;
	__u32 hook;
	__u32 level;
	__s32 stack;
	__u32 stop; /* sent or not, it is over */
	__u64 next; /* address of the entry to come */
	__u32 left;
	__u32 ahead;
	__u32 before; /* of the record in the making: the one beside the request, */
	__u32 copied; /* and what came behind it */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LIST_SLOTS * DMA_PROBE_LEVELS);
	__type(key, __u32);
	__type(value, struct list_state);
} states SEC(".maps");

#define ENTRY_SIZE ((__u64)bpf_core_type_size(struct scatterlist))

static __always_inline __u64 entry_link(const __u8 *entry)
{
	return *(const __u64 *)entry;
}

/* The link of the entry @number of @room, where that is not known at loading. */
static __always_inline __u64 entry_link_at(const __u8 *entry, __u32 room, __u32 number)
{
	__u64 offset = number * ENTRY_SIZE;

	keep(offset);
	if (offset > (room - 1) * DMA_PROBE_ENTRY_SIZE)
		return 0;
	return entry_link(entry + offset);
}

/* Is one of @room entries a link to the next table? A constant, and no branches. */
static __always_inline bool has_chain(const __u8 *entry, __u32 room)
{
	__u64 links = 0;

#pragma unroll
	for (__u32 i = 0; i < room; i++) {
		links |= entry_link(entry);
		entry += ENTRY_SIZE;
		keep(entry);
	}
	return links & SG_CHAIN;
}

/*
 * The number of the first of @count entries that is such a link, or @count. Without
 * branches, from the last to the first: where a loop ends at one of many places, the
 * verifier follows all that comes after from each of them.
 */
static __always_inline __u32 find_chain(const __u8 *entry, __u32 room, __u32 count)
{
	__u64 first = count;

	if (!has_chain(entry, room))
		return count;
	entry += room * ENTRY_SIZE;
	keep(entry);
#pragma unroll
	for (__u32 i = room; i-- > 0;) {
		__u64 is_chain;

		entry -= ENTRY_SIZE;
		keep(entry);
		is_chain = entry_link(entry) & SG_CHAIN;
		keep(is_chain);
		first += (i - first) * is_chain;
	}
	return first < count ? first : count;
}

static __always_inline bool copy(__u8 *entry, __u32 room, __u64 from, __u32 count)
{
	__u64 bytes = count * ENTRY_SIZE;

	keep(bytes);
	if (bytes > room * DMA_PROBE_ENTRY_SIZE)
		return false;
	return !bpf_probe_read_kernel(entry, bytes, (const void *)from);
}

/* Copy up to @count entries; how many were. */
static __always_inline __u32 copy_entries(__u8 *entry, __u32 room, __u64 from, __u32 count)
{
	__u32 fit;

	if (copy(entry, room, from, count))
		return count;
	/* What lies behind the list's last table may not be mapped. */
	fit = (SG_PAGE - (from & (SG_PAGE - 1))) / ENTRY_SIZE;
	return fit < count && copy(entry, room, from, fit) ? fit : 0;
}

/*
 * Drivers keep the first two entries of a list with the request: of a longer one the
 * second is a link. So that not each of those becomes two records, the two are looked at
 * before all are copied. 1 where it is so, with the first entry copied.
 */
static __always_inline __u32 copy_inline(__u8 *entry, struct list_state *state)
{
	if (bpf_probe_read_kernel(entry, 2 * ENTRY_SIZE, (const void *)state->next) ||
	    !(entry_link(entry + ENTRY_SIZE) & SG_CHAIN) || entry_link(entry) & SG_CHAIN)
		return 0;
	state->next = entry_link(entry + ENTRY_SIZE) & ~SG_FLAGS;
	return 1;
}

/*
 * Copy what comes next; how many entries came of it. In how many ways these can have been
 * copied is forgotten before they are looked at, or the verifier would do that in each.
 */
static __always_inline __u32 gather(__u8 *entry, struct list_state *state, __u32 room,
				    bool *moved)
{
	__u32 want = state->left < room ? state->left : room, all, chain;
	__u8 *rest = entry;

	state->before = 0;
	if (room > 2 && want > 2 && copy_inline(entry, state)) {
		rest += ENTRY_SIZE;
		want--;
		state->before = 1;
	}
	state->copied = copy_entries(rest, room, state->next, want);
	barrier();
	all = state->before + state->copied;
	chain = find_chain(entry, room + 1, all);
	*moved = all;
	if (chain < all)
		state->next = entry_link_at(entry, room + 1, chain) & ~SG_FLAGS;
	else
		state->next += state->copied * ENTRY_SIZE;
	return chain;
}

static __always_inline void list_fill(struct dma_probe_event *event,
				      const struct list_state *state)
{
	const struct list_call *list = &state->list;
	struct call call = {
		.hook = state->hook,
		.level = state->level,
		.stack = state->stack,
	};

	event_fill(&call, event);
	event->ns = bpf_ktime_get_ns();
	event->device = (__u64)list->dev;
	event->dir = list->dir;
	event->nents = list->nents;
	event->ents = list->ents;
	event->error = list->error;
	event->attrs = list->attrs;
	event->size = list->size;
	event->gfp = list->gfp;
}

/*
 * Send what comes next, in a record with room for @room entries, and for the one that
 * was beside the request. 1 when it was the last.
 */
static __always_inline long send_part(struct dma_probe_count *count,
				      struct list_state *state, __u32 index, __u32 room)
{
	struct dma_probe_event *event = bpf_ringbuf_reserve(
		&ring, sizeof(*event) + (room + 1) * DMA_PROBE_ENTRY_SIZE, 0);
	bool last, moved = false;
	__u32 got;

	if (!event) {
		drop(count);
		state->stop = 1;
		return 1;
	}
	got = gather((__u8 *)(event + 1), state, room, &moved);
	state->left -= got;
	last = !state->left || !moved || state->ahead + got >= DMA_PROBE_LIST ||
	       index + 1 == DMA_PROBE_PIECES;
	list_fill(event, state);
	event->entries = got;
	event->ahead = state->ahead;
	if (!last)
		event->type = DMA_PROBE_PIECE;
	if (last && state->left) {
		event->flags |= DMA_PROBE_CUT;
		count->cut++;
	}
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
	if (last)
		count->events++;
	state->ahead += got;
	state->stop = last;
	return last;
}

/*
 * The ring gives memory in sizes that are known at loading. It is not static: what is, is
 * looked at anew wherever it is called, in a loop thrice.
 */
__noinline long list_step(__u32 index, __u32 key)
{
	struct list_state *state = bpf_map_lookup_elem(&states, &key);
	struct dma_probe_count *count = state ? count_of(state->hook, state->level) : NULL;

	if (!count || state->stop)
		return 1;
	if (state->left <= 2)
		return send_part(count, state, index, 2);
	if (state->left <= 16)
		return send_part(count, state, index, 16);
	if (state->left <= 32)
		return send_part(count, state, index, 32);
	if (state->left <= 64)
		return send_part(count, state, index, 64);
	return send_part(count, state, index, DMA_PROBE_ENTRIES);
}

static long list_next(__u32 index, __u32 *key)
{
	return list_step(index, *key) ? 1 : 0;
}

static __always_inline void list_send(struct call *call, const struct list_call *list)
{
	__u32 key = list->slot * DMA_PROBE_LEVELS + call->level;
	struct list_state *state;

	if (!transfer_wanted(~0ULL, list->dir) ||
	    !device_wanted(list->dev, call->count, call->typed))
		return;
	state = bpf_map_lookup_elem(&states, &key);
	if (!state)
		return;
	stack_take(call);
	*state = (struct list_state) {
		.list = *list,
		.hook = call->hook,
		.level = call->level,
		.stack = call->stack,
		.next = list->list,
		.left = list->nents,
	};
	if (!list_step(0, key))
		bpf_loop(DMA_PROBE_PIECES, list_next, &key, 0);
}

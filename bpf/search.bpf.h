/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * search.bpf.h - when slots for a bounce are searched for, and on which CPU
 *
 * What announces the search comes some programs before it, and what tells the answer a
 * copy behind it; in between a task may be preempted, and others find slots. So its
 * moment is kept right before it, until the return tells of it.
 *
 * Kernel counterpart: swiotlb_tbl_map_single() of kernel/dma/swiotlb.c
 */
#pragma once

#include "twin.bpf.h"

#define SEARCHES 1024 /* places by the buffer: for those under way at once */

/* Of two that share a place the later is kept; the other has the time of its return. */
struct slot_search {
	__u64 phys; /* written last, and taken away first */
	__u64 task;
	__u64 ns;
	__u64 cpu;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SEARCHES);
	__type(key, __u32);
	__type(value, struct slot_search);
} searches SEC(".maps");

#define NO_PHYS (~0ULL)

static __always_inline volatile struct slot_search *search_place(__u64 phys)
{
	__u32 key = phys / 2048 % SEARCHES;

	return bpf_map_lookup_elem(&searches, &key);
}

/* dev, phys, and what differs between kernels */
SEC("fentry/swiotlb_tbl_map_single")
int search_begins(__u64 *ctx)
{
	volatile struct slot_search *place = search_place(ctx[1]);

	if (!place || !recording)
		return 0;
	place->phys = NO_PHYS;
	place->task = bpf_get_current_task();
	place->cpu = bpf_get_smp_processor_id();
	place->ns = bpf_ktime_get_ns();
	place->phys = ctx[1];
	return 0;
}

/* The event is that of the search, where that was seen. */
static __always_inline void search_tell(struct dma_probe_event *event)
{
	volatile struct slot_search *place = search_place(event->phys);
	__u64 ns, cpu;

	if (!place || place->phys != event->phys || place->task != bpf_get_current_task())
		return;
	ns = place->ns;
	cpu = place->cpu;
	if (place->phys != event->phys)
		return;
	place->phys = NO_PHYS;
	event->ns = ns;
	event->cpu = (__u32)cpu;
	event->flags |= DMA_PROBE_SEARCHED;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * twin.bpf.h - the two programs of a probe, and which of them sends an event
 *
 * The elder runs first, and sends whatever it sees. The twin must know whether it did.
 *
 * So the elder leaves the address of its arguments: both programs of an event are given
 * the same (one array of the tracepoint's, or of the function's trampoline), and no other
 * event that is under way has it. Where a task may be preempted it can be on another CPU
 * by the time of the twin, which then looks through the others' before it believes that
 * there is none.
 *
 * An event that interrupts a twin has none itself: an address stays that nobody takes, and
 * later an event of the same address may come while the elder is at work. So that it is
 * not taken for sent, the elder also says in which task it works: what comes in its midst
 * it was skipped for, whatever was left.
 */
#pragma once

#include "send.bpf.h"

/* Nothing is sent before all programs are attached, and nothing once they are to go. */
volatile __u32 recording = 0;

/* The address of an event's arguments as a number. */
static __always_inline __u64 name_of(const __u64 *ctx)
{
	return (__u64)ctx;
}

/*
 * Leave @name for the twin. Where all places are taken one must go: likely of a twin that
 * never came, for no interrupts are that deep; in turn, so that those are rid of.
 */
static __always_inline void leave_name(struct dma_probe_count *count, __u64 name)
{
	__u32 place = DMA_PROBE_UNDER_WAY;

#pragma unroll
	for (__u32 i = DMA_PROBE_UNDER_WAY; i-- > 0;) {
		__u64 other = *(volatile __u64 *)&count->handled[i];

		if (other == name)
			return;
		if (!other)
			place = i;
	}
	if (place == DMA_PROBE_UNDER_WAY)
		place = (__u32)++count->turned_out;
	*(volatile __u64 *)&count->handled[place & (DMA_PROBE_UNDER_WAY - 1)] = name;
}

static __always_inline bool take_name(struct dma_probe_count *count, __u64 name)
{
#pragma unroll
	for (__u32 i = 0; i < DMA_PROBE_UNDER_WAY; i++)
		if (*(volatile __u64 *)&count->handled[i] == name) {
			*(volatile __u64 *)&count->handled[i] = 0;
			return true;
		}
	return false;
}

struct search {
	__u64 name;
	__u32 key;
	bool found;
};

static long take_name_of_cpu(__u32 cpu, struct search *search)
{
	struct dma_probe_count *count = bpf_map_lookup_percpu_elem(&counts, &search->key, cpu);

	search->found = count && take_name(count, search->name);
	return !count || search->found;
}

static __noinline bool take_name_anywhere(__u64 name, __u32 hook)
{
	struct search search = { .name = name, .key = hook * DMA_PROBE_LEVELS };

	bpf_loop(DMA_PROBE_CPUS, take_name_of_cpu, &search, 0);
	return search.found;
}

/* Is this an interrupt of the elder's own work? Another task's may only be waiting. */
static __always_inline bool at_work(const struct dma_probe_count *count)
{
	__u64 task = *(const volatile __u64 *)&count->task;

	return task && task == bpf_get_current_task();
}

static __always_inline bool elder_has_sent(__u64 name, __u32 hook)
{
	struct dma_probe_count *count = count_of(hook, 0);

	if (!count)
		return true;
	if (at_work(count))
		return false;
	return take_name(count, name) || take_name_anywhere(name, hook);
}

/* What the two programs of a hook do; @body takes a struct call and returns nothing. */
#define RUN_ELDER(ctx, hook, body)                                                      \
	({                                                                              \
		struct call elder_ = { ctx, ctx, count_of(hook, 0), hook, 0, true };    \
                                                                                        \
		if (elder_.count) {                                                     \
			*(volatile __u64 *)&elder_.count->task = bpf_get_current_task(); \
			leave_name(elder_.count, name_of(ctx));                         \
			if (recording)                                                  \
				body(&elder_);                                          \
			*(volatile __u64 *)&elder_.count->task = 0;                     \
		}                                                                       \
	})
#define RUN_TWIN(ctx, hook, body)                                                       \
	({                                                                              \
		struct call twin_ = { ctx, ctx, NULL, hook, 1, true };                  \
                                                                                        \
		if (!elder_has_sent(name_of(ctx), hook) && recording)                   \
			twin_.count = count_of(hook, 1);                                \
		if (twin_.count) {                                                      \
			twin_.count->runs++;                                            \
			body(&twin_);                                                   \
		}                                                                       \
	})

#define PROBE(section, how, name, body)                                                 \
	SEC(section "/" #name) int DMA_PROGRAM(how, name)(__u64 *ctx)                   \
	{                                                                               \
		RUN_ELDER(ctx, DMA_JOIN(HOOK_, DMA_PROGRAM(how, name)), body);          \
		return 0;                                                               \
	}                                                                               \
	SEC(section "/" #name) int DMA_JOIN(DMA_PROGRAM(how, name), _twin)(__u64 *ctx)  \
	{                                                                               \
		RUN_TWIN(ctx, DMA_JOIN(HOOK_, DMA_PROGRAM(how, name)), body);           \
		return 0;                                                               \
	}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * twin.bpf.h - the programs of a probe, and which of them sends an event
 *
 * The elder runs first, and sends whatever it sees. The twin must know whether it did; and
 * where programs may be preempted there are two more, each of which must know of all before.
 *
 * So the elder leaves the address of its arguments: all programs of an event are given
 * the same (one array of the tracepoint's, or of the function's trampoline), and no other
 * event that is under way has it. The next takes it, and leaves it for the one behind; the
 * last leaves nothing. Where a task may be preempted it can be on another CPU by then: the
 * others' are looked through before it is believed that there is none.
 *
 * An event that interrupts the last has none that takes its address. It stays, and
 * later an event of the same address may come while the elder is at work. So that it is
 * not taken for sent, a program also says in which task it works: what comes in its midst
 * it was skipped for, whatever was left.
 */
#pragma once

#include "send.bpf.h"

/* Nothing is sent before all programs are attached, and nothing once they are to go. */
volatile __u32 recording = 0;

/* Where events of this task, and those in its midst, are handed over. */
static __always_inline volatile unsigned long long *places_of(struct dma_probe_count *count)
{
	return count->handled[DMA_PROBE_SET_OF(bpf_get_current_task())];
}

/* The address of an event's arguments as a number. */
static __always_inline __u64 name_of(const __u64 *ctx)
{
	return (__u64)ctx;
}

/*
 * Leave @name for the twin. Where all its places are taken one must go: likely of a twin that
 * never came, for no interrupts are that deep; in turn, so that those are rid of. Tasks that
 * are preempted before their twins keep theirs for long, and so there are sets of places.
 */
static __always_inline void leave_name(struct dma_probe_count *count, __u64 name)
{
	volatile unsigned long long *handled = places_of(count);
	__u32 place = DMA_PROBE_UNDER_WAY;

#pragma unroll
	for (__u32 i = DMA_PROBE_UNDER_WAY; i-- > 0;) {
		__u64 other = handled[i];

		if (other == name)
			return;
		if (!other)
			place = i;
	}
	if (place == DMA_PROBE_UNDER_WAY)
		place = (__u32)++count->turned_out;
	handled[place & (DMA_PROBE_UNDER_WAY - 1)] = name;
}

static __always_inline bool take_name(struct dma_probe_count *count, __u64 name)
{
	volatile unsigned long long *handled = places_of(count);

#pragma unroll
	for (__u32 i = 0; i < DMA_PROBE_UNDER_WAY; i++)
		if (handled[i] == name) {
			handled[i] = 0;
			return true;
		}
	return false;
}

struct search {
	__u64 name;
	__u32 key; /* of the elder's counts */
	__u32 level;
	bool found;
};

static long take_name_of_cpu(__u32 cpu, struct search *search)
{
	for (__u32 i = 0; i < DMA_PROBE_LEVELS - 1 && i < search->level; i++) {
		__u32 key = search->key + i;
		struct dma_probe_count *count = bpf_map_lookup_percpu_elem(&counts, &key, cpu);

		if (!count)
			return 1;
		search->found = take_name(count, search->name);
		if (search->found)
			return 1;
	}
	return 0;
}

static __noinline bool take_name_anywhere(__u64 name, __u32 hook, __u32 level)
{
	struct search search = {
		.name = name,
		.key = hook * DMA_PROBE_LEVELS,
		.level = level,
	};

	bpf_loop(DMA_PROBE_CPUS, take_name_of_cpu, &search, 0);
	return search.found;
}

/* Is this an interrupt of a program's own work? Another task's may only be waiting. */
static __always_inline bool at_work(const struct dma_probe_count *count)
{
	__u64 task = *(const volatile __u64 *)&count->task;

	return task && task == bpf_get_current_task();
}

/* Where the program before @level left nothing: is it that it was skipped, too? */
static __noinline bool was_sent_before(__u64 name, __u32 hook, __u32 level, bool interrupt)
{
	for (__u32 i = level - 1; i-- > 0;) {
		struct dma_probe_count *count = count_of(hook, i);

		if (!count)
			return true;
		if (at_work(count))
			interrupt = true;
		else if (take_name(count, name))
			return true;
	}
	return !interrupt && take_name_anywhere(name, hook, level);
}

/* Did one of the programs before send it? */
static __always_inline bool was_sent(__u64 name, __u32 hook, __u32 level)
{
	struct dma_probe_count *count = count_of(hook, level - 1);
	bool interrupt;

	if (!count)
		return true;
	interrupt = at_work(count);
	return (!interrupt && take_name(count, name)) ||
	       was_sent_before(name, hook, level, interrupt);
}

static __always_inline void begin_work(struct dma_probe_count *count, __u64 name)
{
	*(volatile __u64 *)&count->task = bpf_get_current_task();
	leave_name(count, name);
}

static __always_inline void end_work(struct dma_probe_count *count)
{
	*(volatile __u64 *)&count->task = 0;
}

/* What the programs of a hook do; @body takes a struct call and returns nothing. */
#define RUN_ELDER(ctx, hook, body)                                                      \
	({                                                                              \
		struct call elder_ = { ctx, ctx, count_of(hook, 0), hook, 0, true };    \
                                                                                        \
		if (elder_.count) {                                                     \
			begin_work(elder_.count, name_of(ctx));                         \
			if (recording)                                                  \
				body(&elder_);                                          \
			end_work(elder_.count);                                         \
		}                                                                       \
	})
#define RUN_NEXT(ctx, hook, level, body)                                                \
	({                                                                              \
		struct call next_ = { ctx, ctx, count_of(hook, level), hook, level, true }; \
		const bool last_ = level == DMA_PROBE_LEVELS - 1 || level == options.last_level; \
                                                                                        \
		if (next_.count) {                                                      \
			if (!last_)                                                     \
				begin_work(next_.count, name_of(ctx));                  \
			if (!was_sent(name_of(ctx), hook, level) && recording) {        \
				next_.count->runs++;                                    \
				body(&next_);                                           \
			}                                                               \
			if (!last_)                                                     \
				end_work(next_.count);                                  \
		}                                                                       \
	})

/* A probe's programs, in the order of their levels. */
#define PROGRAM_NEXT(section, target, hook, program, level, body)                       \
	SEC(section "/" #target) int program(__u64 *ctx)                                \
	{                                                                               \
		RUN_NEXT(ctx, hook, level, body);                                       \
		return 0;                                                               \
	}
#define PROGRAMS(section, target, hook, program, body)                                  \
	SEC(section "/" #target) int program(__u64 *ctx)                                \
	{                                                                               \
		RUN_ELDER(ctx, hook, body);                                             \
		return 0;                                                               \
	}                                                                               \
	PROGRAM_NEXT(section, target, hook, DMA_JOIN(program, _twin), 1, body)          \
	PROGRAM_NEXT(section, target, hook, DMA_JOIN(program, _third), 2, body)         \
	PROGRAM_NEXT(section, target, hook, DMA_JOIN(program, _fourth), 3, body)

#define PROBE(section, how, name, body)                                                 \
	PROGRAMS(section, name, DMA_JOIN(HOOK_, DMA_PROGRAM(how, name)),                \
		 DMA_PROGRAM(how, name), body)

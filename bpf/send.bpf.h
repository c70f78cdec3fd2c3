/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * send.bpf.h - filter an event, make its record, and count what could not be sent
 *
 * A program that is interrupted by its own event is not run again on that CPU: the
 * kernel skips it. So each probe has a twin, which runs behind it on the same hook and
 * sends the events that its elder was skipped for (twin.bpf.h).
 */
#pragma once

const volatile struct dma_probe_options options = {};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 32 << 20);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, DMA_HOOKS * DMA_PROBE_LEVELS);
	__type(key, __u32);
	__type(value, struct dma_probe_count);
} counts SEC(".maps");

/* One place for all stacks of the same remainder, which keeps the first: thus two. */
struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, DMA_PROBE_STACKS);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, DMA_PROBE_FRAMES * sizeof(__u64));
} stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, DMA_PROBE_MORE_STACKS);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, DMA_PROBE_FRAMES * sizeof(__u64));
} more_stacks SEC(".maps");

/*
 * One run of a probe. What the verifier knows the types of may be followed by plain loads,
 * which cost nothing; the arguments of a kprobe are only numbers to it.
 */
struct call {
	void *ctx; /* the program's own */
	__u64 *args;
	struct dma_probe_count *count;
	__u32 hook;
	__u32 level;
	bool typed;
	__s32 stack;
	bool begins; /* what it tells of: bodies say so where the moment matters */
	__u64 ended; /* when it had, by then; or 0 */
};

#define FOLLOW(typed, pointer, member)                                                  \
	((typed) ? (pointer)->member : BPF_CORE_READ(pointer, member))

static __always_inline struct dma_probe_count *count_of(__u32 hook, __u32 level)
{
	__u32 key = hook * DMA_PROBE_LEVELS + level;

	return bpf_map_lookup_elem(&counts, &key);
}

static __always_inline void drop(struct dma_probe_count *count)
{
	count->last_ns = bpf_ktime_get_ns();
	count->dropped++;
}

/*
 * All but the time. What is done under a lock is done between the end of a program at a
 * function's beginning and the beginning of one at its return: the time is taken there,
 * so that two CPUs which wait for the lock are told in the order in which they had it.
 */
static __always_inline void event_fill(struct call *call, struct dma_probe_event *event)
{
	__builtin_memset(event, 0, sizeof(*event));
	event->type = DMA_PROBE_EVENT;
	event->hook = call->hook;
	event->level = call->level;
	event->cpu = bpf_get_smp_processor_id();
	event->pid = (__u32)bpf_get_current_pid_tgid();
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	event->stack = call->stack;
}

/* A stack that comes before its event; the number is given to no other for a while. */
static __always_inline __s32 stack_send(struct call *call)
{
	struct dma_probe_stack *stack = bpf_ringbuf_reserve(&ring, sizeof(*stack), 0);
	__s32 number = DMA_PROBE_SENT_STACK - (__s32)(bpf_get_prandom_u32() >> 2);
	long size;

	if (!stack)
		return DMA_PROBE_NO_STACK;
	size = bpf_get_stack(call->ctx, stack->address, sizeof(stack->address), 0);
	if (size <= 0) {
		bpf_ringbuf_discard(stack, BPF_RB_NO_WAKEUP);
		return DMA_PROBE_NO_STACK;
	}
	stack->type = DMA_PROBE_STACK;
	stack->number = number;
	stack->frames = (__u32)size / sizeof(stack->address[0]);
	bpf_ringbuf_submit(stack, BPF_RB_NO_WAKEUP);
	return number;
}

/* Before there is room for the event. */
static __always_inline void stack_take(struct call *call)
{
	call->stack = DMA_PROBE_NO_STACK;
	if (!options.stack)
		return;
	call->stack = bpf_get_stackid(call->ctx, &stacks, BPF_F_FAST_STACK_CMP);
	if (call->stack == -EEXIST) {
		call->stack = bpf_get_stackid(call->ctx, &more_stacks, BPF_F_FAST_STACK_CMP);
		if (call->stack >= 0)
			call->stack += DMA_PROBE_STACKS;
	}
	if (options.stack_sent && call->stack < 0)
		call->stack = stack_send(call);
}

static __always_inline bool process_wanted(void)
{
	return !options.pid || bpf_get_current_pid_tgid() >> 32 == options.pid;
}

/* An event of no device is nobody's when devices or drivers were named. */
static __always_inline bool anonymous_wanted(void)
{
	return !options.devices && !options.drivers && process_wanted();
}

static __always_inline bool transfer_wanted(__u64 size, __u32 dir)
{
	return options.directions >> (dir & 3) & 1 && size >= options.min_size;
}

static __always_inline struct dma_probe_event *event_reserve(struct call *call)
{
	struct dma_probe_event *event;

	stack_take(call);
	event = bpf_ringbuf_reserve(&ring, sizeof(*event), 0);
	if (!event) {
		drop(call->count);
		return NULL;
	}
	event_fill(call, event);
	if (!call->begins)
		event->ns = call->ended ?: bpf_ktime_get_ns();
	return event;
}

static __always_inline void event_submit(struct call *call, struct dma_probe_event *event)
{
	if (call->begins)
		event->ns = bpf_ktime_get_ns();
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
	call->count->events++;
}

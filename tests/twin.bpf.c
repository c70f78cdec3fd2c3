// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * twin.bpf.c - the programs of a probe, with events that the test makes up
 *
 * They run by BPF_PROG_TEST_RUN, each alone, in the order and on the CPU that the test
 * says; and at a tracepoint of the kernel's, as the probes do.
 */
#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

__u64 task = 0; /* in which the events are; 0: that of the test */
#define bpf_get_current_task() (task ? task : (bpf_get_current_task)())

#include "dma.h"
#include "twin.bpf.h"

/* Hooks of the table stand in for those of the test. */
#define HOOK_MADE	  0
#define HOOK_tp_sys_enter 1

__u64 name = 0;	    /* of the event: the address of its arguments */
__u64 interrupt = 0; /* of another that comes while one of them is at work, or 0, */
__u32 interrupted = 0; /* which, */
__u32 skipped = 0;     /* and which of them are not run for it, a bit each */
__u32 process = 0;
__u64 sent[DMA_PROBE_LEVELS] = {};
__u64 traced[DMA_PROBE_LEVELS] = {};
__u64 asked_ns = 0; /* before there was room for an event, */
__u64 given_ns = 0; /* and then */

static __always_inline void count_interrupt(struct call *call)
{
	sent[call->level]++;
}

static __always_inline void count_made(struct call *call)
{
	sent[call->level]++;
	if (!interrupt || call->level != interrupted)
		return;
	if (!(skipped & 1))
		RUN_ELDER((__u64 *)interrupt, HOOK_MADE, count_interrupt);
	if (!(skipped & 2))
		RUN_NEXT((__u64 *)interrupt, HOOK_MADE, 1, count_interrupt);
	if (options.last_level > 1 && !(skipped & 4))
		RUN_NEXT((__u64 *)interrupt, HOOK_MADE, 2, count_interrupt);
	if (options.last_level > 1)
		RUN_NEXT((__u64 *)interrupt, HOOK_MADE, 3, count_interrupt);
}

static __always_inline void count_traced(struct call *call)
{
	if (bpf_get_current_pid_tgid() >> 32 == process)
		__sync_fetch_and_add(&traced[call->level], 1);
}

SEC("raw_tp")
int elder(void *ctx)
{
	RUN_ELDER((__u64 *)name, HOOK_MADE, count_made);
	return 0;
}

#define NEXT(program, level)                                            \
	SEC("raw_tp")                                                   \
	int program(void *ctx)                                          \
	{                                                               \
		RUN_NEXT((__u64 *)name, HOOK_MADE, level, count_made);  \
		return 0;                                               \
	}

NEXT(twin, 1)
NEXT(third, 2)
NEXT(fourth, 3)

static __always_inline void send_made(struct call *call)
{
	struct dma_probe_event *event;

	asked_ns = bpf_ktime_get_ns();
	event = event_reserve(call);
	if (!event)
		return;
	given_ns = bpf_ktime_get_ns();
	event_submit(call, event);
}

static __always_inline void send_begun(struct call *call)
{
	call->begins = true;
	send_made(call);
}

static __always_inline void send_ended(struct call *call)
{
	call->ended = bpf_ktime_get_ns();
	send_made(call);
}

#define SENDS(program, body)                                    \
	SEC("raw_tp")                                           \
	int program(void *ctx)                                  \
	{                                                       \
		RUN_ELDER((__u64 *)name, HOOK_MADE, body);      \
		return 0;                                       \
	}

SENDS(sends, send_made)
SENDS(sends_begun, send_begun)
SENDS(sends_ended, send_ended)

PROBE("tp_btf", TP, sys_enter, count_traced)

char LICENSE[] SEC("license") = "GPL";

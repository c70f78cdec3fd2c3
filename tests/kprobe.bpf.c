// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kprobe.bpf.c - what a kprobe keeps of a call for its return, with registers made up
 *
 * They run by BPF_PROG_TEST_RUN, in the order that the test says.
 */
#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "dma.h"
#include "kprobe.bpf.h"

__u64 made_regs[64];	/* a struct pt_regs as this kernel has it */
__u64 made_stack[1024]; /* call @frame returns to its entry of that number */

/* Of the call: which of the hooks, where its frame is, its arguments and its result. */
__u32 hook = 0;
__u32 frame = 0;
__u64 call_args[DMA_ARGUMENTS_MAX] = {};
__u64 result = 0;

/* What the return was given. */
__u32 found = 0;
__u64 kept[DMA_ARGUMENTS_MAX + 1] = {};

#define REGISTER(name) made_regs[bpf_core_field_offset(struct pt_regs, name) / 8]

SEC("raw_tp")
int enter(void *ctx)
{
	__u32 top = frame & 511;

	REGISTER(sp) = (__u64)&made_stack[top];
	REGISTER(di) = call_args[0];
	REGISTER(si) = call_args[1];
	REGISTER(dx) = call_args[2];
	REGISTER(cx) = call_args[3];
	REGISTER(r8) = call_args[4];
	REGISTER(r9) = call_args[5];
	made_stack[top + 1] = call_args[6];
	save_call((const struct pt_regs *)made_regs, hook, DMA_ARGUMENTS_MAX);
	return 0;
}

SEC("raw_tp")
int leave(void *ctx)
{
	REGISTER(sp) = (__u64)&made_stack[(frame & 511) + 1];
	REGISTER(ax) = result;
	found = find_call((const struct pt_regs *)made_regs, hook, DMA_ARGUMENTS_MAX, kept);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

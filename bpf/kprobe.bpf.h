/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kprobe.bpf.h - the other form of a probe at a function, for kernels that refuse fentry
 *
 * The bodies are the same. A kprobe is given registers, of which the arguments are read;
 * at a return those are gone, so a second program keeps them from the beginning, under
 * the place of the stack that the call returns from: no other call that is under way has
 * it, on whatever CPU it ends.
 *
 * There is no twin. While a kprobe is at work the kernel skips every other on that CPU,
 * so that a second one would miss what the first did. What was missed is counted: by the
 * kernel (src/kprobes.c), and here where a return is seen whose beginning was not.
 */
#pragma once

#include "send.bpf.h"
#include "twin.bpf.h"

struct saved_key {
	__u64 frame;
	__u64 hook;
};

struct saved_call {
	__u64 args[DMA_ARGUMENTS_MAX + 1]; /* and what it returned */
};

/* A return that the kernel misses leaves its call here: the eldest go. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct saved_key);
	__type(value, struct saved_call);
} saved_calls SEC(".maps");

/* One by one, for the verifier wants the registers' places as constants. */
static __always_inline void read_arguments(const struct pt_regs *regs, __u64 *args, __u32 count)
{
	args[0] = regs->di;
	if (count > 1)
		args[1] = regs->si;
	if (count > 2)
		args[2] = regs->dx;
	if (count > 3)
		args[3] = regs->cx;
	if (count > 4)
		args[4] = regs->r8;
	if (count > 5)
		args[5] = regs->r9;
	if (count > 6) /* behind the address to return to */
		bpf_probe_read_kernel(&args[6], sizeof(args[6]),
				      (const void *)(regs->sp + sizeof(__u64)));
}

static __always_inline void save_call(const struct pt_regs *regs, __u32 hook, __u32 arguments)
{
	struct saved_key key = { regs->sp + sizeof(__u64), hook };
	struct saved_call saved = {};

	read_arguments(regs, saved.args, arguments);
	bpf_map_update_elem(&saved_calls, &key, &saved, BPF_ANY);
}

static __always_inline bool find_call(const struct pt_regs *regs, __u32 hook, __u32 arguments,
				      __u64 *args)
{
	struct saved_key key = { regs->sp, hook };
	const struct saved_call *saved = bpf_map_lookup_elem(&saved_calls, &key);

	if (!saved)
		return false;
	__builtin_memcpy(args, saved->args, arguments * sizeof(*args));
	bpf_map_delete_elem(&saved_calls, &key);
	args[arguments] = regs->ax;
	return true;
}

#define KPROBE_ENTRY(name, body)                                                        \
	SEC("kprobe") int kp_##name(struct pt_regs *regs)                                       \
	{                                                                               \
		const __u32 hook = HOOK_fn_##name;                                      \
		__u64 args[ARGUMENTS_fn_##name];                                        \
		struct call call = { regs, args, count_of(hook, 0), hook, 0, false };    \
                                                                                        \
		if (!call.count)                                                        \
			return 0;                                                       \
		call.count->runs++;                                                     \
		read_arguments(regs, args, ARGUMENTS_fn_##name);                         \
		if (recording)                                                          \
			body(&call);                                                    \
		return 0;                                                               \
	}

/* Calls are saved before anything is recorded: they may end while it is. */
#define KPROBE_EXIT(name, body)                                                         \
	SEC("kprobe") int kp_##name(struct pt_regs *regs)                                       \
	{                                                                               \
		save_call(regs, HOOK_fn_##name, ARGUMENTS_fn_##name);                    \
		return 0;                                                               \
	}                                                                               \
	SEC("kretprobe") int kr_##name(struct pt_regs *regs)                                    \
	{                                                                               \
		const __u32 hook = HOOK_fn_##name;                                      \
		__u64 args[ARGUMENTS_fn_##name + 1];                                    \
		struct call call = { regs, args, count_of(hook, 0), hook, 0, false };    \
                                                                                        \
		if (!call.count)                                                        \
			return 0;                                                       \
		call.count->runs++;                                                     \
		if (!find_call(regs, hook, ARGUMENTS_fn_##name, args))                   \
			call.count->orphans++;                                          \
		else if (recording)                                                     \
			body(&call);                                                    \
		return 0;                                                               \
	}

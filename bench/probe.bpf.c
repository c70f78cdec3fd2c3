// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * probe.bpf.c - the probes' bodies on a made-up device and list, many times over
 *
 * They run by BPF_PROG_TEST_RUN, so that no device has to do anything. What the
 * verifier takes for a struct device is a piece of a map with the members that are
 * read, put where this kernel has them.
 */
#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "dma.h"
#include "tracepoints.bpf.h"

extern void *bpf_rdonly_cast(const void *object, __u32 type) __ksym;

#define LIST_MAX 1024

__u64 made_device[512];
__u64 made_parameters[16];
__u64 made_driver[64];
__u64 made_list[LIST_MAX * DMA_PROBE_ENTRY_SIZE / 8];
__u64 made_mask = ~0ULL;
char made_name[] = "0000:00:02.0";

__u32 turns = 0;
__u32 entries = 1;
__u64 ns = 0;

#define MADE(thing, type, member) thing[bpf_core_field_offset(struct type, member) / 8]

SEC("raw_tp")
int prepare(void *ctx)
{
	MADE(made_device, device, init_name) = (__u64)made_name;
	MADE(made_device, device, dma_mask) = (__u64)&made_mask;
	MADE(made_device, device, coherent_dma_mask) = ~0ULL;
	MADE(made_device, device, dma_parms) = (__u64)made_parameters;
	MADE(made_device, device, driver) = (__u64)made_driver;
	MADE(made_driver, device_driver, name) = (__u64)made_name;
	return 0;
}

static __always_inline void fill(__u64 *arguments)
{
	arguments[0] = (__u64)bpf_rdonly_cast(made_device,
					      bpf_core_type_id_kernel(struct device));
	arguments[1] = 0x100000;
	arguments[2] = 0x100000;
	arguments[3] = 4096;
	arguments[4] = 1;
	arguments[5] = 0;
}

/* The programs of a hook, as many as there are where none can be preempted, or all. */
#define RUN_ALL(arguments, hook, body)                          \
	do {                                                    \
		RUN_ELDER(arguments, hook, body);               \
		RUN_NEXT(arguments, hook, 1, body);             \
		if (options.last_level > 1) {                   \
			RUN_NEXT(arguments, hook, 2, body);     \
			RUN_NEXT(arguments, hook, 3, body);     \
		}                                               \
	} while (0)

static long turn_nothing(__u32 index, void *unused)
{
	return 0;
}

static long turn_map(__u32 index, void *unused)
{
	__u64 arguments[6];

	fill(arguments);
	RUN_ALL(arguments, HOOK_tp_dma_map_phys, trace_map);
	return 0;
}

static long turn_map_sg(__u32 index, void *unused)
{
	__u64 arguments[6];

	fill(arguments);
	arguments[1] = (__u64)made_list;
	arguments[2] = arguments[3] = entries;
	RUN_ALL(arguments, HOOK_tp_dma_map_sg, trace_map_sg);
	return 0;
}

#define MEASURE(what)                                      \
	SEC("raw_tp") int measure_##what(void *ctx)        \
	{                                                  \
		__u64 begin = bpf_ktime_get_ns();          \
                                                           \
		bpf_loop(turns, turn_##what, NULL, 0);     \
		ns = bpf_ktime_get_ns() - begin;           \
		return 0;                                  \
	}

MEASURE(nothing)
MEASURE(map)
MEASURE(map_sg)

/* What a system call that is traced costs before anyone looks at it. */
SEC("tp_btf/sys_enter")
int enter(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

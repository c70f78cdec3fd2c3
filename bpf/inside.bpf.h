/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inside.bpf.h - what only the kernel's memory tells, read once
 *
 * The addresses come from kallsyms, which some kernels keep to themselves: then they
 * are 0, and so is what would have been read there.
 */
#pragma once

#include "send.bpf.h"

extern const void vmemmap_base __ksym __weak;
extern const void io_tlb_default_mem __ksym __weak;

struct dma_probe_kernel inside = {};

static __always_inline void read_swiotlb(const struct io_tlb_mem *mem)
{
	if (bpf_core_field_exists(mem->defpool)) {
		inside.swiotlb_start = BPF_CORE_READ(mem, defpool.start);
		inside.swiotlb_slots = BPF_CORE_READ(mem, defpool.nslabs);
		inside.swiotlb_areas = BPF_CORE_READ(mem, defpool.nareas);
	} else {
		inside.swiotlb_start = BPF_CORE_READ(mem, start);
		inside.swiotlb_slots = BPF_CORE_READ(mem, nslabs);
		inside.swiotlb_areas = BPF_CORE_READ(mem, nareas);
	}
	inside.swiotlb_force = BPF_CORE_READ(mem, force_bounce);
	inside.swiotlb_known = 1;
}

SEC("raw_tp")
int read_inside(void *ctx)
{
	if (&vmemmap_base)
		bpf_probe_read_kernel(&inside.vmemmap, sizeof(inside.vmemmap), &vmemmap_base);
	if (&io_tlb_default_mem)
		read_swiotlb((const struct io_tlb_mem *)&io_tlb_default_mem);
	return 0;
}

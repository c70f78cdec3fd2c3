/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * functions.bpf.h - the probes at functions, for what no tracepoint tells
 *
 * What makes something is watched where it returns, with its result; what ends
 * something where it begins, before another CPU can be given the same address.
 *
 * Kernel counterpart: kernel/dma/mapping.c, mm/dmapool.c, drivers/iommu/{dma-iommu,iova}.c
 */
#pragma once

#include "kprobe.bpf.h"
#include "search.bpf.h"
#include "tracepoints.bpf.h"

#define MAPPING_ERROR (~0ULL)
#define FAILED	      (-12) /* ENOMEM: what a call that only says "no" is taken to mean */

/* dev, page, offset, size, dir, attrs; dma */
static __always_inline void exit_map_page(struct call *call)
{
	struct dma_probe_event *event;

	if (!transfer_wanted(call->args[3], call->args[4]))
		return;
	event = event_begin(call, DEVICE(0));
	if (!event)
		return;
	bpf_probe_read_kernel(&event->phys, sizeof(event->phys), &call->args[1]);
	event->flags = DMA_PROBE_PAGE;
	event->extra = call->args[2];
	event->size = call->args[3];
	event->dir = call->args[4];
	event->attrs = call->args[5];
	event->dma = call->args[6];
	event_submit(call, event);
}

/* dev, phys, size, dir, attrs; dma */
static __always_inline struct dma_probe_event *map_phys_begin(struct call *call)
{
	struct dma_probe_event *event;

	if (!transfer_wanted(call->args[2], call->args[3]))
		return NULL;
	event = event_begin(call, DEVICE(0));
	if (!event)
		return NULL;
	event->phys = call->args[1];
	event->size = call->args[2];
	event->dir = call->args[3];
	event->attrs = call->args[4];
	event->dma = call->args[5];
	return event;
}

static __always_inline void exit_map_phys(struct call *call)
{
	struct dma_probe_event *event = map_phys_begin(call);

	if (event)
		event_submit(call, event);
}

/* dev, sg, nents, dir, attrs; ents, 0 where it failed */
static __always_inline void exit_map_sg(struct call *call)
{
	__u32 ents = call->args[5];
	struct list_call list = {
		.slot = LIST_MAP_FAILED,
		.dev = DEVICE(0),
		.list = call->args[1],
		.nents = call->args[2],
		.ents = ents,
		.error = ents ? 0 : FAILED,
		.dir = call->args[3],
		.attrs = call->args[4],
	};

	if (!ents || !options.sg_traced)
		list_send(call, &list);
}

/* dev, sgt, dir, attrs; 0 or an error */
static __always_inline void exit_map_sgtable(struct call *call)
{
	const struct sg_table *table = (const struct sg_table *)call->args[1];
	__s32 error = call->args[4];
	struct list_call list = {
		.slot = LIST_MAP_TABLE,
		.dev = DEVICE(0),
		.list = (__u64)FOLLOW(call->typed, table, sgl),
		.nents = FOLLOW(call->typed, table, orig_nents),
		.ents = error ? 0 : FOLLOW(call->typed, table, nents),
		.error = error,
		.dir = call->args[2],
		.attrs = call->args[3],
	};

	if (error || !options.sg_traced)
		list_send(call, &list);
}

/* dev, size, *dma, gfp, attrs; cpu_addr */
static __always_inline void exit_alloc(struct call *call)
{
	struct dma_probe_event *event = event_begin(call, DEVICE(0));

	if (!event)
		return;
	event->size = call->args[1];
	event->gfp = call->args[3];
	event->attrs = call->args[4];
	event->cpu_addr = call->args[5];
	if (call->args[5])
		bpf_probe_read_kernel(&event->dma, sizeof(event->dma), (void *)call->args[2]);
	event_submit(call, event);
}

/* dev, size, *dma, dir, gfp; page */
static __always_inline void exit_alloc_pages(struct call *call)
{
	struct dma_probe_event *event = event_begin(call, DEVICE(0));

	if (!event)
		return;
	event->size = call->args[1];
	event->dir = call->args[3];
	event->gfp = call->args[4];
	bpf_probe_read_kernel(&event->phys, sizeof(event->phys), &call->args[5]);
	if (event->phys) {
		event->flags = DMA_PROBE_PAGE;
		bpf_probe_read_kernel(&event->dma, sizeof(event->dma), (void *)call->args[2]);
	} else {
		event->error = FAILED;
	}
	event_submit(call, event);
}

/* dev, size, dir, gfp, attrs; sgt */
static __always_inline void exit_alloc_sgt(struct call *call)
{
	const struct sg_table *table = (const struct sg_table *)call->args[5];
	struct list_call list = {
		.slot = LIST_ALLOC,
		.dev = DEVICE(0),
		.size = call->args[1],
		.dir = call->args[2],
		.gfp = call->args[3],
		.attrs = call->args[4],
		.error = FAILED,
	};

	if (table) {
		list.list = (__u64)FOLLOW(call->typed, table, sgl);
		list.nents = FOLLOW(call->typed, table, orig_nents);
		list.error = 0;
	}
	list_send(call, &list);
}

/* dev, size, cpu_addr, dma, attrs */
static __always_inline void enter_free(struct call *call)
{
	struct dma_probe_event *event = event_begin(call, DEVICE(0));

	if (!event)
		return;
	event->size = call->args[1];
	event->cpu_addr = call->args[2];
	event->dma = call->args[3];
	event->attrs = call->args[4];
	event_submit(call, event);
}

/* dev, size, page, dma, dir */
static __always_inline void enter_free_pages(struct call *call)
{
	struct dma_probe_event *event = event_begin(call, DEVICE(0));

	if (!event)
		return;
	event->size = call->args[1];
	bpf_probe_read_kernel(&event->phys, sizeof(event->phys), &call->args[2]);
	event->flags = DMA_PROBE_PAGE;
	event->dma = call->args[3];
	event->dir = call->args[4];
	event_submit(call, event);
}

/* dev, size, sgt, dir */
static __always_inline void enter_free_sgt(struct call *call)
{
	const struct sg_table *table = (const struct sg_table *)call->args[2];
	struct list_call list = {
		.slot = LIST_FREE,
		.dev = DEVICE(0),
		.list = (__u64)FOLLOW(call->typed, table, sgl),
		.nents = FOLLOW(call->typed, table, orig_nents),
		.size = call->args[1],
		.dir = call->args[3],
	};

	list_send(call, &list);
}

/* dev, mask; 0 or an error */
static __always_inline void exit_set_mask(struct call *call)
{
	struct dma_probe_event *event = event_begin(call, DEVICE(0));

	if (!event)
		return;
	event->extra = call->args[1];
	event->error = call->args[2];
	event_submit(call, event);
}

/* dev, phys, dma, size; 0 or an error */
static __always_inline void exit_declare(struct call *call)
{
	struct dma_probe_event *event = event_begin(call, DEVICE(0));

	if (!event)
		return;
	event->phys = call->args[1];
	event->dma = call->args[2];
	event->size = call->args[3];
	event->error = call->args[4];
	event_submit(call, event);
}

/* dev, phys, mapping_size, alloc_align_mask, dir, attrs; phys of the slots */
static __always_inline void exit_swiotlb_tbl_map(struct call *call)
{
	struct dma_probe_event *event = event_begin(call, DEVICE(0));

	if (!event)
		return;
	event->phys = call->args[1];
	event->size = call->args[2];
	event->limit = (__u32)call->args[3];
	event->dir = call->args[4];
	event->attrs = call->args[5];
	event->dma = call->args[6];
	search_tell(event);
	event_submit(call, event);
}

static __always_inline void exit_swiotlb_map(struct call *call)
{
	struct dma_probe_event *event = map_phys_begin(call);

	if (!event)
		return;
	search_tell(event);
	event_submit(call, event);
}

/* dev, slots, mapping_size, dir, attrs */
static __always_inline void enter_swiotlb_unmap(struct call *call)
{
	struct dma_probe_event *event;

	call->begins = true;
	event = event_begin(call, DEVICE(0));
	if (!event)
		return;
	event->dma = call->args[1];
	event->size = call->args[2];
	event->dir = call->args[3];
	event->attrs = call->args[4];
	event_submit(call, event);
}

/* Both forms of each; src/probes.c loads one of them. */
#define FUNCTION_EXIT(name, body)                                                       \
	PROBE("fexit", EXIT, name, body)                                                \
	KPROBE_EXIT(name, body)
#define FUNCTION_ENTRY(name, body)                                                      \
	PROBE("fentry", ENTRY, name, body)                                              \
	KPROBE_ENTRY(name, body)

FUNCTION_EXIT(dma_map_phys, exit_map_phys)
FUNCTION_EXIT(dma_map_page_attrs, exit_map_page)
FUNCTION_EXIT(dma_map_resource, exit_map_phys)
FUNCTION_ENTRY(dma_unmap_phys, trace_unmap)
FUNCTION_ENTRY(dma_unmap_page_attrs, trace_unmap)
FUNCTION_ENTRY(dma_unmap_resource, trace_unmap)
FUNCTION_EXIT(dma_map_sg_attrs, exit_map_sg)
FUNCTION_EXIT(dma_map_sgtable, exit_map_sgtable)
FUNCTION_ENTRY(dma_unmap_sg_attrs, trace_unmap_sg)
FUNCTION_EXIT(dma_alloc_attrs, exit_alloc)
FUNCTION_EXIT(dma_alloc_pages, exit_alloc_pages)
FUNCTION_EXIT(dma_alloc_noncontiguous, exit_alloc_sgt)
FUNCTION_ENTRY(dma_free_attrs, enter_free)
FUNCTION_ENTRY(dma_free_pages, enter_free_pages)
FUNCTION_ENTRY(dma_free_noncontiguous, enter_free_sgt)
FUNCTION_ENTRY(dma_sync_single_for_cpu, trace_sync)
FUNCTION_ENTRY(dma_sync_single_for_device, trace_sync)
FUNCTION_ENTRY(dma_sync_sg_for_cpu, trace_sync_sg_for_cpu)
FUNCTION_ENTRY(dma_sync_sg_for_device, trace_sync_sg_for_device)
FUNCTION_EXIT(dma_declare_coherent_memory, exit_declare)
FUNCTION_ENTRY(dma_release_coherent_memory, trace_domain)
FUNCTION_EXIT(dma_set_mask, exit_set_mask)
FUNCTION_EXIT(dma_set_coherent_mask, exit_set_mask)
FUNCTION_EXIT(swiotlb_tbl_map_single, exit_swiotlb_tbl_map)
FUNCTION_EXIT(swiotlb_map, exit_swiotlb_map)
FUNCTION_ENTRY(swiotlb_tbl_unmap_single, enter_swiotlb_unmap)
FUNCTION_ENTRY(__swiotlb_tbl_unmap_single, enter_swiotlb_unmap)

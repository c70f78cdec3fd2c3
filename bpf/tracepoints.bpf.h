/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tracepoints.bpf.h - the probes at the kernel's own tracepoints
 *
 * Kernel counterpart: include/trace/events/{dma,swiotlb,iommu}.h (RULES.md T3)
 */
#pragma once

#include "list.bpf.h"
#include "twin.bpf.h"

#define DEVICE(number)	       ((struct device *)call->args[number])

/* dev, phys, dma, size, dir, attrs */
static __always_inline void trace_map(struct call *call)
{
	struct dma_probe_event *event;

	if (!transfer_wanted(call->args[3], call->args[4]))
		return;
	event = event_begin(call, DEVICE(0));
	if (!event)
		return;
	event->phys = call->args[1];
	event->dma = call->args[2];
	event->size = call->args[3];
	event->dir = call->args[4];
	event->attrs = call->args[5];
	event_submit(call, event);
}

/* dev, dma, size, dir, and for unmaps attrs */
static __always_inline void send_range(struct call *call, __u64 attrs)
{
	struct dma_probe_event *event;

	if (!transfer_wanted(call->args[2], call->args[3]))
		return;
	event = event_begin(call, DEVICE(0));
	if (!event)
		return;
	event->dma = call->args[1];
	event->size = call->args[2];
	event->dir = call->args[3];
	event->attrs = attrs;
	event_submit(call, event);
}

static __always_inline void trace_unmap(struct call *call)
{
	send_range(call, call->args[4]);
}

static __always_inline void trace_sync(struct call *call)
{
	send_range(call, 0);
}

/* dev, cpu_addr, dma, size, dir, gfp, attrs */
static __always_inline void trace_alloc(struct call *call)
{
	struct dma_probe_event *event = event_begin(call, DEVICE(0));

	if (!event)
		return;
	event->cpu_addr = call->args[1];
	event->dma = call->args[2];
	event->size = call->args[3];
	event->dir = call->args[4];
	event->gfp = call->args[5];
	event->attrs = call->args[6];
	event_submit(call, event);
}

/* dev, cpu_addr, dma, size, dir, attrs */
static __always_inline void trace_free(struct call *call)
{
	struct dma_probe_event *event = event_begin(call, DEVICE(0));

	if (!event)
		return;
	event->cpu_addr = call->args[1];
	event->dma = call->args[2];
	event->size = call->args[3];
	event->dir = call->args[4];
	event->attrs = call->args[5];
	event_submit(call, event);
}

/* dev, sgt, size, dir, gfp, attrs */
static __always_inline void trace_alloc_sgt(struct call *call)
{
	const struct sg_table *table = (const struct sg_table *)call->args[1];
	struct list_call list = {
		.slot = LIST_ALLOC,
		.dev = DEVICE(0),
		.list = (__u64)FOLLOW(call->typed, table, sgl),
		.nents = FOLLOW(call->typed, table, orig_nents),
		.size = call->args[2],
		.dir = call->args[3],
		.gfp = call->args[4],
		.attrs = call->args[5],
	};

	list_send(call, &list);
}

/* dev, sgt, size, dir */
static __always_inline void trace_free_sgt(struct call *call)
{
	const struct sg_table *table = (const struct sg_table *)call->args[1];
	struct list_call list = {
		.slot = LIST_FREE,
		.dev = DEVICE(0),
		.list = (__u64)FOLLOW(call->typed, table, sgl),
		.nents = FOLLOW(call->typed, table, orig_nents),
		.size = call->args[2],
		.dir = call->args[3],
	};

	list_send(call, &list);
}

/* dev, sg, nents, ents, dir, attrs */
static __always_inline void trace_map_sg(struct call *call)
{
	struct list_call list = {
		.slot = LIST_MAP,
		.dev = DEVICE(0),
		.list = call->args[1],
		.nents = call->args[2],
		.ents = call->args[3],
		.dir = call->args[4],
		.attrs = call->args[5],
	};

	list_send(call, &list);
}

/* dev, sg, nents, error, dir, attrs */
static __always_inline void trace_map_sg_err(struct call *call)
{
	struct list_call list = {
		.slot = LIST_MAP_FAILED,
		.dev = DEVICE(0),
		.list = call->args[1],
		.nents = call->args[2],
		.error = call->args[3],
		.dir = call->args[4],
		.attrs = call->args[5],
	};

	list_send(call, &list);
}

/* dev, sg, nents, dir, and for unmaps attrs */
static __always_inline void send_list(struct call *call, enum list_slot slot, __u64 attrs)
{
	struct list_call list = {
		.slot = slot,
		.dev = DEVICE(0),
		.list = call->args[1],
		.nents = call->args[2],
		.dir = call->args[3],
		.attrs = attrs,
	};

	list_send(call, &list);
}

static __always_inline void trace_unmap_sg(struct call *call)
{
	send_list(call, LIST_UNMAP, call->args[4]);
}

static __always_inline void trace_sync_sg_for_cpu(struct call *call)
{
	send_list(call, LIST_SYNC_CPU, 0);
}

static __always_inline void trace_sync_sg_for_device(struct call *call)
{
	send_list(call, LIST_SYNC_DEVICE, 0);
}

/* dev, dma, size */
static __always_inline void trace_bounced(struct call *call)
{
	struct device *dev = DEVICE(0);
	struct dma_probe_event *event;
	struct io_tlb_mem *mem;

	call->begins = true; /* the search for it */
	event = event_begin(call, dev);
	if (!event)
		return;
	mem = dev->dma_io_tlb_mem;
	event->phys = call->args[1];
	event->size = call->args[2];
	bpf_probe_read_kernel(&event->extra, sizeof(event->extra), dev->dma_mask);
	if (mem && mem->force_bounce)
		event->flags |= DMA_PROBE_FORCED;
	event_submit(call, event);
}

/* iova, phys, size; for unmaps iova, size, unmapped */
static __always_inline void send_translation(struct call *call, __u64 phys, __u64 size,
					     __u64 extra)
{
	struct dma_probe_event *event = anonymous_wanted() ? event_reserve(call) : NULL;

	if (!event)
		return;
	event->dma = call->args[0];
	event->phys = phys;
	event->size = size;
	event->extra = extra;
	event_submit(call, event);
}

static __always_inline void trace_iommu_map(struct call *call)
{
	send_translation(call, call->args[1], call->args[2], 0);
}

static __always_inline void trace_iommu_unmap(struct call *call)
{
	send_translation(call, 0, call->args[1], call->args[2]);
}

/* group, dev */
static __always_inline void trace_group(struct call *call)
{
	struct dma_probe_event *event = event_begin(call, DEVICE(1));

	if (!event)
		return;
	event->handle = (__u32)call->args[0];
	event_submit(call, event);
}

/* dev */
static __always_inline void trace_domain(struct call *call)
{
	struct dma_probe_event *event = event_begin(call, DEVICE(0));

	if (event)
		event_submit(call, event);
}

/* dev, iova, flags */
static __always_inline void trace_fault(struct call *call)
{
	struct dma_probe_event *event = event_begin(call, DEVICE(0));

	if (!event)
		return;
	event->dma = call->args[1];
	event->extra = (__u32)call->args[2];
	event_submit(call, event);
}

#define TRACEPOINT(name, body) PROBE("tp_btf", TP, name, body)

TRACEPOINT(dma_map_page, trace_map)
TRACEPOINT(dma_map_phys, trace_map)
TRACEPOINT(dma_map_resource, trace_map)
TRACEPOINT(dma_unmap_page, trace_unmap)
TRACEPOINT(dma_unmap_phys, trace_unmap)
TRACEPOINT(dma_unmap_resource, trace_unmap)
TRACEPOINT(dma_map_sg, trace_map_sg)
TRACEPOINT(dma_map_sg_err, trace_map_sg_err)
TRACEPOINT(dma_unmap_sg, trace_unmap_sg)
TRACEPOINT(dma_alloc, trace_alloc)
TRACEPOINT(dma_alloc_pages, trace_alloc)
TRACEPOINT(dma_alloc_sgt, trace_alloc_sgt)
TRACEPOINT(dma_alloc_sgt_err, trace_alloc)
TRACEPOINT(dma_free, trace_free)
TRACEPOINT(dma_free_pages, trace_free)
TRACEPOINT(dma_free_sgt, trace_free_sgt)
TRACEPOINT(dma_sync_single_for_cpu, trace_sync)
TRACEPOINT(dma_sync_single_for_device, trace_sync)
TRACEPOINT(dma_sync_sg_for_cpu, trace_sync_sg_for_cpu)
TRACEPOINT(dma_sync_sg_for_device, trace_sync_sg_for_device)
TRACEPOINT(swiotlb_bounced, trace_bounced)
TRACEPOINT(map, trace_iommu_map)
TRACEPOINT(unmap, trace_iommu_unmap)
TRACEPOINT(add_device_to_group, trace_group)
TRACEPOINT(remove_device_from_group, trace_group)
TRACEPOINT(attach_device_to_domain, trace_domain)
TRACEPOINT(detach_device_from_domain, trace_domain)
TRACEPOINT(io_page_fault, trace_fault)

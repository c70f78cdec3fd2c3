/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spaces.bpf.h - the probes at what hands out parts: pools, ranges of IOVAs, flushes
 *
 * Kernel counterpart: mm/dmapool.c, drivers/iommu/{dma-iommu,iova}.c
 */
#pragma once

#include "functions.bpf.h"

/* Pools that user space knows of. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, __u64);
	__type(value, __u64);
} pools SEC(".maps");

/* Tell user space of a pool that it does not know. */
static __noinline bool pool_learn(struct dma_pool *pool, struct dma_probe_count *count)
{
	struct dma_probe_pool *record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	__u64 key = (__u64)pool;

	if (!record) {
		drop(count);
		return false;
	}
	__builtin_memset(record, 0, sizeof(*record));
	record->type = DMA_PROBE_POOL;
	record->handle = key;
	record->size = BPF_CORE_READ(pool, size);
	bpf_probe_read_kernel_str(record->name, sizeof(pool->name), pool->name);
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	bpf_map_update_elem(&pools, &key, &key, BPF_ANY);
	return true;
}

static __always_inline struct dma_probe_event *pool_begin(struct call *call,
							  struct dma_pool *pool)
{
	struct device *dev = FOLLOW(call->typed, pool, dev);
	struct dma_probe_event *event;
	__u64 key = (__u64)pool;

	if (!dev || !device_wanted(dev, call->count, call->typed))
		return NULL;
	if (!bpf_map_lookup_elem(&pools, &key) && !pool_learn(pool, call->count))
		return NULL;
	event = event_reserve(call);
	if (!event)
		return NULL;
	event->device = (__u64)dev;
	event->handle = key;
	return event;
}

static __always_inline void pool_made(struct call *call, struct dma_pool *pool)
{
	struct dma_probe_event *event;
	__u64 key = (__u64)pool;

	if (!pool)
		return;
	bpf_map_delete_elem(&pools, &key);
	event = pool_begin(call, pool);
	if (!event)
		return;
	event->size = call->args[2];
	event->extra = call->args[3];
	event->limit = call->args[4];
	event_submit(call, event);
}

/* name, dev, size, align, boundary; pool */
static __always_inline void exit_pool_create(struct call *call)
{
	pool_made(call, (struct dma_pool *)call->args[5]);
}

/* name, dev, size, align, boundary, node; pool */
static __always_inline void exit_pool_create_node(struct call *call)
{
	pool_made(call, (struct dma_pool *)call->args[6]);
}

/* pool, gfp, *dma; cpu_addr */
static __always_inline void exit_pool_alloc(struct call *call)
{
	struct dma_probe_event *event;

	call->ended = bpf_ktime_get_ns();
	event = pool_begin(call, (struct dma_pool *)call->args[0]);
	if (!event)
		return;
	event->gfp = call->args[1];
	event->cpu_addr = call->args[3];
	if (call->args[3])
		bpf_probe_read_kernel(&event->dma, sizeof(event->dma), (void *)call->args[2]);
	else
		event->error = FAILED;
	event_submit(call, event);
}

/* pool, cpu_addr, dma */
static __always_inline void enter_pool_free(struct call *call)
{
	struct dma_probe_event *event;

	call->begins = true;
	event = pool_begin(call, (struct dma_pool *)call->args[0]);
	if (!event)
		return;
	event->cpu_addr = call->args[1];
	event->dma = call->args[2];
	event_submit(call, event);
}

/* pool, which drivers may give as NULL */
static __always_inline void enter_pool_destroy(struct call *call)
{
	struct dma_pool *pool = (struct dma_pool *)call->args[0];
	struct dma_probe_event *event = pool ? pool_begin(call, pool) : NULL;
	__u64 key = (__u64)pool;

	if (!event)
		return;
	event_submit(call, event);
	bpf_map_delete_elem(&pools, &key);
}

/* An event of a range of IOVAs that a driver links piece by piece. */
static __always_inline void send_state(struct call *call, __u64 phys, __u64 offset,
				       __u64 size, __s32 error)
{
	const struct dma_iova_state *state = (const struct dma_iova_state *)call->args[1];
	struct dma_probe_event *event = event_begin(call, DEVICE(0));

	if (!event)
		return;
	event->phys = phys;
	event->extra = offset;
	event->size = size;
	event->error = error;
	event->dma = error ? MAPPING_ERROR : FOLLOW(call->typed, state, addr);
	event_submit(call, event);
}

/* dev, state, phys, size; whether there is one */
static __always_inline void exit_iova_try_alloc(struct call *call)
{
	if ((__u8)call->args[4])
		send_state(call, call->args[2], 0, call->args[3], 0);
}

/* dev, state */
static __always_inline void enter_iova_free(struct call *call)
{
	const struct dma_iova_state *state = (const struct dma_iova_state *)call->args[1];

	send_state(call, 0, 0, FOLLOW(call->typed, state, __size) & ~(1ULL << 63), 0);
}

/* As send_state(), with the direction and attributes of a transfer. */
static __always_inline void send_transfer(struct call *call, __u64 phys, __u64 offset,
					  __u64 size, __u32 dir, __u64 attrs, __s32 error)
{
	const struct dma_iova_state *state = (const struct dma_iova_state *)call->args[1];
	struct dma_probe_event *event;

	if (!transfer_wanted(size, dir))
		return;
	event = event_begin(call, DEVICE(0));
	if (!event)
		return;
	event->phys = phys;
	event->extra = offset;
	event->size = size;
	event->dir = dir;
	event->attrs = attrs;
	event->error = error;
	event->dma = error ? MAPPING_ERROR : FOLLOW(call->typed, state, addr);
	event_submit(call, event);
}

/* dev, state, phys, offset, size, dir, attrs; 0 or an error */
static __always_inline void exit_iova_link(struct call *call)
{
	send_transfer(call, call->args[2], call->args[3], call->args[4], call->args[5],
		      call->args[6], call->args[7]);
}

/* dev, state, offset, size, dir, attrs */
static __always_inline void enter_iova_unlink(struct call *call)
{
	send_transfer(call, 0, call->args[2], call->args[3], call->args[4], call->args[5], 0);
}

/* dev, state, offset, size; 0 or an error */
static __always_inline void exit_iova_sync(struct call *call)
{
	send_state(call, 0, call->args[2], call->args[3], call->args[4]);
}

/* dev, state, mapped_size, dir, attrs */
static __always_inline void enter_iova_destroy(struct call *call)
{
	send_transfer(call, 0, 0, call->args[2], call->args[3], call->args[4], 0);
}

/* An event of an IOVA domain, which is known by the address of its allocator. */
static __always_inline struct dma_probe_event *space_begin(struct call *call, __u64 handle)
{
	struct dma_probe_event *event = anonymous_wanted() ? event_reserve(call) : NULL;

	if (event)
		event->handle = handle;
	return event;
}

/* iovad, pages, limit, flush; the first page, 0 where there is none */
static __always_inline void exit_alloc_iova(struct call *call)
{
	const struct iova_domain *domain = (const struct iova_domain *)call->args[0];
	__u64 granule = FOLLOW(call->typed, domain, granule);
	struct dma_probe_event *event;

	call->ended = bpf_ktime_get_ns();
	event = space_begin(call, call->args[0]);
	if (!event)
		return;
	event->size = call->args[1] * granule;
	event->limit = (call->args[2] + 1) * granule - 1;
	event->extra = 1;
	event->dma = call->args[4] * granule;
	event->error = call->args[4] ? 0 : FAILED;
	event_submit(call, event);
}

/* iovad, first page, pages */
static __always_inline void enter_free_iova(struct call *call)
{
	const struct iova_domain *domain = (const struct iova_domain *)call->args[0];
	__u64 granule = FOLLOW(call->typed, domain, granule);
	struct dma_probe_event *event;

	call->begins = true;
	event = space_begin(call, call->args[0]);
	if (!event)
		return;
	event->dma = call->args[1] * granule;
	event->size = call->args[2] * granule;
	event_submit(call, event);
}

static __always_inline void send_flush(struct call *call, struct iommu_dma_cookie *cookie)
{
	struct dma_probe_event *event = space_begin(call, (__u64)&cookie->iovad);

	if (event)
		event_submit(call, event);
}

/* cookie */
static __always_inline void enter_flush(struct call *call)
{
	send_flush(call, (struct iommu_dma_cookie *)call->args[0]);
}

/* the timer, which is a part of the cookie */
static __always_inline void enter_flush_timeout(struct call *call)
{
	__u64 timer = call->args[0];

	send_flush(call, (struct iommu_dma_cookie *)(timer - bpf_core_field_offset(
			       struct iommu_dma_cookie, fq_timer)));
}

FUNCTION_EXIT(dma_pool_create, exit_pool_create)
FUNCTION_EXIT(dma_pool_create_node, exit_pool_create_node)
FUNCTION_EXIT(dma_pool_alloc, exit_pool_alloc)
FUNCTION_ENTRY(dma_pool_free, enter_pool_free)
FUNCTION_ENTRY(dma_pool_destroy, enter_pool_destroy)
FUNCTION_EXIT(dma_iova_try_alloc, exit_iova_try_alloc)
FUNCTION_ENTRY(dma_iova_free, enter_iova_free)
FUNCTION_EXIT(dma_iova_link, exit_iova_link)
FUNCTION_ENTRY(dma_iova_unlink, enter_iova_unlink)
FUNCTION_EXIT(dma_iova_sync, exit_iova_sync)
FUNCTION_ENTRY(dma_iova_destroy, enter_iova_destroy)
FUNCTION_EXIT(alloc_iova_fast, exit_alloc_iova)
FUNCTION_ENTRY(free_iova_fast, enter_free_iova)
FUNCTION_ENTRY(fq_flush_iotlb, enter_flush)
FUNCTION_ENTRY(fq_flush_timeout, enter_flush_timeout)

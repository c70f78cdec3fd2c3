// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * capture.c - the probes' records as events
 *
 * The kernel's addresses of devices, pools and domains are names here: what they stand
 * for comes in records of its own, before the first event that uses them. Lists are
 * put together from their pieces (list.c).
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addresses.h"
#include "capture.h"
#include "clock.h"
#include "gfp.h"
#include "list.h"
#include "output.h"
#include "symbols.h"

/* Where the kernel has no value, it takes these (kernel/dma, RULES.md). */
#define DEFAULT_SEGMENT_SIZE	 65536
#define DEFAULT_SEGMENT_BOUNDARY UINT64_MAX

#define SENT_STACKS 256 /* whose events are still to come; one for each CPU, or two */

struct known_device {
	uint32_t name;
	uint32_t driver;
};

struct known_pool {
	uint64_t handle;
	uint32_t name;
};

struct sent_stack {
	int number;
	uint32_t text;
};

struct capture {
	struct capture_options options;
	struct ring_buffer *ring;
	struct lists *lists;
	struct gfp *gfp;
	struct addresses *devices;
	struct addresses *pools;
	struct addresses *domains;
	uint64_t handles; /* given so far */
	struct sent_stack stack[SENT_STACKS]; /* a circle */
	unsigned int stacks;		      /* sent so far */
	uint32_t kept_stack[DMA_PROBE_STACKS + DMA_PROBE_MORE_STACKS]; /* as text; or 0 */
	struct capture_sum sum;
	struct probes_sum seen[DMA_HOOKS];   /* at the last capture_losses() */
	uint64_t missed_before[DMA_HOOKS]; /* two calls ago */
	uint64_t losses_ns; /* of the last call, */
	uint64_t earlier_ns; /* and of the one before */
};

static int put(struct capture *capture, struct dma_event *event)
{
	event->number = capture->sum.events++;
	return capture->options.put(capture->options.arg, event);
}

static int add_string(struct capture *capture, const char *text, size_t room, uint32_t *ret)
{
	return libdma_strings_add(capture->options.strings, text, strnlen(text, room), ret);
}

static int take_device(struct capture *capture, const struct dma_probe_device *record)
{
	const struct dma_probe_limits *limits = &record->limits;
	struct known_device *device = addresses_get(capture->devices, record->device);
	struct dma_event event = {
		.kind = DMA_EVENT_DEVICE,
		.cpu = record->cpu,
		.ns = record->ns,
		.flags = limits->skip_sync ? DMA_EVENT_SKIP_SYNC : 0,
		.mask = limits->dma_mask,
		.coherent_mask = limits->coherent_dma_mask,
		.boundary = limits->segment_boundary_mask ?: DEFAULT_SEGMENT_BOUNDARY,
		.max_segment_size = limits->max_segment_size ?: DEFAULT_SEGMENT_SIZE,
		.min_align_mask = limits->min_align_mask,
	};
	int err;

	if (!device)
		return -ENOMEM;
	err = add_string(capture, record->name, sizeof(record->name), &device->name);
	if (!err)
		err = add_string(capture, record->driver, sizeof(record->driver),
				 &device->driver);
	if (err)
		return err;
	event.device = device->name;
	event.name = device->driver;
	return put(capture, &event);
}

static int take_pool(struct capture *capture, const struct dma_probe_pool *record)
{
	struct known_pool *pool = addresses_get(capture->pools, record->handle);

	if (!pool)
		return -ENOMEM;
	pool->handle = ++capture->handles;
	return add_string(capture, record->name, sizeof(record->name), &pool->name);
}

/* A domain is named by its allocator's address, and all its events by that. */
static int domain_handle(struct capture *capture, uint64_t address, uint64_t *ret)
{
	uint64_t *handle = addresses_get(capture->domains, address);

	if (!handle)
		return -ENOMEM;
	if (!*handle)
		*handle = ++capture->handles;
	*ret = *handle;
	return 0;
}

static int set_handle(struct capture *capture, const struct dma_probe_event *record,
		      struct dma_event *event)
{
	const struct known_pool *pool;

	switch (event->kind) {
	case DMA_EVENT_POOL_CREATE:
	case DMA_EVENT_POOL_ALLOC:
	case DMA_EVENT_POOL_FREE:
	case DMA_EVENT_POOL_DESTROY:
		pool = addresses_find(capture->pools, record->handle);
		event->handle = pool ? pool->handle : 0;
		event->name = pool ? pool->name : 0;
		return 0;
	case DMA_EVENT_ALLOC_IOVA:
	case DMA_EVENT_FREE_IOVA:
	case DMA_EVENT_FLUSH:
		return domain_handle(capture, record->handle, &event->handle);
	default:
		event->handle = record->handle;
		return 0;
	}
}

/* What a call returned says whether it failed. */
static int result_of(const struct dma_event *event)
{
	switch (event->kind) {
	case DMA_EVENT_MAP_PAGE:
	case DMA_EVENT_MAP_PHYS:
	case DMA_EVENT_MAP_RESOURCE:
	case DMA_EVENT_SWIOTLB_MAP:
		return event->dma == DMA_MAPPING_ERROR ? -ENOMEM : 0;
	case DMA_EVENT_ALLOC:
		return event->cpu_addr ? 0 : -ENOMEM;
	case DMA_EVENT_ALLOC_SGT_ERR:
		return -ENOMEM;
	default:
		return 0;
	}
}

static void set_numbers(struct capture *capture, const struct dma_probe_event *record,
			struct dma_event *event)
{
	event->dir = record->dir;
	event->cpu = record->cpu;
	event->pid = record->pid;
	event->ns = record->ns;
	event->phys = record->phys;
	event->dma = record->dma;
	event->size = record->size;
	event->cpu_addr = record->cpu_addr;
	event->attrs = record->attrs;
	event->mask = record->extra;
	event->nents = record->nents;
	event->ents = record->ents;
	event->error = record->error;
	if (record->flags & DMA_PROBE_CUT)
		event->flags |= DMA_EVENT_CUT;
	if (record->flags & DMA_PROBE_FORCED)
		event->flags |= DMA_EVENT_FORCE;
	if (record->flags & DMA_PROBE_SEARCHED)
		event->flags |= DMA_EVENT_SEARCHED;
	if (record->flags & DMA_PROBE_PAGE) {
		event->phys = lists_phys(capture->lists, record->phys, record->extra);
		event->mask = 0;
	}
	if (event->kind == DMA_EVENT_SWIOTLB_MAP)
		event->align_mask = record->limit;
	else
		event->limit = record->limit;
	if (!event->error)
		event->error = result_of(event);
	if (event->kind == DMA_EVENT_ALLOC && event->error)
		event->dma = 0;
}

static int take_stack(struct capture *capture, const struct dma_probe_stack *record)
{
	struct sent_stack *stack = &capture->stack[capture->stacks++ % SENT_STACKS];
	uint64_t frames = record->frames;

	if (!capture->options.symbols)
		return 0;
	stack->number = record->number;
	return symbols_stack(capture->options.symbols, (const uint64_t *)record->address,
			     frames < DMA_PROBE_FRAMES ? (unsigned int)frames : DMA_PROBE_FRAMES,
			     capture->options.strings, &stack->text);
}

/* The stack comes before its event, with few others between. */
static uint32_t find_sent(const struct capture *capture, int number)
{
	for (unsigned int i = 1; i <= SENT_STACKS && i <= capture->stacks; i++) {
		const struct sent_stack *stack =
			&capture->stack[(capture->stacks - i) % SENT_STACKS];

		if (stack->number == number)
			return stack->text;
	}
	return 0;
}

/* A stack that has a number keeps it: the kernel is asked once. */
static int find_kept(struct capture *capture, unsigned int number, uint32_t *ret)
{
	uint64_t address[DMA_PROBE_FRAMES] = { 0 };
	int err = 0;

	if (number >= DMA_PROBE_STACKS + DMA_PROBE_MORE_STACKS)
		return 0;
	if (!capture->kept_stack[number] &&
	    !probes_stack(capture->options.probes, number, address))
		err = symbols_stack(capture->options.symbols, address, DMA_PROBE_FRAMES,
				    capture->options.strings, &capture->kept_stack[number]);
	*ret = capture->kept_stack[number];
	return err;
}

static int set_stack(struct capture *capture, int number, struct dma_event *event)
{
	int err = 0;

	if (number <= DMA_PROBE_SENT_STACK)
		event->stack = find_sent(capture, number);
	else if (number >= 0)
		err = find_kept(capture, (unsigned int)number, &event->stack);
	capture->sum.stackless += !err && !event->stack;
	return err;
}

static int set_strings(struct capture *capture, const struct dma_probe_event *record,
		       struct dma_event *event)
{
	const struct known_device *device;
	char gfp[512];
	int err;

	if (record->device) {
		device = addresses_find(capture->devices, record->device);
		event->device = device ? device->name : 0;
	}
	err = add_string(capture, record->comm, sizeof(record->comm), &event->comm);
	if (!err && record->gfp) {
		gfp_print(capture->gfp, record->gfp, gfp, sizeof(gfp));
		err = add_string(capture, gfp, sizeof(gfp), &event->gfp);
	}
	if (!err && capture->options.symbols)
		err = set_stack(capture, record->stack, event);
	return err;
}

static int take_event(struct capture *capture, const struct dma_probe_event *record,
		      size_t size)
{
	struct dma_event event = { 0 };
	int err;

	if (record->hook >= DMA_HOOKS)
		return 0;
	if (record->type == DMA_PROBE_PIECE)
		return lists_add(capture->lists, record, size);
	event.kind = (uint16_t)probes_at(capture->options.probes, record->hook)->kind;
	if (event.kind == DMA_EVENT_MAP_SG && record->error)
		event.kind = DMA_EVENT_MAP_SG_ERR;
	set_numbers(capture, record, &event);
	err = set_strings(capture, record, &event);
	if (!err)
		err = set_handle(capture, record, &event);
	if (!err && record->nents)
		err = lists_finish(capture->lists, record, size, &event);
	if (err)
		return err;
	if (record->nents && event.size && event.size < capture->options.min_size)
		return 0;
	return put(capture, &event);
}

/* What libbpf calls for each record. */
static int take(void *arg, void *data, size_t size)
{
	const unsigned char *type = data;

	switch (*type) {
	case DMA_PROBE_EVENT:
	case DMA_PROBE_PIECE:
		return size < sizeof(struct dma_probe_event) ? 0 : take_event(arg, data, size);
	case DMA_PROBE_DEVICE:
		return size < sizeof(struct dma_probe_device) ? 0 : take_device(arg, data);
	case DMA_PROBE_POOL:
		return size < sizeof(struct dma_probe_pool) ? 0 : take_pool(arg, data);
	case DMA_PROBE_STACK:
		return size < sizeof(struct dma_probe_stack) ? 0 : take_stack(arg, data);
	default:
		return 0;
	}
}

struct capture *capture_create(const struct capture_options *options)
{
	struct capture *capture = calloc(1, sizeof(*capture));

	if (!capture)
		out_of_memory();
	capture->options = *options;
	capture->lists = lists_create(options->probes);
	capture->gfp = gfp_create(probes_btf(options->probes));
	capture->devices = addresses_create(sizeof(struct known_device));
	capture->pools = addresses_create(sizeof(struct known_pool));
	capture->domains = addresses_create(sizeof(uint64_t));
	if (!capture->lists || !capture->gfp || !capture->devices || !capture->pools ||
	    !capture->domains)
		out_of_memory();
	capture->losses_ns = capture->earlier_ns = clock_ns();
	capture->ring = ring_buffer__new(probes_ring(options->probes), take, capture, NULL);
	if (capture->ring)
		return capture;
	trouble("the ring of events", -errno);
	capture_destroy(capture);
	return NULL;
}

void capture_destroy(struct capture *capture)
{
	if (!capture)
		return;
	ring_buffer__free(capture->ring);
	lists_destroy(capture->lists);
	gfp_destroy(capture->gfp);
	addresses_destroy(capture->devices);
	addresses_destroy(capture->pools);
	addresses_destroy(capture->domains);
	free(capture);
}

int capture_read(struct capture *capture)
{
	return ring_buffer__consume(capture->ring);
}

static int put_loss(struct capture *capture, unsigned int hook, uint64_t count,
		    uint64_t from_ns, uint64_t until_ns)
{
	const struct probe *probe = probes_at(capture->options.probes, hook);
	struct dma_event event = {
		.kind = DMA_EVENT_LOST,
		.ns = from_ns,
		.until_ns = until_ns,
		.count = count,
	};
	char name[80];
	int err;

	probe_program(probe, name, sizeof(name));
	err = add_string(capture, name, sizeof(name), &event.name);

	return err ? err : put(capture, &event);
}

/*
 * An event may be missed by its probe, and another be only about to count it: while the
 * probes run, a number of misses is believed when it was seen twice.
 */
static int lose_of(struct capture *capture, unsigned int hook, uint64_t end_ns,
		   uint64_t from_ns)
{
	struct probes_sum *seen = &capture->seen[hook], sum;
	uint64_t dropped, missed, told = capture->missed_before[hook];
	int err = probes_sum(capture->options.probes, hook, &sum);

	if (err)
		return err;
	missed = end_ns || sum.missed < seen->missed ? sum.missed : seen->missed;
	missed = missed > told ? missed - told : 0;
	dropped = sum.dropped - seen->dropped;
	capture->missed_before[hook] += missed;
	capture->sum.missed += missed;
	capture->sum.dropped += dropped;
	capture->sum.cut += sum.cut - seen->cut;
	*seen = sum;
	if (!dropped && !missed)
		return 0;
	return put_loss(capture, hook, dropped + missed,
			missed ? capture->earlier_ns : from_ns,
			dropped && !missed ? sum.last_ns : end_ns ?: clock_ns());
}

int capture_losses(struct capture *capture, uint64_t end_ns)
{
	uint64_t from_ns = capture->losses_ns;
	int err = end_ns ? 0 : probes_refresh(capture->options.probes);

	capture->losses_ns = clock_ns();
	for (unsigned int i = 0; i < DMA_HOOKS && !err; i++)
		err = lose_of(capture, i, end_ns, from_ns);
	capture->earlier_ns = from_ns;
	return err;
}

const struct capture_sum *capture_sum(const struct capture *capture)
{
	return &capture->sum;
}

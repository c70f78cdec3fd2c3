/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * device.bpf.h - which devices are wanted, and what user space knows of them
 *
 * An event names its device by address. What is behind that is sent before the first
 * event of it, and again when it has changed: probing changes masks and limits, and an
 * address may come to be another device.
 */
#pragma once

#include "send.bpf.h"

struct device_state {
	struct dma_probe_limits limits;
	__u64 wanted;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, __u64);
	__type(value, struct device_state);
} devices SEC(".maps");

static __always_inline void read_limits(struct device *dev, struct dma_probe_limits *now,
					bool typed)
{
	struct device_dma_parameters *parameters = FOLLOW(typed, dev, dma_parms);
	struct iommu_group *group = FOLLOW(typed, dev, iommu_group);
	const char *name = FOLLOW(typed, dev, init_name);

	now->name = (__u64)(name ?: FOLLOW(typed, dev, kobj.name));
	now->driver = (__u64)FOLLOW(typed, dev, driver);
	bpf_probe_read_kernel(&now->dma_mask, sizeof(now->dma_mask),
			      FOLLOW(typed, dev, dma_mask));
	now->coherent_dma_mask = FOLLOW(typed, dev, coherent_dma_mask);
	now->bus_dma_limit = FOLLOW(typed, dev, bus_dma_limit);
	now->group = ~0U;
	if (parameters) {
		now->parameters = 1;
		now->max_segment_size = FOLLOW(typed, parameters, max_segment_size);
		now->min_align_mask = FOLLOW(typed, parameters, min_align_mask);
		now->segment_boundary_mask = FOLLOW(typed, parameters, segment_boundary_mask);
	}
	if (group) {
		struct iommu_domain *domain = FOLLOW(typed, group, domain);

		now->group = FOLLOW(typed, group, id);
		if (domain)
			now->domain_type = FOLLOW(typed, domain, type);
	}
	if (bpf_core_field_exists(dev->dma_skip_sync))
		now->skip_sync = typed ? BPF_CORE_READ_BITFIELD(dev, dma_skip_sync)
				       : BPF_CORE_READ_BITFIELD_PROBED(dev, dma_skip_sync);
}

/* The first two are pointers to the verifier, which may be compared and no more. */
static __always_inline bool same_limits(const struct dma_probe_limits *a,
					const struct dma_probe_limits *b)
{
	const __u64 *x = (const __u64 *)a, *y = (const __u64 *)b;
	__u64 differ = 0;

	if (a->name != b->name || a->driver != b->driver)
		return false;
#pragma unroll
	for (unsigned int i = 2; i < sizeof(*a) / sizeof(*x); i++)
		differ |= x[i] ^ y[i];
	return !differ;
}

static __always_inline bool fits(const char *name, const volatile struct dma_probe_pattern *pattern)
{
	__u32 size = pattern->size;

	for (__u32 i = 0; i < DMA_PROBE_NAME; i++) {
		if (i == size)
			return pattern->prefix || !name[i];
		if (name[i] != pattern->text[i])
			return false;
	}
	return true;
}

/* Does the device belong to those that the user named? */
static __noinline bool device_named(const struct dma_probe_device *record)
{
	bool device = !options.devices, driver = !options.drivers;

	for (__u32 i = 0; i < DMA_PROBE_PATTERNS && i < options.devices; i++)
		device |= fits(record->name, &options.device[i]);
	for (__u32 i = 0; i < DMA_PROBE_PATTERNS && i < options.drivers; i++)
		driver |= fits(record->driver, &options.driver[i]);
	return device && driver;
}

/* Tell user space of a device that is new, or has changed. Is it wanted? */
static __noinline bool device_learn(struct device *dev, struct device_state *state,
				    struct dma_probe_count *count)
{
	struct dma_probe_device *record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	const struct device_driver *driver = (const struct device_driver *)state->limits.driver;
	__u64 key = (__u64)dev;

	if (!record) {
		drop(count);
		return false;
	}
	record->type = DMA_PROBE_DEVICE;
	record->cpu = bpf_get_smp_processor_id();
	record->ns = bpf_ktime_get_ns();
	record->device = key;
	record->limits = state->limits;
	__builtin_memset(record->name, 0, sizeof(record->name));
	__builtin_memset(record->driver, 0, sizeof(record->driver));
	bpf_probe_read_kernel_str(record->name, sizeof(record->name),
				  (const void *)state->limits.name);
	if (driver)
		bpf_probe_read_kernel_str(record->driver, sizeof(record->driver),
					  BPF_CORE_READ(driver, name));
	state->wanted = !options.devices && !options.drivers ? 1 : device_named(record);
	if (state->wanted)
		bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	else
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
	/* Only now, so that no event of another CPU overtakes the record. */
	bpf_map_update_elem(&devices, &key, state, BPF_ANY);
	return state->wanted;
}

/* Two functions, as it were: the verifier follows only the branch that @typed names. */
static __noinline bool device_wanted(struct device *dev, struct dma_probe_count *count,
				     bool typed)
{
	struct device_state now = {}, *known;
	__u64 key = (__u64)dev;

	if (!process_wanted())
		return false;
	if (typed)
		read_limits(dev, &now.limits, true);
	else
		read_limits(dev, &now.limits, false);
	known = bpf_map_lookup_elem(&devices, &key);
	if (known && same_limits(&known->limits, &now.limits))
		return known->wanted;
	return device_learn(dev, &now, count);
}

/* Begin the record of an event of @dev; NULL where it is not wanted, or dropped. */
static __always_inline struct dma_probe_event *event_begin(struct call *call,
							   struct device *dev)
{
	struct dma_probe_event *event;

	if (!device_wanted(dev, call->count, call->typed))
		return NULL;
	event = event_reserve(call);
	if (event)
		event->device = (__u64)dev;
	return event;
}

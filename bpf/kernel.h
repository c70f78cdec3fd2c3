/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel.h - all that the probes know of the kernel's own types
 *
 * Only the members that are read; CO-RE finds their places in the running kernel's
 * BTF. A name behind ___ is another version's layout of the same type.
 */
#pragma once

#include <stdbool.h>

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed short __s16;
typedef signed int __s32;
typedef signed long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;

#define NULL ((void *)0)
#define EEXIST 17

enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_STACK_TRACE = 7,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_RINGBUF = 27,
};

enum {
	BPF_ANY = 0,
	BPF_RB_NO_WAKEUP = 1,
	BPF_F_FAST_STACK_CMP = 1 << 9,
};

#define KERNEL_TYPE __attribute__((preserve_access_index))

/* Of x86-64, whose calls are all that the kprobes know. */
struct pt_regs {
	unsigned long di, si, dx, cx, r8, r9, ax, sp;
} KERNEL_TYPE;

struct kobject {
	const char *name;
} KERNEL_TYPE;

struct device_driver {
	const char *name;
} KERNEL_TYPE;

struct device_dma_parameters {
	unsigned int max_segment_size;
	unsigned int min_align_mask;
	unsigned long segment_boundary_mask;
} KERNEL_TYPE;

struct iommu_domain {
	unsigned int type;
} KERNEL_TYPE;

struct iommu_group {
	int id;
	struct iommu_domain *domain;
} KERNEL_TYPE;

struct io_tlb_pool {
	__u64 start;
	unsigned long nslabs;
	unsigned int nareas;
} KERNEL_TYPE;

struct io_tlb_mem {
	__u64 start;
	unsigned long nslabs;
	unsigned int nareas;
	bool force_bounce;
	struct io_tlb_pool defpool; /* from 6.6 on; before, the four members above */
} KERNEL_TYPE;

struct device {
	struct kobject kobj;
	const char *init_name;
	struct device_driver *driver;
	__u64 *dma_mask;
	__u64 coherent_dma_mask;
	__u64 bus_dma_limit;
	struct device_dma_parameters *dma_parms;
	struct io_tlb_mem *dma_io_tlb_mem;
	struct iommu_group *iommu_group;
	bool dma_skip_sync : 1; /* from 6.10 on */
} KERNEL_TYPE;

struct scatterlist {
	unsigned long page_link;
	unsigned int offset;
	unsigned int length;
	__u64 dma_address;
	unsigned int dma_length;
} KERNEL_TYPE;

struct sg_table {
	struct scatterlist *sgl;
	unsigned int nents;
	unsigned int orig_nents;
} KERNEL_TYPE;

struct dma_pool {
	struct device *dev;
	unsigned int size; /* a long until 6.3; never more than 32 bits are set */
	char name[32];
} KERNEL_TYPE;

struct dma_iova_state {
	__u64 addr;
	__u64 __size;
} KERNEL_TYPE;

struct iova_domain {
	unsigned long granule;
} KERNEL_TYPE;

struct timer_list {
	unsigned long expires;
} KERNEL_TYPE;

struct iommu_dma_cookie {
	struct iova_domain iovad;
	struct timer_list fq_timer;
} KERNEL_TYPE;

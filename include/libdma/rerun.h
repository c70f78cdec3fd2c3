/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rerun.h - a recording's requests on another machine
 *
 * The machine is built from an environment: the recording's own, or one in which
 * something is changed. What the kernel answered is not looked at: this machine's
 * answers take its place, and an unmap ends what the map got here.
 */
#pragma once

#include <libdma/environment.h>
#include <libdma/event.h>
#include <libdma/machine.h>

struct libdma_rerun;

/**
 * struct libdma_rerun_options - on which machine
 * @environment: the machine; copied. Its kernel, memory, CPUs, swiotlb, IOMMU and devices
 *		count; what it does not say is as libdma_machine_create() has it
 * @strings:	table of the strings of the events that will be put
 * @magazine:	ranges in an IOVA magazine of a CPU, 0 for the kernels' 127
 * @log:	gets the kernel's messages, or NULL
 * @log_arg:	its first argument
 */
struct libdma_rerun_options {
	const struct libdma_environment *environment;
	const struct libdma_strings *strings;
	unsigned int magazine;
	void (*log)(void *arg, enum libdma_log_level level, const char *text);
	void *log_arg;
};

/**
 * struct libdma_rerun_count - what came of it
 * @requests:	maps, lists, allocations, blocks and ranges that were asked for; where a
 *		machine has no ranges (dma_iova_*), their pieces, which it maps one by one
 * @failed:	of those, refused
 * @bytes:	asked for by maps and lists
 * @same:	of @requests: the first address is the recorded one, or both failed
 * @skipped:	requests that cannot be repeated: lists without addresses, pieces of ranges
 *		that nobody recorded
 * @untold:	ranges that were mapped for nobody whom the trace tells of: dma_iova_*() has no
 *		tracepoint; they are not asked for
 * @guessed:	lists of which only the sum of their entries' sizes is known
 */
struct libdma_rerun_count {
	uint64_t requests;
	uint64_t failed;
	uint64_t bytes;
	uint64_t same;
	uint64_t skipped;
	uint64_t untold;
	uint64_t guessed;
};

/**
 * struct libdma_rerun_swiotlb - how full the bounce buffers were
 * @start:	where they lie
 * @slots:	how many there are, 0 for no swiotlb
 * @areas:	in so many areas
 * @peak:	most slots used at once
 * @p99:	in 99 of 100 requests not more were used
 * @peak_bytes:	bytes of buffers that lay in them at the peak
 */
struct libdma_rerun_swiotlb {
	phys_addr_t start;
	uint64_t slots;
	uint32_t areas;
	uint64_t peak;
	uint64_t p99;
	uint64_t peak_bytes;
};

/**
 * libdma_rerun_create() - build the machine
 *
 * Return: 0, -EINVAL where there is no such machine (the log says why), or -ENOMEM.
 */
int libdma_rerun_create(const struct libdma_rerun_options *options,
			struct libdma_rerun **ret);

/** libdma_rerun_destroy() - release it and its machine; NULL is allowed */
void libdma_rerun_destroy(struct libdma_rerun *rerun);

/** libdma_rerun_put() - run the next event's request; 0 or -ENOMEM */
int libdma_rerun_put(struct libdma_rerun *rerun, const struct dma_event *event);

/**
 * libdma_rerun_end() - end all that is mapped and allocated, to run a trace once more
 *
 * Time goes on behind the last event: the next is shifted there.
 */
int libdma_rerun_end(struct libdma_rerun *rerun);

/** libdma_rerun_machine() - the machine, to observe it; it lasts as long as @rerun */
struct libdma_machine *libdma_rerun_machine(const struct libdma_rerun *rerun);

const struct libdma_rerun_count *libdma_rerun_count(const struct libdma_rerun *rerun);
void libdma_rerun_swiotlb(const struct libdma_rerun *rerun,
			  struct libdma_rerun_swiotlb *ret);

/**
 * struct libdma_rerun_iova - the IOVAs of all IOMMU groups
 * @searches:	how often a domain was searched, since no cache had a range
 * @magazines:	that there are now, full or not
 * @cached:	bytes of addresses that caches hold now
 * @queued:	bytes that wait for a flush now
 */
struct libdma_rerun_iova {
	uint64_t searches;
	uint64_t magazines;
	uint64_t cached;
	uint64_t queued;
};

/** libdma_rerun_iova() - what the domains hold now; 0 or -ENOMEM. Walks all of it */
int libdma_rerun_iova(const struct libdma_rerun *rerun, struct libdma_rerun_iova *ret);

/**
 * struct libdma_pool_layout - what a kernel makes of a pool's numbers
 * @block:	bytes of a block
 * @page:	bytes that are allocated at once
 * @boundary:	that no block crosses
 * @blocks:	in a page
 */
struct libdma_pool_layout {
	uint64_t block;
	uint64_t page;
	uint64_t boundary;
	uint32_t blocks;
};

/**
 * libdma_pool_layout() - how dma_pool_create() would cut its pages
 * @kernel:	whose rules
 * @size:	bytes of a block
 * @align:	power of two, 0 for 1
 * @boundary:	power of two, 0 for none
 * @ret:	set to the layout
 *
 * Kernel: dma_pool_create_node(), RULES.md P2 to P12.
 *
 * Return: 0, -EINVAL where there is no such pool, or -ENOMEM.
 */
int libdma_pool_layout(enum dma_kernel kernel, uint64_t size, uint64_t align,
		       uint64_t boundary, struct libdma_pool_layout *ret);

/**
 * struct libdma_swiotlb_size - what a kernel makes of its parameter swiotlb=
 * @slots:	2 KiB each, rounded up
 * @areas:	rounded up
 * @force:	everything is bounced
 * @off:	there is none
 */
struct libdma_swiotlb_size {
	uint64_t slots;
	uint32_t areas;
	bool force;
	bool off;
};

/**
 * libdma_swiotlb_size() - the swiotlb that a kernel asks for at boot
 * @text:	what stands after "swiotlb="; NULL for nothing
 * @cpus:	how many are possible
 * @ret:	set to the size
 *
 * Kernel: setup_io_tlb_npages(), RULES.md S2 and S3.
 *
 * Return: 0, or -EINVAL for a number beyond what there can be.
 */
int libdma_swiotlb_size(const char *text, unsigned int cpus,
			struct libdma_swiotlb_size *ret);

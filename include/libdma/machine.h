/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * machine.h - the modelled computer: memory, CPUs, swiotlb, IOMMU, devices
 *
 * A machine has one owner: it is used by one thread at a time. A CPU is a number
 * that the owner sets, and time stands still until the owner moves it, so that the
 * same calls give the same answers on every run.
 */
#pragma once

#include <libdma/environment.h>
#include <libdma/event.h>

struct libdma_machine;

/* How loud a message is; the kernel's own levels. */
enum libdma_log_level {
	LIBDMA_LOG_ERROR = 3,
	LIBDMA_LOG_WARNING = 4,
	LIBDMA_LOG_NOTICE = 5,
	LIBDMA_LOG_INFO = 6,
};

/* Which kernel configuration a machine runs; 0 is Debian's amd64 kernel. */
#define LIBDMA_CONFIG_NO_INIT_ON_ALLOC	(1u << 0) /* init_on_alloc=0 */
#define LIBDMA_CONFIG_INIT_ON_FREE	(1u << 1) /* init_on_free=1 */
#define LIBDMA_CONFIG_POOL_DEBUG	(1u << 2) /* SLUB_DEBUG_ON: poison and checks */
#define LIBDMA_CONFIG_POOL_IN_BLOCK	(1u << 3) /* pools keep their lists in free blocks */
#define LIBDMA_CONFIG_SWIOTLB_DYNAMIC	(1u << 4) /* it grows; not in 6.1 */
#define LIBDMA_CONFIG_FORCEDAC		(1u << 5) /* iommu.forcedac=1 */
#define LIBDMA_CONFIG_SHADOWED_FLUSH	(1u << 6) /* one shared flush queue: a hypervisor */
#define LIBDMA_CONFIG_NO_REMAP		(1u << 7) /* no uncached remapping (non-coherent) */
#define LIBDMA_CONFIG_BOUNCE_KMALLOC	(1u << 8) /* DMA_BOUNCE_UNALIGNED_KMALLOC */
#define LIBDMA_CONFIG_NO_ZONE_DMA	(1u << 9)

/**
 * struct libdma_machine_options - which machine
 *
 * All of it may be 0: Debian 6.1 on two CPUs with 1 GiB, direct mapping.
 *
 * @kernel:	whose rules
 * @config:	LIBDMA_CONFIG_*
 * @cpus:	how many; 0 for 2
 * @memory:	RAM; NULL for 1 GiB from address 0 with the PC's hole
 * @memory_count: ranges in @memory
 * @iommu:	LIBDMA_IOMMU_OFF, _PASSTHROUGH, _STRICT or _LAZY
 * @granule:	bytes of the IOMMU's smallest page; 0 for 4096
 * @aperture_end: highest IOVA that it translates; 0 for 2^48 - 1
 * @magazine:	ranges that an IOVA magazine of a CPU has room for, at most 65536; 0 for
 *		the kernels' 127
 * @reserved:	IOVAs that are never given out: host bridge windows, MSI; NULL for
 *		the PC's MSI window alone
 * @reserved_count: ranges in @reserved
 * @swiotlb_slots: as the first number of swiotlb=; 0 for the default 64 MiB
 * @swiotlb_areas: as the second; 0 for one area a CPU
 * @swiotlb_start: physical address; 0 lets the machine place it below 4 GiB
 * @swiotlb_segment: slots of a slot set; 0 for 128
 * @swiotlb_force: bounce everything (swiotlb=force)
 * @swiotlb_off: no swiotlb at all (swiotlb=noforce)
 * @cma_size:	bytes of the default CMA area, 0 for none
 * @cma_start:	its physical address; 0 lets the machine place it
 * @coherent_pool: bytes of each atomic pool, 0 for the default
 * @cacheline:	bytes of a cache line where devices are not coherent; 0 for 64
 * @log:	gets the kernel's messages, one call a line without newline, or NULL
 * @log_arg:	its first argument
 */
struct libdma_machine_options {
	enum dma_kernel kernel;
	unsigned int config;
	unsigned int cpus;
	const struct libdma_range *memory;
	size_t memory_count;

	enum libdma_iommu_mode iommu;
	uint64_t granule;
	uint64_t aperture_end;
	unsigned int magazine;
	const struct libdma_range *reserved;
	size_t reserved_count;

	uint64_t swiotlb_slots;
	unsigned int swiotlb_areas;
	phys_addr_t swiotlb_start;
	unsigned int swiotlb_segment;
	bool swiotlb_force;
	bool swiotlb_off;

	uint64_t cma_size;
	phys_addr_t cma_start;
	uint64_t coherent_pool;
	unsigned int cacheline;

	void (*log)(void *arg, enum libdma_log_level level, const char *text);
	void *log_arg;
};

/**
 * libdma_machine_create() - build a machine
 * @options:	which; NULL for all defaults
 * @ret:	set to the machine
 *
 * Return: 0, -EINVAL where the options contradict each other (the log says which), or
 * -ENOMEM.
 */
int libdma_machine_create(const struct libdma_machine_options *options,
			  struct libdma_machine **ret);

/** libdma_machine_destroy() - release a machine and its devices; NULL is allowed */
void libdma_machine_destroy(struct libdma_machine *machine);

/** libdma_machine_set_cpu() - on which CPU the next calls run, from 0 */
void libdma_machine_set_cpu(struct libdma_machine *machine, unsigned int cpu);

/** libdma_machine_cpu() - on which CPU calls run now */
unsigned int libdma_machine_cpu(const struct libdma_machine *machine);

/**
 * libdma_machine_set_time() - let time pass
 * @machine:	the machine
 * @ns:		the time now, not before what it was; timers that are due fire, in order
 *
 * What the kernel does in the background is done then too: a swiotlb that was too small
 * grows, with LIBDMA_CONFIG_SWIOTLB_DYNAMIC.
 */
void libdma_machine_set_time(struct libdma_machine *machine, uint64_t ns);

/** libdma_machine_time() - the time now, in nanoseconds */
uint64_t libdma_machine_time(const struct libdma_machine *machine);

/**
 * libdma_machine_set_atomic() - do the next calls run where the caller may not sleep?
 *
 * Freeing there warns, as the kernel does with interrupts disabled (RULES.md A3).
 */
void libdma_machine_set_atomic(struct libdma_machine *machine, bool atomic);

/**
 * libdma_machine_fail() - let the model's own allocations fail
 * @machine:	the machine
 * @nth:	the allocation, counted from 1 and from this call, that fails; 0 for none
 * @ppm:	how many of a million fail besides; 0 for none
 * @seed:	of the dice for @ppm
 *
 * After any such failure the state is as before the call that failed.
 */
void libdma_machine_fail(struct libdma_machine *machine, uint64_t nth, uint32_t ppm,
			 uint64_t seed);

/**
 * libdma_machine_observe() - see every call of the API and its outcome
 * @machine:	the machine
 * @observe:	called after the call is done, or NULL for nobody
 * @arg:	its first argument
 */
void libdma_machine_observe(struct libdma_machine *machine,
			    void (*observe)(void *arg, const struct dma_event *event),
			    void *arg);

/** libdma_machine_log() - say a line of one's own to the machine's log */
void libdma_machine_log(struct libdma_machine *machine, enum libdma_log_level level,
			const char *text);

/** libdma_machine_strings() - the table of the strings of its events */
struct libdma_strings *libdma_machine_strings(const struct libdma_machine *machine);

/**
 * libdma_memory_alloc() - memory of the machine, for buffers to map
 * @machine:	the machine
 * @size:	bytes; whole pages are taken, of 2^n each
 * @gfp:	from which zone; __GFP_ZERO
 *
 * Return: the CPU's address, or NULL.
 */
void *libdma_memory_alloc(struct libdma_machine *machine, size_t size, unsigned int gfp);

/** libdma_memory_free() - give back what libdma_memory_alloc() gave, with its size */
void libdma_memory_free(struct libdma_machine *machine, void *cpu, size_t size);

/** libdma_memory_cpu() - the CPU's address of a physical one; NULL outside RAM */
void *libdma_memory_cpu(const struct libdma_machine *machine, phys_addr_t phys);

/**
 * libdma_memory_phys() - the physical address of the CPU's
 *
 * Return: the address, or all ones where @cpu is not of the machine's RAM.
 */
phys_addr_t libdma_memory_phys(const struct libdma_machine *machine, const void *cpu);

/**
 * libdma_machine_valid() - do all its allocators hold their invariants?
 *
 * For tests and fuzzing: costs time in proportion to what is allocated.
 */
bool libdma_machine_valid(const struct libdma_machine *machine);

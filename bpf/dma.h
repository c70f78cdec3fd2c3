/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dma.h - what the probes send to 'dmactl record'; read by both
 *
 * An event that has a scatterlist carries the kernel's own entries as they lie in
 * memory: the probe copies, user space decodes. What does not fit into one record is
 * sent before it, in pieces.
 */
#pragma once

enum dma_probe_type {
	DMA_PROBE_EVENT = 1, /* struct dma_probe_event, and the last entries of its list */
	DMA_PROBE_PIECE,     /* the same, and entries of the event that is still to come */
	DMA_PROBE_DEVICE,    /* struct dma_probe_device: before the first event of it */
	DMA_PROBE_POOL,	     /* struct dma_probe_pool: before the first event of it */
	DMA_PROBE_STACK,     /* struct dma_probe_stack: before the event that is in want of it */
};

enum {
	DMA_PROBE_ENTRIES = 128,   /* of a list, in one record */
	DMA_PROBE_ENTRY_SIZE = 32, /* the most that a struct scatterlist may have */
	DMA_PROBE_PIECES = 256,
	DMA_PROBE_LIST = 8192, /* entries of one list that are sent; the rest is cut */
	DMA_PROBE_NAME = 64,
	DMA_PROBE_PATTERNS = 8, /* --device, and as many --driver */
	DMA_PROBE_LEVELS = 4,	/* a probe, its twin, and two more where needed */
	DMA_PROBE_UNDER_WAY = 4, /* events of a probe on one CPU, each in another's midst, */
	DMA_PROBE_SETS = 8,	 /* and so many sets of these, for tasks: DMA_PROBE_SET_OF() */
	DMA_PROBE_CPUS = 8192,
	DMA_PROBE_FRAMES = 64, /* of a stack */
	DMA_PROBE_STACKS = 16384, /* in the first map of them; the others' numbers follow */
	DMA_PROBE_MORE_STACKS = 4096,
	DMA_PROBE_NO_STACK = -1,
	DMA_PROBE_SENT_STACK = -2, /* and below: the number of a stack that was sent */
};

/* dma_probe_event.flags */
enum {
	DMA_PROBE_CUT = 1,    /* not all of the list could be sent */
	DMA_PROBE_FORCED = 2, /* swiotlb_bounced: bouncing was forced */
	DMA_PROBE_PAGE = 4,   /* phys is the address of a struct page, extra an offset */
	DMA_PROBE_SEARCHED = 8, /* ns and cpu are those of the search for slots */
};

struct dma_probe_event {
	unsigned char type;
	unsigned char hook; /* which probe: enum dma_hook */
	unsigned char level; /* which of its programs; 1: the twin */
	unsigned char dir;
	unsigned char flags;
	unsigned char unused;
	unsigned short entries; /* of the list, in this record */
	unsigned int ahead;	/* and in the pieces before it */
	unsigned int cpu;
	int pid;
	int error;
	unsigned int gfp;
	int stack; /* number in the maps of stacks, or one of the negative above */
	unsigned long long ns;
	unsigned long long device; /* its address: its name while it lives */
	unsigned long long handle; /* of a pool or an IOVA domain: likewise */
	unsigned long long phys;
	unsigned long long dma;
	unsigned long long size;
	unsigned long long cpu_addr;
	unsigned long long attrs;
	unsigned long long extra; /* what struct dma_event has in its first union, */
	unsigned long long limit; /* and in its second */
	unsigned int nents;
	unsigned int ents;
	char comm[16];
};

/* What of a device may change; compared as a whole to see whether it did. */
struct dma_probe_limits {
	unsigned long long name; /* addresses, which change when the thing does */
	unsigned long long driver;
	unsigned long long dma_mask;
	unsigned long long coherent_dma_mask;
	unsigned long long bus_dma_limit;
	unsigned long long segment_boundary_mask;
	unsigned int max_segment_size;
	unsigned int min_align_mask;
	unsigned int group;	  /* the IOMMU group's number, all ones for none */
	unsigned int domain_type; /* the kernel's bits, 0 without a group */
	unsigned int skip_sync;
	unsigned int parameters; /* whether the two sizes and the boundary are set */
};

struct dma_probe_device {
	unsigned char type;
	unsigned char unused[3];
	unsigned int cpu;
	unsigned long long ns;
	unsigned long long device;
	struct dma_probe_limits limits;
	char name[DMA_PROBE_NAME];
	char driver[DMA_PROBE_NAME];
};

struct dma_probe_pool {
	unsigned char type;
	unsigned char unused[7];
	unsigned long long handle;
	unsigned long long size;
	char name[DMA_PROBE_NAME];
};

struct dma_probe_stack {
	unsigned char type;
	unsigned char unused[3];
	int number;
	unsigned long long frames;
	unsigned long long address[DMA_PROBE_FRAMES];
};

/* Of the number that bpf_get_current_task() gives. */
#define DMA_PROBE_SET_OF(task) ((task) * 0x9e3779b97f4a7c15ULL >> 61)

/* Of each probe, level and CPU; number of a map's entry: hook * levels + level. */
struct dma_probe_count {
	unsigned long long task;    /* in which the program is at work, or 0 */
	/* events: the next is to come */
	unsigned long long handled[DMA_PROBE_SETS][DMA_PROBE_UNDER_WAY];
	unsigned long long turned_out; /* of these, for lack of places */
	unsigned long long runs;    /* for those before, which were skipped; of a kprobe, all */
	unsigned long long orphans; /* returns of calls whose beginning a kprobe missed */
	unsigned long long events;  /* sent */
	unsigned long long dropped; /* for lack of room in the ring */
	unsigned long long cut;	    /* lists */
	unsigned long long last_ns; /* when one was dropped last */
};

struct dma_probe_pattern {
	char text[DMA_PROBE_NAME];
	unsigned int size; /* bytes that must be equal */
	unsigned int prefix; /* more may follow */
};

/* What the user asked for; constant while the probes run. */
struct dma_probe_options {
	unsigned long long min_size;
	unsigned int pid;	 /* of the process, or 0 for all */
	unsigned int directions; /* a bit for each enum dma_data_direction */
	unsigned int devices;	 /* patterns in use */
	unsigned int drivers;
	unsigned int stack;	/* send the call's stack */
	unsigned int stack_sent; /* also where the maps of stacks have no place for it */
	unsigned int sg_traced; /* a tracepoint tells of lists that were mapped */
	unsigned int last_level; /* of those that are attached */
	struct dma_probe_pattern device[DMA_PROBE_PATTERNS];
	struct dma_probe_pattern driver[DMA_PROBE_PATTERNS];
};

/* What only the kernel's memory tells; 0 where it is hidden. */
struct dma_probe_kernel {
	unsigned long long vmemmap;
	unsigned long long swiotlb_start;
	unsigned long long swiotlb_slots;
	unsigned int swiotlb_areas;
	unsigned int swiotlb_force;
	unsigned int swiotlb_known;
	unsigned int unused;
};

/*
 * The probes: HOW (a tracepoint TP, a function's ENTRY or EXIT), what it is called, how
 * many arguments it has, the kind of event, the group of --events, and the probes in
 * whose presence this one is not needed.
 */
#define DMA_PROBES(X)									\
	X(TP, dma_map_page, 6, MAP_PAGE, "map", "")					\
	X(TP, dma_map_phys, 6, MAP_PHYS, "map", "")					\
	X(TP, dma_map_resource, 6, MAP_RESOURCE, "map", "")				\
	X(TP, dma_unmap_page, 5, UNMAP_PAGE, "map", "")					\
	X(TP, dma_unmap_phys, 5, UNMAP_PHYS, "map", "")					\
	X(TP, dma_unmap_resource, 5, UNMAP_RESOURCE, "map", "")				\
	X(TP, dma_map_sg, 6, MAP_SG, "sg", "")						\
	X(TP, dma_unmap_sg, 5, UNMAP_SG, "sg", "")					\
	X(TP, dma_alloc, 7, ALLOC, "coherent", "")					\
	X(TP, dma_alloc_pages, 7, ALLOC_PAGES, "coherent", "")				\
	X(TP, dma_alloc_sgt, 6, ALLOC_SGT, "coherent", "")				\
	X(TP, dma_alloc_sgt_err, 7, ALLOC_SGT_ERR, "coherent", "")			\
	X(TP, dma_free, 6, FREE, "coherent", "")					\
	X(TP, dma_free_pages, 6, FREE_PAGES, "coherent", "")				\
	X(TP, dma_free_sgt, 4, FREE_SGT, "coherent", "")				\
	X(TP, dma_sync_single_for_cpu, 4, SYNC_SINGLE_FOR_CPU, "sync", "")		\
	X(TP, dma_sync_single_for_device, 4, SYNC_SINGLE_FOR_DEVICE, "sync", "")	\
	X(TP, dma_sync_sg_for_cpu, 4, SYNC_SG_FOR_CPU, "sync", "")			\
	X(TP, dma_sync_sg_for_device, 4, SYNC_SG_FOR_DEVICE, "sync", "")		\
	X(TP, swiotlb_bounced, 3, SWIOTLB_BOUNCED, "swiotlb", "")			\
	X(TP, map, 3, IOMMU_MAP, "iommu", "")						\
	X(TP, unmap, 3, IOMMU_UNMAP, "iommu", "")					\
	X(TP, add_device_to_group, 2, IOMMU_ADD_DEVICE_TO_GROUP, "iommu", "")		\
	X(TP, remove_device_from_group, 2, IOMMU_REMOVE_DEVICE_FROM_GROUP, "iommu", "") \
	X(TP, attach_device_to_domain, 1, IOMMU_ATTACH_DEVICE_TO_DOMAIN, "iommu", "")	\
	X(TP, detach_device_from_domain, 1, IOMMU_DETACH_DEVICE_FROM_DOMAIN, "iommu", "") \
	X(TP, io_page_fault, 3, IOMMU_IO_PAGE_FAULT, "iommu", "")			\
	X(EXIT, dma_map_phys, 5, MAP_PHYS, "map", "tp_dma_map_phys")			\
	X(EXIT, dma_map_page_attrs, 6, MAP_PAGE, "map",					\
	  "tp_dma_map_page tp_dma_map_phys fn_dma_map_phys")				\
	X(EXIT, dma_map_resource, 5, MAP_RESOURCE, "map",				\
	  "tp_dma_map_resource tp_dma_map_phys fn_dma_map_phys")			\
	X(ENTRY, dma_unmap_phys, 5, UNMAP_PHYS, "map", "tp_dma_unmap_phys")		\
	X(ENTRY, dma_unmap_page_attrs, 5, UNMAP_PAGE, "map",				\
	  "tp_dma_unmap_page tp_dma_unmap_phys fn_dma_unmap_phys")			\
	X(ENTRY, dma_unmap_resource, 5, UNMAP_RESOURCE, "map",				\
	  "tp_dma_unmap_resource tp_dma_unmap_phys fn_dma_unmap_phys")			\
	X(EXIT, dma_map_sg_attrs, 5, MAP_SG, "sg", "")					\
	X(EXIT, dma_map_sgtable, 4, MAP_SG, "sg", "")					\
	X(TP, dma_map_sg_err, 6, MAP_SG_ERR, "sg", "fn_dma_map_sg_attrs")		\
	X(ENTRY, dma_unmap_sg_attrs, 5, UNMAP_SG, "sg", "tp_dma_unmap_sg")		\
	X(EXIT, dma_alloc_attrs, 5, ALLOC, "coherent", "tp_dma_alloc")			\
	X(EXIT, dma_alloc_pages, 5, ALLOC_PAGES, "coherent", "tp_dma_alloc_pages")	\
	X(EXIT, dma_alloc_noncontiguous, 5, ALLOC_SGT, "coherent",		\
	  "tp_dma_alloc_sgt tp_dma_alloc_sgt_err")					\
	X(ENTRY, dma_free_attrs, 5, FREE, "coherent", "tp_dma_free")			\
	X(ENTRY, dma_free_pages, 5, FREE_PAGES, "coherent", "tp_dma_free_pages")	\
	X(ENTRY, dma_free_noncontiguous, 4, FREE_SGT, "coherent", "tp_dma_free_sgt")	\
	X(ENTRY, dma_sync_single_for_cpu, 4, SYNC_SINGLE_FOR_CPU, "sync",		\
	  "tp_dma_sync_single_for_cpu")							\
	X(ENTRY, dma_sync_single_for_device, 4, SYNC_SINGLE_FOR_DEVICE, "sync",		\
	  "tp_dma_sync_single_for_device")						\
	X(ENTRY, dma_sync_sg_for_cpu, 4, SYNC_SG_FOR_CPU, "sync", "tp_dma_sync_sg_for_cpu") \
	X(ENTRY, dma_sync_sg_for_device, 4, SYNC_SG_FOR_DEVICE, "sync",			\
	  "tp_dma_sync_sg_for_device")							\
	X(EXIT, dma_pool_create, 5, POOL_CREATE, "pool", "")				\
	X(EXIT, dma_pool_create_node, 6, POOL_CREATE, "pool", "fn_dma_pool_create")	\
	X(EXIT, dma_pool_alloc, 3, POOL_ALLOC, "pool", "")				\
	X(ENTRY, dma_pool_free, 3, POOL_FREE, "pool", "")				\
	X(ENTRY, dma_pool_destroy, 1, POOL_DESTROY, "pool", "")				\
	X(EXIT, dma_declare_coherent_memory, 4, DECLARE_COHERENT_MEMORY, "coherent", "") \
	X(ENTRY, dma_release_coherent_memory, 1, RELEASE_COHERENT_MEMORY, "coherent", "") \
	X(EXIT, dma_set_mask, 2, SET_MASK, "mask", "")					\
	X(EXIT, dma_set_coherent_mask, 2, SET_COHERENT_MASK, "mask", "")		\
	X(EXIT, dma_iova_try_alloc, 4, IOVA_TRY_ALLOC, "map", "")			\
	X(ENTRY, dma_iova_free, 2, IOVA_FREE, "map", "")				\
	X(EXIT, dma_iova_link, 7, IOVA_LINK, "map", "")					\
	X(ENTRY, dma_iova_unlink, 6, IOVA_UNLINK, "map", "")				\
	X(EXIT, dma_iova_sync, 4, IOVA_SYNC, "map", "")					\
	X(ENTRY, dma_iova_destroy, 5, IOVA_DESTROY, "map", "")				\
	X(EXIT, swiotlb_tbl_map_single, 6, SWIOTLB_MAP, "swiotlb", "")			\
	X(EXIT, swiotlb_map, 5, SWIOTLB_MAP, "swiotlb", "fn_swiotlb_tbl_map_single")	\
	X(ENTRY, swiotlb_tbl_unmap_single, 5, SWIOTLB_UNMAP, "swiotlb", "")		\
	X(ENTRY, __swiotlb_tbl_unmap_single, 6, SWIOTLB_UNMAP, "swiotlb",		\
	  "fn_swiotlb_tbl_unmap_single")						\
	X(EXIT, alloc_iova_fast, 4, ALLOC_IOVA, "iova", "")				\
	X(ENTRY, free_iova_fast, 3, FREE_IOVA, "iova", "")				\
	X(ENTRY, fq_flush_iotlb, 1, FLUSH, "iova", "")					\
	X(ENTRY, fq_flush_timeout, 1, FLUSH, "iova", "fn_fq_flush_iotlb")

/*
 * A tracepoint's program is called tp_NAME, a function's fn_NAME; twins end in _twin. As a
 * kprobe a function's is kp_NAME; where it is watched at its return, that keeps the
 * arguments for kr_NAME.
 */
#define DMA_PROGRAM_TP	  tp_
#define DMA_PROGRAM_ENTRY fn_
#define DMA_PROGRAM_EXIT  fn_
#define DMA_JOIN2(a, b)	  a##b
#define DMA_JOIN(a, b)	  DMA_JOIN2(a, b)
#define DMA_PROGRAM(how, name) DMA_JOIN(DMA_PROGRAM_##how, name)

#define DMA_HOOK_MEMBER(how, name, ...) DMA_JOIN(HOOK_, DMA_PROGRAM(how, name)),
enum dma_hook { DMA_PROBES(DMA_HOOK_MEMBER) DMA_HOOKS };
#undef DMA_HOOK_MEMBER

#define DMA_ARGUMENTS_MEMBER(how, name, arguments, ...)                                 \
	DMA_JOIN(ARGUMENTS_, DMA_PROGRAM(how, name)) = arguments,
enum dma_arguments { DMA_PROBES(DMA_ARGUMENTS_MEMBER) DMA_ARGUMENTS_MAX = 7 };
#undef DMA_ARGUMENTS_MEMBER

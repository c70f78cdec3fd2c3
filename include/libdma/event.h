/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * event.h - one call at the DMA API and its outcome
 *
 * Everything in this project is a source or a sink of struct dma_event: a trace
 * reader, the model, a recorder; a writer, a counter, a rule.
 */
#pragma once

#include <libdma/strings.h>
#include <libdma/types.h>

/*
 * What happened. The numbers are stored in files: new kinds are added at the
 * end. libdma_event_kind_name() gives the names, which are the kernel's
 * tracepoints without "dma_" where there is one.
 */
enum dma_event_kind {
	DMA_EVENT_NONE,
	/* streaming mappings of one buffer */
	DMA_EVENT_MAP_SINGLE,
	DMA_EVENT_MAP_PAGE,
	DMA_EVENT_MAP_PHYS,
	DMA_EVENT_MAP_RESOURCE,
	DMA_EVENT_UNMAP_SINGLE,
	DMA_EVENT_UNMAP_PAGE,
	DMA_EVENT_UNMAP_PHYS,
	DMA_EVENT_UNMAP_RESOURCE,
	/* of a scatterlist */
	DMA_EVENT_MAP_SG,
	DMA_EVENT_MAP_SG_ERR,
	DMA_EVENT_UNMAP_SG,
	/* allocations */
	DMA_EVENT_ALLOC,
	DMA_EVENT_FREE,
	DMA_EVENT_ALLOC_PAGES,
	DMA_EVENT_FREE_PAGES,
	DMA_EVENT_ALLOC_SGT,
	DMA_EVENT_ALLOC_SGT_ERR,
	DMA_EVENT_FREE_SGT,
	/* ownership */
	DMA_EVENT_SYNC_SINGLE_FOR_CPU,
	DMA_EVENT_SYNC_SINGLE_FOR_DEVICE,
	DMA_EVENT_SYNC_SG_FOR_CPU,
	DMA_EVENT_SYNC_SG_FOR_DEVICE,
	DMA_EVENT_MAPPING_ERROR, /* the driver asked dma_mapping_error() */
	/* dma_pool */
	DMA_EVENT_POOL_CREATE,
	DMA_EVENT_POOL_ALLOC,
	DMA_EVENT_POOL_FREE,
	DMA_EVENT_POOL_DESTROY,
	/* a device's own region, and its masks */
	DMA_EVENT_DECLARE_COHERENT_MEMORY,
	DMA_EVENT_RELEASE_COHERENT_MEMORY,
	DMA_EVENT_MARK_DECLARED_MEMORY_OCCUPIED,
	DMA_EVENT_SET_MASK,
	DMA_EVENT_SET_COHERENT_MASK,
	/* dma_iova_* of 7.2 */
	DMA_EVENT_IOVA_TRY_ALLOC,
	DMA_EVENT_IOVA_FREE,
	DMA_EVENT_IOVA_LINK,
	DMA_EVENT_IOVA_UNLINK,
	DMA_EVENT_IOVA_SYNC,
	DMA_EVENT_IOVA_DESTROY,
	/* beneath the API: what the allocators did */
	DMA_EVENT_SWIOTLB_BOUNCED, /* a search for slots begins */
	DMA_EVENT_SWIOTLB_MAP,	   /* slots were found, or not */
	DMA_EVENT_SWIOTLB_UNMAP,
	DMA_EVENT_ALLOC_IOVA,
	DMA_EVENT_FREE_IOVA,
	DMA_EVENT_FLUSH, /* the lazy queue's IOTLB flush */
	DMA_EVENT_IOMMU_MAP,
	DMA_EVENT_IOMMU_UNMAP,
	DMA_EVENT_IOMMU_ADD_DEVICE_TO_GROUP,
	DMA_EVENT_IOMMU_REMOVE_DEVICE_FROM_GROUP,
	DMA_EVENT_IOMMU_ATTACH_DEVICE_TO_DOMAIN,
	DMA_EVENT_IOMMU_DETACH_DEVICE_FROM_DOMAIN,
	DMA_EVENT_IOMMU_IO_PAGE_FAULT,
	/* about the recording */
	DMA_EVENT_DEVICE, /* a device's driver, masks or limits, or their change */
	DMA_EVENT_MARK,	  /* text that the user wrote into the trace */
	DMA_EVENT_LOST,	  /* events that the recorder missed */
	DMA_EVENT_OTHER,  /* a line of the recording that is none of the above */
	DMA_EVENT_KINDS
};

/* dma_event.flags */
#define DMA_EVENT_CUT	    (1U << 0) /* the recorder cut the list: counts exceed it */
#define DMA_EVENT_FORCE	    (1U << 1) /* swiotlb_bounced: bouncing was forced */
#define DMA_EVENT_HASHED    (1U << 2) /* cpu_addr was printed by %p, so is a hash */
#define DMA_EVENT_UNHASHED  (1U << 3) /* cpu_addr was printed before %p could hash */
#define DMA_EVENT_REQUEST   (1U << 4) /* a request whose outcome nobody recorded */
#define DMA_EVENT_SKIP_SYNC (1U << 5) /* device: dma_skip_sync is set */
#define DMA_EVENT_EARLIER   (1U << 6) /* of before this part of a trace; told again */
#define DMA_EVENT_SEARCHED  (1U << 7) /* swiotlb_map: @ns and @cpu are the search's */

/**
 * struct dma_event - one call and its outcome
 *
 * A member that a kind does not use is 0. The lists and the text belong to
 * whoever gave the event, and last until it gives the next.
 *
 * @kind:	which call; enum dma_event_kind
 * @dir:	enum dma_data_direction
 * @flags:	DMA_EVENT_*
 * @cpu:	where it ran
 * @pid:	the task's, 0 for idle
 * @error:	0, or a negative errno: how the call failed
 * @ns:		when, in nanoseconds on the clock that the environment names
 * @number:	which event of the trace this is, from 0
 * @device:	string: the device, "0000:00:02.0"
 * @comm:	string: the task's name
 * @context:	string: ftrace's column of irqs-off, need-resched ... ("d.h1.")
 * @gfp:	string: allocation flags as the kernel prints them
 * @name:	string: a pool's name; the tracepoint of DMA_EVENT_OTHER, and the
 *		driver of a DMA_EVENT_DEVICE and of an IOMMU fault
 * @stack:	string: the call stack, innermost first, separated by ';'
 * @phys:	physical address; swiotlb_bounced: address of the original buffer
 * @dma:	DMA address or IOVA, DMA_MAPPING_ERROR where mapping failed
 * @size:	bytes, as the caller gave them; lists: the sum where it is known
 * @cpu_addr:	the CPU's address of an allocation
 * @attrs:	DMA_ATTR_*
 * @handle:	which pool, IOMMU group or IOVA domain; a number that the trace made up
 * @nents:	lists: entries that the caller passed
 * @ents:	lists: segments that they became
 * @phys_count:	entries of @phys_list and, where not NULL, of @size_list
 * @dma_count:	entries of @dma_list and @dma_size_list
 * @phys_list:	physical address of each entry
 * @size_list:	bytes of each entry; NULL where the recorder could not see them
 * @dma_list:	DMA address of each segment
 * @dma_size_list: bytes of each segment
 * @text:	what a MARK says, or an OTHER; not NUL-terminated
 * @text_size:	bytes of @text
 */
struct dma_event {
	uint16_t kind;
	uint8_t dir;
	uint8_t flags;
	uint32_t cpu;
	int32_t pid;
	int32_t error;
	uint64_t ns;
	uint64_t number;

	uint32_t device;
	uint32_t comm;
	uint32_t context;
	uint32_t gfp;
	uint32_t name;
	uint32_t stack;

	phys_addr_t phys;
	dma_addr_t dma;
	uint64_t size;
	uint64_t cpu_addr;
	uint64_t attrs;
	uint64_t handle;
	union {
		uint64_t mask;	   /* device, set_mask, swiotlb_bounced */
		uint64_t unmapped; /* iommu_unmap: bytes that were unmapped */
		uint64_t offset;   /* iova_link, iova_unlink: bytes into the range */
		uint64_t align;	   /* pool_create; alloc_iova: 1 if by size */
		uint64_t count;	   /* lost: events, 0 when not known; flush: entries freed */
		uint64_t fault;	   /* iommu_io_page_fault: flags */
		uint64_t slot;	   /* requests of a pool's block: which block */
	};
	union {
		uint64_t boundary; /* pool_create; device: segment_boundary_mask */
		uint64_t limit;	   /* alloc_iova: the highest address allowed */
		uint64_t until_ns; /* lost: the end of the time without events */
	};
	union {
		uint64_t coherent_mask; /* device */
		uint64_t align_mask;	/* swiotlb_map: alloc_align_mask */
	};
	uint64_t max_segment_size; /* device */
	uint64_t min_align_mask;   /* device */

	uint32_t nents;
	uint32_t ents;
	uint32_t phys_count;
	uint32_t dma_count;
	const phys_addr_t *phys_list;
	const uint32_t *size_list;
	const dma_addr_t *dma_list;
	const uint32_t *dma_size_list;

	const char *text;
	uint32_t text_size;
};

/* What a kind of event does to the mappings that are live. */
enum dma_event_class {
	DMA_CLASS_NONE,
	DMA_CLASS_MAP,	 /* adds one */
	DMA_CLASS_UNMAP, /* ends one */
	DMA_CLASS_ALLOC,
	DMA_CLASS_FREE,
	DMA_CLASS_SYNC,
};

/**
 * libdma_event_kind_name() - the name of a kind, "map_page"
 *
 * Return: the name, a constant; NULL for a number that is no kind.
 */
const char *libdma_event_kind_name(unsigned int kind);

/**
 * libdma_event_kind_find() - the kind of a name
 *
 * Return: the kind, or DMA_EVENT_NONE where no kind has this name.
 */
enum dma_event_kind libdma_event_kind_find(const char *name, size_t size);

/** libdma_event_kind_class() - what a kind of event does to live mappings */
enum dma_event_class libdma_event_kind_class(unsigned int kind);

/** libdma_direction_name() - "TO_DEVICE", as the kernel's traces print it; NULL if none */
const char *libdma_direction_name(unsigned int dir);

/**
 * libdma_attrs_print() - attributes as the kernel's traces print them
 * @attrs:	DMA_ATTR_* bits
 * @buffer:	where to; "SKIP_CPU_SYNC|NO_WARN", bits without a name as "0x4000"
 * @size:	room in @buffer
 *
 * Return: length of the whole text, as snprintf() does.
 */
size_t libdma_attrs_print(uint64_t attrs, char *buffer, size_t size);

/**
 * libdma_probe_is_bounce() - does a probe tell of bounce buffers, and of no call?
 * @name:	what a DMA_EVENT_LOST of dmactl's recorder has: "fn_swiotlb_tbl_map_single"
 *
 * What such a probe lost began and ended no mapping of a driver's.
 *
 * Return: false also for a name that is no probe's.
 */
bool libdma_probe_is_bounce(const char *name);

/**
 * libdma_probe_is_end() - does a probe tell of calls that end what is live?
 * @name:	as for libdma_probe_is_bounce()
 *
 * Return: true also for a name that is no probe's: anything may have been lost.
 */
bool libdma_probe_is_end(const char *name);

/** libdma_event_dma() - the DMA address of an event; a list's is its first segment's */
static inline dma_addr_t libdma_event_dma(const struct dma_event *event)
{
	return event->dma_count && event->dma_list ? event->dma_list[0] : event->dma;
}

/**
 * libdma_attrs_parse() - the reverse of libdma_attrs_print()
 *
 * Return: 0, or -EINVAL where a word is no attribute.
 */
int libdma_attrs_parse(const char *text, size_t size, uint64_t *ret);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * environment.h - the machine that a trace was recorded on
 *
 * Given by the recorder, or by the user as JSON (dmat(5)), or inferred from the
 * events; what was inferred says so. A modelled machine is built from it.
 */
#pragma once

#include <libdma/event.h>

/* Where a value comes from. */
enum libdma_origin {
	LIBDMA_UNKNOWN,	 /* nobody said; the member is 0 */
	LIBDMA_INFERRED, /* worked out from the events (RULES.md T6) */
	LIBDMA_GIVEN,	 /* recorded, or said by the user */
};

enum libdma_iommu_mode {
	LIBDMA_IOMMU_OFF,
	LIBDMA_IOMMU_PASSTHROUGH,
	LIBDMA_IOMMU_STRICT,
	LIBDMA_IOMMU_LAZY,
	/* the events show an IOMMU, not when it flushes */
	LIBDMA_IOMMU_TRANSLATED,
};

struct libdma_range {
	uint64_t start;
	uint64_t length;
	char *name; /* "System RAM", "PCI Bus 0000:00", "msi" */
};

struct libdma_ranges {
	struct libdma_range *range;
	size_t count;
};

struct libdma_group {
	uint32_t number;
	char *type; /* "DMA", "DMA-FQ", "identity" */
	char **device;
	size_t devices;
	struct libdma_ranges reserved;
};

struct libdma_device_environment {
	char *name;	/* "0000:00:02.0" */
	char *driver;	/* NULL where not known */
	uint64_t dma_mask;
	uint64_t coherent_dma_mask;
	uint64_t bus_dma_limit;
	uint64_t max_segment_size;
	uint64_t segment_boundary_mask;
	uint64_t min_align_mask;
	bool coherent;
	bool skip_sync;
	bool untrusted;
	/* the members above that someone gave or that were inferred */
	struct {
		enum libdma_origin driver, dma_mask, coherent_dma_mask, bus_dma_limit,
			max_segment_size, segment_boundary_mask, min_align_mask, coherent,
			skip_sync, untrusted;
	} origin;
};

/**
 * struct libdma_environment - all that is known of the recording's machine
 *
 * Strings are NULL, and numbers 0, where their origin is LIBDMA_UNKNOWN.
 */
struct libdma_environment {
	char *kernel;  /* "6.12.107+deb13-amd64" */
	char *arch;    /* "x86_64" */
	char *cmdline; /* DMA options of the kernel's command line */
	char *clock;   /* "mono" */
	char *recorder;
	char *probes; /* programs of dmactl's recorder: "tp_dma_alloc kr_dma_pool_alloc" */
	uint32_t page_size;
	uint32_t cpus;
	struct libdma_ranges memory; /* of /proc/iomem, top level */

	struct {
		uint64_t start;
		uint64_t slots;
		uint32_t areas;
		uint32_t slot_size; /* bytes; 2048 */
		bool force;
	} swiotlb;

	struct {
		enum libdma_iommu_mode mode;
		uint64_t granule; /* bytes */
		uint64_t aperture_end;
		struct libdma_group *group;
		size_t groups;
	} iommu;

	struct libdma_device_environment *device;
	size_t devices;

	/* what the recorder says it saw and lost */
	uint64_t entries_written;
	uint64_t entries_kept;

	struct {
		enum libdma_origin kernel, arch, cmdline, clock, recorder, probes, page_size, cpus,
			memory, swiotlb_start, swiotlb_slots, swiotlb_areas,
			swiotlb_slot_size, swiotlb_force, iommu_mode, iommu_granule,
			iommu_aperture_end, iommu_groups, entries;
	} origin;
};

/**
 * libdma_environment_create() - an environment of which nothing is known
 *
 * Return: the environment, or NULL without memory.
 */
struct libdma_environment *libdma_environment_create(void);

/** libdma_environment_destroy() - release an environment; NULL is allowed */
void libdma_environment_destroy(struct libdma_environment *environment);

/**
 * libdma_environment_parse() - read the JSON form (dmat(5))
 * @environment: what is said is set here, as LIBDMA_GIVEN unless the text itself
 *		says that it was inferred; all else stays, and so does what was given
 *		where the text has it as inferred
 * @json:	the text
 * @size:	its length in bytes
 * @why:	on failure set to a sentence with line and column; free() it
 *
 * Return: 0, -EINVAL where the text is not JSON, or has a member that is unknown or of
 * the wrong type, or -ENOMEM.
 */
int libdma_environment_parse(struct libdma_environment *environment, const char *json,
			     size_t size, char **why);

/**
 * libdma_environment_print() - write the JSON form
 * @environment: what to write; members of LIBDMA_UNKNOWN origin are left out
 * @ret:	set to the text, which ends in a newline; free() it
 *
 * Return: 0, or -ENOMEM.
 */
int libdma_environment_print(const struct libdma_environment *environment, char **ret);

/**
 * libdma_environment_merge() - add what another environment knows
 * @environment: keeps every value whose origin is as good or better
 * @other:	gives the rest; copied
 *
 * Return: 0, or -ENOMEM.
 */
int libdma_environment_merge(struct libdma_environment *environment,
			     const struct libdma_environment *other);

/**
 * libdma_environment_same() - do two environments tell of the same machine?
 * @a:	one, of which the other was made by libdma_environment_merge()
 * @b:	the other
 *
 * Return: true where no value of the one is another in the other, or is better known
 * there; a value that is 0 or no in both is the same, known or not.
 */
bool libdma_environment_same(const struct libdma_environment *a,
			     const struct libdma_environment *b);

/**
 * libdma_environment_device() - the entry of a device, made if there is none
 *
 * Return: the entry, valid until the next device is added; NULL without memory.
 */
struct libdma_device_environment *
libdma_environment_device(struct libdma_environment *environment, const char *name);

/** libdma_environment_find_device() - the entry of a device, or NULL */
const struct libdma_device_environment *
libdma_environment_find_device(const struct libdma_environment *environment,
			       const char *name);

/*
 * Inference: an observer that is shown every event of a trace, and can say at any
 * time what they give away of the machine (RULES.md T4-T6).
 */
struct libdma_inference;

struct libdma_inference *libdma_inference_create(void);
void libdma_inference_destroy(struct libdma_inference *inference);

/**
 * libdma_inference_tell() - say what need not be inferred
 * @inference:	the observer, which has not been shown an event yet
 * @environment: what conclude() will be given, or a part of it
 *
 * Conclusions are the same, but less is looked at: of a device whose masks are told, on a
 * machine whose IOMMU and bounce buffers are, no mapping of one buffer. So an IOMMU that
 * is said to be off is given no granule.
 *
 * Return: 0, or -ENOMEM.
 */
int libdma_inference_tell(struct libdma_inference *inference,
			  const struct libdma_environment *environment);

/**
 * libdma_inference_observe() - show the next event
 * @inference:	the observer
 * @event:	the event
 * @strings:	the table of the event's strings
 *
 * Return: 0, or -ENOMEM.
 */
int libdma_inference_observe(struct libdma_inference *inference,
			     const struct dma_event *event,
			     const struct libdma_strings *strings);

/**
 * libdma_inference_conclude() - add what the events so far gave away
 * @inference:	the observer
 * @environment: what was given stays; all else is set, marked LIBDMA_INFERRED, or
 *		LIBDMA_GIVEN where a device event said it outright
 *
 * A mask, a largest segment and the bounce buffers are at least what is said here: the
 * events do not show what was never used.
 *
 * Return: 0, or -ENOMEM.
 */
int libdma_inference_conclude(const struct libdma_inference *inference,
			      struct libdma_environment *environment);

/**
 * libdma_kernel_parse() - whose rules a kernel follows
 * @release:	"6.12.107+deb13-amd64", "7.2"
 * @ret:	set to the modelled kernel that is nearest
 *
 * Return: 0, or -EINVAL where @release does not begin with two numbers.
 */
int libdma_kernel_parse(const char *release, enum dma_kernel *ret);

/**
 * libdma_kernel_substitute() - which kernel stands for one that is not modelled itself
 * @release:	"6.6.30", "5.15"
 *
 * Return: "6.1", "6.12" or "7.2", as libdma_kernel_parse() has it; NULL for a release of
 * one of these, and where @release does not begin with two numbers.
 */
const char *libdma_kernel_substitute(const char *release);

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explain-words.c - lines that say all by their words: no number in them matters
 *
 * Kernel counterparts: mm/dmapool.c, mm/cma.c, kernel/dma, drivers/iommu/iommu.c,
 * dma-iommu.c and intel/iommu.c, drivers/usb/core/hcd.c, drivers/nvme/host/pci.c
 */
#include <string.h>

#include "explain.h"

/**
 * struct words - a line and what it means
 * @words:	of the message
 * @also:	further words that have to follow, or NULL
 * @id:		the finding: the rule of 'dmactl check', where it has one
 * @severity:	where no rule has it
 * @title:	what happened
 * @why:	how it comes to be
 * @next:	what to do, the most useful first
 */
struct words {
	const char *words;
	const char *also;
	const char *id;
	enum libdma_check_severity severity;
	const char *title;
	const char *why;
	const char *next[2];
};

#define IOVA_FULL                                                                       \
	"No DMA address was left for the device in reach of its mask.",                 \
		"Behind an IOMMU each mapping takes addresses of the device's own space. It "   \
		"is used up below the mask (4 GiB with a mask of 32 bits), or no run of that "  \
		"length is free in it: many live mappings, or a driver that does not unmap.",   \
	{                                                                               \
		"Record it and look at 'dmactl leaks' and 'dmactl map --space iova': who "      \
		"holds the addresses.",                                                 \
			"A wider mask (dma_set_mask_and_coherent()) makes room, where the "     \
			"hardware has the address lines."                               \
	}

#define MASK_REFUSED                                                                    \
	"mask-refused", LIBDMA_CHECK_ERROR,                                             \
		"The kernel refused the DMA mask that a driver asked for.",             \
		"dma_set_mask() fails where no memory lies in reach of the mask and neither "   \
		"bounce buffers nor an IOMMU could help, or where the platform gave the device " \
		"no DMA at all.",                                                       \
	{                                                                               \
		"Keep bounce buffers on (no swiotlb=noforce), or turn on the IOMMU.",           \
			"Look for dma-ranges in the device tree, or a bridge, that narrow what " \
			"the device reaches."                                           \
	}

#define CMA_NONE                                                                        \
	"cma-none", LIBDMA_CHECK_WARNING, "An area of contiguous memory could not be reserved " \
					  "at boot.",                                   \
		"No free run of that size, alignment and place was left in memory when the "    \
		"kernel reserved it. Large DMA allocations will fail later.",           \
	{                                                                               \
		"Ask for less (cma=SIZE), or for another place: cma=SIZE@START-END, or "        \
		"alloc-ranges in the device tree.",                                     \
			NULL                                                            \
	}

/* RMRR of Intel's tables, IVMD of AMD's, RMR of Arm's */
#define FIRMWARE_MAPS                                                                   \
	"iommu-firmware-maps", LIBDMA_CHECK_ERROR,                                      \
		"A device was not given to a virtual machine, or to user space: firmware uses " \
		"it, too.",                                                             \
		"The firmware's tables say that the device reads or writes memory of the "      \
		"firmware's own, at fixed addresses. With translations of somebody else's "     \
		"(VFIO, iommufd) it could not, so the kernel refuses. No mapping failed.",      \
	{                                                                               \
		"Look in the firmware's setup for what lets it use the device: shared memory "  \
		"of a management controller, legacy USB, DMA protection before boot. Or look "  \
		"for newer firmware.",                                                          \
			"On the host, by its own driver, the device works as before."           \
	}

static const struct words all[] = {
	{ "iova for ", " failed", "iova-full", LIBDMA_CHECK_ERROR, IOVA_FULL },
	{ "DMAR: Allocating ", "-page iova failed", "iova-full", LIBDMA_CHECK_ERROR, IOVA_FULL },
	{ "DMAR: Device ", " --- failed", "iova-full", LIBDMA_CHECK_ERROR, IOVA_FULL },
	{ "Using ", "-bit DMA addresses", "iova-beyond-32-bit", LIBDMA_CHECK_NOTE,
	  "The device's addresses below 4 GiB were used up; it is given longer ones now.",
	  "The kernel gives PCI devices addresses below 4 GiB as long as there are any, since "
	  "some cannot use longer ones although their drivers say so.",
	  { "Nothing, as long as no fault of the IOMMU follows. Where one does, the driver's "
	    "mask is wider than the hardware's: set the true one.",
	    NULL } },
	{ "DMA bounce buffers are inactive, unable to map", NULL, "swiotlb-none",
	  LIBDMA_CHECK_ERROR,
	  "A device that is not trusted needs bounce buffers, and the machine has none.",
	  "Behind an IOMMU, a buffer of an external device that shares its pages with other "
	  "data is bounced. Without a pool the mapping fails.",
	  { "Make a pool: remove swiotlb=noforce, or give swiotlb=16384 (32 MiB).", NULL } },
	{ "Buffer overflow detected. Allocation size: ", NULL, "sync-beyond",
	  LIBDMA_CHECK_ERROR, "A driver syncs or unmaps past the end of its mapping.",
	  "The bounce buffer is shorter than what was to be copied; the kernel refused the "
	  "rest.",
	  { "Sync and unmap with the offsets and sizes of the map.", NULL } },
	{ "to allocate ", " bytes tlb structure", "swiotlb-smaller", LIBDMA_CHECK_WARNING,
	  "The pool of bounce buffers could not be made as large as asked for.",
	  "No free run of that size was left in low memory at boot. The kernel tries half of "
	  "it, and half again.",
	  { "'software IO TLB: mapped' behind it says how large it became; 'dmactl whatif "
	    "swiotlb' of a recording, how large it has to be.",
	    "Ask for less, or free low memory: a smaller crashkernel=, fewer reserved "
	    "regions." } },
	{ "software IO TLB: only able to allocate ", NULL, "swiotlb-smaller",
	  LIBDMA_CHECK_WARNING,
	  "The pool of bounce buffers could not be made as large as asked for.",
	  "It was made after boot, from pages that were still free in a row.",
	  { "'dmactl whatif swiotlb' of a recording says how large it has to be.", NULL } },
	{ "rejecting DMA map of vmalloc memory", NULL, "map-vmalloc", LIBDMA_CHECK_ERROR,
	  "A driver maps memory of vmalloc(), and the kernel refused.",
	  "It is contiguous only for the CPU: the physical address would be of something "
	  "else. Stacks are of that kind, too, since 4.9.",
	  { "Use kmalloc(), dma_alloc_*(), or a scatterlist of vmalloc_to_page().", NULL } },
	{ "transfer buffer is on stack", NULL, "map-stack", LIBDMA_CHECK_ERROR,
	  "A USB driver gives a transfer a buffer on the stack.",
	  "Stacks are virtually mapped since 4.9 and share cache lines with live variables; "
	  "USB refuses the transfer.",
	  { "Allocate the buffer with kmalloc(); usb_control_msg_send() does so by itself.",
	    NULL } },
	{ "transfer buffer not dma capable", NULL, "map-vmalloc", LIBDMA_CHECK_ERROR,
	  "A USB driver gives a transfer a buffer of vmalloc().",
	  "It is contiguous only for the CPU; USB refuses the transfer.",
	  { "Allocate the buffer with kmalloc().", NULL } },
	{ "Invalid SGL for payload:", NULL, "nvme-list-invalid", LIBDMA_CHECK_ERROR,
	  "NVMe was given a list that its own page lists cannot describe.",
	  "All entries but the first have to begin at a multiple of the controller's page, "
	  "and all but the last to end at one. The lines above it print the list: an entry "
	  "with an offset in the middle, or of length 0, is the culprit. No allocation of "
	  "DMA failed.",
	  { "Look above the block device for who builds such requests: a stacked driver that "
	    "ignores virt_boundary_mask, or a kernel whose fix is known (update first).",
	    "Where bounce buffers are in use, they have to keep the offset within the page "
	    "(min_align_mask, since 5.13): use a newer kernel." } },
	{ "dma_pool_free ", " already free", "pool-free-unknown", LIBDMA_CHECK_ERROR,
	  "A driver freed a block of a dma_pool twice.",
	  "The pool would hand it out to two owners.",
	  { "Clear the pointer after dma_pool_free().", NULL } },
	{ "dma_pool_free ", "(bad dma)", "pool-free-unknown", LIBDMA_CHECK_ERROR,
	  "A driver freed a block with a DMA address that is not of the pool.",
	  "A wrong pool, or a damaged address.",
	  { "Keep the address that dma_pool_alloc() gave beside the pointer.", NULL } },
	{ "dma_pool_free ", "(bad vaddr)", "pool-wrong-handle", LIBDMA_CHECK_ERROR,
	  "A driver freed a block whose pointer and DMA address do not belong together.",
	  "One of the two is of another block, which stays in use while it is free.",
	  { "Keep the address that dma_pool_alloc() gave beside the pointer.", NULL } },
	{ "dma_pool_destroy ", " busy", "pool-destroy-busy", LIBDMA_CHECK_ERROR,
	  "A driver destroyed a dma_pool whose blocks are in use.",
	  "The kernel leaves the pages be, since somebody may still write there: they leak.",
	  { "Free every block, after the device was stopped, before dma_pool_destroy().",
	    NULL } },
	{ "dma_pool_alloc ", "(corrupted)", "pool-corrupted", LIBDMA_CHECK_ERROR,
	  "A free block of a dma_pool was written to.",
	  "The driver or the device used it after dma_pool_free(); the kernel prints what "
	  "it found instead of its poison.",
	  { "Stop the device from using a block before it is freed.", NULL } },
	{ "DMA: failed to allocate ", "pool for atomic allocation", "atomic-pool-none",
	  LIBDMA_CHECK_WARNING,
	  "A pool for coherent memory in atomic context could not be filled at boot.",
	  "There is too little memory in that zone (the GFP word in the line names it), as "
	  "in a crash kernel, or none at all.",
	  { "Nothing, where no 'DMA pool exhausted' or 'suitable pool' follows: only devices "
	    "that need remapped or decrypted memory in atomic context use it.",
	    "Otherwise coherent_pool=SIZE, or more memory in that zone." } },
	{ "cma: Failed to reserve ", NULL, CMA_NONE },
	{ "Reserved memory: unable to setup CMA region", NULL, CMA_NONE },
	{ "OF: reserved mem: failed to allocate memory for node", NULL, CMA_NONE },
	{ "Reserved memory: failed to init DMA memory pool", NULL, "region-none",
	  LIBDMA_CHECK_WARNING, "A device's own memory could not be set up.",
	  "The region of the device tree could not be mapped; the device will be given "
	  "ordinary memory, or none.",
	  { "Compare the reserved-memory node with what RAM there is (/proc/iomem).", NULL } },
	{ "Device is ineligible for IOMMU domain attach", NULL, FIRMWARE_MAPS },
	{ "Firmware has requested this device have a 1:1 IOMMU mapping", NULL, FIRMWARE_MAPS },
	{ "No suitable DMA available", NULL, MASK_REFUSED },
	{ "No usable DMA configuration", NULL, MASK_REFUSED },
	{ "No suitable DMA mask available", NULL, MASK_REFUSED },
};

static void explain_one(struct finding *finding, const struct words *words)
{
	const struct libdma_check_rule *rule = libdma_check_rule_find(words->id);

	finding->severity = rule ? rule->severity : words->severity;
	finding_title(finding, "%s", words->title);
	finding_why(finding, "%s", words->why);
	for (size_t i = 0; i < 2 && words->next[i]; i++)
		finding_next(finding, "%s", words->next[i]);
	if (rule)
		finding_next(finding,
			     "'dmactl check' finds all places of it in a recording, as %s.",
			     rule->id);
}

bool explain_words(struct explain *explain, const struct log_line *line)
{
	struct finding *finding;

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		const char *at = strstr(line->text, all[i].words);

		if (!at || (all[i].also && !strstr(at, all[i].also)))
			continue;
		if (explain_book(explain, line, all[i].id, at, &finding))
			explain_one(finding, &all[i]);
		return true;
	}
	return false;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explain-memory.c - reach and memory: masks, CMA, atomic pools, failed allocations
 *
 * Kernel counterparts: kernel/dma/direct.c, mapping.c, pool.c; mm/cma.c, page_alloc.c
 */
#include <inttypes.h>
#include <string.h>

#include "explain.h"

#define PAGE 4096ull

/*
 * "overflow 0x00000001a7296000+708608 of DMA mask ffffffff bus limit ffffffff", and since
 * 5.8 "DMA addr 0x00000001a7296000+708608 overflow (mask ffffffff, bus limit 0)."
 */
static bool line_beyond_mask(struct explain *explain, const struct log_line *line)
{
	const char *at = strstr(line->text, "DMA addr 0x"), *caller;
	uint64_t phys, size = 0, mask = 0, limit = 0;
	struct finding *finding;

	if (!at)
		at = strstr(line->text, "overflow 0x");
	if (!at || !strstr(at, "overflow") || !text_number(at, " 0x", 16, &phys) ||
	    !text_number(at, "mask ", 16, &mask))
		return false;
	text_number(at, "+", 10, &size);
	text_number(at, "bus limit ", 16, &limit);
	/* 4.17 to 5.0: "nvme 0000:04:00.0: dma_direct_map_sg: overflow 0x..." */
	caller = strstr(line->text, "dma_direct_");
	if (!explain_book(explain, line, "direct-beyond-mask",
			  caller && caller < at ? caller : at, &finding)) {
		finding_size(finding, size);
		return true;
	}
	finding_size(finding, size);
	finding->severity = LIBDMA_CHECK_ERROR;
	finding_title(finding,
		      "The device cannot reach the buffer, and nothing bounced it.");
	finding_why(
		finding,
		"The memory ends at 0x%" PRIx64
		", behind the device's reach (mask 0x%" PRIx64 ", bus limit 0x%" PRIx64
		"). With direct mapping the kernel bounces such a "
		"buffer; it did not, because there is no swiotlb, or the request is larger "
		"than a slot set, or it came with no_swiotlb.",
		phys + size - 1, mask, limit);
	if (size > 256 * 1024)
		finding_evidence(finding,
				 "%s are more than the 256 KiB that swiotlb can bounce "
				 "at once.",
				 bytes_name(size));
	if (limit && limit < mask)
		finding_evidence(finding,
				 "The limit is the bus's, not the driver's: dma-ranges "
				 "of the device tree, or the bridge.");
	finding_next(finding,
		     "Set the mask that the hardware has: dma_set_mask_and_coherent().");
	finding_next(finding,
		     "Allocate the buffer within reach: dma_alloc_*(), or GFP_DMA32, "
		     "instead of any memory.");
	finding_next(finding,
		     "Or turn on an IOMMU, or leave swiotlb on and ask for at most "
		     "dma_max_mapping_size() at once.");
	return true;
}

static bool line_mask_unset(struct explain *explain, const struct log_line *line)
{
	const char *at = strstr(line->text, "coherent DMA mask is unset");
	bool map = false;
	struct finding *finding;

	if (!at) {
		at = strstr(line->text, "kernel/dma/mapping.c:");
		map = at && strstr(at, "dma_map_");
		if (!at || !(map || strstr(at, "dma_alloc_") || strstr(at, "dma_map")))
			return false;
	}
	if (!explain_book(explain, line, "mask-unset",
			  strncmp(at, "kernel/", 7) ? at : NULL, &finding))
		return true;
	finding->severity = LIBDMA_CHECK_ERROR;
	finding_title(finding,
		      "A driver uses the DMA API on a device that has no DMA mask.");
	finding_why(
		finding,
		"%s warns once and refuses when dev->%s is not set. Mostly a platform device "
		"that nobody configured for DMA, or a call with a child device (a USB "
		"interface, a network device) instead of the one that does the DMA.",
		map ? "dma_map_page_attrs() or dma_map_sg_attrs()" : "dma_alloc_attrs()",
		map ? "dma_mask" : "coherent_dma_mask");
	finding_next(finding,
		     "Call dma_set_mask_and_coherent(dev, DMA_BIT_MASK(n)) in probe, "
		     "and fail the probe where it returns an error.");
	finding_next(finding, "Pass the device that masters the bus; for USB that is "
			      "hcd->self.sysdev.");
	finding_next(finding,
		     "The functions below the warning in the log name the driver.");
	return true;
}

/*
 * CMA
 */

static void explain_cma(struct finding *finding, uint64_t pages, int error)
{
	finding->severity = LIBDMA_CHECK_ERROR;
	finding_title(finding, "CMA has no run of %" PRIu64 " pages (%s).", pages,
		      bytes_name(pages * PAGE));
	if (error == -16)
		finding_why(finding,
			    "There were free runs, but pages in them could not be moved "
			    "away (-EBUSY): somebody pins them, or they are under I/O.");
	else
		finding_why(finding,
			    "No free run of that length and alignment is left in the "
			    "area (-ENOMEM): too small, fragmented, or held by others. "
			    "CMA aligns a request to its own size rounded up to a power "
			    "of two, at most CONFIG_CMA_ALIGNMENT.");
	finding_next(finding,
		     "See what is taken: /sys/kernel/mm/cma/*/ counts successes and "
		     "failures, /sys/kernel/debug/cma/*/ has used, maxchunk and the "
		     "bitmap; CmaFree of /proc/meminfo the sum.");
	if (pages * PAGE > 64ull << 20)
		finding_next(finding,
			     "One request of %s needs an area of more than that: "
			     "cma=%" PRIu64 "M at least.",
			     bytes_name(pages * PAGE),
			     (uint64_t)(2 * (pages * PAGE >> 20)));
	else
		finding_next(finding,
			     "Enlarge the area: cma=SIZE on the command line, or "
			     "linux,cma in the device tree.");
	finding_next(finding, "A driver that can do without contiguous memory should use "
			      "scatterlists, or an IOMMU.");
}

static bool line_cma(struct explain *explain, const struct log_line *line)
{
	const char *at = strstr(line->text, "alloc failed, req-size: ");
	struct finding *finding;
	uint64_t pages, error;
	bool busy;

	if (!at || !strstr(line->text, "cma_alloc"))
		return false;
	if (!text_number(at, "req-size: ", 10, &pages))
		return false;
	busy = text_number(at, "ret: -", 10, &error) && error == 16;
	if (explain_book(explain, line, busy ? "cma-busy" : "cma-full", NULL, &finding))
		explain_cma(finding, pages, busy ? -16 : -12);
	finding_size(finding, pages * PAGE);
	return true;
}

static bool line_cma_busy(struct explain *explain, const struct log_line *line)
{
	struct finding *finding;

	if (!strstr(line->text, "alloc_contig_range: [") ||
	    !strstr(line->text, "PFNs busy"))
		return false;
	if (!explain_book(explain, line, "cma-pages-busy", NULL, &finding))
		return true;
	finding->severity = LIBDMA_CHECK_NOTE;
	finding_title(finding, "CMA skipped pages that could not be moved.");
	finding_why(
		finding,
		"CMA lends its pages to movable memory and calls them back when it "
		"needs them. Pages that are pinned or under I/O stay; the kernel says "
		"so and tries the next place. It is a failure only where 'cma_alloc: "
		"alloc failed' follows.");
	finding_next(finding,
		     "Nothing, where no failure follows. Long rows of these lines mean "
		     "slow allocations: find who pins pages (get_user_pages, RDMA, "
		     "mlock) in the CMA area.");
	return true;
}

/*
 * Atomic pools
 */

static bool line_atomic_pool(struct explain *explain, const struct log_line *line)
{
	const char *at = strstr(line->text, "DMA pool exhausted for ");
	struct finding *finding;
	bool new;

	if (at) {
		at += strlen("DMA pool exhausted for ");
		new = explain_book_device(explain, line, "atomic-pool-full", at,
					  strcspn(at, " "), &finding);
	} else {
		at = strstr(line->text, "atomic DMA coherent pool is too small");
		if (!at && strstr(line->text, "Failed to get suitable pool for "))
			at = line->text;
		if (!at)
			return false;
		new = explain_book(explain, line, "atomic-pool-full", NULL, &finding);
	}
	if (!new)
		return true;
	finding->severity = LIBDMA_CHECK_ERROR;
	finding_title(finding,
		      "The pool for coherent memory in atomic context is used up.");
	finding_why(finding,
		    "dma_alloc_coherent(GFP_ATOMIC) on a device that needs remapped or "
		    "decrypted memory takes it from a pool that is filled beforehand, by "
		    "default 128 KiB for each GiB of RAM.");
	finding_next(finding,
		     "Enlarge it: coherent_pool=2M on the kernel's command line; "
		     "/sys/kernel/debug/dma_pools shows the sizes.");
	finding_next(finding,
		     "Let the driver allocate with GFP_KERNEL, outside atomic context.");
	return true;
}

/*
 * Pages
 */

/* The call stack under a failed allocation tells whether it was for DMA. */
static bool line_stack(struct explain *explain, const struct log_line *line)
{
	static const char *const names[] = {
		"dma_alloc_attrs", "dma_alloc_coherent",        "dma_direct_alloc",
		"dma_pool_alloc",  "swiotlb_alloc_coherent",    "iommu_dma_alloc",
		"dma_alloc_pages", "dma_alloc_from_contiguous",
	};
	struct finding *finding = explain_newest(explain);

	if (!finding || strcmp(finding->id, "page-allocation") ||
	    finding->severity == LIBDMA_CHECK_ERROR || line->number > finding->last + 60)
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!strstr(line->text, names[i]))
			continue;
		finding->severity = LIBDMA_CHECK_ERROR;
		finding_evidence(finding,
				 "%s() is in the call stack: it was an allocation for "
				 "DMA.",
				 names[i]);
		finding_next(finding,
			     "Give the device CMA (cma=SIZE), or let the driver allocate "
			     "early, in pieces, or with dma_alloc_noncontiguous().");
		return true;
	}
	return false;
}

static void conclude_pages(const struct explain *explain, struct finding *finding)
{
	(void)explain;
	if (finding->severity != LIBDMA_CHECK_ERROR)
		finding_evidence(finding,
				 "Nothing in the log says that it was an allocation for "
				 "DMA.");
}

static bool line_pages(struct explain *explain, const struct log_line *line)
{
	const char *at = strstr(line->text, "page allocation failure: order:");
	struct finding *finding;
	uint64_t order;
	bool low;

	if (!at || !text_number(at, "order:", 10, &order) || order > 40)
		return false;
	low = strstr(at, "GFP_DMA") != NULL;
	if (!explain_book(explain, line, "page-allocation", NULL, &finding)) {
		finding_size(finding, PAGE << order);
		return true;
	}
	finding_size(finding, PAGE << order);
	finding->severity = LIBDMA_CHECK_WARNING;
	finding->conclude = conclude_pages;
	finding_title(finding,
		      "No %s of contiguous memory could be had (order %" PRIu64 ").",
		      bytes_name(PAGE << order), order);
	if (order && !low)
		finding_why(
			finding,
			"Free memory was too fragmented: the buddy allocator hands out "
			"2^n pages from a multiple of 2^n, and orders above 3 are not "
			"promised.");
	else if (low)
		finding_why(finding,
			    "The request was limited to low memory (%s), which was used "
			    "up or fragmented, whatever is free above.",
			    strstr(at, "GFP_DMA32") ? "below 4 GiB, GFP_DMA32"
						    : "below 16 MiB or 1 GiB, GFP_DMA");
	else
		finding_why(finding,
			    "Not a single page was free that the caller was allowed to "
			    "take; in atomic context (no GFP_KERNEL) the kernel cannot "
			    "wait for one.");
	finding_next(finding,
		     order ? "See /proc/buddyinfo and /proc/pagetypeinfo: which orders "
			     "are left in which zone."
			   : "Raise vm.min_free_kbytes, so that more is kept for those "
			     "who cannot wait.");
	return true;
}

static bool line_order_too_large(struct explain *explain, const struct log_line *line)
{
	struct finding *finding;

	if (!strstr(line->text, "WARNING:") || !strstr(line->text, "mm/page_alloc.c:") ||
	    !strstr(line->text, "__alloc_pages"))
		return false;
	if (!explain_book(explain, line, "page-order-too-large", NULL, &finding))
		return true;
	finding->severity = LIBDMA_CHECK_WARNING;
	finding_title(finding,
		      "More contiguous memory was asked for than the buddy allocator has "
		      "orders for.");
	finding_why(finding,
		    "The largest block is 4 MiB with pages of 4 KiB; a larger request "
		    "fails always, however much is free. The same warning can mean flags "
		    "that contradict each other.");
	finding_next(
		finding,
		"Use CMA for such buffers (cma=SIZE; then dma_alloc_coherent() takes "
		"it), a reserved region, or a scatterlist of smaller pieces.");
	return true;
}

bool explain_direct(struct explain *explain, const struct log_line *line)
{
	return line_beyond_mask(explain, line) || line_mask_unset(explain, line);
}

bool explain_memory(struct explain *explain, const struct log_line *line)
{
	return line_cma(explain, line) || line_cma_busy(explain, line) ||
	       line_atomic_pool(explain, line) || line_pages(explain, line) ||
	       line_order_too_large(explain, line) || line_stack(explain, line);
}

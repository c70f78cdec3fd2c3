// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explain-swiotlb.c - what the bounce buffers say in the log
 *
 * "buffer is full" is one sentence for five causes. Which it is, the numbers of the line
 * tell: a request takes slots of 2048 bytes that follow each other within one slot set
 * of 128, so what matters is how many it needs, and how many are free.
 *
 * Kernel counterpart: kernel/dma/swiotlb.c
 */
#include <inttypes.h>
#include <string.h>

#include "explain.h"

#define SLOT 2048ull

static uint64_t slots_of(uint64_t bytes)
{
	return (bytes + SLOT - 1) / SLOT;
}

static uint64_t power_of_two(uint64_t value)
{
	uint64_t power = 1;

	while (power < value)
		power *= 2;
	return power;
}

static void advise_recording(struct finding *finding)
{
	finding_next(
		finding,
		"To size it by need and not by guess, record the load (dmactl(1) says how) "
		"and look at 'dmactl map --space swiotlb': it draws the first failure, and "
		"who held the slots.");
}

/*
 * Too big: no number of slots helps
 */

static void explain_too_big(const struct explain *explain, struct finding *finding,
			    uint64_t size)
{
	uint64_t largest = explain_known(explain)->segment * SLOT;

	finding->severity = LIBDMA_CHECK_ERROR;
	finding_title(
		finding,
		"A request of %s can never be bounced, however many slots there are.",
		bytes_name(size));
	finding_why(
		finding,
		"A mapping that is bounced needs slots that follow each other inside one "
		"slot set, and a set has %u slots of 2 KiB: %s is the most that fits. The "
		"kernel prints the same words as for a full pool.",
		explain_known(explain)->segment, bytes_name(largest));
	finding_next(finding,
		     "Do not enlarge the pool: swiotlb= does not change the size of "
		     "a slot set.");
	finding_next(
		finding,
		"Make the driver ask for less: it should honour dma_max_mapping_size(); "
		"for disks lower max_sectors_kb to %" PRIu64
		", for USB send smaller transfers, for a driver of your own split the "
		"buffer or use a scatterlist.",
		largest / 1024);
	finding_next(finding,
		     "Or let the device reach the memory without bouncing: a wider "
		     "DMA mask, an IOMMU, or without swiotlb=force.");
}

static void conclude_too_big(const struct explain *explain, struct finding *finding)
{
	uint64_t free = finding->total.most - finding->used.least;

	finding_evidence(finding, "%s need %" PRIu64 " slots; a set has %u.",
			 bytes_name(finding->size.most), slots_of(finding->size.most),
			 explain_known(explain)->segment);
	if (finding->total.seen)
		finding_evidence(finding,
				 "%" PRIu64 " of %" PRIu64
				 " slots were free, and it failed all the same.",
				 free, finding->total.most);
}

/*
 * Full
 */

/* The pool as swiotlb= would be given, and what to make of it. */
static void advise_larger(struct finding *finding, uint64_t total)
{
	uint64_t more = power_of_two(total + 1);

	finding_next(
		finding,
		"If the load is legitimate, enlarge the pool: swiotlb=%" PRIu64
		" on the kernel's command line is %s (the number counts slots of 2 KiB, "
		"not bytes; the kernel rounds it up to whole slot sets for each area)%s.",
		more, bytes_name(more * SLOT),
		more * SLOT > 1ull << 30 ? "; it has to find room below 4 GiB" : "");
}

static void advise_leak(struct finding *finding)
{
	finding_next(
		finding,
		"Tell a leak from load: stop the device's traffic and read "
		"/sys/kernel/debug/swiotlb/io_tlb_used. It must fall to nearly 0; where it "
		"stays, %s never unmaps what it mapped and a larger pool only delays the "
		"failure.",
		*finding->driver ? finding->driver : "a driver");
}

static void conclude_full(const struct explain *explain, struct finding *finding)
{
	double seconds = finding->last_seconds - finding->first_seconds;

	(void)explain;
	if (finding->count > 1 && finding->first_seconds >= 0 && seconds >= 1)
		finding_evidence(finding, "%" PRIu64 " lines in %.0f seconds.",
				 finding->count + finding->hidden, seconds);
	if (!finding->total.seen) {
		finding_evidence(finding,
				 "This kernel does not print how many slots there "
				 "are and how many are used.");
		return;
	}
	finding_evidence(finding, "%" PRIu64 " of %" PRIu64 " slots (%s) were taken.",
			 finding->used.most, finding->total.most,
			 bytes_name(finding->total.most * SLOT));
	if (finding->total.most == 32768)
		finding_evidence(finding, "The pool has the kernel's default size.");
	if (seconds >= 60 && finding->used.least * 100 >= finding->total.most * 99)
		finding_evidence(finding,
				 "It stayed full for %.0f seconds: load comes and "
				 "goes, a leak stays.",
				 seconds);
}

static void explain_full(const struct explain *explain, struct finding *finding,
			 uint64_t total)
{
	finding->severity = LIBDMA_CHECK_ERROR;
	finding->conclude = conclude_full;
	finding_title(finding, "The bounce buffers are used up.");
	finding_why(
		finding,
		"Each mapping whose memory the device cannot reach holds slots of 2 KiB "
		"of one pool from dma_map_*() to dma_unmap_*(). Either more is in flight "
		"than the pool holds, or somebody maps and does not unmap.");
	advise_leak(finding);
	if (total)
		advise_larger(finding, total);
	if (!explain_known(explain)->swiotlb_forced)
		finding_next(
			finding,
			"Ask why it bounces at all: without swiotlb=force and memory "
			"encryption, a device with a 64-bit DMA mask does not. A driver that "
			"never calls dma_set_mask() is limited to 32 bits.");
	advise_recording(finding);
}

/*
 * Not full, yet no run of slots
 */

static void conclude_scattered(const struct explain *explain, struct finding *finding)
{
	uint64_t need = slots_of(finding->size.most);

	finding_evidence(finding,
			 "%" PRIu64 " of %" PRIu64
			 " slots were still free%s, and %" PRIu64 " were asked for.",
			 finding->total.most - finding->used.most, finding->total.most,
			 finding->count > 1 ? " when the fewest were" : "", need);
	if (need == explain_known(explain)->segment)
		finding_evidence(finding,
				 "%s is a whole slot set: it fits only where a set is "
				 "entirely empty.",
				 bytes_name(finding->size.most));
}

static void explain_scattered(const struct explain *explain, struct finding *finding,
			      uint64_t size, uint64_t total)
{
	finding->severity = LIBDMA_CHECK_ERROR;
	finding->conclude = conclude_scattered;
	finding_title(finding,
		      "Enough bounce buffer is free, but not %" PRIu64 " slots in a row.",
		      slots_of(size));
	finding_why(
		finding,
		"A request of %s needs slots that follow each other inside one slot set "
		"of %u. Small mappings spread over the sets until none has such a run: "
		"fragmentation. The count of used slots is one moment of all CPUs, taken "
		"after the search failed.",
		bytes_name(size), explain_known(explain)->segment);
	finding_next(
		finding,
		"Make the large requests smaller: each halving makes a run far likelier. "
		"For disks, lower max_sectors_kb; for NICs, smaller receive buffers.");
	advise_larger(finding, total);
	advise_recording(finding);
}

/* 2 KiB and less fit any free slot: only the places that the device allows can lack. */
static void explain_aligned(const struct explain *explain, struct finding *finding,
			    uint64_t size, uint64_t total)
{
	finding->severity = LIBDMA_CHECK_ERROR;
	finding->conclude = conclude_scattered;
	(void)explain;
	finding_title(finding, "A request of %s found no slot although some were free.",
		      bytes_name(size));
	finding_why(
		finding,
		"One slot would do, so fragmentation is not it. Either the free slots "
		"were freed between the search and the counting (the pool is nearly full), "
		"or the device needs buffers at certain offsets (min_align_mask, as NVMe) "
		"and no slot of that alignment was free.");
	advise_leak(finding);
	advise_larger(finding, total);
	advise_recording(finding);
}

static bool line_full(struct explain *explain, const struct log_line *line)
{
	const char *at = strstr(line->text, "swiotlb buffer is full");
	uint64_t size, total = 0, used = 0;
	struct finding *finding;
	const char *id;

	if (!at)
		return false;
	if (!text_number(at, "(sz: ", 10, &size))
		size = 0;
	if (text_number(at, "total ", 10, &total) && !text_number(at, "used ", 10, &used))
		total = 0;
	if (slots_of(size) > explain_known(explain)->segment)
		id = "swiotlb-too-big";
	else if (!total || used + slots_of(size) > total)
		id = "swiotlb-full";
	else
		id = slots_of(size) > 1 ? "swiotlb-fragmented" : "swiotlb-no-slot";

	if (explain_book(explain, line, id, at, &finding)) {
		if (!strcmp(id, "swiotlb-too-big")) {
			explain_too_big(explain, finding, size);
			finding->conclude = conclude_too_big;
		} else if (!strcmp(id, "swiotlb-full")) {
			explain_full(explain, finding, total);
		} else if (slots_of(size) > 1) {
			explain_scattered(explain, finding, size, total);
		} else {
			explain_aligned(explain, finding, size, total);
		}
	}
	finding_size(finding, size);
	if (total) {
		span_add(&finding->total, total);
		span_add(&finding->used, used);
	}
	return true;
}

/* "DMA: Out of SW-IOMMU space for 9100 bytes at device 0000:05:07.0", until 4.16 */
static bool line_out_of_space(struct explain *explain, const struct log_line *line)
{
	const char *at = strstr(line->text, "Out of SW-IOMMU space for ");
	const char *device = at ? strstr(at, "at device ") : NULL;
	struct finding *finding;
	uint64_t size;
	bool new;

	if (!at || !text_number(at, "space for ", 10, &size))
		return false;
	if (slots_of(size) > explain_known(explain)->segment) {
		if (explain_book(explain, line, "swiotlb-too-big", at, &finding)) {
			explain_too_big(explain, finding, size);
			finding->conclude = conclude_too_big;
		}
		finding_size(finding, size);
		return true;
	}
	if (device) {
		device += strlen("at device ");
		new = explain_book_device(explain, line, "swiotlb-full", device,
					  strcspn(device, " "), &finding);
	} else {
		const char *colon = strstr(line->text, ": DMA: Out of");

		new = explain_book(explain, line, "swiotlb-full",
				   colon ? colon + 2 : NULL, &finding);
	}
	if (new)
		explain_full(explain, finding, 0);
	finding_size(finding, size);
	return true;
}

/* "swiotlb: coherent allocation failed for device udmabuf.0 size=8388608" */
static bool line_coherent(struct explain *explain, const struct log_line *line)
{
	const char *at = strstr(line->text, "coherent allocation failed for device ");
	struct finding *finding;
	uint64_t size = 0;

	if (!at || !strstr(line->text, "swiotlb"))
		return false;
	text_number(at, "size=", 10, &size);
	at += strlen("coherent allocation failed for device ");
	if (explain_book_device(explain, line, "swiotlb-coherent", at, strcspn(at, " "),
				&finding)) {
		finding->severity = LIBDMA_CHECK_ERROR;
		finding_title(finding,
			      "dma_alloc_coherent() of %s failed, and the bounce "
			      "buffers could not help out.",
			      bytes_name(size));
		finding_why(
			finding,
			"The buddy allocator had no run of free pages of that size in reach "
			"of the device; the kernel then tries the bounce buffers, where %s "
			"is the most that fits.",
			bytes_name(explain_known(explain)->segment * SLOT));
		finding_next(finding,
			     "Give the device CMA: cma=SIZE on the command line, or a "
			     "reserved region of its own in the device tree.");
		finding_next(finding,
			     "Allocate early, when memory is not fragmented yet, or in "
			     "pieces.");
		finding_next(finding,
			     "Set the coherent mask as wide as the device allows: "
			     "dma_set_mask_and_coherent().");
	}
	finding_size(finding, size);
	return true;
}

/* "swiotlb addr 0x9de654000+16384 overflow (mask ffffffff, bus limit 0)." */
static bool line_unreachable(struct explain *explain, const struct log_line *line)
{
	const char *at = strstr(line->text, "swiotlb addr 0x");
	struct finding *finding;
	uint64_t mask = 0;

	if (!at || !text_number(at, "(mask ", 16, &mask))
		return false;
	if (!explain_book(explain, line, "swiotlb-unreachable", at, &finding))
		return true;
	finding->severity = LIBDMA_CHECK_ERROR;
	finding_title(finding, "Even the bounce buffers are out of the device's reach.");
	finding_why(
		finding,
		"The memory had to be bounced because the device cannot address it, but "
		"the pool itself lies above the device's mask of 0x%" PRIx64
		". The mapping failed.",
		mask);
	finding_next(finding,
		     "Set the DMA mask that the hardware really has "
		     "(dma_set_mask_and_coherent()); one that was never set is 32 bits.");
	finding_next(finding,
		     "On machines whose memory begins above the mask, give the device "
		     "an IOMMU or a restricted-dma-pool in its reach.");
	return true;
}

static bool line_no_pool(struct explain *explain, const struct log_line *line)
{
	const char *at = strstr(line->text, "now provide you with the DMA bounce buffer");
	struct finding *finding;

	if (!at)
		at = strstr(line->text, "software IO TLB: No low mem");
	if (!at)
		at = strstr(line->text, "software IO TLB: Cannot allocate buffer");
	if (!at)
		return false;
	if (!explain_book(explain, line, "swiotlb-none", NULL, &finding))
		return true;
	finding->severity = LIBDMA_CHECK_ERROR;
	finding_title(finding, "The machine has no bounce buffers, and needs them.");
	finding_why(finding,
		    "The pool could not be made at boot, mostly because too little "
		    "memory below 4 GiB was free, or it was switched off "
		    "(swiotlb=noforce); now a device cannot reach its buffer.");
	finding_next(finding,
		     "Ask for a smaller pool (swiotlb=16384 is 32 MiB), or free low "
		     "memory: a smaller crashkernel=, fewer reserved regions.");
	finding_next(finding, "Where swiotlb=noforce is on the command line, remove it.");
	return true;
}

/* What is said at boot is no fault, but evidence. */
static bool line_boot(struct explain *explain, const struct log_line *line)
{
	struct explain_facts *facts = explain_facts(explain);
	uint64_t megabytes;

	if (strstr(line->text, "system is using DMA bounce buffers")) {
		facts->swiotlb_forced = true;
		return true;
	}
	if (!strstr(line->text, "software IO TLB: mapped"))
		return false;
	if (text_number(line->text, "] (", 10, &megabytes))
		facts->swiotlb_bytes = megabytes << 20;
	return true;
}

bool explain_swiotlb(struct explain *explain, const struct log_line *line)
{
	return line_full(explain, line) || line_out_of_space(explain, line) ||
	       line_coherent(explain, line) || line_unreachable(explain, line) ||
	       line_no_pool(explain, line) || line_boot(explain, line);
}

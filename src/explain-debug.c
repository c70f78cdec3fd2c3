// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explain-debug.c - what dma-debug finds, and what drivers say when a mapping fails
 *
 * Kernel counterpart: kernel/dma/debug.c; the drivers' words are their own
 */
#include <inttypes.h>
#include <string.h>

#include "explain.h"

/**
 * struct complaint - a sentence of dma-debug
 * @words:	in the line
 * @id:		the finding: the rule of 'dmactl check', where it has one
 * @title:	what the driver did
 * @why:	what comes of it
 * @next:	what to change
 */
struct complaint {
	const char *words;
	const char *id;
	const char *title;
	const char *why;
	const char *next;
};

static const struct complaint complaints[] = {
	{ "frees DMA memory with different size", "unmap-other-size",
	  "A driver unmapped another size than it mapped.",
	  "Direct mapping forgives it. swiotlb frees the wrong slots or copies back too "
	  "little, and an IOMMU leaves pages mapped, so that addresses leak.",
	  "Unmap with the size that was mapped (keep it with the buffer); to take only a part "
	  "back use dma_sync_single_for_cpu()." },
	{ "frees DMA memory with wrong function", "unmap-other-function",
	  "A driver ended a mapping with a function that does not match.",
	  "Pages, lists, resources and coherent memory are ended each by its own function; "
	  "others free the wrong things behind a bounce buffer or an IOMMU.",
	  "Use the unmap that belongs to the map: dma_unmap_page/single, dma_unmap_sg, "
	  "dma_unmap_resource, dma_free_coherent." },
	{ "frees DMA memory with different CPU address", "free-other-cpu-address",
	  "A driver freed coherent memory with another CPU address than it got.",
	  "The pages that are freed are not those that were allocated: memory corruption.",
	  "Keep the pointer that dma_alloc_coherent() returned, and do not advance it." },
	{ "frees DMA sg list with", "unmap-sg-other-nents",
	  "A driver unmapped a list with another count than it mapped.",
	  "dma_unmap_sg() wants the count that was given to dma_map_sg(), "
	  "not the one it returned; with merging they differ, and the rest stays mapped.",
	  "Pass the original nents, or use struct sg_table and dma_map_sgtable(), which keep "
	  "it." },
	{ "syncs DMA sg list with", "sync-sg-other-nents",
	  "A driver synced a list with another count than it mapped.",
	  "dma_sync_sg_*() want the count that was given to dma_map_sg(), not the one it "
	  "returned; with merging they differ, and the rest is not synced.",
	  "Pass the original nents, or use struct sg_table and dma_map_sgtable(), which keep "
	  "it." },
	{ "frees DMA memory with different direction", "unmap-other-direction",
	  "A driver unmapped with another direction than it mapped.",
	  "With bounce buffers or caches the data is not copied back, or copied over what "
	  "the CPU wrote.",
	  "Use the direction of the map." },
	{ "frees DMA memory with different attributes", "unmap-other-attributes",
	  "A driver ended a mapping with other attributes than it began it with.",
	  "DMA_ATTR_MMIO and the like decide which path frees it.",
	  "Pass the same attrs to map and unmap." },
	{ "free DMA memory it has not allocated", "unmap-not-mapped",
	  "A driver unmapped or freed what was not mapped.",
	  "A double unmap, a wrong device or a wrong address. Behind an IOMMU or swiotlb it "
	  "frees what belongs to somebody else by now.",
	  "Clear the address after the unmap; unmap with the device that mapped." },
	{ "free an invalid DMA memory address", "unmap-error-address",
	  "A driver unmapped the error value of a mapping that had failed.",
	  "The failure was not noticed when it happened; the device may have been given it.",
	  "Check dma_mapping_error() after each map, before the device sees the address." },
	{ "failed to check map error", "map-error-unchecked",
	  "A driver does not check whether its mappings succeed.",
	  "It works until bounce buffers or addresses run out; then the device is given an "
	  "address of all ones.",
	  "Call dma_mapping_error() after each map and handle it." },
	{ "maps memory from stack", "map-stack", "A driver maps memory of the stack.",
	  "Stacks are virtually mapped since 4.9 and share cache lines with live variables: "
	  "the device's data is lost or hits somebody else's.",
	  "Allocate the buffer with kmalloc()." },
	{ "maps memory from vmalloc area", "map-vmalloc",
	  "A driver maps memory of vmalloc().",
	  "It is contiguous only for the CPU: the physical address is of something else.",
	  "Use kmalloc(), dma_alloc_*(), or a scatterlist of vmalloc_to_page()." },
	{ "maps memory from invalid area", "map-invalid",
	  "A driver maps an address that is no memory of the kernel.",
	  "A pointer of user space or one that is damaged.",
	  "Use memory of kmalloc() or of the page allocator." },
	{ "maps memory from kernel text or rodata", "map-kernel-text",
	  "A driver maps code or constants of the kernel.",
	  "A device could change them, and on some machines they are not in the linear map.",
	  "Copy the constant into memory of kmalloc()." },
	{ "dma_map_resource called for RAM address", "mmio-of-ram",
	  "A driver maps RAM as if it were a device's registers.",
	  "dma_map_resource() does no bouncing and no cache maintenance.",
	  "Use dma_map_page() for RAM." },
	{ "sync DMA memory it has not allocated", "sync-not-mapped",
	  "A driver syncs what is not mapped.",
	  "Mostly after the unmap, or with a wrong address or device.",
	  "Sync between map and unmap only." },
	{ "syncs DMA memory outside allocated range", "sync-beyond",
	  "A driver syncs past the end of its mapping.",
	  "swiotlb would copy bytes that are not its own.",
	  "Keep offset plus size within what was mapped." },
	{ "syncs DMA memory with different direction", "sync-other-direction",
	  "A driver syncs in another direction than it mapped.",
	  "The copy or the cache operation goes the wrong way.",
	  "Sync with the direction of the mapping." },
	{ "syncs device read-only DMA memory for cpu", "sync-read-only-for-cpu",
	  "A driver takes back a buffer that the device can only read.",
	  "Nothing can have changed in it: wrong direction, or a call too many.",
	  "Map with DMA_BIDIRECTIONAL where the device writes, else drop the call." },
	{ "syncs device write-only DMA memory to device", "sync-write-only-for-device",
	  "A driver hands data to the device in a buffer that the device only writes.",
	  "The device will not see it: wrong direction, or a call too many.",
	  "Map with DMA_BIDIRECTIONAL where the device reads." },
	{ "sg segment longer than device claims to support", "segment-too-long",
	  "A list has an entry longer than the device says it can take.",
	  "The limit is dev->dma_parms (64 KiB where it was never set), not always the "
	  "hardware's.",
	  "Set the true limit with dma_set_max_seg_size(), or split the entry." },
	{ "sg segment across boundary", "segment-over-boundary",
	  "A list has an entry that crosses the device's segment boundary.",
	  "Hardware with such a limit wraps around at the boundary.",
	  "Set dma_set_seg_boundary() to what the hardware has, or split the entry." },
	{ "pending DMA allocations while released from device", "driver-left-mappings",
	  "A driver left its device with mappings that were never ended.",
	  "They leak: slots of the bounce buffers, addresses of the IOMMU, and the device may "
	  "still write.",
	  "Unmap and free in remove(); the line after it names one of them." },
	{ "cpu touching an active dma mapped cacheline", "cpu-touches",
	  "The CPU touched memory while a device owned it.",
	  "Between map and unmap the buffer is the device's. This check (until 5.13) also "
	  "fired for copy-on-write of pages under I/O.",
	  "Sync for the CPU before touching it, or map later." },
	{ "overlapping mappings aren't supported", "cacheline-overlap",
	  "One cache line was mapped twice at a time for writing.",
	  "Where caches are not coherent, one device's data overwrites the other's.",
	  "Give each buffer its own cache lines (kmalloc() alone does), or map once." },
	{ "exceeded 7 overlapping mappings", "cacheline-overlaps-many",
	  "One cache line was mapped more than seven times at a time.",
	  "dma-debug cannot count further; often a mapping that is never ended.",
	  "Look for a leak: 'dmactl stat' and 'dmactl map' of a recording show what stays." },
	{ "out of memory - disabling", "debug-off",
	  "dma-debug ran out of entries and switched itself off until reboot.",
	  "From here on it reports nothing, whatever the drivers do. A leak of mappings is "
	  "the usual reason.",
	  "Boot with dma_debug_entries=262144, and look for the leak." },
	{ "cacheline tracking ENOMEM", "debug-off",
	  "dma-debug had no memory to track a cache line and switched itself off.",
	  "From here on it reports nothing.",
	  "Reboot with more free memory, or fewer checks." },
};

/* Of what no rule of 'dmactl check' is about. */
static enum libdma_check_severity severity_of(const char *id)
{
	if (!strcmp(id, "debug-off"))
		return LIBDMA_CHECK_NOTE;
	return strcmp(id, "cpu-touches") ? LIBDMA_CHECK_ERROR : LIBDMA_CHECK_WARNING;
}

static void complaint_numbers(struct finding *finding, const char *text)
{
	uint64_t mapped, ended;

	if (text_number(text, "[map size=", 10, &mapped) &&
	    text_number(text, "[unmap size=", 10, &ended)) {
		finding_evidence(finding,
				 "%" PRIu64 " bytes were mapped, %" PRIu64 " unmapped.",
				 mapped, ended);
		return;
	}
	if (text_number(text, "[map count=", 10, &mapped) &&
	    (text_number(text, "[unmap count=", 10, &ended) ||
	     text_number(text, "[sync count=", 10, &ended)))
		finding_evidence(finding,
				 "%" PRIu64 " entries were mapped, %" PRIu64
				 " named here.",
				 mapped, ended);
}

/* "DMA-API: driver device: sentence", and before 5.1 "driver device: DMA-API: sentence"
 */
bool explain_dma_debug(struct explain *explain, const struct log_line *line)
{
	const char *api = strstr(line->text, "DMA-API: ");
	const char *at = NULL, *prefix;
	const struct complaint *complaint = NULL;
	const struct libdma_check_rule *rule;
	struct finding *finding;

	if (!api)
		return false;
	for (size_t i = 0; i < sizeof(complaints) / sizeof(*complaints) && !at; i++) {
		complaint = &complaints[i];
		at = strstr(api, complaint->words);
	}
	if (!at)
		return false;
	prefix = api;
	if (prefix == line->text) {
		/* the sentence begins behind the last ": " before it */
		for (prefix = at; prefix > api && strncmp(prefix, ": ", 2); prefix--)
			;
		prefix = prefix > api + strlen("DMA-API") ? prefix + 2 : NULL;
	}
	if (explain_book(explain, line, complaint->id, prefix, &finding)) {
		rule = libdma_check_rule_find(complaint->id);
		finding->severity = rule ? rule->severity : severity_of(complaint->id);
		finding_title(finding, "%s", complaint->title);
		finding_why(finding, "%s", complaint->why);
		complaint_numbers(finding, at);
		finding_next(finding, "%s", complaint->next);
		if (rule)
			finding_next(
				finding,
				"'dmactl check' finds all places of it in a recording, as "
				"%s.",
				rule->id);
		finding_next(finding,
			     "The call stack below the line is the place of the second "
			     "call; dma-debug prints only the first finding unless "
			     "/sys/kernel/debug/dma-api/all_errors is 1.");
	}
	return true;
}

/*
 * Drivers: their words differ, the cause stands in other lines
 */

static void conclude_driver(const struct explain *explain, struct finding *finding)
{
	static const char *const causes[] = {
		"swiotlb-full",
		"swiotlb-too-big",
		"swiotlb-fragmented",
		"swiotlb-no-slot",
		"swiotlb-unreachable",
		"swiotlb-coherent",
		"direct-beyond-mask",
		"cma-full",
		"cma-busy",
		"atomic-pool-full",
	};

	for (size_t i = 0; i < sizeof(causes) / sizeof(*causes); i++) {
		bool own = explain_other(explain, causes[i], finding->device);

		if (!own && !explain_other(explain, causes[i], ""))
			continue;
		finding->severity = LIBDMA_CHECK_NOTE;
		finding_evidence(finding, "The log has the reason: see %s.", causes[i]);
		return;
	}
	finding_evidence(finding, "The log does not have the kernel's own reason.");
}

static bool driver_words(const char *text)
{
	static const char *const words[] = {
		"DMA map failed",        "DMA mapping failed",  "dma mapping failed",
		"DMA mapping error",     "dma mapping error",   "dma_map_single failed",
		"dma_map_page failed",   "dma_map_sg failed",   "DMA-mapping error",
		"failed to map DMA",     "Failed to map DMA",   "dma map failed",
		"DMA map error",         "unable to map dma",   "failed to dma map",
		"pci_map_single failed", "DMA map page failed", "dma_map_sg() failed",
		"Failed to map TX d",    "Failed to map TX D",  "Failed to map RX D",
		"pci_map_sg failed",     "scsi_dma_map failed", "failed dma mapping",
		"Failed to create a DMA mapping",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strstr(text, words[i]))
			return true;
	return false;
}

static bool alloc_words(const char *text)
{
	static const char *const words[] = {
		"failed to allocate buffer with size",
		"Failed to allocate from CMA",
		"dma_alloc_coherent failed",
		"dma_alloc_coherent() failed",
		"failed to allocate DMA",
		"Failed to allocate DMA",
		"failed to allocate coherent",
		"can't allocate DMA",
		"Unable to allocate contiguous DMA",
		"DMA memory allocation failed",
		"dma allocation failed",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strstr(text, words[i]))
			return true;
	return false;
}

/* "intel-eth-pci 0000:00:1d.2 enp0s29f2: Tx DMA map failed": the device is the second
 * word. */
static bool book_driver(struct explain *explain, const struct log_line *line,
			const char *id, struct finding **ret)
{
	const struct finding *newest = explain_newest(explain);
	const char *colon = strstr(line->text, ": ");
	const char *driver = line->text, *device;
	size_t length;
	bool new;

	/* "[drm:vc4_bo_create] ..." goes on with what the line before began */
	if (*driver == '[' && newest && !strcmp(newest->id, id))
		return explain_book_device(explain, line, id, newest->device,
					   strlen(newest->device), ret);
	if (!colon || *driver == '[')
		return explain_book(explain, line, id, NULL, ret);
	device = memchr(driver, ' ', (size_t)(colon - driver));
	if (!device)
		return explain_book_device(explain, line, id, driver,
					   (size_t)(colon - driver), ret);
	length = strcspn(++device, " ");
	if (device + length > colon)
		length = (size_t)(colon - device);
	new = explain_book_device(explain, line, id, device, length, ret);
	length = (size_t)(device - driver) - 1;
	if (new &&length < sizeof((*ret)->driver))
		memcpy((*ret)->driver, driver, length);
	return new;
}

bool explain_driver(struct explain *explain, const struct log_line *line)
{
	bool map = driver_words(line->text);
	struct finding *finding;

	if (!map && !alloc_words(line->text))
		return false;
	if (!book_driver(explain, line, map ? "driver-map-failed" : "driver-alloc-failed",
			 &finding))
		return true;
	finding->severity = LIBDMA_CHECK_ERROR;
	finding->conclude = conclude_driver;
	finding_title(finding, map ? "A driver reports that a mapping failed."
				   : "A driver reports that it got no DMA memory.");
	finding_why(finding, "%s",
		    map ? "dma_map_*() fails where bounce buffers or addresses of the "
			  "IOMMU run out, or the device cannot reach the memory. The "
			  "packet or request was dropped or retried."
			: "dma_alloc_*() fails where no contiguous memory within the "
			  "device's reach is free: in CMA, in the buddy allocator, or "
			  "in the device's own region.");
	if (map)
		finding_next(
			finding,
			"Look for 'swiotlb buffer is full' or 'overflow 0x' near it. "
			"Without one an IOMMU is in use, and its address space below "
			"the device's mask is exhausted: a leak, or a mask of 32 bits "
			"with very many buffers.");
	else
		finding_next(
			finding,
			"Look for 'cma_alloc', 'page allocation failure' or 'swiotlb' "
			"lines near it.");
	finding_next(finding,
		     "Record it: 'dmactl stat' of the recording counts failures and "
		     "'dmactl map' shows the address space at the first.");
	return true;
}

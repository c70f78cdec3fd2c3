// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explain-iommu.c - faults of IOMMUs: Intel (DMAR), AMD (AMD-Vi), Arm (arm-smmu)
 *
 * A fault is an access of a device to an address that was not, or no longer, mapped for
 * it. The address and the direction say which mistake it was; a recording of the
 * mappings says whose.
 *
 * Kernel counterparts: drivers/iommu/intel/dmar.c, amd/iommu.c, arm/arm-smmu*
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "explain.h"

/* How the device's access was at fault. */
enum fault {
	FAULT_ABSENT,     /* nothing is mapped there */
	FAULT_PERMISSION, /* mapped, for the other direction */
	FAULT_DEVICE,     /* the device itself is not known to the IOMMU */
	FAULT_TABLE,      /* the tables are damaged, or of another version */
	FAULT_RANGE,      /* the address is wider than the IOMMU translates */
};

static const char *const fault_reasons[] = {
	[FAULT_ABSENT] =
		"Mostly the driver unmapped a buffer that the device still used, the device was "
		"given a wrong or truncated address, or it reads past the end of a buffer. In "
		"lazy mode an access soon after the unmap goes unnoticed; in strict mode it "
		"faults.",
	[FAULT_PERMISSION] =
		"The direction of the mapping becomes a permission: DMA_TO_DEVICE lets the "
		"device read, DMA_FROM_DEVICE lets it write. The driver gave the wrong one, or "
		"the device reads a buffer it should only fill. Intel's IOMMUs report an address "
		"that is not mapped at all in these words as well.",
	[FAULT_DEVICE] =
		"The request came from a bus address that the kernel never set up: a device that "
		"firmware left running, an alias of another (a bridge, a second function), or "
		"one that was just reset or removed.",
	[FAULT_TABLE] =
		"Tables of the previous kernel (kexec, kdump), memory corruption, or a "
		"bug of the IOMMU driver.",
	[FAULT_RANGE] =
		"The address never came from the DMA API: it is a physical or virtual "
		"address, or one that was damaged.",
};

static void title_fault(struct finding *finding, enum fault fault, bool write,
			uint64_t address)
{
	const char *verb = write ? "write to" : "read";

	switch (fault) {
	case FAULT_ABSENT:
		finding_title(finding,
			      "The device tried to %s 0x%" PRIx64
			      ", where nothing is mapped for it.",
			      verb, address);
		return;
	case FAULT_PERMISSION:
		finding_title(finding,
			      "The device tried to %s 0x%" PRIx64
			      ", which is mapped for the other direction only.",
			      verb, address);
		return;
	case FAULT_DEVICE:
		finding_title(
			finding,
			"The IOMMU has no entry for the device that made the access.");
		return;
	case FAULT_TABLE:
		finding_title(finding,
			      "The IOMMU's own tables are not as it expects them.");
		return;
	case FAULT_RANGE:
		finding_title(finding,
			      "The device used 0x%" PRIx64
			      ", more address bits than the IOMMU translates.",
			      address);
	}
}

/* What every maker's IOMMU has in common. */
static void explain_fault(struct finding *finding, enum fault fault, bool write,
			  uint64_t address)
{
	finding->severity = LIBDMA_CHECK_ERROR;
	title_fault(finding, fault, write, address);
	finding_why(finding, "%s", fault_reasons[fault]);
	if (!address && fault <= FAULT_PERMISSION)
		finding_evidence(finding,
				 "The address is 0: a descriptor that was never filled, "
				 "or a mapping that failed and was not checked.");
}

static void advise_fault(struct finding *finding, enum fault fault, bool write)
{
	if (fault == FAULT_DEVICE) {
		finding_next(finding,
			     "At boot only, and for a graphics device: firmware's "
			     "framebuffer; harmless, cured by firmware that declares it "
			     "(RMRR).");
		finding_next(
			finding,
			"For a PCI device with aliases, look for a quirk "
			"(pci_add_dma_alias); 'lspci -t' shows what is behind what.");
		return;
	}
	finding_next(
		finding,
		"Record the mappings (dmactl(1) says how), with dma:* and iommu:*, and "
		"look for this address with 'dmactl dump --filter': "
		"the last unmap before the fault, or the nearest mapping, names the "
		"buffer.");
	if (fault == FAULT_PERMISSION)
		finding_next(finding,
			     "Compare the direction given to dma_map_*(): a buffer that "
			     "the device %s needs %s or DMA_BIDIRECTIONAL.",
			     write ? "fills" : "reads",
			     write ? "DMA_FROM_DEVICE" : "DMA_TO_DEVICE");
	else
		finding_next(
			finding,
			"Boot with iommu.strict=1 to catch each use after unmap, or "
			"with CONFIG_DMA_API_DEBUG to have the driver's calls checked.");
	finding_next(finding,
		     "iommu=pt or intel_iommu=off silences it by letting the device "
		     "touch all memory: a diagnosis, not a cure.");
}

/*
 * Intel
 */

static enum fault intel_fault(uint64_t reason)
{
	switch (reason) {
	case 0x1:
	case 0x2:
	case 0x39:
	case 0x41:
		return FAULT_DEVICE;
	case 0x4:
	case 0x74:
		return FAULT_RANGE;
	case 0x5:
	case 0x6:
	case 0x75:
	case 0x76:
	case 0x77:
		return FAULT_PERMISSION;
	case 0x71:
		return FAULT_ABSENT;
	default:
		return FAULT_TABLE;
	}
}

static bool line_dmar(struct explain *explain, const struct log_line *line)
{
	const char *at = strstr(line->text, "[DMA Read");
	const char *device = strstr(line->text, "Request device [");
	bool write = !at;
	struct finding *finding;
	uint64_t reason, address = 0;

	if (!at)
		at = strstr(line->text, "[DMA Write");
	if (!at || !device || !text_number(at, "fault reason ", 16, &reason))
		return false;
	text_number(at, "fault addr ", 16, &address);
	device += strlen("Request device [");
	if (explain_book_device(explain, line,
				intel_fault(reason) == FAULT_DEVICE
					? "iommu-unknown-device"
					: "iommu-fault",
				device, strcspn(device, "]"), &finding)) {
		explain_fault(finding, intel_fault(reason), write, address);
		finding_evidence(finding,
				 "Fault reason 0x%02" PRIx64 " of the VT-d manual.",
				 reason);
		advise_fault(finding, intel_fault(reason), write);
	}
	return true;
}

static bool line_interrupt(struct explain *explain, const struct log_line *line)
{
	const char *device = strstr(line->text, "Request device [");
	struct finding *finding;

	if (!device || !strstr(line->text, "INTR-REMAP"))
		return false;
	device += strlen("Request device [");
	if (!explain_book_device(explain, line, "iommu-interrupt", device,
				 strcspn(device, "]"), &finding))
		return true;
	finding->severity = LIBDMA_CHECK_WARNING;
	finding_title(finding, "The IOMMU blocked an interrupt of the device.");
	finding_why(finding,
		    "An MSI is a write to memory, which the IOMMU checks like any other; "
		    "its entry was missing or of another device. It is no DMA mapping.");
	finding_next(finding, "Update firmware; to be sure of the cause, boot once with "
			      "intremap=off.");
	return true;
}

/* "intel_iommu_map: iommu width (39) is not sufficient for the mapped address
 * (8800001000)" */
static bool line_width(struct explain *explain, const struct log_line *line)
{
	const char *at = strstr(line->text, "iommu width (");
	struct finding *finding;
	uint64_t width, address = 0;

	if (!at || !text_number(at, "iommu width (", 10, &width))
		return false;
	text_number(at, "address (", 16, &address);
	if (!explain_book(explain, line, "iommu-width", NULL, &finding))
		return true;
	finding->severity = LIBDMA_CHECK_ERROR;
	finding_title(finding,
		      "An address of 0x%" PRIx64 " was to be mapped, and this IOMMU "
		      "translates %" PRIu64 " bits.",
		      address, width);
	finding_why(finding,
		    "Whoever chooses device addresses himself (VFIO, a virtual machine) "
		    "must stay below the width; the DMA API does so by itself.");
	finding_next(finding,
		     "Choose addresses below 2^%" PRIu64 "; VFIO tells the ranges that "
		     "are allowed (VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE).",
		     width);
	return true;
}

static bool line_mapped_twice(struct explain *explain, const struct log_line *line)
{
	struct finding *finding;

	if (!strstr(line->text, "DMA PTE for vPFN ") ||
	    !strstr(line->text, "already set"))
		return false;
	if (!explain_book(explain, line, "iommu-mapped-twice", NULL, &finding))
		return true;
	finding->severity = LIBDMA_CHECK_ERROR;
	finding_title(finding,
		      "An address was mapped in the IOMMU that was mapped already.");
	finding_why(
		finding,
		"Two owners of one address space: a driver that maps by itself beside "
		"the DMA API, an unmap with too small a size before, or reserved "
		"regions that overlap.");
	finding_next(
		finding,
		"Record iommu:map and iommu:unmap and look for a map whose unmap was "
		"smaller: 'dmactl dump' shows both with their sizes.");
	return true;
}

/*
 * AMD
 */

#define AMD_PRESENT    0x10
#define AMD_WRITE      0x20
#define AMD_PERMISSION 0x40
#define AMD_RESERVED   0x80

static enum fault amd_fault(uint64_t flags)
{
	if (flags & AMD_RESERVED)
		return FAULT_TABLE;
	if (flags & AMD_PRESENT && flags & AMD_PERMISSION)
		return FAULT_PERMISSION;
	return FAULT_ABSENT;
}

static void amd_page_fault(struct explain *explain, const struct log_line *line,
			   const char *at, const char *prefix)
{
	const char *device = strstr(at, "device=");
	uint64_t flags = 0, address = 0;
	struct finding *finding;
	bool new;

	text_number(at, "address=0x", 16, &address);
	text_number(at, "flags=0x", 16, &flags);
	if (device) {
		device += strlen("device=");
		new = explain_book_device(explain, line, "iommu-fault", device,
					  strcspn(device, " "), &finding);
	} else {
		new = explain_book(explain, line, "iommu-fault", prefix, &finding);
	}
	if (!new)
		return;
	explain_fault(finding, amd_fault(flags), flags & AMD_WRITE, address);
	finding_evidence(finding, "Flags 0x%" PRIx64 ": a %s, %s.", flags,
			 flags & AMD_WRITE ? "write" : "read",
			 flags & AMD_PRESENT ? "to a page that is mapped"
					     : "to a page that is not mapped");
	advise_fault(finding, amd_fault(flags), flags & AMD_WRITE);
}

static void amd_timeout(struct explain *explain, const struct log_line *line,
			const char *at)
{
	const char *device = at ? strstr(at, "device=") : NULL;
	struct finding *finding;
	bool new;

	if (device) {
		device += strlen("device=");
		new = explain_book_device(explain, line, "iommu-timeout", device,
					  strcspn(device, " ]"), &finding);
	} else {
		new = explain_book(explain, line, "iommu-timeout", NULL, &finding);
	}
	if (!new)
		return;
	finding->severity = LIBDMA_CHECK_ERROR;
	finding_title(
		finding,
		"%s did not answer when its cached translations were to be dropped.",
		device ? "The device" : "The IOMMU, or a device behind it,");
	finding_why(
		finding,
		"The IOMMU waits for the device to confirm (ATS). A device that hangs, "
		"was reset, lost power or left the bus never does.");
	finding_next(finding,
		     "Look above for the first error of the device itself: this is what "
		     "follows from it.");
	finding_next(finding, "Devices whose ATS is broken are helped by pci=noats.");
}

static void amd_other(struct explain *explain, const struct log_line *line,
		      const char *at)
{
	const char *device = strstr(at, "device=");
	bool table = strstr(at, "TAB_HARDWARE_ERROR") || strstr(at, "ILLEGAL_") ||
		     strstr(at, "COMMAND_");
	enum fault fault = table ? FAULT_TABLE : FAULT_DEVICE;
	struct finding *finding;
	bool new;

	if (device)
		device += strlen("device=");
	new = explain_book_device(
		explain, line, table ? "iommu-tables" : "iommu-unknown-device",
		device ? device : "", device ? strcspn(device, " ") : 0, &finding);
	if (!new)
		return;
	explain_fault(finding, fault, false, 0);
	advise_fault(finding, fault, false);
}

/* Older kernels break the line behind the bracket. */
bool explain_amd(struct explain *explain, const struct log_line *line)
{
	static const char *const names[] = {
		"INVALID_DEVICE_REQUEST", "ILLEGAL_DEV_TABLE_ENTRY",
		"DEV_TAB_HARDWARE_ERROR", "PAGE_TAB_HARDWARE_ERROR",
		"ILLEGAL_COMMAND_ERROR",  "COMMAND_HARDWARE_ERROR",
		"INVALID_PPR_REQUEST",
	};
	const char *at = strstr(line->text, "IO_PAGE_FAULT ");
	const char *prefix = strstr(line->text, "AMD-Vi: Event logged [");

	if (at) {
		amd_page_fault(explain, line, at, prefix);
		return true;
	}
	at = strstr(line->text, "IOTLB_INV_TIMEOUT");
	if (at || strstr(line->text, "AMD-Vi: Completion-Wait loop timed out")) {
		amd_timeout(explain, line, at);
		return true;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		at = strstr(line->text, names[i]);
		if (at) {
			amd_other(explain, line, at);
			return true;
		}
	}
	return false;
}

/*
 * Arm
 */

#define FSR_TRANSLATION (1u << 1)
#define FSR_PERMISSION  (1u << 3)
#define FSYNR_WRITE     (1u << 4)

/* "arm-smmu 5000000.iommu: Unhandled context fault: fsr=0x402, iova=0xff3cf000, ..." */
static bool line_context_fault(struct explain *explain, const struct log_line *line)
{
	const char *at = strstr(line->text, "Unhandled context fault: ");
	uint64_t fsr, iova = 0, fsynr = 0, stream = 0;
	struct finding *finding;
	enum fault fault;
	char name[32];

	if (!at || !text_number(at, "fsr=0x", 16, &fsr))
		return false;
	text_number(at, "iova=0x", 16, &iova);
	text_number(at, "fsynr=0x", 16, &fsynr);
	text_number(at, "cbfrsynra=0x", 16, &stream);
	fault = fsr & FSR_PERMISSION    ? FAULT_PERMISSION
		: fsr & FSR_TRANSLATION ? FAULT_ABSENT
					: FAULT_TABLE;
	snprintf(name, sizeof(name), "stream 0x%" PRIx64, stream);
	if (!explain_book_device(explain, line, "iommu-fault", name, strlen(name),
				 &finding))
		return true;
	explain_fault(finding, fault, fsynr & FSYNR_WRITE, iova);
	finding_evidence(finding,
			 "Stream ID 0x%" PRIx64 " is the device: find it in the device "
			 "tree's iommus or iommu-map, or in the IORT.",
			 stream);
	advise_fault(finding, fault, fsynr & FSYNR_WRITE);
	return true;
}

/* SMMUv3: "event 0x10 received:", or since 6.14 "event: F_TRANSLATION client: ..." */
static bool line_event(struct explain *explain, const struct log_line *line)
{
	const char *client = strstr(line->text, " client: ");
	const char *at = strstr(line->text, "event 0x");
	uint64_t event = 0, iova = 0;
	struct finding *finding;
	enum fault fault;
	bool new;

	if (!strstr(line->text, "arm-smmu-v3"))
		return false;
	if (at && strstr(at, "received"))
		text_number(at, "event 0x", 16, &event);
	else if (!(at = strstr(line->text, "event: ")))
		return false;
	fault = event == 0x10 || strstr(at, "F_TRANSLATION")  ? FAULT_ABSENT
		: event == 0x13 || strstr(at, "F_PERMISSION") ? FAULT_PERMISSION
		: event == 0x11 || strstr(at, "F_ADDR_SIZE")  ? FAULT_RANGE
		: event == 0x02 || strstr(at, "STREAM")       ? FAULT_DEVICE
							      : FAULT_TABLE;
	text_number(at, "iova: 0x", 16, &iova);
	if (client) {
		client += strlen(" client: ");
		new = explain_book_device(explain, line, "iommu-fault", client,
					  strcspn(client, " "), &finding);
	} else {
		new = explain_book(explain, line, "iommu-fault", at, &finding);
	}
	if (!new)
		return true;
	explain_fault(finding, fault, false, iova);
	if (!client)
		finding_evidence(finding,
				 "The four words that follow hold the stream ID (upper "
				 "half of the first) and the address (the third).");
	advise_fault(finding, fault, false);
	return true;
}

bool explain_arm(struct explain *explain, const struct log_line *line)
{
	return line_context_fault(explain, line) || line_event(explain, line);
}

bool explain_intel(struct explain *explain, const struct log_line *line)
{
	return line_dmar(explain, line) || line_interrupt(explain, line) ||
	       line_width(explain, line) || line_mapped_twice(explain, line);
}

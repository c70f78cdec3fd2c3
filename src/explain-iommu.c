// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explain-iommu.c - faults of the IOMMUs of Intel (DMAR) and AMD (AMD-Vi)
 *
 * Kernel counterparts: drivers/iommu/intel/dmar.c, amd/iommu.c
 */
#include <inttypes.h>
#include <string.h>

#include "explain-fault.h"

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
	case 0x80:
	case 0x83:
	case 0x84:
		return FAULT_RANGE;
	case 0x5:
	case 0x6:
	case 0x79:
	case 0x85:
	case 0x86:
		return FAULT_DENIED;
	case 0x71:
		return FAULT_ABSENT;
	case 0x31:
	case 0x45:
	case 0x46:
	case 0x48:
	case 0x51:
	case 0x59:
		return FAULT_PROCESS;
	case 0xd:
	case 0x44:
	case 0x47:
	case 0x5c:
	case 0x5d:
	case 0x81:
	case 0x82:
	case 0x87:
		return FAULT_OTHER;
	default:
		return FAULT_TABLE;
	}
}

/*
 * Until 4.16 the reason is a line of its own, which ends what the line before it began:
 * "DMAR:[fault reason 06] PTE Read access is not set".
 */
static bool hold_dmar(struct explain *explain, const char *at)
{
	struct explain_facts *facts = explain_facts(explain);
	size_t length = strlen(at);

	if (length >= sizeof(facts->dmar))
		length = sizeof(facts->dmar) - 1;
	memcpy(facts->dmar, at, length);
	facts->dmar[length] = 0;
	return true;
}

static bool line_dmar(struct explain *explain, const struct log_line *line)
{
	struct explain_facts *facts = explain_facts(explain);
	const char *reason_at = strstr(line->text, "[fault reason ");
	const char *at = strstr(line->text, "[DMA "), *device;
	uint64_t reason, address = ADDRESS_UNKNOWN;
	struct finding *finding;
	enum access access;
	enum fault fault;

	if (at && strstr(at, "Request device [") && !reason_at)
		return hold_dmar(explain, at);
	if (!at && *facts->dmar)
		at = facts->dmar;
	if (!at || !reason_at || !text_number(reason_at, "fault reason ", 16, &reason))
		return false;
	device = strstr(at, "Request device [");
	if (!device)
		return false;
	text_number(at, "fault addr ", 16, &address);
	access = strncmp(at, "[DMA Read", 9) ? ACCESS_WRITE : ACCESS_READ;
	device += strlen("Request device [");
	fault = intel_fault(reason);
	if (explain_book_device(explain, line, fault_id(fault), device,
				strcspn(device, "]"), &finding)) {
		fault_explain(finding, fault, access, address);
		finding_evidence(finding,
				 "Fault reason 0x%02" PRIx64 " of the VT-d manual.",
				 reason);
		fault_advise(finding, fault, access);
	}
	*facts->dmar = 0;
	return true;
}

static void explain_interrupt(struct finding *finding)
{
	finding->severity = LIBDMA_CHECK_WARNING;
	finding_title(finding, "The IOMMU blocked an interrupt of the device.");
	finding_why(finding,
		    "An MSI is a write to memory, which the IOMMU checks like any other; "
		    "its entry was missing or of another device. It is no DMA mapping.");
	finding_next(finding, "Update firmware; to be sure of the cause, boot once with "
			      "intremap=off.");
}

static bool line_interrupt(struct explain *explain, const struct log_line *line)
{
	const char *device = strstr(line->text, "Request device [");
	struct finding *finding;

	if (!device || !strstr(line->text, "INTR-REMAP"))
		return false;
	device += strlen("Request device [");
	if (explain_book_device(explain, line, "iommu-interrupt", device,
				strcspn(device, "]"), &finding))
		explain_interrupt(finding);
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

#define AMD_INTERRUPT  0x08
#define AMD_PRESENT    0x10
#define AMD_WRITE      0x20
#define AMD_RESERVED   0x80

/* "Present" is also said of a device whose entry lets it reach nothing. */
static enum fault amd_fault(uint64_t flags)
{
	if (flags & AMD_RESERVED)
		return FAULT_TABLE;
	return flags & AMD_PRESENT ? FAULT_DENIED : FAULT_ABSENT;
}

/* By the device that the event names, or else by what stands before the event. */
static bool amd_book(struct explain *explain, const struct log_line *line, const char *id,
		     const char *device, const char *prefix, struct finding **ret)
{
	if (!device)
		return explain_book(explain, line, id, prefix, ret);
	device += strlen("device=");
	return explain_book_device(explain, line, id, device, strcspn(device, " ,]"), ret);
}

static void amd_page_fault(struct explain *explain, const struct log_line *line,
			   const char *at, const char *prefix)
{
	const char *device = strstr(at, "device="), *id = "iommu-fault";
	uint64_t flags = 0, address = ADDRESS_UNKNOWN;
	struct finding *finding;
	enum access access;

	text_number(at, "address=0x", 16, &address);
	text_number(at, "flags=0x", 16, &flags);
	access = flags & AMD_WRITE ? ACCESS_WRITE : ACCESS_READ;
	if (flags & AMD_INTERRUPT)
		id = "iommu-interrupt";
	if (!amd_book(explain, line, id, device, prefix, &finding))
		return;
	if (flags & AMD_INTERRUPT) {
		explain_interrupt(finding);
		return;
	}
	fault_explain(finding, amd_fault(flags), access, address);
	finding_evidence(finding, "Flags 0x%" PRIx64 ": a %s, %s.", flags,
			 flags & AMD_WRITE ? "write" : "read",
			 flags & AMD_PRESENT ? "refused by an entry that is present"
					     : "to a page that is not mapped");
	fault_advise(finding, amd_fault(flags), access);
}

static void amd_timeout(struct explain *explain, const struct log_line *line,
			const char *at)
{
	const char *device = at ? strstr(at, "device=") : NULL;
	struct finding *finding;

	if (!amd_book(explain, line, "iommu-timeout", device, NULL, &finding))
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

/* Where HyperTransport has interrupts and system management instead of memory. */
#define HT_SPECIAL_BEGIN UINT64_C(0xfd00000000)
#define HT_SPECIAL_END   UINT64_C(0xffffffffff)

/* Some log it with the bits above the 40 of the bus all set. */
static bool is_ht_special(uint64_t address)
{
	uint64_t above = address & ~HT_SPECIAL_END;

	return address != ADDRESS_UNKNOWN && (!above || above == ~HT_SPECIAL_END) &&
	       (address & HT_SPECIAL_END) >= HT_SPECIAL_BEGIN;
}

/* A request of a kind that the device may not make. */
static void amd_request(struct explain *explain, const struct log_line *line,
			const char *at)
{
	const char *device = strstr(at, "device=");
	bool process = !strncmp(at, "INVALID_PPR", strlen("INVALID_PPR"));
	enum fault fault = process ? FAULT_PROCESS : FAULT_OTHER;
	uint64_t address = ADDRESS_UNKNOWN;
	struct finding *finding;

	text_number(at, "address=0x", 16, &address);
	device = device ? device + strlen("device=") : "";
	if (!explain_book_device(explain, line, "iommu-fault", device,
				 strcspn(device, " "), &finding))
		return;
	fault_explain(finding, fault, ACCESS_UNKNOWN, address);
	if (is_ht_special(address))
		finding_evidence(finding,
				 "The address is in the range that AMD keeps for interrupts "
				 "and system management: it is no memory, and no mapping "
				 "failed. Look for firmware that sets up an I/O APIC or a "
				 "bridge wrongly.");
	fault_advise(finding, fault, ACCESS_UNKNOWN);
}

static void amd_tables(struct explain *explain, const struct log_line *line,
		       const char *at)
{
	const char *device = strstr(at, "device=");
	struct finding *finding;

	device = device ? device + strlen("device=") : "";
	if (!explain_book_device(explain, line, "iommu-tables", device,
				 strcspn(device, " "), &finding))
		return;
	fault_explain(finding, FAULT_TABLE, ACCESS_UNKNOWN, ADDRESS_UNKNOWN);
	fault_advise(finding, FAULT_TABLE, ACCESS_UNKNOWN);
}

/* A page that is not what the host's table of owners (RMP) says it is. */
static void amd_owner(struct explain *explain, const struct log_line *line, const char *at)
{
	const char *device = strstr(at, "device=");
	const char *prefix = strstr(line->text, "AMD-Vi: Event logged [");
	struct finding *finding;

	if (!amd_book(explain, line, "iommu-owner", device, prefix, &finding))
		return;
	finding->severity = LIBDMA_CHECK_ERROR;
	finding_title(finding, "The device touched a page that is a guest's own (SEV-SNP).");
	finding_why(finding,
		    "Where SEV-SNP is on, a table of the host says whose each page is, and "
		    "the IOMMU holds every access against it, also one that is mapped: "
		    "devices reach only what is shared.");
	finding_next(finding, "In a guest: the device may use shared memory alone, which is "
			      "its swiotlb; look for swiotlb=noforce, and for drivers that map "
			      "by themselves.");
	finding_next(finding, "On a host: a driver still used a page that went to a guest; "
			      "update kernel and firmware. RMP_HW_ERROR is the hardware's: "
			      "look above for errors of memory.");
}

/* Older kernels break the line behind the bracket. */
bool explain_amd(struct explain *explain, const struct log_line *line)
{
	static const struct {
		const char *name;
		void (*explain)(struct explain *explain, const struct log_line *line,
				const char *at);
	} events[] = {
		{ "INVALID_DEVICE_REQUEST", amd_request },
		{ "INVALID_PPR_REQUEST", amd_request },
		{ "ILLEGAL_DEV_TABLE_ENTRY", amd_tables },
		{ "DEV_TAB_HARDWARE_ERROR", amd_tables },
		{ "PAGE_TAB_HARDWARE_ERROR", amd_tables },
		{ "ILLEGAL_COMMAND_ERROR", amd_tables },
		{ "COMMAND_HARDWARE_ERROR", amd_tables },
		{ "RMP_PAGE_FAULT", amd_owner },
		{ "RMP_HW_ERROR", amd_owner },
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
	for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++) {
		at = strstr(line->text, events[i].name);
		if (at) {
			events[i].explain(explain, line, at);
			return true;
		}
	}
	return false;
}

bool explain_intel(struct explain *explain, const struct log_line *line)
{
	return line_dmar(explain, line) || line_interrupt(explain, line) ||
	       line_width(explain, line) || line_mapped_twice(explain, line);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explain-fault.c - what the faults of all makers' IOMMUs have in common
 *
 * A fault is an access of a device to an address that was not, or no longer, mapped for
 * it. The address and the direction say which mistake it was; a recording of the
 * mappings says whose.
 */
#include <inttypes.h>
#include <stdio.h>

#include "explain-fault.h"

static const char *const fault_reasons[] = {
	[FAULT_ABSENT] =
		"Mostly the driver unmapped a buffer that the device still used, the device was "
		"given a wrong or truncated address, or it reads past the end of a buffer. In "
		"lazy mode an access soon after the unmap goes unnoticed; in strict mode it "
		"faults.",
	[FAULT_PERMISSION] =
		"The direction of the mapping becomes a permission: DMA_TO_DEVICE lets the "
		"device read, DMA_FROM_DEVICE lets it write. The driver gave the wrong one, or "
		"the device reads a buffer it should only fill.",
	[FAULT_DENIED] =
		"This IOMMU's words are the same for an address that is not mapped at all and "
		"for one that is mapped for the other direction. Mostly it is the former: the "
		"driver unmapped a buffer that the device still used, or the device was given a "
		"wrong address or reads past the end of a buffer. Else the driver gave "
		"dma_map_*() the wrong direction, which becomes the permission.",
	[FAULT_DEVICE] =
		"The request came from a bus address that the kernel never set up: a device that "
		"firmware left running, an alias of another (a bridge, a second function), or "
		"one that was just reset or removed.",
	[FAULT_PROCESS] =
		"The device named an address space (PASID) that nobody bound to it, or that is "
		"gone: a process ended, or its driver unbound it, while the device was still at "
		"work for it.",
	[FAULT_TABLE] =
		"Tables of the previous kernel (kexec, kdump), memory corruption, or a "
		"bug of the IOMMU driver.",
	[FAULT_RANGE] =
		"The address never came from the DMA API: it is a physical or virtual "
		"address, or one that was damaged.",
	[FAULT_OTHER] =
		"The log line has the IOMMU's own reason. It is none of a missing mapping: the "
		"kind of access itself is not allowed to the device, such as a translation "
		"that it asked for in advance (ATS).",
};

void fault_title(struct finding *finding, enum fault fault, enum access access,
		 uint64_t address)
{
	static const char *const verbs[] = { "read", "write to", "use" };
	static const struct {
		const char *before;
		const char *after;
		bool bare; /* of no address */
	} titles[] = {
		[FAULT_ABSENT] = { "The device tried to ",
				   ", where nothing is mapped for it.", false },
		[FAULT_PERMISSION] = { "The device tried to ",
				       ", which is mapped for the other direction only.",
				       false },
		[FAULT_DENIED] = { "The device tried to ",
				   ", which is not mapped, or for the other direction only.",
				   false },
		[FAULT_DEVICE] = { "The IOMMU has no entry for the device that made the "
				   "access.",
				   "", true },
		[FAULT_PROCESS] = { "The IOMMU has no entry for the process's address space "
				    "(PASID) that the device named.",
				    "", true },
		[FAULT_TABLE] = { "The IOMMU's own tables are not as it expects them.", "",
				  true },
		[FAULT_RANGE] = { "The device tried to ",
				  ", more address bits than the IOMMU translates.", false },
		[FAULT_OTHER] = { "The IOMMU refused to let the device ", ".", false },
	};
	char place[32] = "an address";

	if (address != ADDRESS_UNKNOWN)
		snprintf(place, sizeof(place), "0x%" PRIx64, address);
	if (titles[fault].bare)
		finding_title(finding, "%s", titles[fault].before);
	else
		finding_title(finding, "%s%s %s%s", titles[fault].before, verbs[access], place,
			      titles[fault].after);
}

void fault_explain(struct finding *finding, enum fault fault, enum access access,
		   uint64_t address)
{
	finding->severity = LIBDMA_CHECK_ERROR;
	fault_title(finding, fault, access, address);
	finding_why(finding, "%s", fault_reasons[fault]);
	if (!address && fault <= FAULT_DENIED)
		finding_evidence(finding,
				 "The address is 0: a descriptor that was never filled, "
				 "or a mapping that failed and was not checked.");
}

static void advise_device(struct finding *finding)
{
	finding_next(finding,
		     "At boot only, and for a graphics device: firmware's framebuffer; "
		     "harmless, cured by firmware that declares it (RMRR).");
	finding_next(finding,
		     "For a PCI device with aliases, look for a quirk "
		     "(pci_add_dma_alias); 'lspci -t' shows what is behind what.");
}

static void advise_direction(struct finding *finding, enum access access)
{
	static const char *const uses[] = { "reads", "fills", "fills or reads" };
	static const char *const needs[] = { "DMA_TO_DEVICE", "DMA_FROM_DEVICE",
					     "DMA_FROM_DEVICE or DMA_TO_DEVICE" };

	finding_next(finding,
		     "Compare the direction given to dma_map_*(): a buffer that the device "
		     "%s needs %s, or DMA_BIDIRECTIONAL.",
		     uses[access], needs[access]);
}

void fault_advise(struct finding *finding, enum fault fault, enum access access)
{
	if (fault == FAULT_DEVICE) {
		advise_device(finding);
		return;
	}
	if (fault == FAULT_PROCESS || fault == FAULT_OTHER) {
		finding_next(finding,
			     "Look at the lines around it: what its driver was doing, and "
			     "whether a process that used the device just ended.");
		finding_next(finding,
			     "Where ATS is suspected, pci=noats turns it off: a diagnosis.");
		return;
	}
	finding_next(finding,
		     "Record the mappings (dmactl(1) says how), with dma:* and iommu:*, and "
		     "look for this address with 'dmactl dump --filter': the last unmap before "
		     "the fault, or the nearest mapping, names the buffer.");
	if (fault != FAULT_PERMISSION)
		finding_next(finding,
			     "Boot with iommu.strict=1 to catch each use after unmap, or "
			     "with CONFIG_DMA_API_DEBUG to have the driver's calls checked.");
	if (fault == FAULT_PERMISSION || fault == FAULT_DENIED)
		advise_direction(finding, access);
	finding_next(finding,
		     "iommu=pt or intel_iommu=off silences it by letting the device "
		     "touch all memory: a diagnosis, not a cure.");
}

const char *fault_id(enum fault fault)
{
	return fault == FAULT_DEVICE ? "iommu-unknown-device" : "iommu-fault";
}

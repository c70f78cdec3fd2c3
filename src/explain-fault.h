/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain-fault.h - what the faults of all makers' IOMMUs have in common
 */
#pragma once

#include "explain.h"

/* How the device's access was at fault. */
enum fault {
	FAULT_ABSENT,     /* nothing is mapped there */
	FAULT_PERMISSION, /* mapped, for the other direction */
	FAULT_DENIED,     /* one of the two: this IOMMU does not tell them apart */
	FAULT_DEVICE,     /* the device itself is not known to the IOMMU */
	FAULT_PROCESS,    /* the address space of a process (PASID) is not */
	FAULT_TABLE,      /* the tables are damaged, or of another version */
	FAULT_RANGE,      /* the address is wider than the IOMMU translates */
	FAULT_OTHER,      /* refused for another reason */
};

enum access { ACCESS_READ, ACCESS_WRITE, ACCESS_UNKNOWN };

#define ADDRESS_UNKNOWN UINT64_MAX

/* Its title alone, once more is known. */
void fault_title(struct finding *finding, enum fault fault, enum access access,
		 uint64_t address);

/* Severity, title, cause, and what the address tells. */
void fault_explain(struct finding *finding, enum fault fault, enum access access,
		   uint64_t address);

void fault_advise(struct finding *finding, enum fault fault, enum access access);

/* The id of its finding. */
const char *fault_id(enum fault fault);

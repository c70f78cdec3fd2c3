/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * group.h - devices behind an IOMMU that share one domain, and so its IOVAs
 */
#pragma once

#include "dma/machine.h"

/**
 * struct group - one domain
 *
 * @machine:	whose
 * @number:	as sysfs numbers them: in the order in which they came; events have it
 *		plus 1, since 0 is no domain
 * @wanted:	by which devices ask for it; 0: it has one device alone
 * @users:	devices in it
 * @lazy:	unmapped addresses wait for a flush
 * @flushes:	how many there were
 * @iova:	its addresses
 * @table:	its translations
 */
struct group {
	struct group *next;
	struct libdma_machine *machine;
	unsigned int number, wanted;
	unsigned int users;
	bool lazy;
	uint64_t flushes;
	struct iova_domain *iova;
	struct iommu *table;
};

/*
 * Enter the group that others asked for by this number, with 0 a new one; 0 or -errno. A
 * group whose first device is not @trusted is never lazy.
 */
int group_join(struct libdma_machine *machine, unsigned int number, bool trusted,
	       struct group **ret);
void group_leave(struct libdma_machine *machine, struct group *group);

/* Let the timers of all groups run up to @ns, which is the machine's time then. */
void group_advance_all(struct libdma_machine *machine, uint64_t ns);

bool group_valid(const struct group *group);

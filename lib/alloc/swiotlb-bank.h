/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * swiotlb-bank.h - one bank of slots, for the swiotlb files alone
 */
#pragma once

#include "alloc/swiotlb.h"

#define NO_SLOT	 UINT32_MAX
#define LOW_BITS (SWIOTLB_SLOT - 1)

/* Of every set and which slots: the longest free run is no longer than this. */
enum run_class {
	RUN_ANY,  /* that begins anywhere */
	RUN_EVEN, /* at an even slot of the bank */
	RUN_ODD,
	RUN_CLASSES,
};

struct area {
	uint64_t used;
	uint32_t next; /* where the next search begins */
};

struct bank {
	struct bank *next;
	struct heap *heap;
	phys_addr_t start;
	uint32_t slots;
	uint32_t segment;
	unsigned int shift; /* log2 of that: a division would cost as much as a search */
	uint32_t areas, area_slots;
	bool transient;
	uint64_t *used; /* a bit a slot */
	uint64_t *head; /* a bit where a mapping begins */
	/* of a mapping, at its first slot */
	phys_addr_t *phys;
	uint32_t *size;
	uint16_t *padding;
	uint16_t *run[RUN_CLASSES]; /* of a set */
	/* what the last search that found something changed */
	uint32_t searched, before;
	struct area area[];
};

struct swiotlb {
	const struct kernel_rules *rules;
	struct heap *heap;
	struct swiotlb_memory memory;
	struct bank *banks;	 /* that of boot is the last */
	struct bank *transients; /* each for one mapping */
	uint32_t segment;
	uint32_t slots, areas; /* of the first bank, and of those that are added */
	bool grows, queued;
	phys_addr_t limit;
	uint64_t total, used, most; /* slots */
};

/* A copy, as swiotlb_map() makes it. */
struct copy {
	uint32_t offset; /* of its first byte, from that of its first slot */
	size_t size;	 /* bytes that take slots */
	size_t reported; /* bytes that the kernel speaks of */
};

/* What is looked for. */
struct search {
	uint64_t base;	   /* of the bank, as the device sees it */
	uint64_t boundary; /* slots between two boundaries, a power of two */
	phys_addr_t phys;  /* of the buffer, 0 for none */
	uint32_t align;	   /* these bits of the address are zero */
	uint32_t keep;	   /* these are as the buffer's */
	uint32_t stride;   /* slots between two that are aligned */
	uint32_t slots;
};

int bank_create(struct heap *heap, phys_addr_t start, uint32_t slots, uint32_t areas,
		uint32_t segment, struct bank **ret);
void bank_destroy(struct bank *bank);

/* The first slot from @from to before @to, aligned by @residue, where it fits. */
uint32_t bank_find(struct bank *bank, const struct search *search, uint32_t from,
		   uint32_t to, uint32_t residue);

/* Are the slots from this one on free, in one set, and across no boundary? */
bool bank_fits(const struct bank *bank, const struct search *search, uint32_t slot);

bool bank_is_free(const struct bank *bank, uint32_t slot, uint32_t slots);
void bank_take(struct bank *bank, uint32_t slot, uint32_t slots);
void bank_release(struct bank *bank, uint32_t slot);

/* The first slot of the mapping that holds a slot, and how many it has; or NO_SLOT. */
uint32_t bank_head(const struct bank *bank, uint32_t slot, uint32_t *slots);

/* Where the first mapping from slot @from to before @to begins, or @to. */
uint32_t bank_next_head(const struct bank *bank, uint32_t from, uint32_t to);

bool bank_valid(const struct bank *bank);
size_t bank_memory(const struct bank *bank);

/* swiotlb-search.c: a slot of an area as the kernel finds it; 0, -ENOSPC, -EDEADLK */
int bank_search(struct bank *bank, const struct kernel_rules *rules, uint32_t area,
		const struct swiotlb_device *device, phys_addr_t phys, size_t size,
		uint32_t align_mask, uint32_t *ret);

/* The bank of an address, or NULL. */
struct bank *bank_of(const struct swiotlb *swiotlb, phys_addr_t phys);

/* How long a request's copy is, and where in its slots it begins (rule S6). */
void copy_measure(const struct swiotlb *swiotlb, const struct swiotlb_device *device,
		  const struct swiotlb_request *request, struct copy *ret);

/* Remember whose copy begins at a slot. */
static inline void bank_note(struct bank *bank, uint32_t slot, phys_addr_t phys,
			     const struct copy *copy)
{
	bank->phys[slot] = phys;
	bank->size[slot] = (uint32_t)copy->size;
	bank->padding[slot] = (uint16_t)(copy->offset >> SWIOTLB_SHIFT);
}

/* Does a mapping begin at this slot? */
static inline bool bank_begins(const struct bank *bank, uint32_t slot)
{
	return bank->head[slot >> 6] >> (slot & 63) & 1;
}

static inline uint32_t bank_area(const struct bank *bank, uint32_t slot)
{
	return bank->areas == 1 ? 0 : slot / bank->area_slots;
}

static inline uint32_t slots_of(uint64_t size)
{
	return (uint32_t)((size + SWIOTLB_SLOT - 1) >> SWIOTLB_SHIFT);
}

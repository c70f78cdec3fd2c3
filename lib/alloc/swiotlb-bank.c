// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * swiotlb-bank.c - one bank of slots
 *
 * The kernel keeps for each slot the length of the free run that begins there. A bit a
 * slot says the same; and for each set there is a bound of its longest run, so that a
 * search does not enter sets in vain twice. Runs grow only by a release, which raises
 * the bound; a search of a whole set that fails lowers it.
 *
 * Kernel counterpart: kernel/dma/swiotlb.c (RULES.md S5, S16, S19)
 */
#include <errno.h>

#include "alloc/swiotlb-bank.h"
#include "base/bits.h"
#include "base/mutant.h"

static uint32_t min(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* The first bit from @from to before @to that is set, or clear if @flip is all ones. */
static uint32_t next_bit(const uint64_t *words, uint32_t from, uint32_t to, uint64_t flip)
{
	uint32_t at = from >> 6;
	uint64_t word;

	if (from >= to)
		return to;
	word = (words[at] ^ flip) & ~0ULL << (from & 63);
	while (!word) {
		if (++at << 6 >= to)
			return to;
		word = words[at] ^ flip;
	}
	return min((at << 6) + (uint32_t)__builtin_ctzll(word), to);
}

static uint32_t next_used(const struct bank *bank, uint32_t from, uint32_t to)
{
	return next_bit(bank->used, from, to, 0);
}

static uint32_t next_free(const struct bank *bank, uint32_t from, uint32_t to)
{
	return next_bit(bank->used, from, to, ~0ULL);
}

/* The last bit before @to, and not before @from, that is set; @from less one if none. */
static uint32_t last_bit(const uint64_t *words, uint32_t from, uint32_t to)
{
	while (to > from) {
		uint64_t word = words[(to - 1) >> 6] << (63 - ((to - 1) & 63));

		if (word) {
			to -= (uint32_t)__builtin_clzll(word);
			return to > from ? to - 1 : from - 1;
		}
		to = (to - 1) & ~63U;
	}
	return from - 1;
}

static void fill(uint64_t *words, uint32_t from, uint32_t to, bool set)
{
	while (from < to) {
		uint32_t end = min((from | 63) + 1, to);
		uint64_t bits = ~0ULL >> (64 - (end - from)) << (from & 63);

		if (set)
			words[from >> 6] |= bits;
		else
			words[from >> 6] &= ~bits;
		from = end;
	}
}

static uint32_t set_start(const struct bank *bank, uint32_t slot)
{
	return slot & ~(bank->segment - 1);
}

static uint32_t set_end(const struct bank *bank, uint32_t slot)
{
	return min((slot | (bank->segment - 1)) + 1, MUTANT(D16, bank->slots, UINT32_MAX));
}

static uint32_t sets(const struct bank *bank)
{
	return (bank->slots + bank->segment - 1) >> bank->shift;
}

/* ---- the bounds ---- */

static void raise(uint16_t *run, uint32_t length)
{
	if (*run < length)
		*run = (uint16_t)min(length, UINT16_MAX);
}

/* From @from to before @to all is free now. */
static void runs_raise(struct bank *bank, uint32_t from, uint32_t to)
{
	uint32_t set = from >> bank->shift, odd = from & 1;

	raise(&bank->run[RUN_ANY][set], to - from);
	raise(&bank->run[RUN_EVEN + odd][set], to - from);
	raise(&bank->run[RUN_ODD - odd][set], to - from - 1);
}

/* A set was searched in vain for a run of that length. */
static void runs_lower(struct bank *bank, uint32_t set, enum run_class class, uint32_t slots)
{
	for (unsigned int other = RUN_ANY; other < RUN_CLASSES; other++)
		if ((class == RUN_ANY || other == class) && bank->run[other][set] >= slots)
			bank->run[other][set] = (uint16_t)(slots - 1);
}

/* ---- finding ---- */

static bool spans(const struct search *search, uint32_t slot)
{
	uint64_t at = ((search->base + SWIOTLB_SLOT - 1) >> SWIOTLB_SHIFT) + slot;

	return (at & (search->boundary - 1)) + search->slots > search->boundary;
}

bool bank_fits(const struct bank *bank, const struct search *search, uint32_t slot)
{
	uint32_t end = slot + search->slots;

	return end <= MUTANT(D24a, set_end(bank, slot), bank->slots) &&
	       next_used(bank, slot, end) == end &&
	       !spans(search, slot);
}

static uint32_t set_find(const struct bank *bank, const struct search *search, uint32_t from,
			 uint32_t to, uint32_t residue)
{
	uint32_t end = MUTANT(D24b, set_end(bank, from), bank->slots), slot = from, used;

	for (;;) {
		slot += (residue - slot) & (search->stride - 1);
		if (slot >= to || slot + search->slots > end)
			return NO_SLOT;
		used = next_used(bank, slot, slot + search->slots);
		if (used < slot + search->slots)
			slot = next_free(bank, used + 1, end);
		else if (spans(search, slot))
			slot += search->stride;
		else
			return slot;
	}
}

/* Was it for want of room alone that no slot of a set would do? */
static bool set_was_searched(const struct bank *bank, const struct search *search,
			     uint32_t from, uint32_t to)
{
	uint32_t end = set_end(bank, from);
	uint64_t at = (search->base >> SWIOTLB_SHIFT) + from;

	return search->stride <= 2 && from == set_start(bank, from) && to >= end &&
	       (at & (search->boundary - 1)) + (end - from) <= search->boundary;
}

uint32_t bank_find(struct bank *bank, const struct search *search, uint32_t from,
		   uint32_t to, uint32_t residue)
{
	enum run_class class = search->stride == 1 ? RUN_ANY : RUN_EVEN + (residue & 1);
	const uint16_t *run = bank->run[class];
	uint32_t slot;

	for (; from < to; from = set_end(bank, from)) {
		if (run[from >> bank->shift] < search->slots)
			continue;
		slot = set_find(bank, search, from, to, residue);
		if (slot != NO_SLOT)
			return slot;
		if (set_was_searched(bank, search, from, to))
			runs_lower(bank, from >> bank->shift, class, search->slots);
	}
	return NO_SLOT;
}

bool bank_is_free(const struct bank *bank, uint32_t slot, uint32_t slots)
{
	return next_used(bank, slot, slot + slots) == slot + slots;
}

void bank_take(struct bank *bank, uint32_t slot, uint32_t slots)
{
	fill(bank->used, slot, slot + slots, true);
	bank->head[slot >> 6] |= 1ULL << (slot & 63);
}

uint32_t bank_head(const struct bank *bank, uint32_t slot, uint32_t *slots)
{
	uint32_t head, next;

	if (slot >= bank->slots || next_used(bank, slot, slot + 1) != slot)
		return NO_SLOT;
	head = last_bit(bank->head, set_start(bank, slot), slot + 1);
	next = next_bit(bank->head, head + 1, set_end(bank, slot), 0);
	*slots = next_free(bank, head, next) - head;
	return head;
}

uint32_t bank_next_head(const struct bank *bank, uint32_t from, uint32_t to)
{
	return next_bit(bank->head, from, to, 0);
}

void bank_release(struct bank *bank, uint32_t slot)
{
	uint32_t end = slot + slots_of(bank->size[slot]) -
		       MUTANT(D15b, 0, bank->padding[slot]);

	fill(bank->used, slot, end, false);
	bank->head[slot >> 6] &= ~(1ULL << (slot & 63));
	runs_raise(bank, last_bit(bank->used, set_start(bank, slot), slot) + 1,
		   next_used(bank, end, set_end(bank, slot)));
}

/* ---- beginning and end ---- */

/* All arrays in one piece, the widest members first. */
static int bank_init(struct bank *bank)
{
	size_t words = (bank->slots + 63) / 64, slots = bank->slots;
	size_t size = words * 16 + slots * (8 + 4 + 2) + (size_t)RUN_CLASSES * 2 * sets(bank);
	char *memory = heap_alloc(bank->heap, 1, size);

	if (!memory)
		return -ENOMEM;
	bank->used = (uint64_t *)memory;
	bank->head = bank->used + words;
	bank->phys = bank->head + words;
	bank->size = (uint32_t *)(bank->phys + slots);
	bank->padding = (uint16_t *)(bank->size + slots);
	bank->run[RUN_ANY] = bank->padding + slots;
	bank->run[RUN_EVEN] = bank->run[RUN_ANY] + sets(bank);
	bank->run[RUN_ODD] = bank->run[RUN_EVEN] + sets(bank);
	for (uint32_t slot = 0; slot < bank->slots; slot = set_end(bank, slot))
		runs_raise(bank, slot, set_end(bank, slot));
	return 0;
}

int bank_create(struct heap *heap, phys_addr_t start, uint32_t slots, uint32_t areas,
		uint32_t segment, struct bank **ret)
{
	struct bank *bank = heap_alloc(heap, 1, sizeof(*bank) + areas * sizeof(struct area));

	if (!bank)
		return -ENOMEM;
	bank->heap = heap;
	bank->start = start;
	bank->slots = slots;
	bank->segment = segment;
	bank->shift = log2_up(segment);
	bank->areas = areas;
	bank->area_slots = slots / areas;
	if (bank_init(bank)) {
		heap_free(bank);
		return -ENOMEM;
	}
	*ret = bank;
	return 0;
}

void bank_destroy(struct bank *bank)
{
	heap_free(bank->used);
	heap_free(bank);
}

size_t bank_memory(const struct bank *bank)
{
	return sizeof(*bank) + bank->areas * sizeof(struct area) +
	       (size_t)(bank->slots + 63) / 64 * 16 + bank->slots * (8UL + 4 + 2) +
	       (size_t)RUN_CLASSES * 2 * sets(bank);
}

/* ---- for tests ---- */

static bool runs_valid(const struct bank *bank, uint32_t from, uint32_t to)
{
	uint32_t set = from >> bank->shift, odd = from & 1;

	return bank->run[RUN_ANY][set] >= to - from &&
	       bank->run[RUN_EVEN + odd][set] >= to - from &&
	       bank->run[RUN_ODD - odd][set] >= to - from - 1;
}

/* Every slot is free, in a run that its set knows of, or of a mapping of its set. */
bool bank_valid(const struct bank *bank)
{
	uint32_t slot = 0, next, slots;

	for (uint32_t area = 0; area < bank->areas; area++)
		if (bank->area[area].next >= bank->area_slots)
			return false;
	while (slot < bank->slots) {
		if (next_used(bank, slot, slot + 1) != slot) {
			next = next_used(bank, slot, set_end(bank, slot));
			if (!runs_valid(bank, slot, next) ||
			    next_bit(bank->head, slot, next, 0) != next)
				return false;
		} else {
			if (bank_head(bank, slot, &slots) != slot ||
			    slots != slots_of(bank->size[slot]) ||
			    slot + slots > set_end(bank, slot) || bank->padding[slot] >= slots)
				return false;
			next = slot + slots;
		}
		slot = next;
	}
	return true;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * iova-flush.c - addresses that wait for a flush of the IOTLB, and the domain's clock
 *
 * An address that was unmapped in a lazy domain is handed out again only after a
 * flush that began later: when the CPU's ring is full, or the timer runs off.
 *
 * Kernel counterpart: drivers/iommu/dma-iommu.c, from iova_fq on (RULES.md I29-I32)
 */
#include <errno.h>
#include <string.h>

#include "alloc/iova-domain.h"
#include "base/bits.h"
#include "base/mutant.h"

#define MILLISECOND 1000000ULL /* ns */

/* ---- the queue ---- */

int iova_set_release(struct iova_domain *domain, enum iova_release release,
		     void (*flush)(void *arg, unsigned int cpu), void *arg)
{
	bool shared = release == IOVA_LAZY_SHARED;
	unsigned int rings = shared ? 1 : domain->cpus, slots = shared ? 32768 : 256;
	struct queue_entry *entries;
	struct iova_queue *queue;

	if (domain->queue || (shared && !domain->rules->iova_queue_may_be_shared))
		return -EINVAL;
	if (release == IOVA_STRICT)
		return 0;

	queue = heap_alloc(domain->heap, 1, sizeof(*queue) + rings * sizeof(struct ring));
	if (!queue)
		return -ENOMEM;
	/* none is read before it was written */
	entries = heap_resize(domain->heap, NULL, (size_t)rings * slots, sizeof(*entries));
	if (!entries)
		goto free_queue;

	queue->shared = shared;
	queue->slots = slots;
	queue->timeout = (shared ? 1000 : 10) * MILLISECOND;
	queue->due = NEVER;
	queue->flush = flush;
	queue->arg = arg;
	queue->rings = rings;
	for (unsigned int i = 0; i < rings; i++)
		queue->ring[i].entry = entries + (size_t)i * slots;
	domain->queue = queue;
	return 0;

free_queue:
	heap_free(queue);
	return -ENOMEM;
}

void iova_queue_destroy(struct iova_queue *queue)
{
	if (!queue)
		return;
	heap_free(queue->ring[0].entry);
	heap_free(queue);
}

/* Those that wait, at the same places; the rest of a ring is nobody's. */
static void ring_copy(struct ring *to, const struct ring *from, unsigned int slots)
{
	unsigned int end = from->tail < from->head ? slots : from->tail;

	memcpy(to->entry + from->head, from->entry + from->head,
	       (end - from->head) * sizeof(*to->entry));
	if (end != from->tail)
		memcpy(to->entry, from->entry, from->tail * sizeof(*to->entry));
}

int iova_queue_clone(struct heap *heap, const struct iova_queue *of,
		     struct iova_queue **ret)
{
	size_t size = sizeof(*of) + of->rings * sizeof(struct ring);
	size_t slots = (size_t)of->rings * of->slots;
	struct iova_queue *queue = heap_alloc(heap, 1, size);
	struct queue_entry *entries;

	if (!queue)
		return -ENOMEM;
	entries = heap_resize(heap, NULL, slots, sizeof(*entries));
	if (!entries) {
		heap_free(queue);
		return -ENOMEM;
	}
	memcpy(queue, of, size);
	for (unsigned int i = 0; i < of->rings; i++) {
		queue->ring[i].entry = entries + (size_t)i * of->slots;
		ring_copy(&queue->ring[i], &of->ring[i], of->slots);
	}
	*ret = queue;
	return 0;
}

void iova_on_free(struct iova_domain *domain,
		  void (*freed)(void *arg, unsigned int cpu, uint64_t pfn, uint64_t size))
{
	domain->queue->freed = freed;
}

static void flush(struct iova_queue *queue, unsigned int cpu)
{
	queue->started++;
	if (queue->flush)
		queue->flush(queue->arg, cpu);
	queue->finished++;
}

/* Free what a flush has finished for, the oldest first. */
static void ring_drain(struct iova_domain *domain, unsigned int cpu, struct ring *ring)
{
	const struct iova_queue *queue = domain->queue;

	while (ring->head != ring->tail) {
		struct queue_entry *entry = &ring->entry[ring->head];

		if (MUTANT(E18, entry->counter >= queue->finished,
			   entry->counter > queue->finished))
			break;
		iova_free_fast(domain, cpu, entry->pfn, entry->size);
		if (queue->freed)
			queue->freed(queue->arg, cpu, entry->pfn, entry->size);
		ring->head = (ring->head + 1) & (queue->slots - 1);
	}
}

void iova_release(struct iova_domain *domain, unsigned int cpu, uint64_t pfn,
		  uint64_t size)
{
	struct iova_queue *queue = domain->queue;
	struct ring *ring;

	if (MUTANT(E17, !queue, true)) {
		iova_free_fast(domain, cpu, pfn, size);
		return;
	}
	ring = iova_queue_ring(queue, cpu);
	ring_drain(domain, cpu, ring);
	if (iova_ring_is_full(queue, ring)) {
		flush(queue, cpu);
		ring_drain(domain, cpu, ring);
	}
	ring->entry[ring->tail] = (struct queue_entry){ pfn, size, queue->started };
	ring->tail = (ring->tail + 1) & (queue->slots - 1);

	if (queue->due == NEVER) {
		queue->due = domain->now + queue->timeout;
		queue->due_cpu = cpu;
		iova_due(domain, queue->due);
	}
}

bool iova_queue_valid(const struct iova_queue *queue)
{
	for (unsigned int i = 0; i < queue->rings; i++) {
		const struct ring *ring = &queue->ring[i];
		uint64_t before = 0;

		if (ring->head >= queue->slots || ring->tail >= queue->slots)
			return false;
		for (unsigned int at = ring->head; at != ring->tail;
		     at = (at + 1) & (queue->slots - 1)) {
			if (ring->entry[at].counter < before ||
			    ring->entry[at].counter > queue->started)
				return false;
			before = ring->entry[at].counter;
		}
	}
	return queue->started == queue->finished;
}

/* ---- the clock ---- */

void iova_expire(struct iova_domain *domain, unsigned int cpu, bool alone)
{
	struct iova_queue *queue = domain->queue;

	if (!queue)
		return;
	queue->due = NEVER;
	flush(queue, cpu);
	for (unsigned int i = 0; i < queue->rings; i++)
		if (!alone || i == cpu || queue->shared)
			ring_drain(domain, cpu, &queue->ring[i]);
}

/* When the earliest timer is due, and which: a class, or IOVA_CLASSES for the queue. */
static uint64_t earliest(const struct iova_domain *domain, unsigned int *which)
{
	uint64_t due = domain->queue ? domain->queue->due : NEVER;

	*which = IOVA_CLASSES;
	for (unsigned int class = 0; class < IOVA_CLASSES; class++) {
		if (domain->depot[class].due < due) {
			due = domain->depot[class].due;
			*which = class;
		}
	}
	return due;
}

void iova_advance(struct iova_domain *domain, uint64_t ns)
{
	unsigned int which;

	/* a timer that is not set does not run off at the end of all time either */
	if (ns == NEVER)
		ns--;
	while (domain->due <= ns) {
		domain->now = domain->due > domain->now ? domain->due : domain->now;
		if (earliest(domain, &which) <= ns && which == IOVA_CLASSES)
			/* Where the timer was set. */
			iova_expire(domain, domain->queue->due_cpu, false);
		else if (which < IOVA_CLASSES && domain->depot[which].due <= ns)
			iova_depot_trim(domain, which);
		domain->due = earliest(domain, &which);
	}
	domain->now = ns > domain->now ? ns : domain->now;
}

uint64_t iova_next_timer(const struct iova_domain *domain)
{
	return domain->due;
}

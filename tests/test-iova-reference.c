// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Domains against a reference that does it the plain way: ranges in a sorted array
 * walked one by one, magazines and queues that are arrays.
 */
#include <stdlib.h>
#include <string.h>

#include "alloc/iova.h"

#include "test.h"

#define MS   1000000ULL
#define CPUS 3

static uint64_t seed = 1;

static uint64_t dice(uint64_t sides)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (seed >> 24) % sides;
}

/* ---- the reference ---- */

#define MOST	 20000
#define TOP	 (~0ULL)
#define CLASSES	 6
#define FULL	 127
#define DEPOT	 400
#define QUEUE	 256
#define NO_TIMER (~0ULL)

struct span {
	uint64_t lo, hi;
};

struct stack {
	unsigned int count;
	uint64_t pfn[FULL];
};

struct waiting {
	uint64_t pfn, size, counter;
};

struct reference {
	bool is_list; /* the depot of 6.12 and later */
	struct span span[MOST];
	unsigned int spans;
	uint64_t start, pfn32, max32;
	struct span cached, cached32;
	struct stack loaded[CPUS][CLASSES], prev[CPUS][CLASSES], depot[CLASSES][DEPOT];
	unsigned int depots[CLASSES];
	uint64_t trim[CLASSES];
	struct waiting queue[CPUS][QUEUE];
	unsigned int queued[CPUS];
	uint64_t flushes, timer, now;
	unsigned int timer_cpu;
	bool lazy;
};

static struct reference *ref;

static void ref_reset(bool is_list, uint64_t start)
{
	memset(ref, 0, sizeof(*ref));
	ref->is_list = is_list;
	ref->start = start;
	ref->pfn32 = ref->max32 = 1 << 20;
	ref->cached = ref->cached32 = (struct span){ TOP, TOP };
	ref->timer = NO_TIMER;
	memset(ref->trim, 0xff, sizeof(ref->trim));
}

static struct span ref_at(int at)
{
	return at < (int)ref->spans ? ref->span[at] : (struct span){ TOP, TOP };
}

static int ref_index(uint64_t lo)
{
	int at = 0;

	while (at < (int)ref->spans && ref->span[at].lo < lo)
		at++;
	return at;
}

static void ref_put(struct span span)
{
	int at = ref_index(span.lo);

	assert_true(ref->spans < MOST);
	memmove(ref->span + at + 1, ref->span + at, (ref->spans++ - at) * sizeof(span));
	ref->span[at] = span;
}

/* Walk down from a range: I7. Returns the address, or 0. */
static uint64_t ref_walk(int at, uint64_t size, uint64_t high, uint64_t low)
{
	uint64_t align = 1, address;

	while (align < size)
		align *= 2;
	for (;; at--) {
		high = ref_at(at).lo < high ? ref_at(at).lo : high;
		if (high < size)
			return 0;
		address = (high - size) / align * align;
		if (address < low)
			return 0;
		if (!at || address > ref->span[at - 1].hi)
			return address;
	}
}

static uint64_t ref_alloc(uint64_t size, uint64_t limit)
{
	uint64_t end = limit + 1, address;
	struct span from = end <= ref->pfn32 ? ref->cached32 : ref->cached;

	if (end <= ref->pfn32 && size >= ref->max32)
		return 0;
	address = ref_walk(ref_index(from.lo), size, end, ref->start);
	if (!address && from.hi < end)
		address = ref_walk(ref_index(end), size, end, from.hi + 1);
	if (!address) {
		ref->max32 = size;
		return 0;
	}
	ref_put((struct span){ address, address + size - 1 });
	if (address + size - 1 < ref->pfn32)
		ref->cached32 = ref_at(ref_index(address));
	else
		ref->cached = ref_at(ref_index(address));
	return address;
}

static void ref_free(uint64_t pfn)
{
	for (int at = 0; at < (int)ref->spans; at++) {
		struct span span = ref->span[at], next = ref_at(at + 1);

		if (pfn < span.lo || pfn > span.hi)
			continue;
		if (span.lo == ref->cached32.lo ||
		    (span.hi < ref->pfn32 && span.lo >= ref->cached32.lo))
			ref->cached32 = next;
		if (span.lo < ref->pfn32)
			ref->max32 = ref->pfn32;
		if (span.lo >= ref->cached.lo)
			ref->cached = next;
		memmove(ref->span + at, ref->span + at + 1,
			(--ref->spans - at) * sizeof(span));
		return;
	}
}

static int ref_class(uint64_t size)
{
	int class = 0;

	while (1ULL << class < size)
		class++;
	return class;
}

static void ref_empty(struct stack *stack)
{
	for (unsigned int i = 0; i < stack->count; i++)
		ref_free(stack->pfn[i]);
	stack->count = 0;
}

static void ref_drain(void)
{
	for (int cpu = 0; cpu < CPUS; cpu++) {
		for (int class = 0; class < CLASSES; class++) {
			ref_empty(&ref->loaded[cpu][class]);
			ref_empty(&ref->prev[cpu][class]);
		}
	}
	for (int class = 0; class < CLASSES; class++) {
		for (unsigned int i = 0; i < ref->depots[class]; i++)
			ref_empty(&ref->depot[class][ref->is_list ? ref->depots[class] - 1 - i
								  : i]);
		ref->depots[class] = 0;
	}
}

static void ref_exchange(struct stack *a, struct stack *b)
{
	struct stack kept = *a;

	*a = *b;
	*b = kept;
}

static void ref_free_fast(int cpu, uint64_t pfn, uint64_t size)
{
	int class = ref_class(size);
	struct stack *loaded, *prev, surplus = { 0 };

	if (class >= CLASSES) {
		ref_free(pfn);
		return;
	}
	loaded = &ref->loaded[cpu][class];
	prev = &ref->prev[cpu][class];
	if (loaded->count == FULL && prev->count < FULL) {
		ref_exchange(loaded, prev);
	} else if (loaded->count == FULL) {
		if (!ref->is_list && ref->depots[class] == 32)
			surplus = *loaded;
		else
			ref->depot[class][ref->depots[class]++] = *loaded;
		assert_true(ref->depots[class] < DEPOT);
		if (ref->is_list && ref->trim[class] == NO_TIMER)
			ref->trim[class] = ref->now + 100 * MS;
		loaded->count = 0;
	}
	loaded->pfn[loaded->count++] = pfn;
	ref_empty(&surplus);
}

static uint64_t ref_alloc_fast(int cpu, uint64_t size, uint64_t limit, bool flush)
{
	int class = ref_class(size);
	uint64_t address;

	if (class < CLASSES) {
		struct stack *loaded = &ref->loaded[cpu][class];

		size = 1ULL << class;
		if (!loaded->count && ref->prev[cpu][class].count)
			ref_exchange(loaded, &ref->prev[cpu][class]);
		else if (!loaded->count && ref->depots[class])
			*loaded = ref->depot[class][--ref->depots[class]];
		for (int i = (int)loaded->count - 1; i >= 0; i--) {
			if (loaded->pfn[i] + size - 1 > limit)
				continue;
			address = loaded->pfn[i];
			loaded->pfn[i] = loaded->pfn[--loaded->count];
			return address;
		}
	}
	address = ref_alloc(size, limit);
	if (address || !flush)
		return address;
	ref_drain();
	return ref_alloc(size, limit);
}

static void ref_leave_queue(int queue, int cpu)
{
	unsigned int gone = 0;

	while (gone < ref->queued[queue] && ref->queue[queue][gone].counter < ref->flushes) {
		ref_free_fast(cpu, ref->queue[queue][gone].pfn, ref->queue[queue][gone].size);
		gone++;
	}
	ref->queued[queue] -= gone;
	memmove(ref->queue[queue], ref->queue[queue] + gone,
		ref->queued[queue] * sizeof(struct waiting));
}

static void ref_release(int cpu, uint64_t pfn, uint64_t size)
{
	if (!ref->lazy) {
		ref_free_fast(cpu, pfn, size);
		return;
	}
	ref_leave_queue(cpu, cpu);
	if (ref->queued[cpu] == QUEUE - 1) {
		ref->flushes++;
		ref_leave_queue(cpu, cpu);
	}
	ref->queue[cpu][ref->queued[cpu]++] = (struct waiting){ pfn, size, ref->flushes };
	if (ref->timer == NO_TIMER) {
		ref->timer = ref->now + 10 * MS;
		ref->timer_cpu = cpu;
	}
}

static void ref_timers(uint64_t now)
{
	for (;;) {
		uint64_t due = ref->timer;
		int which = CLASSES;

		for (int class = 0; class < CLASSES; class++) {
			if (ref->trim[class] < due) {
				due = ref->trim[class];
				which = class;
			}
		}
		if (due > now || due == NO_TIMER)
			break;
		ref->now = due;
		if (which == CLASSES) {
			ref->timer = NO_TIMER;
			ref->flushes++;
			for (int cpu = 0; cpu < CPUS; cpu++)
				ref_leave_queue(cpu, ref->timer_cpu);
		} else if (ref->depots[which] > CPUS) {
			ref->depots[which]--;
			ref_empty(&ref->depot[which][ref->depots[which]]);
			ref->trim[which] = due + 100 * MS;
		} else {
			ref->trim[which] = NO_TIMER;
		}
	}
	ref->now = now;
}

/* ---- comparing ---- */

#define LIVE 6000

static struct span live[LIVE]; /* address, size as asked for */
static unsigned int lives;

static int same_span(const struct iova_range *range, void *arg)
{
	unsigned int *at = arg;

	assert_true(*at < ref->spans);
	assert_true(range->pfn == ref->span[*at].lo);
	assert_true(range->size == ref->span[*at].hi - ref->span[*at].lo + 1);
	++*at;
	return 0;
}

static void compare_all(const struct iova_domain *domain)
{
	unsigned int at = 0;

	assert_true(iova_valid(domain));
	assert_int_equal(iova_walk(domain, same_span, &at), 0);
	assert_int_equal(at, ref->spans);
}

/* What 6.9 says of addresses. */
static void invariants(uint64_t address, uint64_t size, uint64_t limit)
{
	uint64_t align = 1;

	while (align < size)
		align *= 2;
	assert_true(address >= ref->start && address + size - 1 <= limit);
	assert_true(address % align == 0);
	for (unsigned int i = 0; i < lives; i++)
		assert_true(live[i].lo + live[i].hi <= address ||
			    address + size <= live[i].lo);
}

struct trial {
	enum dma_kernel kernel;
	bool lazy;
	uint64_t limit; /* the lowest of the limits */
	unsigned int sizes;
	unsigned int most; /* live ranges */
	unsigned int steps;
	bool steep; /* first all are allocated, then all freed: the depot fills */
};

static void allocate(struct iova_domain *domain, const struct trial *trial)
{
	uint64_t size = dice(8) ? 1 + dice(trial->sizes) : 1ULL << dice(10);
	uint64_t limit = dice(3) ? trial->limit : trial->limit << dice(20), address, expected;
	int cpu = (int)dice(CPUS);
	bool flush = dice(4);

	expected = ref_alloc_fast(cpu, size, limit, flush);
	if (iova_alloc_fast(domain, (unsigned int)cpu, size, limit, flush, &address))
		address = 0;
	assert_true(address == expected);
	if (address) {
		invariants(address, size, limit);
		live[lives++] = (struct span){ address, size };
	}
}

static void release(struct iova_domain *domain)
{
	unsigned int at = (unsigned int)dice(lives);
	/* The last CPU seldom frees: it lives on what the others put into the depot. */
	int cpu = (int)dice(dice(5000) ? CPUS - 1 : CPUS);

	ref_release(cpu, live[at].lo, live[at].hi);
	iova_release(domain, (unsigned int)cpu, live[at].lo, live[at].hi);
	live[at] = live[--lives];
}

static void run(const struct trial *trial)
{
	struct iova_options options = { .rules = kernel_rules(trial->kernel), .granule = 4096,
					.start = 1 + dice(100), .cpus = CPUS };
	struct iova_domain *domain;
	uint64_t now = 0;
	bool growing = true;

	ref_reset(trial->kernel != DMA_KERNEL_6_1, options.start);
	ref->lazy = trial->lazy;
	lives = 0;
	assert_int_equal(iova_domain_create(&options, &domain), 0);
	assert_int_equal(iova_set_release(domain, trial->lazy ? IOVA_LAZY : IOVA_STRICT, NULL,
					  NULL), 0);
	for (unsigned int step = 0; step < trial->steps; step++) {
		unsigned int ups = growing ? 5 : 3; /* of 8 */

		if (trial->steep)
			ups = growing ? 8 : 0;
		if (!lives)
			growing = true;
		if (lives == trial->most)
			growing = false;
		if (dice(8) < ups && lives < trial->most)
			allocate(domain, trial);
		else if (lives)
			release(domain);
		now += dice(2000) ? dice(MS / 8) : dice(300 * MS);
		ref_timers(now);
		iova_advance(domain, now);
		if (step % 64 == 0)
			compare_all(domain);
	}
	compare_all(domain);
	iova_domain_destroy(domain);
}

static void every_address_is_that_of_the_reference(void **state)
{
	(void)state;
	for (unsigned int kernel = 0; kernel < DMA_KERNELS; kernel++) {
		for (unsigned int lazy = 0; lazy < 2; lazy++) {
			run(&(struct trial){ kernel, lazy, 0xfff, 64, 100, 4000, false });
			run(&(struct trial){ kernel, lazy, 0xfffff, 64, 3000, 12000, false });
			run(&(struct trial){ kernel, lazy, 0xffff, 8, 5000, 20000, false });
			run(&(struct trial){ kernel, lazy, 0xfffff, 2, 5900, 24000, false });
		}
		run(&(struct trial){ kernel, false, 0xfffff, 1, 5900, 20000, true });
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_address_is_that_of_the_reference),
	};
	int failed;

	ref = malloc(sizeof(*ref));
	if (!ref)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(ref);
	return failed;
}

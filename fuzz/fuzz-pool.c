// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-pool.c - pools of blocks, and a device that writes into what is free
 *
 * Four pools at once. Of a pool_create the attributes say what is wrong with its
 * numbers; of a block's call how many blocks in a row, its direction whether they are
 * to be zeroed (1) and the model's memory runs out first (2), and of a free its arg how
 * wrong it is (enum wrong). What is no block is in pool-shape.c. The last byte of the
 * config: bits 0-1 where pages lie, 2 the kernel's layout, 3 debug, 4 and 5
 * init_on_alloc and init_on_free, 6 each fourth page is refused, 7 the device writes.
 */
#include <errno.h>
#include <string.h>

#include <libdma/page.h>

#include "dma/pool.h"
#include "kinds.h"
#include "oracle.h"
#include "pool-shape.h"
#include "reference-pool.h"
#include "requests.h"
#include "target.h"

#define POOLS            4
#define BLOCKS           512
#define ARENA            (1UL << 20)
#define AT_ONCE          64 /* blocks of one request */
#define COST             400 /* of an input: blocks, and pages that they are long */
#define JUNK             0x5a
#define POISON_ALLOCATED 0xa9

enum wrong {
	RIGHT,
	INSIDE_OF_BLOCK,
	OTHER_ADDRESS,
	OTHER_POOL,
	TWICE,
	NOWHERE,
	WRONGS
};

struct block {
	struct pool *pool; /* NULL: not live */
	struct reference_pool *reference;
	uint32_t number;
	unsigned char mark;
};

static struct reference_pool references[POOLS];
static char arena[ARENA] __attribute__((aligned(65536)));

static struct block blocks[BLOCKS]; /* of no pool between two inputs */

static struct world {
	struct requests requests;
	struct pool_options options;
	struct heap heap;
	struct pool *pool[POOLS];
	unsigned int top; /* no slot from here on was used */
	uint64_t taken;     /* bytes of the arena */
	unsigned int calls; /* of the provider */
	unsigned int pages; /* out */
	uint64_t cost;
	unsigned int told[POOL_BUSY + 1];
	char *cpu; /* the page given last */
	dma_addr_t dma;
	bool fresh;
} world;

/* ---- what the pools stand on ---- */

static dma_addr_t place(uint64_t at, uint64_t step)
{
	switch (requests_config(&world.requests)[CONFIG_TARGET] & 3) {
	case 0:
		return 0x10000000 + at;
	case 1:
		return -(at + step); /* down from the end of all addresses */
	case 2:
		return (at * 0x10001) << 8; /* far from each other */
	default:
		return 0x7f0000000000 - at * 2 + 48; /* not aligned */
	}
}

static int page_alloc(void *arg, size_t size, unsigned int gfp, void **cpu,
		      dma_addr_t *dma)
{
	uint64_t step = PAGE_SIZE;
	bool refuses = requests_config(&world.requests)[CONFIG_TARGET] & 64;

	(void)arg;
	expect(ARGUMENT, gfp == 0x42);
	if (size > ARENA || (refuses && world.calls++ % 4 == 3))
		return -ENOSPC;
	while (step < size)
		step *= 2;
	world.taken = (world.taken + step - 1) & -step;
	if (world.taken + step > ARENA)
		return -ENOSPC;
	*cpu = world.cpu = arena + world.taken;
	*dma = world.dma = place(world.taken, step);
	shape_soil(*cpu, JUNK, size);
	world.taken += step;
	world.pages++;
	world.fresh = true;
	return 0;
}

static void page_free(void *arg, size_t size, void *cpu, dma_addr_t dma)
{
	(void)arg;
	(void)size;
	(void)cpu;
	(void)dma;
	expect(CONSERVE, world.pages > 0);
	world.pages--;
}

static void report(void *arg, const struct pool_report *what)
{
	(void)arg;
	/* text is dear, and of a pool's third one like its second */
	if (world.told[what->fault]++ < 2)
		shape_expect_report(what);
}

/* ---- requests ---- */

static bool is_hostile(void)
{
	return requests_config(&world.requests)[CONFIG_TARGET] & 128 &&
	       world.options.layout == POOL_OUTSIDE;
}

static unsigned char byte_of(const struct reference_pool *reference, uint32_t number)
{
	return (unsigned char)(1 + (number ^ reference->pages * 7 ^ number >> 10) % 200);
}

static void check_mark(const struct block *block)
{
	const unsigned char *cpu =
		(unsigned char *)reference_pool_cpu(block->reference, block->number);
	uint64_t inner = reference_pool_inner(block->reference, block->number);

	expect(DATA, cpu[0] == block->mark && cpu[inner / 2] == block->mark &&
			     cpu[inner - 1] == block->mark);
}

static void mark(struct block *block)
{
	char *cpu = reference_pool_cpu(block->reference, block->number);
	uint64_t inner = reference_pool_inner(block->reference, block->number);

	block->mark = byte_of(block->reference, block->number);
	memset(cpu, block->mark, inner < 512 ? inner : 512);
	cpu[inner / 2] = (char)block->mark;
	cpu[inner - 1] = (char)block->mark;
}

static void check_filled(const char *cpu, uint64_t size, bool zero)
{
	unsigned char byte = POISON_ALLOCATED;

	if (zero || world.options.init_on_alloc)
		byte = 0;
	else if (!world.options.debug)
		return;
	expect(ZERO, oracle_filled(cpu, byte, size));
}

/* What walks say of it. */
static void show(unsigned int which)
{
	const struct reference_pool *reference = &references[which];
	uint64_t used = 0;
	dma_addr_t dma = 0;

	for (unsigned int slot = 0; slot < world.top; slot++) {
		const struct block *block = &blocks[slot];

		if (!block->pool || block->pool != world.pool[which])
			continue;
		dma = reference_pool_dma(reference, block->number);
		used += reference_pool_inner(reference, block->number);
	}
	shape_expect_pool(world.pool[which], reference, used, dma);
}

static void check_counts(unsigned int which)
{
	const struct reference_pool *reference = &references[which];
	struct pool_counts counts;

	if (!world.pool[which])
		return;
	pool_count(world.pool[which], &counts);
	expect(COUNTERS, counts.active == reference_pool_live(reference) &&
				 counts.pages == reference->pages);
	expect(COUNTERS, counts.size == reference->size &&
				 counts.allocation == reference->allocation);
	expect(COUNTERS, reference->old || counts.total == (uint64_t)reference->pages *
								   reference->blocks);
	if (!reference->old && reference->allocation == PAGE_SIZE)
		expect(CAPACITY, reference->blocks ==
					 PAGE_SIZE / reference->boundary *
						 (reference->boundary / reference->size));
	expect(VALID, pool_valid(world.pool[which]));
	show(which);
}

/* Text is dear, and the same at any time. */
static void check_text(unsigned int which)
{
	const struct reference_pool *reference = &references[which];

	if (!world.pool[which])
		return;
	shape_expect_line(world.pool[which], reference, reference_pool_live(reference));
	shape_walk_short(world.pool[which], &world.heap);
}

/* The model's own memory runs out, if the next call needs any. */
static void run_short(void)
{
	if (world.requests.event.dir & 2)
		world.heap.fail_nth = world.heap.calls + 1;
}

static bool was_short(void)
{
	bool was = world.heap.fail_nth && world.heap.calls >= world.heap.fail_nth;

	world.heap.fail_nth = 0;
	return was;
}

static void alloc(unsigned int which, unsigned int slot, bool zero)
{
	struct reference_pool *reference = &references[which];
	struct block *block = &blocks[slot % BLOCKS];
	struct pool *pool = world.pool[which];
	bool had = pool && reference_pool_has(reference);
	dma_addr_t dma;
	void *cpu;
	int err;

	if (!pool || block->pool || reference->pages == REFERENCE_POOL_PAGES ||
	    world.cost > COST)
		return;
	world.cost += 1 + (reference->size > ARENA ? 0 : reference->size / PAGE_SIZE);
	if (had && is_hostile()) {
		uint32_t next = reference_pool_next(reference);

		shape_soil(reference_pool_cpu(reference, next), 0x41,
			   reference_pool_inner(reference, next));
	}
	world.fresh = false;
	run_short();
	err = pool_alloc(pool, 0x42, zero, &cpu, &dma);
	if (was_short() && err) {
		expect(MEMORY, err == -ENOMEM || err == -ENOSPC);
		check_counts(which);
		return;
	}
	expect(COMPLETE, !err || (!had && !world.fresh));
	expect(COMPLETE, !had || !world.fresh);
	if (err)
		return;
	if (world.fresh)
		reference_pool_add(reference, world.cpu, world.dma);
	block->number = reference_pool_take(reference);
	block->pool = pool;
	block->reference = reference;
	if (world.top <= slot % BLOCKS)
		world.top = slot % BLOCKS + 1;
	expect(REFERENCE, cpu == reference_pool_cpu(reference, block->number));
	expect(REFERENCE, dma == reference_pool_dma(reference, block->number));
	expect(BOUNDARY, reference_pool_bounded(reference, block->number));
	check_filled(cpu, reference_pool_inner(reference, block->number), zero);
	mark(block);
}

static void expect_refusal(struct pool *pool, char *cpu, dma_addr_t dma)
{
	unsigned int told = 0, now = 0;

	for (unsigned int fault = 0; fault <= POOL_BUSY; fault++)
		told += world.told[fault];
	expect(FREE, pool_free(pool, cpu, dma) == -EINVAL);
	for (unsigned int fault = 0; fault <= POOL_BUSY; fault++)
		now += world.told[fault];
	expect(FREE, now == told + 1);
}

/* With the free blocks known outside all that is wrong is refused. */
static void free_wrongly(const struct block *block, enum wrong wrong)
{
	char *cpu = reference_pool_cpu(block->reference, block->number);
	dma_addr_t dma = reference_pool_dma(block->reference, block->number);
	uint64_t offset =
		block->reference->offset[block->number % REFERENCE_POOL_BLOCKS];

	if (world.options.layout == POOL_INSIDE) {
		if (wrong == NOWHERE && (world.options.debug || block->reference->old))
			expect_refusal(block->pool, cpu, dma + (1ULL << 60) + 16);
		if (wrong == INSIDE_OF_BLOCK && world.options.debug &&
		    block->reference->old)
			expect_refusal(block->pool, cpu, dma + 1);
		if (wrong == OTHER_ADDRESS)
			expect_refusal(block->pool, (char *)&world, dma);
		return;
	}
	switch (wrong) {
	case INSIDE_OF_BLOCK:
		/* what begins with a page's last byte (P15) goes on in somebody else's */
		if (block->reference->size > 1 && offset + 1 < block->reference->allocation)
			expect_refusal(block->pool, cpu + 1, dma + 1);
		break;
	case OTHER_ADDRESS:
		expect_refusal(block->pool, cpu + block->reference->size, dma);
		break;
	case OTHER_POOL:
		for (unsigned int i = 0; i < POOLS; i++)
			if (world.pool[i] && world.pool[i] != block->pool)
				expect_refusal(world.pool[i], cpu, dma);
		break;
	case NOWHERE:
		expect_refusal(block->pool, cpu, dma + (1ULL << 60) + 16);
		break;
	default:
		break;
	}
}

static void release(unsigned int slot, enum wrong wrong)
{
	struct block *block = &blocks[slot % BLOCKS];
	char *cpu;
	dma_addr_t dma;

	if (!block->pool)
		return;
	check_mark(block);
	free_wrongly(block, wrong);
	check_mark(block);
	cpu = reference_pool_cpu(block->reference, block->number);
	dma = reference_pool_dma(block->reference, block->number);
	expect(FREE, !pool_free(block->pool, cpu, dma));
	reference_pool_give(block->reference, block->number);
	if (wrong == TWICE &&
	    (world.options.layout == POOL_OUTSIDE || world.options.debug)) {
		expect_refusal(block->pool, cpu, dma);
		expect(FREE, world.told[POOL_ALREADY_FREE] > 0);
	}
	block->pool = NULL;
}

static void destroy(unsigned int which)
{
	const struct reference_pool *reference = &references[which];
	struct pool *pool = world.pool[which];
	unsigned int before = world.pages, busy = 0, leaked;

	if (!pool)
		return;
	for (unsigned int i = 0; i < world.top; i++)
		if (blocks[i].pool == pool)
			blocks[i].pool = NULL;
	for (uint32_t page = 0; page < reference->pages; page++)
		busy += !!reference->live[page];
	leaked = reference->old ? busy : busy ? reference->pages : 0;
	world.told[POOL_BUSY] = 0;
	pool_destroy(pool);
	world.pool[which] = NULL;
	expect(DESTROY, world.pages == before - reference->pages + leaked);
	expect(DESTROY, world.told[POOL_BUSY] == (reference->old ? busy : !!busy));
	world.pages -= leaked;
}

static void create(unsigned int which, const struct dma_event *event)
{
	struct reference_pool *reference = &references[which];
	uint64_t align = event->align, boundary = event->boundary;
	bool may, old = requests_kernel(&world.requests) == DMA_KERNEL_6_1;
	int err;

	destroy(which);
	pool_destroy(NULL);
	if (world.requests.row == 32)
		align += align / 2 + 1;
	else if (world.requests.row == 64)
		boundary += boundary / 2 + 16;
	else if (world.requests.row == 128)
		align = 0;
	may = reference_pool_init(reference, old, event->size, align, boundary) &&
	      (world.options.layout != POOL_INSIDE || reference_pool_links(reference));
	expect(ARGUMENT,
	       pool_create(NULL, 8, 8, 0, &world.options, &world.pool[which]) == -EINVAL);
	run_short();
	err = pool_create("pool", event->size, align, boundary, &world.options,
			  &world.pool[which]);
	if (was_short() && err == -ENOMEM)
		err = pool_create("longer-than-thirty-one-characters", event->size, align,
				  boundary, &world.options, &world.pool[which]);
	expect(ARGUMENT, err == (may ? 0 : -EINVAL));
	if (err)
		world.pool[which] = NULL;
}

static void run(const struct dma_event *event)
{
	unsigned int which = event->handle % POOLS;
	unsigned int row = world.requests.row < AT_ONCE ? world.requests.row : AT_ONCE;

	switch (event->kind) {
	case DMA_EVENT_POOL_CREATE:
		create(which, event);
		break;
	case DMA_EVENT_POOL_ALLOC:
		for (unsigned int i = 0; i < row; i++)
			alloc(which, (unsigned int)event->slot + i, event->dir & 1);
		break;
	case DMA_EVENT_POOL_FREE:
		for (unsigned int i = 0; i < row; i++)
			release((unsigned int)event->slot + i,
				world.requests.op.arg % WRONGS);
		break;
	case DMA_EVENT_POOL_DESTROY:
		destroy(which);
		break;
	default:
		return;
	}
	if (world.requests.number % 8 == 0)
		check_counts(which);
}

/* The last that is done with it: where the links are, the device writes over one. */
static void break_chain(unsigned int which)
{
	struct reference_pool *reference = &references[which];
	unsigned int others = world.pages - reference->pages;

	if (!world.pool[which] || world.options.layout != POOL_INSIDE ||
	    !(requests_config(&world.requests)[CONFIG_TARGET] & 128) ||
	    !reference_pool_has(reference))
		return;
	shape_break_chain(world.pool[which], reference,
			  requests_config(&world.requests)[CONFIG_HEAP]);
	pool_destroy(world.pool[which]);
	world.pool[which] = NULL;
	world.pages = others;
}

static void set_options(void)
{
	uint8_t target = requests_config(&world.requests)[CONFIG_TARGET];

	world.options = (struct pool_options) {
		.rules = kernel_rules(requests_kernel(&world.requests)),
		.heap = &world.heap,
		.pages = { page_alloc, page_free, NULL },
		.layout = target & 4 ? POOL_INSIDE : POOL_OUTSIDE,
		.debug = target & 8,
		.init_on_alloc = target & 16,
		.init_on_free = target & 32,
		.report = report,
	};
}

const uint16_t target_kinds[] = { KINDS_OF_POOL, DMA_EVENT_NONE };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	requests_open(&world.requests, data, size);
	memset(&world.options, 0, sizeof(world) - offsetof(struct world, options));
	set_options();
	while (world.cost <= COST && requests_next(&world.requests))
		run(&world.requests.event);
	for (unsigned int which = 0; which < POOLS; which++) {
		check_counts(which);
		check_text(which);
	}
	for (unsigned int slot = 0; slot < world.top; slot++)
		release(slot, RIGHT);
	for (unsigned int which = 0; which < POOLS; which++) {
		check_counts(which);
		break_chain(which);
		destroy(which);
	}
	expect(CONSERVE, !world.pages);
	return 0;
}

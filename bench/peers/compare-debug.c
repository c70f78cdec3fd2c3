// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * compare-debug.c - the verdicts of lib/check and of the kernel's kernel/dma/debug.c
 *
 * Calls are drawn from few addresses, sizes and directions, so that most of them have
 * something to do with an earlier one and many are wrong. A verdict of the kernel is the
 * rule whose sentence its message holds; those of one call are compared in the order in
 * which they were told.
 */
#include <libdma/check.h>

#include "compare.h"
#include "peer-debug.h"
#include "said.h"

#define CALLS     100000
#define LIVE      512
#define RULES     100
#define SEGMENT   0x2000
#define BOUNDARY  0xffff
#define DRIVER    10 /* strings */
#define DEVICE(n) ((n) + 1)

/* What a call made, and what another may end. */
struct made {
	struct dma_event event;
	struct peer_list list;
};

static const struct peer_debug *peer;
static struct libdma_check *check;
static enum dma_kernel kernel;
static bool sparing; /* all mappings spare their cache lines */
static struct made live[LIVE];
static unsigned int count;
static struct said ours, theirs;
static unsigned int told[RULES]; /* by all calls */

static void note(void *arg, const struct libdma_check_verdict *verdict)
{
	(void)arg;
	said_add(&ours, verdict->rule);
}

static void note_message(const char *message)
{
	const struct libdma_check_rule *rule;

	for (size_t i = 0; (rule = libdma_check_rule_at(i)); i++) {
		if (!rule->kernel || atoi(rule->id + 3) >= RULES ||
		    !strstr(message, rule->kernel))
			continue;
		said_add(&theirs, rule);
		told[atoi(rule->id + 3)]++;
		return;
	}
	fprintf(stderr, "no rule has the kernel's words: %s\n", message);
	exit(1);
}

static void tell(const struct dma_event *event)
{
	fprintf(stderr,
		"%s dev %u dir %u phys %#" PRIx64 " dma %#" PRIx64 " size %" PRIu64
		" attrs %#" PRIx64 " nents %u ents %u\n",
		libdma_event_kind_name(event->kind), event->device, event->dir,
		event->phys, event->dma, event->size, event->attrs, event->nents,
		event->ents);
	said_tell("libdma", &ours);
	said_tell("the kernel", &theirs);
}

/* The kernel had its say; now ours, and whether both are the same. */
static void put(const struct dma_event *event)
{
	const char *message;

	ours.count = 0;
	theirs.count = 0;
	for (unsigned int i = 0; (message = peer->said(i)); i++)
		note_message(message);
	if (!libdma_check_put(check, event) && said_same(&ours, &theirs))
		return;
	tell(event);
	exit(1);
}

static uint64_t some_size(void)
{
	static const uint64_t sizes[] = { 64, 100, 512, 0x800, 0x1000, 0x5000, 0x900000 };

	return sizes[roll(roll(50) ? 6 : 7)];
}

static uint64_t some_dma(void)
{
	if (!roll(60))
		return DMA_MAPPING_ERROR;
	return 0x1000000 + roll(64) * 0x400 + (roll(4) ? 0 : roll(8) * 0x800000);
}

/* Now and then the kernel's own code. */
static uint64_t some_phys(void)
{
	switch (roll(40)) {
	case 0:
		return PEER_TEXT_END - 0x800 + roll(32) * 64;
	case 1:
		return PEER_RODATA - 0x800 + roll(64) * 64;
	default:
		return 0x8000000 + roll(256) * 64 + (roll(8) ? 0 : roll(64));
	}
}

/* Which attributes a mapping has; in one run all spare cache lines, see main(). */
static uint64_t some_attrs(void)
{
	uint64_t attrs = roll(6) ? 0 : DMA_ATTR_SKIP_CPU_SYNC;

	if (!roll(10))
		attrs |= DMA_ATTR_PRIVILEGED | DMA_ATTR_NO_WARN;
	return attrs | (sparing ? DMA_ATTR_DEBUGGING_IGNORE_CACHELINES : 0);
}

static struct made *new_made(unsigned int kind)
{
	struct made *made = &live[count < LIVE ? count++ : roll(LIVE)];

	*made = (struct made) { .event = { .kind = (uint16_t)kind,
					   .device = (uint32_t)DEVICE(roll(PEER_DEVICES)),
					   .dir = (uint8_t)roll(3),
					   .phys = some_phys(),
					   .dma = some_dma(),
					   .size = some_size(),
					   .attrs = some_attrs() } };
	return made;
}

static void map_single(void)
{
	struct dma_event *event = &new_made(DMA_EVENT_MAP_PAGE)->event;

	peer->map(event->device - 1, event->phys, event->size, event->dir, event->dma,
		  event->attrs);
	put(event);
}

/* Of a device's registers, mostly. */
static void map_resource(void)
{
	struct dma_event *event = &new_made(DMA_EVENT_MAP_RESOURCE)->event;

	if (roll(4))
		event->phys += PEER_REGISTERS;
	peer->map_resource(event->device - 1, event->phys, event->size, event->dir,
			   event->dma, event->attrs);
	if (kernel == DMA_KERNEL_7_2)
		event->attrs |= DMA_ATTR_MMIO;
	put(event);
}

static void alloc(bool pages)
{
	struct made *made = new_made(pages ? DMA_EVENT_ALLOC_PAGES : DMA_EVENT_ALLOC);
	struct dma_event *event = &made->event;

	if (event->dma == DMA_MAPPING_ERROR)
		event->dma = 0x1000000;
	event->phys = pages ? 0x8000000 + roll(4) * 0x1000 : event->phys;
	event->cpu_addr = event->phys;
	if (pages) {
		event->attrs = 0;
		peer->alloc_pages(event->device - 1, event->phys, event->size, event->dir,
				  event->dma);
	} else {
		event->dir = DMA_BIDIRECTIONAL;
		event->attrs = some_attrs();
		peer->alloc(event->device - 1, event->phys, event->size, event->dma,
			    event->attrs);
	}
	put(event);
}

/* The DMA side of a list as the caller's array has it, the unused part included. */
static void show_list(struct dma_event *event, const struct peer_list *list,
		      unsigned int dma_count)
{
	event->phys_list = list->phys;
	event->size_list = list->size;
	event->phys_count = list->nents;
	event->dma_list = list->dma;
	event->dma_size_list = list->dma_size;
	event->dma_count = dma_count;
}

static void map_sg(void)
{
	struct made *made = new_made(DMA_EVENT_MAP_SG);
	struct dma_event *event = &made->event;
	struct peer_list *list = &made->list;

	list->nents = 1 + (unsigned int)roll(PEER_ENTRIES);
	list->ents = roll(2) ? list->nents : 1 + (unsigned int)roll(list->nents);
	for (unsigned int i = 0; i < PEER_ENTRIES; i++) {
		list->phys[i] = some_phys();
		do
			list->dma[i] = some_dma();
		while (list->dma[i] == DMA_MAPPING_ERROR);
		list->size[i] = (uint32_t)some_size();
		list->dma_size[i] = (uint32_t)some_size();
	}
	event->attrs = some_attrs();
	event->dma = event->size = event->phys = 0;
	event->nents = list->nents;
	event->ents = list->ents;
	peer->map_sg(event->device - 1, list, event->dir, event->attrs);
	show_list(event, list, list->ents);
	put(event);
}

/* A call about something that was made, with a mistake now and then. */
static struct dma_event about(const struct made *made, unsigned int kind)
{
	struct dma_event event = made->event;

	event.kind = (uint16_t)kind;
	event.phys_list = NULL;
	event.size_list = NULL;
	event.phys_count = 0;
	if (!roll(12))
		event.size = some_size();
	if (!roll(12) && kind != DMA_EVENT_FREE)
		event.dir = (uint8_t)roll(3);
	if (!roll(20))
		event.dma = some_dma();
	if (!roll(30))
		event.device = (uint32_t)DEVICE(roll(PEER_DEVICES));
	if (!roll(12))
		event.attrs ^= roll(2) ? DMA_ATTR_PRIVILEGED : DMA_ATTR_NO_WARN;
	return event;
}

static void end_sg(const struct made *made)
{
	struct dma_event event = about(made, DMA_EVENT_UNMAP_SG);

	event.nents = made->list.nents;
	if (!roll(8))
		event.nents =
			roll(2) ? made->list.ents : 1 + (uint32_t)roll(PEER_ENTRIES);
	show_list(&event, &made->list, event.nents);
	peer->unmap_sg(event.device - 1, &made->list, (int)event.nents, event.dir,
		       event.attrs);
	put(&event);
}

static void end_alloc(const struct made *made, bool pages)
{
	struct dma_event event =
		about(made, pages ? DMA_EVENT_FREE_PAGES : DMA_EVENT_FREE);

	if (!event.phys || !roll(20))
		event.phys = 0x8000000 + roll(4) * 0x1000;
	if (pages)
		event.phys &= ~0xfffULL;
	event.cpu_addr = event.phys;
	if (event.phys >= PEER_REGISTERS)
		return; /* the kernel looks at no such address */
	if (pages) {
		peer->free_pages(event.device - 1, event.phys, event.size, event.dir,
				 event.dma);
		event.attrs = 0;
	} else {
		event.dir = DMA_BIDIRECTIONAL;
		peer->free(event.device - 1, event.phys, event.size, event.dma,
			   event.attrs);
	}
	put(&event);
}

static void end_single(const struct made *made, bool resource)
{
	struct dma_event event =
		about(made, resource ? DMA_EVENT_UNMAP_RESOURCE : DMA_EVENT_UNMAP_PAGE);

	event.attrs &= ~DMA_ATTR_MMIO;
	if (resource) {
		peer->unmap_resource(event.device - 1, event.dma, event.size, event.dir,
				     event.attrs);
		if (kernel == DMA_KERNEL_7_2)
			event.attrs |= DMA_ATTR_MMIO;
	} else {
		peer->unmap(event.device - 1, event.dma, event.size, event.dir,
			    event.attrs);
	}
	put(&event);
}

/* How what a kind of event made is ended, as end() counts; 0 where by unmapping it. */
static const unsigned char ends[DMA_EVENT_KINDS] = {
	[DMA_EVENT_MAP_RESOURCE] = 1,
	[DMA_EVENT_MAP_SG] = 2,
	[DMA_EVENT_ALLOC] = 3,
	[DMA_EVENT_ALLOC_PAGES] = 4,
};

static void end(void)
{
	unsigned int index = (unsigned int)roll(count);
	const struct made *made = &live[index];
	unsigned int how = roll(25) ? ends[made->event.kind] : (unsigned int)roll(5);

	if (how == 2)
		end_sg(made);
	else if (how > 2)
		end_alloc(made, how == 4);
	else
		end_single(made, how == 1);
	/* what is ended twice is kept */
	if (roll(10))
		live[index] = live[--count];
}

static void sync_some(void)
{
	const struct made *made = &live[roll(count)];
	bool for_cpu = roll(2), list = made->event.kind == DMA_EVENT_MAP_SG;
	struct dma_event event = about(made, DMA_EVENT_SYNC_SINGLE_FOR_DEVICE - for_cpu);

	if (list && roll(8)) {
		event.kind = (uint16_t)(DMA_EVENT_SYNC_SG_FOR_DEVICE - for_cpu);
		event.nents =
			roll(8) ? made->list.nents : 1 + (uint32_t)roll(PEER_ENTRIES);
		show_list(&event, &made->list, event.nents);
		peer->sync_sg(event.device - 1, for_cpu, &made->list, (int)event.nents,
			      event.dir);
	} else {
		event.dma_count = event.nents = 0;
		event.dma = list ? made->list.dma[0] : event.dma;
		event.size = 1 + roll(event.size ? event.size : 64);
		event.dma += roll(3) ? 0 : roll(0x800);
		peer->sync(event.device - 1, for_cpu, event.dma, event.size, event.dir);
	}
	put(&event);
}

static void mapping_error(void)
{
	struct dma_event event = live[roll(count)].event;

	event.kind = DMA_EVENT_MAPPING_ERROR;
	event.dma = event.dma_count ? event.dma_list[0] : event.dma;
	peer->mapping_error(event.device - 1, event.dma);
	put(&event);
}

/* A driver, and the limits of its device. */
static void bind(unsigned int dev)
{
	const struct dma_event event = { .kind = DMA_EVENT_DEVICE,
					 .device = DEVICE(dev),
					 .name = DRIVER,
					 .mask = UINT64_MAX,
					 .boundary = BOUNDARY,
					 .max_segment_size = SEGMENT };

	if (libdma_check_put(check, &event))
		exit(1);
}

static void unbind(void)
{
	unsigned int dev = (unsigned int)roll(PEER_DEVICES);

	peer->unbind(dev);
	put(&(struct dma_event) { .kind = DMA_EVENT_DEVICE, .device = DEVICE(dev) });
	bind(dev);
}

static void map_some(void)
{
	unsigned int sort = (unsigned int)roll(8);

	if (sort == 0)
		map_resource();
	else if (sort == 1)
		map_sg();
	else if (sort == 2)
		alloc(!sparing && roll(2));
	else
		map_single();
}

static void call(void)
{
	unsigned int sort = (unsigned int)roll(400);

	if (count < 2 || (count < LIVE && roll(100) < 45))
		map_some();
	else if (!sort)
		unbind();
	else if (sort < 40)
		sync_some();
	else if (sort < 160)
		mapping_error();
	else
		end();
}

static struct libdma_environment *machine(void)
{
	static const char text[] =
		"{\"schema\": \"dmactl.environment/1\", \"memory\": ["
		"{\"start\": \"0x0\", \"length\": 1073741824, \"name\": \"System RAM\"},"
		"{\"start\": \"0x2000000\", \"length\": 1048576,"
		" \"name\": \"Kernel code\"},"
		"{\"start\": \"0x2200000\", \"length\": 65536,"
		" \"name\": \"Kernel rodata\"}]}";
	struct libdma_environment *environment = libdma_environment_create();
	char *why = NULL;

	if (environment &&
	    !libdma_environment_parse(environment, text, sizeof(text) - 1, &why))
		return environment;
	fprintf(stderr, "the machine: %s\n", why ? why : "no memory");
	exit(1);
}

static void run(uint32_t cache_alignment)
{
	const struct libdma_check_options options = {
		.kernel = kernel,
		.as_kernel = true,
		.cache_alignment = cache_alignment,
		.verdict = note,
	};
	struct libdma_environment *environment = machine();
	struct libdma_strings *strings = libdma_strings_create();

	if (!strings || libdma_check_create(&options, &check) ||
	    libdma_check_environment(check, environment, strings))
		exit(1);
	libdma_environment_destroy(environment);
	peer->reset(SEGMENT, BOUNDARY, cache_alignment ? (int)cache_alignment : 1);
	count = 0;
	for (unsigned int dev = 0; dev < PEER_DEVICES; dev++)
		bind(dev);
	peer->mapping_error(0, 0);
	put(&(struct dma_event) { .kind = DMA_EVENT_MAPPING_ERROR, .device = DEVICE(0) });
	for (unsigned int i = 0; i < CALLS; i++)
		call();
	libdma_check_destroy(check);
	libdma_strings_destroy(strings);
}

/* A rule that was never broken was not compared. */
static unsigned int count_told(void)
{
	const struct kernel_rules *rules = kernel_rules(kernel);
	const struct libdma_check_rule *rule;
	unsigned int verdicts = 0;

	for (size_t i = 0; (rule = libdma_check_rule_at(i)); i++) {
		unsigned int number = (unsigned int)atoi(rule->id + 3);

		if (number >= RULES || number == 10 ||
		    (number == 9 && !rules->debug_compares_attrs) ||
		    (number == 17 && !rules->debug_maps_are_phys))
			continue; /* which no event shows, or this kernel has not */
		compare(rule->id, told[number] > 0, 1);
		verdicts += told[number];
	}
	return verdicts;
}

/*
 * Where a line has several mappings the kernel looks at the attributes of the first,
 * which may have ended and be another's record by now. So all have them, or none.
 */
int main(int argc, char **argv)
{
	unsigned int runs = 2;

	kernel = kernel_of(argc, argv);
	peer = open_peer(argv[2], "peer_debug");
	run(0);
	run(64);
	if (kernel_rules(kernel)->debug_spares_lines) {
		sparing = true;
		run(64);
		runs++;
	}
	printf("dma-debug of %s: %u calls, %u verdicts, no difference\n", argv[1],
	       runs * CALLS, count_told());
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * probes-run.c - load and attach the BPF programs that were chosen, and ask what they did
 *
 * All programs of a probe are attached in the order in which they must run. Nothing is
 * recorded before all of them are there, nothing after they were told to stop.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "probes-own.h"

/* NULL where there is none. */
static struct bpf_program *find_program(const struct probes *probes, unsigned int hook,
					unsigned int level)
{
	const struct probe *probe = &probes->probe[hook];
	char buffer[80];
	const char *name = probe->kprobe || level < probes->levels
				   ? probe_program_at(probe, level, buffer, sizeof(buffer))
				   : NULL;

	return name ? bpf_object__find_program_by_name(probes->object->obj, name) : NULL;
}

/*
 * What tells when slots are searched for: where answers are recorded, and it is taken. 6.1
 * takes none at a function of seven arguments; nor does it preempt tasks there.
 */
static bool tells_search(const struct probes *probes)
{
	const struct probe *inner = &probes->probe[HOOK_fn_swiotlb_tbl_map_single];
	const struct probe *probe = inner->used ? inner : &probes->probe[HOOK_fn_swiotlb_map];

	return probe->used && !probe->kprobe &&
	       probes_take(probes, "swiotlb_tbl_map_single", 6);
}

static void select_programs(struct probes *probes)
{
	struct bpf_program *program;
	bool functions = false;

	bpf_object__for_each_program(program, probes->object->obj)
		bpf_program__set_autoload(program, false);
	bpf_program__set_autoload(probes->object->progs.read_inside, true);
	for (unsigned int i = 0; i < DMA_HOOKS * PROGRAMS; i++) {
		const struct probe *probe = &probes->probe[i / PROGRAMS];

		program = probe->used ? find_program(probes, i / PROGRAMS, i % PROGRAMS) : NULL;
		if (program)
			bpf_program__set_autoload(program, true);
		functions |= probe->used && probe->how != PROBE_TP && !probe->kprobe;
	}
	bpf_program__set_autoload(probes->object->progs.search_begins, tells_search(probes));
	functions = functions && btf__find_by_name_kind(probes->btf, "bpf_fentry_test1",
							BTF_KIND_FUNC) >= 0;
	bpf_program__set_autoload(probes->object->progs.order_first, functions);
	bpf_program__set_autoload(probes->object->progs.order_second, functions);
}

/*
 * Of two programs at a function, does the one run first that was attached last? Where
 * it cannot be tried it is believed: no kernel is known that does otherwise.
 */
static bool last_runs_first(const struct probes *probes)
{
	struct dma_bpf *object = probes->object;
	struct bpf_link *first = NULL, *second = NULL;
	LIBBPF_OPTS(bpf_test_run_opts, opts);

	if (!bpf_program__autoload(object->progs.order_first))
		return true;
	first = bpf_program__attach(object->progs.order_first);
	second = bpf_program__attach(object->progs.order_second);
	if (first && second)
		bpf_prog_test_run_opts(bpf_program__fd(object->progs.order_first), &opts);
	bpf_link__destroy(second);
	bpf_link__destroy(first);
	return object->bss->order[1] <= object->bss->order[0];
}

static int attach_program(struct probes *probes, unsigned int hook, unsigned int level)
{
	struct bpf_program *program = find_program(probes, hook, level);
	struct bpf_link **link = &probes->link[hook * PROGRAMS + level];
	char name[80];

	if (!program)
		return EXIT_FINE;
	if (probes->probe[hook].kprobe)
		*link = bpf_program__attach_tracepoint(
			program, KPROBES_GROUP,
			kprobes_name(bpf_program__name(program), name, sizeof(name)));
	else
		*link = bpf_program__attach(program);
	if (!*link) {
		complain("cannot attach %s: %s", bpf_program__name(program), strerror(errno));
		return EXIT_CANNOT;
	}
	if (!level)
		probes->fd[hook] = bpf_program__fd(program);
	return EXIT_FINE;
}

/*
 * In such an order that the elder runs first, and each knows what those before it did; and
 * that each return that is seen has its arguments.
 */
static int attach(struct probes *probes)
{
	struct bpf_program *search = probes->object->progs.search_begins;
	bool last_first = last_runs_first(probes);
	int status = EXIT_FINE;

	/* without it they have the time of their return */
	if (bpf_program__autoload(search))
		probes->object->links.search_begins = bpf_program__attach(search);

	for (unsigned int i = 0; i < DMA_HOOKS && !status; i++) {
		const struct probe *probe = &probes->probe[i];
		bool backwards = probe->kprobe || (probe->how != PROBE_TP && last_first);

		for (unsigned int j = 0; j < PROGRAMS && probe->used && !status; j++)
			status = attach_program(probes, i, backwards ? PROGRAMS - 1 - j : j);
	}
	return status;
}

/* How often the elder was skipped so far, or the place of a kprobe passed. */
static int ask_skips(const struct probes *probes, unsigned int hook, uint64_t *ret)
{
	const struct probe *probe = &probes->probe[hook];
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);
	char name[80];

	if (probe->kprobe) {
		*ret = kprobes_passed(probes->kprobes,
				      probe_program(probe, name, sizeof(name)));
		return 0;
	}
	if (bpf_obj_get_info_by_fd(probes->fd[hook], &info, &size))
		return -errno;
	*ret = info.recursion_misses;
	return 0;
}

/* From here on all of them send. What they were skipped for before is no loss. */
static int begin(struct probes *probes)
{
	int err = probes_refresh(probes);

	for (unsigned int i = 0; i < DMA_HOOKS && !err; i++) {
		struct probes_sum sum;

		err = probes_sum(probes, i, &sum);
		probes->skips[i].before = sum.missed;
	}
	if (err)
		return trouble("the BPF programs", err);
	probes->object->bss->recording = 1;
	return EXIT_FINE;
}

static void read_inside(struct probes *probes)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);

	bpf_prog_test_run_opts(bpf_program__fd(probes->object->progs.read_inside), &opts);
}

int probes_start(struct probes *probes, struct dma_probe_options *options, size_t ring_size)
{
	const struct probe *traced = &probes->probe[HOOK_tp_dma_map_sg];
	int err;

	probes->object = dma_bpf__open();
	if (!probes->object)
		return trouble("the BPF programs", -errno);
	select_programs(probes);
	options->sg_traced = traced->used;
	options->last_level = probes->levels - 1;
	/* On 6.1, which has none of these tracepoints, loading it did not end in minutes. */
	options->stack_sent = options->stack && traced->used;
	probes->object->rodata->options = *options;
	bpf_map__set_max_entries(probes->object->maps.ring, (__u32)ring_size);
	if (!options->stack) { /* they would take 11 MB of the kernel's memory */
		bpf_map__set_max_entries(probes->object->maps.stacks, 1);
		bpf_map__set_max_entries(probes->object->maps.more_stacks, 1);
	}
	err = dma_bpf__load(probes->object);
	if (err) {
		complain("cannot load the probes: %s; DMACTL_LIBBPF=1 in the environment shows "
			 "what the kernel says",
			 strerror(-err));
		return EXIT_CANNOT;
	}
	probes->cpus = libbpf_num_possible_cpus();
	probes->counts = calloc(probes->cpus > 0 ? (size_t)probes->cpus : 1,
				sizeof(*probes->counts));
	if (!probes->counts)
		out_of_memory();
	read_inside(probes);
	err = attach(probes);
	return err ? err : begin(probes);
}

static void ask_all(struct probes *probes, bool kprobes)
{
	for (unsigned int i = 0; i < DMA_HOOKS; i++)
		if (probes->fd[i] >= 0 && probes->probe[i].kprobe == kprobes)
			ask_skips(probes, i, &probes->skips[i].in_all);
}

void probes_silence(struct probes *probes)
{
	if (!probes->object || probes->quiet)
		return;
	/* What is not sent from now on would seem to be lost. */
	ask_all(probes, false);
	if (probes->object->bss)
		probes->object->bss->recording = 0;
	probes->quiet = true;
}

void probes_stop(struct probes *probes)
{
	if (!probes->object || probes->stopped)
		return;
	/* They go one by one, and one that those behind it have left would seem to lose events. */
	probes_silence(probes);
	probes->stopped = true;
	for (unsigned int i = 0; i < DMA_HOOKS * PROGRAMS; i++) {
		bpf_link__destroy(probes->link[i]);
		probes->link[i] = NULL;
	}
	bpf_link__destroy(probes->object->links.search_begins);
	probes->object->links.search_begins = NULL;
	/* These count whether recording or not, until they are gone. */
	if (!probes_refresh(probes))
		ask_all(probes, true);
}

int probes_ring(const struct probes *probes)
{
	return bpf_map__fd(probes->object->maps.ring);
}

int probes_stack(const struct probes *probes, unsigned int number, uint64_t *addresses)
{
	const bool more = number >= DMA_PROBE_STACKS;
	const __u32 key = more ? number - DMA_PROBE_STACKS : number;
	int map = bpf_map__fd(more ? probes->object->maps.more_stacks
				   : probes->object->maps.stacks);

	return bpf_map_lookup_elem(map, &key, addresses) ? -errno : 0;
}

const struct dma_probe_kernel *probes_inside(const struct probes *probes)
{
	return &probes->object->bss->inside;
}

int probes_refresh(struct probes *probes)
{
	return probes->kprobes ? kprobes_refresh(probes->kprobes) : 0;
}

static int add_counts(struct probes *probes, unsigned int hook, unsigned int level,
		      struct probes_sum *sum)
{
	__u32 key = hook * DMA_PROBE_LEVELS + level;
	int map = bpf_map__fd(probes->object->maps.counts);

	if (bpf_map_lookup_elem(map, &key, probes->counts))
		return -errno;
	for (int i = 0; i < probes->cpus; i++) {
		const struct dma_probe_count *count = &probes->counts[i];

		sum->events += count->events;
		sum->dropped += count->dropped;
		sum->cut += count->cut;
		sum->caught += count->runs;
		sum->missed += count->orphans;
		if (count->last_ns > sum->last_ns)
			sum->last_ns = count->last_ns;
	}
	return 0;
}

int probes_sum(struct probes *probes, unsigned int hook, struct probes_sum *ret)
{
	struct probe_skips *skips = &probes->skips[hook];
	uint64_t skipped;
	int err = 0;

	*ret = (struct probes_sum) { 0 };
	if (!probes->probe[hook].used)
		return 0;
	/*
	 * Before the others' runs are read: what happens in between is then taken for
	 * caught, and never for lost. Once the probes are silent it is exact.
	 */
	if (!probes->quiet)
		err = ask_skips(probes, hook, &skips->in_all);
	for (unsigned int i = 0; i < probes->levels && !err; i++)
		err = add_counts(probes, hook, i, ret);
	skipped = skips->in_all - skips->before;
	ret->missed += skipped > ret->caught ? skipped - ret->caught : 0;
	return err;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * probe.c - what an event costs the kernel: the probes, and its own tracing
 *
 * The peer is an event of ftrace's. Where no device does DMA one of a system call
 * stands for it, which is cheaper than one of the DMA API: it copies no device's name.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "rounds.h"

#include "bpf/dma.h"

#include "bench/probe.skel.h"

#define PROBE_ROUNDS 15
#define CALLS	     200000
#define EVENT	     "/sys/kernel/tracing/events/raw_syscalls/sys_enter/enable"

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static int discard(void *arg, void *data, size_t size)
{
	(void)arg;
	(void)data;
	(void)size;
	return 0;
}

static void must(int err, const char *what)
{
	if (!err)
		return;
	printf("probe: cannot %s: %s; it needs root, and a kernel of 6.2 or later with BTF\n",
	       what, strerror(err < 0 ? -err : err));
	exit(abs(err) == EPERM || abs(err) == EACCES ? 0 : 1);
}

static void run(struct bpf_program *program)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);

	must(bpf_prog_test_run_opts(bpf_program__fd(program), &opts), "run a program");
}

static struct ring_buffer *open_ring(struct probe_bpf *object)
{
	struct ring_buffer *ring = ring_buffer__new(bpf_map__fd(object->maps.ring), discard,
						    NULL, NULL);

	must(ring ? 0 : -errno, "open the ring");
	return ring;
}

/* ns per turn, median of the rounds; the ring is emptied between them. */
static double measure(struct probe_bpf *object, struct bpf_program *program,
		      struct ring_buffer *ring, unsigned int turns)
{
	double value[PROBE_ROUNDS];

	object->bss->turns = turns;
	for (int i = 0; i < PROBE_ROUNDS; i++) {
		run(program);
		value[i] = (double)object->bss->ns / turns;
		ring_buffer__consume(ring);
	}
	return median(value, PROBE_ROUNDS);
}

static void enable(bool on)
{
	int fd = open(EVENT, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, on ? "1" : "0", 1) != 1)
		must(errno, "enable an event of ftrace's");
	close(fd);
}

static double time_calls(void)
{
	double begin = now_ns();

	for (int i = 0; i < CALLS; i++)
		syscall(SYS_getppid);
	return (now_ns() - begin) / CALLS;
}

/* ns that ftrace's event adds to a system call which is traced anyway. */
static double measure_ftrace(struct probe_bpf *object)
{
	struct bpf_link *link = bpf_program__attach(object->progs.enter);
	double value[PROBE_ROUNDS];

	must(link ? 0 : -errno, "attach to a system call");
	for (int i = 0; i < PROBE_ROUNDS; i++) {
		double without = time_calls();

		enable(true);
		value[i] = time_calls() - without;
		enable(false);
	}
	bpf_link__destroy(link);
	return median(value, PROBE_ROUNDS);
}

static struct probe_bpf *load(unsigned int last_level)
{
	struct probe_bpf *object = probe_bpf__open();
	struct bpf_program *program;

	must(object ? 0 : -errno, "open the programs");
	bpf_object__for_each_program(program, object->obj)
		if (!strncmp(bpf_program__name(program), "tp_", 3))
			bpf_program__set_autoload(program, false);
	object->rodata->options.directions = ~0U;
	object->rodata->options.last_level = last_level;
	must(probe_bpf__load(object), "load the programs");
	object->bss->recording = 1;
	return object;
}

/* A map where the probes have all their programs. */
static double measure_all(double nothing)
{
	struct probe_bpf *object = load(DMA_PROBE_LEVELS - 1);
	struct ring_buffer *ring = open_ring(object);
	double map;

	run(object->progs.prepare);
	map = measure(object, object->progs.measure_map, ring, 10000) - nothing;
	ring_buffer__free(ring);
	probe_bpf__destroy(object);
	return map;
}

int main(void)
{
	static const unsigned int lengths[] = { 1, 4, 16, 32, 128, 1000 };
	struct probe_bpf *object;
	struct ring_buffer *ring;
	double nothing, ftrace, map, one = 0;

	libbpf_set_print(quiet);
	stay_on_one_cpu();
	object = load(1);
	ring = open_ring(object);
	run(object->progs.prepare);
	nothing = measure(object, object->progs.measure_nothing, ring, 10000);
	ftrace = measure_ftrace(object);
	printf("%-24s %8s %10s\n", "event", "ns", "of ftrace");
	printf("%-24s %8.0f %10s\n", "ftrace, a system call", ftrace, "1.00");
	map = measure(object, object->progs.measure_map, ring, 10000) - nothing;
	printf("%-24s %8.0f %10.2f\n", "map", map, map / ftrace);
	map = measure_all(nothing);
	printf("%-24s %8.0f %10.2f\n", "map, of all programs", map, map / ftrace);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		double ns;

		object->data->entries = lengths[i];
		ns = measure(object, object->progs.measure_map_sg, ring, 300) - nothing;
		one = i ? one : ns;
		printf("list of %-16u %8.0f %10.2f  %.2f of a list of one\n", lengths[i], ns,
		       ns / ftrace, ns / one);
	}
	ring_buffer__free(ring);
	probe_bpf__destroy(object);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test-twin.c - each event is sent once: by the elder, or by another where it was skipped
 *
 * It needs root, and a kernel with BTF; elsewhere it is skipped. Programs that such a
 * kernel refuses are a failure.
 */
#include "test.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "bpf/dma.h"

#include "tests/twin.skel.h"

#define THREADS 4
#define CALLS	20000

#define TASKS	 16 /* of two CPUs: no more of a set than it has places */
#define TASK	 0x100
#define STEPS	 40000

static struct twin_bpf *object; /* of two levels, */
static struct twin_bpf *deep;	/* and of all */

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

/* NULL where nobody may load a program. */
static struct twin_bpf *load(unsigned int levels)
{
	struct twin_bpf *loaded = twin_bpf__open();
	int err;

	assert_non_null(loaded);
	loaded->rodata->options.last_level = levels - 1;
	bpf_map__set_max_entries(loaded->maps.ring, (__u32)sysconf(_SC_PAGESIZE));
	bpf_map__set_max_entries(loaded->maps.stacks, 1);
	bpf_map__set_max_entries(loaded->maps.more_stacks, 1);
	err = twin_bpf__load(loaded);
	if (err == -EPERM || access("/sys/kernel/btf/vmlinux", R_OK)) {
		twin_bpf__destroy(loaded);
		return NULL;
	}
	assert_int_equal(err, 0);
	loaded->bss->recording = 1;
	loaded->bss->task = TASK; /* whatever runs on the CPU that a program is sent to */
	return loaded;
}

static int set_up(void **state)
{
	(void)state;
	libbpf_set_print(quiet);
	object = load(2);
	deep = load(DMA_PROBE_LEVELS);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	twin_bpf__destroy(object);
	twin_bpf__destroy(deep);
	return 0;
}

static void run_on(struct bpf_program *program, uint64_t name, unsigned int cpu)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .flags = BPF_F_TEST_RUN_ON_CPU, .cpu = cpu);

	object->bss->name = name;
	assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(program), &opts), 0);
}

static void elder(uint64_t name)
{
	run_on(object->progs.elder, name, 0);
}

static void twin(uint64_t name)
{
	run_on(object->progs.twin, name, 0);
}

/* What was sent by the elder and by the twin since the last time. */
static void expect_sent(uint64_t by_elder, uint64_t by_twin)
{
	assert_int_equal(object->bss->sent[0], by_elder);
	assert_int_equal(object->bss->sent[1], by_twin);
	object->bss->sent[0] = object->bss->sent[1] = 0;
}

static void sent_once(void **state)
{
	(void)state;
	if (!object)
		skip();
	for (unsigned int i = 0; i < 10; i++) {
		elder(0x1000);
		twin(0x1000);
	}
	expect_sent(10, 0);
	twin(0x1000); /* what was left was taken */
	expect_sent(0, 1);
}

static void nested(void **state)
{
	(void)state;
	if (!object)
		skip();
	/* The elder is skipped for those that come between the two. */
	elder(0x1000);
	twin(0x2000);
	twin(0x3000);
	twin(0x1000);
	expect_sent(1, 2);
	/* It runs for all of them, which end in the order of interrupts, or of tasks. */
	for (uint64_t i = 1; i <= DMA_PROBE_UNDER_WAY; i++)
		elder(i << 12);
	for (uint64_t i = DMA_PROBE_UNDER_WAY; i; i--)
		twin(i << 12);
	expect_sent(DMA_PROBE_UNDER_WAY, 0);
	for (uint64_t i = 1; i <= DMA_PROBE_UNDER_WAY; i++)
		elder(i << 12);
	for (uint64_t i = 1; i <= DMA_PROBE_UNDER_WAY; i++)
		twin(i << 12);
	expect_sent(DMA_PROBE_UNDER_WAY, 0);
}

static void left_behind(void **state)
{
	(void)state;
	if (!object)
		skip();
	/* Its twin was skipped; later an event of that address interrupts the elder. */
	elder(0x2000);
	object->bss->skipped = 1;
	object->bss->interrupt = 0x2000;
	elder(0x1000);
	twin(0x1000);
	object->bss->interrupt = 0;
	expect_sent(2, 1);
	/* A whole event of that address takes what was left. */
	elder(0x2000);
	twin(0x2000);
	expect_sent(1, 0);
	twin(0x2000);
	expect_sent(0, 1);
}

/* One more than there are places for: no more than one is sent twice. */
static void crowded(void **state)
{
	(void)state;
	if (!object)
		skip();
	for (uint64_t i = 1; i <= DMA_PROBE_UNDER_WAY + 1; i++)
		elder(i << 12);
	for (uint64_t i = 1; i <= DMA_PROBE_UNDER_WAY + 1; i++)
		twin(i << 12);
	expect_sent(DMA_PROBE_UNDER_WAY + 1, 1);
	/* Twins that never come take no place for long. */
	for (uint64_t i = 1; i <= DMA_PROBE_UNDER_WAY; i++)
		elder(i << 12);
	for (unsigned int i = 0; i < DMA_PROBE_UNDER_WAY; i++) {
		elder(0x9000);
		elder(0xa000);
		twin(0xa000);
		twin(0x9000);
	}
	expect_sent(3 * DMA_PROBE_UNDER_WAY, 0);
}

static void other_cpu(void **state)
{
	(void)state;
	if (!object || sysconf(_SC_NPROCESSORS_ONLN) < 2)
		skip();
	run_on(object->progs.elder, 0x1000, 0);
	run_on(object->progs.twin, 0x1000, 1);
	expect_sent(1, 0);
	run_on(object->progs.twin, 0x1000, 0);
	expect_sent(0, 1);
}

/* What the program of @level made of the event @name: how many were sent. */
static uint64_t run_level(unsigned int level, uint64_t name, unsigned int cpu)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .flags = BPF_F_TEST_RUN_ON_CPU, .cpu = cpu);
	struct bpf_program *const programs[DMA_PROBE_LEVELS] = {
		deep->progs.elder, deep->progs.twin, deep->progs.third, deep->progs.fourth
	};
	uint64_t sent = 0;

	memset(deep->bss->sent, 0, sizeof(deep->bss->sent));
	deep->bss->name = name;
	assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(programs[level]), &opts), 0);
	for (unsigned int i = 0; i < DMA_PROBE_LEVELS; i++)
		sent += deep->bss->sent[i];
	return sent;
}

/* An event for which the programs in @skipped are not run. */
static uint64_t send_but(unsigned int skipped, uint64_t name)
{
	uint64_t sent = 0;

	for (unsigned int i = 0; i < DMA_PROBE_LEVELS; i++)
		if (!(skipped >> i & 1))
			sent += run_level(i, name, 0);
	return sent;
}

/* Whichever of them are skipped, the first that is not sends it, and nothing is left. */
static void any_level(void **state)
{
	(void)state;
	if (!deep)
		skip();
	for (unsigned int skipped = 0; skipped < 1U << (DMA_PROBE_LEVELS - 1); skipped++)
		for (unsigned int i = 0; i < 3; i++)
			assert_int_equal(send_but(skipped, 0x1000), 1);
	assert_int_equal(send_but((1U << DMA_PROBE_LEVELS) - 1, 0x1000), 0);
	assert_int_equal(run_level(DMA_PROBE_LEVELS - 1, 0x1000, 0), 1);
}

/*
 * An event interrupts the first program that is not @skipped, where an earlier one of its
 * address was left by it. Those before are other tasks', which are not at work but wait.
 */
static void interrupt_but(unsigned int level, unsigned int skipped)
{
	assert_int_equal(run_level(level, 0x2000, 0), 1);
	deep->bss->interrupted = level;
	deep->bss->skipped = skipped;
	deep->bss->interrupt = 0x2000;
	assert_int_equal(send_but((1U << level) - 1, 0x1000), 2);
	deep->bss->interrupt = 0;
	assert_int_equal(send_but(0, 0x2000), 1);
}

static void interrupt_any(void **state)
{
	const unsigned int last = DMA_PROBE_LEVELS - 1;

	(void)state;
	if (!deep)
		skip();
	for (unsigned int i = 0; i < last; i++)
		for (unsigned int more = 0; more < 1U << last; more += 2U << i)
			interrupt_but(i, more | ((2U << i) - 1));
}

struct task {
	unsigned int level; /* the next to come */
	unsigned int cpu;
	uint64_t sent;
};

/*
 * Tasks take turns, from one program to the next, on two CPUs. Now and then one is
 * preempted within a program, which is skipped for all others there until it goes on.
 */
static void preempted(void **state)
{
	unsigned int holder[2][DMA_PROBE_LEVELS] = { 0 }; /* task, plus 1 */
	struct task tasks[TASKS] = { 0 };
	uint64_t seed = 1, events = 0, skips = 0;

	(void)state;
	if (!deep || sysconf(_SC_NPROCESSORS_ONLN) < 2)
		skip();
	for (unsigned int i = 0; i < STEPS; i++) {
		uint64_t dice = seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		unsigned int number = (unsigned int)(dice >> 60) % TASKS;
		struct task *task = &tasks[number];
		unsigned int *held = &holder[task->cpu][task->level];

		if (*held == number + 1) { /* its turn comes again, within the program */
			*held = 0;
		} else if (*held) {
			skips++;
		} else {
			deep->bss->task = (number + 1) * TASK;
			task->sent += run_level(task->level, (number + 1) << 12, task->cpu);
			/* Of the last nothing is left, or it would be for nobody. */
			if (task->level < DMA_PROBE_LEVELS - 1 && !(dice >> 50 & 7)) {
				*held = number + 1;
				continue;
			}
		}
		if (!(dice >> 40 & 15))
			task->cpu = !task->cpu;
		if (++task->level < DMA_PROBE_LEVELS)
			continue;
		assert_int_equal(task->sent, 1);
		task->sent = task->level = 0;
		events++;
	}
	deep->bss->task = TASK;
	assert_true(events > STEPS / 8 && skips > STEPS / 100);
}

static void not_recording(void **state)
{
	(void)state;
	if (!object)
		skip();
	object->bss->recording = 0;
	elder(0x1000);
	twin(0x2000);
	object->bss->recording = 1;
	twin(0x1000); /* it began before */
	expect_sent(0, 0);
}

static void *call_kernel(void *arg)
{
	for (unsigned int i = 0; i < CALLS; i++)
		syscall(SYS_getppid);
	return arg;
}

static int keep_time(void *arg, void *data, size_t size)
{
	assert_true(size >= sizeof(struct dma_probe_event));
	*(uint64_t *)arg = ((const struct dma_probe_event *)data)->ns;
	return 0;
}

/* The time of the one event that a program sends. */
static uint64_t time_of(struct bpf_program *program)
{
	uint64_t ns = 0;
	struct ring_buffer *ring = ring_buffer__new(bpf_map__fd(object->maps.ring), keep_time,
						    &ns, NULL);

	assert_non_null(ring);
	run_on(program, 0x1000, 0);
	assert_int_equal(ring_buffer__consume(ring), 1);
	ring_buffer__free(ring);
	return ns;
}

/* Behind all else where something begins, before all else where it has ended. */
static void near_the_lock(void **state)
{
	uint64_t ns;

	(void)state;
	if (!object)
		skip();
	ns = time_of(object->progs.sends_begun);
	assert_true(ns >= object->bss->given_ns);
	ns = time_of(object->progs.sends_ended);
	assert_true(ns && ns <= object->bss->asked_ns);
	ns = time_of(object->progs.sends);
	assert_true(ns >= object->bss->asked_ns && ns <= object->bss->given_ns);
	twin(0x1000); /* takes what they left */
	expect_sent(0, 0);
}

/* The kernel gives both the same arguments, and runs first what was attached first. */
static void at_tracepoint(void **state)
{
	struct bpf_link *elder, *twin;
	pthread_t thread[THREADS];

	(void)state;
	if (!object)
		skip();
	elder = bpf_program__attach(object->progs.tp_sys_enter);
	twin = bpf_program__attach(object->progs.tp_sys_enter_twin);
	assert_non_null(elder);
	assert_non_null(twin);
	object->bss->task = 0;
	object->bss->process = (__u32)getpid();
	for (unsigned int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, call_kernel, NULL), 0);
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	object->bss->process = 0;
	bpf_link__destroy(twin);
	bpf_link__destroy(elder);
	assert_true(object->bss->traced[0] + object->bss->traced[1] >= THREADS * CALLS);
	/* Only a task that was preempted within the elder leaves others to the twin. */
	assert_true(object->bss->traced[0] + object->bss->traced[1] <
		    THREADS * CALLS + 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sent_once),	 cmocka_unit_test(nested),
		cmocka_unit_test(left_behind),	 cmocka_unit_test(crowded),
		cmocka_unit_test(other_cpu),	 cmocka_unit_test(not_recording),
		cmocka_unit_test(any_level),	 cmocka_unit_test(interrupt_any),
		cmocka_unit_test(preempted),	 cmocka_unit_test(near_the_lock),
		cmocka_unit_test(at_tracepoint),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

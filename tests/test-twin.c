// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test-twin.c - each event is sent once: by the elder, or by the twin where it was skipped
 *
 * It needs root, and a kernel with BTF; elsewhere it is skipped.
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

static struct twin_bpf *object;

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	libbpf_set_print(quiet);
	object = twin_bpf__open();
	assert_non_null(object);
	bpf_map__set_max_entries(object->maps.ring, (__u32)sysconf(_SC_PAGESIZE));
	bpf_map__set_max_entries(object->maps.stacks, 1);
	bpf_map__set_max_entries(object->maps.more_stacks, 1);
	if (twin_bpf__load(object)) {
		twin_bpf__destroy(object);
		object = NULL;
		return 0;
	}
	object->bss->recording = 1;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	twin_bpf__destroy(object);
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
		cmocka_unit_test(at_tracepoint),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test-kprobe.c - a return has the arguments of its own call; and the kernel takes the
 * probes in this form, too, which most kernels never load
 *
 * It needs root, and an x86-64 kernel with BTF; elsewhere it is skipped.
 */
#include "test.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <unistd.h>

#include "bpf/dma.h"

#include "bpf/dma.skel.h"
#include "tests/kprobe.skel.h"

static struct kprobe_bpf *object;

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
	object = kprobe_bpf__open();
	assert_non_null(object);
	bpf_map__set_max_entries(object->maps.ring, (__u32)sysconf(_SC_PAGESIZE));
	if (kprobe_bpf__load(object)) {
		kprobe_bpf__destroy(object);
		object = NULL;
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	kprobe_bpf__destroy(object);
	return 0;
}

static void run(struct bpf_program *program, unsigned int hook, unsigned int frame)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);

	object->bss->hook = hook;
	object->bss->frame = frame;
	assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(program), &opts), 0);
}

/* A call whose arguments all tell which it is. */
static void enter(unsigned int hook, unsigned int frame, uint64_t which)
{
	for (unsigned int i = 0; i < DMA_ARGUMENTS_MAX; i++)
		object->bss->call_args[i] = which << 8 | i;
	run(object->progs.enter, hook, frame);
}

static void expect_leave(unsigned int hook, unsigned int frame, uint64_t which)
{
	object->bss->result = ~which;
	run(object->progs.leave, hook, frame);
	assert_true(object->bss->found);
	for (unsigned int i = 0; i < DMA_ARGUMENTS_MAX; i++)
		assert_int_equal(object->bss->kept[i], which << 8 | i);
	assert_int_equal(object->bss->kept[DMA_ARGUMENTS_MAX], ~which);
}

static void expect_orphan(unsigned int hook, unsigned int frame)
{
	run(object->progs.leave, hook, frame);
	assert_false(object->bss->found);
}

static void own_arguments(void **state)
{
	(void)state;
	if (!object)
		skip();
	enter(1, 100, 7);
	expect_leave(1, 100, 7);
	expect_orphan(1, 100);
}

/* An interrupt, another task, and a function within another that has the same frame. */
static void many_under_way(void **state)
{
	(void)state;
	if (!object)
		skip();
	enter(1, 100, 1);
	enter(1, 80, 2);
	enter(1, 400, 3);
	enter(2, 100, 4);
	expect_leave(1, 100, 1);
	expect_leave(2, 100, 4);
	expect_orphan(2, 80);
	expect_leave(1, 400, 3);
	expect_leave(1, 80, 2);
}

/* A return that the kernel missed leaves its call, which the next one takes the place of. */
static void return_missed(void **state)
{
	(void)state;
	if (!object)
		skip();
	enter(3, 60, 8);
	enter(3, 60, 9);
	expect_leave(3, 60, 9);
	expect_orphan(3, 60);
}

static void taken_by_kernel(void **state)
{
	struct bpf_program *program;
	struct dma_bpf *probes;
	unsigned int forms = 0;

	(void)state;
	if (!object || libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_KPROBE, NULL) != 1)
		skip();
	probes = dma_bpf__open();
	assert_non_null(probes);
	bpf_object__for_each_program(program, probes->obj) {
		bool form = bpf_program__type(program) == BPF_PROG_TYPE_KPROBE;

		bpf_program__set_autoload(program, form);
		forms += form;
	}
	assert_in_range(forms, DMA_HOOKS / 2, 2 * DMA_HOOKS);
	assert_int_equal(dma_bpf__load(probes), 0);
	dma_bpf__destroy(probes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_arguments),
		cmocka_unit_test(many_under_way),
		cmocka_unit_test(return_missed),
		cmocka_unit_test(taken_by_kernel),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * crowd.c - fill functions of the kernel with fentry programs, so that no other has room
 *
 *	crowd FUNCTION COUNT [FUNCTION COUNT]...
 *
 * COUNT programs that do nothing at each FUNCTION; "ready" is printed once they are there,
 * and at the end of the input, as the kernel counts it, how often each was called.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct bpf_insn nothing[] = {
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
	{ .code = BPF_JMP | BPF_EXIT },
};

static int add(int function)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_TRACE_FENTRY,
		    .attach_btf_id = (__u32)function);
	int fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, NULL, "GPL", nothing, 2, &opts);

	return fd < 0 || bpf_raw_tracepoint_open(NULL, fd) < 0 ? -1 : fd;
}

/* Where there is no room for all of them, that is said; the first of them, or -1. */
static int fill(const struct btf *btf, const char *name, int count)
{
	int function = btf__find_by_name_kind(btf, name, BTF_KIND_FUNC), first = -1;

	for (int i = 0; i < count && function >= 0; i++) {
		int fd = add(function);

		if (fd < 0) {
			fprintf(stderr, "crowd: %s(), program %d: %m\n", name, i + 1);
			return -1;
		}
		first = i ? first : fd;
	}
	return first;
}

static int print_calls(const char *name, int fd)
{
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -1;
	printf("%s %llu\n", name, info.run_cnt + info.recursion_misses);
	return 0;
}

int main(int argc, char **argv)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int functions = (argc - 1) / 2, fd[8], failed = 0;

	if (functions < 1 || functions > 8 || !btf || bpf_enable_stats(BPF_STATS_RUN_TIME) < 0)
		return 2;
	for (int i = 0; i < functions; i++) {
		fd[i] = fill(btf, argv[1 + 2 * i], atoi(argv[2 + 2 * i]));
		if (fd[i] < 0)
			return 1;
	}
	puts("ready");
	fflush(stdout);
	while (getchar() != EOF)
		;
	for (int i = 0; i < functions; i++)
		failed |= print_calls(argv[1 + 2 * i], fd[i]);
	return failed != 0;
}

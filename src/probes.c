// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * probes.c - which of the BPF programs this kernel takes
 *
 * No version is asked for: a probe is used where the kernel's BTF has its tracepoint
 * or function with as many arguments, and a program of two instructions can be loaded
 * there. What the kernel says against it is kept for 'dmactl doctor'.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output.h"
#include "probes-own.h"

#define STRING2(x) #x
#define STRING(x)  STRING2(x)
#define PROBE_ROW(how, name, arguments, kind, group, unless)                            \
	{ STRING(DMA_PROGRAM(how, name)), #name, PROBE_##how, arguments,                \
	  DMA_EVENT_##kind, group, unless, false, false, false, "" },

static const struct probe rows[DMA_HOOKS] = { DMA_PROBES(PROBE_ROW) };

const char *probe_place(const struct probe *probe, char *buffer, size_t size)
{
	static const char *const words[] = {
		[PROBE_TP] = "tracepoint",
		[PROBE_ENTRY] = "entry of",
		[PROBE_EXIT] = "return of",
	};

	snprintf(buffer, size, "%s %s%s", words[probe->how], probe->target,
		 probe->how == PROBE_TP ? "" : "()");
	return buffer;
}

bool probes_has_group(const char *name, size_t size)
{
	for (unsigned int i = 0; i < DMA_HOOKS; i++)
		if (strlen(rows[i].group) == size && !memcmp(rows[i].group, name, size))
			return true;
	return false;
}

/* Is @word one of @list, which @separator divides? */
static bool has_word(const char *list, char separator, const char *word)
{
	const char stop[] = { separator, '\0' };
	size_t size = strlen(word);

	while (*list) {
		size_t length = strcspn(list, stop);

		if (length == size && !memcmp(list, word, size))
			return true;
		list += length;
		list += *list == separator;
	}
	return false;
}

/* The arguments of a function, or of a tracepoint, whose own comes behind one more. */
static int count_arguments(const struct btf *btf, int id)
{
	const struct btf_type *type = btf__type_by_id(btf, (__u32)id);
	int more = 0;

	if (btf_is_typedef(type)) {
		type = btf__type_by_id(btf, type->type); /* a pointer */
		more = 1;
	}
	type = btf__type_by_id(btf, type->type);
	return type && btf_is_func_proto(type) ? btf_vlen(type) - more : -1;
}

/* The last line that the verifier said, without the sums it ends in. */
static void keep_reason(struct probe *probe, const char *log, int err)
{
	size_t size = strcspn(log, "\n");

	if (!size || !strncmp(log, "processed ", 10))
		snprintf(probe->why, sizeof(probe->why), "the kernel refuses it: %s",
			 strerror(err));
	else
		snprintf(probe->why, sizeof(probe->why), "the kernel refuses it: %.*s",
			 (int)size, log);
}

/* Why the kernel has no such tracepoint or function. */
static void explain_absence(struct probe *probe)
{
	if (strstr(probe->target, "_coherent_memory"))
		snprintf(probe->why, sizeof(probe->why),
			 "this kernel has no coherent memory of devices' own: it was built "
			 "without CONFIG_DMA_DECLARE_COHERENT");
	else
		snprintf(probe->why, sizeof(probe->why), "this kernel has no such %s",
			 probe->how == PROBE_TP ? "tracepoint" : "function to hook");
}

/* Would the kernel take a program there? */
static void try_probe(const struct btf *btf, struct probe *probe)
{
	static const enum bpf_attach_type types[] = {
		[PROBE_TP] = BPF_TRACE_RAW_TP,
		[PROBE_ENTRY] = BPF_TRACE_FENTRY,
		[PROBE_EXIT] = BPF_TRACE_FEXIT,
	};
	const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts);
	char name[64], log[1024] = "";
	int id, fd;

	snprintf(name, sizeof(name), "%s%s", probe->how == PROBE_TP ? "btf_trace_" : "",
		 probe->target);
	id = btf__find_by_name_kind(btf, name,
				    probe->how == PROBE_TP ? BTF_KIND_TYPEDEF
							   : BTF_KIND_FUNC);
	if (id < 0) {
		explain_absence(probe);
		return;
	}
	if (count_arguments(btf, id) != (int)probe->arguments) {
		snprintf(probe->why, sizeof(probe->why),
			 "it has %d arguments here, not the %u that are known",
			 count_arguments(btf, id), probe->arguments);
		return;
	}
	opts.expected_attach_type = types[probe->how];
	opts.attach_btf_id = (__u32)id;
	opts.log_level = 1;
	opts.log_buf = log;
	opts.log_size = sizeof(log);
	fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, NULL, "GPL", program, 2, &opts);
	if (fd < 0) {
		keep_reason(probe, log, errno);
		return;
	}
	probe->usable = true;
	close(fd);
}

/* Those that stand in for others come behind these in the list. */
static void choose_probe(struct probes *probes, struct probe *probe, const char *groups)
{
	char place[80];

	for (struct probe *other = probes->probe; other < probe; other++)
		if (other->usable && has_word(probe->unless, ' ', other->program)) {
			snprintf(probe->why, sizeof(probe->why), "the %s tells the same",
				 probe_place(other, place, sizeof(place)));
			probe->covered = true;
			return;
		}
	if (!probe->usable)
		return;
	if (groups && !has_word(groups, ',', probe->group)) {
		snprintf(probe->why, sizeof(probe->why), "--events leaves it out");
		return;
	}
	probe->used = true;
}

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level == LIBBPF_WARN && getenv("DMACTL_LIBBPF"))
		vfprintf(stderr, format, args);
	return 0;
}

static bool any_usable(const struct probes *probes)
{
	for (unsigned int i = 0; i < DMA_HOOKS; i++)
		if (probes->probe[i].usable)
			return true;
	return false;
}

/* Why not a single probe can be loaded. */
static void find_obstacle(struct probes_obstacle *obstacle)
{
	const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, NULL, "GPL", program, 2, NULL);
	const char *text = "this kernel has none of the tracepoints and functions that are "
			   "known here; 'dmactl doctor' names them";

	if (fd >= 0)
		close(fd);
	else if (errno == EPERM || errno == EACCES)
		text = "not permitted to load BPF programs: run it as root, or with the "
		       "capabilities CAP_BPF and CAP_PERFMON";
	else if (errno == ENOSYS || errno == EINVAL)
		text = "this kernel was built without BPF";
	obstacle->status = EXIT_CANNOT;
	snprintf(obstacle->text, sizeof(obstacle->text), "%s", text);
}

struct probes *probes_create(const char *groups, struct probes_obstacle *obstacle)
{
	struct probes *probes = calloc(1, sizeof(*probes));

	*obstacle = (struct probes_obstacle) { 0 };
	if (!probes)
		out_of_memory();
	libbpf_set_print(quiet);
	for (unsigned int i = 0; i < DMA_HOOKS; i++) {
		probes->probe[i] = rows[i];
		probes->fd[i] = -1;
	}
	probes->btf = btf__load_vmlinux_btf();
	if (!probes->btf) {
		obstacle->status = EXIT_CANNOT;
		snprintf(obstacle->text, sizeof(obstacle->text),
			 "/sys/kernel/btf/vmlinux: %s: the kernel does not describe its types, "
			 "it needs CONFIG_DEBUG_INFO_BTF",
			 strerror(errno));
		free(probes);
		return NULL;
	}
	for (unsigned int i = 0; i < DMA_HOOKS; i++)
		try_probe(probes->btf, &probes->probe[i]);
	for (unsigned int i = 0; i < DMA_HOOKS; i++)
		choose_probe(probes, &probes->probe[i], groups);
	if (!any_usable(probes))
		find_obstacle(obstacle);
	return probes;
}

void probes_destroy(struct probes *probes)
{
	if (!probes)
		return;
	probes_stop(probes);
	dma_bpf__destroy(probes->object);
	btf__free(probes->btf);
	free(probes->counts);
	free(probes);
}

const struct probe *probes_at(const struct probes *probes, unsigned int hook)
{
	return &probes->probe[hook];
}

const struct btf *probes_btf(const struct probes *probes)
{
	return probes->btf;
}

/* Bytes from the beginning of the structure @id to its member, or -ENOENT. */
static int member_offset(const struct btf *btf, int id, const char *name)
{
	const struct btf_type *type = btf__type_by_id(btf, (__u32)id);
	const struct btf_member *member = btf_members(type);

	for (unsigned int i = 0; i < btf_vlen(type); i++)
		if (!strcmp(btf__name_by_offset(btf, member[i].name_off), name))
			return (int)(btf_member_bit_offset(type, i) / 8);
	return -ENOENT;
}

int probes_layout(const struct probes *probes, struct probes_layout *ret)
{
	int entry = btf__find_by_name_kind(probes->btf, "scatterlist", BTF_KIND_STRUCT);
	int page = btf__find_by_name_kind(probes->btf, "page", BTF_KIND_STRUCT);
	int link, offset, length, dma, dma_length;

	if (entry < 0 || page < 0)
		return -ENOENT;
	link = member_offset(probes->btf, entry, "page_link");
	offset = member_offset(probes->btf, entry, "offset");
	length = member_offset(probes->btf, entry, "length");
	dma = member_offset(probes->btf, entry, "dma_address");
	dma_length = member_offset(probes->btf, entry, "dma_length");
	if (link < 0 || offset < 0 || length < 0 || dma < 0)
		return -ENOENT;
	*ret = (struct probes_layout) {
		.entry_size = (unsigned int)btf__resolve_size(probes->btf, (__u32)entry),
		.page_link = (unsigned int)link,
		.offset = (unsigned int)offset,
		.length = (unsigned int)length,
		.dma_address = (unsigned int)dma,
		.dma_length = (unsigned int)(dma_length < 0 ? length : dma_length),
		.has_dma_length = dma_length >= 0,
		.page_size = (unsigned int)sysconf(_SC_PAGESIZE),
		.struct_page_size = (unsigned int)btf__resolve_size(probes->btf, (__u32)page),
	};
	return 0;
}

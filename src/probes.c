// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * probes.c - which of the BPF programs this kernel takes
 *
 * No version is asked for: a probe is used where the kernel's BTF has its tracepoint
 * or function with as many arguments, and a program of two instructions can be loaded
 * there, and at a function attached; or else a kprobe made. What the kernel says against
 * it is kept for 'dmactl doctor'.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "output.h"
#include "probes-own.h"

#define STRING2(x) #x
#define STRING(x)  STRING2(x)
#define PROBE_ROW(how, name, arguments, kind, group, unless)                            \
	{ STRING(DMA_PROGRAM(how, name)), #name, PROBE_##how, arguments,                \
	  DMA_EVENT_##kind, group, unless, false, false, false, false, "" },

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

const char *probe_form(const struct probe *probe)
{
	static const char *const forms[] = {
		[PROBE_TP] = "tp_btf",
		[PROBE_ENTRY] = "fentry",
		[PROBE_EXIT] = "fexit",
	};

	if (probe->kprobe)
		return probe->how == PROBE_EXIT ? "kretprobe" : "kprobe";
	return forms[probe->how];
}

/* A kprobe has no twin. */
const char *probe_program_at(const struct probe *probe, unsigned int number, char *buffer,
			     size_t size)
{
	static const char *const suffixes[PROGRAMS] = { "", "_twin", "_third", "_fourth" };
	bool at_return = probe->how == PROBE_EXIT;

	if (!probe->kprobe)
		snprintf(buffer, size, "%s%s", probe->program, suffixes[number]);
	else if (!number || (number == 1 && at_return))
		snprintf(buffer, size, "%s%s", !number && at_return ? "kr_" : "kp_",
			 probe->target);
	else
		return NULL;
	return buffer;
}

const char *probe_program(const struct probe *probe, char *buffer, size_t size)
{
	return probe_program_at(probe, 0, buffer, size);
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

/* What the kernel has against it: the verifier's first line, or an error. */
static void keep_reason(struct probe *probe, const char *log, int err)
{
	const char *what = probe->how == PROBE_TP ? "it" : probe_form(probe);
	const char *error = err == E2BIG ? "no room for more programs there" : strerror(err);
	size_t size = strcspn(log, "\n");

	if (!size || !strncmp(log, "processed ", 10))
		snprintf(probe->why, sizeof(probe->why), "the kernel refuses %s: %s", what,
			 error);
	else
		snprintf(probe->why, sizeof(probe->why), "the kernel refuses %s: %.*s", what,
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

static const struct bpf_insn nothing[] = {
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
	{ .code = BPF_JMP | BPF_EXIT },
};

static int load_nothing(struct probe *probe, int id)
{
	static const enum bpf_attach_type types[] = {
		[PROBE_TP] = BPF_TRACE_RAW_TP,
		[PROBE_ENTRY] = BPF_TRACE_FENTRY,
		[PROBE_EXIT] = BPF_TRACE_FEXIT,
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts);
	char log[1024] = "";
	int fd;

	opts.expected_attach_type = types[probe->how];
	opts.attach_btf_id = (__u32)id;
	opts.log_level = 1;
	opts.log_buf = log;
	opts.log_size = sizeof(log);
	fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, NULL, "GPL", nothing, 2, &opts);
	if (fd < 0)
		keep_reason(probe, log, errno);
	return fd;
}

/*
 * At a function only attaching tells whether the kernel takes a program, and of all levels
 * whether there is room: a function has places for 38.
 */
static bool try_function(struct probe *probe, int id, unsigned int levels)
{
	int fd[PROGRAMS], link[PROGRAMS];
	unsigned int loaded = 0, attached = 0;

	while (loaded < levels && (fd[loaded] = load_nothing(probe, id)) >= 0)
		loaded++;
	while (attached < loaded &&
	       (link[attached] = bpf_raw_tracepoint_open(NULL, fd[attached])) >= 0)
		attached++;
	if (loaded == levels && attached < levels)
		keep_reason(probe, "", errno);
	for (unsigned int i = 0; i < attached; i++)
		close(link[i]);
	for (unsigned int i = 0; i < loaded; i++)
		close(fd[i]);
	return attached == levels;
}

bool probes_take(const struct probes *probes, const char *function, int arguments)
{
	struct probe probe = { .how = PROBE_ENTRY };
	int id = btf__find_by_name_kind(probes->btf, function, BTF_KIND_FUNC);

	return id >= 0 && count_arguments(probes->btf, id) >= arguments &&
	       try_function(&probe, id, 1);
}

/* What the kernel takes at one it takes at all, and each time looks through all its names. */
static bool try_tracepoint(struct probes *probes, struct probe *probe, int id)
{
	int fd = probes->takes_tracepoints ? -1 : load_nothing(probe, id);

	if (fd >= 0)
		close(fd);
	probes->takes_tracepoints |= fd >= 0;
	return probes->takes_tracepoints;
}

/* Whatever stands in the way of all kprobes. */
static void open_kprobes(struct probes *probes)
{
	struct utsname names;
	int fd;

	if (uname(&names) || strcmp(names.machine, "x86_64")) {
		snprintf(probes->why_none, sizeof(probes->why_none),
			 "no kprobes: they are known for x86-64 only");
		return;
	}
	fd = bpf_prog_load(BPF_PROG_TYPE_KPROBE, NULL, "GPL", nothing, 2, NULL);
	if (fd < 0) {
		snprintf(probes->why_none, sizeof(probes->why_none),
			 "the kernel refuses programs of kprobes: %s", strerror(errno));
		return;
	}
	close(fd);
	probes->kprobes = kprobes_create(probes->why_none, sizeof(probes->why_none));
}

static int add_kprobes(struct probes *probes, const struct probe *probe)
{
	int err = 0;

	for (unsigned int i = 0; i < PROGRAMS && !err; i++) {
		char buffer[80];
		const char *name = probe_program_at(probe, i, buffer, sizeof(buffer));

		if (name)
			err = kprobes_add(probes->kprobes, name, probe->target,
					  probe->how == PROBE_EXIT && !i);
	}
	return err;
}

/* They are made here, and stay until the end. What was said against fentry is kept. */
static bool try_kprobe(struct probes *probes, struct probe *probe)
{
	size_t said = strlen(probe->why);
	int err = 0;

	if (!probes->kprobes && !*probes->why_none)
		open_kprobes(probes);
	probe->kprobe = probes->kprobes;
	if (probe->kprobe)
		err = add_kprobes(probes, probe);
	if (probe->kprobe && !err)
		return true;
	snprintf(probe->why + said, sizeof(probe->why) - said, "%s%s%s", said ? "; " : "",
		 err ? "no kprobe: " : probes->why_none, err ? strerror(-err) : "");
	probe->kprobe = false;
	return false;
}

static void try_probe(struct probes *probes, struct probe *probe, enum attach attach)
{
	const struct btf *btf = probes->btf;
	char name[64];
	int id;

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
	if (probe->how == PROBE_TP)
		probe->usable = try_tracepoint(probes, probe, id);
	else
		probe->usable = (attach != ATTACH_KPROBE &&
				 try_function(probe, id, probes->levels)) ||
				(attach != ATTACH_FENTRY && try_kprobe(probes, probe));
}

/* The one that tells the same, of those that were tried so far. */
static const struct probe *find_other(const struct probes *probes, const struct probe *probe)
{
	for (unsigned int i = 0; i < DMA_HOOKS; i++) {
		const struct probe *other = &probes->probe[i];

		if (!other->usable)
			continue;
		if (has_word(probe->unless, ' ', other->program))
			return other;
		if (probe->how == PROBE_TP && other->how != PROBE_TP &&
		    (other->kind == probe->kind ||
		     has_word(other->unless, ' ', probe->program)))
			return other;
	}
	return NULL;
}

static bool cover(const struct probes *probes, struct probe *probe)
{
	const struct probe *other = find_other(probes, probe);
	char place[80];

	if (!other)
		return false;
	snprintf(probe->why, sizeof(probe->why), "the %s tells the same",
		 probe_place(other, place, sizeof(place)));
	probe->covered = true;
	return true;
}

static void choose_probe(struct probes *probes, struct probe *probe, const char *groups,
			 enum attach attach)
{
	if (groups && !has_word(groups, ',', probe->group)) {
		snprintf(probe->why, sizeof(probe->why), "--events leaves it out");
		return;
	}
	if (cover(probes, probe))
		return;
	try_probe(probes, probe, attach);
	probe->used = probe->usable;
}

/*
 * Those that stand in for others come behind these in the list. Functions that were wanted
 * and could not be had may have a tracepoint after all.
 */
static void choose_probes(struct probes *probes, const char *groups, enum attach attach)
{
	for (unsigned int turn = 0; turn < 2; turn++)
		for (unsigned int i = 0; i < DMA_HOOKS; i++) {
			struct probe *probe = &probes->probe[i];
			bool function = probe->how != PROBE_TP;

			if (function == ((attach == ATTACH_AUTO) == turn))
				choose_probe(probes, probe, groups, attach);
		}
	for (unsigned int i = 0; i < DMA_HOOKS; i++)
		if (!probes->probe[i].used && !probes->probe[i].covered)
			cover(probes, &probes->probe[i]);
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
	int fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, NULL, "GPL", nothing, 2, NULL);
	const char *text = "this kernel has none of the tracepoints and functions that would "
			   "tell of it, or refuses them; 'dmactl doctor' names them";

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

/*
 * Two programs catch what interrupts do in one another's midst. Where a task may be preempted
 * within a program, that is busy for others until its turn comes again, and so may the next
 * be. Tracepoints let their programs be preempted since they are guarded by this type.
 */
static unsigned int count_levels(const struct btf *btf)
{
	bool preempted = btf__find_by_name_kind(btf, "class_srcu_fast_notrace_t",
						BTF_KIND_TYPEDEF) >= 0;

	return preempted ? DMA_PROBE_LEVELS : 2;
}

struct probes *probes_create(const char *groups, enum attach attach,
			     struct probes_obstacle *obstacle)
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
	probes->levels = count_levels(probes->btf);
	choose_probes(probes, groups, attach);
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
	kprobes_destroy(probes->kprobes);
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

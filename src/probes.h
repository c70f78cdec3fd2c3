/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probes.h - the BPF programs: which of them this kernel takes, and running them
 */
#pragma once

#include <libdma/event.h>
#include <stdbool.h>
#include <stddef.h>

#include "attach.h"
#include "bpf/dma.h"

enum probe_how {
	PROBE_TP,
	PROBE_ENTRY,
	PROBE_EXIT,
};

/**
 * struct probe - one row of bpf/dma.h, and what became of it here
 * @program:	"tp_dma_map_page" or "fn_dma_map_sgtable"
 * @target:	the tracepoint or function
 * @unless:	programs in whose presence it is not needed, separated by spaces
 * @usable:	the kernel takes it
 * @kprobe:	as a kprobe, not as fentry or fexit
 * @covered:	another tells the same
 * @used:	it is usable, needed and wanted
 * @why:	why it is not used, or only as a kprobe, in words
 */
struct probe {
	const char *program;
	const char *target;
	enum probe_how how;
	unsigned int arguments;
	enum dma_event_kind kind;
	const char *group;
	const char *unless;
	bool usable;
	bool kprobe;
	bool covered;
	bool used;
	char why[200];
};

/* Where a probe is attached, in words: "tracepoint dma_map_page". */
const char *probe_place(const struct probe *probe, char *buffer, size_t size);

/* By what: "tp_btf", "fentry", "fexit", "kprobe" or "kretprobe". */
const char *probe_form(const struct probe *probe);

/* What the program is called in the form that is used: "kr_dma_map_sgtable". */
const char *probe_program(const struct probe *probe, char *buffer, size_t size);

/* How 'dmactl record' is limited here. */
struct probes_obstacle {
	int status; /* an exit status; 0 where there is none */
	char text[200];
};

struct btf;
struct probes;

/**
 * probes_create() - ask the kernel which probes it takes
 * @groups:	names of groups, separated by commas; NULL for all
 * @attach:	how functions are to be watched
 * @obstacle:	set to what forbids them all
 *
 * Each that is needed is tried by a program of two instructions, at functions attached
 * for a moment: whether that can be done the kernel does not say before.
 *
 * Return: the probes, or NULL, after @obstacle was set.
 */
struct probes *probes_create(const char *groups, enum attach attach,
			     struct probes_obstacle *obstacle);
void probes_destroy(struct probes *probes);

/* The probes, DMA_HOOKS of them, by their numbers in enum dma_hook. */
const struct probe *probes_at(const struct probes *probes, unsigned int hook);

/* Is there a group of that name? @size bytes of it. */
bool probes_has_group(const char *name, size_t size);

/*
 * Load and attach those that are used. @options.sg_traced is set here. 0, or an exit
 * status after a complaint.
 */
int probes_start(struct probes *probes, struct dma_probe_options *options, size_t ring_size);

/* No event comes any more; what is in the ring can still be read. */
void probes_silence(struct probes *probes);

/* The same, and the programs are taken away, which may last. */
void probes_stop(struct probes *probes);

/* The kernel's own description of its types. */
const struct btf *probes_btf(const struct probes *probes);

/* The ring's descriptor. */
int probes_ring(const struct probes *probes);

/* The addresses of a stack that the kernel keeps, DMA_PROBE_FRAMES of them. 0 or -errno. */
int probes_stack(const struct probes *probes, unsigned int number, uint64_t *addresses);

/* What the kernel's memory told; all 0 before probes_start(). */
const struct dma_probe_kernel *probes_inside(const struct probes *probes);

/* How the kernel lays out what lists are made of. */
struct probes_layout {
	unsigned int entry_size;
	unsigned int page_link, offset, length, dma_address, dma_length;
	bool has_dma_length; /* without, a segment is as long as its entry */
	unsigned int page_size;
	unsigned int struct_page_size;
};

/* 0, or -ENOENT where the kernel's BTF lacks one of them. */
int probes_layout(const struct probes *probes, struct probes_layout *ret);

/* Ask the kernel what kprobes missed; probes_sum() goes by the last answer. 0 or -errno. */
int probes_refresh(struct probes *probes);

/* What the programs of a probe did on all CPUs so far. */
struct probes_sum {
	uint64_t events;
	uint64_t dropped;
	uint64_t cut;
	uint64_t caught; /* by others, while the first was at work; or by a kprobe */
	uint64_t missed; /* by all */
	uint64_t last_ns;
};

int probes_sum(struct probes *probes, unsigned int hook, struct probes_sum *ret);

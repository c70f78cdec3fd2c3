/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kprobes.h - kprobes by their names in tracefs, where the kernel counts what they missed
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KPROBES_GROUP "dmactl"

struct kprobes;

/*
 * NULL where there can be none, after @why was set. What recorders that were killed have
 * left is removed.
 */
struct kprobes *kprobes_create(char *why, size_t size);

/* All of them are removed; nothing may be attached any more. */
void kprobes_destroy(struct kprobes *kprobes);

/* What the kernel calls the kprobe @program. */
const char *kprobes_name(const char *program, char *buffer, size_t size);

/* Make a kprobe at the beginning of @function, or at its return. 0 or -errno. */
int kprobes_add(struct kprobes *kprobes, const char *program, const char *function,
		bool at_return);

/* Read the kernel's counts of all of them. 0 or -errno. */
int kprobes_refresh(struct kprobes *kprobes);

/* Of what was read last: how often its place was passed, seen or missed. */
uint64_t kprobes_passed(const struct kprobes *kprobes, const char *program);

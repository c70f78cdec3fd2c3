/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * attach.h - by which form of a probe the kernel's functions are watched
 */
#pragma once

#include <argp.h>

enum attach {
	ATTACH_AUTO,   /* tracepoints, else fentry, else kprobes */
	ATTACH_FENTRY, /* functions, also where a tracepoint tells the same */
	ATTACH_KPROBE,
};

/* --attach; its input is an enum attach. */
extern const struct argp attach_argp;

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend.h - by which form of a probe the kernel's functions are watched
 */
#pragma once

#include <argp.h>

enum backend {
	BACKEND_AUTO,	/* tracepoints, else fentry, else kprobes */
	BACKEND_FENTRY, /* functions, also where a tracepoint tells the same */
	BACKEND_KPROBE,
};

/* --backend; its input is an enum backend. */
extern const struct argp backend_argp;

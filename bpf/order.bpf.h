/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * order.bpf.h - which of two programs at one function runs first?
 *
 * At a tracepoint it is the one that was attached first. At a function it is the last,
 * on all kernels so far; but nothing promises that, and a twin that ran before its elder
 * would send everything twice. So two programs are attached to a function that the
 * kernel keeps for such tests, and asked.
 */
#pragma once

#include "send.bpf.h"

/* When each of the two ran: how many had before it, plus 1. */
__u32 order[2] = {};
__u32 order_turn = 0;

SEC("fentry/bpf_fentry_test1")
int order_first(void *ctx)
{
	order[0] = ++order_turn;
	return 0;
}

SEC("fentry/bpf_fentry_test1")
int order_second(void *ctx)
{
	order[1] = ++order_turn;
	return 0;
}

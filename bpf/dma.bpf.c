// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dma.bpf.c - the probes; dma.h lists them
 *
 * One object has them all. 'dmactl record' asks the running kernel what it offers and
 * loads the programs that fit.
 */
#include "kernel.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "dma.h"
#include "send.bpf.h"
#include "twin.bpf.h"
#include "device.bpf.h"
#include "list.bpf.h"
#include "kprobe.bpf.h"
#include "tracepoints.bpf.h"
#include "functions.bpf.h"
#include "spaces.bpf.h"
#include "inside.bpf.h"
#include "order.bpf.h"

char LICENSE[] SEC("license") = "GPL";

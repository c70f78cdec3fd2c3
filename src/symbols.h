/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * symbols.h - names of the kernel's functions, for call stacks
 */
#pragma once

#include <libdma/strings.h>
#include <stdint.h>

struct symbols;

/* Read /proc/kallsyms; NULL, after a complaint, where it tells no addresses. */
struct symbols *symbols_create(void);
void symbols_destroy(struct symbols *symbols);

/*
 * The stack of these addresses, which 0 may end, as "nvme_map_data+0x1f0;nvme_queue_rq",
 * the innermost first. 0 or -ENOMEM.
 */
int symbols_stack(struct symbols *symbols, const uint64_t *address, unsigned int count,
		  struct libdma_strings *strings, uint32_t *ret);

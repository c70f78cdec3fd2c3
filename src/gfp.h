/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gfp.h - the running kernel's allocation flags in words
 */
#pragma once

#include <bpf/btf.h>
#include <stddef.h>
#include <stdint.h>

struct gfp;

/* NULL without memory. */
struct gfp *gfp_create(const struct btf *btf);
void gfp_destroy(struct gfp *gfp);

/* As the kernel's own traces print them: "GFP_KERNEL|__GFP_ZERO". */
void gfp_print(const struct gfp *gfp, uint32_t flags, char *buffer, size_t size);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mm.h - pages, and windows of a user */
#pragma once

#include <linux/gfp.h>
#include <linux/kernel.h>

#include <libdma/dma-mapping.h>

/** release_pages() - give back single pages; nobody else can hold one here */
void release_pages(struct page **pages, int n);

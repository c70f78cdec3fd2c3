/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gfp.h - how memory may be sought for an allocation
 *
 * The names are the kernel's; the bits are this library's own, since the
 * kernel's differ from version to version.
 */
#pragma once

typedef unsigned int gfp_t;

#define __GFP_DMA	     (1u << 0) /* from the first 16 MiB */
#define __GFP_HIGHMEM	     (1u << 1)
#define __GFP_DMA32	     (1u << 2) /* from the first 4 GiB */
#define __GFP_MOVABLE	     (1u << 3)
#define __GFP_RECLAIMABLE    (1u << 4)
#define __GFP_HIGH	     (1u << 5)
#define __GFP_IO	     (1u << 6)
#define __GFP_FS	     (1u << 7)
#define __GFP_ZERO	     (1u << 8) /* the memory's bytes are 0 */
#define __GFP_DIRECT_RECLAIM (1u << 9) /* the caller may sleep */
#define __GFP_KSWAPD_RECLAIM (1u << 10)
#define __GFP_NOWARN	     (1u << 11) /* say nothing where it fails */
#define __GFP_NORETRY	     (1u << 12)
#define __GFP_RETRY_MAYFAIL  (1u << 13)
#define __GFP_NOFAIL	     (1u << 14)
#define __GFP_COMP	     (1u << 15)
#define __GFP_NOMEMALLOC     (1u << 16)
#define __GFP_MEMALLOC	     (1u << 17)
#define __GFP_HARDWALL	     (1u << 18)
#define __GFP_THISNODE	     (1u << 19)
#define __GFP_ACCOUNT	     (1u << 20)

#define __GFP_RECLAIM (__GFP_DIRECT_RECLAIM | __GFP_KSWAPD_RECLAIM)

#define GFP_ATOMIC  (__GFP_HIGH | __GFP_KSWAPD_RECLAIM)
#define GFP_KERNEL  (__GFP_RECLAIM | __GFP_IO | __GFP_FS)
#define GFP_NOWAIT  (__GFP_KSWAPD_RECLAIM | __GFP_NOWARN)
#define GFP_NOIO    (__GFP_RECLAIM)
#define GFP_NOFS    (__GFP_RECLAIM | __GFP_IO)
#define GFP_USER    (__GFP_RECLAIM | __GFP_IO | __GFP_FS | __GFP_HARDWALL)
#define GFP_DMA	    __GFP_DMA
#define GFP_DMA32   __GFP_DMA32
#define GFP_HIGHUSER (GFP_USER | __GFP_HIGHMEM)

/* May the caller wait for memory? */
static inline int gfpflags_allow_blocking(const gfp_t gfp)
{
	return !!(gfp & __GFP_DIRECT_RECLAIM);
}

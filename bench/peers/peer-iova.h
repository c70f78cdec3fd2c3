/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peer-iova.h - the kernel's own IOVA allocator, loaded from a .so of peers/build
 */
#pragma once

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

struct peer_iova {
	void *(*create)(unsigned long start, unsigned int cpus);
	void (*destroy)(void *domain);
	unsigned long (*alloc_fast)(void *domain, unsigned int cpu, unsigned long size,
				    unsigned long limit, bool flush);
	void (*free_fast)(void *domain, unsigned int cpu, unsigned long pfn,
			  unsigned long size);
	void (*queue)(void *domain, unsigned int cpu, unsigned long pfn, unsigned long size);
	unsigned long (*alloc)(void *domain, unsigned long size, unsigned long limit);
	void (*free)(void *domain, unsigned long pfn);
	bool (*reserve)(void *domain, unsigned long lo, unsigned long hi);
	void (*advance)(unsigned long ms);
};

static inline void *peer_symbol(void *so, const char *name)
{
	void *symbol = dlsym(so, name);

	if (!symbol) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	return symbol;
}

static inline struct peer_iova peer_iova_load(const char *path)
{
	void *so = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!so) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	return (struct peer_iova){
		.create = peer_symbol(so, "peer_create"),
		.destroy = peer_symbol(so, "peer_destroy"),
		.alloc_fast = peer_symbol(so, "peer_alloc_fast"),
		.free_fast = peer_symbol(so, "peer_free_fast"),
		.queue = peer_symbol(so, "peer_queue"),
		.alloc = peer_symbol(so, "peer_alloc"),
		.free = peer_symbol(so, "peer_free"),
		.reserve = peer_symbol(so, "peer_reserve"),
		.advance = peer_symbol(so, "peer_advance"),
	};
}

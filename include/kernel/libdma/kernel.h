/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kernel.h - run kernel code on a modelled machine
 *
 * Kernel code knows no machine by name: it runs on the current one, between
 * libdma_kernel_enter() and libdma_kernel_leave(). One thread at a time is inside.
 */
#pragma once

#include <libdma/machine.h>

struct libdma_kernel;

/* ktime_get() lets the machine's time follow the computer's own clock. */
#define LIBDMA_KERNEL_REAL_TIME (1u << 0)

/**
 * libdma_kernel_create() - a kernel that owns nothing yet
 * @machine:	what it runs on; must outlive it
 * @flags:	0 or LIBDMA_KERNEL_REAL_TIME
 * @ret:	set to the kernel
 *
 * Return: 0 or -ENOMEM.
 */
int libdma_kernel_create(struct libdma_machine *machine, unsigned int flags,
			 struct libdma_kernel **ret);

/**
 * libdma_kernel_destroy() - give back what kernel code left; NULL is allowed
 *
 * Devices that are still registered are detached without their release(), and all of
 * kmalloc() is freed; pages of alloc_pages() stay taken. Nobody may be inside.
 */
void libdma_kernel_destroy(struct libdma_kernel *kernel);

/** libdma_kernel_enter() - wait until nobody is inside, and make this one current */
void libdma_kernel_enter(struct libdma_kernel *kernel);

/** libdma_kernel_leave() - what follows runs on no machine; others may enter */
void libdma_kernel_leave(void);

/**
 * libdma_kernel_leaks() - what kernel code has not given back
 *
 * Return: the pieces of kmalloc(), the pages of alloc_pages() and the devices that are
 * live.
 */
size_t libdma_kernel_leaks(const struct libdma_kernel *kernel);

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * border.c - who is inside, on which machine
 *
 * Kernel code reaches its machine by no parameter, so that somewhere one has to be
 * current: here, in the only variable at file scope of lib/, under the only lock.
 * Whoever enters holds the lock until it leaves, as under a kernel's big lock; the
 * library below needs none.
 *
 * Kernel counterpart: of the turns, need_resched() and cond_resched()
 */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include <linux/ktime.h>
#include <linux/sched.h>

#include "kernel/border.h"

static struct {
	pthread_mutex_t lock;
	atomic_uint waiters;
	struct libdma_kernel *current; /* under @lock */
} border = { .lock = PTHREAD_MUTEX_INITIALIZER };

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int libdma_kernel_create(struct libdma_machine *machine, unsigned int flags,
			 struct libdma_kernel **ret)
{
	struct libdma_kernel *kernel = calloc(1, sizeof(*kernel));

	if (!kernel)
		return -ENOMEM;
	kernel->machine = machine;
	kernel->flags = flags;
	kernel->clock_ns = clock_ns();
	kernel->machine_ns = libdma_machine_time(machine);
	*ret = kernel;
	return 0;
}

void libdma_kernel_destroy(struct libdma_kernel *kernel)
{
	if (!kernel)
		return;
	device_release_all(kernel);
	slab_release_all(kernel);
	free(kernel);
}

void libdma_kernel_enter(struct libdma_kernel *kernel)
{
	atomic_fetch_add(&border.waiters, 1);
	pthread_mutex_lock(&border.lock);
	atomic_fetch_sub(&border.waiters, 1);
	border.current = kernel;
}

void libdma_kernel_leave(void)
{
	border.current = NULL;
	pthread_mutex_unlock(&border.lock);
}

size_t libdma_kernel_leaks(const struct libdma_kernel *kernel)
{
	return kernel->objects + kernel->pages + device_count(kernel);
}

struct libdma_kernel *border_kernel(void)
{
	assert(border.current); /* kernel code runs between enter and leave */
	return border.current;
}

bool need_resched(void)
{
	return atomic_load(&border.waiters);
}

int cond_resched(void)
{
	struct libdma_kernel *kernel = border_kernel();

	if (!need_resched())
		return 0;
	libdma_kernel_leave();
	libdma_kernel_enter(kernel);
	return 1;
}

ktime_t ktime_get(void)
{
	struct libdma_kernel *kernel = border_kernel();
	uint64_t ns;

	if (kernel->flags & LIBDMA_KERNEL_REAL_TIME) {
		ns = kernel->machine_ns + (clock_ns() - kernel->clock_ns);
		if (ns > libdma_machine_time(kernel->machine))
			libdma_machine_set_time(kernel->machine, ns);
	}
	return (ktime_t)libdma_machine_time(kernel->machine);
}

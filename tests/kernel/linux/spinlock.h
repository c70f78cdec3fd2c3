/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spinlock.h - a lock that nobody else can hold: one thread is inside */
#pragma once

typedef struct {
	unsigned char nothing;
} spinlock_t;

#define scoped_guard(kind, lock) if (lock)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sched.h - whose turn it is */
#pragma once

#include <stdbool.h>

#include_next <linux/sched.h>

/** need_resched() - does another thread wait for the kernel's turn? */
bool need_resched(void);

/** cond_resched() - let one that waits have it; 1 where one was let in */
int cond_resched(void);

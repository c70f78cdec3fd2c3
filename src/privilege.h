/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * privilege.h - what the recorder may do, and giving it up
 */
#pragma once

#include <stdbool.h>

/* Is the capability of this number (linux/capability.h) in effect? */
bool privilege_has(unsigned int capability);

/* From here on nothing that needs privilege can be done. 0 or -errno. */
int privilege_drop(void);

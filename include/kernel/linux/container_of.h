/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* container_of.h - from a member to what holds it */
#pragma once

#include <stddef.h>

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

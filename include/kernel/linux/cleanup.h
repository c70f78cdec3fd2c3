/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cleanup.h - what ends with its scope */
#pragma once

#include <linux/compiler.h>

#define DEFINE_FREE(name, type, release)          \
	static inline void __free_##name(void *at) \
	{                                          \
		type _T = *(type *)at;             \
		release;                           \
	}
#define __free(name) __attribute__((cleanup(__free_##name)))

/* The pointer, which is then no longer released here. */
#define no_free_ptr(ptr)                   \
	({                                 \
		typeof(ptr) taken = (ptr); \
		(ptr) = NULL;              \
		taken;                     \
	})
#define return_ptr(ptr) return no_free_ptr(ptr)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bug.h - what must not be */
#pragma once

#include <stdbool.h>

#include <linux/build_bug.h>
#include <linux/printk.h>

#define WARN(condition, ...)                     \
	({                                       \
		bool warn_on = (condition);      \
		if (unlikely(warn_on))           \
			pr_warn(__VA_ARGS__);    \
		unlikely(warn_on);               \
	})
#define WARN_ON(condition) \
	WARN(condition, "WARNING: %s:%d: %s\n", __FILE__, __LINE__, #condition)
#define WARN_ON_ONCE(condition)                         \
	({                                              \
		static bool warned;                     \
		bool warn_now = (condition);            \
		if (unlikely(warn_now && !warned)) {    \
			warned = true;                  \
			WARN_ON(warn_now);              \
		}                                       \
		unlikely(warn_now);                     \
	})

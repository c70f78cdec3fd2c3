/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* compiler.h - attributes and hints */
#pragma once

#include <linux/kconfig.h>
#include <linux/stddef.h>

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define __must_check	    __attribute__((warn_unused_result))
#define __maybe_unused	    __attribute__((unused))
#define __always_unused	    __attribute__((unused))
#define __printf(a, b)	    __attribute__((format(printf, a, b)))
#ifndef __counted_by
#define __counted_by(count)
#endif
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#define noinline __attribute__((noinline))

/* Marks of another checker's address spaces. */
#define __iomem
#define __user
#define __force

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* build_bug.h - what the compiler can refuse */
#pragma once

#define BUILD_BUG_ON_MSG(condition, text) _Static_assert(!(condition), text)
#define BUILD_BUG_ON(condition)		  _Static_assert(!(condition), #condition)

#ifndef static_assert
#define static_assert _Static_assert
#endif

/* Refused where it is reached after optimization. */
extern void libdma_build_bug(void) __attribute__((error("BUILD_BUG")));
#define BUILD_BUG() libdma_build_bug()

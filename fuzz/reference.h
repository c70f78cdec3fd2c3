/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reference.h - references are no part of what is fuzzed
 *
 * An engine that counts their branches and compares their numbers spends more time on
 * them than on the library. gcc's sanitizers still look at them; their arrays are
 * guarded by assert().
 */
#pragma once

#ifdef __clang__
#define REFERENCE_PRAGMA(words) _Pragma(#words)
#define REFERENCE_BEGIN                                                           \
	REFERENCE_PRAGMA(clang attribute push(                                    \
		__attribute__((no_sanitize("coverage", "address", "undefined"))), \
		apply_to = function))
#define REFERENCE_END REFERENCE_PRAGMA(clang attribute pop)
#else
#define REFERENCE_BEGIN
#define REFERENCE_END
#endif

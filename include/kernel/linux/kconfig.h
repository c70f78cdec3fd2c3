/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kconfig.h - what the modelled kernel was configured with */
#pragma once

#define CONFIG_HAS_DMA 1
#define CONFIG_64BIT   1

/* 1 where the option is defined as 1, and 0 where it is not defined. */
#define KCONFIG_IS_1		       0,
#define KCONFIG_SECOND(_1, _2, ...)    _2
#define KCONFIG_CHOOSE(is_or_junk)     KCONFIG_SECOND(is_or_junk 1, 0)
#define KCONFIG_JOIN(value)	       KCONFIG_CHOOSE(KCONFIG_IS_##value)
#define IS_BUILTIN(option)	       KCONFIG_JOIN(option)
#define IS_ENABLED(option)	       IS_BUILTIN(option)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* module.h - where kernel code begins and ends */
#pragma once

#include_next <linux/module.h>

#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>

/*
 * A module's two entries have these names, as in a loadable module: one module to a
 * program or shared object. Whoever entered the kernel face calls them.
 */
int init_module(void);
void cleanup_module(void);

#define module_init(function) int init_module(void) __attribute__((alias(#function)))
#define module_exit(function) void cleanup_module(void) __attribute__((alias(#function)))

/* Text for those who list modules; nobody does here. */
#define MODULE_AUTHOR(text)	 _Static_assert(sizeof(text) > 1, "an author")
#define MODULE_DESCRIPTION(text) _Static_assert(sizeof(text) > 1, "a description")
#define MODULE_LICENSE(text)	 _Static_assert(sizeof(text) > 1, "a licence")

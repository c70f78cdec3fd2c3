/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kernel.h - what most kernel code takes for granted */
#pragma once

#include_next <linux/kernel.h>

#include <linux/array_size.h>
#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/container_of.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/kconfig.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sprintf.h>
#include <linux/string.h>
#include <linux/types.h>

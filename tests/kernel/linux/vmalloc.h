/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vmalloc.h - firewire/core-iso.c names it, and takes nothing of it */
#pragma once

#include <linux/types.h>

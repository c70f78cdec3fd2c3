/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* init.h - marks of what runs once */
#pragma once

#include <linux/compiler.h>

#define __init
#define __exit
#define __initdata

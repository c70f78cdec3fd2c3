/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* string.h - bytes */
#pragma once

#include_next <linux/string.h>

#include <string.h>

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* array_size.h - how many elements */
#pragma once

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

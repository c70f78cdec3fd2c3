/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* errno.h - error numbers */
#pragma once

#include_next <linux/errno.h>

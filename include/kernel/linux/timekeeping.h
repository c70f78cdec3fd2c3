/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* timekeeping.h - the machine's clock */
#pragma once

#include <linux/ktime.h>

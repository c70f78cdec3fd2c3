/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* io.h - addresses */
#pragma once

#include <linux/types.h>

#include <libdma/page.h>

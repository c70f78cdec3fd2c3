/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dmapool.h - pools */
#pragma once

#include <linux/device.h>
#include <linux/scatterlist.h>

#include <libdma/dmapool.h>

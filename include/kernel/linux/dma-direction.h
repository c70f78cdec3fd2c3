/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dma-direction.h - who writes */
#pragma once

#include <libdma/types.h>

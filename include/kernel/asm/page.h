/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* page.h - the size of a page */
#pragma once

#include <libdma/page.h>

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usb.h - a bus, as far as usb/core/buffer.c asks */
#pragma once

#include <linux/device.h>

struct usb_bus {
	struct device *sysdev;
};

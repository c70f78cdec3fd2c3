// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * drivers.c - which driver a device has
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dma/drivers.h"

void drivers_deinit(struct drivers *drivers)
{
	free(drivers->driver);
}

int drivers_set(struct drivers *drivers, uint32_t device, uint32_t driver)
{
	if (device >= drivers->count) {
		size_t count = 2 * (size_t)device + 16;
		uint32_t *grown = realloc(drivers->driver, count * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		memset(grown + drivers->count, 0,
		       (count - drivers->count) * sizeof(*grown));
		drivers->driver = grown;
		drivers->count = count;
	}
	drivers->driver[device] = driver;
	return 0;
}

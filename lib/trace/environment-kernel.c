// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * environment-kernel.c - whose rules the kernel of a recording follows
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <libdma/environment.h>

#include "base/rules.h"

int libdma_kernel_parse(const char *release, enum dma_kernel *ret)
{
	unsigned int major, minor;

	if (sscanf(release, "%u.%u", &major, &minor) != 2)
		return -EINVAL;
	if (major < 6 || (major == 6 && minor < 4))
		*ret = DMA_KERNEL_6_1;
	else if (major == 6 && minor < 18)
		*ret = DMA_KERNEL_6_12;
	else
		*ret = DMA_KERNEL_7_2;
	return 0;
}

const char *libdma_kernel_substitute(const char *release)
{
	enum dma_kernel kernel;
	const char *name;
	size_t length;

	if (libdma_kernel_parse(release, &kernel))
		return NULL;
	name = kernel_rules(kernel)->name;
	length = strlen(name);
	return strncmp(release, name, length) || isdigit((unsigned char)release[length])
		       ? name
		       : NULL;
}

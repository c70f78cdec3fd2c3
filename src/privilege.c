// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * privilege.c - what the recorder may do, and giving it up
 *
 * Once the probes are attached and the file is open, what is left to do is to read
 * memory and to write the file.
 */
#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "privilege.h"

static const struct __user_cap_header_struct myself = { _LINUX_CAPABILITY_VERSION_3, 0 };

bool privilege_has(unsigned int capability)
{
	struct __user_cap_header_struct header = myself;
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, data))
		return false;
	return data[capability / 32].effective >> capability % 32 & 1;
}

int privilege_drop(void)
{
	struct __user_cap_header_struct header = myself;
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(SYS_capset, &header, data))
		return -errno;
	return 0;
}

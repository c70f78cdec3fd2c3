/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * survey.h - read a trace for its machine first, and for its events afterwards
 *
 * A modelled machine must be built before the first event, but what events give away
 * of the recording's machine is known behind the last.
 */
#pragma once

#include <libdma/environment.h>

/*
 * Copy standard input into a file without a name. Sets *@ret to its descriptor; the
 * file is as good as any that was named. 0 or -errno.
 */
int survey_spool(int *ret);

/*
 * Read the trace at @path to its end, and add to @environment what it says and gives
 * away. Damage is not told: the second reading meets it again. 0 or -errno.
 */
int survey_trace(const char *path, const char *from, struct libdma_environment *environment);

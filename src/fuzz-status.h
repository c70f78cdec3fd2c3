/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz-status.h - how a campaign goes, as a table or a document
 */
#pragma once

#include "fuzz-campaign.h"

int fuzz_status_print(const struct fuzz_options *options,
		      const struct fuzz_campaign *campaign);

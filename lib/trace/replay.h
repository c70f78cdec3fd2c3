/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * replay.h - the state of a replay, for a predictor that shares it
 */
#pragma once

#include <libdma/replay.h>

#include "dma/live.h"

/*
 * libdma_replay_put(), but libdma_replay_change() is not asked; what the event did: enum
 * live_change, or -ENOMEM.
 */
int replay_apply(struct libdma_replay *replay, const struct dma_event *event,
		 const struct live_place *place, const struct mapping **ret);

struct live *replay_live(const struct libdma_replay *replay);

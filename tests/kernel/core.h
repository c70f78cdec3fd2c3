/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core.h - what drives a card, as far as firewire/core-iso.c asks */
#pragma once

#include <linux/firewire.h>

struct fw_card_driver {
	struct fw_iso_context *(*allocate_iso_context)(struct fw_card *card, int type,
						       int channel, size_t header_size,
						       size_t header_storage_size);
	void (*free_iso_context)(struct fw_iso_context *context);
	int (*start_iso)(struct fw_iso_context *context, int cycle, unsigned int sync,
			 unsigned int tags);
	int (*set_iso_channels)(struct fw_iso_context *context, u64 *channels);
	int (*queue_iso)(struct fw_iso_context *context, struct fw_iso_packet *packet,
			 struct fw_iso_buffer *buffer, unsigned long payload);
	void (*flush_queue_iso)(struct fw_iso_context *context);
	int (*flush_iso_completions)(struct fw_iso_context *context);
	int (*stop_iso)(struct fw_iso_context *context);
};

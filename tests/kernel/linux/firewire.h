/* SPDX-License-Identifier: GPL-2.0-or-later */
/* firewire.h - a card and its contexts, as far as firewire/core-iso.c asks */
#pragma once

#include <linux/device.h>
#include <linux/firewire-constants.h>
#include <linux/spinlock.h>

#include <asm/byteorder.h>

#define CSR_REGISTER_BASE	  0xfffff0000000ULL
#define CSR_BANDWIDTH_AVAILABLE	  0x220
#define CSR_CHANNELS_AVAILABLE_HI 0x224
#define CSR_CHANNELS_AVAILABLE_LO 0x228
#define BANDWIDTH_AVAILABLE_INITIAL 4915

#define fallthrough __attribute__((fallthrough))
#define be32_to_cpup(at) be32_to_cpu(*(at))

struct fw_card_driver;
struct work_struct;

struct fw_node {
	int node_id;
};

struct fw_card {
	const struct fw_card_driver *driver;
	struct device *device;
	spinlock_t lock;
	struct fw_node *irm_node;
};

struct fw_iso_buffer {
	enum dma_data_direction direction;
	struct page **pages;
	dma_addr_t *dma_addrs;
	int page_count;
};

struct work_struct {
	unsigned char nothing;
};

union fw_iso_callback {
	void (*sc)(void);
};

struct fw_iso_context {
	struct fw_card *card;
	struct work_struct work;
	int type, channel, speed, flags;
	size_t header_size, header_storage_size;
	union fw_iso_callback callback;
	void *callback_data;
};

struct fw_iso_packet;

/* Contexts and transactions are declared only: a program that uses them does not link. */
void might_sleep(void);
struct work_struct *current_work(void);
bool disable_work_sync(struct work_struct *work);
bool enable_work(struct work_struct *work);
bool cancel_work_sync(struct work_struct *work);
int fw_run_transaction(struct fw_card *card, int tcode, int node, int generation,
		       int speed, unsigned long long offset, void *data, size_t size);

int fw_iso_buffer_init(struct fw_iso_buffer *buffer, struct fw_card *card, int pages,
		       enum dma_data_direction direction);
void fw_iso_buffer_destroy(struct fw_iso_buffer *buffer, struct fw_card *card);
size_t fw_iso_buffer_lookup(struct fw_iso_buffer *buffer, dma_addr_t completed);

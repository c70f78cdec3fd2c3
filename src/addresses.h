/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * addresses.h - numbers for the addresses by which the kernel knows its things
 */
#pragma once

#include <stdint.h>

struct addresses;

/* Each entry has @size bytes, zeroed at first. NULL without memory. */
struct addresses *addresses_create(uint32_t size);
void addresses_destroy(struct addresses *addresses);

/* The entry of an address, made if there is none; NULL without memory. */
void *addresses_get(struct addresses *addresses, uint64_t address);

/* The entry, or NULL. */
void *addresses_find(const struct addresses *addresses, uint64_t address);

/* How many addresses there are. */
uint32_t addresses_count(const struct addresses *addresses);

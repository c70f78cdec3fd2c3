/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json.h - the documents that --json prints
 *
 * Keys come out in the order in which they were added. None of these fails: where
 * there is no memory, dmactl ends.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

/* A document whose first member is "schema": "dmactl.@name/1". */
json_t *json_document(const char *name);

/* {} and [] */
json_t *json_create(void);
json_t *json_list(void);

/* Add a member or an element, and take over @value. */
void json_add(json_t *object, const char *key, json_t *value);
void json_append(json_t *list, json_t *value);

/* A count, or a size in bytes. */
json_t *json_count(uint64_t value);
void json_add_count(json_t *object, const char *key, uint64_t value);

/* "0x1f00": addresses and masks, which a double cannot hold. */
json_t *json_hex(uint64_t value);

/* A string that may hold any bytes; those that are no UTF-8 become U+FFFD. */
json_t *json_text(const char *text);

/* Print a value on a line of its document, and release it. */
void json_print_part(json_t *value);

/* Print a document to stdout, and release it. */
void json_print(json_t *document);

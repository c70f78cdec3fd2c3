// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * json.c - the documents that --json prints
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "output.h"
#include "utf8.h"

json_t *json_create(void)
{
	json_t *object = json_object();

	if (!object)
		out_of_memory();
	return object;
}

json_t *json_list(void)
{
	json_t *list = json_array();

	if (!list)
		out_of_memory();
	return list;
}

json_t *json_document(const char *name)
{
	json_t *document = json_create();

	json_add(document, "schema", json_sprintf("dmactl.%s/1", name));
	return document;
}

void json_add(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value))
		out_of_memory();
}

void json_append(json_t *list, json_t *value)
{
	if (json_array_append_new(list, value))
		out_of_memory();
}

json_t *json_count(uint64_t value)
{
	/* jansson's integers have a sign; what is larger still is no honest count */
	if (value > INT64_MAX)
		return json_real((double)value);
	return json_integer((json_int_t)value);
}

void json_add_count(json_t *object, const char *key, uint64_t value)
{
	json_add(object, key, json_count(value));
}

json_t *json_hex(uint64_t value)
{
	return json_sprintf("0x%" PRIx64, value);
}

json_t *json_text(const char *text)
{
	char *clean;
	json_t *value;

	if (utf8_valid(text, strlen(text)))
		return json_string(text);
	clean = malloc(3 * strlen(text) + 1);
	if (!clean)
		out_of_memory();
	utf8_clean(text, strlen(text), clean);
	value = json_string(clean);
	free(clean);
	return value;
}

void json_print_part(json_t *value)
{
	if (json_dumpf(value, stdout, JSON_ENCODE_ANY))
		out_of_memory();
	json_decref(value);
}

void json_print(json_t *document)
{
	if (json_dumpf(document, stdout, JSON_INDENT(2)))
		out_of_memory();
	putchar('\n');
	json_decref(document);
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * environment-print.c - write the JSON form of an environment
 *
 * Addresses are strings, since JSON's readers cannot hold 64 bits in a number.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "trace/environment.h"

/* JSON holds valid UTF-8 only; a recording's strings hold any byte. */
static json_t *text_value(const char *text)
{
	size_t size = strlen(text);
	json_t *value = json_stringn(text, size);
	char *readable;

	if (value || !(readable = malloc(size + 1)))
		return value;
	for (size_t i = 0; i <= size; i++)
		readable[i] = (unsigned char)text[i] < 0x80 ? text[i] : '?';
	value = json_stringn(readable, size);
	free(readable);
	return value;
}

static json_t *address_value(uint64_t address)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, address);
	return json_string(text);
}

static json_t *count_value(uint64_t count)
{
	return count <= INT64_MAX ? json_integer((json_int_t)count)
				  : address_value(count);
}

static json_t *members_value(const struct member *members, const char *object,
			     const void *base);

static json_t *ranges_value(const struct libdma_ranges *ranges)
{
	json_t *list = json_array();

	for (size_t i = 0; i < ranges->count; i++)
		if (json_array_append_new(
			    list, members_value(range_members, "", &ranges->range[i])))
			goto free_list;
	return list;

free_list:
	json_decref(list);
	return NULL;
}

static json_t *group_value(const struct libdma_group *group)
{
	json_t *object = members_value(group_members, "", group);
	json_t *devices = json_array();
	int err = 0;

	for (size_t i = 0; i < group->devices && !err; i++)
		err = json_array_append_new(devices, text_value(group->device[i]));
	if (json_object_set_new(object, "devices", devices) || err) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static json_t *groups_value(const struct libdma_environment *environment)
{
	json_t *list = json_array();

	for (size_t i = 0; i < environment->iommu.groups; i++)
		if (json_array_append_new(list,
					  group_value(&environment->iommu.group[i]))) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static json_t *member_value(const struct member *member, const void *base)
{
	const void *place = (const char *)base + member->offset;

	switch (member->type) {
	case MEMBER_TEXT:
		return text_value(*(char *const *)place);
	case MEMBER_COUNT32:
	case MEMBER_POWER32:
		return json_integer(*(const uint32_t *)place);
	case MEMBER_COUNT:
	case MEMBER_POWER:
		return count_value(*(const uint64_t *)place);
	case MEMBER_ADDRESS:
		return address_value(*(const uint64_t *)place);
	case MEMBER_FLAG:
		return json_boolean(*(const bool *)place);
	case MEMBER_MODE:
		return json_string(
			iommu_mode_name(*(const enum libdma_iommu_mode *)place));
	case MEMBER_RANGES:
		return ranges_value(place);
	case MEMBER_GROUPS:
		return groups_value(base);
	}
	return NULL;
}

static bool member_said(const struct member *member, const void *base)
{
	const void *place = (const char *)base + member->offset;

	return member_known(member, base) != LIBDMA_UNKNOWN &&
	       (member->type != MEMBER_TEXT || *(char *const *)place);
}

static json_t *members_value(const struct member *members, const char *object,
			     const void *base)
{
	json_t *value = json_object();

	for (const struct member *it = members; it->name && value; it++) {
		if (strcmp(it->object, object) || !member_said(it, base))
			continue;
		if (json_object_set_new(value, it->name, member_value(it, base))) {
			json_decref(value);
			value = NULL;
		}
	}
	return value;
}

/* Add the list of those members that were inferred, if there are any. */
static int add_inferred(json_t *object, const struct member *members, const void *base)
{
	json_t *list = json_array();
	char name[64];
	int err = 0;

	for (const struct member *it = members; it->name && !err; it++) {
		if (!member_said(it, base) || member_known(it, base) != LIBDMA_INFERRED)
			continue;
		snprintf(name, sizeof(name), "%s%s%s", it->object, *it->object ? "." : "",
			 it->name);
		err = json_array_append_new(list, json_string(name));
	}
	if (!err && json_array_size(list))
		err = json_object_set(object, "inferred", list);
	json_decref(list);
	return err;
}

/* Add the object of this name, if something in it is known. */
static int add_inner(json_t *root, const char *name,
		     const struct libdma_environment *environment)
{
	json_t *inner = members_value(environment_members, name, environment);
	int err = inner ? 0 : -1;

	if (json_object_size(inner))
		err = json_object_set(root, name, inner);
	json_decref(inner);
	return err;
}

static json_t *device_value(const struct libdma_device_environment *device)
{
	json_t *members = members_value(device_members, "", device);
	json_t *value = json_object();
	int err;

	err = json_object_set_new(value, "name", text_value(device->name));
	if (!err)
		err = json_object_update(value, members);
	if (!err)
		err = add_inferred(value, device_members, device);
	json_decref(members);
	if (err) {
		json_decref(value);
		return NULL;
	}
	return value;
}

static int add_devices(json_t *root, const struct libdma_environment *environment)
{
	json_t *list = json_array();
	int err = 0;

	for (size_t i = 0; i < environment->devices && !err; i++)
		err = json_array_append_new(list, device_value(&environment->device[i]));
	if (!err && environment->devices)
		err = json_object_set(root, "devices", list);
	json_decref(list);
	return err;
}

static int add_root(json_t *root, const struct libdma_environment *environment)
{
	json_t *members = members_value(environment_members, "", environment);
	int err;

	err = json_object_set_new(root, "schema", json_string(ENVIRONMENT_SCHEMA));
	if (!err)
		err = json_object_update(root, members);
	json_decref(members);
	if (!err)
		err = add_inner(root, "swiotlb", environment);
	if (!err)
		err = add_inner(root, "iommu", environment);
	if (!err)
		err = add_devices(root, environment);
	if (!err)
		err = add_inferred(root, environment_members, environment);
	return err;
}

/* jansson ends no text in a newline. */
static int finish_text(char *text, char **ret)
{
	size_t size = strlen(text);
	char *grown = realloc(text, size + 2);

	if (!grown) {
		free(text);
		return -ENOMEM;
	}
	memcpy(grown + size, "\n", 2);
	*ret = grown;
	return 0;
}

int libdma_environment_print(const struct libdma_environment *environment, char **ret)
{
	json_t *root = json_object();
	char *text = NULL;

	if (!add_root(root, environment))
		text = json_dumps(root, JSON_INDENT(2));
	json_decref(root);
	return text ? finish_text(text, ret) : -ENOMEM;
}

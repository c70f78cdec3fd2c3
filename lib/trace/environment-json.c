// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * environment-json.c - read the JSON form of an environment
 *
 * The text is read into an environment of its own, which is laid over the
 * caller's when all of it was right: a wrong file changes nothing.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/bits.h"
#include "base/word.h"
#include "trace/environment.h"
#include "trace/json-place.h"

#define TEXT_MAX   ((size_t)64 << 20)
#define DEVICE_MAX 16384
#define LIST_MAX   65536
#define DEPTH_MAX  8

/* The way to what is looked at now, for messages. */
struct parser {
	const char *json;
	size_t size;
	struct json_step path[DEPTH_MAX];
	size_t depth;
	char **why;
};

/* The reason may quote what is in the file, and is one line. */
static int say(char **why, unsigned int line, unsigned int column, const char *text)
{
	if (asprintf(why, "line %u, column %u: %s", line, column, text) < 0) {
		*why = NULL;
		return -ENOMEM;
	}
	for (char *at = *why; *at; at++)
		if (iscntrl((unsigned char)*at))
			*at = '?';
	return -EINVAL;
}

__attribute__((format(printf, 2, 3))) static int complain(struct parser *parser,
							  const char *format, ...)
{
	unsigned int line, column;
	va_list args;
	char text[256];

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	json_place(parser->json, parser->size, parser->path, parser->depth, &line,
		   &column);
	return say(parser->why, line, column, text);
}

/* The names that an object may have: those of a table, and some that are no values. */
struct names {
	const char *object;
	const struct member *members;
	const char *const *others;
};

static void try_name(const char *name, const char *wrong, const char **best,
		     size_t *distance)
{
	size_t now = word_distance(wrong, name);

	if (now < *distance) {
		*distance = now;
		*best = name;
	}
}

static int complain_unknown(struct parser *parser, const struct names *names,
			    const char *wrong)
{
	size_t distance = 4;
	const char *best = NULL;

	for (const struct member *it = names->members; it->name; it++)
		if (!strcmp(it->object, names->object))
			try_name(it->name, wrong, &best, &distance);
	for (const char *const *it = names->others; it && *it; it++)
		try_name(*it, wrong, &best, &distance);
	if (best)
		return complain(parser, "unknown member \"%.64s\", is \"%s\" meant?",
				wrong, best);
	return complain(parser, "unknown member \"%.64s\"", wrong);
}

static const struct member *find_member(const struct names *names, const char *key)
{
	for (const struct member *it = names->members; it->name; it++)
		if (!strcmp(it->object, names->object) && !strcmp(it->name, key))
			return it;
	return NULL;
}

static bool is_other(const struct names *names, const char *key)
{
	for (const char *const *it = names->others; it && *it; it++)
		if (!strcmp(*it, key))
			return true;
	return false;
}

static int read_number(struct parser *parser, const json_t *value, uint64_t max,
		       uint64_t *ret)
{
	const char *text = json_string_value(value);
	char *end;

	if (json_is_integer(value)) {
		if (json_integer_value(value) < 0)
			return complain(parser, "a number below 0");
		*ret = (uint64_t)json_integer_value(value);
	} else if (text && !strncmp(text, "0x", 2) && strlen(text) <= 18 && text[2] &&
		   strspn(text + 2, "0123456789abcdefABCDEF") == strlen(text + 2)) {
		*ret = strtoull(text + 2, &end, 16);
	} else {
		return complain(parser, "expected a whole number, or a string like \"0x1000\"");
	}
	if (*ret > max)
		return complain(parser, "a number above %llu", (unsigned long long)max);
	return 0;
}

static int read_power(struct parser *parser, const json_t *value, uint64_t *ret)
{
	int err = read_number(parser, value, 1U << 31, ret);

	if (!err && *ret && !is_power_of_two(*ret))
		return complain(parser, "expected a power of two");
	return err;
}

static int read_text(struct parser *parser, const json_t *value, char **ret)
{
	if (!json_is_string(value))
		return complain(parser, "expected a string");
	free(*ret);
	*ret = strdup(json_string_value(value));
	return *ret ? 0 : -ENOMEM;
}

static int read_flag(struct parser *parser, const json_t *value, bool *ret)
{
	if (!json_is_boolean(value))
		return complain(parser, "expected true or false");
	*ret = json_is_true(value);
	return 0;
}

static int read_mode(struct parser *parser, const json_t *value,
		     enum libdma_iommu_mode *ret)
{
	const char *text = json_string_value(value);

	for (unsigned int mode = 0; text && iommu_mode_name(mode); mode++)
		if (!strcmp(text, iommu_mode_name(mode))) {
			*ret = mode;
			return 0;
		}
	return complain(parser, "expected \"off\", \"passthrough\", \"strict\", \"lazy\" "
				"or \"translated\"");
}

static int read_object(struct parser *parser, const json_t *object,
		       const struct names *names, void *base);

typedef int read_element(struct parser *parser, const json_t *value, void *arg);

static int read_list(struct parser *parser, const json_t *list, size_t max,
		     read_element *read, void *arg)
{
	int err;

	if (!json_is_array(list))
		return complain(parser, "expected a list");
	if (json_array_size(list) > max)
		return complain(parser, "more than %zu elements", max);
	for (size_t i = 0; i < json_array_size(list); i++) {
		parser->path[parser->depth++] = (struct json_step) { .index = i };
		err = read(parser, json_array_get(list, i), arg);
		if (err)
			return err;
		parser->depth--;
	}
	return 0;
}

/* The same of the member @key of @object, which may be absent. */
static int read_list_of(struct parser *parser, const json_t *object, const char *key,
			size_t max, read_element *read, void *arg)
{
	const json_t *list = json_object_get(object, key);
	int err;

	if (!list)
		return 0;
	parser->path[parser->depth++] = (struct json_step) { .key = key };
	err = read_list(parser, list, max, read, arg);
	if (!err)
		parser->depth--;
	return err;
}

/* The list with room for one more element, which is zeroed; NULL without memory. */
static void *grow(void *list, size_t count, size_t size)
{
	char *grown = realloc(list, (count + 1) * size);

	if (grown)
		memset(grown + count * size, 0, size);
	return grown;
}

static int read_range(struct parser *parser, const json_t *value, void *arg)
{
	static const struct names names = { .object = "", .members = range_members };
	struct libdma_ranges *ranges = arg;
	struct libdma_range *grown;

	grown = grow(ranges->range, ranges->count, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	ranges->range = grown;
	return read_object(parser, value, &names, &grown[ranges->count++]);
}

static int read_group_device(struct parser *parser, const json_t *value, void *arg)
{
	struct libdma_group *group = arg;
	char **grown = grow(group->device, group->devices, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	group->device = grown;
	return read_text(parser, value, &grown[group->devices++]);
}

static int read_group(struct parser *parser, const json_t *value, void *arg)
{
	static const char *const lists[] = { "devices", NULL };
	static const struct names names = { .object = "",
					    .members = group_members,
					    .others = lists };
	struct libdma_environment *environment = arg;
	struct libdma_group *group;
	int err;

	group = grow(environment->iommu.group, environment->iommu.groups, sizeof(*group));
	if (!group)
		return -ENOMEM;
	environment->iommu.group = group;
	group += environment->iommu.groups++;
	err = read_object(parser, value, &names, group);
	if (!err)
		err = read_list_of(parser, value, "devices", LIST_MAX, read_group_device,
				   group);
	return err;
}

static int read_member(struct parser *parser, const struct member *member,
		       const json_t *value, void *base)
{
	void *place = (char *)base + member->offset;
	uint64_t number;
	int err = 0;

	switch (member->type) {
	case MEMBER_TEXT:
		err = read_text(parser, value, place);
		break;
	case MEMBER_COUNT32:
		err = read_number(parser, value, UINT32_MAX, &number);
		if (!err)
			*(uint32_t *)place = (uint32_t)number;
		break;
	case MEMBER_POWER32:
		err = read_power(parser, value, &number);
		if (!err)
			*(uint32_t *)place = (uint32_t)number;
		break;
	case MEMBER_POWER:
		err = read_power(parser, value, place);
		break;
	case MEMBER_COUNT:
	case MEMBER_ADDRESS:
		err = read_number(parser, value, UINT64_MAX, place);
		break;
	case MEMBER_FLAG:
		err = read_flag(parser, value, place);
		break;
	case MEMBER_MODE:
		err = read_mode(parser, value, place);
		break;
	case MEMBER_RANGES:
		err = read_list(parser, value, LIST_MAX, read_range, place);
		break;
	case MEMBER_GROUPS:
		err = read_list(parser, value, LIST_MAX, read_group, base);
		break;
	}
	if (!err && member->origin != NO_ORIGIN)
		*member_origin(member, base) = LIBDMA_GIVEN;
	return err;
}

/* The members of names->object are read here; others have to be in names->others. */
static int read_object(struct parser *parser, const json_t *object,
		       const struct names *names, void *base)
{
	const struct member *member;
	const char *key;
	json_t *value;
	int err = 0;

	if (!json_is_object(object))
		return complain(parser, "expected an object");
	json_object_foreach((json_t *)object, key, value)
	{
		parser->path[parser->depth++] = (struct json_step) { .key = key };
		member = find_member(names, key);
		if (member)
			err = read_member(parser, member, value, base);
		else if (!is_other(names, key))
			err = complain_unknown(parser, names, key);
		if (err)
			return err;
		parser->depth--;
	}
	return 0;
}

/* What a list "inferred" is about. */
struct inferred {
	const struct member *members;
	void *base;
};

static int read_inferred(struct parser *parser, const json_t *value, void *arg)
{
	const char *text = json_string_value(value);
	const struct inferred *inferred = arg;
	bool found = false;
	char name[64];

	if (!text)
		return complain(parser, "expected the name of a member");
	for (const struct member *it = inferred->members; it->name; it++) {
		snprintf(name, sizeof(name), "%s%s%s", it->object, *it->object ? "." : "",
			 it->name);
		if (strcmp(name, text) ||
		    member_known(it, inferred->base) == LIBDMA_UNKNOWN)
			continue;
		*member_origin(it, inferred->base) = LIBDMA_INFERRED;
		found = true;
	}
	return found ? 0
		     : complain(parser, "\"%.64s\" is no member that is said here", text);
}

static int read_device(struct parser *parser, const json_t *value, void *arg)
{
	static const char *const others[] = { "name", "inferred", NULL };
	static const struct names names = { .object = "",
					    .members = device_members,
					    .others = others };
	struct libdma_environment *environment = arg;
	struct libdma_device_environment *device;
	const char *name = json_string_value(json_object_get(value, "name"));
	size_t before = environment->devices;
	struct inferred inferred = { .members = device_members };
	int err;

	if (!name || !*name)
		return complain(parser, "a device without a \"name\"");
	device = libdma_environment_device(environment, name);
	if (!device)
		return -ENOMEM;
	if (environment->devices == before)
		return complain(parser, "a second device \"%.64s\"", name);
	inferred.base = device;
	err = read_object(parser, value, &names, device);
	if (!err)
		err = read_list_of(parser, value, "inferred", LIST_MAX, read_inferred,
				   &inferred);
	return err;
}

static int read_schema(struct parser *parser, const json_t *root)
{
	const char *schema = json_string_value(json_object_get(root, "schema"));

	if (schema && !strcmp(schema, ENVIRONMENT_SCHEMA))
		return 0;
	if (json_object_get(root, "schema"))
		parser->path[parser->depth++] = (struct json_step) { .key = "schema" };
	return complain(parser, "expected \"schema\": \"" ENVIRONMENT_SCHEMA "\"");
}

static int read_inner(struct parser *parser, const json_t *root, const char *object,
		      struct libdma_environment *environment)
{
	struct names names = { .object = object, .members = environment_members };
	const json_t *value = json_object_get(root, object);
	int err;

	if (!value)
		return 0;
	parser->path[parser->depth++] = (struct json_step) { .key = object };
	err = read_object(parser, value, &names, environment);
	if (!err)
		parser->depth--;
	return err;
}

static int read_root(struct parser *parser, const json_t *root,
		     struct libdma_environment *environment)
{
	static const char *const others[] = { "schema",  "swiotlb",  "iommu",
					      "devices", "inferred", NULL };
	static const struct names names = { .object = "",
					    .members = environment_members,
					    .others = others };
	struct inferred inferred = { .members = environment_members,
				     .base = environment };
	int err;

	if (!json_is_object(root))
		return complain(parser, "expected an object");
	err = read_schema(parser, root);
	if (!err)
		err = read_object(parser, root, &names, environment);
	if (!err)
		err = read_inner(parser, root, "swiotlb", environment);
	if (!err)
		err = read_inner(parser, root, "iommu", environment);
	if (!err)
		err = read_list_of(parser, root, "devices", DEVICE_MAX, read_device,
				   environment);
	if (!err)
		err = read_list_of(parser, root, "inferred", LIST_MAX, read_inferred,
				   &inferred);
	return err;
}

static int complain_syntax(const json_error_t *error, char **why)
{
	/* jansson has nothing to say where it was short of memory */
	if (!error->text[0])
		return -ENOMEM;
	return say(why, error->line < 1 ? 1 : (unsigned int)error->line,
		   error->column < 1 ? 1 : (unsigned int)error->column, error->text);
}

int libdma_environment_parse(struct libdma_environment *environment, const char *json,
			     size_t size, char **why)
{
	struct parser parser = { .json = json, .size = size, .why = why };
	struct libdma_environment *said;
	json_error_t error;
	json_t *root;
	int err;

	*why = NULL;
	if (size > TEXT_MAX)
		return complain(&parser, "more than %zu MiB of text", TEXT_MAX >> 20);
	root = json_loadb(json, size, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		return complain_syntax(&error, why);
	said = libdma_environment_create();
	err = said ? read_root(&parser, root, said) : -ENOMEM;
	if (!err)
		err = environment_merge(environment, said, true);
	libdma_environment_destroy(said);
	json_decref(root);
	return err;
}

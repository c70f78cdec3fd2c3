// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * inference-groups.c - the IOMMU groups that events told of
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/inference.h"

void *inference_grow(void *list, size_t count, size_t size)
{
	char *grown = realloc(list, (count + 1) * size);

	if (grown)
		memset(grown + count * size, 0, size);
	return grown;
}

static struct group_facts *get_group(struct libdma_inference *inference, uint32_t number)
{
	struct group_facts *grown;

	for (size_t i = 0; i < inference->groups; i++)
		if (inference->group[i].number == number)
			return &inference->group[i];
	if (inference->groups == FACT_DEVICES_MAX)
		return NULL;
	grown = inference_grow(inference->group, inference->groups, sizeof(*grown));
	if (!grown)
		return NULL;
	inference->group = grown;
	grown += inference->groups++;
	grown->number = number;
	return grown;
}

int inference_join(struct libdma_inference *inference, const char *device,
		   uint32_t number)
{
	struct group_facts *group = get_group(inference, number);
	char **grown;

	if (!group)
		return inference->groups == FACT_DEVICES_MAX ? 0 : -ENOMEM;
	for (size_t i = 0; i < group->devices; i++)
		if (!strcmp(group->device[i], device))
			return 0;
	grown = inference_grow(group->device, group->devices, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	group->device = grown;
	grown[group->devices] = strdup(device);
	if (!grown[group->devices])
		return -ENOMEM;
	group->devices++;
	return 0;
}

void inference_leave(struct libdma_inference *inference, const char *device,
		     uint32_t number)
{
	struct group_facts *group = get_group(inference, number);

	for (size_t i = 0; group && i < group->devices; i++) {
		if (strcmp(group->device[i], device))
			continue;
		free(group->device[i]);
		group->device[i] = group->device[--group->devices];
		return;
	}
}

void inference_free_groups(struct libdma_inference *inference)
{
	for (size_t i = 0; i < inference->groups; i++) {
		for (size_t j = 0; j < inference->group[i].devices; j++)
			free(inference->group[i].device[j]);
		free(inference->group[i].device);
	}
	free(inference->group);
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * environment.c - the machine that a trace was recorded on
 */
#include <stdlib.h>
#include <string.h>

#include <libdma/environment.h>

static void free_ranges(struct libdma_ranges *ranges)
{
	for (size_t i = 0; i < ranges->count; i++)
		free(ranges->range[i].name);
	free(ranges->range);
}

static void free_group(struct libdma_group *group)
{
	for (size_t i = 0; i < group->devices; i++)
		free(group->device[i]);
	free(group->device);
	free(group->type);
	free_ranges(&group->reserved);
}

struct libdma_environment *libdma_environment_create(void)
{
	return calloc(1, sizeof(struct libdma_environment));
}

void libdma_environment_destroy(struct libdma_environment *environment)
{
	if (!environment)
		return;
	for (size_t i = 0; i < environment->iommu.groups; i++)
		free_group(&environment->iommu.group[i]);
	free(environment->iommu.group);
	for (size_t i = 0; i < environment->devices; i++) {
		free(environment->device[i].name);
		free(environment->device[i].driver);
	}
	free(environment->device);
	free_ranges(&environment->memory);
	free(environment->kernel);
	free(environment->arch);
	free(environment->cmdline);
	free(environment->clock);
	free(environment->recorder);
	free(environment);
}

struct libdma_device_environment *
libdma_environment_device(struct libdma_environment *environment, const char *name)
{
	struct libdma_device_environment *device;

	device = (struct libdma_device_environment *)
		libdma_environment_find_device(environment, name);
	if (device)
		return device;
	device = realloc(environment->device, (environment->devices + 1) * sizeof(*device));
	if (!device)
		return NULL;
	environment->device = device;
	device += environment->devices;
	*device = (struct libdma_device_environment) { .name = strdup(name) };
	if (!device->name)
		return NULL;
	environment->devices++;
	return device;
}

const struct libdma_device_environment *
libdma_environment_find_device(const struct libdma_environment *environment,
			       const char *name)
{
	for (size_t i = 0; i < environment->devices; i++)
		if (!strcmp(environment->device[i].name, name))
			return &environment->device[i];
	return NULL;
}

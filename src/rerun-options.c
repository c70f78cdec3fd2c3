// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rerun-options.c - the options that name another machine, and the machine
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libdma/environment.h>

#include "out-file.h"
#include "output.h"
#include "quantity.h"
#include "rerun.h"

enum {
	OPTION_BACKEND = 832,
	OPTION_KERNEL,
	OPTION_IOMMU,
	OPTION_SWIOTLB,
	OPTION_REPEAT,
	OPTION_DEVICE_MAP,
};

static const struct argp_option options[] = {
	{ .doc = "Another machine:", .group = 3 },
	{ .name = "backend",
	  .key = OPTION_BACKEND,
	  .arg = "NAME",
	  .doc = "Map by 'direct', 'swiotlb' (bounce all) or 'iommu'" },
	{ .name = "kernel",
	  .key = OPTION_KERNEL,
	  .arg = "VERSION",
	  .doc = "Follow the rules of this kernel: 6.1, 6.12 or 7.2" },
	{ .name = "iommu",
	  .key = OPTION_IOMMU,
	  .arg = "MODE",
	  .doc = "'off', 'strict' or 'lazy'" },
	{ .name = "swiotlb",
	  .key = OPTION_SWIOTLB,
	  .arg = "VALUE",
	  .doc = "As the kernel's parameter: SLOTS[,AREAS][,force|noforce]" },
	{ .name = "repeat",
	  .key = OPTION_REPEAT,
	  .arg = "N",
	  .doc = "Run the trace N times, one after the other" },
	{ .name = "device-map",
	  .key = OPTION_DEVICE_MAP,
	  .arg = "OLD=NEW",
	  .doc = "Run OLD's requests as those of the device NEW" },
	{ .name = "output",
	  .key = 'o',
	  .arg = "FILE",
	  .doc = "Write what the machine did as a trace" },
	OPTION_FORCE("FILE"),
	{},
};

static const char *one_of(const char *option, const char *arg, const char *const *names,
			  struct argp_state *state)
{
	for (size_t i = 0; names[i]; i++)
		if (!strcmp(names[i], arg))
			return names[i];
	argp_error(state, "%s does not know '%s'", option, arg);
	return NULL;
}

static void add_device(struct rerun_options *opts, char *arg, struct argp_state *state)
{
	char *equals = strchr(arg, '=');

	if (!equals || equals == arg || !equals[1])
		argp_error(state, "--device-map takes OLD=NEW, not '%s'", arg);
	opts->device = realloc(opts->device, (opts->devices + 1) * sizeof(*opts->device));
	if (!opts->device)
		out_of_memory();
	opts->device[opts->devices++] = arg;
}

static void set_kernel(struct rerun_options *opts, const char *arg,
		       struct argp_state *state)
{
	enum dma_kernel kernel;

	if (libdma_kernel_parse(arg, &kernel))
		argp_error(state, "'%s' is no version of a kernel such as 6.12", arg);
	opts->kernel = arg;
}

static void set_swiotlb(struct rerun_options *opts, const char *arg,
			struct argp_state *state)
{
	struct libdma_swiotlb_size size;

	if (!*arg || arg[strspn(arg, "0123456789xabcdef,norce")] ||
	    libdma_swiotlb_size(arg, 1, &size))
		argp_error(state, "'%s' is no SLOTS[,AREAS][,force|noforce]", arg);
	opts->swiotlb = arg;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	static const char *const backends[] = { "direct", "swiotlb", "iommu", NULL };
	static const char *const modes[] = { "off", "strict", "lazy", NULL };
	struct rerun_options *opts = state->input;

	switch (key) {
	case OPTION_BACKEND:
		opts->backend = one_of("--backend", arg, backends, state);
		break;
	case OPTION_KERNEL:
		set_kernel(opts, arg, state);
		break;
	case OPTION_IOMMU:
		opts->iommu = one_of("--iommu", arg, modes, state);
		break;
	case OPTION_SWIOTLB:
		set_swiotlb(opts, arg, state);
		break;
	case OPTION_REPEAT:
		opts->repeat = quantity_option("--repeat", arg, 1, ULONG_MAX, state);
		break;
	case OPTION_DEVICE_MAP:
		add_device(opts, arg, state);
		break;
	case 'o':
		opts->target.path = arg;
		break;
	case 'f':
		opts->target.force = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	opts->wanted = true;
	return 0;
}

const struct argp rerun_argp = { .options = options, .parser = parse_option };

/* ---- the machine ---- */

static void set_mode(struct libdma_environment *machine, enum libdma_iommu_mode mode)
{
	machine->iommu.mode = mode;
	machine->origin.iommu_mode = LIBDMA_GIVEN;
}

static void set_force(struct libdma_environment *machine, bool force)
{
	machine->swiotlb.force = force;
	machine->origin.swiotlb_force = LIBDMA_GIVEN;
}

static void apply_backend(struct libdma_environment *machine, const char *backend)
{
	bool translated = machine->iommu.mode >= LIBDMA_IOMMU_STRICT;

	set_force(machine, !strcmp(backend, "swiotlb"));
	/* a machine that had none gets the kernel's default */
	if (machine->swiotlb.force && !machine->swiotlb.slots)
		machine->origin.swiotlb_slots = LIBDMA_UNKNOWN;
	if (strcmp(backend, "iommu"))
		set_mode(machine, LIBDMA_IOMMU_OFF);
	else if (!translated)
		set_mode(machine, LIBDMA_IOMMU_LAZY);
}

static void apply_swiotlb(struct libdma_environment *machine, const char *text)
{
	struct libdma_swiotlb_size size = { 0 };

	libdma_swiotlb_size(text, machine->cpus ? machine->cpus : 1, &size);
	/* another size lies elsewhere */
	if (machine->swiotlb.slots != size.slots) {
		machine->swiotlb.start = 0;
		machine->origin.swiotlb_start = LIBDMA_UNKNOWN;
	}
	machine->swiotlb.slots = size.off ? 0 : size.slots;
	machine->swiotlb.areas = size.areas;
	machine->origin.swiotlb_slots = LIBDMA_GIVEN;
	machine->origin.swiotlb_areas = LIBDMA_GIVEN;
	if (strstr(text, "force"))
		set_force(machine, size.force);
}

struct libdma_environment *rerun_environment(const struct rerun_options *opts,
					     const struct libdma_environment *known,
					     const struct libdma_environment *set)
{
	struct libdma_environment *machine = libdma_environment_create();

	if (!machine || (set && libdma_environment_merge(machine, set)) ||
	    libdma_environment_merge(machine, known))
		out_of_memory();
	if (opts->kernel) {
		free(machine->kernel);
		machine->kernel = strdup(opts->kernel);
		if (!machine->kernel)
			out_of_memory();
		machine->origin.kernel = LIBDMA_GIVEN;
	}
	if (opts->backend)
		apply_backend(machine, opts->backend);
	if (opts->iommu)
		set_mode(machine, !strcmp(opts->iommu, "off")	   ? LIBDMA_IOMMU_OFF
				  : !strcmp(opts->iommu, "strict") ? LIBDMA_IOMMU_STRICT
								   : LIBDMA_IOMMU_LAZY);
	if (opts->swiotlb)
		apply_swiotlb(machine, opts->swiotlb);
	return machine;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-anonymize.c - dmactl anonymize: a trace that can be given away
 *
 * Names of devices, drivers, tasks, pools and functions, PIDs and addresses are replaced
 * by others, texts are left out. All that the analyses ask is kept: what is the same, how
 * large it is, where in its page it lies, what lies beside it, which masks it fits.
 */
#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "disguise.h"
#include "form.h"
#include "json.h"
#include "output.h"
#include "source.h"
#include "target.h"
#include "terminal.h"

enum {
	OPTION_KEY = 256,
	OPTION_KEEP,
	OPTION_TIMES,
};

struct options {
	struct source_options source;
	struct target_options target;
	struct form_options form;
	struct terminal terminal;
	const char *key;
	unsigned int keep;
	bool times;
};

static const struct argp_option options[] = {
	{ .name = "key",
	  .key = OPTION_KEY,
	  .arg = "FILE",
	  .doc = "The content of FILE says what stands for what: the same for each trace. "
		 "Otherwise chance does" },
	{ .name = "keep",
	  .key = OPTION_KEEP,
	  .arg = "LIST",
	  .doc = "Keep these as they are: device, driver, task, pool, symbol, address, text, "
		 "with commas between them" },
	{ .name = "times",
	  .key = OPTION_TIMES,
	  .doc = "Count times from the first event" },
	{},
};

static void parse_keep(struct options *opts, const char *list, struct argp_state *state)
{
	const char *name;

	while (*list) {
		size_t size = strcspn(list, ",");
		unsigned int part = 0;

		while ((name = disguise_part_name(part)) &&
		       (strlen(name) != size || strncmp(name, list, size)))
			part++;
		if (!name)
			argp_error(state,
				   "--keep takes device, driver, task, pool, symbol, "
				   "address or text, not '%.*s'",
				   (int)size, list);
		opts->keep |= 1u << part;
		list += size + (list[size] == ',');
	}
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->source;
		state->child_inputs[1] = &opts->target;
		state->child_inputs[2] = &opts->form;
		state->child_inputs[3] = &opts->terminal;
		return 0;
	case OPTION_KEY:
		opts->key = arg;
		return 0;
	case OPTION_KEEP:
		parse_keep(opts, arg, state);
		return 0;
	case OPTION_TIMES:
		opts->times = true;
		return 0;
	case ARGP_KEY_END:
		form_check(&opts->form, opts->target.path, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "[IN]",
	.doc = "Write the trace IN (dma.dmat by default) to OUT without the names and "
	       "addresses of its machine; what the analyses say stays the same.",
	.children = (const struct argp_child[]) { { .argp = &source_argp },
						  { .argp = &target_argp },
						  { .argp = &form_document_argp },
						  { .argp = &terminal_argp },
						  {} },
};

/* What a string is: the same one may be a task and a device. */
enum role {
	ROLE_AS_IT_IS,
	ROLE_DEVICE,
	ROLE_DRIVER,
	ROLE_TASK,
	ROLE_POOL,
	ROLE_STACK,
	ROLES
};

struct anonymize {
	const struct options *opts;
	struct source *source;
	struct disguise *disguise;
	struct libdma_strings *strings; /* of what is written */
	struct libdma_environment *environment;
	struct libdma_writer *writer;
	uint32_t *known[ROLES]; /* by number: what stands for it and 1, or 0 */
	size_t room;
	bool translates;  /* DMA addresses are not those of memory */
	uint32_t *direct; /* but of these devices they are */
	size_t directs;
	uint64_t first_ns;
	uint64_t events, texts;
	/* lists of the present event */
	phys_addr_t *phys;
	dma_addr_t *dma;
	size_t phys_room, dma_room;
};

static char *stand_in(const struct anonymize *all, enum role role, const char *text)
{
	static const enum disguise_part parts[] = {
		[ROLE_DEVICE] = DISGUISE_DEVICE,
		[ROLE_DRIVER] = DISGUISE_DRIVER,
		[ROLE_TASK] = DISGUISE_TASK,
		[ROLE_POOL] = DISGUISE_POOL,
	};

	if (role == ROLE_STACK)
		return disguise_stack(all->disguise, text);
	if (role == ROLE_AS_IT_IS)
		return strdup(text);
	return disguise_name(all->disguise, parts[role], text);
}

static uint32_t add_string(struct anonymize *all, enum role role, uint32_t string)
{
	char *text = stand_in(all, role,
			      libdma_strings_get(source_strings(all->source), string));
	uint32_t number;

	if (!text || libdma_strings_add(all->strings, text, strlen(text), &number))
		out_of_memory();
	free(text);
	return number;
}

static uint32_t string_of(struct anonymize *all, enum role role, uint32_t string)
{
	if (!string)
		return 0;
	if (string >= all->room) {
		size_t room = string * 2 + 64;

		for (unsigned int i = 0; i < ROLES; i++) {
			all->known[i] =
				reallocarray(all->known[i], room, sizeof(uint32_t));
			if (!all->known[i])
				out_of_memory();
			memset(all->known[i] + all->room, 0,
			       (room - all->room) * sizeof(uint32_t));
		}
		all->room = room;
	}
	if (!all->known[role][string])
		all->known[role][string] = add_string(all, role, string) + 1;
	return all->known[role][string] - 1;
}

static enum role role_of_name(unsigned int kind)
{
	switch (kind) {
	case DMA_EVENT_DEVICE:
	case DMA_EVENT_IOMMU_IO_PAGE_FAULT:
		return ROLE_DRIVER;
	case DMA_EVENT_OTHER:
		return ROLE_AS_IT_IS;
	default:
		return ROLE_POOL;
	}
}

/* Is the event's DMA address one of memory? */
static bool is_direct(const struct anonymize *all, const struct dma_event *event)
{
	switch (event->kind) {
	case DMA_EVENT_SWIOTLB_MAP:
	case DMA_EVENT_SWIOTLB_UNMAP:
	case DMA_EVENT_SWIOTLB_BOUNCED:
		return true;
	default:
		break;
	}
	if (!all->translates)
		return true;
	for (size_t i = 0; i < all->directs; i++)
		if (all->direct[i] == event->device)
			return true;
	return false;
}

static void *grow(void *list, size_t *room, size_t count)
{
	if (count > *room) {
		*room = count;
		list = reallocarray(list, count, sizeof(uint64_t));
		if (!list)
			out_of_memory();
	}
	return list;
}

static void replace_addresses(struct anonymize *all, struct dma_event *event)
{
	const struct disguise *disguise = all->disguise;

	event->phys = disguise_address(disguise, event->phys);
	if (event->phys_list) {
		all->phys = grow(all->phys, &all->phys_room, event->phys_count);
		for (uint32_t i = 0; i < event->phys_count; i++)
			all->phys[i] = disguise_address(disguise, event->phys_list[i]);
		event->phys_list = all->phys;
	}
	if (!(event->flags & (DMA_EVENT_HASHED | DMA_EVENT_UNHASHED)))
		event->cpu_addr = disguise_pointer(disguise, event->cpu_addr);
	if (!is_direct(all, event))
		return;
	event->dma = disguise_address(disguise, event->dma);
	if (event->dma_list) {
		all->dma = grow(all->dma, &all->dma_room, event->dma_count);
		for (uint32_t i = 0; i < event->dma_count; i++)
			all->dma[i] = disguise_address(disguise, event->dma_list[i]);
		event->dma_list = all->dma;
	}
}

static int put(struct anonymize *all, const struct dma_event *original)
{
	struct dma_event event = *original;

	replace_addresses(all, &event);
	event.device = string_of(all, ROLE_DEVICE, event.device);
	event.comm = string_of(all, ROLE_TASK, event.comm);
	event.context = string_of(all, ROLE_AS_IT_IS, event.context);
	event.gfp = string_of(all, ROLE_AS_IT_IS, event.gfp);
	event.name = string_of(all, role_of_name(event.kind), event.name);
	event.stack = string_of(all, ROLE_STACK, event.stack);
	event.pid = disguise_pid(all->disguise, event.pid);
	if (event.text && !(all->opts->keep >> DISGUISE_TEXT & 1)) {
		all->texts++;
		event.text = NULL;
		event.text_size = 0;
	}
	if (all->opts->times) {
		event.ns -= all->first_ns < event.ns ? all->first_ns : event.ns;
		if (event.kind == DMA_EVENT_LOST && event.until_ns)
			event.until_ns -= all->first_ns < event.until_ns ? all->first_ns
									 : event.until_ns;
	}
	all->events++;
	return libdma_writer_put(all->writer, &event);
}

/* What is known of the machine, disguised. */
static void take_environment(struct anonymize *all)
{
	libdma_environment_destroy(all->environment);
	all->environment = libdma_environment_create();
	if (!all->environment ||
	    libdma_environment_merge(all->environment, source_environment(all->source)))
		out_of_memory();
	disguise_environment(all->disguise, all->environment, all->translates);
}

static void note_direct(struct anonymize *all, const struct libdma_group *group)
{
	struct libdma_strings *strings =
		libdma_reader_strings(source_reader(all->source));

	for (size_t i = 0; i < group->devices; i++) {
		all->direct =
			reallocarray(all->direct, all->directs + 1, sizeof(uint32_t));
		if (!all->direct || libdma_strings_add(strings, group->device[i],
						       strlen(group->device[i]),
						       &all->direct[all->directs++]))
			out_of_memory();
	}
}

static void learn_translation(struct anonymize *all)
{
	const struct libdma_environment *known = source_environment(all->source);

	all->translates = known->iommu.mode == LIBDMA_IOMMU_STRICT ||
			  known->iommu.mode == LIBDMA_IOMMU_LAZY ||
			  known->iommu.mode == LIBDMA_IOMMU_TRANSLATED;
	for (size_t i = 0; i < known->iommu.groups; i++)
		if (known->iommu.group[i].type &&
		    !strcmp(known->iommu.group[i].type, "identity"))
			note_direct(all, &known->iommu.group[i]);
}

static void print_outcome(const struct anonymize *all)
{
	const struct options *opts = all->opts;
	json_t *document;

	if (!opts->form.form) {
		complain("%s: %" PRIu64 " event%s, %" PRIu64 " text%s left out",
			 target_name(&opts->target), all->events,
			 all->events == 1 ? "" : "s", all->texts,
			 all->texts == 1 ? "" : "s");
		return;
	}
	document = json_document("anonymize");
	json_add(document, "trace", json_text(opts->source.path));
	json_add(document, "completeness", source_completeness(all->source));
	json_add(document, "out", json_text(opts->target.path));
	json_add_count(document, "events", all->events);
	json_add_count(document, "texts_left_out", all->texts);
	json_print(document);
}

static int anonymize(struct anonymize *all)
{
	const struct target_options *target = &all->opts->target;
	const struct dma_event *event = NULL;
	bool more = source_next(all->source, &event) > 0;
	int status, err = 0;

	learn_translation(all);
	take_environment(all);
	all->first_ns = more ? event->ns : 0;
	status = target_open(target, all->strings, all->environment, &all->writer);
	if (status)
		return status;
	for (; more && !err; more = source_next(all->source, &event) > 0)
		err = put(all, event);
	take_environment(all);
	if (!err)
		err = libdma_writer_environment(all->writer, all->environment);
	status = target_close(target, all->writer, err);
	if (!status)
		print_outcome(all);
	return status;
}

static void release(struct anonymize *all)
{
	for (unsigned int i = 0; i < ROLES; i++)
		free(all->known[i]);
	free(all->direct);
	free(all->phys);
	free(all->dma);
	libdma_environment_destroy(all->environment);
	libdma_strings_destroy(all->strings);
	disguise_destroy(all->disguise);
}

static int anonymize_run(int argc, char **argv)
{
	/* Whether DMA addresses are those of memory must be known before the first. */
	struct options opts = { .source = { .survey = true } };
	struct anonymize all = { .opts = &opts, .strings = libdma_strings_create() };
	int status;

	if (!all.strings)
		out_of_memory();
	argp_parse(&argp, argc, argv, 0, NULL, &opts);
	status = target_check(&opts.target, opts.source.path);
	if (!status)
		status = disguise_create(opts.key, opts.keep, &all.disguise);
	if (!status)
		status = source_open(&opts.source, NULL, &all.source);
	if (!status)
		status = anonymize(&all);
	status = source_close(all.source, status);
	release(&all);
	return status;
}

const struct command command_anonymize = {
	.name = "anonymize",
	.summary = "Write a trace without the names and addresses of its machine",
	.argp = &argp,
	.run = anonymize_run,
};

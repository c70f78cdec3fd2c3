// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-seeds.c - the inputs that there are for a target
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz-seeds.h"
#include "output.h"

void fuzz_seeds_kept(const struct fuzz_campaign *campaign, struct fuzz_files *list)
{
	char *folder = fuzz_path("%s/corpus", campaign->folder);
	struct fuzz_files workers = { 0 };

	fuzz_files_add(folder, "", list);
	free(folder);
	if (campaign->sync)
		fuzz_files_find(campaign->sync, "", &workers);
	for (size_t i = 0; i < workers.count; i++) {
		folder = fuzz_path("%s/queue", workers.path[i]);
		fuzz_files_add(folder, "id", list);
		free(folder);
	}
	fuzz_files_deinit(&workers);
}

void fuzz_seeds_committed(const struct fuzz_options *options, const char *target,
			  struct fuzz_files *list)
{
	char *corpus = fuzz_path("%s/corpus/%s", options->data, target);
	char *regressions = fuzz_path("%s/corpus/regressions/%s", options->data, target);

	fuzz_files_add(corpus, "", list);
	fuzz_files_add(regressions, "", list);
	free(regressions);
	free(corpus);
}

uint64_t fuzz_seeds_size(const char *path)
{
	struct stat status;

	return stat(path, &status) ? 0 : (uint64_t)status.st_size;
}

static int by_number(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

static int by_size(const void *a, const void *b)
{
	char *const *left = a, *const *right = b;
	uint64_t of_left = fuzz_seeds_size(*left), of_right = fuzz_seeds_size(*right);
	int order = by_number(&of_left, &of_right);

	return order ? order : strcmp(*left, *right);
}

void fuzz_seeds_sort(struct fuzz_files *files)
{
	if (files->count)
		qsort(files->path, files->count, sizeof(*files->path), by_size);
}

uint64_t *fuzz_seeds_sizes(const struct fuzz_files *files)
{
	uint64_t *sizes = calloc(files->count, sizeof(*sizes));

	if (!files->count) {
		free(sizes);
		return NULL;
	}
	if (!sizes)
		out_of_memory();
	for (size_t i = 0; i < files->count; i++)
		sizes[i] = fuzz_seeds_size(files->path[i]);
	qsort(sizes, files->count, sizeof(*sizes), by_number);
	return sizes;
}

static void add_name(struct fuzz_files *list, const char *name)
{
	list->path = reallocarray(list->path, list->count + 1, sizeof(*list->path));
	if (!list->path)
		out_of_memory();
	list->path[list->count++] = fuzz_path("%s", name);
}

/* Of fuzz-pool, or of fuzz-pool.c; not of fuzz-pool.o or fuzz-trace.dict. */
static void add_names(struct fuzz_files *list, const char *folder, const char *suffix)
{
	struct fuzz_files files;

	fuzz_files_find(folder, "fuzz-", &files);
	for (size_t i = 0; i < files.count; i++) {
		char *name = strrchr(files.path[i], '/') + strlen("/fuzz-");
		char *dot = name + strcspn(name, ".");

		if (strcmp(dot, suffix))
			continue;
		*dot = 0;
		add_name(list, name);
	}
	fuzz_files_deinit(&files);
}

int fuzz_seeds_targets(const struct fuzz_options *options, const char *programs,
		       struct fuzz_files *ret)
{
	char *sources = fuzz_path("%s/fuzz", options->data);
	struct fuzz_campaign campaign;
	int status = EXIT_FINE;

	*ret = (struct fuzz_files) { 0 };
	for (int i = 0; i < options->argc; i++)
		add_name(ret, options->argv[i]);
	if (options->argc)
		goto free_sources;
	if (options->run) {
		status = fuzz_campaign_open(options, options->run, &campaign);
		if (status)
			goto free_sources;
		add_name(ret, campaign.target);
		fuzz_campaign_close(&campaign);
	} else if (programs) {
		add_names(ret, programs, "");
	} else {
		add_names(ret, sources, ".c");
	}
free_sources:
	free(sources);
	return status;
}

int fuzz_seeds_find(const struct fuzz_options *options, const char *target,
		    struct fuzz_files *ret)
{
	struct fuzz_campaign campaign;
	int status;

	*ret = (struct fuzz_files) { 0 };
	if (!options->run) {
		fuzz_seeds_committed(options, target, ret);
		return EXIT_FINE;
	}
	status = fuzz_campaign_open(options, options->run, &campaign);
	if (status)
		return status;
	if (strcmp(campaign.target, target)) {
		complain("%s is a campaign of %s, not of %.40s", campaign.id,
			 campaign.target, target);
		status = EXIT_USAGE;
	} else {
		fuzz_seeds_kept(&campaign, ret);
	}
	fuzz_campaign_close(&campaign);
	return status;
}

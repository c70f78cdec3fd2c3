// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-fuzz-corpus-merge.c - dmactl fuzz corpus merge: the fewest inputs that reach as
 * much
 *
 * The engine chooses them, libFuzzer by -merge=1 and AFL++ by afl-cmin. What once broke a
 * target takes no part: inputs that show something are not those that reach something.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz-build.h"
#include "fuzz-corpus.h"
#include "fuzz-input.h"
#include "fuzz-scratch.h"
#include "fuzz-seeds.h"
#include "fuzz-tool.h"
#include "json.h"
#include "output.h"
#include "table.h"

/* What a committed corpus may have, for a target. */
#define INPUTS_MOST 512
#define BYTES_MOST  (256 << 10)

struct merge {
	const struct fuzz_options *options;
	const struct fuzz_target *target;
	const char *out;
	char *folder; /* of copies of all inputs, and a log */
	char *inputs;
	uint64_t count, bytes;
};

/* Inputs that are the same have one name. */
static int add_input(struct merge *merge, const char *path)
{
	uint8_t *data;
	size_t size;
	int status = fuzz_input_read(path, &data, &size), err;
	char *copy;

	if (status)
		return status;
	copy = fuzz_path("%s/%016" PRIx64, merge->inputs, fuzz_input_hash(data, size));
	if (access(copy, F_OK)) {
		err = output_file(copy, (const char *)data, size);
		status = err ? trouble(copy, err) : EXIT_FINE;
		merge->count++;
		merge->bytes += size;
	}
	free(copy);
	free(data);
	return status;
}

/* A campaign, by its name or folder, or a folder of inputs. */
static int add_source(struct merge *merge, const char *name, struct fuzz_files *files)
{
	char *run = fuzz_path("%s/run.json", name);
	struct fuzz_campaign campaign;
	bool inputs = strchr(name, '/') && access(run, F_OK);
	int status = EXIT_FINE;

	free(run);
	if (inputs) {
		fuzz_files_add(name, "", files);
		return access(name, R_OK | X_OK) ? trouble(name, -errno) : EXIT_FINE;
	}
	status = fuzz_campaign_open(merge->options, name, &campaign);
	if (status)
		return status;
	if (strcmp(campaign.target, merge->target->name)) {
		complain("%s is a campaign of %s, not of %s", campaign.id,
			 campaign.target, merge->target->name);
		status = EXIT_USAGE;
	} else {
		fuzz_seeds_kept(&campaign, files);
	}
	fuzz_campaign_close(&campaign);
	return status;
}

/* Every campaign of the target. */
static int add_campaigns(struct merge *merge, struct fuzz_files *files)
{
	struct fuzz_files all;
	int status = EXIT_FINE;

	fuzz_files_find(merge->options->output, "", &all);
	for (size_t i = 0; i < all.count && !status; i++) {
		char *run = fuzz_path("%s/run.json", all.path[i]);
		char *dash = strchr(strrchr(all.path[i], '/'), '-');
		size_t size = strlen(merge->target->name);

		/* 20261121-213000-pool, or with -2 behind it */
		dash = dash ? strchr(dash + 1, '-') : NULL;
		if (dash && !access(run, F_OK) &&
		    !strncmp(dash + 1, merge->target->name, size) &&
		    (!dash[size + 1] || dash[size + 1] == '-'))
			status = add_source(merge, all.path[i], files);
		free(run);
	}
	fuzz_files_deinit(&all);
	return status;
}

static int gather(struct merge *merge)
{
	const struct fuzz_options *options = merge->options;
	char *corpus = fuzz_path("%s/corpus/%s", options->data, merge->target->name);
	struct fuzz_files files = { 0 };
	int status = fuzz_folder_make(merge->inputs);

	fuzz_files_add(corpus, "", &files);
	free(corpus);
	for (int i = 2; i < options->argc && !status; i++)
		status = add_source(merge, options->argv[i], &files);
	if (options->argc == 2 && !status)
		status = add_campaigns(merge, &files);
	for (size_t i = 0; i < files.count && !status; i++)
		status = add_input(merge, files.path[i]);
	fuzz_files_deinit(&files);
	if (!status && !merge->count) {
		complain("there is no input of %s to merge", merge->target->name);
		status = EXIT_USAGE;
	}
	return status;
}

/* Let the engine choose. */
static int choose(const struct merge *merge)
{
	static const char *const environment[] = { "AFL_ALLOW_TMP=1",
						   "AFL_SKIP_CPUFREQ=1",
						   "AFL_NO_AFFINITY=1", NULL };
	bool afl = merge->target->engine == FUZZ_ENGINE_AFL;
	const char *const of_afl[] = { "afl-cmin",
				       "-i",
				       merge->inputs,
				       "-o",
				       merge->out,
				       "-m",
				       "none",
				       "-t",
				       "10000",
				       "--",
				       merge->target->program,
				       NULL };
	const char *const of_libfuzzer[] = { merge->target->program,
					     "-merge=1",
					     "-detect_leaks=0",
					     "-rss_limit_mb=2048",
					     merge->out,
					     merge->inputs,
					     NULL };
	char *log = fuzz_path("%s/log", merge->folder), line[256] = "";
	struct fuzz_tool tool = { .argv = afl ? of_afl : of_libfuzzer,
				  .log = log,
				  .environment = environment };
	int how = fuzz_tool_run(&tool);
	FILE *file;

	if (how) {
		file = fopen(log, "re");
		while (file && fgets(line, sizeof(line), file))
			line[strcspn(line, "\n")] = 0;
		if (file)
			fclose(file);
		complain("%s ended with %d: %s", tool.argv[0], how, line);
	}
	free(log);
	return how ? EXIT_SYSTEM : EXIT_FINE;
}

static void print(const struct merge *merge)
{
	char before[16], after[16];
	struct fuzz_files files;
	uint64_t *sizes, bytes = 0;
	json_t *document;

	fuzz_files_find(merge->out, "", &files);
	sizes = fuzz_seeds_sizes(&files);
	for (size_t i = 0; i < files.count; i++)
		bytes += sizes[i];
	if (merge->options->form.form == FORM_JSON) {
		document = json_document("fuzz-corpus-merge");
		json_add(document, "target", json_text(merge->target->name));
		json_add(document, "out", json_text(merge->out));
		json_add_count(document, "inputs_before", merge->count);
		json_add_count(document, "bytes_before", merge->bytes);
		json_add_count(document, "inputs", files.count);
		json_add_count(document, "bytes", bytes);
		json_print(document);
	} else {
		printf("%s: %zu of %" PRIu64 " inputs, %s of %s, reach what all do\n",
		       merge->out, files.count, merge->count,
		       table_size(bytes, after, sizeof(after)),
		       table_size(merge->bytes, before, sizeof(before)));
	}
	if (files.count > INPUTS_MOST || bytes > BYTES_MOST)
		complain("%s: a committed corpus has at most %d inputs and 256K",
			 merge->out, INPUTS_MOST);
	free(sizes);
	fuzz_files_deinit(&files);
}

/* Only into what is new, or empty. */
static int make_out(const char *out)
{
	DIR *dir = opendir(out);
	struct dirent *entry;
	bool used = false;

	while (dir && (entry = readdir(dir)))
		used = used ||
		       (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."));
	if (dir)
		closedir(dir);
	if (used) {
		complain("%s is not empty, and stays as it is", out);
		return EXIT_USAGE;
	}
	return fuzz_folder_make(out);
}

static int merge(struct merge *merge)
{
	int status = fuzz_scratch_create(&merge->folder);

	if (status)
		return status;
	merge->inputs = fuzz_path("%s/in", merge->folder);
	status = gather(merge);
	if (!status)
		status = make_out(merge->out);
	if (!status)
		status = choose(merge);
	free(merge->inputs);
	fuzz_scratch_destroy(merge->folder);
	if (!status)
		print(merge);
	return status;
}

int fuzz_corpus_merge(const struct fuzz_options *options)
{
	struct fuzz_options how = *options;
	struct merge all = { .options = &how, .out = options->argv[1] };
	struct fuzz_target target;
	int status;

	how.programs = fuzz_path("%s", options->programs);
	if (!options->programs_said)
		fuzz_build_choose(&how);
	status = fuzz_target_find(&how, options->argv[0], false, &target);
	if (status)
		goto free_programs;
	all.target = &target;
	if (target.engine == FUZZ_ENGINE_NONE) {
		complain(
			"%s has no engine, which chooses the inputs: 'dmactl fuzz build' "
			"makes one that has",
			target.program);
		status = EXIT_CANNOT;
	} else {
		status = merge(&all);
	}
	fuzz_target_deinit(&target);
free_programs:
	free(how.programs);
	return status;
}

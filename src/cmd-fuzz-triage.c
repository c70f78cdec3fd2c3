// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-fuzz-triage.c - dmactl fuzz triage: which findings of a campaign are the same
 *
 * Each is run three times: what is seen only now and then is told apart, since nobody
 * can mend what does not come again. Of those that are the same the shortest is shown.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz-campaign.h"
#include "fuzz-input.h"
#include "fuzz-replay.h"
#include "json.h"
#include "output.h"
#include "table.h"

#define TIMES 3

enum {
	COLUMN_BUCKET,
	COLUMN_COUNT,
	COLUMN_SEEN,
	COLUMN_SIZE,
	COLUMN_WHAT,
	COLUMN_INPUT,
};

static const struct column columns[] = {
	{ .name = "BUCKET", .summary = "name of what is the same, in each build" },
	{ .name = "COUNT", .summary = "findings in it", .right = true },
	{ .name = "SEEN", .summary = "always, sometimes, or never when run again" },
	{ .name = "SIZE", .summary = "of the shortest, in bytes", .right = true },
	{ .name = "WHAT", .summary = "who saw it, and where" },
	{ .name = "INPUT", .summary = "the shortest" },
	{},
};

/**
 * struct bucket - findings that are the same
 * @name:	of fuzz_bucket(); "" for those that did not come again
 * @flaky:	one of them was not seen each time
 */
struct bucket {
	char name[FUZZ_BUCKET];
	uint64_t count;
	bool flaky;
	const char *shortest;
	int64_t size;
	struct fuzz_outcome outcome;
};

struct bucket_list {
	struct bucket *bucket;
	size_t count;
};

/* A name for the name. */
static uint64_t hash(const char *text)
{
	return fuzz_input_hash(text, strlen(text)) & 0xffffffffffff;
}

static struct bucket *find_bucket(struct bucket_list *list, const char *name)
{
	struct bucket *bucket;

	for (size_t i = 0; i < list->count; i++)
		if (!strcmp(list->bucket[i].name, name))
			return &list->bucket[i];
	list->bucket = reallocarray(list->bucket, list->count + 1, sizeof(*list->bucket));
	if (!list->bucket)
		out_of_memory();
	bucket = &list->bucket[list->count++];
	*bucket = (struct bucket) { .size = INT64_MAX };
	snprintf(bucket->name, sizeof(bucket->name), "%s", name);
	return bucket;
}

/* Run a finding, and put it to those that are the same. */
static int sort(struct bucket_list *list, const struct fuzz_target *target,
		const char *path, const char *mutant)
{
	struct fuzz_outcome outcome, first = { 0 };
	char name[FUZZ_BUCKET] = "", again[FUZZ_BUCKET];
	struct bucket *bucket;
	struct stat status;
	unsigned int seen = 0;
	bool differs = false;
	int err;

	for (int i = 0; i < TIMES; i++) {
		err = fuzz_replay(target, path, mutant, &outcome, NULL);
		if (err)
			return err;
		if (!outcome.found)
			continue;
		fuzz_bucket(&outcome, again);
		differs = differs || (seen && strcmp(again, name));
		if (!seen++) {
			first = outcome;
			memcpy(name, again, sizeof(name));
		}
	}
	bucket = find_bucket(list, name);
	bucket->count++;
	bucket->flaky = bucket->flaky || differs || seen < TIMES;
	if (!stat(path, &status) && status.st_size < bucket->size) {
		bucket->size = status.st_size;
		bucket->shortest = path;
		bucket->outcome = first;
	}
	return EXIT_FINE;
}

static const char *seen_word(const struct bucket *bucket)
{
	return !*bucket->name ? "never" : bucket->flaky ? "sometimes" : "always";
}

static void print_table(struct table *table, const struct bucket_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct bucket *bucket = &list->bucket[i];

		table_row(table);
		table_cell(table, COLUMN_BUCKET, "%012" PRIx64, hash(bucket->name));
		table_cell(table, COLUMN_COUNT, "%" PRIu64, bucket->count);
		table_cell(table, COLUMN_SEEN, "%s", seen_word(bucket));
		table_cell(table, COLUMN_SIZE, "%" PRId64, bucket->size);
		table_cell(table, COLUMN_WHAT, "%s", bucket->name);
		table_cell(table, COLUMN_INPUT, "%s", bucket->shortest);
	}
	table_print(table);
}

static void print_json(const struct fuzz_campaign *campaign,
		       const struct bucket_list *list)
{
	json_t *document = json_document("fuzz-triage"), *buckets = json_list();

	json_add(document, "run", json_text(campaign->id));
	json_add(document, "target", json_text(campaign->target));
	for (size_t i = 0; i < list->count; i++) {
		const struct bucket *bucket = &list->bucket[i];
		json_t *object = json_create();
		char name[16];

		snprintf(name, sizeof(name), "%012" PRIx64, hash(bucket->name));
		json_add(object, "bucket", json_text(name));
		json_add_count(object, "count", bucket->count);
		json_add(object, "seen", json_text(seen_word(bucket)));
		json_add(object, "oracle", json_text(bucket->outcome.oracle));
		json_add(object, "place", json_text(bucket->outcome.place));
		json_add(object, "condition", json_text(bucket->outcome.condition));
		json_add(object, "what", json_text(bucket->name));
		json_add(object, "input", json_text(bucket->shortest));
		json_add_count(object, "size", (uint64_t)bucket->size);
		json_append(buckets, object);
	}
	json_add(document, "buckets", buckets);
	json_print(document);
}

/* The program may have been built anew since, which is often what one wants to know. */
static int sort_all(const struct fuzz_campaign *campaign,
		    const struct fuzz_files *findings, struct bucket_list *list)
{
	struct fuzz_target target = { .program = campaign->program,
				      .engine = campaign->engine };
	const char *mutant = *campaign->mutant ? campaign->mutant : NULL;
	int status = EXIT_FINE;

	for (size_t i = 0; i < findings->count && !status; i++)
		status = sort(list, &target, findings->path[i], mutant);
	return status;
}

int fuzz_triage(const struct fuzz_options *options)
{
	struct fuzz_campaign campaign;
	struct bucket_list list = { 0 };
	struct fuzz_files findings;
	struct table *table;
	int status = table_create(&options->form, &options->terminal, columns, &table);

	if (!table)
		return status;
	status = fuzz_campaign_open(options, options->argv[0], &campaign);
	if (status)
		goto destroy_table;
	fuzz_campaign_findings(&campaign, &findings);
	status = sort_all(&campaign, &findings, &list);
	if (options->form.form == FORM_JSON)
		print_json(&campaign, &list);
	else if (list.count)
		print_table(table, &list);
	else if (options->form.form == FORM_HUMAN)
		printf("%s found nothing\n", campaign.id);
	if (!status && list.count)
		status = EXIT_FOUND;
	free(list.bucket);
	fuzz_files_deinit(&findings);
	fuzz_campaign_close(&campaign);
destroy_table:
	table_destroy(table);
	return status;
}

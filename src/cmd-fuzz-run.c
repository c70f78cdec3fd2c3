// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-fuzz-run.c - dmactl fuzz run: a campaign, from its beginning to its summary
 */
#include <stdio.h>
#include <string.h>

#include "fuzz-engine.h"
#include "fuzz-mutant.h"
#include "fuzz-status.h"
#include "output.h"

static int find_target(const struct fuzz_options *options, struct fuzz_target *target)
{
	int status = fuzz_target_find(options, options->argv[0], options->mutant != NULL,
				      target);

	if (status)
		return status;
	if (target->engine == FUZZ_ENGINE_NONE) {
		complain(
			"%s has no fuzzing engine: 'dmactl fuzz build' makes one that has, "
			"see fuzz(7)",
			target->program);
	} else if (options->engine &&
		   strcmp(options->engine, fuzz_engine_names[target->engine])) {
		complain(
			"%s is built for %s, not for %s: --programs names another folder",
			target->program, fuzz_engine_names[target->engine],
			options->engine);
	} else if (options->sync && target->engine != FUZZ_ENGINE_AFL) {
		complain("--sync is a folder of AFL++, and %s is built for %s",
			 target->program, fuzz_engine_names[target->engine]);
	} else {
		return EXIT_FINE;
	}
	fuzz_target_deinit(target);
	return EXIT_CANNOT;
}

int fuzz_run(const struct fuzz_options *options)
{
	struct fuzz_campaign campaign;
	struct fuzz_target target;
	int status = fuzz_mutant_check(options);

	if (!status)
		status = find_target(options, &target);
	if (status)
		return status;
	status = fuzz_campaign_create(options, &target, &campaign);
	fuzz_target_deinit(&target);
	if (status)
		return status;
	fprintf(stderr, "%s: %u of %s\n", campaign.folder, options->jobs,
		fuzz_engine_names[campaign.engine]);
	status = fuzz_campaign_run(options, &campaign);
	fuzz_status_print(options, &campaign);
	fuzz_campaign_close(&campaign);
	return status;
}

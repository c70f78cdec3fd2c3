/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz-campaign.h - the folder of a campaign: what was begun, how it goes, what it found
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "fuzz-target.h"

/**
 * struct fuzz_campaign - a folder of --output, whose run.json this is
 * @folder:	its path
 * @id:		"20261121-213000-pool", its last part
 * @target:	a target's name
 * @program:	the path of its program
 * @engine:	that the program has
 * @mutant:	the bug that was put back, or ""
 * @sync:	where AFL++ keeps what it has, else NULL
 * @pid:	of the dmactl that runs it
 * @pid_start:	when that process began, as the kernel counts: a number used again is
 *		another process
 * @started:	seconds since 1970
 * @seconds:	how long it is to run, 0 until it is stopped
 * @jobs:	workers
 * @interrupted: a signal ended it; not written
 */
struct fuzz_campaign {
	char *folder;
	const char *id;
	char target[32];
	char *program;
	enum fuzz_engine engine;
	char mutant[8];
	char *sync;
	pid_t pid;
	uint64_t pid_start;
	int64_t started;
	unsigned int seconds;
	unsigned int jobs;
	bool interrupted;
};

/* A new folder, with what it needs in it. EXIT_FINE, or EXIT_SYSTEM with a message. */
int fuzz_campaign_create(const struct fuzz_options *options,
			 const struct fuzz_target *target, struct fuzz_campaign *ret);

/*
 * The campaign that the user named, or the newest. EXIT_FINE, or a message and
 * EXIT_USAGE (there is none) or EXIT_INPUT (its run.json is bad).
 */
int fuzz_campaign_open(const struct fuzz_options *options, const char *name,
		       struct fuzz_campaign *ret);
/*
 * Where the input of 'repro' or 'minimize' is of a campaign: its program and the bug that
 * was put back, unless the user said them. They are not freed.
 */
void fuzz_campaign_adopt(struct fuzz_options *options, const char *input);

void fuzz_campaign_close(struct fuzz_campaign *campaign);

/* Is the dmactl that runs it still there? */
bool fuzz_campaign_alive(const struct fuzz_campaign *campaign);

/* The inputs that it found. */
void fuzz_campaign_findings(const struct fuzz_campaign *campaign, struct fuzz_files *ret);

/**
 * struct fuzz_worker - how far an engine says that it is
 * @name:	"libfuzzer-1", or AFL++'s own name for it
 * @execs:	inputs run so far
 * @speed:	of them a second
 * @corpus:	inputs kept
 * @edges:	of the program reached
 * @stability:	percent of edges that are always the same, negative where not known
 * @findings:	inputs that broke the target
 * @heard:	when it last said something, in seconds since 1970; 0 for never
 */
struct fuzz_worker {
	char name[64];
	uint64_t execs;
	double speed;
	uint64_t corpus;
	uint64_t edges;
	double stability;
	uint64_t findings;
	int64_t heard;
};

/* All workers, those of other machines that share the folder included; to be freed. */
size_t fuzz_campaign_workers(const struct fuzz_campaign *campaign,
			     struct fuzz_worker **ret);

/* What the log of a libFuzzer, or the fuzzer_stats of an AFL++, says. */
void fuzz_worker_read_log(const char *path, struct fuzz_worker *ret);
void fuzz_worker_read_stats(const char *path, struct fuzz_worker *ret);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz-corpus.h - what can be done with the inputs of targets: 'dmactl fuzz corpus'
 *
 * The arguments are those behind the action's name.
 */
#pragma once

#include "fuzz.h"

int fuzz_corpus_list(const struct fuzz_options *options);
int fuzz_corpus_merge(const struct fuzz_options *options);
int fuzz_corpus_import(const struct fuzz_options *options);
int fuzz_corpus_export(const struct fuzz_options *options);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verdict-words.h - what a verdict has to say, whatever it is about
 */
#pragma once

#include <libdma/check.h>

/* @rule: DMA003 is 3 */
void verdict_expect_words(const struct libdma_check_verdict *verdict, unsigned int rule);

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ftrace-memo.c - numbers of strings, without asking the table of all strings
 *
 * Each column of a line has few different strings: a small table for each, indexed by
 * a hash of the string's first and last bytes.
 */
#include <string.h>

#include "trace/ftrace.h"

static void learn(struct ftrace *ftrace, struct scan *scan, struct memo *memo,
		  const char *text, size_t size)
{
	struct libdma_strings *strings = ftrace->reader->strings;
	uint32_t number;

	if (memchr(text, '\0', size)) {
		scan_fail(scan);
		return;
	}
	if (libdma_strings_add(strings, text, size, &number)) {
		scan->error = -ENOMEM;
		return;
	}
	memo->text = libdma_strings_get(strings, number);
	memo->size = (uint32_t)size;
	memo->number = number;
	memo->kind = ftrace_kind(text, size);
}

struct memo *ftrace_recall(struct ftrace *ftrace, struct scan *scan, struct memos *memos,
			   const char *text, size_t size)
{
	uint64_t head = scan_load(text), tail = 0, hash;
	struct memo *memo;

	if (size >= 8)
		tail = scan_load(text + size - 8);
	else
		head &= (1ULL << 8 * size) - 1;
	hash = (head * 0x9e3779b97f4a7c15ULL ^ tail) * 0xd6e8feb86659fd93ULL;
	memo = &memos->memo[hash >> (64 - MEMO_BITS)];
	if (memo->head == head && memo->tail == tail && memo->size == size &&
	    (size <= 16 || !memcmp(memo->text, text, size)))
		return memo;
	memo->head = head;
	memo->tail = tail;
	memo->size = 0;
	memo->number = 0;
	learn(ftrace, scan, memo, text, size);
	return memo;
}

void ftrace_intern(struct ftrace *ftrace, struct scan *scan, struct memos *memos,
		   const char *text, size_t size, uint32_t *ret)
{
	struct memo *memo = ftrace_recall(ftrace, scan, memos, text, size);

	memos->last = memo;
	*ret = memo->number;
}

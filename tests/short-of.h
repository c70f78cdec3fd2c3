/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * short-of.h - the nth call for memory, or of the operating system, fails
 *
 * For a test that is linked with short_of_flags of module.am: whatever of the library allocates,
 * reads or maps comes by here first. Which blocks are live is known, so that one that a
 * failing call forgot is seen, whoever watches.
 */
#pragma once

#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

#include "test.h"

enum shortage {
	OF_MEMORY,
	OF_SYSTEM, /* files, and the program's address space */
	SHORTAGES
};

static uint64_t short_calls[SHORTAGES], short_nth[SHORTAGES];
static bool inside_jansson;

static bool runs_short(enum shortage of)
{
	bool now;

	if (inside_jansson)
		return false;
	now = __atomic_add_fetch(&short_calls[of], 1, __ATOMIC_RELAXED) == short_nth[of];
	if (now)
		errno = of == OF_MEMORY ? ENOMEM : EIO;
	return now;
}

/* From now on counted from 1; 0 lets nothing fail. */
static inline void fail_nth(enum shortage of, uint64_t nth)
{
	memset(short_calls, 0, sizeof(short_calls));
	memset(short_nth, 0, sizeof(short_nth));
	short_nth[of] = nth;
}

/* Did a call fail since? */
static inline bool has_failed(enum shortage of)
{
	return short_nth[of] && short_calls[of] >= short_nth[of];
}

/* --- live blocks: a set of addresses --- */

#define BLOCK_SLOTS (1u << 19)

static uintptr_t block_slot[BLOCK_SLOTS];
static size_t blocks;
static pthread_mutex_t block_lock = PTHREAD_MUTEX_INITIALIZER;

static size_t block_home(uintptr_t block)
{
	return (size_t)(block * 0x9e3779b97f4a7c15ULL >> 32) & (BLOCK_SLOTS - 1);
}

static size_t block_find(uintptr_t block)
{
	size_t at = block_home(block);

	while (block_slot[at] && block_slot[at] != block)
		at = (at + 1) & (BLOCK_SLOTS - 1);
	return at;
}

static void *note_block(void *memory)
{
	if (!memory)
		return NULL;
	pthread_mutex_lock(&block_lock);
	if (++blocks >= BLOCK_SLOTS)
		abort();
	block_slot[block_find((uintptr_t)memory)] = (uintptr_t)memory;
	pthread_mutex_unlock(&block_lock);
	return memory;
}

/* What libc or a library allocated is not in the set, and may be freed all the same. */
static void forget_block(uintptr_t block)
{
	size_t hole, at;

	if (!block)
		return;
	pthread_mutex_lock(&block_lock);
	hole = block_find(block);
	if (block_slot[hole]) {
		blocks--;
		block_slot[hole] = 0;
		for (at = (hole + 1) & (BLOCK_SLOTS - 1); block_slot[at];
		     at = (at + 1) & (BLOCK_SLOTS - 1)) {
			uintptr_t moved = block_slot[at];

			block_slot[at] = 0;
			block_slot[block_find(moved)] = moved;
		}
	}
	pthread_mutex_unlock(&block_lock);
}

/* --- in place of malloc() and the like --- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t align, size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);
void __wrap_free(void *memory);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t size);
int __wrap_vasprintf(char **ret, const char *format, va_list args);
int __wrap_asprintf(char **ret, const char *format, ...);
ZSTD_CCtx *__real_ZSTD_createCCtx(void);
ZSTD_DCtx *__real_ZSTD_createDCtx(void);
ZSTD_DStream *__real_ZSTD_createDStream(void);
ZSTD_CCtx *__wrap_ZSTD_createCCtx(void);
ZSTD_DCtx *__wrap_ZSTD_createDCtx(void);
ZSTD_DStream *__wrap_ZSTD_createDStream(void);

void *__wrap_malloc(size_t size)
{
	return runs_short(OF_MEMORY) ? NULL : note_block(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
	return runs_short(OF_MEMORY) ? NULL : note_block(__real_calloc(count, size));
}

void *__wrap_realloc(void *memory, size_t size)
{
	uintptr_t old = (uintptr_t)memory;
	void *moved = runs_short(OF_MEMORY) ? NULL : __real_realloc(memory, size);

	if (moved) {
		forget_block(old);
		note_block(moved);
	}
	return moved;
}

void *__wrap_reallocarray(void *memory, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return __wrap_realloc(memory, bytes);
}

void *__wrap_aligned_alloc(size_t align, size_t size)
{
	return runs_short(OF_MEMORY) ? NULL
				     : note_block(__real_aligned_alloc(align, size));
}

void __wrap_free(void *memory)
{
	forget_block((uintptr_t)memory);
	__real_free(memory);
}

char *__wrap_strndup(const char *text, size_t size)
{
	size_t length = strnlen(text, size);
	char *copy = __wrap_malloc(length + 1);

	if (copy) {
		memcpy(copy, text, length);
		copy[length] = '\0';
	}
	return copy;
}

char *__wrap_strdup(const char *text)
{
	return __wrap_strndup(text, strlen(text));
}

int __wrap_vasprintf(char **ret, const char *format, va_list args)
{
	va_list again;
	int size;

	va_copy(again, args);
	size = vsnprintf(NULL, 0, format, again);
	va_end(again);
	*ret = size < 0 ? NULL : __wrap_malloc((size_t)size + 1);
	return *ret ? vsnprintf(*ret, (size_t)size + 1, format, args) : -1;
}

int __wrap_asprintf(char **ret, const char *format, ...)
{
	va_list args;
	int size;

	va_start(args, format);
	size = __wrap_vasprintf(ret, format, args);
	va_end(args);
	return size;
}

ZSTD_CCtx *__wrap_ZSTD_createCCtx(void)
{
	return runs_short(OF_MEMORY) ? NULL : __real_ZSTD_createCCtx();
}

ZSTD_DCtx *__wrap_ZSTD_createDCtx(void)
{
	return runs_short(OF_MEMORY) ? NULL : __real_ZSTD_createDCtx();
}

ZSTD_DStream *__wrap_ZSTD_createDStream(void)
{
	return runs_short(OF_MEMORY) ? NULL : __real_ZSTD_createDStream();
}

/*
 * Jansson takes a lack of memory in the midst of a text for a fault of the text, and
 * prints texts that lack what it had no room for: so there it is never short.
 */
json_t *__real_json_loadb(const char *text, size_t size, size_t flags,
			  json_error_t *error);
json_t *__wrap_json_loadb(const char *text, size_t size, size_t flags,
			  json_error_t *error);

json_t *__wrap_json_loadb(const char *text, size_t size, size_t flags,
			  json_error_t *error)
{
	json_t *root;

	if (runs_short(OF_MEMORY)) {
		*error = (json_error_t) { .line = -1 };
		return NULL;
	}
	inside_jansson = true;
	root = __real_json_loadb(text, size, flags, error);
	inside_jansson = false;
	return root;
}

char *__real_json_dumps(const json_t *root, size_t flags);
char *__wrap_json_dumps(const json_t *root, size_t flags);

char *__wrap_json_dumps(const json_t *root, size_t flags)
{
	char *text;

	if (runs_short(OF_MEMORY))
		return NULL;
	inside_jansson = true;
	text = __real_json_dumps(root, flags);
	inside_jansson = false;
	return text;
}

/* --- in place of what the operating system does --- */

ssize_t __real_read(int fd, void *bytes, size_t size);
ssize_t __real_pread(int fd, void *bytes, size_t size, off_t offset);
ssize_t __real_write(int fd, const void *bytes, size_t size);
int __real_ftruncate(int fd, off_t size);
int __real_memfd_create(const char *name, unsigned int flags);
void *__real_mmap(void *at, size_t size, int access, int flags, int fd, off_t offset);
ssize_t __wrap_read(int fd, void *bytes, size_t size);
ssize_t __wrap_pread(int fd, void *bytes, size_t size, off_t offset);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);
int __wrap_ftruncate(int fd, off_t size);
int __wrap_memfd_create(const char *name, unsigned int flags);
void *__wrap_mmap(void *at, size_t size, int access, int flags, int fd, off_t offset);

ssize_t __wrap_read(int fd, void *bytes, size_t size)
{
	return runs_short(OF_SYSTEM) ? -1 : __real_read(fd, bytes, size);
}

ssize_t __wrap_pread(int fd, void *bytes, size_t size, off_t offset)
{
	return runs_short(OF_SYSTEM) ? -1 : __real_pread(fd, bytes, size, offset);
}

ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
	return runs_short(OF_SYSTEM) ? -1 : __real_write(fd, bytes, size);
}

int __wrap_ftruncate(int fd, off_t size)
{
	return runs_short(OF_SYSTEM) ? -1 : __real_ftruncate(fd, size);
}

int __wrap_memfd_create(const char *name, unsigned int flags)
{
	return runs_short(OF_SYSTEM) ? -1 : __real_memfd_create(name, flags);
}

void *__wrap_mmap(void *at, size_t size, int access, int flags, int fd, off_t offset)
{
	return runs_short(OF_SYSTEM) ? MAP_FAILED
				     : __real_mmap(at, size, access, flags, fd, offset);
}

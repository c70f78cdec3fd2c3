// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * load.c - reads and writes of one disk that make lists of every length
 *
 *	load DISK ROUNDS [PROCESSES [PAGES]]
 *
 * Direct I/O from pages in shuffled order, so that hardly any two of them are
 * neighbours in memory; by four processes at a time, or so many; with 0, by this one.
 * The sizes come from a generator that always begins alike; with PAGES all have so many.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE	  4096
#define PAGES	  256
#define PROCESSES 4
#define DISK_SIZE (64u << 20)

static uint64_t state;
static unsigned int fixed; /* pages of all transfers, or 0 */

static unsigned int dice(unsigned int sides)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned int)(state >> 20) % sides;
}

static void shuffle(struct iovec *vector, char *memory)
{
	for (unsigned int i = 0; i < PAGES; i++)
		vector[i] = (struct iovec) { memory + (size_t)i * PAGE, PAGE };
	for (unsigned int i = PAGES - 1; i > 0; i--) {
		unsigned int j = dice(i + 1);
		struct iovec other = vector[i];

		vector[i] = vector[j];
		vector[j] = other;
	}
}

/* Mostly short lists, now and then one that fills the longest that there are. */
static int transfer(int fd, const struct iovec *vector)
{
	unsigned int pages = dice(8) ? 1 + dice(32) : 1 + dice(PAGES);
	off_t at = (off_t)dice((DISK_SIZE - PAGES * PAGE) / PAGE) * PAGE;
	ssize_t done;

	if (fixed)
		pages = fixed;
	if (!fixed && !dice(4)) /* one buffer that begins within a page */
		done = pread(fd, (char *)vector->iov_base + 512, 512 * (1 + dice(7)), at);
	else if (dice(2))
		done = preadv(fd, vector, (int)pages, at);
	else
		done = pwritev(fd, vector, (int)pages, at);
	return done > 0 ? 0 : -1;
}

static int work(const char *disk, unsigned int rounds, unsigned int number)
{
	struct iovec vector[PAGES];
	int fd = open(disk, O_RDWR | O_DIRECT);
	char *memory = mmap(NULL, (size_t)PAGES * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (fd < 0 || memory == MAP_FAILED) {
		perror(disk);
		return 1;
	}
	memset(memory, (int)number, (size_t)PAGES * PAGE);
	state = 88172645463325252ULL + number;
	for (unsigned int i = 0; i < rounds; i++) {
		shuffle(vector, memory);
		if (transfer(fd, vector)) {
			perror(disk);
			return 1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	unsigned int rounds, processes = PROCESSES;
	int status, failed = 0;

	if (argc < 3 || argc > 5)
		return 2;
	rounds = (unsigned int)atoi(argv[2]);
	if (argc >= 4)
		processes = (unsigned int)atoi(argv[3]);
	if (argc == 5)
		fixed = (unsigned int)atoi(argv[4]);
	if (fixed > PAGES)
		return 2;
	if (!processes)
		return work(argv[1], rounds, 0);
	for (unsigned int i = 0; i < processes; i++)
		if (!fork())
			_exit(work(argv[1], rounds, i));
	while (wait(&status) > 0)
		failed |= status;
	return failed != 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * load.c - reads and writes of one disk that make lists of every length
 *
 *	load DISK ROUNDS
 *
 * Direct I/O from pages in shuffled order, so that hardly any two of them are
 * neighbours in memory; four processes at a time. The sizes come from a generator that
 * always begins alike.
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

	if (!dice(4)) /* one buffer that begins within a page */
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
	int status, failed = 0;

	if (argc != 3)
		return 2;
	for (unsigned int i = 0; i < PROCESSES; i++)
		if (!fork())
			_exit(work(argv[1], (unsigned int)atoi(argv[2]), i));
	while (wait(&status) > 0)
		failed |= status;
	return failed != 0;
}

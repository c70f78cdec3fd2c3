// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pager.c - hold back a screenful, and start a pager for what is longer
 *
 * A pager for three lines is a nuisance, and not every pager knows to leave then.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pager.h"

struct pager {
	unsigned int rows;
	unsigned int lines;
	char *held;
	size_t used, room;
	bool started; /* or could not be: nothing is held from then on */
	pid_t child;
};

struct pager *pager_create(unsigned int rows)
{
	struct pager *pager = calloc(1, sizeof(*pager));

	if (pager)
		pager->rows = rows;
	return pager;
}

/* The user's choice; "" and "cat" mean that none is wanted. */
static const char *choose_pager(void)
{
	const char *choice = getenv("DMACTL_PAGER");

	if (!choice)
		choice = getenv("PAGER");
	if (!choice)
		choice = "less -FRX";
	return *choice && strcmp(choice, "cat") ? choice : NULL;
}

static void start(struct pager *pager)
{
	const char *command = choose_pager();
	int ends[2];

	if (!command || pipe(ends))
		return;
	pager->child = fork();
	if (!pager->child) {
		dup2(ends[0], STDIN_FILENO);
		close(ends[0]);
		close(ends[1]);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	if (pager->child > 0)
		dup2(ends[1], STDOUT_FILENO);
	close(ends[0]);
	close(ends[1]);
}

static void write_held(struct pager *pager)
{
	const char *data = pager->held;

	while (pager->used) {
		ssize_t put = write(STDOUT_FILENO, data, pager->used);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			break;
		data += put;
		pager->used -= (size_t)put;
	}
	pager->used = 0;
}

bool pager_hold(struct pager *pager, const char *data, size_t size)
{
	if (pager->started)
		return false;
	for (const char *at = data; at < data + size; at++)
		pager->lines += *at == '\n';
	if (pager->lines < pager->rows) {
		if (pager->used + size > pager->room) {
			size_t room = 2 * (pager->used + size);
			char *held = realloc(pager->held, room);

			if (!held)
				goto give_up;
			pager->held = held;
			pager->room = room;
		}
		memcpy(pager->held + pager->used, data, size);
		pager->used += size;
		return true;
	}
	start(pager);
give_up:
	pager->started = true;
	write_held(pager);
	return false;
}

const char *pager_held(const struct pager *pager, size_t *size)
{
	*size = pager->used;
	return pager->held;
}

void pager_destroy(struct pager *pager)
{
	if (pager->child > 0) {
		close(STDOUT_FILENO);
		while (waitpid(pager->child, NULL, 0) < 0 && errno == EINTR)
			;
		dup2(STDERR_FILENO, STDOUT_FILENO); /* something to close */
	}
	free(pager->held);
	free(pager);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kprobes.c - kprobes by their names in tracefs, where the kernel counts what they missed
 *
 * perf can make kprobes without names, but what such ones miss no kernel before 6.7 tells.
 * Those with names outlive a recorder that is killed, disarmed: each has the number of its
 * process in its name, and the next recorder removes those of processes that are gone.
 *
 * Kernel counterpart: kernel/trace/trace_kprobe.c (kprobe_events, kprobe_profile)
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kprobes.h"
#include "output.h"

/* Calls that can be under way at once; the kernel takes 4096 at most. */
#define CALLS "1024"

/* Kept open: they are needed when privileges are gone. */
struct kprobes {
	int events;  /* what is written there makes and removes kprobes */
	int profile; /* "  NAME  HITS  MISSED", a line each */
	char *text;  /* of the profile, as it was read last */
	size_t room;
};

static const char *const folders[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };

static int open_file(const char *folder, const char *name, int flags)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int order(const struct kprobes *kprobes, const char *text)
{
	return write(kprobes->events, text, strlen(text)) < 0 ? -errno : 0;
}

const char *kprobes_name(const char *program, char *buffer, size_t size)
{
	snprintf(buffer, size, "%s_%d", program, getpid());
	return buffer;
}

int kprobes_add(struct kprobes *kprobes, const char *program, const char *function,
		bool at_return)
{
	char name[80], text[256];

	snprintf(text, sizeof(text), "%s:" KPROBES_GROUP "/%s %s\n", at_return ? "r" CALLS : "p",
		 kprobes_name(program, name, sizeof(name)), function);
	return order(kprobes, text);
}

/* In our group: another's of the same name stays. */
static void remove_name(struct kprobes *kprobes, const char *name)
{
	char text[160];

	snprintf(text, sizeof(text), "-:" KPROBES_GROUP "/%s\n", name);
	order(kprobes, text);
}

int kprobes_refresh(struct kprobes *kprobes)
{
	size_t used = 0;
	ssize_t got;

	if (lseek(kprobes->profile, 0, SEEK_SET) < 0)
		return -errno;
	do {
		if (kprobes->room - used < 2) {
			kprobes->room = 2 * kprobes->room + 8192;
			kprobes->text = realloc(kprobes->text, kprobes->room);
			if (!kprobes->text)
				out_of_memory();
		}
		got = read(kprobes->profile, kprobes->text + used, kprobes->room - used - 1);
		if (got < 0)
			return -errno;
		used += (size_t)got;
		kprobes->text[used] = '\0';
	} while (got);
	return 0;
}

uint64_t kprobes_passed(const struct kprobes *kprobes, const char *program)
{
	char name[80], found[80];
	uint64_t hits, missed;

	kprobes_name(program, name, sizeof(name));
	for (const char *line = kprobes->text; line && *line; line += *line == '\n') {
		if (sscanf(line, "%79s %" SCNu64 " %" SCNu64, found, &hits, &missed) == 3 &&
		    !strcmp(found, name))
			return hits + missed;
		line += strcspn(line, "\n");
	}
	return 0;
}

static bool is_gone(pid_t process)
{
	return process > 0 && kill(process, 0) && errno == ESRCH;
}

/* Remove our own, or those of recorders that are gone. */
static void sweep(struct kprobes *kprobes, bool own)
{
	char name[80], *state, *line;

	if (kprobes_refresh(kprobes))
		return;
	for (line = strtok_r(kprobes->text, "\n", &state); line;
	     line = strtok_r(NULL, "\n", &state)) {
		const char *number;
		pid_t process;

		if (sscanf(line, "%79s", name) != 1)
			continue;
		number = strrchr(name, '_');
		process = number ? (pid_t)strtol(number + 1, NULL, 10) : 0;
		if (own ? process == getpid() : is_gone(process))
			remove_name(kprobes, name);
	}
}

static void explain(int err, char *why, size_t size)
{
	if (err == -ENOENT && !access("/sys/kernel/tracing/README", F_OK))
		snprintf(why, size, "no kprobes: the kernel was built without "
			 "CONFIG_KPROBE_EVENTS");
	else if (err == -ENOENT)
		snprintf(why, size, "no kprobes: tracefs is not mounted at %s", folders[0]);
	else
		snprintf(why, size, "no kprobes: %s/kprobe_events: %s", folders[0],
			 strerror(-err));
}

static int open_all(struct kprobes *kprobes, const char *folder)
{
	kprobes->events = open_file(folder, "kprobe_events", O_WRONLY | O_APPEND);
	if (kprobes->events < 0)
		return kprobes->events;
	kprobes->profile = open_file(folder, "kprobe_profile", O_RDONLY);
	return kprobes->profile < 0 ? kprobes->profile : 0;
}

struct kprobes *kprobes_create(char *why, size_t size)
{
	struct kprobes *kprobes = calloc(1, sizeof(*kprobes));
	int err;

	if (!kprobes)
		out_of_memory();
	kprobes->profile = -1;
	err = open_all(kprobes, folders[0]);
	if (err == -ENOENT)
		err = open_all(kprobes, folders[1]);
	if (err) {
		explain(err, why, size);
		kprobes_destroy(kprobes);
		return NULL;
	}
	sweep(kprobes, false);
	return kprobes;
}

void kprobes_destroy(struct kprobes *kprobes)
{
	if (!kprobes)
		return;
	if (kprobes->profile >= 0) {
		sweep(kprobes, true);
		close(kprobes->profile);
	}
	if (kprobes->events >= 0)
		close(kprobes->events);
	free(kprobes->text);
	free(kprobes);
}

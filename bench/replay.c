// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * replay.c - how fast is a recording replayed, statistics, prediction and all?
 *
 *	bench/replay 7.2=PEER.so
 *
 * Recordings of a driver's steady state are made by the model itself. Then "dmactl
 * replay" of each is timed as a process, from fork() to its end, by the clock on the
 * wall and in CPU time of all its threads. The floor of the same run is what no replay
 * can do without: a hash of what is live, and the kernel's own alloc_iova_fast() and
 * free_iova_fast(), over events that lie decoded in memory.
 */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "peers/peer-iova.h"
#include "replay.h"
#include "rounds.h"

extern char **environ;

#define SLOTS (REPLAY_LIVE * 4) /* of the floor's hash */
#define LIMIT UINT32_MAX

static const struct kind kinds[] = {
	{ "strict, maps and unmaps", "strict-calls", LIBDMA_IOMMU_STRICT, false },
	{ "strict, with iova and iommu", "strict", LIBDMA_IOMMU_STRICT, true },
	{ "direct", "direct", LIBDMA_IOMMU_OFF, false },
};

static struct {
	uint64_t events;
	unsigned int rounds;
	const char *dmactl;
	const char *peer, *keep;
} args = { .events = 4000000, .rounds = ROUNDS, .dmactl = "src/dmactl" };

static const struct argp_option options[] = {
	{ "events", 'n', "N", 0, "Maps and unmaps of a recording (4000000)", 0 },
	{ "rounds", 'r', "N", 0, "Take the median of N rounds, 9 at most (5)", 0 },
	{ "keep", 'k', "FOLDER", 0, "Leave the recordings there", 0 },
	{ "dmactl", 'd', "PROGRAM", 0, "What is timed (src/dmactl)", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'n':
		args.events = strtoull(arg, NULL, 10);
		return args.events > 2 * REPLAY_LIVE ? 0 : EINVAL;
	case 'r':
		args.rounds = (unsigned int)atoi(arg);
		return args.rounds && args.rounds <= 9 ? 0 : EINVAL;
	case 'd':
		args.dmactl = arg;
		return 0;
	case 'k':
		args.keep = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (args.peer || !strchr(arg, '='))
			argp_usage(state);
		args.peer = strchr(arg, '=') + 1;
		return 0;
	case ARGP_KEY_END:
		if (!args.peer)
			argp_usage(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- the floor ---- */

struct slot {
	uint64_t key; /* device and address, 0 where free */
	uint64_t size;
	uint64_t pfn; /* the kernel's own answer */
};

struct floor {
	struct slot *slot;
	const struct peer_iova *peer;
	struct iommu_dma_cookie *domain[REPLAY_DEVICES]; /* NULL: nothing to hand out */
	uint64_t live, most, bytes;
};

static uint64_t home_of(uint64_t key)
{
	return (key * 0x9e3779b97f4a7c15ULL) >> 46;
}

static struct slot *find(const struct floor *floor, uint64_t key)
{
	uint64_t at = home_of(key);

	while (floor->slot[at].key && floor->slot[at].key != key)
		at = (at + 1) % SLOTS;
	return &floor->slot[at];
}

/* Pull back what had to go past the slot. */
static void forget(struct floor *floor, struct slot *slot)
{
	uint64_t at = (uint64_t)(slot - floor->slot), next = at, home;

	for (;;) {
		next = (next + 1) % SLOTS;
		if (!floor->slot[next].key)
			break;
		home = home_of(floor->slot[next].key);
		if ((next - home) % SLOTS < (next - at) % SLOTS)
			continue;
		floor->slot[at] = floor->slot[next];
		at = next;
	}
	floor->slot[at].key = 0;
}

static void begin(struct floor *floor, const struct record *record)
{
	struct iommu_dma_cookie *domain = floor->domain[record->device];
	struct slot *slot = find(floor, record->dma << 2 | record->device);

	if (domain)
		slot->pfn = floor->peer->alloc_fast(domain, record->cpu,
						    record->size / 4096, LIMIT / 4096,
						    false);
	slot->key = record->dma << 2 | record->device;
	slot->size = record->size;
	floor->bytes += record->size;
	floor->most += ++floor->live > floor->most;
}

static void end(struct floor *floor, const struct record *record)
{
	struct iommu_dma_cookie *domain = floor->domain[record->device];
	struct slot *slot = find(floor, record->dma << 2 | record->device);

	if (domain)
		floor->peer->free_fast(domain, record->cpu, slot->pfn,
				       record->size / 4096);
	floor->live--;
	floor->bytes -= slot->size;
	forget(floor, slot);
}

/* Seconds of the thread's time. */
static double run_floor(const struct recording *recording, const struct peer_iova *peer)
{
	bool strict = recording->kind->mode == LIBDMA_IOMMU_STRICT;
	struct floor floor = { .peer = peer };
	double start;

	floor.slot = calloc(SLOTS, sizeof(*floor.slot));
	if (!floor.slot)
		replay_give_up("the floor", -ENOMEM);
	for (unsigned int i = 0; strict && i < REPLAY_DEVICES; i++) {
		floor.domain[i] = peer->create(1, 2);
		peer->reserve(floor.domain[i], 0xfee00, 0xfeeff);
	}
	start = now_ns();
	for (uint64_t i = 0; i < recording->records; i++) {
		const struct record *record = &recording->record[i];

		if (record->kind == DMA_EVENT_MAP_PHYS)
			begin(&floor, record);
		else
			end(&floor, record);
	}
	start = now_ns() - start;
	for (unsigned int i = 0; strict && i < REPLAY_DEVICES; i++)
		peer->destroy(floor.domain[i]);
	free(floor.slot);
	return start / 1e9;
}

/* ---- dmactl ---- */

struct times {
	double wall[9], cpu[9]; /* seconds */
	double floor[9];
};

static double seconds_of(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void run_dmactl(char *path, struct times *times, unsigned int round)
{
	char *const argv[] = { "dmactl", "replay", "--verify", path, NULL };
	posix_spawn_file_actions_t files;
	struct rusage usage;
	double start = now();
	int status, err;
	pid_t pid;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	err = posix_spawn(&pid, args.dmactl, &files, NULL, argv, environ);
	if (err)
		replay_give_up(args.dmactl, -err);
	if (wait4(pid, &status, 0, &usage) != pid || status)
		replay_give_up("dmactl replay --verify", -ECHILD);
	times->wall[round] = now() - start;
	times->cpu[round] = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
	posix_spawn_file_actions_destroy(&files);
}

/* In memory, unless it is to be kept; the file. */
static int create(struct recording *recording)
{
	int fd;

	if (args.keep) {
		snprintf(recording->path, sizeof(recording->path), "%s/%s.dmat", args.keep,
			 recording->kind->file);
		fd = open(recording->path, O_RDWR | O_CREAT, 0666);
	} else {
		fd = memfd_create("recording", 0);
		snprintf(recording->path, sizeof(recording->path), "/proc/%d/fd/%d",
			 (int)getpid(), fd);
	}
	if (fd < 0)
		replay_give_up(recording->path, -errno);
	return fd;
}

static void measure(const struct kind *kind, const struct peer_iova *peer)
{
	struct recording recording = { .kind = kind };
	double wall, cpu, floor, bytes;
	struct times times;
	int fd = create(&recording);

	replay_record(args.events, &recording);
	bytes = (double)lseek(fd, 0, SEEK_END);
	for (unsigned int round = 0; round < args.rounds; round++) {
		run_dmactl(recording.path, &times, round);
		times.floor[round] = run_floor(&recording, peer);
	}
	wall = median(times.wall, args.rounds);
	cpu = median(times.cpu, args.rounds);
	floor = median(times.floor, args.rounds);
	printf("%-28s %8.2f %7.2f %7.1f %7.1f %7.1f %6.2f %6.2f\n", kind->name,
	       (double)recording.events / 1e6,
	       bytes / (double)recording.events,
	       (double)recording.events / wall / 1e6,
	       (double)recording.events / cpu / 1e6,
	       (double)recording.records / floor / 1e6, wall / floor, cpu / floor);
	fflush(stdout);
	free(recording.record);
	close(fd);
}

/* What libtool leaves in src is a script, which costs more than a short replay. */
static void find_dmactl(void)
{
	static const char built[] = "src/.libs/dmactl";

	if (strcmp(args.dmactl, "src/dmactl") || access(built, X_OK))
		return;
	args.dmactl = built;
	setenv("LD_LIBRARY_PATH", "lib/.libs", true);
}

int main(int argc, char **argv)
{
	static const char doc[] = "Measure how fast a recording is replayed\v"
				  "Run in the build folder; PEER.so is the kernel's "
				  "drivers/iommu/iova.c (peers/build).";
	const struct peer_iova *peer;

	argp_parse(&(struct argp) { options, parse, "7.2=PEER.so", doc, 0, 0, 0 }, argc,
		   argv, 0, NULL, NULL);
	find_dmactl();
	peer = open_peer(args.peer, "peer_iova");
	printf("%-28s %8s %7s %7s %7s %7s %6s %6s\n", "", "M events", "B/event",
	       "M/s", "M/cpu s", "floor", "ratio", "by cpu");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		measure(&kinds[i], peer);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test-verify.c - whatever is done to a .dmat file is noticed, and loses no more than
 * the blocks that it was done to
 *
 * Every event has a time of its own, its number in microseconds, so that what is in a
 * file can be told by looking at the times alone. Where blocks begin and which events
 * they have is read here from their heads, as dmat(5) describes them.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libdma/trace.h>
#include <libdma/verify.h>

#include "damage.h"
#include "test.h"
#include "valgrind.h"

#define EVENTS 12000

struct file {
	int fd;
	char path[32];
};

static void file_open(struct file *file)
{
	file->fd = memfd_create("trace", 0);
	assert_true(file->fd >= 0);
	snprintf(file->path, sizeof(file->path), "/proc/%d/fd/%d", getpid(), file->fd);
}

static void file_put(const struct file *file, const struct bytes *bytes)
{
	assert_int_equal(ftruncate(file->fd, 0), 0);
	assert_int_equal(pwrite(file->fd, bytes->data, bytes->size, 0), bytes->size);
}

static void file_take(const struct file *file, struct bytes *bytes)
{
	bytes->size = (size_t)lseek(file->fd, 0, SEEK_END);
	bytes->data = malloc(bytes->size + 1);
	assert_non_null(bytes->data);
	assert_int_equal(pread(file->fd, bytes->data, bytes->size, 0), bytes->size);
}

/* Buffers come and go, some stay; now and then the recorder loses something. */
static struct dma_event make_event(unsigned int i, uint32_t device)
{
	struct dma_event event = { .ns = i * 1000ull, .device = device };

	if (i % 1000 == 999) {
		event.kind = DMA_EVENT_LOST;
		event.device = 0;
		event.count = 3;
		return event;
	}
	event.kind = i % 2 && i % 20 != 1 ? DMA_EVENT_UNMAP_PAGE : DMA_EVENT_MAP_PAGE;
	event.dir = 1;
	event.dma = 0x100000 + i / 2 * 4096ull;
	event.phys = event.kind == DMA_EVENT_MAP_PAGE ? event.dma + (roll(100) << 20) : 0;
	event.size = 512;
	if (i % 20 == 1)
		event.dma += 1ull << 40;
	return event;
}

/*
 * A trace of @count events, of which @flush make a block; where it is long, a row of such
 * blocks is followed by large ones, behind which the writer makes its checkpoints.
 */
static void make_trace(const struct file *file, unsigned int count, unsigned int flush)
{
	struct libdma_strings *strings = libdma_strings_create();
	const struct libdma_writer_options options = { .strings = strings,
						       .overwrite = true };
	struct libdma_writer *writer;
	uint32_t device;

	assert_int_equal(libdma_strings_add(strings, "nic0", 4, &device), 0);
	assert_int_equal(libdma_writer_open(file->path, &options, &writer), 0);
	for (unsigned int i = 0; i < count; i++) {
		struct dma_event event = make_event(i, device);

		assert_int_equal(libdma_writer_put(writer, &event), 0);
		if (i % 80000 < 40000 && i % flush == flush - 1)
			assert_int_equal(libdma_writer_flush(writer), 0);
	}
	assert_int_equal(libdma_writer_close(writer), 0);
	libdma_strings_destroy(strings);
}

static uint64_t number_at(const unsigned char *data, int size)
{
	uint64_t value = 0;

	for (int i = size; i--;)
		value = value << 8 | data[i];
	return value;
}

static int load(void **state)
{
	struct file file;

	(void)state;
	file_open(&file);
	make_trace(&file, EVENTS, 100);
	file_take(&file, &good);
	close(file.fd);
	for (size_t at = 0; at < good.size; at = place[places++].end) {
		const unsigned char *head = good.data + at;

		place[places] = (struct place) {
			.begin = at,
			.end = at + number_at(head + 12, 4) + number_at(head + 16, 4),
			.first = number_at(head + 40, 8),
			.events = head[10] == 2 ? number_at(head + 28, 4) : 0,
		};
	}
	return places > 100 ? 0 : -1;
}

struct flaws {
	int count;
	char first[400];
};

static void take_flaw(void *arg, const struct libdma_flaw *flaw)
{
	struct flaws *flaws = arg;

	if (flaw->kind != LIBDMA_FLAW_LOSS && !flaws->count++)
		snprintf(flaws->first, sizeof(flaws->first), "%s at %llu: %s",
			 libdma_flaw_name(flaw->kind), (unsigned long long)flaw->offset,
			 flaw->text);
}

static struct flaws verify(const char *path, struct libdma_verdict *verdict)
{
	struct flaws flaws = { 0 };

	assert_int_equal(libdma_verify(path, NULL, take_flaw, &flaws, verdict), 0);
	return flaws;
}

static void expect_whole(const char *path, struct libdma_verdict *verdict)
{
	struct flaws flaws = verify(path, verdict);

	if (flaws.count)
		fail_msg("%s", flaws.first);
}

static uint64_t seen[EVENTS];

/* How often each event is in the file; how many events tell of a loss that was not. */
static uint64_t count_events(const char *path)
{
	const struct dma_event *event;
	struct libdma_reader *reader;
	uint64_t losses = 0;

	memset(seen, 0, sizeof(seen));
	if (libdma_reader_open(path, NULL, &reader))
		return 0;
	while (libdma_reader_next(reader, &event) > 0) {
		if (event->kind == DMA_EVENT_LOST && event->count != 3)
			losses++;
		else if (event->kind != DMA_EVENT_LOST || event->ns / 1000 % 1000 == 999)
			seen[event->ns / 1000]++;
	}
	libdma_reader_close(reader);
	return losses;
}

static void expect_salvaged(const struct change *change)
{
	for (size_t i = 0; i < places; i++)
		for (uint64_t at = 0; at < place[i].events; at++) {
			uint64_t times = seen[place[i].first + at];

			/* A loss whose record is for 3 by chance has its time, too. */
			if (times > 1 && (place[i].first + at) % 1000 != 999)
				fail_msg(
					"%s from %zu to %zu: event %llu comes %llu times",
					change->name, change->begin, change->end,
					(unsigned long long)(place[i].first + at),
					(unsigned long long)times);
			if (!times && is_untouched(change, &place[i]))
				fail_msg(
					"%s from %zu to %zu: event %llu of block %zu is missing",
					change->name, change->begin, change->end,
					(unsigned long long)(place[i].first + at), i);
		}
}

static void repair(const struct file *in, const struct file *out)
{
	const char *dmactl = getenv("DMACTL"), *build = getenv("builddir");
	char command[1024];
	int status;

	if (dmactl)
		snprintf(command, sizeof(command), "'%s'", dmactl);
	else
		snprintf(command, sizeof(command), "'%s/src/dmactl'", build ? build : ".");
	snprintf(command + strlen(command), sizeof(command) - strlen(command),
		 " repair -f %s -o %s 2>/dev/null", in->path, out->path);
	status = system(command);
	assert_true(WIFEXITED(status));
	assert_in_range(WEXITSTATUS(status), 0, 3);
	assert_int_not_equal(WEXITSTATUS(status), 1);
	assert_int_not_equal(WEXITSTATUS(status), 2);
}

/* A file of which not a block is left is no trace, and cannot be repaired. */
static bool has_block(const struct change *change)
{
	for (size_t i = 0; i < places; i++)
		if (is_untouched(change, &place[i]))
			return true;
	return false;
}

static void test_whole(void **state)
{
	struct libdma_verdict verdict;
	struct file file;

	(void)state;
	file_open(&file);
	file_put(&file, &good);
	expect_whole(file.path, &verdict);
	assert_int_equal(verdict.events, EVENTS);
	assert_int_equal(verdict.blocks, places);
	assert_int_equal(verdict.lost, EVENTS / 1000 * 3);
	assert_int_equal(verdict.flaws[LIBDMA_FLAW_LOSS], EVENTS / 1000);
	assert_int_equal(verdict.bytes, good.size);
	close(file.fd);
}

/* Every byte of a file is covered: a bit that changes is noticed, wherever it is. */
static void test_each_byte(void **state)
{
	struct libdma_verdict verdict;
	struct bytes bytes = { malloc(good.size), good.size };
	struct file file;

	(void)state;
	file_open(&file);
	memcpy(bytes.data, good.data, good.size);
	bytes.size = place[2].end;
	for (size_t at = 0; at < bytes.size; at += runs_under_valgrind() ? 97 : 1) {
		bytes.data[at] ^= 1u << at % 8;
		file_put(&file, &bytes);
		if (verify(file.path, &verdict).count < 2) /* the index is missing, too */
			fail_msg("a change of byte %zu is not noticed", at);
		bytes.data[at] ^= 1u << at % 8;
	}
	free(bytes.data);
	close(file.fd);
}

static void test_random_damage(void **state)
{
	const unsigned int rounds = runs_under_valgrind() ? 10 : 600;
	struct libdma_verdict verdict;
	struct change change;
	struct file file;

	(void)state;
	file_open(&file);
	for (unsigned int round = 0; round < rounds; round++) {
		draw_change(&change);
		file_put(&file, &change.bytes);
		if (is_changed(&change) && !verify(file.path, &verdict).count)
			fail_msg("%s from %zu to %zu is not noticed", change.name,
				 change.begin, change.end);
		count_events(file.path);
		expect_salvaged(&change);
		free(change.bytes.data);
	}
	close(file.fd);
}

static void test_repair(void **state)
{
	const unsigned int rounds = runs_under_valgrind() ? 2 : 60;
	struct libdma_verdict verdict;
	struct file file, out;
	struct change change;

	(void)state;
	file_open(&file);
	file_open(&out);
	for (unsigned int round = 0; round < rounds; round++) {
		draw_change(&change);
		if (!has_block(&change)) {
			free(change.bytes.data);
			continue;
		}
		file_put(&file, &change.bytes);
		repair(&file, &out);
		expect_whole(out.path, &verdict);
		count_events(out.path);
		expect_salvaged(&change);
		free(change.bytes.data);
	}
	close(file.fd);
	close(out.fd);
}

/* What is missing in the middle is a record with the time before and the time after. */
static void test_loss_record(void **state)
{
	struct bytes bytes = { malloc(good.size), good.size };
	const struct place *hurt = &place[50];
	const struct dma_event *event;
	struct libdma_reader *reader;
	struct file file, out;
	int records = 0;

	(void)state;
	file_open(&file);
	file_open(&out);
	memcpy(bytes.data, good.data, good.size);
	bytes.data[hurt->end - 1] ^= 1;
	file_put(&file, &bytes);
	repair(&file, &out);
	assert_int_equal(libdma_reader_open(out.path, NULL, &reader), 0);
	while (libdma_reader_next(reader, &event) > 0) {
		if (event->kind != DMA_EVENT_LOST || event->count == 3)
			continue;
		records++;
		assert_int_equal(event->count, hurt->events);
		assert_int_equal(event->ns, (hurt->first - 1) * 1000);
		assert_int_equal(event->until_ns, (hurt->first + hurt->events) * 1000);
	}
	assert_int_equal(records, 1);
	libdma_reader_close(reader);
	free(bytes.data);
	close(file.fd);
	close(out.fd);
}

/* Long enough for checkpoints, which are what the events led to. */
static void test_checkpoints(void **state)
{
	struct libdma_verdict verdict;
	struct bytes bytes;
	struct file file;

	(void)state;
	if (runs_under_valgrind())
		skip();
	file_open(&file);
	make_trace(&file, 160000, 1000);
	expect_whole(file.path, &verdict);
	assert_true(verdict.checkpoints >= 1);
	file_take(&file, &bytes);
	for (size_t at = 0; at < bytes.size;) {
		unsigned char *head = bytes.data + at;
		size_t size = number_at(head + 12, 4) + number_at(head + 16, 4);

		if (head[10] == 3) {
			replace(&bytes, at, size, "", 0);
			break;
		}
		at += size;
	}
	file_put(&file, &bytes);
	assert_true(verify(file.path, &verdict).count > 0);
	free(bytes.data);
	close(file.fd);
}

/* Traces that were appended to each other are whole, each with its own index. */
static void test_appended(void **state)
{
	struct libdma_verdict verdict;
	struct bytes bytes;
	struct file file;

	(void)state;
	file_open(&file);
	make_trace(&file, EVENTS, 150);
	file_take(&file, &bytes);
	replace(&bytes, 0, 0, good.data, good.size);
	file_put(&file, &bytes);
	expect_whole(file.path, &verdict);
	assert_int_equal(verdict.traces, 2);
	assert_int_equal(verdict.events, 2 * EVENTS);
	/* the second without its beginning: all its events are still there */
	replace(&bytes, good.size, place[0].end, "", 0);
	file_put(&file, &bytes);
	assert_true(verify(file.path, &verdict).count > 0);
	assert_int_equal(verdict.events, 2 * EVENTS);
	count_events(file.path);
	assert_int_equal(seen[EVENTS / 2], 2);
	free(bytes.data);
	close(file.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),         cmocka_unit_test(test_each_byte),
		cmocka_unit_test(test_random_damage), cmocka_unit_test(test_repair),
		cmocka_unit_test(test_loss_record),   cmocka_unit_test(test_checkpoints),
		cmocka_unit_test(test_appended),
	};

	return cmocka_run_group_tests(tests, load, NULL);
}

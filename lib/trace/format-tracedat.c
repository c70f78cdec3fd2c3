// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * format-tracedat.c - trace.dat files of trace-cmd
 *
 * libtracecmd reads what describes the records: formats, names of tasks, symbols. It
 * wants a file that it can seek in, so what comes packed or from a pipe is spooled to
 * memory first. The records' pages are read here (tracedat-pages.c), since the
 * library's own reader falls over those that are damaged. Each CPU of each buffer is
 * a stream in the order of time; the next event is the earliest of their first ones.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <trace-cmd.h>
#include <unistd.h>

#include "trace/tracedat.h"

static const unsigned char magic[] = "\x17\x08\x44tracing";

struct stream {
	struct tracedat_stream pages;
	bool has;   /* pages.record is the next */
	bool taken; /* but its event was given, or belongs to one that was */
};

struct tracedat {
	int fd;
	struct tracecmd_input *file;
	struct tracedat_layout layout;
	struct tracedat_decoder decoder;
	struct stream *stream;
	size_t streams;
	struct stream *lost; /* its loss was told, its record is to come */
	struct dma_event event;
};

static bool tracedat_recognise(const unsigned char *data, size_t size)
{
	return size >= sizeof(magic) && !memcmp(data, magic, sizeof(magic) - 1);
}

static int write_all(int fd, const unsigned char *data, size_t size)
{
	while (size) {
		ssize_t put = write(fd, data, size);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		data += put;
		size -= (size_t)put;
	}
	return 0;
}

/* All of the input in memory: a file descriptor, or -errno. */
static int spool(struct input *input)
{
	int fd = memfd_create("trace.dat", MFD_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	while (input->size && !err) {
		err = write_all(fd, input->data, input->size);
		input_skip(input, input->size);
		if (!err)
			err = input_fill(input, 1);
	}
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

static bool is_plain_file(const struct input *input)
{
	struct stat status;

	return !input->packed && !fstat(input->fd, &status) && S_ISREG(status.st_mode);
}

/* A file to seek in, and what its tables say. */
static int take_file(struct libdma_reader *reader, struct tracedat *tracedat)
{
	struct input *input = reader->input;
	const char *why = NULL;
	struct stat status;
	int err;

	if (is_plain_file(input)) {
		tracedat->fd = fcntl(input->fd, F_DUPFD_CLOEXEC, 0);
		if (tracedat->fd < 0)
			return -errno;
	} else {
		tracedat->fd = spool(input);
		if (tracedat->fd < 0)
			return tracedat->fd;
	}
	err = tracedat_check(tracedat->fd, &tracedat->layout, &why);
	if (err == -EBADMSG)
		reader_damage(reader, 0, 0, "%s", why);
	if (err)
		return err;
	if (fstat(tracedat->fd, &status))
		return -errno;
	if (tracedat->layout.size > (uint64_t)status.st_size)
		reader_damage(reader, 0, (uint64_t)status.st_size,
			      "the file is cut short, %llu bytes are missing",
			      (unsigned long long)tracedat->layout.size -
				      (unsigned long long)status.st_size);
	return 0;
}

static void set_string(char **string, enum libdma_origin *origin, const char *text,
		       size_t size)
{
	if (*string || !size)
		return;
	*string = strndup(text, size);
	*origin = *string ? LIBDMA_GIVEN : LIBDMA_UNKNOWN;
}

/* "Linux HOST 6.12.107+deb13-amd64 #1 SMP ... x86_64": the host is nobody's business */
static void set_environment(struct libdma_environment *environment,
			    const struct tracedat_layout *layout, int cpus)
{
	const char *release = strchr(layout->uname, ' '), *arch;

	set_string(&environment->clock, &environment->origin.clock, layout->clock,
		   strlen(layout->clock));
	release = release ? strchr(release + 1, ' ') : NULL;
	arch = strrchr(layout->uname, ' ');
	if (release)
		set_string(&environment->kernel, &environment->origin.kernel, release + 1,
			   strcspn(release + 1, " \n"));
	if (arch)
		set_string(&environment->arch, &environment->origin.arch, arch + 1,
			   strcspn(arch + 1, " \n"));
	environment->cpus = (uint32_t)cpus;
	environment->origin.cpus = LIBDMA_GIVEN;
}

/* Go to the stream's next record; damaged pages are told and left out. */
static int advance(struct libdma_reader *reader, struct stream *stream)
{
	int more;

	stream->taken = false;
	while ((more = tracedat_stream_next(&stream->pages)) == -EBADMSG)
		reader_damage(reader, 0, stream->pages.at,
			      "a page of CPU %d is damaged or cut short",
			      stream->pages.record.cpu);
	stream->has = more > 0;
	return more < 0 ? more : 0;
}

static int add_streams(struct libdma_reader *reader, struct tracedat *tracedat)
{
	const struct tracedat_layout *layout = &tracedat->layout;
	unsigned int width =
		(unsigned int)tep_get_header_page_size(tracedat->decoder.tep);
	int err = 0;

	if (width != 4 && width != 8)
		width = (unsigned int)tep_get_long_size(tracedat->decoder.tep);
	if (width != 4 && width != 8)
		return -EBADMSG;
	tracedat->stream =
		calloc(layout->count ? layout->count : 1, sizeof(*tracedat->stream));
	if (!tracedat->stream)
		return -ENOMEM;
	while (tracedat->streams < layout->count && !err) {
		struct stream *stream = &tracedat->stream[tracedat->streams];

		tracedat_stream_init(&stream->pages, tracedat->fd, layout,
				     &layout->data[tracedat->streams], width);
		tracedat->streams++;
		err = advance(reader, stream);
	}
	return err;
}

static void tracedat_close(struct libdma_reader *reader)
{
	struct tracedat *tracedat = reader->state;

	if (!tracedat)
		return;
	for (size_t i = 0; i < tracedat->streams; i++)
		tracedat_stream_deinit(&tracedat->stream[i].pages);
	if (tracedat->decoder.tep)
		tracedat_decoder_deinit(&tracedat->decoder);
	if (tracedat->file)
		tracecmd_close(tracedat->file);
	if (tracedat->fd >= 0)
		close(tracedat->fd);
	free(tracedat->layout.data);
	free(tracedat->stream);
	free(tracedat);
	reader->state = NULL;
}

static int tracedat_open(struct libdma_reader *reader)
{
	struct tracedat *tracedat = calloc(1, sizeof(*tracedat));
	char path[32];
	int err;

	if (!tracedat)
		return -ENOMEM;
	reader->state = tracedat;
	tracedat->fd = -1;
	err = take_file(reader, tracedat);
	if (err)
		return err;
	/* The libraries' words would go to standard error. */
	tep_set_loglevel(TEP_LOG_NONE);
	tracecmd_set_loglevel(TEP_LOG_NONE);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", tracedat->fd);
	tracedat->file = tracecmd_open_head(path, TRACECMD_FL_LOAD_NO_PLUGINS);
	if (!tracedat->file) {
		reader_damage(reader, 0, 0, "libtracecmd cannot read the file");
		return -EBADMSG;
	}
	tracedat_decoder_init(&tracedat->decoder, tracecmd_get_tep(tracedat->file),
			      reader->strings);
	set_environment(reader->environment, &tracedat->layout,
			tep_get_cpus(tracedat->decoder.tep));
	return add_streams(reader, tracedat);
}

/* The stream with the earliest record, or NULL at the end of all. */
static struct stream *earliest(struct tracedat *tracedat)
{
	struct stream *first = NULL;

	for (size_t i = 0; i < tracedat->streams; i++) {
		struct stream *stream = &tracedat->stream[i];

		if (stream->has &&
		    (!first || stream->pages.record.ts < first->pages.record.ts))
			first = stream;
	}
	return first;
}

/* Is something missing before the next record of this stream? It is told once. */
static bool take_loss(struct libdma_reader *reader, struct stream *stream)
{
	struct tracedat *tracedat = reader->state;
	long long missed = stream->pages.record.missed_events;

	if (!missed || tracedat->lost == stream)
		return false;
	tracedat->lost = stream;
	tracedat->event = (struct dma_event) {
		.kind = DMA_EVENT_LOST,
		.cpu = (uint32_t)stream->pages.record.cpu,
		.ns = tracedat->event.ns,
		.count = missed > 0 ? (uint64_t)missed : 0,
	};
	reader->lost += tracedat->event.count;
	return true;
}

/* The stream's next record, and with it the call stack that may lie behind it. */
static int take_record(struct libdma_reader *reader, struct stream *stream)
{
	struct tracedat *tracedat = reader->state;
	struct tep_record *record = &stream->pages.record;
	uint32_t stack = 0;
	int err;

	tracedat->lost = NULL;
	err = tracedat_decode(&tracedat->decoder, record, &tracedat->event);
	if (err == -EBADMSG) {
		reader_damage(reader, 0, record->offset,
			      "a record does not have its tracepoint's fields");
		stream->taken = true;
	}
	if (err)
		return err;
	err = advance(reader, stream);
	if (err || !stream->has || tracedat->event.kind == DMA_EVENT_OTHER)
		return err;
	err = tracedat_decode_stack(&tracedat->decoder, record, &stack);
	tracedat->event.stack = stack;
	stream->taken = stack;
	return err;
}

static int tracedat_next(struct libdma_reader *reader, const struct dma_event **ret)
{
	struct tracedat *tracedat = reader->state;
	struct stream *stream;
	int err;

	while ((stream = earliest(tracedat))) {
		if (stream->taken) {
			err = advance(reader, stream);
			if (err)
				return err;
			continue;
		}
		err = take_loss(reader, stream) ? 0 : take_record(reader, stream);
		if (err == -EBADMSG)
			continue;
		if (err)
			return err;
		tracedat->event.number = reader->events++;
		*ret = &tracedat->event;
		return 1;
	}
	return 0;
}

const struct format format_tracedat = {
	.face = {
		.name = "tracedat",
		.summary = "trace.dat files of trace-cmd",
		.reads = true,
	},
	.recognise = tracedat_recognise,
	.open = tracedat_open,
	.next = tracedat_next,
	.close = tracedat_close,
};

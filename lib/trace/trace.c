// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * trace.c - open a trace in whatever format, and pass its events on
 *
 * The formats know nothing of each other; this is the one table of them.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "trace/format.h"

#define HEAD_SIZE ((size_t)64 << 10)

/* In the order in which they are asked whether a trace is theirs. */
static const struct format *const formats[] = {
	&format_binary,
	&format_text,
	&format_program,
	&format_ftrace,
#ifdef HAVE_TRACECMD
	&format_tracedat,
#endif
	&format_ndjson,
	NULL,
};

static const struct format *format_find(const char *name)
{
	for (const struct format *const *it = formats; *it; it++)
		if (!strcmp((*it)->face.name, name))
			return *it;
	return NULL;
}

static const struct format *format_recognise(const struct input *input)
{
	size_t size = input->size < HEAD_SIZE ? input->size : HEAD_SIZE;

	for (const struct format *const *it = formats; *it; it++)
		if ((*it)->recognise && (*it)->recognise(input->data, size))
			return *it;
	return NULL;
}

const struct libdma_format *libdma_format_at(size_t index)
{
	const size_t count = sizeof(formats) / sizeof(formats[0]) - 1;

	if (index < count)
		return &formats[index]->face;
	return NULL;
}

void reader_damage(struct libdma_reader *reader, uint64_t line, uint64_t offset,
		   const char *reason, ...)
{
	char text[256];
	va_list args;

	reader->damaged++;
	if (!reader->damage) {
		reader->missing = 0;
		return;
	}
	va_start(args, reason);
	vsnprintf(text, sizeof(text), reason, args);
	va_end(args);
	reader->damage(reader->arg, &(struct libdma_damage) {
					    .path = strcmp(reader->path, "-")
							    ? reader->path
							    : "standard input",
					    .line = line,
					    .offset = offset,
					    .reason = text,
					    .missing = reader->missing,
				    });
	reader->missing = 0;
}

static int choose_format(struct libdma_reader *reader, const char *from)
{
	struct input *input = reader->input;
	int err;

	if (from) {
		reader->format = format_find(from);
		return reader->format && reader->format->open ? 0 : -EINVAL;
	}
	for (;;) {
		err = input_fill_head(input, HEAD_SIZE);
		if (err)
			return err;
		reader->format = format_recognise(input);
		if (reader->format)
			return 0;
		if (input->size >= HEAD_SIZE || input->ended)
			break;
		/* what is still to be written is waited for only if it is needed */
		err = input_fill(input, input->size + 1);
		if (err)
			return err;
	}
	reader_damage(reader, 0, 0, "%s",
		      input->damage ? input->damage
		      : input->size ? "no format of traces begins like this"
				    : "the file is empty");
	return -EBADMSG;
}

int reader_create(const char *path, const struct libdma_reader_options *options,
		  struct libdma_reader **ret)
{
	static const struct libdma_reader_options defaults;
	struct libdma_reader *reader = calloc(1, sizeof(*reader));
	int err = -ENOMEM;

	if (!reader)
		return -ENOMEM;
	if (!options)
		options = &defaults;
	reader->damage = options->damage;
	reader->arg = options->arg;
	reader->owns_strings = !options->strings;
	reader->strings = options->strings ? options->strings : libdma_strings_create();
	reader->environment = libdma_environment_create();
	reader->path = strdup(path);
	if (!reader->strings || !reader->environment || !reader->path)
		goto close_reader;

	err = input_open(path, &reader->input);
	if (err)
		goto close_reader;
	reader->input->idle = options->idle;
	reader->input->arg = options->arg;
	err = choose_format(reader, options->from);
	if (err)
		goto close_reader;
	*ret = reader;
	return 0;

close_reader:
	libdma_reader_close(reader);
	return err;
}

int libdma_reader_open(const char *path, const struct libdma_reader_options *options,
		       struct libdma_reader **ret)
{
	struct libdma_reader *reader;
	int err = reader_create(path, options, &reader);

	if (err)
		return err;
	err = reader->format->open(reader);
	if (err) {
		libdma_reader_close(reader);
		return err;
	}
	*ret = reader;
	return 0;
}

void libdma_reader_close(struct libdma_reader *reader)
{
	if (!reader)
		return;
	if (reader->format && reader->format->close)
		reader->format->close(reader);
	input_close(reader->input);
	if (reader->owns_strings)
		libdma_strings_destroy(reader->strings);
	libdma_environment_destroy(reader->environment);
	free(reader->path);
	free(reader);
}

int libdma_reader_next(struct libdma_reader *reader, const struct dma_event **ret)
{
	int more = reader->format->next(reader, ret);

	if (!more && reader->input->damage) {
		reader_damage(reader, 0, reader->input->offset, "%s",
			      reader->input->damage);
		reader->input->damage = NULL;
	}
	return more;
}

const char *libdma_reader_format(const struct libdma_reader *reader)
{
	return reader->format->face.name;
}

const char *libdma_reader_compression(const struct libdma_reader *reader)
{
	return reader->input->compression;
}

struct libdma_strings *libdma_reader_strings(const struct libdma_reader *reader)
{
	return reader->strings;
}

struct libdma_environment *libdma_reader_environment(const struct libdma_reader *reader)
{
	return reader->environment;
}

uint64_t libdma_reader_lost(const struct libdma_reader *reader)
{
	return reader->lost;
}

uint64_t libdma_reader_damaged(const struct libdma_reader *reader)
{
	return reader->damaged;
}

const char *libdma_reader_fact(const struct libdma_reader *reader, size_t index,
			       uint64_t *value)
{
	if (!reader->format->fact)
		return NULL;
	return reader->format->fact(reader, index, value);
}

void libdma_reader_progress(const struct libdma_reader *reader, uint64_t *done,
			    uint64_t *total)
{
	*done = reader->input->raw_done;
	*total = reader->input->raw_total;
}

static int copy_environment(const struct libdma_environment *from,
			    struct libdma_environment **ret)
{
	int err;

	if (!from)
		return 0;
	*ret = libdma_environment_create();
	if (!*ret)
		return -ENOMEM;
	err = libdma_environment_merge(*ret, from);
	if (err)
		libdma_environment_destroy(*ret);
	return err;
}

int libdma_writer_open(const char *path, const struct libdma_writer_options *options,
		       struct libdma_writer **ret)
{
	const struct format *format = format_find(options->to ? options->to : "binary");
	struct libdma_writer *writer;
	int err;

	if (!format || !format->create)
		return -EINVAL;
	writer = calloc(1, sizeof(*writer));
	if (!writer)
		return -ENOMEM;
	writer->format = format;
	writer->strings = options->strings;

	err = copy_environment(options->environment, &writer->environment);
	if (err)
		goto free_writer;
	err = output_open(path, options->overwrite, &writer->output);
	if (err)
		goto destroy_environment;
	err = format->create(writer);
	if (err)
		goto close_output;
	*ret = writer;
	return 0;

close_output:
	output_close(writer->output);
destroy_environment:
	libdma_environment_destroy(writer->environment);
free_writer:
	free(writer);
	return err;
}

int libdma_writer_put(struct libdma_writer *writer, const struct dma_event *event)
{
	int err;

	if (writer->error)
		return writer->error;
	err = writer->format->put(writer, event);
	if (!err)
		err = output_error(writer->output);
	if (err) /* the line of the cache is read by a format's thread */
		writer->error = err;
	return err;
}

int libdma_writer_environment(struct libdma_writer *writer,
			      const struct libdma_environment *environment)
{
	if (writer->error || !writer->format->learn)
		return writer->error;
	writer->error = writer->format->learn(writer, environment);
	return writer->error;
}

int libdma_writer_flush(struct libdma_writer *writer)
{
	if (writer->error)
		return writer->error;
	writer->error = writer->format->flush ? writer->format->flush(writer)
					      : output_flush(writer->output);
	return writer->error;
}

uint64_t libdma_writer_skipped(const struct libdma_writer *writer)
{
	return writer->skipped;
}

int libdma_writer_close(struct libdma_writer *writer)
{
	int err, closed;

	if (!writer)
		return 0;
	err = writer->format->finish(writer);
	closed = output_close(writer->output);
	if (writer->error)
		err = writer->error;
	libdma_environment_destroy(writer->environment);
	free(writer);
	return err ? err : closed;
}

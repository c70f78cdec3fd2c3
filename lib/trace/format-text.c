// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * format-text.c - traces as text, one event a line
 *
 *	#dmat-text 1
 *	#environment {"schema": "dmactl.environment/1", ...}
 *	12.000345000 [001 d.h1.] iomix/261 map_page 0000:00:02.0 TO_DEVICE phys=0x1000 ...
 *
 * A line is right or wrong by itself: what is wrong is told, and the next one read.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/format.h"
#include "trace/text.h"

#define MAGIC            "#dmat-text "
#define TEXT_VERSION     "1"
#define ENVIRONMENT_LINE "#environment "

/* An event of a longer line cannot be read again, so is not written either. */
#define LINE_MAX_SIZE ((size_t)32 << 20)

struct text_reader {
	struct text_parser parser;
	struct dma_event event;
	uint64_t line;
};

/* A line in the input's window. */
struct line {
	const char *text;
	size_t size;     /* without its end */
	size_t consumed; /* with its end */
	bool cut;        /* the file ends before the line does */
};

static bool text_recognise(const unsigned char *data, size_t size)
{
	return size >= strlen(MAGIC) && !memcmp(data, MAGIC, strlen(MAGIC));
}

/* 1 with a line, 0 at the end of the file, -EMSGSIZE, or -errno */
static int find_line(struct input *input, struct line *line)
{
	const unsigned char *end;
	size_t seen = 0;
	int err;

	for (;;) {
		end = input->size > seen
			      ? memchr(input->data + seen, '\n', input->size - seen)
			      : NULL;
		if (end || input->ended || input->size > LINE_MAX_SIZE)
			break;
		seen = input->size;
		err = input_fill(input, seen + 1);
		if (err)
			return err;
	}
	if (!input->size)
		return 0;
	if (!end && !input->ended)
		return -EMSGSIZE;
	line->text = (const char *)input->data;
	line->size = end ? (size_t)(end - input->data) : input->size;
	line->consumed = line->size + !!end;
	line->cut = !end;
	if (line->size && line->text[line->size - 1] == '\r')
		line->size--;
	return 1;
}

/* Step over the rest of a line that is too long to be kept. */
static int skip_long_line(struct input *input)
{
	const unsigned char *end = NULL;
	int err = 0;

	while (!end && input->size && !err) {
		end = memchr(input->data, '\n', input->size);
		input_skip(input, end ? (size_t)(end - input->data) + 1 : input->size);
		if (!end)
			err = input_fill(input, 1);
	}
	return err;
}

static bool starts_with(const struct line *line, const char *start)
{
	return line->size >= strlen(start) && !memcmp(line->text, start, strlen(start));
}

static int read_environment(struct libdma_reader *reader, const struct line *line)
{
	struct text_reader *text = reader->state;
	size_t head = strlen(ENVIRONMENT_LINE);
	char *why;
	int err;

	err = libdma_environment_parse(reader->environment, line->text + head,
				       line->size - head, &why);
	if (err != -EINVAL)
		return err;
	reader_damage(reader, text->line, reader->input->offset, "#environment: %s", why);
	free(why);
	return 0;
}

static bool is_version(const struct line *line)
{
	return line->size == strlen(MAGIC TEXT_VERSION) &&
	       starts_with(line, MAGIC TEXT_VERSION);
}

static void complain_version(struct libdma_reader *reader, uint64_t number,
			     const struct line *line)
{
	size_t size = line->size - strlen(MAGIC);

	reader_damage(reader, number, reader->input->offset,
		      "version \"%.*s\" of the text form; only " TEXT_VERSION " is known",
		      (int)(size < 20 ? size : 20), line->text + strlen(MAGIC));
}

static int read_line(struct libdma_reader *reader, const struct line *line)
{
	struct text_reader *text = reader->state;
	struct text_parser *parser = &text->parser;
	uint64_t offset = reader->input->offset;
	int more;

	if (starts_with(line, ENVIRONMENT_LINE))
		return read_environment(reader, line);
	if (starts_with(line, MAGIC) && !is_version(line))
		complain_version(reader, text->line, line);
	more = text_parse(parser, line->text, line->size, &text->event);
	if (parser->where)
		reader_damage(reader, text->line,
			      offset + (uint64_t)(parser->where - line->text), "%s%s",
			      parser->why, line->cut ? ", where the file ends" : "");
	else if (more == 1 && line->cut)
		reader_damage(reader, text->line, offset + line->size,
			      "the last line has no end, so may be cut short");
	return more == -EINVAL ? 0 : more;
}

static int text_next(struct libdma_reader *reader, const struct dma_event **ret)
{
	struct text_reader *text = reader->state;
	struct line line;
	int more;

	do {
		more = find_line(reader->input, &line);
		if (!more)
			return 0;
		text->line++;
		if (more == -EMSGSIZE) {
			reader_damage(reader, text->line, reader->input->offset,
				      "a line of more than %zu MiB", LINE_MAX_SIZE >> 20);
			more = skip_long_line(reader->input);
			continue;
		}
		if (more < 0)
			return more;
		more = read_line(reader, &line);
		input_skip(reader->input, line.consumed);
	} while (!more);
	if (more < 0)
		return more;
	text->event.number = reader->events++;
	if (text->event.kind == DMA_EVENT_LOST)
		reader->lost += text->event.count;
	*ret = &text->event;
	return 1;
}

/* Of the lines that begin with '#', the first one says how the others are meant. */
static int check_version(struct libdma_reader *reader)
{
	struct line line;
	int more = find_line(reader->input, &line);

	if (more < 0 && more != -EMSGSIZE)
		return more;
	if (more <= 0 || !starts_with(&line, MAGIC) || is_version(&line))
		return 0;
	complain_version(reader, 1, &line);
	return -ENOTSUP;
}

/* What stands before the first event is known as soon as the trace is open. */
static int read_head(struct libdma_reader *reader)
{
	struct text_reader *text = reader->state;
	struct line line;
	int more;

	for (;;) {
		more = find_line(reader->input, &line);
		if (more != 1 || (line.size && *line.text != '#'))
			break;
		text->line++;
		more = read_line(reader, &line);
		if (more < 0)
			return more;
		input_skip(reader->input, line.consumed);
	}
	return more == -EMSGSIZE || more > 0 ? 0 : more;
}

static int text_open(struct libdma_reader *reader)
{
	struct text_reader *text = calloc(1, sizeof(*text));
	int err;

	if (!text)
		return -ENOMEM;
	text->parser.strings = reader->strings;
	reader->state = text;
	err = check_version(reader);
	return err ? err : read_head(reader);
}

static void text_close(struct libdma_reader *reader)
{
	struct text_reader *text = reader->state;

	if (!text)
		return;
	text_parser_deinit(&text->parser);
	free(text);
}

/* The JSON form on one line: its own newlines are only layout. */
static int write_environment(struct libdma_writer *writer,
			     const struct libdma_environment *environment)
{
	char *json, *line, *next;
	int err = libdma_environment_print(environment, &json);

	if (err)
		return err;
	output_write(writer->output, ENVIRONMENT_LINE, strlen(ENVIRONMENT_LINE));
	for (line = json; *line; line = next) {
		line += strspn(line, " ");
		next = strchr(line, '\n') + 1;
		output_write(writer->output, line, (size_t)(next - line - 1));
	}
	output_write(writer->output, "\n", 1);
	free(json);
	return writer->output->error;
}

static int text_create(struct libdma_writer *writer)
{
	output_write(writer->output, MAGIC TEXT_VERSION "\n",
		     strlen(MAGIC TEXT_VERSION "\n"));
	if (writer->environment)
		return write_environment(writer, writer->environment);
	return writer->output->error;
}

static int text_put(struct libdma_writer *writer, const struct dma_event *event)
{
	size_t bound = text_bound(event, writer->strings);
	char *place, *end;

	if (!libdma_event_kind_name(event->kind) || bound > LINE_MAX_SIZE) {
		writer->skipped++;
		return 0;
	}
	place = (char *)output_reserve(writer->output, bound + 1);
	if (!place)
		return writer->output->error;
	end = text_print(place, event, writer->strings);
	*end++ = '\n';
	output_commit(writer->output, (size_t)(end - place));
	return 0;
}

static int text_finish(struct libdma_writer *writer)
{
	(void)writer;
	return 0;
}

const struct format format_text = {
	.face = { .name = "text",
		  .summary = "one event a line, to be read and written by people",
		  .reads = true,
		  .writes = true },
	.recognise = text_recognise,
	.open = text_open,
	.next = text_next,
	.close = text_close,
	.create = text_create,
	.put = text_put,
	.learn = write_environment,
	.finish = text_finish,
};

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * verify.c - read all of a file and say what is wrong with it
 *
 * A .dmat file is asked block by block, see verify-blocks.c. Other formats have nothing
 * that could be worked out again: what their reader stumbles over is what is wrong.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "trace/verify.h"

static const struct {
	const char *name;
	enum libdma_flaw_level level;
} kinds[LIBDMA_FLAW_KINDS] = {
	[LIBDMA_FLAW_DAMAGE] = { "damage", LIBDMA_FLAW_ERROR },
	[LIBDMA_FLAW_CUT] = { "cut", LIBDMA_FLAW_ERROR },
	[LIBDMA_FLAW_ORDER] = { "order", LIBDMA_FLAW_ERROR },
	[LIBDMA_FLAW_EVENTS] = { "events", LIBDMA_FLAW_ERROR },
	[LIBDMA_FLAW_ENVIRONMENT] = { "environment", LIBDMA_FLAW_ERROR },
	[LIBDMA_FLAW_VERSION] = { "version", LIBDMA_FLAW_ERROR },
	[LIBDMA_FLAW_CHECKPOINT] = { "checkpoint", LIBDMA_FLAW_WARNING },
	[LIBDMA_FLAW_INDEX] = { "index", LIBDMA_FLAW_WARNING },
	[LIBDMA_FLAW_UNCLOSED] = { "unclosed", LIBDMA_FLAW_WARNING },
	[LIBDMA_FLAW_LOSS] = { "loss", LIBDMA_FLAW_NOTE },
};

const char *libdma_flaw_name(unsigned int kind)
{
	return kind < LIBDMA_FLAW_KINDS ? kinds[kind].name : NULL;
}

enum libdma_flaw_level libdma_flaw_level(enum libdma_flaw_kind kind)
{
	return kinds[kind].level;
}

static void tell(struct verify *verify, const struct libdma_flaw *flaw)
{
	verify->verdict->flaws[flaw->kind]++;
	verify->verdict->missing += flaw->missing;
	if (verify->flaw)
		verify->flaw(verify->arg, flaw);
}

void verify_tell(struct verify *verify, enum libdma_flaw_kind kind, uint64_t missing,
		 const char *format, ...)
{
	char text[320];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	tell(verify, &(struct libdma_flaw) { .kind = kind,
					     .offset = verify->offset,
					     .block = verify->place,
					     .missing = missing,
					     .text = text });
}

/* What the reader stumbles over, before it knows the format and after. */
static void take_damage(void *arg, const struct libdma_damage *damage)
{
	tell(arg, &(struct libdma_flaw) { .kind = LIBDMA_FLAW_DAMAGE,
					  .offset = damage->offset,
					  .line = damage->line,
					  .missing = damage->missing,
					  .text = damage->reason });
}

/* A format of which is known only whether it can be read. */
static int read_through(struct verify *verify)
{
	struct libdma_reader *reader = verify->reader;
	const struct dma_event *event;
	int more, err = reader->format->open(reader);

	if (err)
		return err == -EBADMSG || err == -ENOTSUP ? 0 : err;
	while ((more = libdma_reader_next(reader, &event)) > 0)
		verify->verdict->events++;
	if (reader->lost)
		verify_tell(verify, LIBDMA_FLAW_LOSS, 0,
			    "%llu events were lost by the recorder",
			    (unsigned long long)reader->lost);
	verify->verdict->lost = reader->lost;
	return more;
}

int libdma_verify(const char *path, const char *from,
		  void (*flaw)(void *arg, const struct libdma_flaw *flaw), void *arg,
		  struct libdma_verdict *ret)
{
	struct verify verify = { .verdict = ret, .flaw = flaw, .arg = arg };
	const struct libdma_reader_options options = {
		.from = from,
		.damage = take_damage,
		.arg = &verify,
	};
	int err;

	*ret = (struct libdma_verdict) { .compression = "none" };
	err = reader_create(path, &options, &verify.reader);
	if (err)
		return err == -EBADMSG ? 0 : err;
	ret->format = verify.reader->format->face.name;
	ret->compression = verify.reader->input->compression;
	err = verify.reader->format == &format_binary ? verify_blocks(&verify)
						      : read_through(&verify);
	ret->bytes = verify.reader->input->offset;
	libdma_reader_close(verify.reader);
	return err;
}

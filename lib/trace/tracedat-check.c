// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * tracedat-check.c - do a trace.dat file's tables stay inside the file?
 *
 * libtracecmd believes them. So they are walked first, and what they say of the
 * recording's clock and kernel is taken along. Version 6 is one sequence of tables,
 * version 7 has sections that lists of options point to.
 *
 * Described by trace-cmd.dat.v6(5) and trace-cmd.dat.v7(5)
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/tracedat.h"

#define MOST_PAGE     ((uint32_t)1 << 20)
#define MOST_CPUS     4096
#define MOST_TABLES   65536                 /* of options, systems or events */
#define MOST_FORMAT   ((uint64_t)1 << 20)   /* bytes of a tracepoint's description */
#define MOST_UNPACKED ((uint32_t)256 << 20) /* bytes of a packed section */

enum option {
	OPTION_DONE = 0,
	OPTION_BUFFER = 3,
	OPTION_CLOCK = 4,
	OPTION_UNAME = 5,
	OPTION_CPUCOUNT = 8,
	OPTION_FIRST_SECTION = 16, /* those that give a section's place */
	OPTION_FTRACE_FORMATS = 17,
	OPTION_FORMATS = 18,
	OPTION_LAST_SECTION = 21,
};

#define SECTION_PACKED 1

/* A place in the file, or in a section that was unpacked; the first failure stays. */
struct walk {
	int fd;
	const unsigned char *bytes; /* NULL for the file's own */
	bool big_endian;
	uint64_t at;
	uint64_t size; /* of the file */
	int error;
	const char *why;
	struct tracedat_layout *layout;
};

static void walk_fail(struct walk *walk, const char *why)
{
	if (walk->error)
		return;
	walk->error = -EBADMSG;
	walk->why = why;
}

static void walk_read(struct walk *walk, void *bytes, size_t size)
{
	ssize_t got;

	memset(bytes, 0, size);
	if (walk->error)
		return;
	if (walk->bytes) {
		if (walk->at > walk->size || size > walk->size - walk->at)
			walk_fail(walk, "a table reaches beyond its section");
		else
			memcpy(bytes, walk->bytes + walk->at, size);
		walk->at += size;
		return;
	}
	got = pread(walk->fd, bytes, size, (off_t)walk->at);
	if (got < 0)
		walk->error = -errno;
	else if ((size_t)got < size)
		walk_fail(walk, "the file is cut short within its tables");
	walk->at += size;
}

static void walk_skip(struct walk *walk, uint64_t size)
{
	if (walk->error)
		return;
	if (walk->at > walk->size || size > walk->size - walk->at)
		walk_fail(walk, "a table reaches beyond the end of the file");
	else
		walk->at += size;
}

static uint16_t walk_u16(struct walk *walk)
{
	uint16_t value;

	walk_read(walk, &value, sizeof(value));
	return walk->big_endian ? be16toh(value) : le16toh(value);
}

static uint32_t walk_u32(struct walk *walk)
{
	uint32_t value;

	walk_read(walk, &value, sizeof(value));
	return walk->big_endian ? be32toh(value) : le32toh(value);
}

static uint64_t walk_u64(struct walk *walk)
{
	uint64_t value;

	walk_read(walk, &value, sizeof(value));
	return walk->big_endian ? be64toh(value) : le64toh(value);
}

/* A string with its NUL, of at most @size bytes. */
static void walk_string(struct walk *walk, char *text, size_t size)
{
	size_t used = 0;

	do {
		if (used == size) {
			walk_fail(walk, "a name in the tables does not end");
			text[size - 1] = '\0';
			return;
		}
		walk_read(walk, text + used, 1);
	} while (text[used++]);
}

static void expect_name(struct walk *walk, const char *name)
{
	char text[32];

	walk_string(walk, text, sizeof(text));
	if (strcmp(text, name))
		walk_fail(walk, "the tables are not in their order");
}

/* Pages that the file should have, though it may be cut. */
static void keep_data(struct walk *walk, const struct tracedat_data *data)
{
	struct tracedat_layout *layout = walk->layout;
	struct tracedat_data *grown;
	uint64_t end;

	if (__builtin_add_overflow(data->offset, data->size, &end) || end > INT64_MAX)
		walk_fail(walk, "a CPU's data begins or ends beyond any file");
	if (data->page_size < 1024 || data->page_size > MOST_PAGE ||
	    data->page_size & (data->page_size - 1))
		walk_fail(walk, "pages cannot be so large");
	if (data->cpu > MOST_CPUS || layout->count > MOST_TABLES)
		walk_fail(walk, "the file has more CPUs than any machine");
	if (walk->error || !data->size)
		return;
	grown = realloc(layout->data, (layout->count + 1) * sizeof(*grown));
	if (!grown) {
		walk->error = -ENOMEM;
		return;
	}
	layout->data = grown;
	layout->data[layout->count++] = *data;
	if (end > layout->size)
		layout->size = end;
}

static void walk_text(struct walk *walk, uint64_t size, char *text, size_t room)
{
	size_t take = size < room - 1 ? (size_t)size : room - 1;

	walk_read(walk, text, take);
	text[take] = '\0';
	walk_skip(walk, size - take);
}

/* "local global [mono] ..." -> "mono" */
static void keep_clock(struct walk *walk, uint64_t size)
{
	char text[256], *from, *to;

	walk_text(walk, size, text, sizeof(text));
	from = strchr(text, '[');
	to = from ? strchr(from, ']') : NULL;
	if (!to || (size_t)(to - from) > sizeof(walk->layout->clock))
		return;
	*to = '\0';
	memcpy(walk->layout->clock, from + 1, (size_t)(to - from));
}

static uint32_t walk_cpus(struct walk *walk)
{
	uint32_t cpus = walk_u32(walk);

	if (cpus > MOST_CPUS)
		walk_fail(walk, "the file has more CPUs than any machine");
	return walk->error ? 0 : cpus;
}

static uint32_t walk_count(struct walk *walk)
{
	uint32_t count = walk_u32(walk);

	if (count > MOST_TABLES)
		walk_fail(walk, "a table has more entries than any kernel makes");
	return walk->error ? 0 : count;
}

/* A tracepoint's description. */
static void walk_format(struct walk *walk)
{
	uint64_t size = walk_u64(walk);
	char *text;

	if (size > MOST_FORMAT)
		walk_fail(walk, "a tracepoint's description is longer than any");
	if (walk->error)
		return;
	text = malloc(size + 1);
	if (!text) {
		walk->error = -ENOMEM;
		return;
	}
	walk_read(walk, text, size);
	text[size] = '\0';
	if (!tracedat_format_valid(text, size))
		walk_fail(walk, "a tracepoint's description is damaged");
	free(text);
}

static void walk_formats(struct walk *walk)
{
	uint32_t count = walk_count(walk);

	for (uint32_t i = 0; i < count && !walk->error; i++)
		walk_format(walk);
}

/* All tracepoints, system after system. */
static void walk_systems(struct walk *walk)
{
	uint32_t systems = walk_count(walk);
	char name[256];

	for (uint32_t i = 0; i < systems && !walk->error; i++) {
		walk_string(walk, name, sizeof(name));
		walk_formats(walk);
	}
}

/* The head of a section of version 7: its flags and size. */
static uint16_t walk_head(struct walk *walk, uint64_t offset, uint64_t *size)
{
	uint16_t flags;

	walk->at = offset;
	walk_u16(walk);
	flags = walk_u16(walk);
	walk_u32(walk);
	*size = walk_u64(walk);
	return flags;
}

static void walk_content(struct walk *walk, uint16_t option)
{
	if (option == OPTION_FTRACE_FORMATS)
		walk_formats(walk);
	else if (option == OPTION_FORMATS)
		walk_systems(walk);
}

/* A packed section, unpacked and walked. */
static void walk_packed(struct walk *walk, uint16_t option)
{
	uint32_t packed = walk_u32(walk), size = walk_u32(walk);
	struct walk inner = *walk;
	unsigned char *from, *to;

	if (packed > walk->size || size > MOST_UNPACKED)
		walk_fail(walk, "a packed section is larger than it can be");
	if (walk->error)
		return;
	from = malloc(packed + 1);
	to = malloc((size_t)size + 1);
	if (!from || !to) {
		walk->error = -ENOMEM;
		goto free_both;
	}
	walk_read(walk, from, packed);
	if (!tracedat_unpack(walk->layout->packer, from, packed, to, size))
		walk_fail(walk, "a packed section cannot be unpacked");
	if (walk->error)
		goto free_both;
	inner.bytes = to;
	inner.at = 0;
	inner.size = size;
	walk_content(&inner, option);
	walk->error = inner.error;
	walk->why = inner.why;
free_both:
	free(from);
	free(to);
}

/* A section of version 7 that describes something. */
static void walk_section(struct walk *walk, uint64_t offset, uint16_t option)
{
	uint64_t back = walk->at, size, start;
	uint16_t flags = walk_head(walk, offset, &size);

	start = walk->at;
	walk_skip(walk, size);
	walk->at = start;
	if (flags & SECTION_PACKED)
		walk_packed(walk, option);
	else
		walk_content(walk, option);
	walk->at = back;
}

/* A buffer of version 7: where each CPU's data lies. */
static void walk_buffer(struct walk *walk, uint64_t end)
{
	struct tracedat_data data = { 0 };
	char name[256], clock[256];
	uint64_t back, size;
	uint32_t cpus;

	size = walk_u64(walk);
	back = walk->at;
	data.packed = walk_head(walk, size, &size) & SECTION_PACKED;
	walk->at = back;
	walk_string(walk, name, sizeof(name));
	walk_string(walk, clock, sizeof(clock));
	if (!walk->layout->clock[0] && strlen(clock) < sizeof(walk->layout->clock))
		strcpy(walk->layout->clock, clock);
	data.page_size = walk_u32(walk);
	cpus = walk_cpus(walk);
	for (uint32_t i = 0; i < cpus && !walk->error; i++) {
		data.cpu = walk_u32(walk);
		data.offset = walk_u64(walk);
		data.size = walk_u64(walk);
		keep_data(walk, &data);
	}
	if (walk->at > end)
		walk_fail(walk, "a buffer's description is longer than it says");
}

/* One option, of either version. */
static void walk_option(struct walk *walk, uint16_t option, uint32_t size, bool sections)
{
	uint64_t end = walk->at + size;

	if (size > walk->size || end > walk->size)
		walk_fail(walk, "an option reaches beyond the end of the file");
	else if (option == OPTION_CLOCK)
		keep_clock(walk, size);
	else if (option == OPTION_UNAME)
		walk_text(walk, size, walk->layout->uname, sizeof(walk->layout->uname));
	else if (option == OPTION_CPUCOUNT)
		walk_cpus(walk);
	else if (sections && option == OPTION_BUFFER)
		walk_buffer(walk, end);
	else if (sections && option >= OPTION_FIRST_SECTION &&
		 option <= OPTION_LAST_SECTION)
		walk_section(walk, walk_u64(walk), option);
	walk->at = end;
}

/* The lists of options of version 7, each of which may point to a further one. */
static void walk_version7(struct walk *walk)
{
	uint64_t next = walk_u64(walk);
	uint32_t options = 0;

	while (next && !walk->error) {
		uint16_t option;
		uint32_t size;

		walk_section(walk, next, OPTION_DONE);
		walk->at = next + 16;
		do {
			option = walk_u16(walk);
			size = walk_u32(walk);
			if (option != OPTION_DONE)
				walk_option(walk, option, size, true);
			if (++options > MOST_TABLES)
				walk_fail(walk, "the lists of options do not end");
		} while (option != OPTION_DONE && !walk->error);
		next = size == 8 ? walk_u64(walk) : 0;
	}
}

static void walk_options6(struct walk *walk)
{
	uint16_t option;

	while ((option = walk_u16(walk)) != OPTION_DONE && !walk->error)
		walk_option(walk, option, walk_u32(walk), false);
}

static void walk_version6(struct walk *walk, uint32_t page_size)
{
	struct tracedat_data data = { .page_size = page_size };
	char text[256];
	uint32_t cpus;

	expect_name(walk, "header_page");
	walk_skip(walk, walk_u64(walk));
	expect_name(walk, "header_event");
	walk_skip(walk, walk_u64(walk));
	walk_formats(walk);
	walk_systems(walk);
	walk_skip(walk, walk_u32(walk)); /* symbols */
	walk_skip(walk, walk_u32(walk)); /* texts of trace_printk() */
	walk_skip(walk, walk_u64(walk)); /* names of tasks */
	cpus = walk_cpus(walk);
	walk_read(walk, text, 10);
	if (!memcmp(text, "options  ", 10)) {
		walk_options6(walk);
		walk_read(walk, text, 10);
	}
	if (memcmp(text, "flyrecord", 10))
		walk_fail(walk, "the file holds no records");
	for (data.cpu = 0; data.cpu < cpus && !walk->error; data.cpu++) {
		data.offset = walk_u64(walk);
		data.size = walk_u64(walk);
		keep_data(walk, &data);
	}
}

int tracedat_check(int fd, struct tracedat_layout *layout, const char **why)
{
	struct walk walk = { .fd = fd, .layout = layout };
	char magic[10], version[8], sizes[2], text[32];
	struct stat status;
	uint32_t page_size;

	memset(layout, 0, sizeof(*layout));
	if (fstat(fd, &status))
		return -errno;
	walk.size = (uint64_t)status.st_size;
	walk_read(&walk, magic, sizeof(magic));
	walk_string(&walk, version, sizeof(version));
	walk_read(&walk, sizes, sizeof(sizes));
	walk.big_endian = layout->big_endian = sizes[0];
	page_size = walk_u32(&walk);
	if (!strcmp(version, "6")) {
		walk_version6(&walk, page_size);
	} else if (!strcmp(version, "7")) {
		walk_string(&walk, layout->packer, sizeof(layout->packer));
		walk_string(&walk, text, sizeof(text));
		walk_version7(&walk);
	} else {
		walk_fail(&walk, "only versions 6 and 7 of trace.dat can be read");
	}
	*why = walk.why;
	return walk.error;
}

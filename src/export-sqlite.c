// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * export-sqlite.c - a trace as a database, for questions that no command answers
 *
 * SQLite's integers have a sign: addresses and masks are stored as their bits, and the
 * views print them in hexadecimal. What a mapping's beginning and its end have in common
 * is the column "mapping".
 */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "export-sqlite.h"
#include "export.h"
#include "output.h"
#include "utf8.h"

enum statement {
	INSERT_EVENT,
	INSERT_ENTRY,
	INSERT_SEGMENT,
	INSERT_LOSS,
	INSERT_STRING,
	INSERT_DEVICE,
	INSERT_KIND,
	INSERT_ENVIRONMENT,
	STATEMENTS
};

struct database {
	struct export *export;
	sqlite3 *db;
	sqlite3_stmt *insert[STATEMENTS];
	bool *is_device; /* by the string's number */
	uint32_t room;
};

static const char *const inserts[] = {
	[INSERT_EVENT] =
		("INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
		"?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
	[INSERT_ENTRY] = "INSERT INTO entries VALUES (?, ?, ?, ?)",
	[INSERT_SEGMENT] = "INSERT INTO segments VALUES (?, ?, ?, ?)",
	[INSERT_LOSS] = "INSERT INTO losses VALUES (?, ?, ?, ?, ?)",
	[INSERT_STRING] = "INSERT INTO strings VALUES (?, ?)",
	[INSERT_DEVICE] = "INSERT INTO devices VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
	[INSERT_KIND] = "INSERT INTO kinds VALUES (?, ?, ?)",
	[INSERT_ENVIRONMENT] = "INSERT OR REPLACE INTO environment VALUES (?, ?)",
};

/* What SQLite says of the last call. */
static int tell(const struct database *database)
{
	complain("%s: %s", database->export->options->target.path, sqlite3_errmsg(database->db));
	return EXIT_SYSTEM;
}

static int execute(const struct database *database, const char *sql)
{
	return sqlite3_exec(database->db, sql, NULL, NULL, NULL) == SQLITE_OK
		       ? EXIT_FINE
		       : tell(database);
}

/*
 * A row is bound column by column, from 1; what has no value stays NULL.
 */

static void bind_number(sqlite3_stmt *insert, int column, uint64_t value)
{
	sqlite3_bind_int64(insert, column, (sqlite3_int64)value);
}

/* 0 is no value. */
static void bind_some(sqlite3_stmt *insert, int column, uint64_t value)
{
	if (value)
		bind_number(insert, column, value);
}

static void bind_text(sqlite3_stmt *insert, int column, const char *text, size_t size)
{
	char *clean;

	if (utf8_valid(text, size)) {
		sqlite3_bind_text64(insert, column, text, size, SQLITE_TRANSIENT,
				    SQLITE_UTF8);
		return;
	}
	clean = malloc(3 * size + 1);
	if (!clean)
		out_of_memory();
	sqlite3_bind_text64(insert, column, clean, utf8_clean(text, size, clean), free,
			    SQLITE_UTF8);
}

/* A constant, or what lives longer than the row takes; NULL is none. */
static void bind_name(sqlite3_stmt *insert, int column, const char *name)
{
	if (name)
		sqlite3_bind_text(insert, column, name, -1, SQLITE_STATIC);
}

static int insert_row(const struct database *database, enum statement which)
{
	sqlite3_stmt *insert = database->insert[which];

	if (sqlite3_step(insert) != SQLITE_DONE)
		return tell(database);
	sqlite3_reset(insert);
	sqlite3_clear_bindings(insert);
	return EXIT_FINE;
}

/*
 * The file
 */

/* An empty file, for SQLite to fill; what it replaces is cut off. */
static int create_file(const struct export_options *options)
{
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (options->target.force ? O_TRUNC : O_EXCL);
	int fd = open(options->target.path, flags, 0666);

	if (fd < 0)
		return trouble(options->target.path, -errno);
	close(fd);
	return EXIT_FINE;
}

static int open_database(struct database *database)
{
	char *path;
	int status;

	/* a name that begins with a colon would be none of a file */
	if (asprintf(&path, "%s%s", *database->export->options->target.path == ':' ? "./" : "",
		     database->export->options->target.path) < 0)
		out_of_memory();
	status = sqlite3_open_v2(path, &database->db, SQLITE_OPEN_READWRITE, NULL);
	free(path);
	if (status != SQLITE_OK)
		return tell(database);
	status = execute(database, sqlite_tables);
	for (size_t i = 0; i < STATEMENTS && status == EXIT_FINE; i++)
		if (sqlite3_prepare_v2(database->db, inserts[i], -1, &database->insert[i],
				       NULL) != SQLITE_OK)
			status = tell(database);
	return status;
}

static int insert_kinds(const struct database *database)
{
	static const char *const classes[] = { "none",  "map",  "unmap",
					       "alloc", "free", "sync" };
	sqlite3_stmt *insert = database->insert[INSERT_KIND];
	int status = EXIT_FINE;

	for (unsigned int i = 1; i < DMA_EVENT_KINDS && status == EXIT_FINE; i++) {
		bind_number(insert, 1, i);
		bind_name(insert, 2, libdma_event_kind_name(i));
		bind_name(insert, 3, classes[libdma_event_kind_class(i)]);
		status = insert_row(database, INSERT_KIND);
	}
	return status;
}

static void database_destroy(void *state)
{
	struct database *database = state;

	for (size_t i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(database->insert[i]);
	sqlite3_close(database->db);
	free(database->is_device);
	free(database);
}

static void *database_create(struct export *export)
{
	struct database *database = calloc(1, sizeof(*database));

	if (!database)
		out_of_memory();
	database->export = export;
	if (create_file(export->options) == EXIT_FINE &&
	    open_database(database) == EXIT_FINE && insert_kinds(database) == EXIT_FINE)
		return database;
	database_destroy(database);
	return NULL;
}

/*
 * Events
 */

static void note_device(struct database *database, uint32_t number)
{
	if (number >= database->room) {
		uint32_t room = number * 2 + 64;

		database->is_device = realloc(database->is_device, room);
		if (!database->is_device)
			out_of_memory();
		memset(database->is_device + database->room, 0, room - database->room);
		database->room = room;
	}
	database->is_device[number] = true;
}

static void bind_attrs(sqlite3_stmt *insert, int column, uint64_t attrs)
{
	char text[512];
	size_t size;

	if (!attrs)
		return;
	size = libdma_attrs_print(attrs, text, sizeof(text));
	bind_text(insert, column, text, size < sizeof(text) ? size : sizeof(text) - 1);
}

static void bind_error(sqlite3_stmt *insert, int column, int error)
{
	const char *name = error < 0 ? strerrorname_np(-error) : NULL;

	if (name)
		bind_name(insert, column, name);
	else if (error)
		sqlite3_bind_int(insert, column, error);
}

static void bind_event(sqlite3_stmt *insert, const struct dma_event *event)
{
	bool moves = event->dir || libdma_event_kind_class(event->kind) != DMA_CLASS_NONE;

	bind_number(insert, 1, event->number);
	bind_number(insert, 2, event->ns);
	bind_number(insert, 3, event->cpu);
	sqlite3_bind_int(insert, 4, event->pid);
	bind_some(insert, 5, event->comm);
	bind_number(insert, 6, event->kind);
	bind_some(insert, 7, event->device);
	bind_name(insert, 8, moves ? libdma_direction_name(event->dir) : NULL);
	bind_some(insert, 9, event->phys);
	bind_some(insert, 10, event->dma);
	bind_some(insert, 11, event->size);
	bind_some(insert, 13, event->nents);
	bind_some(insert, 14, event->ents);
	bind_attrs(insert, 15, event->attrs);
	bind_error(insert, 16, event->error);
	bind_some(insert, 17, event->cpu_addr);
	bind_some(insert, 18, event->handle);
	bind_some(insert, 19, event->name);
	bind_some(insert, 20, event->gfp);
	bind_some(insert, 21, event->stack);
	bind_some(insert, 22, event->flags);
	bind_some(insert, 23, event->mask);
	bind_some(insert, 24, event->boundary);
	if (event->text_size)
		bind_text(insert, 25, event->text, event->text_size);
}

static void bind_change(sqlite3_stmt *insert, const struct libdma_change *change)
{
	if (!change->begin)
		return;
	bind_number(insert, 12, libdma_event_bytes(change->begin));
	bind_number(insert, 26, change->order);
	sqlite3_bind_int(insert, 27, change->kind == LIBDMA_CHANGE_BEGUN ? 1 : -1);
}

static int insert_list(const struct database *database, enum statement which,
		       uint64_t number, const uint64_t *address, const uint32_t *size,
		       uint32_t count)
{
	sqlite3_stmt *insert = database->insert[which];
	int status = EXIT_FINE;

	for (uint32_t i = 0; address && i < count && status == EXIT_FINE; i++) {
		bind_number(insert, 1, number);
		bind_number(insert, 2, i);
		bind_number(insert, 3, address[i]);
		if (size)
			bind_number(insert, 4, size[i]);
		status = insert_row(database, which);
	}
	return status;
}

static int insert_loss(const struct database *database, const struct dma_event *event)
{
	const struct libdma_strings *strings = source_strings(database->export->source);
	sqlite3_stmt *insert = database->insert[INSERT_LOSS];

	bind_number(insert, 1, event->number);
	bind_number(insert, 2, event->ns);
	bind_some(insert, 3, event->until_ns);
	bind_some(insert, 4, event->count);
	if (event->name)
		bind_text(insert, 5, libdma_strings_get(strings, event->name),
			  libdma_strings_size(strings, event->name));
	return insert_row(database, INSERT_LOSS);
}

static int database_put(void *state, const struct dma_event *event,
			const struct libdma_change *change)
{
	struct database *database = state;
	int status;

	bind_event(database->insert[INSERT_EVENT], event);
	bind_change(database->insert[INSERT_EVENT], change);
	status = insert_row(database, INSERT_EVENT);
	/* a number that came before: a damaged file has such */
	if (status == EXIT_FINE && !sqlite3_changes(database->db)) {
		database->export->left_out++;
		return EXIT_FINE;
	}
	if (event->device)
		note_device(database, event->device);
	if (status == EXIT_FINE)
		status = insert_list(database, INSERT_ENTRY, event->number,
				     event->phys_list, event->size_list,
				     event->phys_count);
	if (status == EXIT_FINE)
		status = insert_list(database, INSERT_SEGMENT, event->number,
				     event->dma_list, event->dma_size_list,
				     event->dma_count);
	if (status == EXIT_FINE && event->kind == DMA_EVENT_LOST)
		status = insert_loss(database, event);
	return status;
}

/*
 * What is known at the end
 */

static int insert_strings(const struct database *database)
{
	const struct libdma_strings *strings = source_strings(database->export->source);
	sqlite3_stmt *insert = database->insert[INSERT_STRING];
	int status = EXIT_FINE;

	for (uint32_t i = 1; i < libdma_strings_count(strings) && status == EXIT_FINE;
	     i++) {
		bind_number(insert, 1, i);
		bind_text(insert, 2, libdma_strings_get(strings, i),
			  libdma_strings_size(strings, i));
		status = insert_row(database, INSERT_STRING);
	}
	return status;
}

static int insert_devices(const struct database *database,
			  const struct libdma_environment *machine)
{
	const struct libdma_strings *strings = source_strings(database->export->source);
	sqlite3_stmt *insert = database->insert[INSERT_DEVICE];
	int status = EXIT_FINE;

	for (uint32_t i = 0; i < database->room && status == EXIT_FINE; i++) {
		const char *name = libdma_strings_get(strings, i);
		const struct libdma_device_environment *known =
			libdma_environment_find_device(machine, name);

		if (!database->is_device[i])
			continue;
		bind_number(insert, 1, i);
		bind_text(insert, 2, name, strlen(name));
		if (known) {
			bind_name(insert, 3, known->driver);
			bind_some(insert, 4, known->dma_mask);
			bind_some(insert, 5, known->coherent_dma_mask);
			bind_some(insert, 6, known->max_segment_size);
			bind_some(insert, 7, known->segment_boundary_mask);
			bind_some(insert, 8, known->min_align_mask);
		}
		status = insert_row(database, INSERT_DEVICE);
	}
	return status;
}

static int insert_member(const struct database *database, const char *key,
			 const char *value, size_t size)
{
	bind_name(database->insert[INSERT_ENVIRONMENT], 1, key);
	bind_text(database->insert[INSERT_ENVIRONMENT], 2, value, size);
	return insert_row(database, INSERT_ENVIRONMENT);
}

static int insert_count(const struct database *database, const char *key, uint64_t value)
{
	bind_name(database->insert[INSERT_ENVIRONMENT], 1, key);
	bind_number(database->insert[INSERT_ENVIRONMENT], 2, value);
	return insert_row(database, INSERT_ENVIRONMENT);
}

/* The machine as one document, for SQLite's JSON functions, and what is asked for most.
 */
static int insert_environment(const struct database *database,
			      const struct libdma_environment *machine)
{
	const char *trace = source_name(database->export->source);
	char *json;
	int status;

	if (libdma_environment_print(machine, &json))
		out_of_memory();
	status = insert_member(database, "json", json, strlen(json));
	free(json);
	if (status == EXIT_FINE)
		status = insert_member(database, "trace", trace, strlen(trace));
	if (status == EXIT_FINE && machine->kernel)
		status = insert_member(database, "kernel", machine->kernel,
				       strlen(machine->kernel));
	if (status == EXIT_FINE && machine->clock)
		status = insert_member(database, "clock", machine->clock,
				       strlen(machine->clock));
	if (status == EXIT_FINE)
		status = insert_count(database, "lost",
				      source_lost(database->export->source));
	if (status == EXIT_FINE)
		status = insert_count(database, "complete",
				      !source_lossy(database->export->source));
	return status;
}

static int database_finish(void *state)
{
	struct database *database = state;
	const struct libdma_environment *machine =
		source_environment(database->export->source);
	int status = insert_strings(database);

	if (status == EXIT_FINE)
		status = insert_devices(database, machine);
	if (status == EXIT_FINE)
		status = insert_environment(database, machine);
	return status == EXIT_FINE ? execute(database, sqlite_views) : status;
}

const struct exporter export_sqlite = {
	.name = "sqlite",
	.suffix = ".sqlite",
	.summary = "an SQLite database, with views of what is live, failed, lost",
	.binary = true,
	.named = true,
	.create = database_create,
	.put = database_put,
	.finish = database_finish,
	.destroy = database_destroy,
};

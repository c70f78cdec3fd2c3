// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * export.c - a trace as a file for other programs: the table of them, and the way of all
 *
 * Each is shown the events in turn, with what each of them began or ended, so that none
 * has to look for the beginning that belongs to an end.
 */
#include <errno.h>
#include <string.h>

#include "export.h"
#include "out-file.h"
#include "output.h"

static const struct exporter *const exporters[] = {
	&export_csv,
	&export_folded,
#ifdef HAVE_PERFETTO
	&export_perfetto,
#endif
	&export_chrome,
	&export_sqlite,
};

#define EXPORTERS (sizeof(exporters) / sizeof(exporters[0]))

const struct exporter *exporter_at(size_t index)
{
	return index < EXPORTERS ? exporters[index] : NULL;
}

const struct exporter *exporter_find(const char *name)
{
	for (size_t i = 0; i < EXPORTERS; i++)
		if (!strcmp(exporters[i]->name, name))
			return exporters[i];
	return NULL;
}

bool export_weight_parse(const char *name, enum export_weight *ret)
{
	static const char *const names[] = { "count", "bytes", "live" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i], name)) {
			*ret = (enum export_weight)i;
			return true;
		}
	return false;
}

static int copy_events(const struct exporter *exporter, struct export *export,
		       const struct out_file *file, bool more,
		       const struct dma_event *event)
{
	struct libdma_replay *replay = libdma_replay_create(NULL);
	void *state = exporter->create(export);
	int status = state ? EXIT_FINE : EXIT_SYSTEM;

	if (!replay)
		out_of_memory();
	while (more && status == EXIT_FINE && !out_file_failed(file)) {
		if (libdma_replay_put(replay, event))
			out_of_memory();
		status = exporter->put(state, event, libdma_replay_change(replay));
		export->events++;
		more = source_next(export->source, &event) > 0;
	}
	if (status == EXIT_FINE)
		status = exporter->finish(state);
	if (state)
		exporter->destroy(state);
	libdma_replay_destroy(replay);
	return status;
}

int export_run(const struct exporter *exporter, const struct export_options *options,
	       struct source *source, struct export *ret)
{
	struct export export = { .options = options, .source = source };
	struct out_file file = { .fd = -1 };
	const struct dma_event *event;
	/* what a trace tells of its machine comes with its first event */
	bool more = source_next(source, &event) > 0;
	int status = EXIT_FINE, closed;

	if (!exporter->named) {
		status = out_file_open(&file, options->target.path,
				       options->target.force);
		if (status != EXIT_FINE)
			return status;
		export.out = file.stream;
	}
	status = copy_events(exporter, &export, &file, more, event);
	*ret = export;
	closed = exporter->named ? EXIT_FINE : out_file_close(&file);
	if (status == EXIT_FINE)
		status = closed;
	return status;
}

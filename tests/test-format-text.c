// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <libdma/trace.h>

#include "events.h"

#define FILE_NAME "test-format-text.tmp"

struct told {
	unsigned int count;
	uint64_t line;
	uint64_t offset;
	char reason[256];
};

static void note_damage(void *arg, const struct libdma_damage *damage)
{
	struct told *told = arg;

	if (!told->count++) {
		told->line = damage->line;
		told->offset = damage->offset;
		snprintf(told->reason, sizeof(told->reason), "%s", damage->reason);
	}
}

static void write_file(const char *bytes, size_t size)
{
	FILE *file = fopen(FILE_NAME, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static struct libdma_reader *open_text(struct told *told)
{
	struct libdma_reader_options options = { .from = "text",
						 .damage = note_damage,
						 .arg = told };
	struct libdma_reader *reader;

	*told = (struct told) { 0 };
	assert_int_equal(libdma_reader_open(FILE_NAME, &options, &reader), 0);
	return reader;
}

static struct libdma_writer *create_text(const struct libdma_strings *strings,
					 const struct libdma_environment *environment)
{
	struct libdma_writer_options options = { .to = "text",
						 .strings = strings,
						 .environment = environment,
						 .overwrite = true };
	struct libdma_writer *writer;

	assert_int_equal(libdma_writer_open(FILE_NAME, &options, &writer), 0);
	return writer;
}

/* Events are drawn twice from one seed: to be written, and to be compared with. */
static void any_event_survives(void **state)
{
	struct draw draw = { .seed = 3, .strings = libdma_strings_create() };
	struct libdma_writer *writer = create_text(draw.strings, NULL);
	const struct dma_event *back;
	struct libdma_reader *reader;
	struct dma_event event;
	struct told told;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		event = draw_event(&draw);
		assert_int_equal(libdma_writer_put(writer, &event), 0);
	}
	assert_int_equal(libdma_writer_skipped(writer), 0);
	assert_int_equal(libdma_writer_close(writer), 0);

	reader = open_text(&told);
	draw.seed = 3;
	for (uint64_t i = 0; i < 20000; i++) {
		event = draw_event(&draw);
		assert_int_equal(libdma_reader_next(reader, &back), 1);
		assert_int_equal(back->number, i);
		expect_same_event(draw.strings, &event, libdma_reader_strings(reader),
				  back);
	}
	assert_int_equal(libdma_reader_next(reader, &back), 0);
	assert_int_equal(told.count, 0);
	libdma_reader_close(reader);
	libdma_strings_destroy(draw.strings);
}

static void the_environment_survives(void **state)
{
	static const char json[] = "{\"schema\": \"dmactl.environment/1\", \"cpus\": 2,"
				   " \"kernel\": \"6.12 \\n x\", \"devices\":"
				   " [{\"name\": \"d\", \"driver\": \"nvme\"}]}";
	struct libdma_environment *environment = libdma_environment_create();
	struct libdma_strings *strings = libdma_strings_create();
	const struct dma_event *event;
	struct libdma_reader *reader;
	struct libdma_writer *writer;
	char *why, *before, *after;
	struct told told;

	(void)state;
	assert_int_equal(libdma_environment_parse(environment, json, strlen(json), &why),
			 0);
	writer = create_text(strings, environment);
	environment->page_size = 4096;
	environment->origin.page_size = LIBDMA_INFERRED;
	assert_int_equal(libdma_writer_environment(writer, environment), 0);
	assert_int_equal(libdma_writer_close(writer), 0);

	reader = open_text(&told);
	assert_int_equal(libdma_reader_next(reader, &event), 0);
	assert_int_equal(told.count, 0);
	assert_int_equal(libdma_environment_print(environment, &before), 0);
	assert_int_equal(
		libdma_environment_print(libdma_reader_environment(reader), &after), 0);
	assert_string_equal(before, after);
	free(before);
	free(after);
	libdma_reader_close(reader);
	libdma_environment_destroy(environment);
	libdma_strings_destroy(strings);
}

static struct libdma_reader *open_lines(const char *lines, struct told *told)
{
	write_file(lines, strlen(lines));
	return open_text(told);
}

static const struct dma_event *expect_event(struct libdma_reader *reader)
{
	const struct dma_event *event;

	assert_int_equal(libdma_reader_next(reader, &event), 1);
	return event;
}

static void expect_end(struct libdma_reader *reader, const struct told *told)
{
	const struct dma_event *event;

	assert_int_equal(libdma_reader_next(reader, &event), 0);
	assert_int_equal(told->count, 0);
	libdma_reader_close(reader);
}

static void a_few_words_by_hand_are_an_event(void **state)
{
	static const char lines[] =
		"#dmat-text 1\r\n"
		"# a comment, then an empty line\n"
		"\n"
		"map_page d FROM_DEVICE dma=0x1000 size=4096   # and a remark\r\n"
		"  1.5 [3] unmap_page d FROM_DEVICE size=0x1000 dma=4096\n";
	struct told told;
	struct libdma_reader *reader = open_lines(lines, &told);
	struct libdma_strings *strings = libdma_reader_strings(reader);
	const struct dma_event *event;

	(void)state;
	event = expect_event(reader);
	assert_int_equal(event->kind, DMA_EVENT_MAP_PAGE);
	assert_int_equal(event->dir, DMA_FROM_DEVICE);
	assert_string_equal(libdma_strings_get(strings, event->device), "d");
	assert_int_equal(event->dma, 0x1000);
	assert_int_equal(event->size, 4096);
	assert_int_equal(event->ns, 0);

	event = expect_event(reader);
	assert_int_equal(event->kind, DMA_EVENT_UNMAP_PAGE);
	assert_int_equal(event->ns, 1500000000);
	assert_int_equal(event->cpu, 3);
	assert_int_equal(event->size, 4096);
	assert_int_equal(event->dma, 4096);
	expect_end(reader, &told);
}

static void members_that_are_rare_are_read(void **state)
{
	static const char lines[] =
		"1 \"a task\"/7 map_sg d nents=2 ents=1 entries={0x1000,0x2000} "
		"segments={0xff:8192}\n"
		"map_phys \"a=b\" error=ENOMEM dma=error attrs=NO_WARN|MMIO\n"
		"lost count=4\n"
		"mark text=\"a\\x00\\\"\\n\"\n";
	struct told told;
	struct libdma_reader *reader = open_lines(lines, &told);
	struct libdma_strings *strings = libdma_reader_strings(reader);
	const struct dma_event *event;

	(void)state;
	event = expect_event(reader);
	assert_string_equal(libdma_strings_get(strings, event->comm), "a task");
	assert_int_equal(event->pid, 7);
	assert_int_equal(event->phys_count, 2);
	assert_int_equal(event->phys_list[1], 0x2000);
	assert_null(event->size_list);
	assert_int_equal(event->dma_count, 1);
	assert_int_equal(event->dma_size_list[0], 8192);

	event = expect_event(reader);
	assert_int_equal(event->ns, 1000000000);
	assert_string_equal(libdma_strings_get(strings, event->device), "a=b");
	assert_true(event->dma == DMA_MAPPING_ERROR);
	assert_int_equal(event->error, -ENOMEM);
	assert_int_equal(event->attrs, DMA_ATTR_NO_WARN | DMA_ATTR_MMIO);

	event = expect_event(reader);
	assert_int_equal(event->count, 4);
	assert_int_equal(libdma_reader_lost(reader), 4);

	event = expect_event(reader);
	assert_int_equal(event->text_size, 4);
	assert_memory_equal(event->text, "a\0\"\n", 4);
	expect_end(reader, &told);
}

static void the_form_is_recognised_by_its_first_line(void **state)
{
	struct libdma_reader *reader;

	(void)state;
	write_file("#dmat-text 1\n", 13);
	assert_int_equal(libdma_reader_open(FILE_NAME, NULL, &reader), 0);
	assert_string_equal(libdma_reader_format(reader), "text");
	libdma_reader_close(reader);
	write_file("map_page d\n", 11);
	assert_int_equal(libdma_reader_open(FILE_NAME, NULL, &reader), -EBADMSG);
}

static void a_wrong_line_is_told_and_the_next_one_read(void **state)
{
	static const struct {
		const char *line;
		unsigned int offset; /* in the line */
		const char *reason;
		bool event; /* the line gives one all the same */
	} cases[] = {
		{ "map_pag d", 0, "\"map_pag\" is no kind of event", false },
		{ "map_page d sise=4", 11, "unknown member \"sise\"", true },
		{ "map_page d sise=\"a b\" dma=1", 11, "unknown member \"sise\"", true },
		{ "map_page d size=4k", 17, "a space was expected here", false },
		{ "map_page d size=", 16, "a number was expected here", false },
		{ "map_page d size=0x12345678901234567", 16, "a number was expected",
		  false },
		{ "map_page d size=18446744073709551616", 16, "a number was", false },
		{ "map_page d nents=4294967296", 17, "a number above 4294967295", false },
		{ "map_page d size=1 size=2", 18, "a second size=", false },
		{ "map_page d e", 11, "a second device \"e\"", false },
		{ "map_page TO_DEVICE TO_DEVICE", 19, "a second direction", false },
		{ "map_page d attrs=FAST", 17, "\"FAST\" are no attributes", false },
		{ "map_page d attrs=\"x", 17, "\"\"x\" are no attributes", false },
		{ "map_page d error=\"x", 17, "this is no error", false },
		{ "map_page d flags=cut|fast", 21, "this is no flag", false },
		{ "map_page d error=EFAST", 17, "this is no error", false },
		{ "map_page \"d", 9, "a \" that is not closed", false },
		{ "\"map_page d", 0, "a \" that is not closed", false },
		{ "\"a quoted word here\"", 0, "\"a quoted word here\" is no", false },
		{ "map_page \"\\q\"", 10, "only \\\\, \\\"", false },
		{ "map_page \"\\x4\"", 10, "only \\\\, \\\"", false },
		{ "map_page \"a\\x00\"", 9, "only text= may hold a NUL", false },
		{ "map_sg d entries=0x1", 17, "a list begins with {", false },
		{ "map_sg d entries={}", 18, "a number was expected here", false },
		{ "map_sg d entries={0x1", 21, "a list ends with }", false },
		{ "map_sg d entries={0x1:1,0x2}", 27, "some entries have a size", false },
		{ "[x] map_page", 0, "[ is followed by the number of a CPU", false },
		{ "[0 ... map_page", 0, "a [ that is not closed", false },
		{ "99999999999.0 map_page", 0, "\"99999999999.0\" is no kind", false },
		{ "1.0", 3, "\"\" is no kind of event", false },
		{ "#environment {", 0, "#environment: line 1", false },
		{ "#dmat-text 2", 0, "version \"2\" of the text form", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char before[] = "map_page a\n", after[] = "\nunmap_page b\n";
		const struct dma_event *event;
		struct libdma_reader *reader;
		struct told told;
		char text[256];
		int size;

		size = snprintf(text, sizeof(text), "%s%s%s", before, cases[i].line,
				after);
		write_file(text, (size_t)size);
		reader = open_text(&told);
		assert_int_equal(libdma_reader_next(reader, &event), 1);
		assert_int_equal(event->kind, DMA_EVENT_MAP_PAGE);
		if (cases[i].event)
			assert_int_equal(libdma_reader_next(reader, &event), 1);
		assert_int_equal(libdma_reader_next(reader, &event), 1);
		assert_int_equal(event->kind, DMA_EVENT_UNMAP_PAGE);
		assert_int_equal(libdma_reader_next(reader, &event), 0);
		if (told.count != 1 ||
		    strncmp(told.reason, cases[i].reason, strlen(cases[i].reason)))
			fail_msg("case %zu: %u damages, \"%s\"", i, told.count,
				 told.reason);
		if (told.offset != strlen(before) + cases[i].offset)
			fail_msg("case %zu: offset %u", i,
				 (unsigned int)(told.offset - strlen(before)));
		libdma_reader_close(reader);
	}
}

static void a_line_without_an_end_is_told(void **state)
{
	static const char text[] = "#dmat-text 1\nmap_page d size=40";
	const struct dma_event *event;
	struct libdma_reader *reader;
	struct told told;

	(void)state;
	write_file(text, sizeof(text) - 1);
	reader = open_text(&told);
	assert_int_equal(libdma_reader_next(reader, &event), 1);
	assert_int_equal(event->size, 40);
	assert_int_equal(libdma_reader_next(reader, &event), 0);
	assert_int_equal(told.count, 1);
	assert_int_equal(told.line, 2);
	libdma_reader_close(reader);
}

static void a_line_without_bounds_is_stepped_over(void **state)
{
	size_t size = (size_t)40 << 20;
	char *text = malloc(size);
	const struct dma_event *event;
	struct libdma_reader *reader;
	struct told told;

	(void)state;
	memset(text, 'a', size);
	memcpy(text, "map_page d\n", 11);
	memcpy(text + size - 12, "\nunmap_sg d\n", 12);
	write_file(text, size);
	free(text);
	reader = open_text(&told);
	assert_int_equal(libdma_reader_next(reader, &event), 1);
	assert_int_equal(libdma_reader_next(reader, &event), 1);
	assert_int_equal(event->kind, DMA_EVENT_UNMAP_SG);
	assert_int_equal(libdma_reader_next(reader, &event), 0);
	assert_int_equal(told.count, 1);
	assert_int_equal(told.line, 2);
	assert_int_equal(told.offset, 11);
	libdma_reader_close(reader);
}

static void a_later_version_is_refused(void **state)
{
	struct libdma_reader_options options = { .damage = note_damage };
	struct libdma_reader *reader;
	struct told told = { 0 };

	(void)state;
	options.arg = &told;
	write_file("#dmat-text 12\nmap_page d\n", 25);
	assert_int_equal(libdma_reader_open(FILE_NAME, &options, &reader), -ENOTSUP);
	assert_int_equal(told.count, 1);
	assert_int_equal(told.line, 1);
}

/* Lines of real ones with bytes changed, dropped and doubled: only to survive. */
static void noise_is_survived(void **state)
{
	struct draw draw = { .seed = 9, .strings = libdma_strings_create() };

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct libdma_writer *writer = create_text(draw.strings, NULL);
		const struct dma_event *back;
		struct libdma_reader *reader;
		struct dma_event event;
		struct told told;
		int fd, more;

		for (int i = 0; i < 10; i++) {
			event = draw_event(&draw);
			libdma_writer_put(writer, &event);
		}
		assert_int_equal(libdma_writer_close(writer), 0);
		fd = open(FILE_NAME, O_WRONLY);
		for (int i = 0; i < 20; i++) {
			char byte = (char)draw_bits(&draw);

			assert_int_equal(pwrite(fd, &byte, 1,
						(off_t)(13 + draw_bits(&draw) % 3000)),
					 1);
		}
		close(fd);
		reader = open_text(&told);
		do
			more = libdma_reader_next(reader, &back);
		while (more > 0);
		assert_int_equal(more, 0);
		libdma_reader_close(reader);
	}
	libdma_strings_destroy(draw.strings);
}

static int remove_file(void **state)
{
	(void)state;
	unlink(FILE_NAME);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_event_survives),
		cmocka_unit_test(the_environment_survives),
		cmocka_unit_test(a_few_words_by_hand_are_an_event),
		cmocka_unit_test(members_that_are_rare_are_read),
		cmocka_unit_test(the_form_is_recognised_by_its_first_line),
		cmocka_unit_test(a_wrong_line_is_told_and_the_next_one_read),
		cmocka_unit_test(a_line_without_an_end_is_told),
		cmocka_unit_test(a_line_without_bounds_is_stepped_over),
		cmocka_unit_test(a_later_version_is_refused),
		cmocka_unit_test(noise_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, remove_file);
}

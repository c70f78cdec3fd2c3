// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <libdma/trace.h>

#include "events.h"
#include "valgrind.h"

#define FILE_NAME "test-format-program.tmp"
#define COPY_NAME "test-format-program-copy.tmp"

static void write_file(const uint8_t *bytes, size_t size)
{
	FILE *file = fopen(FILE_NAME, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static size_t read_file(const char *path, uint8_t *bytes, size_t room)
{
	FILE *file = fopen(path, "r");
	size_t size;

	assert_non_null(file);
	size = fread(bytes, 1, room, file);
	fclose(file);
	return size;
}

static struct libdma_reader *open_program(const char *path)
{
	struct libdma_reader_options options = { .from = "program" };
	struct libdma_reader *reader;

	assert_int_equal(libdma_reader_open(path, &options, &reader), 0);
	return reader;
}

/* Write all events of @reader as a format, and say how many could not be. */
static uint64_t convert(struct libdma_reader *reader, const char *to, const char *path)
{
	struct libdma_writer_options options = {
		.to = to,
		.strings = libdma_reader_strings(reader),
		.environment = libdma_reader_environment(reader),
		.overwrite = true,
	};
	const struct dma_event *event;
	struct libdma_writer *writer;
	uint64_t skipped;

	assert_int_equal(libdma_writer_open(path, &options, &writer), 0);
	while (libdma_reader_next(reader, &event) == 1)
		assert_int_equal(libdma_writer_put(writer, event), 0);
	skipped = libdma_writer_skipped(writer);
	assert_int_equal(libdma_writer_close(writer), 0);
	libdma_reader_close(reader);
	return skipped;
}

static void expect_same_events(const char *a, const char *b)
{
	struct libdma_reader *x = open_program(a), *y = open_program(b);
	const struct dma_event *from_x, *from_y;
	int more;

	do {
		more = libdma_reader_next(x, &from_x);
		assert_int_equal(libdma_reader_next(y, &from_y), more);
		if (more)
			expect_same_event(libdma_reader_strings(x), from_x,
					  libdma_reader_strings(y), from_y);
	} while (more);
	libdma_reader_close(x);
	libdma_reader_close(y);
}

static size_t draw_program(struct draw *draw, uint8_t *bytes, size_t room)
{
	size_t size = draw_bits(draw) % room;

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(draw_bits(draw) >> 24);
	if (size >= 3 && draw_bits(draw) % 4)
		memcpy(bytes, "DM\1", 3);
	/* small codes and slots, so that ops meet */
	for (size_t i = 20; i + 1 < size && draw->seed & 64; i += 8) {
		bytes[i] %= 41;
		bytes[i + 1] %= 4;
	}
	return size;
}

/*
 * Any bytes are a program. Written again it asks for the same, and written once more
 * it is the same bytes; through the text form too.
 */
static void any_bytes_are_a_program(void **state)
{
	struct draw draw = { .seed = 11 };
	uint8_t bytes[700], once[8192], twice[8192];

	(void)state;
	for (unsigned int i = 0; i < 500; i += valgrind_stride(25)) {
		const char *by_text = COPY_NAME ".text";
		size_t size = draw_program(&draw, bytes, sizeof(bytes)), copy;
		struct libdma_reader *reader;

		write_file(bytes, size);
		assert_int_equal(convert(open_program(FILE_NAME), "program", COPY_NAME),
				 0);
		expect_same_events(FILE_NAME, COPY_NAME);
		copy = read_file(COPY_NAME, once, sizeof(once));
		if (size >= 20 && !memcmp(bytes, "DM\1", 3))
			assert_memory_equal(bytes, once, 20);

		assert_int_equal(convert(open_program(COPY_NAME), "text", by_text), 0);
		assert_int_equal(libdma_reader_open(by_text, NULL, &reader), 0);
		assert_int_equal(convert(reader, "program", COPY_NAME), 0);
		assert_int_equal(read_file(COPY_NAME, twice, sizeof(twice)), copy);
		assert_memory_equal(once, twice, copy);
	}
	unlink(COPY_NAME ".text");
}

#define HEADER 'D', 'M', 1, 7, 1, 3, 2, 1, 15, 1, 64, 32, 32, 12, 0, 0, 0, 39, 12, 0
#define OP(code, slot, flags, aux, arg)                                         \
	code, slot, flags, aux, (arg)&255, (arg) >> 8 & 255, (arg) >> 16 & 255, \
		(arg) >> 24 & 255

static struct libdma_reader *open_bytes(const uint8_t *bytes, size_t size)
{
	struct libdma_reader *reader;

	write_file(bytes, size);
	assert_int_equal(libdma_reader_open(FILE_NAME, NULL, &reader), 0);
	assert_string_equal(libdma_reader_format(reader), "program");
	return reader;
}

static const struct dma_event *expect_event(struct libdma_reader *reader,
					    enum dma_event_kind kind)
{
	const struct dma_event *event;

	assert_int_equal(libdma_reader_next(reader, &event), 1);
	assert_int_equal(event->kind, kind);
	assert_int_equal(event->flags, DMA_EVENT_REQUEST);
	return event;
}

static void the_header_is_a_machine(void **state)
{
	static const uint8_t bytes[] = { HEADER };
	struct libdma_reader *reader = open_bytes(bytes, sizeof(bytes));
	const struct libdma_environment *environment = libdma_reader_environment(reader);
	const struct dma_event *event;

	(void)state;
	assert_string_equal(environment->kernel, "6.12");
	assert_int_equal(environment->iommu.mode, LIBDMA_IOMMU_LAZY);
	assert_int_equal(environment->cpus, 2);
	assert_int_equal(environment->swiotlb.slots, 32768);
	assert_int_equal(environment->swiotlb.areas, 2);
	assert_true(environment->iommu.aperture_end == 0x7fffffffff);
	assert_int_equal(environment->devices, 2);
	assert_true(environment->device[0].dma_mask == ~0ULL);
	assert_true(environment->device[1].dma_mask == 0xffffffff);
	assert_int_equal(environment->device[0].min_align_mask, 0xfff);
	assert_int_equal(environment->device[0].max_segment_size, 65536);
	assert_int_equal(libdma_reader_next(reader, &event), 0);
	libdma_reader_close(reader);
}

static void ops_are_requests(void **state)
{
	static const uint8_t bytes[] = {
		HEADER,
		OP(1, 0, 0, 0, 1000),            /* time */
		OP(2, 0, 0, 0, 3),               /* cpu */
		OP(6, 5, 0x49, 2, 100),          /* map_page, device 1, FROM_DEVICE */
		OP(10, 5, 0x09, 0, 0),           /* unmap_page, the right size */
		OP(10, 5, 0x09, 0, 0xfffffffUL), /* one byte less */
		OP(13, 1, 4, 0, 0),              /* map_sg */
		OP(4, 0, 0, 1, 512),             /* its entries */
		OP(4, 0, 1, 0, 4096),
		OP(14, 1, 4, 0, 0), /* unmap_sg */
	};
	struct libdma_reader *reader = open_bytes(bytes, sizeof(bytes));
	const struct dma_event *event;

	(void)state;
	event = expect_event(reader, DMA_EVENT_MAP_PAGE);
	assert_string_equal(
		libdma_strings_get(libdma_reader_strings(reader), event->device),
		"device1");
	assert_int_equal(event->ns, 1000);
	assert_int_equal(event->cpu, 3);
	assert_int_equal(event->dir, DMA_FROM_DEVICE);
	assert_int_equal(event->attrs, DMA_ATTR_SKIP_CPU_SYNC);
	assert_int_equal(event->handle, 5);
	assert_int_equal(event->phys, 32);
	assert_int_equal(event->size, 100);
	assert_int_equal(expect_event(reader, DMA_EVENT_UNMAP_PAGE)->size, 100);
	assert_int_equal(expect_event(reader, DMA_EVENT_UNMAP_PAGE)->size, 99);
	event = expect_event(reader, DMA_EVENT_MAP_SG);
	assert_int_equal(event->nents, 2);
	assert_int_equal(event->size, 4608);
	assert_int_equal(event->phys_list[0] & 4095, 16);
	assert_true(event->phys_list[1] == event->phys_list[0] + 512);
	assert_int_equal(expect_event(reader, DMA_EVENT_UNMAP_SG)->handle, 1);
	assert_int_equal(libdma_reader_next(reader, &event), 0);
	libdma_reader_close(reader);
}

static void sizes_are_expressions(void **state)
{
	static const struct {
		uint32_t arg;
		uint64_t size;
	} cases[] = {
		{ 4096, 4096 },
		{ 0x10000000 | 31, 1ULL << 31 },
		{ 0x10000000 | 63 | 0xffff << 8, (1ULL << 63) - 1 },
		{ 0x10000000 | 12 | 2 << 8, 4098 },
		{ 0x20000000 | 3 | 0x3fff << 14, 3 * 4096 - 1 },
		{ 0x30000000, 4096 }, /* the header's boundary */
		{ 0x3fffffff, 4095 },
		{ 0x40000001, (64 << 20) + 1 }, /* its bounce buffers */
		{ 0x50000000, ~0ULL },
		{ 0x60000001, 0xfffffffe },
		{ 0x70000002, 8192 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t arg = cases[i].arg;
		const uint8_t bytes[] = { HEADER, OP(5, 0, 0, 0, arg) };
		struct libdma_reader *reader;

		reader = open_bytes(bytes, sizeof(bytes));
		assert_true(expect_event(reader, DMA_EVENT_MAP_SINGLE)->size ==
			    cases[i].size);
		libdma_reader_close(reader);
	}
}

static void a_cut_op_is_filled_with_zeros(void **state)
{
	static const uint8_t bytes[] = { HEADER, 6, 5, 4 };
	struct libdma_reader *reader = open_bytes(bytes, sizeof(bytes));
	const struct dma_event *event = expect_event(reader, DMA_EVENT_MAP_PAGE);

	(void)state;
	assert_int_equal(event->handle, 5);
	assert_int_equal(event->size, 0);
	assert_int_equal(libdma_reader_next(reader, &event), 0);
	libdma_reader_close(reader);
}

static void a_later_version_is_refused(void **state)
{
	static const uint8_t bytes[] = { 'D', 'M', 2, 0 };
	struct libdma_reader_options options = { .from = "program" };
	struct libdma_reader *reader;

	(void)state;
	write_file(bytes, sizeof(bytes));
	assert_int_equal(libdma_reader_open(FILE_NAME, &options, &reader), -ENOTSUP);
	assert_int_equal(libdma_reader_open(FILE_NAME, NULL, &reader), -EBADMSG);
}

/* Every call of a recording becomes a request, in order; nothing else does. */
static void a_recording_becomes_its_requests(void **state)
{
	static const char text[] =
		"#dmat-text 1\n"
		"5.0 [001] map_page d FROM_DEVICE phys=0x1230 dma=0xfffff230 size=100\n"
		"mark text=\"not a call\"\n"
		"5.1 map_sg d TO_DEVICE nents=3 ents=1 entries={0x5000,0x9000,0xb000} "
		"segments={0xffff0000:9000}\n"
		"iommu_unmap dma=0xfffff000 size=4096\n"
		"unmap_page d FROM_DEVICE dma=0xfffff230 size=100\n"
		"unmap_sg d TO_DEVICE entries={0x5000,0x9000,0xb000}\n"
		"unmap_page d FROM_DEVICE dma=0x77000 size=100\n"
		"pool_create d handle=9 size=64 align=64\n"
		"pool_alloc d handle=9 dma=0x8000 size=64\n"
		"pool_free d handle=9 dma=0x8000 size=64\n";
	const struct dma_event *event;
	struct libdma_reader *reader;

	(void)state;
	write_file((const uint8_t *)text, sizeof(text) - 1);
	assert_int_equal(libdma_reader_open(FILE_NAME, NULL, &reader), 0);
	assert_int_equal(convert(reader, "program", COPY_NAME), 3);
	reader = open_program(COPY_NAME);
	event = expect_event(reader, DMA_EVENT_MAP_PAGE);
	assert_int_equal(event->ns, 0);
	assert_int_equal(event->cpu, 1);
	assert_int_equal(event->phys, 0x230);
	assert_int_equal(event->size, 100);
	event = expect_event(reader, DMA_EVENT_MAP_SG);
	assert_int_equal(event->ns, 100000000);
	assert_int_equal(event->handle, 1);
	assert_int_equal(event->nents, 3);
	assert_int_equal(event->size_list[0], 4096);
	assert_int_equal(event->size_list[2], 808);
	event = expect_event(reader, DMA_EVENT_UNMAP_PAGE);
	assert_int_equal(event->handle, 0);
	assert_int_equal(event->size, 100);
	assert_int_equal(expect_event(reader, DMA_EVENT_UNMAP_SG)->handle, 1);
	assert_int_equal(expect_event(reader, DMA_EVENT_POOL_CREATE)->align, 64);
	event = expect_event(reader, DMA_EVENT_POOL_ALLOC);
	assert_int_equal(event->handle, 0);
	assert_int_equal(event->slot, 1);
	assert_int_equal(expect_event(reader, DMA_EVENT_POOL_FREE)->slot, 1);
	assert_int_equal(libdma_reader_next(reader, &event), 0);
	libdma_reader_close(reader);
}

static struct libdma_reader *open_converted(const char *text, uint64_t skipped)
{
	struct libdma_reader *reader;

	write_file((const uint8_t *)text, strlen(text));
	assert_int_equal(libdma_reader_open(FILE_NAME, NULL, &reader), 0);
	assert_int_equal(convert(reader, "program", COPY_NAME), skipped);
	return open_program(COPY_NAME);
}

static void things_of_every_sort_have_slots(void **state)
{
	static const char text[] =
		"#dmat-text 1\n"
		"set_mask d mask=0xffffffffff\n"
		"declare_coherent_memory d dma=0x300000 size=65536\n"
		"mark_declared_memory_occupied d offset=0x2000 size=100\n"
		"release_coherent_memory d\n"
		"map_page d dma=error size=70000 error=ENOMEM\n"
		"alloc d dma=0x9000 size=24 gfp=GFP_ATOMIC\n"
		"map_sg d nents=1 ents=1 entries={0x5000} segments={0x5000:512}\n"
		"sync_sg_for_cpu d segments={0x5000:512}\n"
		"sync_single_for_device d dma=0x9000 size=24\n"
		"sync_single_for_device d dma=0x77000 size=24\n"
		"pool_create d handle=3 size=100 align=16 boundary=4096\n"
		"pool_alloc d handle=3 error=ENOMEM\n"
		"pool_alloc d handle=4 dma=0x8000\n"
		"pool_destroy d handle=3\n"
		"iova_try_alloc d dma=0xffff0000 size=8192\n"
		"iova_link d dma=0xffff0000 phys=0x4000 size=4096\n"
		"iova_link d dma=0xffff1000 offset=4096 phys=0x7000 size=4096\n"
		"iova_sync d dma=0xffff0000 size=8192\n"
		"iova_destroy d dma=0xffff0000 size=8192\n"
		"iova_free d dma=0xffff0000\n"
		"free d dma=0x9000 size=24\n";
	static const struct {
		enum dma_event_kind kind;
		uint64_t handle, size;
	} expected[] = {
		{ DMA_EVENT_SET_MASK, 0, 0 },
		{ DMA_EVENT_DECLARE_COHERENT_MEMORY, 0, 65536 },
		{ DMA_EVENT_MARK_DECLARED_MEMORY_OCCUPIED, 0, 100 },
		{ DMA_EVENT_RELEASE_COHERENT_MEMORY, 0, 0 },
		{ DMA_EVENT_MAP_PAGE, 0, 70000 },
		{ DMA_EVENT_ALLOC, 0, 24 },
		{ DMA_EVENT_MAP_SG, 1, 512 },
		{ DMA_EVENT_SYNC_SG_FOR_CPU, 1, 0 },
		{ DMA_EVENT_SYNC_SINGLE_FOR_DEVICE, 0, 24 },
		{ DMA_EVENT_POOL_CREATE, 2, 100 },
		{ DMA_EVENT_POOL_ALLOC, 2, 0 },
		{ DMA_EVENT_POOL_DESTROY, 2, 0 },
		{ DMA_EVENT_IOVA_TRY_ALLOC, 2, 8192 },
		{ DMA_EVENT_IOVA_LINK, 2, 4096 },
		{ DMA_EVENT_IOVA_LINK, 2, 4096 },
		{ DMA_EVENT_IOVA_SYNC, 2, 8192 },
		{ DMA_EVENT_IOVA_DESTROY, 2, 8192 },
		{ DMA_EVENT_FREE, 0, 24 },
	};
	struct libdma_reader *reader = open_converted(text, 3);
	const struct dma_event *event;

	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		event = expect_event(reader, expected[i].kind);
		assert_int_equal(event->handle, expected[i].handle);
		assert_int_equal(event->size, expected[i].size);
	}
	assert_int_equal(libdma_reader_next(reader, &event), 0);
	libdma_reader_close(reader);
}

static void what_no_op_can_say_is_left_out(void **state)
{
	static const char text[] = "#dmat-text 1\n"
				   "map_page d attrs=NO_WARN|MMIO size=1 dma=0x1000\n"
				   "map_page d dir=9 size=1 dma=0x2000\n"
				   "map_page d size=0x123456789abcdef dma=0x3000\n"
				   "pool_create d handle=1 size=8 align=3\n"
				   "pool_create d handle=2 size=8 boundary=24\n"
				   "map_page e0 size=1 dma=0x1000\n"
				   "map_page e1 size=1 dma=0x1000\n"
				   "map_page e2 size=1 dma=0x1000\n"
				   "map_page e3 size=1 dma=0x1000\n";
	struct libdma_reader *reader = open_converted(text, 6);
	const struct dma_event *event;

	(void)state;
	for (int i = 0; i < 3; i++)
		expect_event(reader, DMA_EVENT_MAP_PAGE);
	assert_int_equal(libdma_reader_next(reader, &event), 0);
	libdma_reader_close(reader);
}

static void a_machine_becomes_a_header(void **state)
{
	static const char text[] =
		"#dmat-text 1\n"
		"#environment {\"schema\": \"dmactl.environment/1\", \"cpus\": 2, "
		"\"kernel\": \"7.2.13+deb14-amd64\", \"swiotlb\": {\"slots\": 1024, "
		"\"force\": true}, \"iommu\": {\"mode\": \"strict\"}, \"devices\": "
		"[{\"name\": \"d\", \"dma_mask\": \"0xffffffffff\", "
		"\"min_align_mask\": \"0xfff\"}, {\"name\": \"e\"}]}\n"
		"map_page d size=1\n";
	struct libdma_reader *reader = open_converted(text, 0);
	const struct libdma_environment *machine = libdma_reader_environment(reader);

	(void)state;
	assert_string_equal(machine->kernel, "7.2");
	assert_int_equal(machine->cpus, 2);
	assert_int_equal(machine->swiotlb.slots, 1024);
	assert_true(machine->swiotlb.force);
	assert_int_equal(machine->iommu.mode, LIBDMA_IOMMU_STRICT);
	assert_true(machine->device[0].dma_mask == 0xffffffffff);
	assert_int_equal(machine->device[0].min_align_mask, 0xfff);
	libdma_reader_close(reader);
}

/* More maps than slots: each is asked for, and the last ones can be unmapped. */
static void a_driver_that_never_unmaps_is_told_in_full(void **state)
{
	const struct dma_event *event;
	struct libdma_reader *reader;
	FILE *file = fopen(FILE_NAME, "w");

	(void)state;
	fputs("#dmat-text 1\n", file);
	for (unsigned int i = 0; i < 5000; i++)
		fprintf(file, "map_page d TO_DEVICE phys=%#x dma=%#x size=8\n", i << 12,
			i << 12);
	fprintf(file, "unmap_page d TO_DEVICE dma=%#x size=8\n", 4999 << 12);
	fprintf(file, "unmap_page d TO_DEVICE dma=0 size=8\n");
	fclose(file);
	assert_int_equal(libdma_reader_open(FILE_NAME, NULL, &reader), 0);
	assert_int_equal(convert(reader, "program", COPY_NAME), 1);
	reader = open_program(COPY_NAME);
	for (uint64_t i = 0; i < 5000; i++)
		assert_int_equal(expect_event(reader, DMA_EVENT_MAP_PAGE)->handle,
				 i % 4096);
	assert_int_equal(expect_event(reader, DMA_EVENT_UNMAP_PAGE)->handle, 4999 % 4096);
	assert_int_equal(libdma_reader_next(reader, &event), 0);
	libdma_reader_close(reader);
}

static int remove_files(void **state)
{
	(void)state;
	unlink(FILE_NAME);
	unlink(COPY_NAME);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_bytes_are_a_program),
		cmocka_unit_test(the_header_is_a_machine),
		cmocka_unit_test(ops_are_requests),
		cmocka_unit_test(sizes_are_expressions),
		cmocka_unit_test(a_cut_op_is_filled_with_zeros),
		cmocka_unit_test(a_later_version_is_refused),
		cmocka_unit_test(a_recording_becomes_its_requests),
		cmocka_unit_test(things_of_every_sort_have_slots),
		cmocka_unit_test(what_no_op_can_say_is_left_out),
		cmocka_unit_test(a_machine_becomes_a_header),
		cmocka_unit_test(a_driver_that_never_unmaps_is_told_in_full),
	};

	return cmocka_run_group_tests(tests, NULL, remove_files);
}

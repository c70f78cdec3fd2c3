// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ways in which the kernel, trace-cmd and perf lay out a line and a file, and what
 * becomes of lines that are damaged.
 */
#include <errno.h>

#include "read-text.h"

#define SYNC \
	"dma_sync_single_for_cpu: 0000:00:02.0 dir=TO_DEVICE dma_addr=7c5af000 size=16"

/* Who, where and when, of the first event. */
static void expect_prefix(const char *line, const char *comm, int pid, unsigned int cpu,
			  const char *context, uint64_t ns)
{
	struct reading *reading = read_text(line);
	const struct dma_event *event = reading->event;

	assert_int_equal(reading->error, 0);
	assert_int_equal(reading->places, 0);
	assert_int_equal(reading->events, 1);
	assert_string_equal(libdma_reader_format(reading->reader), "ftrace");
	expect_text(reading, event->comm, comm);
	assert_int_equal(event->pid, pid);
	assert_int_equal(event->cpu, cpu);
	expect_text(reading, event->context, context);
	assert_int_equal(event->ns, ns);
	assert_int_equal(event->kind, DMA_EVENT_SYNC_SINGLE_FOR_CPU);
	assert_int_equal(event->dma, 0x7c5af000);
	assert_int_equal(event->size, 16);
	end_reading(reading);
}

static void the_kernels_lines(void **state)
{
	(void)state;
	expect_prefix("          <idle>-0       [000] .Ns1.    10.088403: " SYNC "\n",
		      "<idle>", 0, 0, ".Ns1.", 10088403000);
	/* four characters of context, and narrower numbers, before 5.14 */
	expect_prefix("          <idle>-0     [000] d.h1 12345.088403: " SYNC "\n",
		      "<idle>", 0, 0, "d.h1", 12345088403000);
	/* options noirq-info, and record-tgid */
	expect_prefix("    kworker/u8:1-31      [001]    10.088403: " SYNC "\n",
		      "kworker/u8:1", 31, 1, "", 10088403000);
	expect_prefix("    kworker/u8:1-31      (     31) [001] ..... 10.088403: " SYNC
		      "\n",
		      "kworker/u8:1", 31, 1, ".....", 10088403000);
	expect_prefix("    kworker/u8:1-31      (-------) [255] .....    10.088403: " SYNC
		      "\n",
		      "kworker/u8:1", 31, 255, ".....", 10088403000);
	expect_prefix("           <...>-4194303 [1023] .....  999999.999999: " SYNC "\n",
		      "<...>", 4194303, 1023, ".....", 999999999999000);
}

static void names_of_tasks(void **state)
{
	(void)state;
	expect_prefix("      Web Content-31      [001] .....    10.088403: " SYNC "\n",
		      "Web Content", 31, 1, ".....", 10088403000);
	expect_prefix("  a-1 [0] : x-2 -31      [001] .....    10.088403: " SYNC "\n",
		      "a-1 [0] : x-2 ", 31, 1, ".....", 10088403000);
	expect_prefix("                -31      [001] .....    10.088403: " SYNC "\n", "",
		      31, 1, ".....", 10088403000);
	expect_prefix(" \xff\xfe\x80-31      [001] .....    10.088403: " SYNC "\n",
		      "\xff\xfe\x80", 31, 1, ".....", 10088403000);
	expect_prefix(
		"a-name-of-more-than-16-bytes-31      [001] .....    10.088403: " SYNC
		"\n",
		"a-name-of-more-than-16-bytes", 31, 1, ".....", 10088403000);
}

#define IDLE  "          <idle>-0       [000] ..s1. "
#define REST  "0000:00:02.0 dir=TO_DEVICE dma_addr=7c5af000 size=16\n"
#define CPU   "dma_sync_single_for_cpu: " REST
#define OTHER "dma_sync_single_for_cat: " REST

/* What a line has in common with the one before is not scanned anew: is it the same? */
static void lines_that_are_nearly_alike(void **state)
{
	static const uint64_t us[] = {
		9999998,           9999999,           10000000,       20000000,
		20000000,          99999999,          100000000,      1000000001,
		12345678000001,    12345678000002,    22345678000003, 22345678000003,
		12345678901000004, 11345678901000004, 10000000,       10000001,
	};
	struct reading *reading = read_text(
		IDLE "    9.999998: " CPU IDLE "    9.999999: " OTHER IDLE
		     "   10.000000: " CPU IDLE "   20.000000: " CPU IDLE
		     "    20.000000: " CPU IDLE "   99.999999: " OTHER IDLE
		     "  100.000000: " CPU IDLE " 1000.000001: " OTHER IDLE
		     "12345678.000001: " CPU IDLE "12345678.000002: " CPU IDLE
		     "22345678.000003: " CPU IDLE "     22345678.000003: " OTHER IDLE
		     "12345678901.000004: " CPU IDLE "11345678901.000004: " CPU IDLE
		     "   10.0: " CPU IDLE "   10.000001000: " OTHER);

	(void)state;
	assert_int_equal(reading->places, 0);
	assert_int_equal(reading->events, 16);
	for (size_t i = 0; i < 16; i++) {
		bool other = i == 1 || i == 5 || i == 7 || i == 11 || i == 15;

		assert_int_equal(reading->event[i].ns, us[i] * 1000);
		assert_int_equal(reading->event[i].kind,
				 other ? DMA_EVENT_OTHER : DMA_EVENT_SYNC_SINGLE_FOR_CPU);
	}
	end_reading(reading);
}

static void lines_of_trace_cmd_and_perf(void **state)
{
	(void)state;
	expect_prefix(
		"cpus=2\nCPU 1 is empty\n"
		"          <idle>-0     [000]    10.088403: dma_sync_single_for_cpu: "
		"0000:00:02.0 dir=TO_DEVICE dma_addr=7c5af000 size=16\n",
		"<idle>", 0, 0, "", 10088403000);
	expect_prefix("    kworker/u8:0   323 [001]     8.267366: dma:" SYNC "\n",
		      "kworker/u8:0", 323, 1, "", 8267366000);
	expect_prefix("     Web Content   323/324   [001]     8.267366853:  dma:" SYNC
		      "\n",
		      "Web Content", 324, 1, "", 8267366853);
}

static void pointers_that_were_not_hashed(void **state)
{
	struct reading *reading = read_text(
		"cpus=2\n"
		"    kworker/u8:0-12    [001]     4.366759: dma_alloc:            0000:00:02.0 "
		"dir=BIDIRECTIONAL dma_addr=fffff000 size=512 virt_addr=0xffffd06140079000 "
		"flags=GFP_KERNEL attrs=\n"
		"            init-1     [001]     4.220252: print:                "
		"tracing_mark_write: lab: drivers\n");

	(void)state;
	assert_int_equal(reading->events, 2);
	assert_int_equal(reading->event[0].cpu_addr, 0xffffd06140079000);
	assert_int_equal(reading->event[0].flags, 0);
	assert_int_equal(reading->event[1].kind, DMA_EVENT_MARK);
	assert_int_equal(reading->event[1].text_size, strlen("lab: drivers"));
	assert_int_equal(libdma_reader_environment(reading->reader)->cpus, 2);
	end_reading(reading);
}

static void fields_as_libtraceevent_prints_them(void **state)
{
	struct reading *reading = read_text(
		"           iomix-318   [001]     6.491597: dma_map_sg:           [FAILED TO "
		"PARSE] device=0000:00:02.0 full_nents=2 full_ents=1 truncated=0 "
		"phys_addrs=ARRAY[00, a0, 2c, 04, 00, 00, 00, 00, 00, 00, 2a, 04, 01, 00, 00, "
		"00] dma_addrs=ARRAY[00, 00, f8, ff, 00, 00, 00, 00] "
		"lengths=ARRAY[00, 00, 02, 00] dir=2 attrs=0x100\n"
		"           iomix-318   [001]     6.491736: dma_unmap_sg:         [FAILED TO "
		"PARSE] device=0000:00:02.0 addrs=ARRAY[00, a0, 2c, 04, 00, 00, 00, 00, 00, 00, "
		"2a, 04, 01, 00, 00, 00] dir=2 attrs=0x0\n");
	static const uint64_t phys[] = { 0x42ca000, 0x1042a0000 }, dma[] = { 0xfff80000 };
	static const uint32_t sizes[] = { 0x20000 };
	const struct dma_event want[] = {
		{ .kind = DMA_EVENT_MAP_SG,
		  .dir = DMA_FROM_DEVICE,
		  .cpu = 1,
		  .pid = 318,
		  .ns = 6491597000,
		  .size = 0x20000,
		  .attrs = DMA_ATTR_NO_WARN,
		  .nents = 2,
		  .ents = 1,
		  .phys_count = 2,
		  .phys_list = phys,
		  .dma_count = 1,
		  .dma_list = dma,
		  .dma_size_list = sizes },
		{ .kind = DMA_EVENT_UNMAP_SG,
		  .dir = DMA_FROM_DEVICE,
		  .cpu = 1,
		  .pid = 318,
		  .ns = 6491736000,
		  .nents = 2,
		  .phys_count = 2,
		  .phys_list = phys },
	};

	(void)state;
	assert_int_equal(reading->events, 2);
	expect_event(&reading->event[0], &want[0]);
	expect_event(&reading->event[1], &want[1]);
	end_reading(reading);
}

static void what_headers_say(void **state)
{
	struct reading *reading = read_text("# tracer: nop\n#\n# entries-in-buffer/"
					    "entries-written: 9927/10927   #P:4\n#\n");
	const struct libdma_environment *environment;

	(void)state;
	assert_int_equal(reading->error, 0);
	environment = libdma_reader_environment(reading->reader);
	assert_int_equal(environment->entries_kept, 9927);
	assert_int_equal(environment->entries_written, 10927);
	assert_int_equal(environment->cpus, 4);
	assert_int_equal(environment->origin.cpus, LIBDMA_GIVEN);
	assert_int_equal(libdma_reader_lost(reading->reader), 1000);
	end_reading(reading);

	reading = read_text(
		"# ========\n# os release : 6.12.107+deb13-amd64\n# arch : x86_64\n"
		"# nrcpus avail : 2\n# ========\n"
		"    init     1 [001]     8.267366: dma:" SYNC "\n");
	assert_int_equal(reading->events, 1);
	environment = libdma_reader_environment(reading->reader);
	assert_string_equal(environment->kernel, "6.12.107+deb13-amd64");
	assert_string_equal(environment->arch, "x86_64");
	assert_int_equal(environment->cpus, 2);
	end_reading(reading);
}

static void events_that_the_recorder_lost(void **state)
{
	struct reading *reading = read_text(
		"          <idle>-0       [000] .Ns1.    10.088403: " SYNC "\n"
		"CPU:1 [LOST 23 EVENTS]\nCPU:0 [LOST EVENTS]\nCPU:1 [19 EVENTS DROPPED]\n"
		"CPU:1 [EVENTS DROPPED]\n"
		"         swapper     0 [003]    10.088404: PERF_RECORD_LOST lost 100\n");
	static const uint64_t counts[] = { 23, 0, 19, 0, 100 };
	static const uint32_t cpus[] = { 1, 0, 1, 1, 3 };

	(void)state;
	assert_int_equal(reading->places, 0);
	assert_int_equal(reading->events, 6);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(reading->event[i + 1].kind, DMA_EVENT_LOST);
		assert_int_equal(reading->event[i + 1].count, counts[i]);
		assert_int_equal(reading->event[i + 1].cpu, cpus[i]);
		assert_in_range(reading->event[i + 1].ns, 10088403000, 10088404000);
	}
	assert_int_equal(libdma_reader_lost(reading->reader), 142);
	end_reading(reading);
}

static void a_clock_that_counts(void **state)
{
	struct reading *reading = read_text(
		"          <idle>-0       [000] .Ns1.       123456: " SYNC "\n");

	(void)state;
	assert_int_equal(reading->events, 1);
	assert_int_equal(reading->event[0].ns, 123456);
	assert_string_equal(libdma_reader_environment(reading->reader)->clock, "counter");
	end_reading(reading);
}

static void lines_that_end_as_elsewhere(void **state)
{
	struct reading *reading = read_text(
		"# tracer: nop\r\n#\r\n"
		"          <idle>-0       [000] .Ns1.    10.088403: " SYNC "\r\n"
		"            init-1       [001] .....     2.944919: "
		"tracing_mark_write: end\r\n"
		"          <idle>-0       [000] .Ns1.    10.088403: " SYNC);

	(void)state;
	assert_int_equal(reading->places, 0);
	assert_int_equal(reading->events, 3);
	assert_int_equal(reading->event[1].text_size, 3);
	assert_int_equal(reading->event[2].size, 16);
	end_reading(reading);
}

static void call_stacks(void **state)
{
	struct reading *reading = read_text(
		"          <idle>-0       [000] .Ns1.    10.088403: " SYNC "\n"
		"          <idle>-0       [000] .Ns1.    10.088404: <stack trace>\n"
		" => dma_sync_single_for_cpu\n => e1000_clean\n"
		"          <idle>-0       [000] .Ns1.    10.088405: " SYNC "\n");

	(void)state;
	assert_int_equal(reading->places, 0);
	assert_int_equal(reading->events, 2);
	expect_text(reading, reading->event[0].stack,
		    "dma_sync_single_for_cpu;e1000_clean");
	assert_int_equal(reading->event[1].stack, 0);
	end_reading(reading);
}

#define GOOD "          <idle>-0       [000] .Ns1.    10.088403: " SYNC "\n"

/* @bad between two good lines is told once, and the good ones are still given. */
static void expect_damage(const char *bad, size_t size, const char *reason)
{
	size_t good = strlen(GOOD);
	char *text = malloc(2 * good + size);
	struct reading *reading;

	memcpy(text, GOOD, good);
	memcpy(text + good, bad, size);
	memcpy(text + good + size, GOOD, good);
	reading = read_bytes(text, 2 * good + size, NULL);
	assert_int_equal(reading->error, 0);
	assert_int_equal(reading->events, 2);
	assert_int_equal(reading->places, 1);
	assert_int_equal(reading->place[0].line, 2);
	assert_int_equal(reading->place[0].offset, good);
	assert_string_equal(reading->place[0].reason, reason);
	end_reading(reading);
	free(text);
}

#define EXPECT_DAMAGE(bad, reason) expect_damage(bad, sizeof(bad) - 1, reason)

static void lines_that_are_damaged(void **state)
{
	static const char form[] = "the event is not in a form that is known";
	static const char none[] = "the line is no event";

	(void)state;
	EXPECT_DAMAGE("garbage\n", none);
	EXPECT_DAMAGE("\xff\xfe\x80\xc0\xc1 [001] -1 \xf8\n", none);
	EXPECT_DAMAGE("a\0b\0\n", "the line holds NUL bytes");
	EXPECT_DAMAGE("          <id\0e>-0       [000] .Ns1.    10.088403: " SYNC "\n",
		      "the line holds NUL bytes");
	/* numbers that do not fit */
	EXPECT_DAMAGE("  x-0 [000] 1.0: dma_sync_single_for_cpu: d dir=TO_DEVICE "
		      "dma_addr=10000000000000000 size=16\n",
		      form);
	EXPECT_DAMAGE("  x-0 [000] 1.0: dma_sync_single_for_cpu: d dir=TO_DEVICE "
		      "dma_addr=0 size=18446744073709551616\n",
		      form);
	EXPECT_DAMAGE(
		"  x-0 [000] 99999999999.0: dma_sync_single_for_cpu: d dir=TO_DEVICE "
		"dma_addr=0 size=1\n",
		none);
	EXPECT_DAMAGE("  x-99999999999 [000] 1.0: " SYNC "\n", none);
	/* words that are not those of the kernel */
	EXPECT_DAMAGE("  x-0 [000] 1.0: " SYNC " \n", form);
	EXPECT_DAMAGE("  x-0 [000] 1.0: dma_unmap_page: d dir=TO_DEVIC dma_addr=0 size=1 "
		      "attrs=\n",
		      form);
	EXPECT_DAMAGE("  x-0 [000] 1.0: dma_unmap_page: d dir=NONE dma_addr=0 size=1 "
		      "attrs=WRONG\n",
		      form);
	EXPECT_DAMAGE("  x-0 [000] 1.0: dma_unmap_page: d dir=NO\n", form);
	/* what does not agree with itself */
	EXPECT_DAMAGE("  x-0 [000] 1.0: map: IOMMU: iova=0x00000000fffff000 - "
		      "0x0000000100000000 paddr=0x0000000001ba7000 size=4097\n",
		      form);
	EXPECT_DAMAGE("  x-0 [000] 1.0: dma_map_sg: d dir=NONE nents=2/2 ents=1/1 "
		      "dma_addrs={0x0} sizes={0x1} phys_addrs={0x0} attrs=\n",
		      form);
	EXPECT_DAMAGE("  x-0 [000] 1.0: dma_map_sg: d dir=NONE nents=1/1 ents=1/1 "
		      "dma_addrs={0x0} sizes={0x100000000} phys_addrs={0x0} attrs=\n",
		      form);
	EXPECT_DAMAGE("  x-0 [000] 1.0: dma_unmap_sg: [FAILED TO PARSE] device=d "
		      "addrs=ARRAY[00, 01] dir=2 attrs=0x0\n",
		      form);
}

static void a_line_that_does_not_end(void **state)
{
	size_t size = (size_t)10 << 20;
	char *line = malloc(size + 1);

	(void)state;
	memset(line, 'x', size);
	line[size] = '\n';
	expect_damage(line, size + 1, "the line is longer than 1 MiB");
	free(line);
}

static void a_file_that_was_cut(void **state)
{
	struct reading *reading = read_text(
		GOOD "          <idle>-0       [000] .Ns1.    10.088403: dma_syn");

	(void)state;
	assert_int_equal(reading->events, 1);
	assert_int_equal(reading->places, 1);
	assert_string_equal(reading->place[0].reason, "the last line is cut short");
	assert_int_equal(reading->place[0].offset, strlen(GOOD));
	end_reading(reading);
}

static void text_that_is_none_of_ours(void **state)
{
	static const char *const texts[] = {
		"",
		"Once upon a time-1 there was [001] a kernel: and it traced.\n",
		"[    1.234567] nvme 0000:00:02.0: platform quirk: setting simple suspend\n",
		"2026-11-21 11:00:00.123456 host[123]: message\n",
		"a task-12 [001] .....: without a time\n",
		"{ \"cpu\": [000], \"time\": 1.0 }\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct reading *reading = read_text(texts[i]);

		assert_int_equal(reading->error, -EBADMSG);
		end_reading(reading);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernels_lines),
		cmocka_unit_test(names_of_tasks),
		cmocka_unit_test(lines_that_are_nearly_alike),
		cmocka_unit_test(lines_of_trace_cmd_and_perf),
		cmocka_unit_test(pointers_that_were_not_hashed),
		cmocka_unit_test(fields_as_libtraceevent_prints_them),
		cmocka_unit_test(what_headers_say),
		cmocka_unit_test(events_that_the_recorder_lost),
		cmocka_unit_test(a_clock_that_counts),
		cmocka_unit_test(lines_that_end_as_elsewhere),
		cmocka_unit_test(call_stacks),
		cmocka_unit_test(lines_that_are_damaged),
		cmocka_unit_test(a_line_that_does_not_end),
		cmocka_unit_test(a_file_that_was_cut),
		cmocka_unit_test(text_that_is_none_of_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What each tracepoint's line says, in the words of struct dma_event. The lines are
 * from recordings where those have the event, else laid out by the kernel's headers.
 */
#include <errno.h>

#include "read-text.h"

/* One line, read: its event, and the reading that holds its strings. */
static struct reading *read_event(const char *line)
{
	struct reading *reading = read_text(line);

	assert_int_equal(reading->error, 0);
	assert_int_equal(reading->places, 0);
	assert_int_equal(reading->events, 1);
	return reading;
}

static void maps_of_one_buffer(void **state)
{
	struct reading *reading = read_event(
		"    kworker/u8:3-105     [001] d.h1.     6.186779: dma_map_page: "
		"0000:00:02.0 dir=FROM_DEVICE dma_addr=ffffb840 size=1522 phys_addr=4b7b840 "
		"attrs=SKIP_CPU_SYNC|NO_WARN\n");

	(void)state;
	expect_event(reading->event,
		     &(struct dma_event) {
			     .kind = DMA_EVENT_MAP_PAGE,
			     .dir = DMA_FROM_DEVICE,
			     .cpu = 1,
			     .pid = 105,
			     .ns = 6186779000,
			     .dma = 0xffffb840,
			     .size = 1522,
			     .phys = 0x4b7b840,
			     .attrs = DMA_ATTR_SKIP_CPU_SYNC | DMA_ATTR_NO_WARN,
		     });
	expect_text(reading, reading->event->device, "0000:00:02.0");
	expect_text(reading, reading->event->comm, "kworker/u8:3");
	expect_text(reading, reading->event->context, "d.h1.");
	end_reading(reading);
}

static void the_kinds_of_maps_and_unmaps(void **state)
{
	static const struct {
		const char *name;
		enum dma_event_kind kind;
	} names[] = {
		{ "dma_map_page", DMA_EVENT_MAP_PAGE },
		{ "dma_map_phys", DMA_EVENT_MAP_PHYS },
		{ "dma_map_resource", DMA_EVENT_MAP_RESOURCE },
		{ "dma_unmap_page", DMA_EVENT_UNMAP_PAGE },
		{ "dma_unmap_phys", DMA_EVENT_UNMAP_PHYS },
		{ "dma_unmap_resource", DMA_EVENT_UNMAP_RESOURCE },
	};
	char line[256];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct reading *reading;

		snprintf(
			line, sizeof(line),
			"              ip-211     [001] .l...     7.643443: %s: 0000:00:02.0 "
			"dir=TO_DEVICE dma_addr=25dd040 size=1522 %sattrs=\n",
			names[i].name, i < 3 ? "phys_addr=fe40 " : "");
		reading = read_event(line);
		expect_event(reading->event, &(struct dma_event) {
						     .kind = names[i].kind,
						     .dir = DMA_TO_DEVICE,
						     .cpu = 1,
						     .pid = 211,
						     .ns = 7643443000,
						     .dma = 0x25dd040,
						     .size = 1522,
						     .phys = i < 3 ? 0xfe40 : 0,
					     });
		end_reading(reading);
	}
}

static void a_map_that_failed(void **state)
{
	struct reading *reading = read_event(
		"           iomix-261     [000] .....     9.522679: dma_map_page: 0000:00:02.0 "
		"dir=TO_DEVICE dma_addr=ffffffffffffffff size=237568 phys_addr=3e5ac000 attrs=\n");

	(void)state;
	expect_event(reading->event, &(struct dma_event) {
					     .kind = DMA_EVENT_MAP_PAGE,
					     .dir = DMA_TO_DEVICE,
					     .pid = 261,
					     .error = -ENOMEM,
					     .ns = 9522679000,
					     .dma = DMA_MAPPING_ERROR,
					     .size = 237568,
					     .phys = 0x3e5ac000,
				     });
	end_reading(reading);
}

static void allocations(void **state)
{
	struct reading *reading = read_text(
		"        modprobe-149     [001] .....     3.815553: dma_alloc: 0000:00:02.0 "
		"dir=BIDIRECTIONAL dma_addr=1b8c000 size=6726 virt_addr=00000000be05f7c1 "
		"flags=GFP_KERNEL|__GFP_NOWARN|__GFP_ZERO attrs=NO_WARN\n"
		"    kworker/u8:1-31      [000] .....     3.079937: dma_alloc: 0000:00:02.0 "
		"dir=BIDIRECTIONAL dma_addr=fffff000 size=512 virt_addr=(____ptrval____) "
		"flags=GFP_KERNEL attrs=\n"
		"           rmmod-374     [001] .....    10.825629: dma_alloc_pages: 0000:00:02.0 "
		"dir=TO_DEVICE dma_addr=1b8c000 size=4096 virt_addr=ffff888001b8c000 "
		"flags=GFP_ATOMIC attrs=\n"
		"           rmmod-374     [001] .....    10.825629: dma_alloc_sgt_err: "
		"0000:00:02.0 dir=TO_DEVICE dma_addr=0 size=4096 virt_addr=0000000000000000 "
		"flags=GFP_KERNEL attrs=ALLOC_SINGLE_PAGES\n");
	const struct dma_event want[] = {
		{ .kind = DMA_EVENT_ALLOC,
		  .cpu = 1,
		  .pid = 149,
		  .ns = 3815553000,
		  .flags = DMA_EVENT_HASHED,
		  .dma = 0x1b8c000,
		  .size = 6726,
		  .cpu_addr = 0xbe05f7c1,
		  .attrs = DMA_ATTR_NO_WARN },
		{ .kind = DMA_EVENT_ALLOC,
		  .pid = 31,
		  .ns = 3079937000,
		  .flags = DMA_EVENT_UNHASHED,
		  .dma = 0xfffff000,
		  .size = 512 },
		{ .kind = DMA_EVENT_ALLOC_PAGES,
		  .cpu = 1,
		  .pid = 374,
		  .ns = 10825629000,
		  .dir = DMA_TO_DEVICE,
		  .dma = 0x1b8c000,
		  .size = 4096,
		  .cpu_addr = 0xffff888001b8c000 },
		{ .kind = DMA_EVENT_ALLOC_SGT_ERR,
		  .cpu = 1,
		  .pid = 374,
		  .ns = 10825629000,
		  .dir = DMA_TO_DEVICE,
		  .error = -ENOMEM,
		  .size = 4096,
		  .attrs = DMA_ATTR_ALLOC_SINGLE_PAGES },
	};

	(void)state;
	assert_int_equal(reading->events, 4);
	for (size_t i = 0; i < 4; i++)
		expect_event(&reading->event[i], &want[i]);
	expect_text(reading, reading->event[0].gfp, "GFP_KERNEL|__GFP_NOWARN|__GFP_ZERO");
	expect_text(reading, reading->event[2].gfp, "GFP_ATOMIC");
	end_reading(reading);
}

static void frees(void **state)
{
	struct reading *reading = read_text(
		"           rmmod-381     [001] .....    12.636110: dma_free: 0000:00:02.0 "
		"dir=BIDIRECTIONAL dma_addr=0 size=0 virt_addr=0000000000000000 attrs=\n"
		"              ip-318     [001] .....    11.337721: dma_free_pages: 0000:00:02.0 "
		"dir=NONE dma_addr=a9b3000 size=4096 virt_addr=000000007aac0c74 attrs=\n");
	const struct dma_event want[] = {
		{ .kind = DMA_EVENT_FREE, .cpu = 1, .pid = 381, .ns = 12636110000 },
		{ .kind = DMA_EVENT_FREE_PAGES,
		  .cpu = 1,
		  .pid = 318,
		  .ns = 11337721000,
		  .dir = DMA_NONE,
		  .flags = DMA_EVENT_HASHED,
		  .dma = 0xa9b3000,
		  .size = 4096,
		  .cpu_addr = 0x7aac0c74 },
	};

	(void)state;
	assert_int_equal(reading->events, 2);
	for (size_t i = 0; i < 2; i++)
		expect_event(&reading->event[i], &want[i]);
	end_reading(reading);
}

static void allocations_in_pieces(void **state)
{
	struct reading *reading = read_text(
		"              v4-318     [001] .....    11.337721: dma_alloc_sgt: 0000:00:02.0 "
		"dir=TO_DEVICE dma_addr=fff00000 size=12288 phys_addrs={0x1000,0x7f8000} "
		"flags=GFP_KERNEL attrs=NO_WARN\n"
		"              v4-318     [001] .....    11.337722: dma_free_sgt: 0000:00:02.0 "
		"dir=TO_DEVICE dma_addr=fff00000 size=12288 phys_addrs={0x1000,0x7f8000}\n");
	static const uint64_t phys[] = { 0x1000, 0x7f8000 };
	struct dma_event want = { .kind = DMA_EVENT_ALLOC_SGT,
				  .cpu = 1,
				  .pid = 318,
				  .ns = 11337721000,
				  .dir = DMA_TO_DEVICE,
				  .dma = 0xfff00000,
				  .size = 12288,
				  .nents = 2,
				  .phys_count = 2,
				  .phys_list = phys,
				  .attrs = DMA_ATTR_NO_WARN };

	(void)state;
	assert_int_equal(reading->events, 2);
	expect_event(&reading->event[0], &want);
	expect_text(reading, reading->event[0].gfp, "GFP_KERNEL");
	want.kind = DMA_EVENT_FREE_SGT;
	want.ns += 1000;
	want.attrs = 0;
	expect_event(&reading->event[1], &want);
	end_reading(reading);
}

static void scatterlists(void **state)
{
	struct reading *reading = read_text(
		"           iomix-294     [001] .....     8.270771: dma_map_sg: 0000:00:02.0 "
		"dir=FROM_DEVICE nents=3/3 ents=2/2 dma_addrs={0xfff80000,0x123456789abc0} "
		"sizes={0x2000,0x10} phys_addrs={0x284d000,0x2818000,0x10000000000} "
		"attrs=NO_WARN\n"
		"          <idle>-0       [001] d.H1.     8.296885: dma_unmap_sg: 0000:00:02.0 "
		"dir=FROM_DEVICE phys_addrs={0x284d000,0x2818000,0x10000000000} attrs=\n"
		"          <idle>-0       [001] d.H1.     8.296885: dma_sync_sg_for_cpu: "
		"0000:00:02.0 dir=FROM_DEVICE dma_addrs={0xfff80000,0x123456789abc0} "
		"sizes={0x2000,0x10}\n"
		"           iomix-294     [001] .....     8.270771: dma_map_sg_err: 0000:00:02.0 "
		"dir=TO_DEVICE dma_addrs={0x284d000,0x2818000,0x10000000000} err=-12 attrs=\n");
	static const uint64_t phys[] = { 0x284d000, 0x2818000, 0x10000000000 };
	static const uint64_t dma[] = { 0xfff80000, 0x123456789abc0 };
	static const uint32_t sizes[] = { 0x2000, 0x10 };
	const struct dma_event want[] = {
		{ .kind = DMA_EVENT_MAP_SG,
		  .cpu = 1,
		  .pid = 294,
		  .ns = 8270771000,
		  .dir = DMA_FROM_DEVICE,
		  .size = 0x2010,
		  .nents = 3,
		  .ents = 2,
		  .phys_count = 3,
		  .phys_list = phys,
		  .dma_count = 2,
		  .dma_list = dma,
		  .dma_size_list = sizes,
		  .attrs = DMA_ATTR_NO_WARN },
		{ .kind = DMA_EVENT_UNMAP_SG,
		  .cpu = 1,
		  .ns = 8296885000,
		  .dir = DMA_FROM_DEVICE,
		  .nents = 3,
		  .phys_count = 3,
		  .phys_list = phys },
		{ .kind = DMA_EVENT_SYNC_SG_FOR_CPU,
		  .cpu = 1,
		  .ns = 8296885000,
		  .dir = DMA_FROM_DEVICE,
		  .size = 0x2010,
		  .nents = 2,
		  .dma_count = 2,
		  .dma_list = dma,
		  .dma_size_list = sizes },
		{ .kind = DMA_EVENT_MAP_SG_ERR,
		  .cpu = 1,
		  .pid = 294,
		  .ns = 8270771000,
		  .dir = DMA_TO_DEVICE,
		  .error = -ENOMEM,
		  .nents = 3,
		  .phys_count = 3,
		  .phys_list = phys },
	};

	(void)state;
	assert_int_equal(reading->events, 4);
	for (size_t i = 0; i < 4; i++)
		expect_event(&reading->event[i], &want[i]);
	end_reading(reading);
}

static void a_list_that_the_kernel_cut(void **state)
{
	char line[8192], *at = line;
	struct reading *reading;

	(void)state;
	at += sprintf(at,
		      "           iomix-294     [001] .....     8.270771: dma_map_sg: "
		      "0000:00:02.0 dir=TO_DEVICE nents=128/168 ents=1/1 [TRUNCATED] "
		      "dma_addrs={0xfff00000} sizes={0xa8000} phys_addrs={");
	for (int i = 0; i < 128; i++)
		at += sprintf(at, "%s0x%x000", i ? "," : "", 3 * i + 1);
	sprintf(at, "} attrs=\n");

	reading = read_event(line);
	assert_int_equal(reading->event->flags, DMA_EVENT_CUT);
	assert_int_equal(reading->event->nents, 168);
	assert_int_equal(reading->event->ents, 1);
	assert_int_equal(reading->event->phys_count, 128);
	assert_int_equal(reading->event->dma_count, 1);
	assert_int_equal(reading->event->phys_list[127], (3 * 127 + 1) << 12);
	assert_int_equal(reading->event->size, 0xa8000);
	end_reading(reading);
}

static void syncs_and_bounces(void **state)
{
	struct reading *reading = read_text(
		"          <idle>-0       [000] .Ns1.    10.088403: dma_sync_single_for_cpu: "
		"0000:00:02.0 dir=BIDIRECTIONAL dma_addr=7c5af000 size=16\n"
		"          <idle>-0       [000] .Ns1.    10.088404: dma_sync_single_for_device: "
		"0000:00:02.0 dir=TO_DEVICE dma_addr=7c5af000 size=16\n"
		"              ip-252     [001] .....    10.064733: swiotlb_bounced: dev_name: "
		"0000:00:02.0 dma_mask=ffffffff dev_addr=101b17880 size=1538 NORMAL\n"
		"              ip-250     [000] .....     5.486144: swiotlb_bounced: dev_name: "
		"0000:00:02.0 dma_mask=ffffffffffffffff dev_addr=45d7840 size=1522 FORCE\n");
	const struct dma_event want[] = {
		{ .kind = DMA_EVENT_SYNC_SINGLE_FOR_CPU,
		  .ns = 10088403000,
		  .dma = 0x7c5af000,
		  .size = 16 },
		{ .kind = DMA_EVENT_SYNC_SINGLE_FOR_DEVICE,
		  .ns = 10088404000,
		  .dir = DMA_TO_DEVICE,
		  .dma = 0x7c5af000,
		  .size = 16 },
		{ .kind = DMA_EVENT_SWIOTLB_BOUNCED,
		  .cpu = 1,
		  .pid = 252,
		  .ns = 10064733000,
		  .mask = 0xffffffff,
		  .phys = 0x101b17880,
		  .size = 1538 },
		{ .kind = DMA_EVENT_SWIOTLB_BOUNCED,
		  .pid = 250,
		  .ns = 5486144000,
		  .flags = DMA_EVENT_FORCE,
		  .mask = ~0ULL,
		  .phys = 0x45d7840,
		  .size = 1522 },
	};

	(void)state;
	assert_int_equal(reading->events, 4);
	for (size_t i = 0; i < 4; i++)
		expect_event(&reading->event[i], &want[i]);
	expect_text(reading, reading->event[3].device, "0000:00:02.0");
	end_reading(reading);
}

static void what_the_iommu_did(void **state)
{
	struct reading *reading = read_text(
		"    kworker/u8:1-31      [000] .....     3.079675: map: IOMMU: "
		"iova=0x00000000fffff000 - 0x0000000100000000 paddr=0x0000000001ba7000 size=4096\n"
		"          <idle>-0       [000] d.h1.     7.055124: unmap: IOMMU: "
		"iova=0x00000000ffefc000 - 0x00000000ffefd000 size=4096 unmapped_size=8192\n"
		"       swapper/0-1       [000] .....     0.500000: add_device_to_group: IOMMU: "
		"groupID=3 device=0000:00:02.0\n"
		"       swapper/0-1       [000] .....     0.500000: remove_device_from_group: "
		"IOMMU: groupID=3 device=0000:00:02.0\n"
		"       swapper/0-1       [000] .....     0.500000: attach_device_to_domain: "
		"IOMMU: device=0000:00:02.0\n"
		"       swapper/0-1       [000] .....     0.500000: detach_device_from_domain: "
		"IOMMU: device=0000:00:02.0\n"
		"          <idle>-0       [000] d.h1.     7.055124: io_page_fault: IOMMU:nvme "
		"0000:00:02.0 iova=0x00000000deadb000 flags=0x0001\n");
	const struct dma_event want[] = {
		{ .kind = DMA_EVENT_IOMMU_MAP,
		  .pid = 31,
		  .ns = 3079675000,
		  .dma = 0xfffff000,
		  .phys = 0x1ba7000,
		  .size = 4096 },
		{ .kind = DMA_EVENT_IOMMU_UNMAP,
		  .ns = 7055124000,
		  .dma = 0xffefc000,
		  .size = 4096,
		  .unmapped = 8192 },
		{ .kind = DMA_EVENT_IOMMU_ADD_DEVICE_TO_GROUP,
		  .pid = 1,
		  .ns = 500000000,
		  .handle = 3 },
		{ .kind = DMA_EVENT_IOMMU_REMOVE_DEVICE_FROM_GROUP,
		  .pid = 1,
		  .ns = 500000000,
		  .handle = 3 },
		{ .kind = DMA_EVENT_IOMMU_ATTACH_DEVICE_TO_DOMAIN,
		  .pid = 1,
		  .ns = 500000000 },
		{ .kind = DMA_EVENT_IOMMU_DETACH_DEVICE_FROM_DOMAIN,
		  .pid = 1,
		  .ns = 500000000 },
		{ .kind = DMA_EVENT_IOMMU_IO_PAGE_FAULT,
		  .ns = 7055124000,
		  .dma = 0xdeadb000,
		  .fault = 1 },
	};

	(void)state;
	assert_int_equal(reading->events, 7);
	for (size_t i = 0; i < 7; i++)
		expect_event(&reading->event[i], &want[i]);
	for (size_t i = 2; i < 7; i++)
		expect_text(reading, reading->event[i].device, "0000:00:02.0");
	expect_text(reading, reading->event[6].name, "nvme");
	end_reading(reading);
}

static void all_else_is_kept_as_text(void **state)
{
	struct reading *reading = read_text(
		"            init-1       [001] .....     2.944919: tracing_mark_write: lab:  go\n"
		"            init-1       [001] .....     2.944919: sched_switch: "
		"prev_comm=a ==> b\n"
		"            init-1       [001] .....     2.944919: map: a map of something else\n"
		"            init-1       [001] .....     2.944919: ksys_read <-do_syscall_64\n");
	const struct dma_event want[] = {
		{ .kind = DMA_EVENT_MARK, .text = "lab:  go", .text_size = 8 },
		{ .kind = DMA_EVENT_OTHER, .text = "prev_comm=a ==> b", .text_size = 17 },
		{ .kind = DMA_EVENT_OTHER,
		  .text = "a map of something else",
		  .text_size = 23 },
		{ .kind = DMA_EVENT_OTHER,
		  .text = "ksys_read <-do_syscall_64",
		  .text_size = 25 },
	};
	static const char *const names[] = { "", "sched_switch", "map", "" };

	(void)state;
	assert_int_equal(reading->events, 4);
	for (size_t i = 0; i < 4; i++) {
		struct dma_event event = want[i];

		event.cpu = 1;
		event.pid = 1;
		event.ns = 2944919000;
		expect_event(&reading->event[i], &event);
		expect_text(reading, reading->event[i].name, names[i]);
	}
	end_reading(reading);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maps_of_one_buffer),
		cmocka_unit_test(the_kinds_of_maps_and_unmaps),
		cmocka_unit_test(a_map_that_failed),
		cmocka_unit_test(allocations),
		cmocka_unit_test(frees),
		cmocka_unit_test(allocations_in_pieces),
		cmocka_unit_test(scatterlists),
		cmocka_unit_test(a_list_that_the_kernel_cut),
		cmocka_unit_test(syncs_and_bounces),
		cmocka_unit_test(what_the_iommu_did),
		cmocka_unit_test(all_else_is_kept_as_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

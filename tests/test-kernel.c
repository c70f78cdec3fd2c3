// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test-kernel.c - the kernel face: memory, devices, log, clock, turns
 */
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/slab.h>

#include <libdma/kernel.h>
#include <pthread.h>
#include <time.h>

#include "test.h"

#define PIECES 2000

static struct {
	struct libdma_machine *machine;
	struct libdma_kernel *kernel;
	char log[256];
	enum libdma_log_level level;
	unsigned int logged, released;
} face;

static void face_log(void *arg, enum libdma_log_level level, const char *text)
{
	(void)arg;
	kernel_snprintf(face.log, sizeof(face.log), "%s", text);
	face.level = level;
	face.logged++;
}

static int face_up(void **state)
{
	(void)state;
	memset(&face, 0, sizeof(face));
	if (libdma_machine_create(&(struct libdma_machine_options) { .log = face_log },
				  &face.machine) ||
	    libdma_kernel_create(face.machine, 0, &face.kernel))
		return -1;
	libdma_kernel_enter(face.kernel);
	return 0;
}

static int face_down(void **state)
{
	bool valid;

	(void)state;
	libdma_kernel_leave();
	libdma_kernel_destroy(face.kernel);
	valid = libdma_machine_valid(face.machine);
	libdma_machine_destroy(face.machine);
	return valid ? 0 : -1;
}

static void release(struct device *dev)
{
	(void)dev;
	face.released++;
}

/* Each piece holds its own number; a piece that overlaps another would lose it. */
static void pieces_are_apart(void **state)
{
	static unsigned char *piece[PIECES];
	static size_t size[PIECES];
	uint32_t dice = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		unsigned int i = (dice = dice * 1664525 + 1013904223) >> 8 & 2047;
		unsigned char byte = (unsigned char)(i * 7);

		if (i >= PIECES)
			continue;
		for (size_t at = 0; piece[i] && at < size[i]; at++)
			assert_int_equal(piece[i][at], byte);
		kfree(piece[i]);
		size[i] = 1 + (dice >> 4) % (round % 50 ? 600 : 20000);
		piece[i] = kmalloc(size[i], GFP_KERNEL);
		assert_non_null(piece[i]);
		assert_int_equal(libdma_memory_phys(face.machine, piece[i]),
				 virt_to_phys(piece[i]));
		assert_true(ksize(piece[i]) >= size[i]);
		assert_int_equal((unsigned long)piece[i] & (ksize(piece[i]) - 1) & ~PAGE_MASK,
				 0);
		memset(piece[i], byte, size[i]);
	}
	for (int i = 0; i < PIECES; i++)
		kfree(piece[i]);
	assert_int_equal(libdma_kernel_leaks(face.kernel), 0);
}

static void edges_of_kmalloc(void **state)
{
	unsigned char *cpu = kmalloc(100, GFP_KERNEL);
	unsigned int logged;

	(void)state;
	assert_ptr_equal(kmalloc(0, GFP_KERNEL), ZERO_SIZE_PTR);
	kfree(ZERO_SIZE_PTR);
	kfree(NULL);
	assert_null(kmalloc((4 << 20) + 1, GFP_KERNEL));
	assert_null(kcalloc(SIZE_MAX / 2, 4, GFP_KERNEL));
	memset(cpu, 1, 100);
	kfree(cpu);
	cpu = kzalloc(100, GFP_DMA);
	assert_true(virt_to_phys(cpu) < 1 << 24);
	for (int i = 0; i < 100; i++)
		assert_int_equal(cpu[i], 0);
	assert_int_equal(face.logged, 0);
	kfree(cpu + 8);
	kfree(cpu + 128);
	kfree(&logged);
	assert_int_equal(face.logged, 3);
	kfree(cpu);
	kfree(cpu);
	assert_int_equal(face.logged, 4);
	assert_non_null(strstr(face.log, "not allocated"));
	assert_int_equal(libdma_kernel_leaks(face.kernel), 0);
}

static void pages_come_and_go(void **state)
{
	struct page *pages[4] = { NULL }, *two = alloc_pages(GFP_KERNEL, 1);
	unsigned long cpu = get_zeroed_page(GFP_KERNEL);

	(void)state;
	assert_ptr_equal(virt_to_page((void *)cpu), virt_to_page((char *)cpu + 4095));
	assert_int_equal(*(unsigned char *)cpu, 0);
	memset(page_address(two), 3, 2 * PAGE_SIZE);
	pages[1] = two;
	assert_int_equal(alloc_pages_bulk(GFP_KERNEL, 4, pages), 4);
	assert_ptr_equal(pages[1], two);
	pages[1] = pages[3];
	release_pages(pages, 3);
	assert_int_equal(libdma_kernel_leaks(face.kernel), 3);
	__free_pages(two, 1);
	free_page(cpu);
	assert_int_equal(libdma_kernel_leaks(face.kernel), 0);
	assert_null(alloc_pages(GFP_KERNEL, 11));
}

static void a_device_lives(void **state)
{
	struct device dev = { .release = release }, twin = { .release = release };
	uint64_t mask = 0;
	char *cpu, seen[8];
	dma_addr_t dma;

	(void)state;
	assert_int_equal(device_register(&dev), -EINVAL); /* no name */
	put_device(&dev);
	assert_int_equal(dev_set_name(&dev, "disk%d", 3), 0);
	assert_int_equal(device_register(&dev), 0);
	assert_string_equal(dev_name(&dev), "disk3");
	assert_int_equal(dev_set_name(&twin, "disk3"), 0);
	assert_int_equal(device_register(&twin), -EEXIST);
	put_device(&twin);

	assert_int_equal(dma_set_mask(&dev, DMA_BIT_MASK(64)), -EIO); /* no place for it */
	dev.dma_mask = &mask;
	assert_int_equal(dma_set_mask_and_coherent(&dev, DMA_BIT_MASK(64)), 0);
	cpu = kmemdup("disk", 5, GFP_KERNEL);
	dma = dma_map_single(&dev, cpu, 5, DMA_TO_DEVICE);
	assert_int_equal(dma_mapping_error(&dev, dma), 0);
	assert_int_equal(libdma_device_read(&dev, dma, seen, 5, NULL), 5);
	assert_string_equal(seen, "disk");
	dma_unmap_single(&dev, dma, 5, DMA_TO_DEVICE);
	kfree(cpu);

	assert_ptr_equal(get_device(&dev), &dev);
	face.released = 0;
	device_unregister(&dev);
	assert_null(libdma_device_find(face.machine, "disk3"));
	assert_string_equal(dev_name(&dev), "disk3");
	assert_int_equal(face.released, 0);
	put_device(&dev);
	assert_int_equal(face.released, 1);
	assert_int_equal(libdma_kernel_leaks(face.kernel), 0);
}

static void the_log_is_the_machines(void **state)
{
	dma_addr_t dma = 0x1234;
	char text[8];

	(void)state;
	printk("%-4zu|%2d|%llx|%s|%c|%*d|%hhu%%\n", (size_t)16, 7, 0xabcdefULL, "x", 'y', 4,
	       5, (unsigned char)200);
	assert_string_equal(face.log, "16  | 7|abcdef|x|y|   5|200%");
	assert_int_equal(face.level, LIBDMA_LOG_WARNING);
	pr_err("at %pad: %pe\n", &dma, ERR_PTR(-ENOMEM));
	assert_string_equal(face.log, "at 0x0000000000001234: ENOMEM");
	assert_int_equal(face.level, LIBDMA_LOG_ERROR);
	pr_info("one\ntwo\n");
	assert_int_equal(face.logged, 4);
	assert_string_equal(face.log, "two");
	assert_int_equal(snprintf(text, sizeof(text), "%s", "longer than 7"), 13);
	assert_string_equal(text, "longer ");
	assert_int_equal(scnprintf(text, sizeof(text), "%d", 123456789), 7);
	assert_string_equal(text, "1234567");
}

static void the_clock_is_the_machines(void **state)
{
	struct libdma_kernel *real;
	ktime_t begin;

	(void)state;
	libdma_machine_set_time(face.machine, 5000);
	assert_int_equal(ktime_get(), 5000);
	assert_int_equal(ktime_us_delta(ktime_get(), 2000), 3);
	libdma_kernel_leave();
	assert_int_equal(libdma_kernel_create(face.machine, LIBDMA_KERNEL_REAL_TIME, &real), 0);
	libdma_kernel_enter(real);
	begin = ktime_get();
	while (ktime_get() == begin)
		;
	assert_true(libdma_machine_time(face.machine) > 5000);
	libdma_kernel_leave();
	libdma_kernel_destroy(real);
	libdma_kernel_enter(face.kernel);
}

static bool was_inside;

static void *enter_once(void *arg)
{
	libdma_kernel_enter(arg);
	was_inside = true;
	libdma_kernel_leave();
	return NULL;
}

static void others_get_a_turn(void **state)
{
	struct timespec moment = { .tv_nsec = 1000000 };
	pthread_t thread;

	(void)state;
	assert_false(need_resched());
	assert_int_equal(cond_resched(), 0);
	assert_int_equal(pthread_create(&thread, NULL, enter_once, face.kernel), 0);
	while (!need_resched())
		nanosleep(&moment, NULL);
	assert_false(was_inside);
	while (!was_inside) {
		cond_resched();
		nanosleep(&moment, NULL);
	}
	pthread_join(thread, NULL);
}

static int loaded;

static int load(void)
{
	return loaded++;
}

static void unload(void)
{
	loaded = -1;
}

module_init(load);
module_exit(unload);

static void a_module_runs(void **state)
{
	(void)state;
	assert_int_equal(init_module(), 0);
	assert_int_equal(loaded, 1);
	cleanup_module();
	assert_int_equal(loaded, -1);
}

/* What kernel code leaves is given back at the end; the sanitizers look for it. */
static void leaks_are_counted(void **state)
{
	static struct device dev = { .release = release };

	(void)state;
	dev_set_name(&dev, "left");
	assert_int_equal(device_register(&dev), 0);
	assert_non_null(kmalloc(8, GFP_KERNEL));
	assert_non_null(kmalloc(8192, GFP_KERNEL));
	assert_int_equal(libdma_kernel_leaks(face.kernel), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(pieces_are_apart, face_up, face_down),
		cmocka_unit_test_setup_teardown(edges_of_kmalloc, face_up, face_down),
		cmocka_unit_test_setup_teardown(pages_come_and_go, face_up, face_down),
		cmocka_unit_test_setup_teardown(a_device_lives, face_up, face_down),
		cmocka_unit_test_setup_teardown(the_log_is_the_machines, face_up, face_down),
		cmocka_unit_test_setup_teardown(the_clock_is_the_machines, face_up, face_down),
		cmocka_unit_test_setup_teardown(others_get_a_turn, face_up, face_down),
		cmocka_unit_test_setup_teardown(a_module_runs, face_up, face_down),
		cmocka_unit_test_setup_teardown(leaks_are_counted, face_up, face_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

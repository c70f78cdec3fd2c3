// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A domain against plain arrays of pages: one for the table, one for the IOTLB.
 */
#include <errno.h>
#include <string.h>

#include "hardware/iommu.h"

#include "test.h"

#define PAGES 2048

static uint64_t seed = 1;

static uint64_t dice(uint64_t sides)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (seed >> 24) % sides;
}

static uint64_t mapped[PAGES], known[PAGES]; /* physical page * 4 + permission, 0 none */

struct view {
	uint64_t base, granule;
	const uint64_t *pages, *but;
	uint64_t next;
};

/* Is a page that the walk left out rightly left out? */
static bool omitted(const struct view *view, uint64_t page)
{
	return !view->pages[page] || (view->but && view->but[page] == view->pages[page]);
}

static int same(const struct iommu_mapping *mapping, void *arg)
{
	struct view *view = arg;
	uint64_t page = (mapping->dma - view->base) / view->granule, phys;

	assert_true(mapping->size && page >= view->next);
	while (view->next < page)
		assert_true(omitted(view, view->next++));
	for (uint64_t done = 0; done < mapping->size; done += view->granule) {
		phys = (mapping->phys + done) / view->granule;
		assert_true(view->pages[view->next++] == phys * 4 + mapping->permission);
	}
	return 0;
}

static void compare(const struct iommu *iommu, uint64_t base, uint64_t granule)
{
	struct view all = { base, granule, mapped, NULL, 0 };
	struct view stale = { base, granule, known, mapped, 0 };
	uint64_t count = 0;

	assert_true(iommu_valid(iommu));
	assert_int_equal(iommu_walk(iommu, same, &all), 0);
	assert_int_equal(iommu_walk_stale(iommu, same, &stale), 0);
	for (uint64_t i = 0; i < PAGES; i++) {
		count += mapped[i] != 0;
		assert_true(i < all.next || !mapped[i]);
		assert_true(i < stale.next || !known[i] || known[i] == mapped[i]);
	}
	assert_int_equal(iommu_mapped(iommu), count * granule);
}

static void map(struct iommu *iommu, uint64_t base, uint64_t granule)
{
	uint64_t page = dice(PAGES - 40), pages = dice(40), phys = 1 + dice(1 << 20);
	unsigned int permission = (unsigned int)dice(4);
	bool free = true;

	for (uint64_t i = page; i < page + pages; i++)
		free &= !mapped[i];
	assert_int_equal(iommu_map(iommu, base + page * granule, phys * granule,
				   pages * granule, permission), free ? 0 : -EEXIST);
	for (uint64_t i = 0; free && i < pages; i++)
		mapped[page + i] = (phys + i) * 4 + permission;
}

static void unmap(struct iommu *iommu, uint64_t base, uint64_t granule)
{
	uint64_t page = dice(PAGES - 40), pages = dice(40), run = 0;

	while (run < pages && mapped[page + run])
		mapped[page + run++] = 0;
	assert_int_equal(iommu_unmap(iommu, base + page * granule, pages * granule),
			 run * granule);
}

static void device_access(struct iommu *iommu, uint64_t base, uint64_t granule)
{
	uint64_t page = dice(PAGES), offset = dice(granule), entry;
	unsigned int wanted = 1 + (unsigned int)dice(3);
	enum iommu_fault fault = IOMMU_FAULT_NONE;
	struct iommu_access access;
	bool stale = known[page] && known[page] != mapped[page];
	int r = iommu_access(iommu, base + page * granule + offset, wanted, &access);

	if (!known[page])
		known[page] = mapped[page];
	entry = known[page];
	if (!entry)
		fault = IOMMU_FAULT_NOT_MAPPED;
	else if ((wanted & 1) && !(entry & 1))
		fault = IOMMU_FAULT_READ;
	else if ((wanted & 2) && !(entry & 2))
		fault = IOMMU_FAULT_WRITE;
	assert_int_equal(r, fault ? -EFAULT : 0);
	assert_int_equal(access.fault, fault);
	assert_int_equal(access.stale, stale);
	if (!r) {
		assert_true(access.phys == entry / 4 * granule + offset);
		assert_int_equal(access.size, granule - offset);
	}
	entry = mapped[page];
	assert_true(iommu_iova_to_phys(iommu, base + page * granule + offset) ==
		    (entry ? entry / 4 * granule + offset : 0));
}

static void flush(struct iommu *iommu, uint64_t base, uint64_t granule)
{
	uint64_t page = dice(PAGES - 100), pages = dice(100);

	if (!dice(8)) {
		iommu_flush(iommu);
		memset(known, 0, sizeof(known));
		return;
	}
	iommu_flush_range(iommu, base + page * granule, pages * granule);
	memset(known + page, 0, pages * sizeof(*known));
}

static void run(uint64_t base, uint64_t granule)
{
	struct iommu *iommu;

	memset(mapped, 0, sizeof(mapped));
	memset(known, 0, sizeof(known));
	assert_int_equal(iommu_create(NULL, granule, &iommu), 0);
	for (unsigned int step = 0; step < 6000; step++) {
		switch (dice(8)) {
		case 0:
		case 1:
			map(iommu, base, granule);
			break;
		case 2:
			unmap(iommu, base, granule);
			break;
		case 3:
			flush(iommu, base, granule);
			break;
		default:
			device_access(iommu, base, granule);
		}
		if (step % 8 == 0)
			compare(iommu, base, granule);
	}
	for (uint64_t page = 0; page < PAGES; page++) {
		assert_int_equal(iommu_unmap(iommu, base + page * granule, granule),
				 mapped[page] ? granule : 0);
		mapped[page] = 0;
	}
	iommu_flush(iommu);
	memset(known, 0, sizeof(known));
	compare(iommu, base, granule);
	iommu_destroy(iommu);
}

static void answers_are_those_of_plain_arrays(void **state)
{
	(void)state;
	run(0, 4096);
	run(0xfffff000 - 1000 * 4096UL, 4096);
	run(-(uint64_t)PAGES * 4096, 4096);
	run(1UL << 40, 65536);
}

static void a_stale_page_is_reached_until_the_flush(void **state)
{
	struct iommu_access access;
	struct iommu *iommu;

	(void)state;
	assert_int_equal(iommu_create(NULL, 4096, &iommu), 0);
	assert_int_equal(iommu_map(iommu, 0xfffff000, 0x1000, 0x1000, IOMMU_READ), 0);
	assert_int_equal(iommu_access(iommu, 0xfffff010, IOMMU_READ, &access), 0);
	assert_int_equal(iommu_access(iommu, 0xfffff010, IOMMU_WRITE, &access), -EFAULT);
	assert_string_equal(iommu_fault_name(access.fault), "page may not be written");
	assert_int_equal(iommu_unmap(iommu, 0xfffff000, 0x1000), 0x1000);
	assert_int_equal(iommu_access(iommu, 0xfffff010, IOMMU_READ, &access), 0);
	assert_true(access.stale && access.phys == 0x1010);
	assert_int_equal(iommu_map(iommu, 0xfffff000, 0x7000, 0x1000, IOMMU_READ), 0);
	assert_int_equal(iommu_access(iommu, 0xfffff010, IOMMU_READ, &access), 0);
	assert_true(access.stale && access.phys == 0x1010);
	iommu_flush_range(iommu, 0xfffff000, 1);
	assert_int_equal(iommu_access(iommu, 0xfffff010, IOMMU_READ, &access), 0);
	assert_true(!access.stale && access.phys == 0x7010);
	iommu_destroy(iommu);
}

static void nonsense_is_refused(void **state)
{
	struct iommu *iommu;

	(void)state;
	assert_int_equal(iommu_create(NULL, 2048, &iommu), -EINVAL);
	assert_int_equal(iommu_create(NULL, 4097, &iommu), -EINVAL);
	assert_int_equal(iommu_create(NULL, 4096, &iommu), 0);
	assert_int_equal(iommu_map(iommu, 1, 0, 4096, 0), -EINVAL);
	assert_int_equal(iommu_map(iommu, 0, 1, 4096, 0), -EINVAL);
	assert_int_equal(iommu_map(iommu, 0, 0, 1, 0), -EINVAL);
	assert_int_equal(iommu_map(iommu, -4096UL, 0, 8192, 0), -EINVAL);
	assert_int_equal(iommu_map(iommu, 0, -4096UL, 8192, 0), -EINVAL);
	assert_int_equal(iommu_unmap(iommu, 1, 4096), 0);
	assert_int_equal(iommu_unmap(iommu, 0, 4096), 0);
	iommu_flush_range(iommu, 0, 0);
	assert_null(iommu_fault_name(IOMMU_FAULTS));
	iommu_destroy(iommu);
	iommu_destroy(NULL);
}

static void a_failure_leaves_all_as_it_was(void **state)
{
	struct heap heap = { .fail_nth = 1 };
	struct iommu_access access;
	unsigned int failed = 0;
	struct iommu *iommu;

	(void)state;
	assert_int_equal(iommu_create(&heap, 4096, &iommu), -ENOMEM);
	assert_int_equal(iommu_create(&heap, 4096, &iommu), 0);
	memset(mapped, 0, sizeof(mapped));
	memset(known, 0, sizeof(known));
	for (uint64_t nth = 1; nth < 20; nth++) {
		uint64_t dma = 1UL << (12 + 3 * nth % 50);

		heap = (struct heap){ .fail_nth = nth % 6 + 1 };
		if (iommu_map(iommu, dma, 0x1000, 4096 * 1000, 3) == -ENOMEM) {
			failed++;
			heap = (struct heap){ 0 };
			compare(iommu, 0, 4096);
			assert_int_equal(iommu_map(iommu, dma, 0x1000, 4096, 3), 0);
		}
		/* An IOTLB without memory knows nothing, and all works. */
		heap = (struct heap){ .fail_ppm = 1000000 };
		assert_int_equal(iommu_access(iommu, dma, IOMMU_READ, &access), 0);
		assert_int_equal(iommu_unmap(iommu, dma, 4096 * 1000) != 0, 1);
		assert_int_equal(iommu_access(iommu, dma, IOMMU_READ, &access), -EFAULT);
		compare(iommu, 0, 4096);
	}
	assert_true(failed > 5);
	iommu_destroy(iommu);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_those_of_plain_arrays),
		cmocka_unit_test(a_stale_page_is_reached_until_the_flush),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(a_failure_leaves_all_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

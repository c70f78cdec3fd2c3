// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "alloc/swiotlb.h"

#include "test.h"

static void sizes_are_rounded_as_the_kernel_does(void **state)
{
	static const struct {
		const char *text;
		unsigned int cpus;
		uint64_t slots;
		unsigned int areas;
		bool force, disable;
	} call[] = {
		{ NULL, 1, 32768, 1, false, false },
		{ NULL, 6, 32768, 8, false, false },
		{ NULL, 300, 65536, 512, false, false },
		{ "1000", 1, 1024, 1, false, false },
		{ "1100", 2, 2048, 2, false, false },
		{ "65536", 4, 65536, 4, false, false },
		{ "0x10000", 4, 65536, 4, false, false },
		{ "1024,3", 64, 1024, 4, false, false },
		{ "512,64", 2, 8192, 64, false, false },
		{ "512,0", 2, 512, 1, false, false },
		{ "force", 2, 32768, 2, true, false },
		{ "noforce", 2, 32768, 2, false, true },
		{ "4096,force", 2, 4096, 2, true, false },
		{ "4096,2,noforce", 8, 4096, 2, false, true },
		{ ",,force", 1, 32768, 1, true, false },
		{ "nonsense", 1, 32768, 1, false, false },
		{ "", 1, 32768, 1, false, false },
	};
	struct swiotlb_size size;

	(void)state;
	for (size_t i = 0; i < sizeof(call) / sizeof(call[0]); i++) {
		assert_int_equal(swiotlb_size(call[i].text, call[i].cpus, 128, &size), 0);
		assert_int_equal(size.slots, call[i].slots);
		assert_int_equal(size.areas, call[i].areas);
		assert_int_equal(size.force, call[i].force);
		assert_int_equal(size.disable, call[i].disable);
	}
	assert_int_equal(swiotlb_size(NULL, 1, 100, &size), -EINVAL);
	assert_int_equal(swiotlb_size(NULL, 0, 128, &size), -EINVAL);
	assert_int_equal(swiotlb_size("99999999999999999999", 1, 128, &size), -EINVAL);
	assert_int_equal(swiotlb_size("128,99999999999", 1, 128, &size), -EINVAL);

	assert_int_equal(swiotlb_size("4096,32", 1, 128, &size), 0);
	assert_int_equal(swiotlb_size_halve(&size, 128), 0);
	assert_true(size.slots == 2048 && size.areas == 16);
	assert_int_equal(swiotlb_size_halve(&size, 128), 0);
	assert_int_equal(swiotlb_size_halve(&size, 128), 0);
	assert_true(size.slots == 512 && size.areas == 4);
	assert_int_equal(swiotlb_size_halve(&size, 128), -ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_are_rounded_as_the_kernel_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

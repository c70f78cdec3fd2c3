// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Parameters of the kernel's command line, each beside what it stands for.
 */
#include <string.h>

#include "trace/cmdline.h"

#include "test.h"

static void a_flag_is_what_kstrtobool_takes_it_for(void **state)
{
	static const struct {
		const char *cmdline;
		bool otherwise, expected;
	} cases[] = {
		{ NULL, true, true },
		{ NULL, false, false },
		{ "", true, true },
		{ "quiet iommu.forcedac=1", false, true },
		{ "iommu.forcedac=yes quiet", false, true },
		{ "iommu.forcedac=on", false, true },
		{ "iommu.forcedac=Off", true, false },
		{ "iommu.forcedac=0", true, false },
		{ "iommu.forcedac=1 iommu.forcedac=0", true, false },
		{ "iommu.forcedac=0\tiommu.forcedac=T", false, true },
		{ "xiommu.forcedac=1", false, false },
		{ "iommu.forcedac", false, false },
		{ "iommu.forcedac=", true, true },
		{ "iommu.forcedac=o", true, true },
		{ "iommu.forcedac=maybe", false, false },
		{ "iommu.forcedac=10", false, true },
		{ "iommu.forcedacs=1", false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (cmdline_flag(cases[i].cmdline, "iommu.forcedac", cases[i].otherwise) !=
		    cases[i].expected)
			fail_msg("\"%s\": not %d", cases[i].cmdline, cases[i].expected);
}

static void a_value_ends_at_the_next_word(void **state)
{
	static const char cmdline[] =
		"root=/dev/vda swiotlb=512 noswiotlb=7 swiotlb=65536,force ro";
	size_t length = 0;
	const char *value = cmdline_find(cmdline, "swiotlb", &length);

	(void)state;
	assert_ptr_equal(value, strstr(cmdline, "65536"));
	assert_int_equal(length, strlen("65536,force"));
	assert_null(cmdline_find(cmdline, "ro", &length));
	assert_null(cmdline_find(cmdline, "swio", &length));
	assert_null(cmdline_find(NULL, "swiotlb", &length));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flag_is_what_kstrtobool_takes_it_for),
		cmocka_unit_test(a_value_ends_at_the_next_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include <libdma/event.h>

#include "bpf/dma.h"
#include "test.h"

static void every_kind_is_found_by_its_name(void **state)
{
	(void)state;
	for (unsigned int kind = 1; kind < DMA_EVENT_KINDS; kind++) {
		const char *name = libdma_event_kind_name(kind);

		assert_non_null(name);
		assert_int_equal(libdma_event_kind_find(name, strlen(name)), kind);
	}
	assert_null(libdma_event_kind_name(DMA_EVENT_NONE));
	assert_null(libdma_event_kind_name(DMA_EVENT_KINDS));
	assert_int_equal(libdma_event_kind_find("map_pag", 7), DMA_EVENT_NONE);
}

static void attributes_print_as_the_kernel_prints_them(void **state)
{
	char text[64];

	(void)state;
	assert_int_equal(libdma_attrs_print(0, text, sizeof(text)), 0);
	assert_string_equal(text, "");
	libdma_attrs_print(DMA_ATTR_SKIP_CPU_SYNC | DMA_ATTR_NO_WARN, text, sizeof(text));
	assert_string_equal(text, "SKIP_CPU_SYNC|NO_WARN");
	libdma_attrs_print(1UL << 40 | DMA_ATTR_MMIO, text, sizeof(text));
	assert_string_equal(text, "MMIO|0x10000000000");
	assert_int_equal(libdma_attrs_print(DMA_ATTR_NO_WARN, text, 3), 7);
	assert_string_equal(text, "NO");
}

static void attributes_survive_print_and_parse(void **state)
{
	char text[512];
	uint64_t attrs = 1, back;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		size_t size;

		attrs = attrs * 6364136223846793005ULL + 1442695040888963407ULL;
		size = libdma_attrs_print(attrs >> (i % 64), text, sizeof(text));
		assert_true(size < sizeof(text));
		assert_int_equal(libdma_attrs_parse(text, size, &back), 0);
		assert_true(back == attrs >> (i % 64));
	}
}

static void words_that_are_no_attribute_are_refused(void **state)
{
	static const char *const wrong[] = { "MMI", "|", "MMIO||NO_WARN", "0x", "0xg",
					     "0x12345678901234567" };
	uint64_t attrs;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(libdma_attrs_parse(wrong[i], strlen(wrong[i]), &attrs),
				 -EINVAL);
}

struct probe {
	const char *program, *group;
	enum dma_event_kind kind;
};

#define PROGRAM_TP(name)	    "tp_" #name
#define PROGRAM_ENTRY(name)	    "fn_" #name
#define PROGRAM_EXIT(name)	    "fn_" #name
#define PROBE(how, name, args, kind, group, unless) \
	{ PROGRAM_##how(name), group, DMA_EVENT_##kind },

static bool is_end(const struct probe *probe)
{
	enum dma_event_class class = libdma_event_kind_class(probe->kind);

	return (class == DMA_CLASS_UNMAP || class == DMA_CLASS_FREE ||
		probe->kind == DMA_EVENT_POOL_FREE ||
		probe->kind == DMA_EVENT_POOL_DESTROY ||
		probe->kind == DMA_EVENT_IOVA_FREE ||
		probe->kind == DMA_EVENT_IOVA_UNLINK ||
		probe->kind == DMA_EVENT_IOVA_DESTROY ||
		probe->kind == DMA_EVENT_RELEASE_COHERENT_MEMORY) &&
	       strcmp(probe->group, "swiotlb") != 0;
}

static void a_loss_of_ends_is_told_from_one_of_others(void **state)
{
	static const struct probe probes[] = { DMA_PROBES(PROBE) };

	(void)state;
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++)
		if (libdma_probe_is_end(probes[i].program) != is_end(&probes[i]))
			fail_msg("%s", probes[i].program);
	assert_true(libdma_probe_is_end(""));
	assert_true(libdma_probe_is_end("cpu 3"));
	assert_true(libdma_probe_is_end("kp_dma_unmap_page_attrs"));
	assert_false(libdma_probe_is_end("kr_dma_map_page_attrs"));
}

static void a_loss_of_bounces_is_told_from_one_of_calls(void **state)
{
	static const struct probe probes[] = { DMA_PROBES(PROBE) };
	static const char *const others[] = { "", "swiotlb_bounced", "cpu 3", "tp_", "fn__",
					      "tp_dma_map_page", "kr_dma_pool_alloc" };

	(void)state;
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++)
		if (libdma_probe_is_bounce(probes[i].program) !=
		    !strcmp(probes[i].group, "swiotlb"))
			fail_msg("%s of %s", probes[i].program, probes[i].group);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(libdma_probe_is_bounce(others[i]));
	assert_true(libdma_probe_is_bounce("kr_swiotlb_map"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_is_found_by_its_name),
		cmocka_unit_test(attributes_print_as_the_kernel_prints_them),
		cmocka_unit_test(attributes_survive_print_and_parse),
		cmocka_unit_test(words_that_are_no_attribute_are_refused),
		cmocka_unit_test(a_loss_of_bounces_is_told_from_one_of_calls),
		cmocka_unit_test(a_loss_of_ends_is_told_from_one_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

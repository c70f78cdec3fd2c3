// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test-check.c - the rules and the leaks, shown events that no kernel would trace
 *
 * What each rule finds is shown by the traces of data/check and by the kernel's own
 * dma-debug (bench/peers/compare-debug.c); here is what must hold of any events.
 */
#include <errno.h>

#include <libdma/leaks.h>

#include "check/check.h"
#include "events.h"
#include "fail-each.h"

#define EVENTS 4000
#define FEW    150

static struct libdma_strings *strings;

/* Few addresses, devices and kinds, so that one event has to do with another. */
static struct dma_event draw_call(struct draw *draw)
{
	struct dma_event event = draw_event(draw);
	uint64_t bits = draw_bits(draw);

	event.device = 1 + (uint32_t)(bits % 3);
	event.dma = bits & 0x10 ? event.dma : (bits >> 8 & 7) * 0x1000;
	event.size = bits & 0x20 ? event.size : (bits >> 12 & 3) * 0x800;
	event.phys = bits & 0x40 ? event.phys : (bits >> 14 & 15) * 32;
	event.handle = bits >> 20 & 3;
	event.flags = (uint8_t)(event.flags & ~DMA_EVENT_REQUEST);
	event.error = bits & 0x80 ? event.error : 0;
	for (uint32_t i = 0; i < event.phys_count; i++)
		draw->phys_list[i] = 0x100 + (draw->phys_list[i] & 3) * 0x1000;
	for (uint32_t i = 0; i < event.dma_count; i++)
		draw->dma_list[i] = (draw->dma_list[i] & 7) * 0x1000;
	return event;
}

static struct libdma_environment *machine(void)
{
	static const char text[] =
		"{\"schema\": \"dmactl.environment/1\", \"iommu\": {\"mode\": \"lazy\"},"
		" \"memory\": [{\"start\": \"0x0\", \"length\": 256, \"name\": \"System RAM\"},"
		" {\"start\": \"0x40\", \"length\": 64, \"name\": \"Kernel code\"}],"
		" \"devices\": [{\"name\": \"nic0\", \"driver\": \"gem\", \"coherent\": false,"
		" \"dma_mask\": \"0xffff\", \"max_segment_size\": 4096,"
		" \"segment_boundary_mask\": \"0xfff\"}]}";
	struct libdma_environment *environment = libdma_environment_create();
	char *why;

	assert_non_null(environment);
	assert_int_equal(
		libdma_environment_parse(environment, text, sizeof(text) - 1, &why), 0);
	return environment;
}

/* Every part of a verdict can be looked at. */
static void look_at(void *arg, const struct libdma_check_verdict *verdict)
{
	uint64_t *told = arg;

	++*told;
	mix_bytes(verdict->rule->id, strlen(verdict->rule->id));
	mix(verdict->doubt);
	mix(verdict->dma);
	mix(verdict->size);
	mix(verdict->was);
	mix(verdict->is);
	mix_bytes(verdict->text, strlen(verdict->text));
	mix(verdict->event->number);
	mix(verdict->begin ? verdict->begin->number : 1);
	mix(verdict->other ? verdict->other->number : 1);
}

static void expect_device(const struct device_check *device)
{
	struct interval *at = intervals_first(&device->ranges, 0, UINT64_MAX);
	uint64_t live = 0;

	assert_true(intervals_valid(&device->ranges));
	assert_true(intervals_valid(&device->lists));
	for (; at; at = intervals_next(at, 0, UINT64_MAX)) {
		const struct record *record = member_of(at, struct record, by_dma);

		live++;
		assert_ptr_equal(record->device, device);
		assert_true(record->times > 0);
		assert_true(record->origin->live > 0);
		assert_true(record->origin->users >= record->origin->live);
	}
	assert_int_equal(live, device->live);
}

static void expect_ledger(const struct libdma_check *check)
{
	struct interval *at = intervals_first(&check->devices, 0, UINT64_MAX);

	assert_true(intervals_valid(&check->devices));
	assert_true(intervals_valid(&check->pools));
	assert_true(intervals_valid(&check->lines));
	for (; at; at = intervals_next(at, 0, UINT64_MAX))
		expect_device(member_of(at, struct device_check, by_number));
}

/* job->number: the kernel, and from DMA_KERNELS on as it has it; most: events. */
static int check_events(const struct job *job)
{
	uint64_t told = 0;
	const struct libdma_check_options options = {
		.kernel = job->number % DMA_KERNELS,
		.as_kernel = job->number >= DMA_KERNELS,
		.verdict = look_at,
		.arg = &told,
	};
	struct draw draw = { .seed = job->number + 1, .strings = strings };
	struct libdma_check *check;
	int err = libdma_check_create(&options, &check);

	if (err)
		return err;
	for (uint64_t i = 0; !err && i < (job->most ? FEW : EVENTS); i++) {
		struct dma_event event = draw_call(&draw);

		event.number = i;
		err = libdma_check_put(check, &event);
		if (i % 64 == 0)
			expect_ledger(check);
	}
	if (!err)
		mix(told);
	libdma_check_destroy(check);
	return err;
}

static int find_leaks(const struct job *job)
{
	const struct libdma_leaks_options options = {
		.kernel = job->number % DMA_KERNELS,
		.older_ns = job->number * 1000,
	};
	struct libdma_leaks *leaks = libdma_leaks_create(&options);
	struct draw draw = { .seed = job->number + 1, .strings = strings };
	struct libdma_leak *leak = NULL;
	size_t count = 0;
	int err = leaks ? 0 : -ENOMEM;

	for (uint64_t i = 0; !err && i < (job->most ? FEW : EVENTS); i++) {
		struct dma_event event = draw_call(&draw);

		err = libdma_leaks_put(leaks, &event);
	}
	if (!err)
		err = libdma_leaks_conclude(leaks, &leak, &count);
	for (size_t i = 0; !err && i < count; i++) {
		assert_true(leak[i].count > 0);
		assert_true(leak[i].count <= leak[i].begun - leak[i].ended);
		assert_true(leak[i].oldest_ns >= leak[i].youngest_ns);
		assert_true(leak[i].smallest <= leak[i].largest);
		assert_true(leak[i].overdue <= leak[i].count);
		assert_true(!i || leak[i].verdict <= leak[i - 1].verdict);
		mix(leak[i].count);
		mix(leak[i].bytes);
	}
	free(leak);
	libdma_leaks_destroy(leaks);
	return err;
}

static void any_events_will_do(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2 * DMA_KERNELS; i++) {
		assert_int_equal(check_events(&(struct job) { .number = i }), 0);
		assert_int_equal(find_leaks(&(struct job) { .number = i }), 0);
	}
}

static void memory_may_be_short(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2 * DMA_KERNELS; i += DMA_KERNELS) {
		fail_each(&(struct job) { .name = "check",
					  .number = i,
					  .most = 150,
					  .run = check_events },
			  OF_MEMORY);
		fail_each(&(struct job) { .name = "leaks",
					  .number = i,
					  .most = 150,
					  .run = find_leaks },
			  OF_MEMORY);
	}
}

/* Of a machine that is known, and learned again from it. */
static void the_machine_is_known(void **state)
{
	uint64_t told = 0;
	const struct libdma_check_options options = { .verdict = look_at, .arg = &told };
	struct libdma_environment *environment = machine();
	struct draw draw = { .seed = 7, .strings = strings };
	struct libdma_check *check;

	(void)state;
	assert_int_equal(libdma_check_create(&options, &check), 0);
	assert_int_equal(libdma_check_environment(check, environment, strings), 0);
	assert_int_equal(libdma_check_environment(check, environment, strings), 0);
	libdma_environment_destroy(environment);
	for (unsigned int i = 0; i < EVENTS; i++) {
		struct dma_event event = draw_call(&draw);

		if (i % 2)
			assert_int_equal(
				libdma_strings_add(strings, "nic0", 4, &event.device), 0);
		assert_int_equal(libdma_check_put(check, &event), 0);
	}
	expect_ledger(check);
	assert_true(told > 0);
	libdma_check_destroy(check);
}

static void the_table_is_in_order(void **state)
{
	const struct libdma_check_rule *rule;

	(void)state;
	for (size_t i = 0; (rule = libdma_check_rule_at(i)); i++) {
		assert_ptr_equal(libdma_check_rule_find(rule->id), rule);
		assert_ptr_equal(libdma_check_rule_find(rule->name), rule);
		assert_non_null(libdma_check_severity_name(rule->severity));
		if (i)
			assert_true(strcmp(libdma_check_rule_at(i - 1)->id, rule->id) <
				    0);
	}
	assert_null(libdma_check_rule_find("DMA000"));
	assert_null(libdma_check_severity_name(LIBDMA_CHECK_SEVERITIES));
	assert_null(libdma_check_doubt_name(LIBDMA_DOUBTS));
	assert_null(libdma_leak_verdict_name(LIBDMA_LEAK_VERDICTS));
	assert_null(libdma_leak_verdict_reason(LIBDMA_LEAK_VERDICTS));
}

static void wrong_options_are_refused(void **state)
{
	struct libdma_check_options options = { .kernel = DMA_KERNELS,
						.verdict = look_at };
	struct libdma_check *check;

	(void)state;
	assert_int_equal(libdma_check_create(&options, &check), -EINVAL);
	options.kernel = DMA_KERNEL_6_12;
	options.cache_alignment = 48;
	assert_int_equal(libdma_check_create(&options, &check), -EINVAL);
	options.cache_alignment = 128;
	options.verdict = NULL;
	assert_int_equal(libdma_check_create(&options, &check), -EINVAL);
	libdma_check_destroy(NULL);
	libdma_leaks_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_events_will_do),
		cmocka_unit_test(memory_may_be_short),
		cmocka_unit_test(the_machine_is_known),
		cmocka_unit_test(the_table_is_in_order),
		cmocka_unit_test(wrong_options_are_refused),
	};
	int failed;

	strings = libdma_strings_create();
	if (!strings)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	libdma_strings_destroy(strings);
	return failed;
}

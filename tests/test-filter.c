// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test-filter.c - filters against a plain recursive evaluator, and what is refused
 *
 * The oracle makes a random tree of comparisons, prints it as an expression with no
 * more parentheses than precedence asks for, and evaluates the tree by recursion.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libdma/filter.h>

#include "test.h"

enum node_type { LEAF, NOT, AND, OR };

struct node {
	enum node_type type;
	struct node *left, *right;
	const char *field, *op, *value;
	char number[32];
};

static const char *const devices[] = { "0000:00:02.0", "0000:03:00.0", "rtc \"x\"", "" };
static const char *const drivers[] = { "nvme", "e1000e", "", "nvme" };
static const char *const comms[] = { "swapper/0", "dd", "kworker/1:2H", "(sd-pam)" };
static const char *const words[] = { "\"0000:03:00.0\"", "nvme",	 "dd",
				     "\"rtc \\\"x\\\"\"", "0000:00:02.0", "\"\"" };
static const char *const globs[] = { "\"0000:*\"", "*", "e*", "\"*[0-9]\"", "?d" };
static const char *const kinds[] = { "map_page", "map_sg", "unmap_sg", "alloc", "iommu_map" };
static const char *const dirs[] = { "to_device", "FROM_DEVICE", "bidirectional", "none" };
static const char *const numbers[] = { "size", "dma", "phys", "cpu", "pid", "nents" };
static const char *const orders[] = { "==", "!=", "<", "<=", ">", ">=" };
static const uint64_t values[] = { 0, 1, 2, 4096, 65536, 1 << 20 };

#define PICK(array) ((array)[(unsigned int)rand() % (sizeof(array) / sizeof((array)[0]))])

static struct node *make_leaf(void)
{
	struct node *node = calloc(1, sizeof(*node));
	uint64_t value = PICK(values);

	node->value = node->number;
	switch (rand() % 6) {
	case 0:
		node->field = PICK(((const char *[]) { "dev", "driver", "comm" }));
		node->op = PICK(((const char *[]) { "==", "!=" }));
		node->value = PICK(words);
		break;
	case 1:
		node->field = PICK(((const char *[]) { "device", "driver", "comm" }));
		node->op = PICK(((const char *[]) { "~", "!~" }));
		node->value = PICK(globs);
		break;
	case 2:
		node->field = "kind";
		node->op = PICK(((const char *[]) { "==", "!=" }));
		node->value = PICK(kinds);
		break;
	case 3:
		node->field = "dir";
		node->op = PICK(((const char *[]) { "==", "!=" }));
		node->value = PICK(dirs);
		break;
	case 4:
		node->field = PICK(((const char *[]) { "failed", "cut" }));
		node->op = NULL;
		break;
	default:
		node->field = PICK(numbers);
		node->op = PICK(orders);
		snprintf(node->number, sizeof(node->number), rand() % 2 ? "%llu" : "0x%llx",
			 (unsigned long long)value);
		if (value && !(value % 1024) && rand() % 2)
			snprintf(node->number, sizeof(node->number), "%lluk",
				 (unsigned long long)value / 1024);
	}
	return node;
}

static struct node *make_node(unsigned int depth)
{
	struct node *node;

	if (!depth || !(rand() % 3))
		return make_leaf();
	node = calloc(1, sizeof(*node));
	node->type = NOT + rand() % 3;
	node->left = make_node(depth - 1);
	if (node->type != NOT)
		node->right = make_node(depth - 1);
	return node;
}

static void free_node(struct node *node)
{
	if (!node)
		return;
	free_node(node->left);
	free_node(node->right);
	free(node);
}

static const char *space(void)
{
	return rand() % 2 ? " " : "";
}

/* Only what binds less tightly than its surroundings stands in parentheses. */
static void print_node(const struct node *node, enum node_type around, FILE *out)
{
	bool closed = (around == NOT && node->type != LEAF && node->type != NOT) ||
		      (around == AND && node->type == OR) || !(rand() % 8);

	fputs(closed ? "(" : "", out);
	switch (node->type) {
	case LEAF:
		fputs(node->field, out);
		if (node->op)
			fprintf(out, "%s%s%s%s", space(), node->op, space(), node->value);
		break;
	case NOT:
		fprintf(out, "!%s", space());
		print_node(node->left, NOT, out);
		break;
	default:
		print_node(node->left, node->type, out);
		fprintf(out, "%s%s%s", space(), node->type == AND ? "&&" : "||", space());
		print_node(node->right, node->type, out);
	}
	fputs(closed ? ")" : "", out);
}

struct sample {
	struct dma_event event;
	const char *device, *driver, *comm;
};

static void unquote(const char *value, char *ret)
{
	if (*value != '"') {
		strcpy(ret, value);
		return;
	}
	for (value++; *value != '"'; value++) {
		if (*value == '\\')
			value++;
		*ret++ = *value;
	}
	*ret = '\0';
}

static bool eval_order(uint64_t left, const char *op, uint64_t right)
{
	if (op[0] == '<')
		return op[1] ? left <= right : left < right;
	return op[1] ? left >= right : left > right;
}

static bool eval_number(const struct node *node, const struct sample *sample)
{
	const struct dma_event *event = &sample->event;
	uint64_t alone[] = { strcmp(node->field, "size") ? 0 : event->size }, value;
	const uint64_t *list = alone;
	unsigned int count = 1;
	bool any = false, equal = node->op[1] == '=' && strchr("=!", node->op[0]);
	char *unit;

	value = strtoull(node->value, &unit, 0);
	value *= *unit == 'k' ? 1024 : 1;
	if (!strcmp(node->field, "dma")) {
		list = event->dma_count ? event->dma_list : &event->dma;
		count = event->dma_count ? event->dma_count : 1;
	} else if (!strcmp(node->field, "phys")) {
		list = event->phys_count ? event->phys_list : &event->phys;
		count = event->phys_count ? event->phys_count : 1;
	} else if (!strcmp(node->field, "cpu")) {
		alone[0] = event->cpu;
	} else if (!strcmp(node->field, "pid")) {
		alone[0] = (uint64_t)event->pid;
	} else if (!strcmp(node->field, "nents")) {
		alone[0] = event->nents;
	}
	for (unsigned int i = 0; i < count; i++)
		any |= equal ? list[i] == value : eval_order(list[i], node->op, value);
	return equal && node->op[0] == '!' ? !any : any;
}

static bool eval_leaf(const struct node *node, const struct sample *sample)
{
	const struct dma_event *event = &sample->event;
	const char *text = NULL;
	bool same, has_dir;
	char value[64];

	if (!node->op)
		return strcmp(node->field, "cut") ? event->error != 0
						  : (event->flags & DMA_EVENT_CUT) != 0;
	unquote(node->value, value);
	if (!strncmp(node->field, "dev", 3))
		text = sample->device;
	else if (!strcmp(node->field, "driver"))
		text = sample->driver;
	else if (!strcmp(node->field, "comm"))
		text = sample->comm;
	if (text) {
		same = strchr(node->op, '~') ? !fnmatch(value, text, 0) : !strcmp(value, text);
	} else if (!strcmp(node->field, "kind")) {
		same = !strcmp(libdma_event_kind_name(event->kind), value);
	} else if (!strcmp(node->field, "dir")) {
		has_dir = event->kind != DMA_EVENT_IOMMU_MAP;
		same = has_dir && !strcasecmp(libdma_direction_name(event->dir), value);
	} else {
		return eval_number(node, sample);
	}
	return node->op[0] == '!' ? !same : same;
}

static bool eval(const struct node *node, const struct sample *sample)
{
	switch (node->type) {
	case LEAF:
		return eval_leaf(node, sample);
	case NOT:
		return !eval(node->left, sample);
	case AND:
		return eval(node->left, sample) && eval(node->right, sample);
	default:
		return eval(node->left, sample) || eval(node->right, sample);
	}
}

static uint32_t number_of(struct libdma_strings *strings, const char *text)
{
	uint32_t number;

	assert_int_equal(libdma_strings_add(strings, text, strlen(text), &number), 0);
	return number;
}

static void make_sample(struct sample *sample, struct libdma_strings *strings,
			uint64_t list[4])
{
	unsigned int device = (unsigned int)rand() % 4;
	const char *kind = PICK(kinds);

	sample->device = devices[device];
	sample->driver = drivers[device];
	sample->comm = PICK(comms);
	for (unsigned int i = 0; i < 4; i++)
		list[i] = PICK(values);
	sample->event = (struct dma_event) {
		.kind = (uint16_t)libdma_event_kind_find(kind, strlen(kind)),
		.dir = (uint8_t)(rand() % 4),
		.flags = rand() % 4 ? 0 : DMA_EVENT_CUT,
		.cpu = (uint32_t)(rand() % 3),
		.pid = rand() % 3,
		.error = rand() % 3 ? 0 : -ENOMEM,
		.device = number_of(strings, sample->device),
		.comm = number_of(strings, sample->comm),
		.phys = PICK(values),
		.dma = PICK(values),
		.size = PICK(values),
		.nents = (uint32_t)(rand() % 3),
		.phys_count = (uint32_t)(rand() % 3),
		.phys_list = list,
		.dma_count = (uint32_t)(rand() % 3),
		.dma_list = list + 2,
	};
}

static void filters_agree(void **state)
{
	struct libdma_strings *strings = libdma_strings_create();
	unsigned int wanted = 0, all = 0;

	(void)state;
	srand(1);
	for (unsigned int round = 0; round < 2000; round++) {
		struct node *tree = make_node(5);
		struct libdma_filter *filter;
		char *text, *why;
		size_t size, place;
		FILE *out = open_memstream(&text, &size);

		print_node(tree, OR, out);
		fclose(out);
		if (libdma_filter_create(text, &filter, &place, &why))
			fail_msg("%s: at %zu: %s", text, place, why);
		for (unsigned int i = 0; i < 4; i++)
			libdma_filter_driver(filter, number_of(strings, devices[i]),
					     number_of(strings, drivers[i]));
		for (unsigned int i = 0; i < 50; i++) {
			struct sample sample;
			uint64_t list[4];
			bool want;

			make_sample(&sample, strings, list);
			want = eval(tree, &sample);
			wanted += want;
			all++;
			if (libdma_filter_match(filter, &sample.event, strings) != want)
				fail_msg("%s: should be %d", text, want);
		}
		libdma_filter_destroy(filter);
		free(text);
		free_node(tree);
	}
	libdma_strings_destroy(strings);
	assert_in_range(wanted, all / 10, all - all / 10);
}

static void mistakes_are_placed(void **state)
{
	static const struct {
		const char *text;
		size_t place;
		const char *why;
	} wrong[] = {
		{ "", 0, "a comparison is missing at the end" },
		{ "sise > 4k", 0, "'sise' is no field of events" },
		{ "size > 4q", 7, "'4q' is no number" },
		{ "size > 4ms", 7, "'4ms' is no number" },
		{ "size > 1.5", 7, "'1.5' is no number" },
		{ "size > 18446744073709551616", 7, "'18446744073709551616' is no number" },
		{ "size > 18000000000G", 7, "'18000000000G' is no number" },
		{ "size > 0x", 7, "'0x' is no number" },
		{ "size 4", 5, "'size' must be followed by one of == != < <= > >=" },
		{ "size ~ 4", 5, "'size' cannot be compared by ~" },
		{ "dev < x", 4, "'dev' cannot be compared by <" },
		{ "dev == \"x", 7, "this quotation mark has no other" },
		{ "dev ==", 6, "a value is missing at the end" },
		{ "dev == && cut", 7, "a value is missing before this" },
		{ "(cut || failed", 0, "this parenthesis is not closed" },
		{ "cut failed", 4, "here should be && or ||" },
		{ "cut)", 3, "here should be && or ||" },
		{ "cut && ", 7, "a comparison is missing at the end" },
		{ "cut & failed", 4, "here should be && or ||" },
		{ "kind == map_pages", 8, "'map_pages' is no kind" },
		{ "kind ~ z*", 7, "'z*' is no kind" },
		{ "dir == up", 7, "'up' is no direction" },
		{ "class == maps", 9, "'maps' is no class" },
		{ "error == EWHAT", 9, "'EWHAT' is no error" },
		{ "time > 4k", 7, "'4k' is no time" },
	};
	struct libdma_filter *filter;
	char deep[400], *why;
	size_t place;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		int err = libdma_filter_create(wrong[i].text, &filter, &place, &why);

		if (err != -EINVAL)
			fail_msg("%s: %d", wrong[i].text, err);
		assert_string_equal(why, wrong[i].why);
		assert_int_equal(place, wrong[i].place);
		free(why);
	}
	memset(deep, '(', sizeof(deep));
	deep[sizeof(deep) - 1] = '\0';
	assert_int_equal(libdma_filter_create(deep, &filter, &place, &why), -EINVAL);
	assert_string_equal(why, "nested too deeply");
	free(why);
}

static bool match(const char *text, const struct dma_event *event)
{
	struct libdma_strings *strings = libdma_strings_create();
	struct libdma_filter *filter;
	size_t place;
	char *why;
	bool matches;

	assert_int_equal(libdma_filter_create(text, &filter, &place, &why), 0);
	matches = libdma_filter_match(filter, event, strings);
	libdma_filter_destroy(filter);
	libdma_strings_destroy(strings);
	return matches;
}

static void values_mean_what_they_say(void **state)
{
	const struct dma_event event = {
		.kind = DMA_EVENT_MAP_SG,
		.size = 1536,
		.ns = 12250000000,
		.error = -ENOMEM,
	};
	const struct dma_event mark = { .kind = DMA_EVENT_MARK };

	(void)state;
	assert_true(match("size == 1.5k", &event));
	assert_true(match("time == 12.25s", &event));
	assert_true(match("time == 12250ms && time==12250000us", &event));
	assert_true(match("time == 12250000000ns && time == 12250000000", &event));
	assert_true(match("error == ENOMEM && error == 12", &event));
	assert_false(match("error == EIO", &event));
	assert_true(match("class == map && kind ~ map*", &event));
	assert_true(match("class == none", &mark));
	assert_false(match("dir == bidirectional", &mark)); /* a mark has none */
	assert_true(match("dma != 1 || cut", &event));
}

/* A device's driver may be learned, and change, on the way. */
static void drivers_are_learned(void **state)
{
	struct libdma_strings *strings = libdma_strings_create();
	struct dma_event event = { .kind = DMA_EVENT_MAP_PAGE };
	struct libdma_filter *filter;
	size_t place;
	char *why;

	(void)state;
	event.device = number_of(strings, "0000:00:02.0");
	assert_int_equal(libdma_filter_create("driver == nvme", &filter, &place, &why), 0);
	assert_false(libdma_filter_match(filter, &event, strings));
	event.kind = DMA_EVENT_DEVICE;
	event.name = number_of(strings, "nvme");
	assert_true(libdma_filter_match(filter, &event, strings));
	event.kind = DMA_EVENT_MAP_PAGE;
	event.name = 0;
	assert_true(libdma_filter_match(filter, &event, strings));
	libdma_filter_destroy(filter);
	libdma_strings_destroy(strings);
}

/* Fields that the random trees leave out, against an event whose members all differ. */
static void every_field_is_its_own_member(void **state)
{
	static const struct {
		const char *text;
		bool holds;
	} asked[] = {
		{ "cpu_addr == 0x1001", true }, { "cpu_addr == 0x1002", false },
		{ "attrs == 0x20", true },      { "attrs != 0x20", false },
		{ "number >= 1234", true },     { "number > 1234", false },
		{ "ents == 5", true },          { "ents == 6", false },
		{ "handle == 77", true },       { "handle < 77", false },
		{ "name == \"block\"", true },  { "name == \"x\"", false },
		{ "stack ~ \"a;*\"", true },    { "stack ~ \"b*\"", false },
		{ "gfp == GFP_KERNEL", true },  { "gfp != GFP_KERNEL", false },
		{ "error == 12", true },        { "error == 11", false },
	};
	struct libdma_strings *strings = libdma_strings_create();
	struct dma_event event = { .kind = DMA_EVENT_ALLOC,
				   .cpu_addr = 0x1001,
				   .attrs = 0x20,
				   .number = 1234,
				   .nents = 6,
				   .ents = 5,
				   .handle = 77,
				   .error = -12 };

	(void)state;
	assert_int_equal(libdma_strings_add(strings, "block", 5, &event.name), 0);
	assert_int_equal(libdma_strings_add(strings, "a;b", 3, &event.stack), 0);
	assert_int_equal(libdma_strings_add(strings, "GFP_KERNEL", 10, &event.gfp), 0);
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		struct libdma_filter *filter;
		char *why = NULL;
		size_t at;

		if (libdma_filter_create(asked[i].text, &filter, &at, &why))
			fail_msg("%s: %s", asked[i].text, why);
		if (libdma_filter_match(filter, &event, strings) != asked[i].holds)
			fail_msg("%s is not %d", asked[i].text, asked[i].holds);
		libdma_filter_destroy(filter);
	}
	libdma_filter_destroy(NULL);
	libdma_strings_destroy(strings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_is_its_own_member),
		cmocka_unit_test(filters_agree),
		cmocka_unit_test(mistakes_are_placed),
		cmocka_unit_test(values_mean_what_they_say),
		cmocka_unit_test(drivers_are_learned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * exhaust.c - every sequence of a few requests, none left out
 *
 *	exhaust-TARGET ALPHABET [DEPTH]
 *
 * In place of an engine: runs the target on all sequences of up to DEPTH requests of an
 * alphabet, from each of its beginnings, on each of its machines. What a campaign finds
 * by luck is found here by patience, if it is small. A text file has the alphabet: a
 * line is a machine (config INDEX=BYTE...), a beginning (begin REQUEST), or a letter (op
 * REQUEST), where a request is one record or several with `;` between them:
 *
 *	op pool_alloc slot=0 aux=0; pool_alloc slot=1
 *
 * What fails is left as ./exhaust-TARGET.program, which `dmactl dump` reads.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "target.h"
#include "trace/program.h"

#define MOST	   32 /* machines, beginnings, letters */
#define RECORDS	   8  /* of a request */
#define DEPTH_MOST 8
#define DEPTH	   6
#define SECONDS	   30 /* for one sequence */

struct request {
	size_t size;
	uint8_t bytes[RECORDS * PROGRAM_OP];
};

struct alphabet {
	unsigned int configs, begins, ops;
	uint8_t config[MOST][PROGRAM_CONFIG];
	struct request begin[MOST], op[MOST];
};

static struct alphabet alphabet;
static const char *file, *program;
static unsigned int line;
static uint8_t input[PROGRAM_HEADER + (DEPTH_MOST + 1) * RECORDS * PROGRAM_OP];
static size_t input_size;
static uint64_t runs;

_Noreturn static void stop(const char *why, const char *what)
{
	fprintf(stderr, "%s:%u: %s: %s\n", file, line, why, what);
	exit(EXIT_FAILURE);
}

/* ---- the alphabet ---- */

static uint8_t code_of(const char *name)
{
	static const char *const others[] = { "nothing", "time", "cpu", "bank", "entry" };
	unsigned int kind = libdma_event_kind_find(name, strlen(name));

	for (uint8_t code = 0; code < PROGRAM_CALLS; code++)
		if (!strcmp(name, others[code]))
			return code;
	for (uint8_t code = PROGRAM_CALLS; code < PROGRAM_CODES; code++)
		if (kind && program_kind(code) == kind)
			return code;
	stop("no request", name);
}

/* NAME=NUMBER; returns where the number begins, and its value. */
static const char *value_of(const char *word, unsigned long *value)
{
	const char *equals = strchr(word, '=');
	char *end;

	if (!equals || !equals[1])
		stop("not NAME=NUMBER", word);
	errno = 0;
	*value = strtoul(equals + 1, &end, 0);
	if (*end || errno)
		stop("no number", word);
	return equals;
}

static void set_operand(struct program_op *op, const char *word)
{
	unsigned long value;
	size_t size = (size_t)(value_of(word, &value) - word);

	if (size == 4 && !memcmp(word, "slot", size) && value < 256)
		op->slot = (uint8_t)value;
	else if (size == 5 && !memcmp(word, "flags", size) && value < 256)
		op->flags = (uint8_t)value;
	else if (size == 3 && !memcmp(word, "aux", size) && value < 256)
		op->aux = (uint8_t)value;
	else if (size == 3 && !memcmp(word, "arg", size) && value <= UINT32_MAX)
		op->arg = (uint32_t)value;
	else
		stop("not slot, flags, aux or arg, or too large", word);
}

static void add_request(struct request *requests, unsigned int *count, char *text)
{
	struct request *request = &requests[*count];
	char *record, *word, *rest = text, *words;

	if ((*count)++ == MOST)
		stop("too many lines of this kind", text);
	while ((record = strsep(&rest, ";"))) {
		struct program_op op = { 0 };

		words = record;
		word = strtok_r(record, " \t", &words);
		if (!word)
			continue;
		op.code = code_of(word);
		while ((word = strtok_r(NULL, " \t", &words)))
			set_operand(&op, word);
		if (request->size == sizeof(request->bytes))
			stop("too many records", text);
		program_op_put(op, request->bytes + request->size);
		request->size += PROGRAM_OP;
	}
}

static void add_config(char *text)
{
	uint8_t *config = alphabet.config[alphabet.configs];
	char *words = text, *word;
	unsigned long value, at;

	if (alphabet.configs++ == MOST)
		stop("too many lines of this kind", text);
	while ((word = strsep(&words, " \t"))) {
		if (!*word)
			continue;
		value_of(word, &value);
		at = strtoul(word, NULL, 10);
		if (at >= PROGRAM_CONFIG || value > 255)
			stop("no byte of the config", word);
		config[at] = (uint8_t)value;
	}
}

static void read_alphabet(void)
{
	char text[512];
	FILE *stream = fopen(file, "r");

	if (!stream)
		stop("cannot be read", strerror(errno));
	while (fgets(text, sizeof(text), stream)) {
		line++;
		text[strcspn(text, "#\n")] = 0;
		if (!text[strspn(text, " \t")])
			continue;
		if (!strncmp(text, "config ", 7))
			add_config(text + 7);
		else if (!strncmp(text, "begin ", 6))
			add_request(alphabet.begin, &alphabet.begins, text + 6);
		else if (!strncmp(text, "op ", 3))
			add_request(alphabet.op, &alphabet.ops, text + 3);
		else
			stop("not config, begin or op", text);
	}
	fclose(stream);
	if (!alphabet.configs || !alphabet.ops)
		stop("needs at least", "one config and one op");
	alphabet.begins += !alphabet.begins; /* from nothing */
}

/* ---- the sequences ---- */

static void keep(int number)
{
	char path[256];
	FILE *out;

	signal(SIGABRT, SIG_DFL);
	snprintf(path, sizeof(path), "%s.program", program);
	out = fopen(path, "wb");
	if (out) {
		fwrite(input, 1, input_size, out);
		fclose(out);
	}
	fprintf(stderr, "%s%s has the requests\n", number == SIGALRM ? "oracle ENDLESS: " : "",
		path);
	abort();
}

static void append(const struct request *request)
{
	memcpy(input + input_size, request->bytes, request->size);
	input_size += request->size;
}

static void run(void)
{
	if (runs++ % 65536 == 0)
		alarm(SECONDS);
	LLVMFuzzerTestOneInput(input, input_size);
}

/* All that go on from here, shorter ones first in each branch. */
static void descend(unsigned int depth)
{
	size_t here = input_size;

	run();
	if (!depth)
		return;
	for (unsigned int i = 0; i < alphabet.ops; i++) {
		append(&alphabet.op[i]);
		descend(depth - 1);
		input_size = here;
	}
}

static void begin(const uint8_t *config, const struct request *request, unsigned int depth)
{
	memcpy(input, "DM", 2);
	input[2] = PROGRAM_VERSION;
	input[3] = 0;
	memcpy(input + 4, config, PROGRAM_CONFIG);
	input_size = PROGRAM_HEADER;
	append(request);
	descend(depth);
}

int main(int argc, char **argv)
{
	unsigned long depth = argc > 2 ? strtoul(argv[2], NULL, 10) : DEPTH;
	const char *slash = strrchr(argv[0], '/');

	program = slash ? slash + 1 : argv[0];
	if (argc < 2 || argc > 3 || !depth || depth > DEPTH_MOST) {
		fprintf(stderr, "usage: %s ALPHABET [DEPTH], up to %d\n", program, DEPTH_MOST);
		return 2;
	}
	file = argv[1];
	read_alphabet();
	signal(SIGABRT, keep);
	signal(SIGALRM, keep);
	for (unsigned int i = 0; i < alphabet.configs; i++)
		for (unsigned int k = 0; k < alphabet.begins; k++)
			begin(alphabet.config[i], &alphabet.begin[k], (unsigned int)depth);
	printf("%s: %llu sequences of up to %lu requests, on %u machines from %u beginnings\n",
	       program, (unsigned long long)runs, depth, alphabet.configs, alphabet.begins);
	return 0;
}

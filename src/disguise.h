/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * disguise.h - names, numbers and addresses that stand for others
 *
 * Whatever is the same stays the same, and whatever is not stays so; which stands for
 * which follows from a key alone, so that several traces can be given away together.
 * Addresses keep their place in 2 MiB, their neighbours, and the number of bits that
 * they need, so that no mask that they fitted no longer fits them.
 */
#pragma once

#include <stdbool.h>

#include <libdma/environment.h>

/* What can be kept as it is. */
enum disguise_part {
	DISGUISE_DEVICE,
	DISGUISE_DRIVER,
	DISGUISE_TASK,
	DISGUISE_POOL,
	DISGUISE_SYMBOL,
	DISGUISE_ADDRESS,
	DISGUISE_TEXT,
	DISGUISE_PARTS
};

struct disguise;

/* The name of a part, "device"; NULL behind the last. */
const char *disguise_part_name(unsigned int part);

/**
 * disguise_create() - a disguise
 * @path:	a file whose content is the key; NULL for one by chance
 * @keep:	bits of the parts that stay as they are
 * @ret:	set to the disguise
 *
 * Return: EXIT_FINE, or the status to exit with; the reason was printed.
 */
int disguise_create(const char *path, unsigned int keep, struct disguise **ret);
void disguise_destroy(struct disguise *disguise);

/* What stands for a name; free() it. */
char *disguise_name(const struct disguise *disguise, enum disguise_part part,
		    const char *name);

/* What stands for the functions of a stack; free() it. */
char *disguise_stack(const struct disguise *disguise, const char *stack);

int32_t disguise_pid(const struct disguise *disguise, int32_t pid);

/* Of physical memory, or of the bus where that is the same. */
uint64_t disguise_address(const struct disguise *disguise, uint64_t address);

/* Of what the CPU sees. */
uint64_t disguise_pointer(const struct disguise *disguise, uint64_t pointer);

/* Disguise what is known of the machine, of which an IOMMU may translate addresses. */
void disguise_environment(const struct disguise *disguise,
			  struct libdma_environment *environment, bool translates);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * picture.h - a space cut into rows of cells, before anybody draws it
 *
 * All cells stand for the same number of bytes. Rows in which nothing is taken are
 * folded into one, however many they are, so that a sparse space is drawn as finely
 * as a dense one and still to scale.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libdma/fragmap.h>

#include "space.h"
#include "state.h"

#define PICTURE_CLASSES 26

/**
 * struct picture_class - things that look alike
 * @letter:	upper case
 * @name:	a device's name, or a sort of use
 * @driver:	of the device, or ""
 * @device:	string: the device, 0 where the class is a sort of use or several devices
 * @things:	how many extents
 * @requested:	bytes
 * @taken:	bytes
 * @largest:	bytes requested by the largest
 * @oldest_ns:	when the oldest of them began
 */
struct picture_class {
	char letter;
	const char *name;
	const char *driver;
	uint32_t device;
	uint64_t things;
	uint64_t requested;
	uint64_t taken;
	uint64_t largest;
	uint64_t oldest_ns;
};

/**
 * struct picture_cell - what is in a piece of the space
 * @taken:	bytes, each counted once
 * @things:	extents that have a part of it
 * @class:	index of the class that has its largest piece
 * @most:	bytes of that class
 * @begins:	one of them begins here
 * @mixed:	other classes have a part, too
 * @shared:	some of its bytes are in more than one extent
 * @gap:	all of it is reserved, or no memory
 */
struct picture_cell {
	uint64_t taken;
	uint64_t most;
	uint32_t things;
	uint8_t class;
	bool begins;
	bool mixed;
	bool shared;
	bool gap;
};

/**
 * struct picture_row - cells that stand side by side
 * @start:	address of the first
 * @size:	bytes
 * @cell:	them; NULL where nothing is taken and the row stands for several
 * @taken:	bytes
 * @runs:	of free addresses within it
 */
struct picture_row {
	uint64_t start;
	uint64_t size;
	struct picture_cell *cell;
	uint64_t taken;
	struct space_runs runs;
};

/**
 * struct picture - a space as rows of cells
 * @cell:	bytes that a cell stands for
 * @columns:	cells of a row
 * @small:	extents that are smaller than a cell
 * @crowded:	cells that hold several things
 * @owners:	the classes are devices, not sorts of use
 * @class:	what the cells' classes are; only some are used
 */
struct picture {
	const struct libdma_space *space;
	uint64_t cell;
	unsigned int columns;
	struct picture_row *row;
	size_t rows;
	uint64_t small;
	uint64_t crowded;
	bool owners;
	struct picture_class class[PICTURE_CLASSES];
	unsigned int classes;
};

/**
 * picture_create() - cut a space into cells
 * @space:	the space
 * @state:	whose it is
 * @columns:	cells of a row
 * @rows:	how many there may be, folded ones included
 *
 * The cells are made as small as @rows allow. Never fails: ends dmactl without memory.
 */
struct picture *picture_create(const struct libdma_space *space,
			       const struct state *state, unsigned int columns,
			       unsigned int rows);
void picture_destroy(struct picture *picture);

/* The class of an extent of the picture's space. */
unsigned int picture_class_of(const struct picture *picture,
			      const struct libdma_extent *extent);

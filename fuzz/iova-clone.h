/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iova-clone.h - what fuzz-iova asks of a clone, which then is thrown away
 */
#pragma once

#include "alloc/iova.h"
#include "reference-iova.h"
#include "requests.h"

/* No domain is made of what none can have; @options are as they were. */
void iova_refuses(const struct iova_options *options);

/*
 * A clone of @domain adopts what the request names: its slot a range that @reference
 * knows, or its offset a number; its size as many, or as that range has. The memory of
 * the model runs out meanwhile where the direction says so.
 */
void iova_clone_adopts(const struct iova_domain *domain,
		       const struct reference_iova *reference,
		       const struct requests *requests, struct heap *heap);

/* A walk ends where its visitor says so. */
void iova_walk_stops(const struct iova_domain *domain);

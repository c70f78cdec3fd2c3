/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* export.h - what a module offers to others */
#pragma once

/* Other objects reach a symbol by its linkage here: nothing has to be listed. */
#define EXPORT_SYMBOL(name)		extern typeof(name) name
#define EXPORT_SYMBOL_GPL(name)		extern typeof(name) name
#define EXPORT_SYMBOL_NS_GPL(name, ns)	extern typeof(name) name

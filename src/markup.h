/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * markup.h - text of a trace within SVG and HTML
 */
#pragma once

#include <stdio.h>

/*
 * Print a text so that it is only text, within an element or within quotes, whatever
 * bytes it has. What is no UTF-8, no character of XML, or would turn the direction of
 * what follows becomes U+FFFD.
 */
void markup_text(FILE *out, const char *text);

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * printk.c - kernel code's messages, to the log of the current machine
 *
 * Kernel counterpart: kernel/printk/printk.c
 */
#include <stdbool.h>
#include <string.h>

#include <linux/printk.h>
#include <linux/sprintf.h>

#include "kernel/border.h"

#define LINE_SIZE 1024

static enum libdma_log_level level_of(int digit)
{
	return digit <= LIBDMA_LOG_ERROR  ? LIBDMA_LOG_ERROR
	       : digit >= LIBDMA_LOG_INFO ? LIBDMA_LOG_INFO
					  : (enum libdma_log_level)digit;
}

int printk(const char *format, ...)
{
	enum libdma_log_level level = LIBDMA_LOG_WARNING;
	char text[LINE_SIZE], *line = text, *end;
	va_list args;
	int size;

	if (format[0] == KERN_ERR[0] && format[1]) {
		level = level_of(format[1] - '0');
		format += 2;
	}
	va_start(args, format);
	size = kernel_vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	do {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		libdma_machine_log(border_kernel()->machine, level, line);
		line = end;
	} while (line && *line);
	return size;
}

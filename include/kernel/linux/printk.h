/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* printk.h - the kernel's log, which is the machine's */
#pragma once

#include <linux/compiler.h>

#define KERN_EMERG   "\001" "0"
#define KERN_ALERT   "\001" "1"
#define KERN_CRIT    "\001" "2"
#define KERN_ERR     "\001" "3"
#define KERN_WARNING "\001" "4"
#define KERN_NOTICE  "\001" "5"
#define KERN_INFO    "\001" "6"

/**
 * printk() - a record of the log
 *
 * Goes to the log callback of the current machine, a line a call; without a KERN_
 * level it is a warning. Lines longer than 1023 bytes are cut.
 *
 * Return: the characters of the text.
 */
int printk(const char *format, ...) __printf(1, 2);

#ifndef pr_fmt
#define pr_fmt(format) format
#endif

#define pr_emerg(format, ...)  printk(KERN_EMERG pr_fmt(format), ##__VA_ARGS__)
#define pr_alert(format, ...)  printk(KERN_ALERT pr_fmt(format), ##__VA_ARGS__)
#define pr_crit(format, ...)   printk(KERN_CRIT pr_fmt(format), ##__VA_ARGS__)
#define pr_err(format, ...)    printk(KERN_ERR pr_fmt(format), ##__VA_ARGS__)
#define pr_warn(format, ...)   printk(KERN_WARNING pr_fmt(format), ##__VA_ARGS__)
#define pr_notice(format, ...) printk(KERN_NOTICE pr_fmt(format), ##__VA_ARGS__)
#define pr_info(format, ...)   printk(KERN_INFO pr_fmt(format), ##__VA_ARGS__)

/* Compiled and never said, as in a kernel built without DEBUG. */
#define pr_debug(format, ...) (0 ? pr_info(format, ##__VA_ARGS__) : 0)

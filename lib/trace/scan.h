/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scan.h - take words and numbers off a line of text, eight bytes at a time
 *
 * The line ends in a newline, and SCAN_SLACK bytes behind that may be read, though
 * they mean nothing. Nothing that is looked for holds a newline, so no step goes
 * past it. The first failure stays, so that it is asked for once, at the end.
 */
#pragma once

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define SCAN_SLACK 64 /* what input.h grants */

#define SCAN_BYTES(byte) (0x0101010101010101ULL * (byte))

/**
 * struct scan - a place in a line
 * @at:		the next byte
 * @error:	0; -EBADMSG where the line is not what was expected, or -ENOMEM
 */
struct scan {
	const char *at;
	int error;
};

static inline uint64_t scan_load(const char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return le64toh(word);
}

static inline void scan_fail(struct scan *scan)
{
	if (!scan->error)
		scan->error = -EBADMSG;
}

/* How many bytes of @word come before the first whose top bit is set in @marks. */
static inline unsigned int scan_before(uint64_t marks)
{
	return marks ? (unsigned int)__builtin_ctzll(marks) / 8 : 8;
}

/* The top bit of each byte of @word that is @byte, and perhaps of later ones. */
static inline uint64_t scan_find(uint64_t word, unsigned char byte)
{
	uint64_t zero = word ^ SCAN_BYTES(byte);

	return (zero - SCAN_BYTES(0x01)) & ~zero & SCAN_BYTES(0x80);
}

static inline bool scan_is(const struct scan *scan, const char *text, size_t size)
{
	return !memcmp(scan->at, text, size);
}

static inline bool scan_try(struct scan *scan, const char *text, size_t size)
{
	if (!scan_is(scan, text, size))
		return false;
	scan->at += size;
	return true;
}

#define SCAN_IS(scan, literal)  scan_is(scan, literal, sizeof(literal) - 1)
#define SCAN_TRY(scan, literal) scan_try(scan, literal, sizeof(literal) - 1)
#define SCAN_TEXT(scan, literal)              \
	do {                                  \
		if (!SCAN_TRY(scan, literal)) \
			scan_fail(scan);      \
	} while (0)

/* How many blanks @word begins with. */
static inline unsigned int scan_blanks(uint64_t word)
{
	uint64_t other = word ^ SCAN_BYTES(' ');

	return other ? (unsigned int)__builtin_ctzll(other) / 8 : 8;
}

static inline void scan_spaces(struct scan *scan)
{
	unsigned int blanks;

	do {
		blanks = scan_blanks(scan_load(scan->at));
		scan->at += blanks;
	} while (blanks == 8);
}

/* Bytes of a word, up to a blank or the end of the line. */
static inline size_t scan_word_size(const char *text)
{
	const char *at = text;
	uint64_t word, stop;

	do {
		word = scan_load(at);
		stop = scan_find(word, ' ') | scan_find(word, '\n') |
		       scan_find(word, '\r');
		at += scan_before(stop);
	} while (!stop);
	return (size_t)(at - text);
}

/* Digits 0-9 have 0 in their byte's top bit, all other bytes 1. */
static inline uint64_t scan_no_decimal(uint64_t word)
{
	uint64_t digit = word ^ SCAN_BYTES('0');

	return (((digit & SCAN_BYTES(0x7f)) + SCAN_BYTES(0x76)) | digit) &
	       SCAN_BYTES(0x80);
}

/* So for digits 0-9 and a-f. */
static inline uint64_t scan_no_hex(uint64_t word)
{
	uint64_t letter = word ^ SCAN_BYTES('a' - 1);
	uint64_t low = letter & SCAN_BYTES(0x7f);

	return scan_no_decimal(word) &
	       ((low + SCAN_BYTES(0x79)) | letter | ~(low + SCAN_BYTES(0x7f))) &
	       SCAN_BYTES(0x80);
}

/* The first @digits bytes of @word, 1 to 8, as a decimal number. */
static inline uint64_t scan_decimal_value(uint64_t word, unsigned int digits)
{
	word = word << (64 - 8 * digits) & SCAN_BYTES(0x0f);
	word = (word * 10 + (word >> 8)) & 0x00ff00ff00ff00ffULL;
	word = (word * 100 + (word >> 16)) & 0x0000ffff0000ffffULL;
	return (word * 10000 + (word >> 32)) & 0xffffffffULL;
}

static inline uint64_t scan_hex_value(uint64_t word, unsigned int digits)
{
	word <<= 64 - 8 * digits;
	word = (word & SCAN_BYTES(0x0f)) + 9 * (word >> 6 & SCAN_BYTES(0x01));
	word = (word << 4 | word >> 8) & 0x00ff00ff00ff00ffULL;
	word = (word << 8 | word >> 16) & 0x0000ffff0000ffffULL;
	return (word << 16 | word >> 32) & 0xffffffffULL;
}

/* More than eight digits. */
uint64_t scan_long_decimal(struct scan *scan, uint64_t value);

/* A decimal number of 64 bits; one that does not fit is a failure. */
static inline uint64_t scan_decimal(struct scan *scan)
{
	uint64_t word = scan_load(scan->at);
	unsigned int digits = scan_before(scan_no_decimal(word));
	uint64_t value;

	if (!digits) {
		scan_fail(scan);
		return 0;
	}
	value = scan_decimal_value(word, digits);
	scan->at += digits;
	return digits < 8 ? value : scan_long_decimal(scan, value);
}

/* Digits 9 to 16 of a number, of which the first eight are known; none is allowed. */
static inline uint64_t scan_more_hex(struct scan *scan, uint64_t value)
{
	uint64_t word = scan_load(scan->at);
	unsigned int digits = scan_before(scan_no_hex(word));

	if (!digits)
		return value;
	scan->at += digits;
	if (digits == 8 && scan_before(scan_no_hex(scan_load(scan->at))))
		scan_fail(scan);
	return value << (4 * digits) | scan_hex_value(word, digits);
}

/* A number of up to 16 digits 0-9 and a-f. */
static inline uint64_t scan_hex_plain(struct scan *scan)
{
	uint64_t word = scan_load(scan->at), value;
	unsigned int digits = scan_before(scan_no_hex(word));

	if (!digits) {
		scan_fail(scan);
		return 0;
	}
	value = scan_hex_value(word, digits);
	scan->at += digits;
	return digits < 8 ? value : scan_more_hex(scan, value);
}

/* The same, where one instruction can look at 16 bytes. */
#ifdef __SSE2__
static inline uint64_t scan_hex(struct scan *scan)
{
	const __m128i text = _mm_loadu_si128((const __m128i *)scan->at);
	const __m128i digit = _mm_sub_epi8(text, _mm_set1_epi8('0'));
	const __m128i letter = _mm_sub_epi8(text, _mm_set1_epi8('a'));
	const __m128i is_digit =
		_mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit);
	const __m128i is_letter =
		_mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(5)), letter);
	const unsigned int marks =
		(unsigned int)_mm_movemask_epi8(_mm_or_si128(is_digit, is_letter));
	const unsigned int digits = (unsigned int)__builtin_ctz(~marks);
	const __m128i nibble = _mm_or_si128(
		_mm_and_si128(is_digit, digit),
		_mm_and_si128(is_letter, _mm_add_epi8(letter, _mm_set1_epi8(10))));
	const __m128i pairs = _mm_and_si128(
		_mm_or_si128(_mm_slli_epi16(nibble, 4), _mm_srli_epi16(nibble, 8)),
		_mm_set1_epi16(0xff));
	const uint64_t value = __builtin_bswap64(
		(uint64_t)_mm_cvtsi128_si64(_mm_packus_epi16(pairs, pairs)));

	scan->at += digits;
	if (!digits || (digits == 16 && scan_before(scan_no_hex(scan_load(scan->at))))) {
		scan_fail(scan);
		return 0;
	}
	return value >> (64 - 4 * digits);
}
#else
static inline uint64_t scan_hex(struct scan *scan)
{
	return scan_hex_plain(scan);
}
#endif

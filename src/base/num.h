/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers in text. Parsing is strict, as Redis's is: the whole input, decimal, no blanks, no plus sign,
 * no leading zeros, no overflow. */
#ifndef ECHOLOG_BASE_NUM_H
#define ECHOLOG_BASE_NUM_H

#include "base/bytes.h"
#include <stdbool.h>
#include <stdint.h>

#define NUM_TEXT_BYTES_MAX 21 /* a sign and the digits of any 64-bit number */

/* On success writes *value and returns true; else leaves it alone. */
bool num_parse_i64(struct bytes text, int64_t *value);
bool num_parse_u64(struct bytes text, uint64_t *value);
/* A size such as "64kb", "1mb", "2g" or plain bytes, with Redis's units: k = 1000, kb = 1024. */
bool num_parse_size(struct bytes text, int64_t *value);
/* Writes the decimal digits, no NUL; returns how many bytes. `out` has NUM_TEXT_BYTES_MAX room. */
size_t num_format_i64(char *out, int64_t value);
size_t num_format_u64(char *out, uint64_t value);

#endif

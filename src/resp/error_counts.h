/* SPDX-License-Identifier: BSD-3-Clause */
/* How many error replies there were, in all and by code ("ERR", "NOAUTH", …), for INFO errorstats. */
#ifndef ECHOLOG_RESP_ERROR_COUNTS_H
#define ECHOLOG_RESP_ERROR_COUNTS_H

#include "base/bytes.h"
#include <stdint.h>

#define ERROR_CODES_MAX 64 /* more than there are; what comes beyond counts in the total only */
#define ERROR_CODE_BYTES_MAX 32

struct error_counts {
    uint64_t total;
    struct {
        char code[ERROR_CODE_BYTES_MAX + 1];
        uint64_t count;
    } items[ERROR_CODES_MAX]; /* by first appearance */
    size_t item_count;
};

/* Counts an error of which `line` is the text behind the "-": its code is the first of several words. What
 * has none, or a longer one than a code may be, counts as "ERR". */
void error_counts_add(struct error_counts *e, struct bytes line);
/* The same of `times` times one error. */
void error_counts_add_many(struct error_counts *e, struct bytes line, uint64_t times);

#endif

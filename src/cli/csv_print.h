/* SPDX-License-Identifier: BSD-3-Clause */
/* A reply as comma-separated values (RFC 4180), for spreadsheets and programs: a line for each item of an array of
 * arrays or maps (a record of FETCH), one line otherwise. What is inside of an item is laid out flat in it; text is
 * in quotes, numbers are not, null is nothing at all. An error is a line "ERROR","CODE message". */
#ifndef ECHOLOG_CLI_CSV_PRINT_H
#define ECHOLOG_CLI_CSV_PRINT_H

#include "base/buf.h"
#include "resp/reply.h"

/* Appends the lines with their ends. */
void csv_print(struct buf *out, const struct reply *reply);
/* Appends a single value as its bytes are: nothing for null. */
void csv_append_value(struct buf *out, const struct reply *value);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The reply writer. `proto` is 2 or 3; each function writes what Redis writes for that protocol. Error
 * and status texts must not hold CR or LF; write_error replaces them by blanks. */
#ifndef ECHOLOG_RESP_WRITER_H
#define ECHOLOG_RESP_WRITER_H

#include "base/bytes.h"
#include "base/check.h"
#include "base/out.h"
#include "resp/error_counts.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

struct writer {
    struct out *out; /* borrowed */
    int proto;
    unsigned errors;             /* error replies written through it */
    struct error_counts *counts; /* borrowed; where they are counted too; NULL: nowhere */
};

#define WRITER_ERROR_BYTES_MAX 512

void write_ok(struct writer *w);
void write_status(struct writer *w, const char *text);
/* `format` begins with the code: "ERR unknown command …". Cut at WRITER_ERROR_BYTES_MAX. */
void write_error(struct writer *w, const char *format, ...) PRINTF_LIKE(2, 3);
void write_verror(struct writer *w, const char *format, va_list args) PRINTF_LIKE(2, 0);
/* One that is not cut: for lists of what is wrong. */
void write_long_error(struct writer *w, struct bytes text);
void write_int(struct writer *w, int64_t value);
#define WRITER_INTS_MAX 8
/* An array of so many integers, in one piece. */
void write_ints(struct writer *w, const int64_t *values, size_t count);
void write_bulk(struct writer *w, struct bytes value); /* null bytes write a null */
void write_bulk_string(struct writer *w, const char *value);
void write_bulk_printf(struct writer *w, const char *format, ...) PRINTF_LIKE(2, 3);
void write_verbatim(struct writer *w, const char *kind,
                    struct bytes value);           /* "txt"; bulk in RESP2 */
void write_null(struct writer *w);                 /* $-1 or _ */
void write_null_array(struct writer *w);           /* *-1 or _ */
void write_bool(struct writer *w, bool value);     /* :1 :0 or #t #f */
void write_double(struct writer *w, double value); /* bulk or , */
void write_array(struct writer *w, size_t count);
void write_map(struct writer *w, size_t pairs);  /* an array of twice as many in RESP2 */
void write_set(struct writer *w, size_t count);  /* an array in RESP2 */
void write_push(struct writer *w, size_t count); /* an array in RESP2 */

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The reply writer. Short replies are built in place in room reserved at the end of the output; only
 * the content of long ones goes through out_append. */
#include "resp/writer.h"
#include "base/buf.h"
#include "base/num.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define HEADER_BYTES_MAX (1 + NUM_TEXT_BYTES_MAX + 2)
#define BULK_BYTES_SHORT (OUT_RESERVE_BYTES_MAX - HEADER_BYTES_MAX - 2)
#define DOUBLE_TEXT_BYTES_MAX 32
#define DOUBLE_DIGITS_MIN 15 /* so many any double keeps */
#define DOUBLE_DIGITS_MAX 17 /* so many tell any two apart */

static_assert((1 + WRITER_INTS_MAX) * HEADER_BYTES_MAX <= OUT_RESERVE_BYTES_MAX,
              "an array of integers is reserved in one piece");

static void write_raw(struct writer *w, struct bytes text)
{
    out_append(w->out, text.data, text.len);
}

/* A type byte, a number, CR LF; returns how many bytes. */
static inline size_t header_format(char *to, char type, uint64_t number)
{
    size_t len = 1;
    to[0] = type;
    if (number < 10)
        to[len++] = (char)('0' + number);
    else
        len += num_format_u64(to + len, number);
    to[len++] = '\r';
    to[len++] = '\n';
    return len;
}

static inline void write_header(struct writer *w, char type, uint64_t number)
{
    out_commit(w->out, header_format(out_reserve(w->out, HEADER_BYTES_MAX), type, number));
}

/* --- simple strings and errors ------------------------------------------------------------------ */

void write_ok(struct writer *w)
{
    write_raw(w, BYTES_LITERAL("+OK\r\n"));
}

void write_status(struct writer *w, const char *text)
{
    write_raw(w, BYTES_LITERAL("+"));
    write_raw(w, bytes_of_string(text));
    write_raw(w, BYTES_LITERAL("\r\n"));
}

void write_error(struct writer *w, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_verror(w, format, args);
    va_end(args);
}

void write_verror(struct writer *w, const char *format, va_list args)
{
    char line[1 + WRITER_ERROR_BYTES_MAX + 2] = "-";
    int printed = vsnprintf(line + 1, WRITER_ERROR_BYTES_MAX + 1, format, args);
    w->errors++;
    ASSERT(printed >= 0);
    size_t len = 1 + (printed <= WRITER_ERROR_BYTES_MAX ? (size_t)printed : WRITER_ERROR_BYTES_MAX);
    for (size_t i = 1; i < len; i++) {
        if (line[i] == '\r' || line[i] == '\n')
            line[i] = ' ';
    }
    if (w->counts != NULL)
        error_counts_add(w->counts, bytes_of(line + 1, len - 1));
    line[len++] = '\r';
    line[len++] = '\n';
    out_append(w->out, line, len);
}

void write_long_error(struct writer *w, struct bytes text)
{
    w->errors++;
    if (w->counts != NULL)
        error_counts_add(w->counts, text);
    out_append(w->out, "-", 1);
    for (size_t i = 0; i < text.len; i++) {
        bool breaks = text.data[i] == '\r' || text.data[i] == '\n';
        out_append(w->out, breaks ? " " : &text.data[i], 1);
    }
    out_append(w->out, "\r\n", 2);
}

/* --- numbers ------------------------------------------------------------------------------------ */

static inline size_t int_format(char *to, int64_t value)
{
    if (LIKELY(value >= 0))
        return header_format(to, ':', (uint64_t)value);
    size_t len = 1;
    to[0] = ':';
    len += num_format_i64(to + len, value);
    to[len++] = '\r';
    to[len++] = '\n';
    return len;
}

void write_int(struct writer *w, int64_t value)
{
    out_commit(w->out, int_format(out_reserve(w->out, HEADER_BYTES_MAX), value));
}

void write_ints(struct writer *w, const int64_t *values, size_t count)
{
    ASSERT(count <= WRITER_INTS_MAX);
    char *to = out_reserve(w->out, (1 + count) * HEADER_BYTES_MAX);
    size_t len = header_format(to, '*', count);
    for (size_t i = 0; i < count; i++)
        len += int_format(to + len, values[i]);
    out_commit(w->out, len);
}

void write_bool(struct writer *w, bool value)
{
    if (w->proto == 2)
        write_int(w, value ? 1 : 0);
    else
        write_raw(w, value ? BYTES_LITERAL("#t\r\n") : BYTES_LITERAL("#f\r\n"));
}

/* Few digits that read back as the same number: 0.1, and not 0.10000000000000001. */
static void double_format(char *text, double value)
{
    if (isnan(value)) {
        strcpy(text, "nan");
        return;
    }
    if (isinf(value)) {
        strcpy(text, value > 0 ? "inf" : "-inf");
        return;
    }
    for (int digits = DOUBLE_DIGITS_MIN; digits <= DOUBLE_DIGITS_MAX; digits++) {
        snprintf(text, DOUBLE_TEXT_BYTES_MAX, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            return;
    }
}

void write_double(struct writer *w, double value)
{
    char text[DOUBLE_TEXT_BYTES_MAX];
    double_format(text, value);
    if (w->proto == 2) {
        write_bulk_string(w, text);
        return;
    }
    write_raw(w, BYTES_LITERAL(","));
    write_raw(w, bytes_of_string(text));
    write_raw(w, BYTES_LITERAL("\r\n"));
}

/* --- strings ------------------------------------------------------------------------------------ */

void write_bulk(struct writer *w, struct bytes value)
{
    if (UNLIKELY(bytes_is_null(value))) {
        write_null(w);
        return;
    }
    if (UNLIKELY(value.len > BULK_BYTES_SHORT)) {
        write_header(w, '$', value.len);
        write_raw(w, value);
        write_raw(w, BYTES_LITERAL("\r\n"));
        return;
    }
    char *to = out_reserve(w->out, HEADER_BYTES_MAX + value.len + 2);
    size_t len = header_format(to, '$', value.len);
    memcpy(to + len, value.data, value.len);
    len += value.len;
    to[len++] = '\r';
    to[len++] = '\n';
    out_commit(w->out, len);
}

void write_bulk_string(struct writer *w, const char *value)
{
    write_bulk(w, value == NULL ? BYTES_NULL : bytes_of_string(value));
}

void write_bulk_printf(struct writer *w, const char *format, ...)
{
    struct buf text = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    write_bulk(w, buf_bytes(&text));
    buf_deinit(&text);
}

void write_verbatim(struct writer *w, const char *kind, struct bytes value)
{
    ASSERT(strlen(kind) == 3);
    if (w->proto == 2 || bytes_is_null(value)) {
        write_bulk(w, value);
        return;
    }
    write_header(w, '=', strlen("txt:") + value.len);
    write_raw(w, bytes_of_string(kind));
    write_raw(w, BYTES_LITERAL(":"));
    write_raw(w, value);
    write_raw(w, BYTES_LITERAL("\r\n"));
}

/* --- null and aggregates ------------------------------------------------------------------------ */

void write_null(struct writer *w)
{
    write_raw(w, w->proto == 2 ? BYTES_LITERAL("$-1\r\n") : BYTES_LITERAL("_\r\n"));
}

void write_null_array(struct writer *w)
{
    write_raw(w, w->proto == 2 ? BYTES_LITERAL("*-1\r\n") : BYTES_LITERAL("_\r\n"));
}

void write_array(struct writer *w, size_t count)
{
    write_header(w, '*', count);
}

void write_map(struct writer *w, size_t pairs)
{
    if (w->proto == 2)
        write_header(w, '*', pairs * 2);
    else
        write_header(w, '%', pairs);
}

void write_set(struct writer *w, size_t count)
{
    write_header(w, w->proto == 2 ? '*' : '~', count);
}

void write_push(struct writer *w, size_t count)
{
    write_header(w, w->proto == 2 ? '*' : '>', count);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The request reader. Every command of every client passes here, so the usual case, an array that is
 * all there, is one walk over the input: each argument costs its header's digits and one store. It
 * stops at any byte and goes on there; only a number cut in the middle is read again.
 *
 * It is as lenient as Redis where clients could depend on it: what stands in place of a line feed, and
 * of the CR LF behind a bulk, is skipped unseen. */
#include "resp/request.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/words.h"
#include <limits.h>
#include <stdio.h>

#define ARGV_CAP_FIRST 8
#define ARGV_CAP_KEPT 1024
#define UNQUOTED_BYTES_KEPT 4096
#define QUICK_NUMBER_BYTES_MIN 5 /* a digit, CR LF, and those of an empty bulk */
#define QUICK_NUMBER_MAX 999999999

static_assert(REQUEST_ARGS_MAX < INT_MAX / 2, "argc is an int, and its array grows by doubling");
static_assert(REQUEST_BULK_BYTES_MAX_UNAUTHENTICATED < REQUEST_BULK_BYTES_LARGE,
              "a stranger cannot announce a large bulk");

void request_init(struct request *r)
{
    memset(r, 0, sizeof(*r));
    r->bulk_bytes_max = REQUEST_BULK_BYTES_MAX_DEFAULT;
    r->args_left = -1;
    r->bulk_len = -1;
}

void request_deinit(struct request *r)
{
    buf_deinit(&r->unquoted);
    mem_free(r->arg_starts);
    mem_free(r->argv);
    memset(r, 0, sizeof(*r));
}

void request_shrink(struct request *r)
{
    ASSERT(r->args_left < 0);
    r->argc = 0;
    r->arg_starts_count = 0;
    if (r->argv_cap > ARGV_CAP_KEPT) {
        mem_free(r->argv);
        r->argv = NULL;
        r->argv_cap = 0;
    }
    if (r->arg_starts_cap > ARGV_CAP_KEPT) {
        mem_free(r->arg_starts);
        r->arg_starts = NULL;
        r->arg_starts_cap = 0;
    }
    buf_clear(&r->unquoted);
    buf_shrink(&r->unquoted, UNQUOTED_BYTES_KEPT);
}

size_t request_memory(const struct request *r)
{
    return (size_t)r->argv_cap * sizeof(*r->argv) +
           (size_t)r->arg_starts_cap * sizeof(*r->arg_starts) + r->unquoted.cap;
}

RARE static enum request_status protocol_error(struct request *r, const char *text)
{
    int len = snprintf(r->error, sizeof(r->error), "Protocol error: %s", text);
    ASSERT(len > 0 && (size_t)len < sizeof(r->error));
    return REQUEST_ERROR;
}

/* --- arguments ---------------------------------------------------------------------------------- */

RARE static void argv_grow(struct request *r)
{
    r->argv_cap = r->argv_cap == 0 ? ARGV_CAP_FIRST : r->argv_cap * 2;
    r->argv = mem_realloc(r->argv, (size_t)r->argv_cap * sizeof(*r->argv));
}

/* The input may move before the next call: notes where the arguments of this one begin. */
static void arg_starts_save(struct request *r, struct bytes input)
{
    if (r->arg_starts_cap < r->argc) {
        r->arg_starts_cap = r->argv_cap;
        r->arg_starts =
            mem_realloc(r->arg_starts, (size_t)r->arg_starts_cap * sizeof(*r->arg_starts));
    }
    for (int i = r->arg_starts_count; i < r->argc; i++)
        r->arg_starts[i] = (size_t)(r->argv[i].data - input.data);
    r->arg_starts_count = r->argc;
}

static void arg_starts_apply(struct request *r, struct bytes input)
{
    for (int i = 0; i < r->arg_starts_count; i++)
        r->argv[i].data = input.data + r->arg_starts[i];
    r->arg_starts_count = 0;
}

/* --- arrays ------------------------------------------------------------------------------------- */

enum header { HEADER_READY, HEADER_PARTIAL, HEADER_TOO_LONG, HEADER_INVALID };

/* The number at `p`, when it is one of few digits with CR LF behind it, and two bytes more behind those of a single digit,
 * as in any whole request. Returns what stands behind the line; NULL: it is anything else. */
static ALWAYS_INLINE const char *quick_number(const char *p, const char *end, size_t *number)
{
    if (UNLIKELY(end - p < QUICK_NUMBER_BYTES_MIN))
        return NULL;
    size_t n = (size_t)(unsigned char)*p - '0';
    size_t digit;
    if (UNLIKELY(n > 9))
        return NULL;
    p++;
    if (*p != '\r') {
        if (UNLIKELY(n == 0))
            return NULL;
        for (const char *last = end - 2; (digit = (size_t)(unsigned char)*p - '0') <= 9; p++) {
            n = n * 10 + digit;
            if (UNLIKELY(p == last || n > QUICK_NUMBER_MAX))
                return NULL;
        }
        if (UNLIKELY(*p != '\r'))
            return NULL;
    }
    *number = n;
    return p + 2;
}

/* Any header line at all. HEADER_INVALID: a whole line, but without a number. */
OUT_OF_LINE static enum header header_read_any(struct request *r, struct bytes input, size_t pos,
                                               int64_t *number, size_t *end)
{
    const char *line = input.data + pos;
    size_t len = input.len - pos;
    size_t len_seen = len <= REQUEST_INLINE_BYTES_MAX ? len : REQUEST_INLINE_BYTES_MAX + 1;
    const char *cr = NULL;
    if (len_seen > r->line_scanned)
        cr = memchr(line + r->line_scanned, '\r', len_seen - r->line_scanned);
    if (cr == NULL) {
        r->line_scanned = len_seen;
        return len_seen > REQUEST_INLINE_BYTES_MAX ? HEADER_TOO_LONG : HEADER_PARTIAL;
    }
    size_t line_len = (size_t)(cr - line);
    r->line_scanned = line_len;
    if (len - line_len < 2)
        return HEADER_PARTIAL;
    if (line_len == 0 || !num_parse_i64(bytes_of(line + 1, line_len - 1), number))
        return HEADER_INVALID;
    r->line_scanned = 0;
    *end = pos + line_len + 2;
    return HEADER_READY;
}

/* Reads the line at `pos`: a type byte, which is not looked at, and a number; *end is behind it. */
static inline enum header header_read(struct request *r, struct bytes input, size_t pos,
                                      int64_t *number, size_t *end)
{
    size_t n;
    const char *behind = NULL;
    if (LIKELY(pos < input.len))
        behind = quick_number(input.data + pos + 1, input.data + input.len, &n);
    if (UNLIKELY(behind == NULL))
        return header_read_any(r, input, pos, number, end);
    r->line_scanned = 0;
    *number = (int64_t)n;
    *end = (size_t)(behind - input.data);
    return HEADER_READY;
}

OUT_OF_LINE static enum request_status array_begin(struct request *r, struct bytes input)
{
    int64_t count;
    size_t end;
    switch (header_read(r, input, 0, &count, &end)) {
    case HEADER_PARTIAL:
        return REQUEST_PARTIAL;
    case HEADER_TOO_LONG:
        return protocol_error(r, "too big mbulk count string");
    case HEADER_INVALID:
        return protocol_error(r, "invalid multibulk length");
    case HEADER_READY:
        break;
    }
    if (count > REQUEST_ARGS_MAX)
        return protocol_error(r, "invalid multibulk length");
    if (count > REQUEST_ARGS_MAX_UNAUTHENTICATED && !r->authenticated)
        return protocol_error(r, "unauthenticated multibulk length");
    r->args_left = count < 0 ? 0 : count;
    r->bulk_len = -1;
    r->pos = end;
    return REQUEST_READY;
}

/* The usual case in one walk: an array that is all there, with nothing odd about it. False: nothing has changed, and
 * the careful way finds out what it is. */
static bool array_read_at_once(struct request *r, struct bytes input, size_t *consumed)
{
    const char *end = input.data + input.len;
    size_t count, len, count_max = ARGV_CAP_KEPT, len_max = (size_t)r->bulk_bytes_max;
    if (!r->authenticated) {
        count_max = REQUEST_ARGS_MAX_UNAUTHENTICATED;
        if (len_max > REQUEST_BULK_BYTES_MAX_UNAUTHENTICATED)
            len_max = REQUEST_BULK_BYTES_MAX_UNAUTHENTICATED;
    }
    const char *p = quick_number(input.data + 1, end, &count);
    if (p == NULL || count > count_max)
        return false;
    while (UNLIKELY((size_t)r->argv_cap < count))
        argv_grow(r);
    struct bytes *argv = r->argv;
    for (size_t i = 0; i < count; i++) {
        if (UNLIKELY(p == end || *p != '$'))
            return false;
        p = quick_number(p + 1, end, &len);
        if (UNLIKELY(p == NULL || len > len_max || (size_t)(end - p) < len + 2))
            return false;
        argv[i] = bytes_of(p, len);
        p += len + 2;
    }
    r->argc = (int)count;
    *consumed = (size_t)(p - input.data);
    return true;
}

RARE static enum request_status bulk_type_error(struct request *r, char type)
{
    char text[32];
    if (type == '\0')
        return protocol_error(r, "expected '$', got '\\x00'");
    snprintf(text, sizeof(text), "expected '$', got '%c'",
             type == '\r' || type == '\n' ? ' ' : type);
    return protocol_error(r, text);
}

/* Reads the header at r->pos into r->bulk_len. */
static inline enum request_status bulk_begin(struct request *r, struct bytes input)
{
    int64_t len = -1; /* invalid until a number was read */
    size_t end = 0;
    enum header header = header_read(r, input, r->pos, &len, &end);
    if (header == HEADER_PARTIAL)
        return REQUEST_PARTIAL;
    if (header == HEADER_TOO_LONG)
        return protocol_error(r, "too big bulk count string");
    if (UNLIKELY(input.data[r->pos] != '$'))
        return bulk_type_error(r, input.data[r->pos]);
    if (len < 0 || len > r->bulk_bytes_max)
        return protocol_error(r, "invalid bulk length");
    if (len > REQUEST_BULK_BYTES_MAX_UNAUTHENTICATED && !r->authenticated)
        return protocol_error(r, "unauthenticated bulk length");
    r->bulk_len = len;
    r->pos = end;
    return REQUEST_READY;
}

OUT_OF_LINE static enum request_status array_read(struct request *r, struct bytes input,
                                                  size_t *consumed)
{
    ASSERT(r->pos <= input.len);
    while (r->args_left > 0) {
        enum request_status status = r->bulk_len < 0 ? bulk_begin(r, input) : REQUEST_READY;
        size_t room = input.len - r->pos;
        size_t len = (size_t)r->bulk_len;
        if (status == REQUEST_READY && (room < 2 || room - 2 < len)) {
            if (len >= REQUEST_BULK_BYTES_LARGE)
                r->bytes_wanted = r->pos + len + 2;
            status = REQUEST_PARTIAL;
        }
        if (UNLIKELY(status != REQUEST_READY)) {
            arg_starts_save(r, input);
            return status;
        }
        if (UNLIKELY(r->argc == r->argv_cap))
            argv_grow(r);
        r->argv[r->argc++] = bytes_of(input.data + r->pos, len);
        r->pos += len + 2;
        r->bulk_len = -1;
        r->args_left--;
    }
    arg_starts_apply(r, input);
    *consumed = r->pos;
    r->args_left = -1;
    return REQUEST_READY;
}

/* --- inline requests ---------------------------------------------------------------------------- */

static enum request_status words_read(struct request *r, struct bytes line)
{
    char *to = buf_reserve(&r->unquoted, line.len);
    size_t at = 0, len;
    enum err err;

    while ((err = word_next(line, &at, to, &len)) == ERR_OK) {
        if (r->argc == r->argv_cap)
            argv_grow(r);
        r->argv[r->argc++] = bytes_of(to, len);
        to += len;
    }
    if (err != ERR_NOT_FOUND)
        return protocol_error(r, "unbalanced quotes in request");
    return REQUEST_READY;
}

OUT_OF_LINE static enum request_status inline_read(struct request *r, struct bytes input,
                                                   size_t *consumed)
{
    size_t len_seen =
        input.len <= REQUEST_INLINE_BYTES_MAX ? input.len : REQUEST_INLINE_BYTES_MAX + 1;
    const char *lf = NULL;
    if (len_seen > r->line_scanned)
        lf = memchr(input.data + r->line_scanned, '\n', len_seen - r->line_scanned);
    if (lf == NULL) {
        r->line_scanned = len_seen;
        if (len_seen > REQUEST_INLINE_BYTES_MAX)
            return protocol_error(r, "too big inline request");
        return REQUEST_PARTIAL;
    }
    size_t len = (size_t)(lf - input.data);
    r->line_scanned = len; /* an error is found again when it is asked for again */
    enum request_status status = words_read(r, bytes_of(input.data, len));
    if (status != REQUEST_READY)
        return status;
    r->line_scanned = 0;
    *consumed = len + 1;
    return REQUEST_READY;
}

enum request_status request_read(struct request *r, struct bytes input, size_t *consumed)
{
    r->bytes_wanted = 0;
    if (r->args_left < 0) {
        r->argc = 0;
        if (UNLIKELY(r->argv_cap > ARGV_CAP_KEPT || r->unquoted.cap > UNQUOTED_BYTES_KEPT))
            request_shrink(r);
        if (input.len == 0)
            return REQUEST_PARTIAL;
        if (input.data[0] != '*')
            return inline_read(r, input, consumed);
        if (r->line_scanned == 0 && LIKELY(array_read_at_once(r, input, consumed)))
            return REQUEST_READY;
        enum request_status status = array_begin(r, input);
        if (status != REQUEST_READY)
            return status;
    }
    return array_read(r, input, consumed);
}

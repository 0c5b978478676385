/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/record_encoder.h"

#include "base/num.h"

/* Beside key and value: a type, a length and two line ends each, and no headers. */
#define BULK_EXTRA_BYTES (RECORD_VALUE_HEAD_BYTES_MAX + 2)
#define SHORT_EXTRA_BYTES (RECORD_HEAD_BYTES_MAX + 2 * BULK_EXTRA_BYTES + sizeof("*0\r\n") - 1)

static_assert(RECORD_VALUE_HEAD_BYTES_MAX >= sizeof("$\r\n") - 1 + NUM_TEXT_BYTES_MAX,
              "a length of any size fits");
static_assert(RECORD_HEAD_BYTES_MAX >= sizeof("*5\r\n:\r\n:\r\n") - 1 + 2 * NUM_TEXT_BYTES_MAX,
              "two numbers of any size fit");

/* --- one after the other ------------------------------------------------------------------------ */

static void write_headers(struct writer *w, const struct record_view *r)
{
    write_map(w, r->header_count);
    struct bytes cursor = r->headers;
    for (size_t i = 0; i < r->header_count; i++) {
        struct record_header header = {BYTES_LITERAL(""), BYTES_NULL};
        enum err err = record_view_header(&cursor, &header);
        (void)err; /* batch_iter_next has walked them: they add up */
        write_bulk(w, header.name);
        write_bulk(w, header.value);
    }
}

void record_encoder_write_fields(struct writer *w, const struct record_view *r)
{
    write_int(w, r->offset);
    write_int(w, r->timestamp_ms);
    write_bulk(w, r->key);
    write_bulk(w, r->value);
    write_headers(w, r);
}

/* --- all at once --------------------------------------------------------------------------------- */

static inline char *put(char *to, const char *text, size_t len)
{
    memcpy(to, text, len);
    return to + len;
}

static inline char *put_bulk_head(char *to, size_t len)
{
    *to++ = '$';
    to += num_format_u64(to, len);
    return put(to, "\r\n", 2);
}

static inline char *put_bulk(char *to, struct bytes value)
{
    to = put(put_bulk_head(to, value.len), value.data, value.len);
    return put(to, "\r\n", 2);
}

/* Values are often of one length. */
static inline char *put_value(struct record_encoder *e, char *to, struct bytes value)
{
    if (value.len != e->value_len || e->value_head_len == 0) {
        e->value_len = value.len;
        e->value_head_len = (size_t)(put_bulk_head(e->value_head, value.len) - e->value_head);
    }
    memcpy(to, e->value_head, RECORD_VALUE_HEAD_BYTES_MAX); /* of one size, as below */
    to = put(to + e->value_head_len, value.data, value.len);
    return put(to, "\r\n", 2);
}

static void make_head(struct record_encoder *e, const struct record_view *r)
{
    char *to = put(e->head, "*5\r\n:", 5);
    to += num_format_i64(to, r->offset);
    e->last_digit = (size_t)(to - e->head) - 1;
    to = put(to, "\r\n:", 3);
    to += num_format_i64(to, r->timestamp_ms);
    to = put(to, "\r\n", 2);
    e->head_len = (size_t)(to - e->head);
    e->offset = r->offset;
    e->timestamp_ms = r->timestamp_ms;
}

/* True: the head is that of `r` now. */
static inline bool head_follows(struct record_encoder *e, const struct record_view *r)
{
    if (e->head_len == 0 || r->offset != e->offset + 1 || r->timestamp_ms != e->timestamp_ms ||
        e->head[e->last_digit] == '9')
        return false;
    e->head[e->last_digit]++;
    e->offset++;
    return true;
}

/* Without headers and where there is room for all of it in one piece, as for most records. */
static inline char *room_for(struct out *o, const struct record_view *r)
{
    if (r->header_count != 0 || r->value.len > OUT_ROOM_BYTES || r->key.len > OUT_ROOM_BYTES)
        return NULL;
    size_t bytes = r->key.len + r->value.len + SHORT_EXTRA_BYTES;
    return bytes <= OUT_RESERVE_BYTES_MAX || bytes <= out_room(o) ? out_reserve(o, bytes) : NULL;
}

void record_encoder_write(struct record_encoder *e, const struct record_view *r)
{
    struct writer *w = e->w;
    char *start = room_for(w->out, r);
    if (UNLIKELY(start == NULL)) {
        write_array(w, 5);
        record_encoder_write_fields(w, r);
        return;
    }
    bool resp2 = w->proto == 2;
    struct bytes null = resp2 ? BYTES_LITERAL("$-1\r\n") : BYTES_LITERAL("_\r\n");
    if (!head_follows(e, r))
        make_head(e, r);
    memcpy(start, e->head, RECORD_HEAD_BYTES_MAX); /* of one size: that is faster */
    char *to = start + e->head_len;
    to = bytes_is_null(r->key) ? put(to, null.data, null.len) : put_bulk(to, r->key);
    to = bytes_is_null(r->value) ? put(to, null.data, null.len) : put_value(e, to, r->value);
    to = put(to, resp2 ? "*0\r\n" : "%0\r\n", 4);
    out_commit(w->out, (size_t)(to - start));
}

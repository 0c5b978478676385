/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/wording.h"
#include "base/check.h"
#include "cli/push_print.h"
#include "cli/text.h"
#include "lab/seen.h"

#define WORDING_RECORDS_MAX 64
#define WORDING_ITEMS_MAX 12

static void put_quoted(struct buf *out, struct bytes text)
{
    struct bytes fits = text_fitting(text, WORDING_TEXT_MAX);

    if (bytes_is_null(text)) {
        buf_append_string(out, "(nil)");
        return;
    }
    text_append_quoted(out, fits);
    if (fits.len < text.len)
        buf_printf(out, "… (%zu bytes)", text.len);
}

static void put_record(struct buf *out, const struct seen_record *record)
{
    if (!bytes_is_null(record->topic)) {
        buf_append_bytes(out, record->topic);
        buf_printf(out, "/%lld", (long long)record->partition);
    }
    buf_printf(out, "@%lld ", (long long)record->offset);
    if (!bytes_is_null(record->key)) {
        buf_append_bytes(out, record->key);
        buf_append_char(out, ' ');
    }
    put_quoted(out, record->value);
}

static bool put_records(struct buf *out, const struct reply *reply)
{
    struct seen_record records[WORDING_RECORDS_MAX];
    size_t count = seen_records(reply, records, COUNT_OF(records));

    for (size_t i = 0; i < count && i < COUNT_OF(records); i++) {
        if (i > 0)
            buf_append_char(out, '\n');
        put_record(out, &records[i]);
    }
    if (count > COUNT_OF(records))
        buf_printf(out, "\n… and %zu more", count - COUNT_OF(records));
    return count > 0;
}

/* --- anything ------------------------------------------------------------------------------------- */

static void put_any(struct buf *out, const struct reply *reply);

static void put_items(struct buf *out, const struct reply *reply)
{
    bool pairs = reply->kind == REPLY_MAP;

    buf_append_char(out, pairs ? '{' : '[');
    for (size_t i = 0; i < reply->count; i++) {
        if (i > 0)
            buf_append_string(out, pairs && i % 2 == 1 ? ": " : ", ");
        if (i == WORDING_ITEMS_MAX) {
            buf_append_string(out, "…");
            break;
        }
        put_any(out, &reply->items[i]);
    }
    buf_append_char(out, pairs ? '}' : ']');
}

static void put_any(struct buf *out, const struct reply *reply)
{
    switch (reply->kind) {
    case REPLY_INT:
        buf_printf(out, "%lld", (long long)reply->integer);
        break;
    case REPLY_NULL:
        buf_append_string(out, "(nil)");
        break;
    case REPLY_BOOL:
        buf_append_string(out, reply->integer != 0 ? "true" : "false");
        break;
    case REPLY_ARRAY:
    case REPLY_MAP:
    case REPLY_SET:
    case REPLY_PUSH:
        put_items(out, reply);
        break;
    case REPLY_BULK:
        put_quoted(out, reply->text);
        break;
    default:
        buf_append_bytes(out, reply->text);
    }
}

/* --- what is known of a command ------------------------------------------------------------------- */

/* [partition, offset] */
static bool put_produced(struct buf *out, const struct reply *reply)
{
    if (reply->kind != REPLY_ARRAY || reply->count != 2 || reply->items[0].kind != REPLY_INT)
        return false;
    buf_printf(out, "partition %lld, ", (long long)seen_number(&reply->items[0]));
    if (seen_number(&reply->items[1]) >= 0)
        buf_printf(out, "offset %lld", (long long)seen_number(&reply->items[1]));
    else
        buf_append_string(out, "offset not known yet"); /* ACK NONE */
    return true;
}

/* [[partition, base offset, count], ...] */
static bool put_produced_many(struct buf *out, const struct reply *reply)
{
    for (size_t i = 0; i < reply->count; i++) {
        const struct reply *part = &reply->items[i];
        int64_t first = seen_number(seen_item(part, 1)), count = seen_number(seen_item(part, 2));

        if (part->kind != REPLY_ARRAY || part->count != 3)
            return false;
        buf_printf(out, "%spartition %lld, offset%s %lld", i > 0 ? "\n" : "",
                   (long long)seen_number(&part->items[0]), count > 1 ? "s" : "", (long long)first);
        if (count > 1)
            buf_printf(out, " to %lld", (long long)(first + count - 1));
    }
    return reply->kind == REPLY_ARRAY && reply->count > 0;
}

/* Of CONSUME and MFETCH: [[topic, partition, error], ...]. Returns whether there are `any` lines now. */
static bool put_refused(struct buf *out, const struct reply *reply, bool any)
{
    for (size_t i = 0; i < reply->count; i++) {
        const struct reply *part = &reply->items[i], *error = seen_item(part, 2);

        if (error->kind != REPLY_ERROR)
            continue;
        if (any)
            buf_append_char(out, '\n');
        buf_append_bytes(out, part->items[0].text);
        buf_printf(out, "/%lld: ", (long long)part->items[1].integer);
        buf_append_bytes(out, error->text);
        any = true;
    }
    return any;
}

static bool put_read(struct buf *out, const struct reply *reply)
{
    if (put_refused(out, reply, put_records(out, reply)))
        return true;
    if (reply->kind != REPLY_ARRAY || reply->count > 0)
        return false;
    buf_append_string(out, "(no records)");
    return true;
}

/* Of GROUP SEEK: [[topic, partition, offset], ...] */
static bool put_places(struct buf *out, const struct reply *reply)
{
    for (size_t i = 0; i < reply->count; i++) {
        const struct reply *place = &reply->items[i];

        if (place->kind != REPLY_ARRAY || place->count != 3 || place->items[1].kind != REPLY_INT ||
            place->items[2].kind != REPLY_INT)
            return false;
        buf_printf(out, "%s%.*s/%lld at offset %lld", i > 0 ? "\n" : "",
                   (int)place->items[0].text.len, place->items[0].text.data,
                   (long long)seen_number(&place->items[1]),
                   (long long)seen_number(&place->items[2]));
    }
    return reply->kind == REPLY_ARRAY && reply->count > 0;
}

static const struct {
    const char *command;
    bool (*put)(struct buf *out, const struct reply *reply);
} known[] = {
    {"PRODUCE", put_produced}, {"MPRODUCE", put_produced_many}, {"FETCH", put_read},
    {"MFETCH", put_read},      {"CONSUME", put_read},           {"GROUP", put_places},
};

/* [topic, partition, ...]: "you have orders/0, orders/2" */
static void put_assignment(struct buf *out, const struct reply *list)
{
    buf_append_string(out, list->count == 0 ? "you have nothing" : "you have ");
    for (size_t i = 0; i + 1 < list->count; i += 2) {
        if (i > 0)
            buf_append_string(out, ", ");
        buf_append_bytes(out, list->items[i].text);
        buf_printf(out, "/%lld", (long long)list->items[i + 1].integer);
    }
}

/* "orders/0@3 ann "a book"", "message news "hello"", "listening to channel news (1 in all)" … */
static void put_push(struct buf *out, const struct reply *push)
{
    struct bytes word = push->count > 0 ? push->items[0].text : BYTES_NULL;
    struct buf line = {0};

    if (bytes_is(word, "message") && push->count == 3) {
        buf_append_bytes(out, push->items[1].text);
        buf_append_string(out, ": ");
        put_quoted(out, push->items[2].text);
    } else if (bytes_is(word, "pmessage") && push->count == 4) {
        buf_append_bytes(out, push->items[2].text);
        buf_append_string(out, ": ");
        put_quoted(out, push->items[3].text);
    } else if (bytes_is(word, "subscribe") || bytes_is(word, "psubscribe") ||
               bytes_is(word, "follow")) {
        buf_append_string(out, "listening to ");
        buf_append_bytes(out, seen_text(seen_item(push, 1)));
    } else if (bytes_is(word, "lost") && push->count == 6) {
        buf_append_string(out, "lost: ");
        buf_append_bytes(out, push->items[5].text);
    } else if (bytes_is(word, "assignment") && push->count == 5) {
        put_assignment(out, seen_item(push, 4));
    } else if (!put_records(out, push)) {
        if (push_print(&line, push))
            buf_append(out, line.data, line.len - 1);
        else
            put_items(out, push);
    }
    buf_deinit(&line);
}

void wording_reply(struct buf *out, struct bytes command, const struct reply *reply)
{
    if (reply->kind == REPLY_PUSH) {
        put_push(out, reply);
        return;
    }
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (!bytes_is_null(command) && bytes_is(command, known[i].command) &&
            known[i].put(out, reply))
            return;
    put_any(out, reply);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/follow_print.h"
#include "cli/text.h"

static void put_text(struct buf *out, const struct reply *text)
{
    if (text->kind == REPLY_NULL)
        buf_append_string(out, "(nil)");
    else
        text_append_quoted(out, text->text);
}

/* "topic/partition", of the second and third item. */
static void put_partition(struct buf *out, const struct reply *message)
{
    buf_append_bytes(out, message->items[1].text);
    buf_printf(out, "/%lld", (long long)message->items[2].integer);
}

static void put_record(struct buf *out, const struct reply *message)
{
    const struct reply *items = message->items, *headers = &items[7];

    put_partition(out, message);
    buf_printf(out, "@%lld  ", (long long)items[3].integer);
    text_append_time(out, items[4].integer);
    buf_append_string(out, "  ");
    put_text(out, &items[5]);
    buf_append_string(out, "  ");
    put_text(out, &items[6]);
    for (size_t i = 0; i + 1 < headers->count; i += 2) {
        buf_append_string(out, i == 0 ? "  " : " ");
        put_text(out, &headers->items[i]);
        buf_append_char(out, '=');
        put_text(out, &headers->items[i + 1]);
    }
}

static void put_lost(struct buf *out, const struct reply *message)
{
    buf_append_string(out, "lost ");
    put_partition(out, message);
    buf_printf(out, "@%lld-%lld: ", (long long)message->items[3].integer,
               (long long)message->items[4].integer);
    buf_append_bytes(out, message->items[5].text);
}

static void put_follow(struct buf *out, const struct reply *message)
{
    buf_append_string(out, "following ");
    put_partition(out, message);
    buf_printf(out, " from offset %lld", (long long)message->items[3].integer);
}

static void put_unfollow(struct buf *out, const struct reply *message)
{
    buf_append_string(out, "no longer following ");
    put_partition(out, message);
    buf_printf(out, ", which ends before offset %lld: ", (long long)message->items[3].integer);
    buf_append_bytes(out, message->items[5].text);
}

static const struct {
    const char *word;
    const char *shape; /* of its items: t text, i integer, n text or null, a array or map */
    void (*put)(struct buf *out, const struct reply *message);
} lines[] = {
    {"record", "ttiiinna", put_record},
    {"lost", "ttiiit", put_lost},
    {"follow", "ttiii", put_follow},
    {"unfollow", "ttiiit", put_unfollow},
};

static bool fits(const struct reply *item, char kind)
{
    switch (kind) {
    case 't':
        return item->kind == REPLY_BULK;
    case 'n':
        return item->kind == REPLY_BULK || item->kind == REPLY_NULL;
    case 'i':
        return item->kind == REPLY_INT;
    default:
        return item->kind == REPLY_ARRAY || item->kind == REPLY_MAP;
    }
}

static bool has_shape(const struct reply *message, const char *shape)
{
    if (message->count != strlen(shape))
        return false;
    for (size_t i = 0; i < message->count; i++)
        if (!fits(&message->items[i], shape[i]))
            return false;
    return true;
}

bool follow_print(struct buf *out, const struct reply *message)
{
    if ((message->kind != REPLY_ARRAY && message->kind != REPLY_PUSH) || message->count == 0)
        return false;
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        if (!has_shape(message, lines[i].shape) || !bytes_is(message->items[0].text, lines[i].word))
            continue;
        lines[i].put(out, message);
        buf_append_char(out, '\n');
        return true;
    }
    return false;
}

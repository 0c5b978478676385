/* SPDX-License-Identifier: BSD-3-Clause */
/* Encoding: the length is computed first, so that room is made once. */
#include "pubsub/message.h"
#include "base/check.h"

static void add(struct message *m, struct bytes bytes)
{
    struct message_item *item = &m->items[m->count++];

    ASSERT(m->count <= MESSAGE_ITEMS_MAX);
    item->bytes = bytes;
    item->len_text_len = num_format_u64(item->len_text, bytes.len);
    m->len += 1 + item->len_text_len + 2 + bytes.len + 2; /* $<len>\r\n<bytes>\r\n */
}

void message_init(struct message *m, enum pubsub_kind kind, struct bytes pattern,
                  struct bytes channel, struct bytes text)
{
    static const struct bytes words[PUBSUB_KIND_COUNT] = {
        [PUBSUB_CHANNEL] = {"message", 7},
        [PUBSUB_PATTERN] = {"pmessage", 8},
        [PUBSUB_SHARD] = {"smessage", 8},
    };

    m->count = 0;
    m->len = 4; /* *<count>\r\n */
    add(m, words[kind]);
    if (kind == PUBSUB_PATTERN)
        add(m, pattern);
    add(m, channel);
    add(m, text);
}

static char *put(char *to, const void *data, size_t len)
{
    if (len > 0)
        memcpy(to, data, len);
    return to + len;
}

static char *put_item(char *to, const struct message_item *item)
{
    *to++ = '$';
    to = put(to, item->len_text, item->len_text_len);
    to = put(to, "\r\n", 2);
    to = put(to, item->bytes.data, item->bytes.len);
    return put(to, "\r\n", 2);
}

void message_write(const struct message *m, int proto, char *to)
{
    const char *end = to + m->len;

    *to++ = proto == 3 ? '>' : '*';
    *to++ = (char)('0' + m->count);
    to = put(to, "\r\n", 2);
    for (size_t i = 0; i < m->count; i++)
        to = put_item(to, &m->items[i]);
    ASSERT(to == end);
}

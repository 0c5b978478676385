/* SPDX-License-Identifier: BSD-3-Clause */
/* Encoding: the length is computed first, so that the frame is made and filled once. */
#include "pubsub/message.h"
#include "base/check.h"
#include "base/num.h"

#define ITEMS_MAX 4

struct item {
    struct bytes bytes;
    char len_text[NUM_TEXT_BYTES_MAX];
    size_t len_text_len;
};

struct items {
    struct item items[ITEMS_MAX];
    size_t count;
    size_t encoded_len;
};

static void add(struct items *list, struct bytes bytes)
{
    struct item *item = &list->items[list->count++];

    ASSERT(list->count <= ITEMS_MAX);
    item->bytes = bytes;
    item->len_text_len = num_format_u64(item->len_text, bytes.len);
    list->encoded_len += 1 + item->len_text_len + 2 + bytes.len + 2; /* $<len>\r\n<bytes>\r\n */
}

static char *put(char *to, const void *data, size_t len)
{
    if (len > 0)
        memcpy(to, data, len);
    return to + len;
}

static char *put_item(char *to, const struct item *item)
{
    *to++ = '$';
    to = put(to, item->len_text, item->len_text_len);
    to = put(to, "\r\n", 2);
    to = put(to, item->bytes.data, item->bytes.len);
    return put(to, "\r\n", 2);
}

struct frame *message_encode(int proto, enum pubsub_kind kind, struct bytes pattern,
                             struct bytes channel, struct bytes message)
{
    static const struct bytes words[PUBSUB_KIND_COUNT] = {
        [PUBSUB_CHANNEL] = {"message", 7},
        [PUBSUB_PATTERN] = {"pmessage", 8},
        [PUBSUB_SHARD] = {"smessage", 8},
    };
    struct items list;
    struct frame *frame;
    char *to;

    list.count = 0;
    list.encoded_len = 4; /* *<count>\r\n */
    add(&list, words[kind]);
    if (kind == PUBSUB_PATTERN)
        add(&list, pattern);
    add(&list, channel);
    add(&list, message);

    frame = frame_create(list.encoded_len);
    to = frame->data;
    *to++ = proto == 3 ? '>' : '*';
    *to++ = (char)('0' + list.count);
    to = put(to, "\r\n", 2);
    for (size_t i = 0; i < list.count; i++)
        to = put_item(to, &list.items[i]);
    ASSERT(to == frame->data + frame->len);
    return frame;
}

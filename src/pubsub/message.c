/* SPDX-License-Identifier: BSD-3-Clause */
#include "pubsub/message.h"
#include "base/check.h"

static const struct bytes words[PUBSUB_KIND_COUNT] = {
    [PUBSUB_CHANNEL] = {"message", 7},
    [PUBSUB_PATTERN] = {"pmessage", 8},
    [PUBSUB_SHARD] = {"smessage", 8},
};

static size_t digits_in(size_t value)
{
    size_t count = 1;

    for (; value >= 10; value /= 10)
        count++;
    return count;
}

/* What put_item makes: $<len>\r\n<bytes>\r\n */
static size_t item_len(struct bytes bytes)
{
    return 1 + digits_in(bytes.len) + 2 + bytes.len + 2;
}

static char *put(char *to, const void *data, size_t len)
{
    if (len > 0)
        memcpy(to, data, len);
    return to + len;
}

static char *put_item(char *to, struct bytes bytes)
{
    char digits[NUM_TEXT_BYTES_MAX];

    *to++ = '$';
    to = put(to, digits, num_format_u64(digits, bytes.len));
    to = put(to, "\r\n", 2);
    to = put(to, bytes.data, bytes.len);
    return put(to, "\r\n", 2);
}

size_t message_head_len(const struct message *m)
{
    return 4 + item_len(words[m->kind]) + (m->kind == PUBSUB_PATTERN ? item_len(m->pattern) : 0) +
           item_len(m->channel); /* *<count>\r\n first */
}

char *message_write_head(const struct message *m, int proto, char *to)
{
    *to++ = proto == 3 ? '>' : '*';
    *to++ = m->kind == PUBSUB_PATTERN ? '4' : '3';
    to = put(to, "\r\n", 2);
    to = put_item(to, words[m->kind]);
    if (m->kind == PUBSUB_PATTERN)
        to = put_item(to, m->pattern);
    return put_item(to, m->channel);
}

size_t message_text_len(struct bytes text)
{
    return item_len(text);
}

char *message_write_text(struct bytes text, char *to)
{
    return put_item(to, text);
}

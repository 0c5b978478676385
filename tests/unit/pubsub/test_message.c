/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/mem.h"
#include "pubsub/message.h"
#include <criterion/criterion.h>

static bool encodes(int proto, enum pubsub_kind kind, struct bytes message, struct bytes expected)
{
    const struct message m = {kind, BYTES_LITERAL("n*"), BYTES_LITERAL("news"), message};
    size_t len = message_head_len(&m) + message_text_len(message);
    char *text = mem_alloc(len);
    const char *end = message_write_text(message, message_write_head(&m, proto, text));
    bool equal = end == text + len && bytes_equal(bytes_of(text, len), expected);

    mem_free(text);
    return equal;
}

Test(message, has_the_shape_of_its_kind)
{
    cr_assert(encodes(2, PUBSUB_CHANNEL, BYTES_LITERAL("hello"),
                      BYTES_LITERAL("*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n")));
    cr_assert(encodes(
        2, PUBSUB_PATTERN, BYTES_LITERAL("hello"),
        BYTES_LITERAL("*4\r\n$8\r\npmessage\r\n$2\r\nn*\r\n$4\r\nnews\r\n$5\r\nhello\r\n")));
    cr_assert(encodes(2, PUBSUB_SHARD, BYTES_LITERAL("hello"),
                      BYTES_LITERAL("*3\r\n$8\r\nsmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n")));
}

Test(message, is_a_push_in_resp3)
{
    cr_assert(encodes(3, PUBSUB_CHANNEL, BYTES_LITERAL("hello"),
                      BYTES_LITERAL(">3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n")));
    cr_assert(encodes(
        3, PUBSUB_PATTERN, BYTES_LITERAL("hello"),
        BYTES_LITERAL(">4\r\n$8\r\npmessage\r\n$2\r\nn*\r\n$4\r\nnews\r\n$5\r\nhello\r\n")));
}

Test(message, carries_any_bytes)
{
    cr_assert(encodes(2, PUBSUB_CHANNEL, BYTES_LITERAL("\0\r\n"),
                      BYTES_LITERAL("*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$3\r\n\0\r\n\r\n")));
    cr_assert(encodes(2, PUBSUB_CHANNEL, BYTES_LITERAL(""),
                      BYTES_LITERAL("*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$0\r\n\r\n")));
}

Test(message, of_a_megabyte_is_whole)
{
    static const char head[] = "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$1048576\r\n";
    const size_t len = 1048576;
    char *big = mem_alloc(len), *expected = mem_alloc(sizeof(head) - 1 + len + 2);

    memset(big, 'x', len);
    memcpy(expected, head, sizeof(head) - 1);
    memset(expected + sizeof(head) - 1, 'x', len);
    memcpy(expected + sizeof(head) - 1 + len, "\r\n", 2);
    cr_assert(encodes(2, PUBSUB_CHANNEL, bytes_of(big, len),
                      bytes_of(expected, sizeof(head) - 1 + len + 2)));
    mem_free(big);
    mem_free(expected);
}

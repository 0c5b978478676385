/* SPDX-License-Identifier: BSD-3-Clause */
/* The bytes of publish and subscribe. */
#include "bench/wire.h"
#include <criterion/criterion.h>

#define EXPECT(field, text) \
    cr_expect(bytes_equal(buf_bytes(&w.field), bytes_of_string(text)), #field)

Test(wire, resp_is_that_of_redis)
{
    struct wire w;

    wire_init(&w, false, BYTES_LITERAL("news"), BYTES_LITERAL("hello"));
    EXPECT(hello, "");
    EXPECT(subscribe, "*2\r\n$9\r\nSUBSCRIBE\r\n$4\r\nnews\r\n");
    EXPECT(ending, "*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n");
    EXPECT(publish, "*3\r\n$7\r\nPUBLISH\r\n$4\r\nnews\r\n$5\r\nhello\r\n");
    EXPECT(frame, "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n");
    cr_expect(w.answers);
    wire_deinit(&w);
}

Test(wire, nats_is_that_of_nats)
{
    struct wire w;

    wire_init(&w, true, BYTES_LITERAL("news"), BYTES_LITERAL("hello"));
    EXPECT(hello, "CONNECT {\"verbose\":false}\r\n");
    EXPECT(subscribe, "CONNECT {\"verbose\":false}\r\nSUB news 1\r\nPING\r\n");
    EXPECT(ending, "PONG\r\n");
    EXPECT(publish, "PUB news 5\r\nhello\r\n");
    EXPECT(frame, "MSG news 1 5\r\nhello\r\n");
    cr_expect_not(w.answers);
    wire_deinit(&w);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/wire.h"

#define NATS_HELLO "CONNECT {\"verbose\":false}\r\n" /* do not answer what is in order */

static void append_word(struct buf *b, struct bytes word)
{
    buf_printf(b, "$%zu\r\n", word.len);
    buf_append_bytes(b, word);
    buf_append(b, "\r\n", 2);
}

static void init_resp(struct wire *w, struct bytes channel, struct bytes payload)
{
    w->answers = true;
    buf_append_string(&w->subscribe, "*2\r\n$9\r\nSUBSCRIBE\r\n");
    append_word(&w->subscribe, channel);
    buf_append_string(&w->ending, "*3\r\n$9\r\nsubscribe\r\n");
    append_word(&w->ending, channel);
    buf_append_string(&w->ending, ":1\r\n");
    buf_append_string(&w->publish, "*3\r\n$7\r\nPUBLISH\r\n");
    append_word(&w->publish, channel);
    append_word(&w->publish, payload);
    buf_append_string(&w->frame, "*3\r\n$7\r\nmessage\r\n");
    append_word(&w->frame, channel);
    append_word(&w->frame, payload);
}

/* The server greets with a line about itself and answers PING when it has done what came before. */
static void init_nats(struct wire *w, struct bytes channel, struct bytes payload)
{
    buf_append_string(&w->hello, NATS_HELLO);
    buf_append_string(&w->subscribe, NATS_HELLO "SUB ");
    buf_append_bytes(&w->subscribe, channel);
    buf_append_string(&w->subscribe, " 1\r\nPING\r\n");
    buf_append_string(&w->ending, "PONG\r\n");
    buf_append_string(&w->publish, "PUB ");
    buf_append_bytes(&w->publish, channel);
    buf_printf(&w->publish, " %zu\r\n", payload.len);
    buf_append_bytes(&w->publish, payload);
    buf_append_string(&w->publish, "\r\n");
    buf_append_string(&w->frame, "MSG ");
    buf_append_bytes(&w->frame, channel);
    buf_printf(&w->frame, " 1 %zu\r\n", payload.len);
    buf_append_bytes(&w->frame, payload);
    buf_append_string(&w->frame, "\r\n");
}

void wire_init(struct wire *w, bool nats, struct bytes channel, struct bytes payload)
{
    *w = (struct wire){0};
    if (nats)
        init_nats(w, channel, payload);
    else
        init_resp(w, channel, payload);
}

void wire_deinit(struct wire *w)
{
    buf_deinit(&w->hello);
    buf_deinit(&w->subscribe);
    buf_deinit(&w->publish);
    buf_deinit(&w->frame);
    buf_deinit(&w->ending);
}

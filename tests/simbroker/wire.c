/* SPDX-License-Identifier: BSD-3-Clause */
#include "simbroker/wire.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>

#define ROOM_MAX 4096
#define COMMAND_BYTES_MAX 4096

static struct wire *wire_of(struct stream *s)
{
    return CONTAINER_OF(s, struct wire, stream);
}

static enum err wire_read(struct stream *s, void *data, size_t len, size_t *got)
{
    struct wire *wire = wire_of(s);
    if (wire->to_server.len == 0)
        return wire->told ? ERR_CLOSED : ERR_AGAIN;
    *got = wire->to_server.len < len ? wire->to_server.len : len;
    memcpy(data, wire->to_server.data, *got);
    buf_consume(&wire->to_server, *got);
    return ERR_OK;
}

static enum err wire_write(struct stream *s, const struct iovec *iov, int count, size_t *put)
{
    struct wire *wire = wire_of(s);
    *put = 0;
    wire->written_us = wire->world->clock.mono_us;
    for (int i = 0; i < count; i++) {
        size_t len = iov[i].iov_len < wire->room ? iov[i].iov_len : wire->room;
        if (!wire->cut) /* what a dead line takes is gone */
            buf_append(&wire->to_client, iov[i].iov_base, len);
        wire->room -= len;
        *put += len;
    }
    return *put == 0 ? ERR_AGAIN : ERR_OK;
}

static void wire_close(struct stream *s)
{
    wire_of(s)->closed = true;
}

struct wire *wire_connect(struct world *w)
{
    static const struct stream_ops ops = {
        .read = wire_read, .write = wire_write, .close = wire_close};
    static uint64_t last_id; /* for people: the address */
    struct wire *wire = mem_zalloc(1, sizeof(*wire));
    wire->world = w;
    wire->id = ++last_id;
    wire->held = true;
    wire->room = ROOM_MAX;
    wire->stream =
        (struct stream){.ops = &ops, .local = "127.0.0.1:1", .from_here = true, .fd = -1};
    snprintf(wire->stream.peer, sizeof(wire->stream.peer), "127.0.0.1:%llu",
             (unsigned long long)wire->id);
    list_push_back(&w->wires, &wire->link);
    broker_accept(w->broker, &wire->stream);
    return wire;
}

static void append_bulk(struct buf *out, const char *word, size_t len)
{
    char head[32];
    snprintf(head, sizeof(head), "$%zu\r\n", len);
    buf_append_string(out, head);
    buf_append(out, word, len);
    buf_append_string(out, "\r\n");
}

void wire_send(struct wire *wire, const char *format, ...)
{
    char text[COMMAND_BYTES_MAX];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    ASSERT(len > 0 && (size_t)len < sizeof(text));
    if (wire->world->verbose)
        printf("%10.3f  %llu> %s\n", (double)wire->world->clock.mono_us / 1e6,
               (unsigned long long)wire->id, text);
    size_t words = 1;
    for (const char *c = text; *c != '\0'; c++)
        words += *c == ' ';
    char head[32];
    snprintf(head, sizeof(head), "*%zu\r\n", words);
    buf_append_string(&wire->to_server, head);
    for (char *word = text; word != NULL;) {
        char *space = strchr(word, ' ');
        append_bulk(&wire->to_server, word, space == NULL ? strlen(word) : (size_t)(space - word));
        word = space == NULL ? NULL : space + 1;
    }
    if (!wire->closed)
        wire->stream.ready(&wire->stream, STREAM_READABLE);
}

struct reply *wire_receive(struct wire *wire)
{
    struct reply *reply;
    size_t len;
    const char *why;
    if (wire->to_client.len == 0)
        return NULL;
    enum err err =
        reply_reader_read(&wire->reader, buf_bytes(&wire->to_client), &reply, &len, &why);
    if (err == ERR_AGAIN)
        return NULL;
    if (err != ERR_OK)
        world_fail("the broker sent what is not RESP: %s", why);
    buf_consume(&wire->to_client, len);
    return reply;
}

bool wire_is_broken(const struct wire *wire)
{
    return wire->closed;
}

void wire_cut(struct wire *wire, int64_t ms)
{
    struct world *w = wire->world;
    wire->cut = true;
    wire->held = false;
    wire->told_us = w->clock.mono_us + (ms <= 0 ? 0 : (int64_t)world_below(w, (uint64_t)ms * 1000));
    buf_clear(&wire->to_client);
}

void wires_turn(struct world *w)
{
    LIST_EACH (it, &w->wires) {
        struct wire *wire = CONTAINER_OF(it, struct wire, link);
        if (wire->closed)
            continue;
        size_t room = wire->stalled ? 0 : world_chance(w, 10) ? world_below(w, 40) : ROOM_MAX;
        if (wire->room == 0 && room > 0) {
            wire->room = room;
            wire->stream.ready(&wire->stream, STREAM_WRITABLE);
        } else {
            wire->room = room;
        }
        if (wire->cut && !wire->told && w->clock.mono_us >= wire->told_us) {
            wire->told = true;
            wire->stream.ready(&wire->stream, STREAM_READABLE | STREAM_ENDED);
        }
    }
    wires_sweep(w);
}

void wires_sweep(struct world *w)
{
    LIST_EACH (it, &w->wires) {
        struct wire *wire = CONTAINER_OF(it, struct wire, link);
        if (!wire->closed || wire->held)
            continue;
        list_remove(&wire->link);
        buf_deinit(&wire->to_server);
        buf_deinit(&wire->to_client);
        mem_free(wire);
    }
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/memory_client.h"

#include "base/check.h"
#include "base/mem.h"
#include <stdint.h>

static struct memory_client *client_of(struct stream *s)
{
    return CONTAINER_OF(s, struct memory_client, stream);
}

/* As the driver of sockets: when the last bytes were a short read, the end is told by an edge of its own. */
static enum err read_memory(struct stream *s, void *data, size_t len, size_t *got)
{
    struct memory_client *c = client_of(s);
    if (c->incoming.len == 0)
        return c->ended ? ERR_CLOSED : ERR_AGAIN;
    *got = c->incoming.len < len ? c->incoming.len : len;
    memcpy(data, c->incoming.data, *got);
    buf_consume(&c->incoming, *got);
    c->end_to_tell = c->ended && *got < len;
    return ERR_OK;
}

static enum err write_memory(struct stream *s, const struct iovec *iov, int count, size_t *put)
{
    static uint64_t writes;
    struct memory_client *c = client_of(s);
    c->written_at = ++writes;
    *put = 0;
    for (int i = 0; i < count; i++) {
        size_t len = iov[i].iov_len < c->room ? iov[i].iov_len : c->room;
        buf_append(&c->sent, iov[i].iov_base, len);
        c->room -= len;
        *put += len;
    }
    return *put == 0 ? ERR_AGAIN : ERR_OK;
}

static void close_memory(struct stream *s)
{
    client_of(s)->closed = true;
}

struct memory_client *memory_client_create(void)
{
    static const struct stream_ops ops = {
        .read = read_memory, .write = write_memory, .close = close_memory};
    struct memory_client *c = mem_zalloc(1, sizeof(*c));
    c->stream = (struct stream){
        .ops = &ops, .peer = "127.0.0.1:1", .local = "127.0.0.1:2", .from_here = true, .fd = -1};
    c->room = SIZE_MAX;
    return c;
}

void memory_client_destroy(struct memory_client *c)
{
    ASSERT(c->closed);
    buf_deinit(&c->incoming);
    buf_deinit(&c->sent);
    buf_deinit(&c->shown);
    mem_free(c);
}

static void tell(struct memory_client *c, unsigned readiness)
{
    if (!c->closed)
        c->stream.ready(&c->stream, readiness);
}

void memory_client_send(struct memory_client *c, const char *text)
{
    buf_append_string(&c->incoming, text);
    tell(c, STREAM_READABLE);
}

void memory_client_end(struct memory_client *c)
{
    c->ended = true;
    tell(c, STREAM_READABLE | STREAM_ENDED);
}

void memory_client_make_room(struct memory_client *c, size_t room)
{
    c->room = room;
    tell(c, STREAM_WRITABLE);
}

void memory_client_turn(struct memory_client *c)
{
    if (c->end_to_tell)
        tell(c, STREAM_READABLE);
    c->end_to_tell = false;
}

const char *memory_client_received(struct memory_client *c)
{
    buf_clear(&c->shown);
    buf_append_bytes(&c->shown, buf_bytes(&c->sent));
    buf_append_char(&c->shown, '\0');
    buf_clear(&c->sent);
    return c->shown.data;
}

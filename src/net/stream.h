/* SPDX-License-Identifier: BSD-3-Clause */
/* A connection's byte stream, as the core sees it. Sockets (net/socket_stream.h), TLS (net/tls.h) and the
 * simulator's are behind it. Nothing here blocks.
 *
 * Readiness is edge-triggered: `ready` is called when the stream becomes readable or writable; the owner
 * remembers that and goes on until a call answers ERR_AGAIN. */
#ifndef ECHOLOG_NET_STREAM_H
#define ECHOLOG_NET_STREAM_H

#include "base/check.h"
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#define STREAM_IOV_MAX 64
#define STREAM_ADDRESS_BYTES_MAX 112 /* the longest path of a Unix socket, with ":0" behind it */

enum stream_readiness {
    STREAM_READABLE = 1,
    STREAM_WRITABLE = 2,
    STREAM_ENDED = 4, /* nothing comes behind what is there to read: comes with STREAM_READABLE */
};

enum stream_transport { STREAM_TCP, STREAM_UNIX, STREAM_TLS };

struct stream;

struct stream_ops {
    enum err (*read)(struct stream *, void *data, size_t len, size_t *got);
    enum err (*write)(struct stream *, const struct iovec *iov, int count, size_t *put);
    /* Calls `ready` in a later turn for what is ready then, if anything is; for streams that lie upon
     * others. NULL: nothing can lie upon this one. */
    void (*rearm)(struct stream *);
    void (*close)(struct stream *);
};

struct stream {
    const struct stream_ops *ops;
    /* Set by the owner before the first turn of the reactor. `readiness` is a set of stream_readiness. */
    void (*ready)(struct stream *stream, unsigned readiness);
    void *owner; /* borrowed; for `ready` */
    char peer
        [STREAM_ADDRESS_BYTES_MAX]; /* "127.0.0.1:52514", "[::1]:52514", "/run/echolog.sock:0" */
    char local[STREAM_ADDRESS_BYTES_MAX];
    enum stream_transport transport;
    bool from_here; /* the peer is on this machine: a loopback address or a Unix socket */
    int fd;         /* for people (CLIENT LIST); -1 when there is none */
};

/* Reads what is there. ERR_AGAIN nothing now; ERR_CLOSED the peer closed or the connection broke. A *got
 * below `len` means that there is nothing more now. */
MUST_CHECK
static inline enum err stream_read(struct stream *s, void *data, size_t len, size_t *got)
{
    return s->ops->read(s, data, len, got);
}

/* Writes what fits. ERR_AGAIN nothing fits now; ERR_CLOSED. *put may be less than all. What was offered and
 * not taken is offered again, unchanged and first, with as much behind it or more. */
MUST_CHECK
static inline enum err stream_write(struct stream *s, const struct iovec *iov, int count,
                                    size_t *put)
{
    return s->ops->write(s, iov, count, put);
}

/* Closes and frees the stream. `ready` is not called any more. */
static inline void stream_close(struct stream *s)
{
    s->ops->close(s);
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* TLS in a build without it: there is never a context, so there are no streams either. */
#include "net/tls.h"

enum err tls_context_create(const struct tls_settings *settings, struct tls_context **context,
                            const char **directive, struct buf *why)
{
    (void)settings;
    (void)context;
    *directive = "tls-port";
    buf_append_string(why, "this server was built without TLS (make TLS=no)");
    return ERR_UNSUPPORTED;
}

struct tls_context *tls_context_ref(struct tls_context *c)
{
    ASSERT(!"there is no context");
    return c;
}

void tls_context_unref(struct tls_context *c)
{
    (void)c;
    ASSERT(!"there is no context");
}

struct stream *tls_stream_create(struct tls_context *c, struct stream *inner)
{
    (void)c;
    ASSERT(!"there is no context");
    return inner;
}

enum err tls_stream_handshake(struct stream *stream, struct buf *why)
{
    (void)stream;
    (void)why;
    ASSERT(!"there is no context");
    return ERR_CLOSED;
}

bool tls_stream_wants_step(struct stream *stream)
{
    (void)stream;
    return false;
}

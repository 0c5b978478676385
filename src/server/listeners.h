/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the server can be reached: `port` and `tls-port` on the addresses of `bind`, and the Unix socket.
 * It takes part in every CONFIG SET (config/config_part.h): what cannot be opened is refused, and all
 * stays as it was. */
#ifndef ECHOLOG_SERVER_LISTENERS_H
#define ECHOLOG_SERVER_LISTENERS_H

#include "config/config_part.h"
#include "net/tls_handshakes.h"
#include "net/unix_socket.h"
#include "server/ports.h"

struct listeners_options {
    struct reactor *reactor; /* all borrowed */
    const struct config *config;
    const struct clock *clock;
    struct timers *timers;
    struct trace *trace;
    void (*accepted)(void *ctx, struct stream *stream);
    /* Whether there is no room for another client, with so many connections that are none yet. */
    bool (*full)(void *ctx, size_t unfinished);
    /* Other ports than before are in use. */
    void (*moved)(void *ctx);
    void *ctx;
};

struct listeners {
    struct listeners_options options;
    struct config_part part; /* to be registered by the owner */
    struct ports tcp, tls;
    struct unix_socket *unix_socket; /* owned; NULL: none */
    struct tls_context *context;     /* counted; NULL: TLS is off */
    struct tls_handshakes handshakes;
    /* A change in the making. */
    bool changes;
    struct ports next_tcp, next_tls;
    struct tls_context *next_context;
};

/* On failure nothing is left open and `why` is one line. */
MUST_CHECK
enum err listeners_open(struct listeners *l, const struct listeners_options *options,
                        struct buf *why);
void listeners_close(struct listeners *l); /* harmless when it was never opened */

/* Reads the files that TLS needs, as a start does when `tls-port` is not 0; errors as tls_context_create. */
MUST_CHECK
enum err listeners_open_context(const struct config *c, struct tls_context **context,
                                const char **directive, struct buf *why);

/* Of TCP connections that come from now on. */
void listeners_set_keepalive(struct listeners *l, int seconds);
/* Reads certificates, keys and all that TLS is set to anew, for connections to come. On failure all stays as
 * it was, and `why` is one line. Without TLS there is nothing to do. */
MUST_CHECK
enum err listeners_reload(struct listeners *l, struct buf *why);

/* The part of a turn: connections on their way to TLS go on. */
void listeners_turn(struct listeners *l);
/* Whether the next turn has something to do without waiting. */
bool listeners_pending(const struct listeners *l);

int listeners_port(const struct listeners *l); /* for INFO: TCP's, else that of TLS, else 0 */
/* Traces where connections are accepted, the plain port last. */
void listeners_trace(const struct listeners *l);
/* The same in one line. */
void listeners_say(const struct listeners *l, struct buf *text);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* A small HTTP server inside the reactor, over libmicrohttpd: for pages about the server, not for files or
 * forms. What clients can make it hold is bounded: so many connections, so much memory for the head of a
 * request, and so long from connecting to the last byte of the answer. A connection carries one request.
 * More connections wait until others end. Nothing here blocks. */
#ifndef ECHOLOG_NET_HTTP_H
#define ECHOLOG_NET_HTTP_H

#include "base/buf.h"
#include "base/check.h"
#include "base/err.h"
#include "base/list.h"
#include "net/reactor.h"

#define HTTP_CONNECTIONS_MAX 32
#define HTTP_CONNECTION_MS_MAX 10000
#define HTTP_HEAD_BYTES_MAX 8192 /* of a request: a longer one is answered 431 or 414 */

struct http;
struct http_page; /* an answer's body and headers; counted: one may answer many requests */

/* A request that is to be answered, now or in a later turn; the driver's until then. */
struct http_request {
    struct bytes method, path,
        accept;       /* `accept`: the header of that name; "" when there is none */
    struct list link; /* of whoever keeps it until it is answered */
};

struct http_options {
    struct reactor *reactor; /* borrowed, outlives this */
    /* Answers, or keeps the request and answers later: always, also when its client is gone meanwhile. */
    void (*asked)(void *ctx, struct http_request *r);
    /* After http_work_soon: does a little of what is to be done. True: there is more, for a later turn. May
     * be NULL. */
    bool (*work)(void *ctx);
    void *ctx; /* borrowed */
};

/* ERR_LIMIT: the system gives no descriptors; ERR_NOT_FOUND: libmicrohttpd is not installed. */
MUST_CHECK
enum err http_create(const struct http_options *options, struct http **http);
/* Listens on one more address. *port: 0 the system chooses, and it is told. Errors as tcp_listen's. */
MUST_CHECK
enum err http_listen(struct http *h, const char *address, int *port);
/* Every request must have been answered, and the pages were given back. What the sockets do not take at once is
 * dropped. */
void http_destroy(struct http *h);

/* Takes over what is in `body`, which is empty then. `type` is borrowed for the call. */
struct http_page *http_page_create(struct http *h, const char *type, struct buf *body);
void http_page_header(struct http_page *page, const char *name, const char *value);
void http_page_unref(struct http_page *page);

/* Takes a reference of its own. The request is the driver's again. */
void http_answer(struct http_request *r, unsigned status, struct http_page *page);
/* Has `work` called in the next turn. */
void http_work_soon(struct http *h);

#endif

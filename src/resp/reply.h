/* SPDX-License-Identifier: BSD-3-Clause */
/* The reply reader, for clients: turns the bytes a server sends into a tree of values, RESP2 and RESP3.
 * Incremental, never touches a socket, bounded in depth and size. */
#ifndef ECHOLOG_RESP_REPLY_H
#define ECHOLOG_RESP_REPLY_H

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

#define REPLY_DEPTH_MAX 16

enum reply_kind {
    REPLY_STATUS,
    REPLY_ERROR,
    REPLY_INT,
    REPLY_BULK,
    REPLY_NULL,
    REPLY_ARRAY,
    REPLY_MAP, /* items: key, value, key, value … */
    REPLY_SET,
    REPLY_PUSH,
    REPLY_DOUBLE,
    REPLY_BOOL,
    REPLY_BIG_NUMBER,
    REPLY_VERBATIM, /* text without its "txt:" */
};

struct reply {
    enum reply_kind kind;
    int64_t integer;     /* REPLY_INT; REPLY_BOOL as 0 or 1 */
    double number;       /* REPLY_DOUBLE */
    struct bytes text;   /* status, error, bulk, verbatim, big number, double as sent; owned copy */
    struct reply *items; /* owned */
    size_t count;        /* of items */
};

/* Reads one value from the front of `input`. ERR_AGAIN it is not complete; ERR_INVALID not RESP: `why`
 * says what was wrong (static). On success *reply is the caller's (reply_free) and *consumed its
 * length. */
MUST_CHECK enum err reply_read(struct bytes input, struct reply **reply, size_t *consumed,
                               const char **why);
void reply_free(struct reply *r);

#endif

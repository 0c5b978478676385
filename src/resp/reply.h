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

#define REPLY_DEPTH_MAX 16 /* arrays and their like inside one another */
#define REPLY_BULK_BYTES_MAX (512LL * 1024 * 1024)
#define REPLY_ITEMS_MAX (16LL * 1024 * 1024) /* of one array; a map's pairs count twice */

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

/* Where a value that arrives in pieces has been read to, so that nothing is looked at twice. Nothing is
 * allocated before a value is complete. */
struct reply_reader {
    /* After ERR_AGAIN: how long the input must be for progress, when known (a bulk), else 0. */
    size_t bytes_wanted;

    /* Private. */
    size_t pos;                        /* bytes of the input already understood */
    size_t line_scanned;               /* bytes behind pos known to hold no line end */
    int depth;                         /* of arrays around pos */
    int64_t left[REPLY_DEPTH_MAX + 1]; /* values still to come, by depth */
    bool started;                      /* a value is under way */
};

/* Reads on in `input`, which begins with the first byte of a value and holds all that came since (it may
 * have moved and grown between calls). A reader that is all zero is ready; after success it is again.
 * ERR_AGAIN    the value is not complete
 * ERR_INVALID  not RESP, or over a limit: *why says what was wrong (static); the connection is lost
 * On success *reply is the caller's (reply_free) and *consumed its length. Attributes are skipped. */
MUST_CHECK
enum err reply_reader_read(struct reply_reader *r, struct bytes input, struct reply **reply,
                           size_t *consumed, const char **why);

/* The same without a memory, for input that is likely to be whole. */
MUST_CHECK
enum err reply_read(struct bytes input, struct reply **reply, size_t *consumed, const char **why);
void reply_free(struct reply *r); /* harmless with NULL */

#endif

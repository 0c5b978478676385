/* SPDX-License-Identifier: BSD-3-Clause */
/* The request reader: turns the bytes a client sends into commands, whatever way they are cut up.
 * Arguments point into the input; nothing is copied. A request is a RESP array of bulk strings or an
 * inline line (words as in base/words.h).
 *
 * Protocol: https://redis.io/docs/latest/develop/reference/protocol-spec/ */
#ifndef ECHOLOG_RESP_REQUEST_H
#define ECHOLOG_RESP_REQUEST_H

#include "base/buf.h"
#include "base/bytes.h"
#include <stdbool.h>
#include <stdint.h>

#define REQUEST_INLINE_BYTES_MAX (64 * 1024)
#define REQUEST_ARGS_MAX (1024 * 1024)
#define REQUEST_BULK_BYTES_MAX_DEFAULT (512LL * 1024 * 1024)
/* Bulks from here on are announced in bytes_wanted. */
#define REQUEST_BULK_BYTES_LARGE (32 * 1024)
/* What a client that has not authenticated may send. */
#define REQUEST_ARGS_MAX_UNAUTHENTICATED 10
#define REQUEST_BULK_BYTES_MAX_UNAUTHENTICATED 16384

#define REQUEST_ERROR_BYTES_MAX 128

enum request_status {
    REQUEST_READY,   /* argc/argv hold a command; argc may be 0 (an empty line): skip it */
    REQUEST_PARTIAL, /* more input is needed */
    REQUEST_ERROR,   /* `error` says why; the connection is lost */
};

struct request {
    int argc;
    struct bytes
        *argv; /* owned array; its items point into the input (or into `unquoted`); never null */

    /* Limits, set by the owner at any time between commands. */
    int64_t bulk_bytes_max;
    bool authenticated;

    /* "Protocol error: …", without the leading "-ERR "; on one line, but maybe not valid UTF-8. */
    char error[REQUEST_ERROR_BYTES_MAX];

    /* After REQUEST_PARTIAL: how long the input must be for progress, when known (a large bulk), else
     * 0. Lets the owner size its buffer once. */
    size_t bytes_wanted;

    /* Private. */
    int argv_cap;
    int64_t args_left;   /* of the array under way; -1 between commands */
    int64_t bulk_len;    /* of the bulk under way; -1 when its header is still to come */
    size_t pos;          /* bytes of the input already understood */
    size_t line_scanned; /* bytes behind pos known to hold no line end */
    size_t *arg_starts;  /* owned; offsets into the input, since it may move between calls */
    int arg_starts_cap;
    int arg_starts_count; /* arguments that earlier calls found */
    struct buf unquoted;  /* the words of an inline request */
};

void request_init(struct request *r);
void request_deinit(struct request *r);
/* Gives back what an unusually large command left behind; only between commands, and argv is gone
 * then. The next call to request_read does it too, so this is for connections that fall idle. */
void request_shrink(struct request *r);

/* What it holds in memory beside the input. */
size_t request_memory(const struct request *r);

/* Reads on in `input`, which begins with the first byte of a command and holds everything that came
 * since (it may have moved and grown between calls). On REQUEST_READY *consumed is the command's length:
 * the next call's input begins behind it. argv is valid as long as the input stays in place and until the
 * next call. What is answered does not depend on how the input was cut up. */
enum request_status request_read(struct request *r, struct bytes input, size_t *consumed);

#endif

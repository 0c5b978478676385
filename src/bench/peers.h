/* SPDX-License-Identifier: BSD-3-Clause */
/* Connections to the server under load, over one epoll set: what is sent lies ready in memory of others and is
 * borrowed until it has gone out, what comes is read in big pieces into one room and handed on. */
#ifndef ECHOLOG_BENCH_PEERS_H
#define ECHOLOG_BENCH_PEERS_H

#include "base/bytes.h"
#include "base/check.h"
#include "bench/scan.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PEERS_WHY_BYTES 256

/* One connection. What stands below `scan` is the scenario's own. */
struct peer {
    int fd;
    struct bytes sending; /* borrowed: what is still to be written */
    bool wants_out;       /* epoll waits for room to write it */
    struct scan scan;
    size_t waiting;    /* replies that are still to come */
    int64_t sent_ns;   /* when what is under way was sent */
    uint64_t received; /* bytes, or whatever is counted */
    size_t number;     /* which of its kind it is */
};

struct peers {
    int epoll_fd;
    struct peer *items; /* owned */
    size_t count;
    char *room; /* owned; what was read last */
    char why[PEERS_WHY_BYTES];
};

/* Connects `count` of them. False: peers->why says what is wrong. Close it in either case. */
MUST_CHECK
bool peers_open(struct peers *ps, const char *host, int64_t port, size_t count);
void peers_close(struct peers *ps);

/* Writes `data` after what was sent before has gone out (asserted). False: the connection is lost. */
MUST_CHECK
bool peer_send(struct peers *ps, struct peer *p, struct bytes data);

/* Something came in. False ends the turn: peers->why says why, or it is empty when all is done. */
typedef bool peers_on_bytes(void *context, struct peer *p, struct bytes data);

/* Waits until something comes in (-1: as long as one has patience, 0: not at all), writes what waits for room, and calls
 * `on_bytes` for each connection that has something. False: it did, or a connection is lost. */
MUST_CHECK
bool peers_turn(struct peers *ps, int timeout_ms, peers_on_bytes *on_bytes, void *context);

/* Counts replies of `p` for those who are called with bytes; false when it is not RESP. */
MUST_CHECK
bool peers_scan(struct peers *ps, struct peer *p, struct bytes data);

/* The sum of what they have counted since the last call, which begins anew: errors and the first one's text. */
struct peers_errors {
    uint64_t count;
    char first[SCAN_ERROR_BYTES];
};
void peers_take_errors(struct peers *ps, struct peers_errors *errors);

#endif

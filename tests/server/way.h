/* SPDX-License-Identifier: BSD-3-Clause */
/* What every way into the server must carry: the same tests over TLS and a Unix socket. */
#ifndef TESTS_SERVER_WAY_H
#define TESTS_SERVER_WAY_H

#include "server/harness.h"

/* A way in: opens a client, and a plain descriptor. */
struct way {
    redisContext *(*open)(const struct way *way);
    int (*open_raw)(const struct way *way);
    const struct server *server;
    const char *path;
    int port;
};

void way_carries_pubsub(const struct way *w);
void way_carries_blocking_reads(const struct way *w);
void way_carries_follows(const struct way *w);
void way_carries_large_arguments(const struct way *w); /* 64 MiB there and back */
void way_carries_long_pipelines(const struct way *w);  /* 100,000 commands */
void way_carries_both_ways_at_once(const struct way *w);
void way_tells_that_a_blocked_client_left(const struct way *w);

#endif

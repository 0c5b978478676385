/* SPDX-License-Identifier: BSD-3-Clause */
/* Sessions over a stream in memory, with an owner that executes a few made-up commands. */
#ifndef ECHOLOG_TESTS_SESSION_FIXTURE_H
#define ECHOLOG_TESTS_SESSION_FIXTURE_H

#include "session/block.h"
#include "session/hold.h"
#include "session/sessions.h"

#define FIXTURE_BIG_BYTES (600 * 1024)

struct fake_stream {
    struct stream stream;
    struct buf incoming; /* not read yet */
    struct buf sent;     /* written by the server */
    size_t room;         /* what may still be written */
    bool ended, closed;
    bool end_to_tell;
};

struct fixture;

struct test_hold {
    struct hold hold;
    struct fixture *fixture;
};

struct fixture {
    struct config config;
    struct clock clock;
    struct timers timers;
    struct trace trace;
    struct hash_key hash_key;
    struct pubsub *pubsub;
    struct sessions *all;
    struct fake_stream *client; /* of the session under test */
    struct session *session;
    struct buf received;
    struct frame *big;          /* what the command "big" replies */
    struct buf executed;        /* "name arg arg;" per command */
    struct test_hold holds[16]; /* started by the commands "hold" and "later" */
    int hold_count;
    int abandoned;
    struct blocker blocker; /* started by "block" */
    int blocks_ended;
    enum block_end last_end;
    bool overloaded;
};

void fixture_init(struct fixture *f);
void fixture_deinit(struct fixture *f);

/* A new connection. */
struct fake_stream *fixture_connect(struct fixture *f);
/* The client sends; the next turn sees it. */
void fixture_send(struct fake_stream *client, const char *text);
void fixture_end(struct fake_stream *client); /* the client closes its side */
/* One turn: read, execute, flush, bury, resume. */
void fixture_turn(struct fixture *f);
/* The peer takes `room` more bytes. */
void fixture_drain(struct fake_stream *client, size_t room);
/* What the client received, and what was executed, since the last call; valid until the next. */
const char *fixture_received(struct fixture *f);
const char *fixture_executed(struct fixture *f);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Sessions over a stream in memory, with an owner that executes a few made-up commands. */
#ifndef ECHOLOG_TESTS_SESSION_FIXTURE_H
#define ECHOLOG_TESTS_SESSION_FIXTURE_H

#include "session/block.h"
#include "session/hold.h"
#include "session/sessions.h"
#include "support/memory_client.h"

#define FIXTURE_BIG_BYTES (600 * 1024)

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
    struct access_vocabulary vocabulary; /* no commands */
    struct users *users;
    struct pubsub *pubsub;
    struct sessions *all;
    struct memory_client *client; /* of the session under test */
    struct session *session;
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

/* A new connection; the caller destroys it, after the fixture or when it is closed. */
struct memory_client *fixture_connect(struct fixture *f);
/* One turn: read, execute, flush, bury, resume. It sees what clients did. */
void fixture_turn(struct fixture *f);
/* What the client under test received, and what was executed, since the last call; valid until the next. */
const char *fixture_received(struct fixture *f);
const char *fixture_executed(struct fixture *f);

#endif

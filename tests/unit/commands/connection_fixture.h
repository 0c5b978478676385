/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands of connections over streams in memory: sessions, pub/sub and the table, without topics and
 * without a disk. Commands on topics must not be called here. */
#ifndef ECHOLOG_TESTS_CONNECTION_FIXTURE_H
#define ECHOLOG_TESTS_CONNECTION_FIXTURE_H

#include "commands/command.h"
#include "commands/insight.h"
#include "support/memory_client.h"

#define CLIENTS_MAX 4

struct fixture {
    struct services sv;
    struct insight insight;
    struct config config;
    struct clock clock;
    struct timers timers;
    struct trace trace;
    struct hash_key hash_key;
    struct access_vocabulary *vocabulary;
    struct access_log access_log;
    struct memory_client
        *clients[CLIENTS_MAX]; /* [0] is connected from the start; their ids count from 1 */
    int client_count;
    int shutdowns;
    char changed[64]; /* the directive that was changed last */
};

void fixture_init(struct fixture *f);
void fixture_deinit(struct fixture *f);
int fixture_connect(struct fixture *f);

/* Sends inline commands, one per line, and runs turns until nothing more happens; returns what that client
 * received since it was last asked, which is valid until then. */
const char *fixture_say(struct fixture *f, int client, const char *lines);
/* Moves the clock, lets what was to happen meanwhile happen, and runs turns until nothing more does. */
void fixture_pass(struct fixture *f, int64_t ms);
/* What it received without saying anything. */
const char *fixture_received(struct fixture *f, int client);
struct session *fixture_session(struct fixture *f, int client);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* A whole broker on a disk, a clock and connections in memory. */
#ifndef ECHOLOG_TESTS_SERVER_BROKER_FIXTURE_H
#define ECHOLOG_TESTS_SERVER_BROKER_FIXTURE_H

#include "server/broker.h"
#include "support/memory_client.h"
#include "unit/storage/fake_disk.h"

#define FIXTURE_CLIENTS 6

struct fixture {
    struct config config;
    struct clock clock;
    struct trace trace;
    struct fake_disk *disk;
    struct broker *broker;
    struct memory_client *clients[FIXTURE_CLIENTS];
};

void fixture_init(struct fixture *f);
void fixture_deinit(struct fixture *f);
/* A clean stop, and a start on the same disk with new connections. */
void fixture_restart(struct fixture *f);
/* The power goes; likewise. */
void fixture_power_cut(struct fixture *f);

/* One turn, with time going on a little. */
void fixture_turn(struct fixture *f);
/* Turns until jobs and timers have nothing more to do. */
void fixture_settle(struct fixture *f);
/* Sends, settles, and returns what came. */
const char *fixture_say(struct fixture *f, int client, const char *lines);
const char *fixture_received(struct fixture *f, int client);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* A connection between a simulated client and the broker, with what networks do: bytes come in pieces, the
 * client reads when it likes, the line breaks and takes with it what the server had sent already, and the
 * server may hear of that late. */
#ifndef ECHOLOG_TESTS_SIMBROKER_WIRE_H
#define ECHOLOG_TESTS_SIMBROKER_WIRE_H

#include "base/buf.h"
#include "net/stream.h"
#include "resp/reply.h"
#include "simbroker/world.h"

struct wire {
    struct stream stream;
    struct list link;
    struct world *world;  /* borrowed */
    struct buf to_server; /* on the way */
    struct buf to_client;
    struct reply_reader reader;
    uint64_t id;
    size_t room;        /* what the line takes from the server now */
    bool stalled;       /* the client takes nothing */
    bool cut;           /* the client is gone */
    int64_t told_us;    /* when the server hears of it */
    int64_t written_us; /* when the server last wrote */
    bool told;
    bool closed; /* by the server */
    bool held;   /* the client has it in hand */
};

struct wire *wire_connect(struct world *w);
/* A command: words with single spaces between; "%" as in printf. Dropped when the server has closed. */
__attribute__((format(printf, 2, 3))) void wire_send(struct wire *wire, const char *format, ...);
/* The next whole reply, the caller's; NULL: none has come yet. */
struct reply *wire_receive(struct wire *wire);
/* Whether nothing will come any more. */
bool wire_is_broken(const struct wire *wire);
/* The client lets go: what it did not read is lost. The server hears of it within `ms`. */
void wire_cut(struct wire *wire, int64_t ms);

/* For the world: moves bytes, tells of ends; frees what both sides have left. */
void wires_turn(struct world *w);
void wires_sweep(struct world *w);

#endif

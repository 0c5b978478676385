/* SPDX-License-Identifier: BSD-3-Clause */
/* A client whose connection is a stream in memory: what it sends is there at once, what it receives is
 * kept until it is looked at. */
#ifndef ECHOLOG_TESTS_MEMORY_CLIENT_H
#define ECHOLOG_TESTS_MEMORY_CLIENT_H

#include "base/buf.h"
#include "net/stream.h"
#include <stdbool.h>

struct memory_client {
    struct stream stream;
    struct buf incoming; /* sent by the client, not read yet */
    struct buf sent;     /* by the server, not looked at yet */
    struct buf shown;    /* what memory_client_received returned last */
    size_t room;         /* what the client's side still takes */
    bool ended;          /* the client sends no more */
    bool end_to_tell;    /* behind bytes that were read already */
    bool closed;         /* by the server */
    uint64_t written_at; /* grows with every write of the server to any client */
};

struct memory_client *memory_client_create(void);
/* The server must have closed the stream. */
void memory_client_destroy(struct memory_client *c);
void memory_client_send(struct memory_client *c, const char *text);
void memory_client_end(struct memory_client *c);
/* From now on the client takes `room` bytes and no more. */
void memory_client_make_room(struct memory_client *c, size_t room);
/* The reactor's part: to be called before every turn of the server. */
void memory_client_turn(struct memory_client *c);
/* What came since the last call, NUL-terminated, valid until the next. */
const char *memory_client_received(struct memory_client *c);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* A connection to the server: commands are queued, replies come one by one. Everything that waits does so
 * in one poll, which a byte on the interrupt descriptor also ends. */
#ifndef ECHOLOG_CLI_CONNECTION_H
#define ECHOLOG_CLI_CONNECTION_H

#include "base/buf.h"
#include "base/err.h"
#include "cli/secure.h"
#include "resp/reply.h"

struct connection_target {
    const char *host;
    int port;
    const char *socket;   /* a Unix socket in place of host and port; may be NULL */
    const char *user;     /* may be NULL */
    const char *password; /* may be NULL: no AUTH */
    int proto;            /* 2 or 3: asked for by HELLO; 0: as the server begins */
    struct secure_options secure;
};

#define CONNECTION_ERROR_BYTES 512
#define CONNECTION_READ_BYTES (64 * 1024)
#define CONNECTION_FOREVER (-1)
#define CONNECTION_QUEUED_BYTES_MAX (1024 * 1024) /* above it input has to wait */

struct connection {
    struct connection_target target; /* its strings are borrowed and outlive the connection */
    int interrupt_fd;                /* borrowed; readable when the user wants to stop; -1: none */
    int fd;                          /* owned; -1 while there is no connection */
    struct secure *secure;           /* owned; NULL: what is said goes as it is */
    struct buf in;
    size_t in_pos; /* where the next reply begins in `in` */
    struct reply_reader reader;
    struct buf out;
    size_t out_pos; /* sent up to here */
    char secure_why[SECURE_WHY_BYTES];
    char error[CONNECTION_ERROR_BYTES]; /* why it could not be opened, or was lost */
};

enum connection_event {
    CONNECTION_REPLY,
    CONNECTION_INPUT, /* `input_fd` is readable */
    CONNECTION_TIMEOUT,
    CONNECTION_INTERRUPTED, /* the interrupt descriptor is readable; nothing was taken from it */
    CONNECTION_LOST,        /* `error` says why; it is closed */
};

void connection_init(struct connection *c, const struct connection_target *target,
                     int interrupt_fd);
/* Which server it is, for people: "127.0.0.1:3246", "/run/echolog.sock". */
void connection_say_target(const struct connection_target *t, char *text, size_t room);
void connection_close(struct connection *c); /* and drops what is queued; harmless when closed */

/* Connects, authenticates and sets the protocol; closes a connection that was there. After an error
 * `error` says why in a sentence.
 * ERR_ACCESS  connected, but the server refused AUTH or HELLO: the connection can be used
 * ERR_IO      not connected */
MUST_CHECK
enum err connection_open(struct connection *c);
/* The same; whether it went well, and standard error says why not. */
bool connection_open_or_say(struct connection *c);
/* Asks for the target's protocol, as connection_open does; nothing when it names none. */
MUST_CHECK
enum err connection_hello(struct connection *c);
/* Takes over a connected descriptor; for tests. */
void connection_attach(struct connection *c, int fd);

/* Queues a command: how many words it has, then each of them. */
void connection_begin_command(struct connection *c, size_t words);
void connection_add_word(struct connection *c, struct bytes word);
void connection_add_string(struct connection *c, const char *word);
void connection_add_number(struct connection *c, int64_t number);
/* Queues bytes that are RESP already, or an inline command. */
void connection_add_raw(struct connection *c, struct bytes resp);

/* Sends what is queued and waits for the first of the events. A reply that is already here comes before an
 * interrupt, and both before input. `input_fd` may be -1; it is looked at only while little is queued, so that who
 * turns input into commands holds no more of it than the server takes. On CONNECTION_REPLY *reply is the caller's. */
MUST_CHECK
enum connection_event connection_wait(struct connection *c, int input_fd, int timeout_ms,
                                      struct reply **reply);

/* Sends of what is queued what the socket takes. A failure shows when it is next waited. */
void connection_flush(struct connection *c);

/* A clock that never goes back, for deadlines and durations. */
int64_t connection_now_ms(void);

/* False when the server has closed the connection, or there is none. */
bool connection_alive(struct connection *c);

#endif

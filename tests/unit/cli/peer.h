/* SPDX-License-Identifier: BSD-3-Clause */
/* The other end of a connection. It either speaks at once (peer_says), or a thread of it answers command
 * by command (peer_answers, peer_serves) as the server would; afterwards it holds what the client sent. */
#ifndef ECHOLOG_TESTS_UNIT_CLI_PEER_H
#define ECHOLOG_TESTS_UNIT_CLI_PEER_H

#include "base/buf.h"
#include "cli/connection.h"
#include <pthread.h>

#define PEER_ANSWERS_MAX 16

struct peer {
    struct connection connection;
    int fd;                /* the server's end; -1 once it hung up */
    int interrupt_pipe[2]; /* its read end is the connection's */
    struct buf received;   /* what the client sent, NUL-terminated by peer_received */
    const char *answers[PEER_ANSWERS_MAX]; /* borrowed; one for each command */
    size_t answer_count;
    bool hangs_up; /* behind the last answer */
    bool serving;  /* the thread is there */
    pthread_t thread;
};

void peer_open(struct peer *p);
void peer_close(struct peer *p);
void peer_says(struct peer *p, const char *resp);
/* Adds the answer to one more command; then peer_serves starts to give them. */
void peer_answers(struct peer *p, const char *resp);
void peer_serves(struct peer *p, bool hangs_up_behind);
/* Nothing more comes from the server; what it said is still read. */
void peer_hangs_up(struct peer *p);
void peer_interrupts(struct peer *p);
/* All that the client has sent, as text with each CRLF as a blank. Ends a serving peer's connection. */
const char *peer_received(struct peer *p);

/* A descriptor that reads as `text`, then ends. The caller closes it. */
int text_fd(const char *text, size_t len);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* A connection on which commands are asked and answered while other things come beside them. It knows which reply
 * belongs to which command. RESP3, where what comes by itself says that it does. */
#ifndef ECHOLOG_LAB_WIRE_H
#define ECHOLOG_LAB_WIRE_H

#include "base/check.h"
#include "cli/connection.h"
#include "cli/quoting.h"

#define WIRE_ASKED_MAX 1024 /* commands not answered yet */
#define WIRE_COMMAND_BYTES 32

/* A command that was sent. */
struct wire_asked {
    char command[WIRE_COMMAND_BYTES]; /* its first word, cut */
    size_t confirmations; /* it is answered by so many pushes (SUBSCRIBE); 0: by a reply */
    bool unseen;          /* nobody is to be shown it */
};

struct wire {
    struct connection connection;
    struct wire_asked asked[WIRE_ASKED_MAX]; /* a ring */
    size_t first, count;
};

enum wire_event {
    WIRE_NOTHING,
    WIRE_REPLY, /* to the oldest command */
    WIRE_PUSH,
    WIRE_LOST, /* connection.error says why */
};

/* Connects to the target, which outlives the wire. ERR_IO, ERR_ACCESS: connection.error says why. */
MUST_CHECK
enum err wire_open(struct wire *w, const struct connection_target *target, int interrupt_fd);
void wire_close(struct wire *w); /* and forgets what was asked */
bool wire_is_open(const struct wire *w);

void wire_ask(struct wire *w, const struct words *words, bool unseen);
/* What has come, without waiting; sends what is queued. The reply is the caller's. *answered is set on WIRE_REPLY. */
MUST_CHECK
enum wire_event wire_take(struct wire *w, struct reply **reply, struct wire_asked *answered);

#endif

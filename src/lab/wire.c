/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/wire.h"
#include <stdio.h>

enum err wire_open(struct wire *w, const struct connection_target *target, int interrupt_fd)
{
    connection_init(&w->connection, target, interrupt_fd);
    w->connection.target.proto = 3;
    w->first = w->count = 0;
    enum err err = connection_open(&w->connection);
    /* While something is played the stage itself looks for interrupts. */
    w->connection.interrupt_fd = -1;
    return err;
}

void wire_close(struct wire *w)
{
    connection_close(&w->connection);
    w->first = w->count = 0;
}

bool wire_is_open(const struct wire *w)
{
    return w->connection.fd >= 0;
}

/* How many pushes answer it. FOLLOW is used for one topic at a time. */
static size_t confirmations_of(const struct words *words)
{
    static const char *const each[] = {"SUBSCRIBE",   "PSUBSCRIBE",   "SSUBSCRIBE",
                                       "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"};

    for (size_t i = 0; i < COUNT_OF(each); i++)
        if (bytes_is(words->items[0], each[i]))
            return words->count > 1 ? words->count - 1 : 1;
    return bytes_is(words->items[0], "FOLLOW") || bytes_is(words->items[0], "UNFOLLOW") ? 1 : 0;
}

void wire_ask(struct wire *w, const struct words *words, bool unseen)
{
    ASSERT(words->count > 0 && w->count < WIRE_ASKED_MAX);
    struct wire_asked *asked = &w->asked[(w->first + w->count++) % WIRE_ASKED_MAX];

    *asked = (struct wire_asked){.confirmations = confirmations_of(words), .unseen = unseen};
    snprintf(asked->command, sizeof(asked->command), "%s", words->items[0].data);
    connection_begin_command(&w->connection, words->count);
    for (size_t i = 0; i < words->count; i++)
        connection_add_word(&w->connection, words->items[i]);
}

/* SUBSCRIBE is answered by "subscribe", and so on; the last one counts. */
static bool confirms(struct wire *w, const struct reply *push)
{
    struct wire_asked *oldest = &w->asked[w->first];

    return w->count > 0 && oldest->confirmations > 0 && push->count > 0 &&
           bytes_is(push->items[0].text, oldest->command) && --oldest->confirmations == 0;
}

enum wire_event wire_take(struct wire *w, struct reply **reply, struct wire_asked *answered)
{
    switch (connection_wait(&w->connection, -1, 0, reply)) {
    case CONNECTION_REPLY:
        break;
    case CONNECTION_LOST:
        w->count = 0;
        return WIRE_LOST;
    default:
        return WIRE_NOTHING;
    }
    bool refused = (*reply)->kind == REPLY_ERROR;
    if ((*reply)->kind == REPLY_PUSH && !confirms(w, *reply))
        return WIRE_PUSH;
    if (w->count == 0) { /* an answer that nobody asked for */
        reply_free(*reply);
        snprintf(w->connection.error, sizeof(w->connection.error), "%s",
                 refused ? "the server sent an error and no command was under way"
                         : "the server sent a reply and no command was under way");
        connection_close(&w->connection);
        return WIRE_LOST;
    }
    *answered = w->asked[w->first];
    w->first = (w->first + 1) % WIRE_ASKED_MAX;
    w->count--;
    return WIRE_REPLY;
}

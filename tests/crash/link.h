/* SPDX-License-Identifier: BSD-3-Clause */
/* A connection that pipelines: many commands are under way, and their replies come in order. */
#ifndef TESTS_CRASH_LINK_H
#define TESTS_CRASH_LINK_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINK_WINDOW_MAX 128
#define LINK_ARGUMENTS_MAX 80

/* What a reply belongs to; the link's owner gives it a meaning. */
struct request {
    int kind;
    uint32_t topic;
    uint32_t first, count;
    int32_t partition;
    int64_t offset;
};

struct link {
    redisContext *context; /* NULL: closed */
    void (*answered)(void *ctx, const struct request *request, const redisReply *reply);
    void *ctx;
    struct request waiting[LINK_WINDOW_MAX]; /* a ring */
    size_t first, count;
};

struct command {
    int count;
    const char *words[LINK_ARGUMENTS_MAX];
    size_t lens[LINK_ARGUMENTS_MAX];
};
/* Words are borrowed until link_send. */
void command_add(struct command *c, const char *word);
void command_add_bytes(struct command *c, const char *bytes, size_t len);

bool link_open(struct link *k, int port);
void link_close(struct link *k);
static inline bool link_has_room(const struct link *k, size_t window)
{
    return k->context != NULL && k->count < window && k->count < LINK_WINDOW_MAX;
}
void link_send(struct link *k, const struct command *c, const struct request *request);
/* Which poll events it waits for. */
short link_events(const struct link *k);
/* Writes and reads what can be; closes at the connection's end. */
void link_turn(struct link *k, short events);
/* Reads what is still there to its end, and closes. */
void link_drain(struct link *k);

#endif

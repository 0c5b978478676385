/* SPDX-License-Identifier: BSD-3-Clause */
#include "crash/link.h"
#include <hiredis/sds.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DRAIN_MS 5000

void command_add_bytes(struct command *c, const char *bytes, size_t len)
{
    if (c->count == LINK_ARGUMENTS_MAX)
        abort();
    c->words[c->count] = bytes;
    c->lens[c->count++] = len;
}

void command_add(struct command *c, const char *word)
{
    command_add_bytes(c, word, strlen(word));
}

bool link_open(struct link *k, int port)
{
    k->context = redisConnectNonBlock("127.0.0.1", port);
    k->first = k->count = 0;
    if (k->context != NULL && k->context->err == 0)
        return true;
    link_close(k);
    return false;
}

void link_close(struct link *k)
{
    if (k->context != NULL)
        redisFree(k->context);
    k->context = NULL;
}

void link_send(struct link *k, const struct command *c, const struct request *request)
{
    k->waiting[(k->first + k->count++) % LINK_WINDOW_MAX] = *request;
    const char *words[LINK_ARGUMENTS_MAX]; /* what hiredis asks for is not const enough */
    memcpy(words, c->words, sizeof(words));
    redisAppendCommandArgv(k->context, c->count, words, c->lens);
}

short link_events(const struct link *k)
{
    return (short)(POLLIN | (sdslen(k->context->obuf) > 0 ? POLLOUT : 0));
}

/* False: the connection is at its end. */
static bool take_replies(struct link *k)
{
    bool open = redisBufferRead(k->context) == REDIS_OK;
    void *reply = NULL;
    while (redisReaderGetReply(k->context->reader, &reply) == REDIS_OK && reply != NULL) {
        if (k->count == 0) {
            printf("    a reply came that nobody asked for\n");
            abort();
        }
        struct request request = k->waiting[k->first];
        k->first = (k->first + 1) % LINK_WINDOW_MAX;
        k->count--;
        k->answered(k->ctx, &request, reply);
        freeReplyObject(reply);
        reply = NULL;
    }
    return open;
}

void link_turn(struct link *k, short events)
{
    int done;
    if ((events & POLLOUT) && redisBufferWrite(k->context, &done) != REDIS_OK) {
        link_drain(k); /* what came before the end counts */
        return;
    }
    if ((events & (POLLIN | POLLHUP | POLLERR)) && !take_replies(k))
        link_close(k);
}

void link_drain(struct link *k)
{
    while (k->context != NULL) {
        struct pollfd pfd = {.fd = k->context->fd, .events = POLLIN};
        k->context->err = 0;
        if (poll(&pfd, 1, DRAIN_MS) <= 0 || !take_replies(k))
            link_close(k);
    }
}

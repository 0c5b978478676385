/* SPDX-License-Identifier: BSD-3-Clause */
/* An OK that waits until changes of topics are durable. The session goes on meanwhile: the reply's slot
 * keeps the order. */
#ifndef ECHOLOG_COMMANDS_CHANGE_REPLY_H
#define ECHOLOG_COMMANDS_CHANGE_REPLY_H

#include "commands/command.h"

struct change_reply;

/* The topic of that name, which a client wants to change. NULL with an answer when there is none, or it is
 * internal. */
struct topic *change_topic(struct call *c, struct bytes name);

/* For up to `count` changes; `doing` words a failure: "create", "alter", "delete". Static. */
struct change_reply *change_reply_create(size_t count, const char *doing);
/* The next change to hand to the catalog, about the topic of that name. */
struct topic_change *change_reply_next(struct change_reply *r, struct bytes topic);
/* The catalog refused it at once: it will not be done. */
void change_reply_drop_last(struct change_reply *r);
/* Answers when all are done; with OK at once when there are none. Takes `r` over. */
void change_reply_start(struct change_reply *r, struct call *c);
/* Frees one that was not started; none of its changes may be under way. */
void change_reply_destroy(struct change_reply *r);

#endif

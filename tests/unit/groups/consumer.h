/* SPDX-License-Identifier: BSD-3-Clause */
/* Groups over a catalog on a real disk (tests/unit/topics/rig.h), and connections without sockets that
 * CONSUME from them: what each is answered, as text. */
#ifndef ECHOLOG_TESTS_GROUPS_CONSUMER_H
#define ECHOLOG_TESTS_GROUPS_CONSUMER_H

#include "groups/consume.h"
#include "unit/topics/rig.h"

struct group_rig {
    struct rig rig;
    struct groups *groups;
};
void group_rig_open(struct group_rig *b);
void group_rig_open_groups(struct group_rig *b); /* where the rig was restarted */
void group_rig_close(struct group_rig *b);
void group_rig_turn(struct group_rig *b); /* with what becomes of assignments */
/* Time goes on. */
void group_rig_pass_ms(struct group_rig *b, int64_t ms);
struct group_partition *group_rig_partition(struct group_rig *b, const char *group,
                                            const char *topic, int partition);

struct connection {
    struct group_client client;
    struct out_pool pool;
    struct out out;
    char address[32];
    int told; /* of assignments */
};
void connection_open(struct connection *k);
/* All that was answered has reached the client. */
void connection_receive(struct connection *k);
void connection_close(struct connection *k);

struct asked {
    struct consume consume;
    struct connection *connection;
    bool done;
    char *text; /* "t/0=a b" or "t/0=-RANGE 0..3 at 5", joined by " | "; "-FENCED"; owned */
};
/* CONSUME g <member> … TOPICS <topics, with blanks between>; options that are zero are the defaults. */
void ask(struct group_rig *b, struct connection *k, struct asked *a, const char *member,
         const struct consume_options *options, const char *topics);
void asked_end(struct asked *a);
/* The answer to one that does not wait. Valid until the next call. */
const char *answer_to(struct group_rig *b, struct connection *k, const char *member,
                      const struct consume_options *options, const char *topics);

#endif

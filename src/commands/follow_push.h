/* SPDX-License-Identifier: BSD-3-Clause */
/* What followers are sent, in RESP2 an array, in RESP3 a push:
 *
 *   record <topic> <partition> <offset> <timestamp> <key> <value> <headers>
 *   lost <topic> <partition> <from> <to> <error>
 *   follow <topic> <partition> <offset> <count>
 *   unfollow <topic> <partition> <offset> <count> <error>
 *
 * `to` is where it goes on; `count` is how many partitions the connection follows then; the error of unfollow is null when
 * the client asked for it. A pattern of the log form only ever gives messages, so that any client's pub/sub code
 * takes them; what was lost has a range in the place of the offset, and the error as its message:
 *
 *   pmessage <pattern> <topic>/<partition>@<offset>[ <key>] <value>
 *   pmessage <pattern> <topic>/<partition>@<from>-<to> <error> */
#ifndef ECHOLOG_COMMANDS_FOLLOW_PUSH_H
#define ECHOLOG_COMMANDS_FOLLOW_PUSH_H

#include "resp/writer.h"
#include "topics/follow.h"

/* Of the follower that is part of a session. */
extern const struct follower_ops follow_push_ops;

/* That a partition is followed from `offset` on. */
void write_follow(struct writer *w, const struct follower *f, const struct topic_partition *tp,
                  int64_t offset);
/* That it is not any more, as the client asked. */
void write_unfollow(struct writer *w, const struct follower *f, const struct topic_partition *tp,
                    int64_t offset);

#endif

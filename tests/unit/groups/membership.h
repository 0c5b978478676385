/* SPDX-License-Identifier: BSD-3-Clause */
/* Members of a group that ask without reading, who has what as text, and everything that must hold of groups
 * at any time. */
#ifndef ECHOLOG_TESTS_GROUPS_MEMBERSHIP_H
#define ECHOLOG_TESTS_GROUPS_MEMBERSHIP_H

#include "consumer.h"
#include "groups/commit.h"

struct group *group_of(struct group_rig *b, const char *name); /* made if need be */
/* What a CONSUME does before it reads: joins or asks again, gives up and takes. `topics` with blanks
 * between. */
struct member *asks_in(struct group_rig *b, const char *group, const char *member,
                       const char *topics);
struct member *asks(struct group_rig *b, const char *member, const char *topics); /* of group "g" */
/* NULL when it is none. */
struct member *member_named(struct group_rig *b, const char *name);

/* The owner (target) of each partition of a topic of group "g": "c1 c1 - c2". Valid until the next call of
 * the same function. */
const char *owners(struct group_rig *b, const char *topic);
const char *targets(struct group_rig *b, const char *topic);
/* What is committed: "4 - 7". */
const char *committed(struct group_rig *b, const char *topic);
const char *last_line(struct group_rig *b); /* traced */

/* Fails the test when something does not hold of any group. */
void check_groups(struct group_rig *b);

/* Stops the broker and starts it again, without a word to groups that were there. */
void group_rig_restart(struct group_rig *b);
/* Until all that was written is on the disk, or known to have failed. */
void group_rig_until_written(struct group_rig *b);
/* A crash now, and a start on what it leaves; `b` goes on. */
void group_rig_crash_copy(struct group_rig *b, struct group_rig *after);

#endif

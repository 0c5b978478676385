/* SPDX-License-Identifier: BSD-3-Clause */
/* Committing offsets: of a member's work, and by GROUP SEEK. A committed offset is, as Kafka's, that of the
 * next record to be read. What is in memory changes when the records are appended; a reply waits for
 * them. */
#ifndef ECHOLOG_GROUPS_COMMIT_H
#define ECHOLOG_GROUPS_COMMIT_H

#include "groups/groups.h"

struct commit {
    /* In. */
    struct bytes topic;
    int64_t number;
    struct group_partition
        *gp; /* NULL: the group has no such partition (GROUP SEEK makes it one) */
    int64_t offset;
    struct bytes metadata; /* may be null */
};

struct commit_result {
    struct topic_partition *where; /* NULL: there was nothing to write */
    struct appended appended;
};

/* COMMIT with triples: checks all, then changes all or nothing.
 * ERR_FENCED a partition is not the member's; ERR_RANGE past the end of the log; ERR_INVALID below what is
 * committed, metadata too long; ERR_TOO_LARGE; others as offset_store_write. The same partition twice: the last
 * one counts. */
MUST_CHECK
enum err commit_offsets(struct member *m, const struct commit *commits, size_t count, enum ack ack,
                        struct buf *why, struct commit_result *result);

/* Everything handed out over `client` in replies that had gone out whole, up to output position `sent`, when
 * the command was read (COMMIT without triples). Nothing handed: nothing to write, ERR_OK. */
MUST_CHECK
enum err commit_handed(struct member *m, const struct group_client *client, uint64_t sent,
                       enum ack ack, struct buf *why, struct commit_result *result);
/* The same as CONSUME does it with COMMIT AUTO: not waited for, a failure is traced. */
void commit_handed_unheard(struct member *m, const struct group_client *client, uint64_t sent);

/* Puts the committed offsets of partitions of a group without members, as GROUP SEEK: also backwards. The
 * offsets are in the log's range. ERR_NOT_EMPTY it has members; ERR_NOT_FOUND there is no such topic or
 * partition; others as offset_store_write. */
MUST_CHECK
enum err commit_seek(struct group *g, const struct commit *commits, size_t count, enum ack ack,
                     struct buf *why, struct commit_result *result);

/* At once and unheard: where a group begins (RESET LATEST, new partitions, RESET after a loss). */
void commit_start(struct group_partition *gp, int64_t offset);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The records of __consumer_offsets, as Kafka writes them. All integers are big-endian; a string is an i16
 * length and its bytes.
 *
 *   committed offset  key    version i16 = 1, group string, topic string, partition i32
 *                     value  version i16 = 3, offset i64, leader epoch i32, metadata string,
 *                            commit timestamp i64; a null value: no offset any more
 *   group             key    version i16 = 2, group string
 *                     value  version i16 = 3, protocol type string, generation i32, protocol string
 *                            (nullable), leader string (nullable), state timestamp i64, members i32 = 0
 * The record of a committed offset has a header "topic-id" with the id of the topic it is of.
 * Membership is not stored. Of the group's record, generation is the bound below which its epochs are
 * taken, and the timestamp says since when it has had no members (-1: it has some).
 * Kafka's message definitions OffsetCommitKey, OffsetCommitValue, GroupMetadataKey, GroupMetadataValue:
 * https://github.com/apache/kafka/tree/trunk/group-coordinator/src/main/resources/common/message */
#ifndef ECHOLOG_GROUPS_OFFSET_CODEC_H
#define ECHOLOG_GROUPS_OFFSET_CODEC_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

#define TOPIC_ID_HEADER "topic-id"
#define OFFSET_METADATA_BYTES_MAX 4096 /* Kafka's offset.metadata.max.bytes */

struct offset_key {
    bool is_group; /* the group's own record: topic and partition mean nothing */
    struct bytes group, topic;
    int32_t partition;
};
struct offset_value {
    int64_t offset;
    int32_t leader_epoch; /* -1: not known */
    struct bytes metadata;
    int64_t commit_ms;
    /* The id of the topic that is meant, since another may have its name later; null: not known. Not part of the
     * value: the record carries it as a header, which Kafka does not look at. */
    struct bytes topic_id;
};
struct group_value {
    int32_t epoch_bound;
    int64_t empty_since_ms; /* -1: has members */
};

/* Each appends to `out`. */
void offset_key_write(const struct offset_key *key, struct buf *out);
void offset_value_write(const struct offset_value *value, struct buf *out);
void group_value_write(const struct group_value *value, struct buf *out);

/* What is read is borrowed from `data`. ERR_UNSUPPORTED another version (or kind of key) than ours;
 * ERR_CORRUPT it does not add up. Bytes behind the end are let pass, as newer versions may add some. */
MUST_CHECK
enum err offset_key_read(struct bytes data, struct offset_key *key);
MUST_CHECK
enum err offset_value_read(struct bytes data, struct offset_value *value);
MUST_CHECK
enum err group_value_read(struct bytes data, struct group_value *value);

#endif

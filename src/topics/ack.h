/* SPDX-License-Identifier: BSD-3-Clause */
/* Appending records, and waiting for them to reach a level. */
#ifndef ECHOLOG_TOPICS_ACK_H
#define ECHOLOG_TOPICS_ACK_H

#include "topics/topic.h"

struct appended {
    int64_t offset; /* of the first record */
    uint64_t batch; /* its fate; see storage/partition.h */
};

/* Appends records that stay together and marks the partition for this turn's commit. `ack` SYNCED also
 * asks for a sync. Errors as partition_append; ERR_NOT_FOUND the topic was deleted; and the cause when
 * the partition could not be opened. */
MUST_CHECK
enum err topic_append(struct topic_partition *tp, const struct record *records, size_t count,
                      enum ack ack, struct appended *result);

/* Someone who waits for a batch. Embedded; in at most one list. */
struct ack_wait {
    struct list link;
    uint64_t batch;
    /* Called once, never from within ack_wait_start: ERR_OK, or why it failed (ERR_NOSPACE, ERR_IO,
     * ERR_FAILED, ERR_NOT_FOUND deleted). The wait is out of its list by then. */
    void (*done)(struct ack_wait *wait, enum err err);
};

/* Waits for `batch`, the last appended one of `tp`, to reach `ack` (not ACK_NONE). `done` is set. While
 * the topic is being created nothing counts as written or synced. */
void ack_wait_start(struct ack_wait *wait, struct topic_partition *tp, uint64_t batch,
                    enum ack ack);
/* Harmless when over, but the wait must have been started. */
void ack_wait_cancel(struct ack_wait *wait);

/* Read your writes: gets what was appended so far written. Returns the batch to wait for (ACK_WRITTEN). The
 * partition has a log. */
uint64_t topic_partition_settle(struct topic_partition *tp);
/* Whether that is over: the batch was written, or never will be. */
bool topic_partition_settled(const struct topic_partition *tp, uint64_t batch);

#endif

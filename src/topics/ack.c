/* SPDX-License-Identifier: BSD-3-Clause */
/* Appending, and waiting for what was appended. The lists of waits are in batch order, so that an event
 * of the log touches only those it concerns. */
#include "topics/ack.h"

#include "topics/catalog.h"

enum err topic_append(struct topic_partition *tp, const struct record *records, size_t count,
                      enum ack ack, struct appended *result)
{
    struct appended appended;
    enum err err;

    if (UNLIKELY(tp->topic->deleted))
        return ERR_NOT_FOUND;
    if (UNLIKELY(tp->log == NULL))
        return tp->failed;
    err = partition_append(tp->log, records, count, &appended.offset, &appended.batch);
    if (UNLIKELY(err != ERR_OK))
        return err;
    for (size_t i = 0; i < count && !tp->keyed; i++)
        tp->keyed = !bytes_is_null(records[i].key);
    if (ack == ACK_SYNCED)
        tp->want_sync = true;
    catalog_mark_dirty(tp->topic->catalog, tp);
    *result = appended;
    return ERR_OK;
}

/* Whether the fate of the batch is known. */
static bool decided(const struct topic_partition *tp, uint64_t batch, enum ack ack)
{
    if (tp->topic->deleted || tp->log == NULL || batch <= tp->refused_last)
        return true;
    if (tp->making)
        return false;
    return batch <=
           (ack == ACK_SYNCED ? partition_batch_synced(tp->log) : partition_batch_written(tp->log));
}

void ack_wait_start(struct ack_wait *wait, struct topic_partition *tp, uint64_t batch, enum ack ack)
{
    struct list *waits = ack == ACK_SYNCED ? &tp->waits_synced : &tp->waits_written;
    struct list *after = waits->prev;

    ASSERT(ack != ACK_NONE);
    wait->batch = batch;
    while (after != waits && CONTAINER_OF(after, struct ack_wait, link)->batch > batch)
        after = after->prev;
    list_insert_before(after->next, &wait->link);
    /* Somebody had it written in between: the commit of this turn finds the wait. */
    if (decided(tp, batch, ack))
        catalog_mark_dirty(tp->topic->catalog, tp);
    else if (ack == ACK_SYNCED)
        tp->want_sync = true;
}

void ack_wait_cancel(struct ack_wait *wait)
{
    list_remove(&wait->link);
}

uint64_t topic_partition_settle(struct topic_partition *tp)
{
    if (partition_batch_last(tp->log) > partition_batch_written(tp->log))
        partition_commit(tp->log);
    return partition_batch_last(tp->log);
}

bool topic_partition_settled(const struct topic_partition *tp, uint64_t batch)
{
    uint64_t decided;

    if (tp->topic->deleted || tp->log == NULL)
        return true;
    if (tp->making)
        return false;
    decided = partition_batch_written(tp->log);
    if (tp->refused_last > decided)
        decided = tp->refused_last;
    return decided >= batch;
}

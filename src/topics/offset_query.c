/* SPDX-License-Identifier: BSD-3-Clause */
/* One position of one partition: settles what was appended before, then looks or searches. */
#include "topics/fetch.h"
#include "topics/topic_partition.h"

enum query_state { QUERY_IDLE, QUERY_WAITING, QUERY_DONE };

static void finish(struct offset_query *q)
{
    q->state = QUERY_DONE;
    q->done(q);
}

static void take_seek(struct offset_query *q)
{
    q->err = q->seek.err;
    if (q->err == ERR_OK) {
        q->offset = q->seek.offset;
        q->timestamp_ms = q->seek.found_timestamp_ms;
    }
    partition_seek_end(&q->seek);
    q->seeking = false;
}

static void seek_done(struct partition_seek *seek)
{
    struct offset_query *q = seek->ctx;

    take_seek(q);
    finish(q);
}

/* ERR_AGAIN: a worker was asked. */
static enum err resolve(struct offset_query *q)
{
    struct topic_partition *tp = q->tp;

    if (tp->topic->deleted || tp->log == NULL) {
        q->err = tp->topic->deleted ? ERR_NOT_FOUND : tp->failed;
        return ERR_OK;
    }
    if (q->from != FETCH_FROM_TIME) {
        q->offset = q->from == FETCH_FROM_EARLIEST ? partition_log_start(tp->log)
                                                   : partition_next_offset(tp->log);
        return ERR_OK;
    }
    q->seek = (struct partition_seek){.timestamp_ms = q->value, .done = seek_done, .ctx = q};
    q->seeking = true;
    if (partition_seek(tp->log, &q->seek) == ERR_AGAIN)
        return ERR_AGAIN;
    take_seek(q);
    return ERR_OK;
}

static bool due(struct topic_reader *reader)
{
    struct offset_query *q = CONTAINER_OF(reader, struct offset_query, reader);

    return topic_partition_settled(q->tp, q->batch);
}

static void wake(struct topic_reader *reader)
{
    struct offset_query *q = CONTAINER_OF(reader, struct offset_query, reader);

    if (resolve(q) == ERR_OK)
        finish(q);
}

enum err offset_query_start(struct offset_query *q)
{
    struct topic_partition *tp = q->tp;

    ASSERT(q->state == QUERY_IDLE && q->from != FETCH_FROM_OFFSET);
    topic_ref(tp->topic);
    topic_reader_init(&q->reader, due, wake);
    q->err = ERR_OK;
    q->offset = -1;
    q->timestamp_ms = -1;
    q->batch = 0;
    if (tp->log != NULL && !tp->topic->deleted)
        q->batch = topic_partition_settle(tp);
    q->state = QUERY_WAITING;
    if (!topic_partition_settled(tp, q->batch)) {
        topic_reader_wait(&q->reader, tp);
        return ERR_AGAIN;
    }
    if (resolve(q) == ERR_AGAIN)
        return ERR_AGAIN;
    q->state = QUERY_DONE;
    return ERR_OK;
}

void offset_query_end(struct offset_query *q)
{
    if (q->state == QUERY_IDLE)
        return;
    q->state = QUERY_IDLE;
    topic_reader_cancel(&q->reader);
    if (q->seeking)
        partition_seek_end(&q->seek);
    q->seeking = false;
    topic_unref(q->tp->topic);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Making internal topics, and reading them through at start. */
#include "topics/internal_topic.h"

#include "topics/ack.h"

#include "topics/catalog_private.h"
#include <inttypes.h>
#include <stdio.h>

#define READ_BYTES (256 * 1024)

/* --- making ---------------------------------------------------------------------------------- */

static enum err make(struct catalog *c, struct bytes name, struct buf *why, struct topic **topic)
{
    char segment_bytes[24], batch_bytes[24];
    struct bytes pairs[6];

    snprintf(segment_bytes, sizeof(segment_bytes), "%d", INTERNAL_SEGMENT_BYTES);
    snprintf(batch_bytes, sizeof(batch_bytes), "%d", INTERNAL_BATCH_BYTES_MAX);
    pairs[0] = BYTES_LITERAL("cleanup.policy");
    pairs[1] = BYTES_LITERAL("compact");
    pairs[2] = BYTES_LITERAL("segment.bytes");
    pairs[3] = bytes_of_string(segment_bytes);
    pairs[4] = BYTES_LITERAL("max.message.bytes");
    pairs[5] = bytes_of_string(batch_bytes);
    return catalog_create_topic(c, name, 1, pairs, COUNT_OF(pairs) / 2, NULL, why, topic);
}

enum err internal_topic(struct catalog *c, struct bytes name, struct buf *why, struct topic **topic)
{
    struct topic *found = catalog_find(c, name);

    ASSERT(topic_is_internal(name));
    if (found == NULL)
        return make(c, name, why, topic);
    *topic = found;
    return ERR_OK;
}

/* --- reading through --------------------------------------------------------------------------- */

struct reading {
    struct catalog *c;
    struct topic_partition *tp;
    internal_record_fn *fn;
    void *ctx;
    int64_t offset; /* where to go on */
    uint64_t damaged;
    bool done;
};

static void skip_damaged(struct reading *r, int64_t from, int64_t to)
{
    TRACE_WARN(r->c->o.trace,
               "Topic '%s': offsets %" PRId64 " to %" PRId64 " are damaged; what they said is lost",
               r->tp->topic->name.data, from, to - 1);
    r->damaged++;
}

static void read_batch(struct reading *r, struct bytes batch, const struct batch_header *header)
{
    struct batch_iter it;
    struct record_view record;
    enum err err = batch_iter_init(&it, batch);

    while (err == ERR_OK && (err = batch_iter_next(&it, &record)) == ERR_OK) {
        if (record.offset >= r->offset)
            r->fn(r->ctx, &record);
    }
    if (err != ERR_NOT_FOUND)
        skip_damaged(r, header->base_offset, batch_header_last_offset(header) + 1);
}

static void read_batches(struct reading *r, struct bytes batches)
{
    while (batches.len > 0) {
        struct batch_header header;
        enum err err = batch_header_read(batches, INT32_MAX, &header);
        size_t len;

        ASSERT(err == ERR_OK); /* whole and checked */
        len = batch_header_len(&header);
        read_batch(r, bytes_of(batches.data, len), &header);
        batches = bytes_of(batches.data + len, batches.len - len);
    }
}

static void on_read(struct partition_read *read)
{
    *(bool *)read->ctx = true;
}

/* One read and what follows from it. */
static enum err read_on(struct reading *r)
{
    bool done = false;
    struct partition_read read = {
        .offset = r->offset, .bytes_max = READ_BYTES, .done = on_read, .ctx = &done};
    enum err err;

    if (partition_read(r->tp->log, &read) == ERR_AGAIN) {
        while (!done)
            disk_wait(r->c->o.disk);
    }
    err = read.err;
    if (err == ERR_OK) {
        read_batches(r, read.batches);
        r->offset = read.next_offset;
    } else if (err == ERR_CORRUPT) {
        skip_damaged(r, r->offset, read.corrupt_to);
        r->offset = read.corrupt_to;
        err = ERR_OK;
    }
    partition_read_end(&read);
    return err;
}

enum err internal_topic_read(struct catalog *c, struct bytes name, internal_record_fn *fn,
                             void *ctx, uint64_t *damaged)
{
    struct topic *t = catalog_find(c, name);
    struct reading r = {.c = c, .fn = fn, .ctx = ctx};
    enum err err = ERR_OK;

    ASSERT(topic_is_internal(name));
    *damaged = 0;
    if (t == NULL)
        return catalog_name_has_meta(c, name) ? ERR_FAILED : ERR_OK;
    r.tp = topic_partition(t, 0);
    if (r.tp->log == NULL)
        return r.tp->failed;
    r.offset = partition_log_start(r.tp->log);
    while (err == ERR_OK && r.offset < partition_next_offset(r.tp->log)) {
        int64_t before = r.offset;

        err = read_on(&r);
        ASSERT(err != ERR_OK || r.offset > before);
    }
    if (err != ERR_OK)
        TRACE_WARN(c->o.trace, "Topic '%s' cannot be read from offset %" PRId64 " on: %s",
                   t->name.data, r.offset, err_text(err));
    *damaged = r.damaged;
    return err;
}

/* --- waiting ------------------------------------------------------------------------------------ */

struct sync {
    struct ack_wait wait;
    bool over;
    enum err err;
};

static void on_synced(struct ack_wait *wait, enum err err)
{
    struct sync *sync = CONTAINER_OF(wait, struct sync, wait);

    sync->err = err;
    sync->over = true;
}

enum err internal_topic_sync(struct catalog *c, struct bytes name)
{
    struct sync sync = {.wait = {.done = on_synced}};
    struct topic *t = catalog_find(c, name);
    struct topic_partition *tp;

    if (t == NULL)
        return ERR_NOT_FOUND;
    tp = topic_partition(t, 0);
    if (tp->log == NULL)
        return tp->failed;
    partition_want_sync(tp->log);
    ack_wait_start(&sync.wait, tp, partition_batch_last(tp->log), ACK_SYNCED);
    while (!sync.over) {
        catalog_commit(c);
        disk_wait(c->o.disk);
    }
    return sync.err;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Fetching. One part is at work at a time, in two rounds:
 *
 *   settling   each part: what was appended before is written; the position becomes an offset
 *   reading    each part in turn, until bytes or records are enough
 *   parked     all parts: until enough has come to one of them, then reading begins anew
 *
 * A parked fetch is told of each write to its partitions and only counts; it reads again when what it
 * waits for is there. Knows nothing of replies. */
#include "topics/fetch.h"

#include "base/mem.h"
#include "topics/topic_partition.h"

enum fetch_state { FETCH_IDLE, FETCH_SETTLING, FETCH_READING, FETCH_PARKED, FETCH_DONE };

static void advance(struct fetch *f);

/* --- a part ---------------------------------------------------------------------------------- */

static void part_fail(struct fetch_part *part, enum err err)
{
    part->err = err;
    part->fetch->failed = true;
}

/* The partition, if it can be read; else the part has its error. */
static struct partition *part_log(struct fetch_part *part)
{
    struct topic_partition *tp = part->tp;

    if (tp->topic->deleted)
        part_fail(part, ERR_NOT_FOUND);
    else if (tp->log == NULL)
        part_fail(part, tp->failed);
    else
        return tp->log;
    return NULL;
}

static void part_release(struct fetch_part *part)
{
    if (part->reading)
        partition_read_end(&part->read);
    part->reading = false;
    part->batches = BYTES_NULL;
    buf_deinit(&part->copy);
}

static void part_look(struct fetch_part *part, const struct partition *log)
{
    part->log_start = partition_log_start(log);
    part->next_offset = partition_next_offset(log);
}

/* --- settling -------------------------------------------------------------------------------- */

static void seek_done(struct partition_seek *seek)
{
    struct fetch_part *part = seek->ctx;

    part->settled = true;
    advance(part->fetch);
}

static void take_seek(struct fetch_part *part)
{
    if (part->seek.err == ERR_OK)
        part->offset = part->seek.offset;
    else
        part_fail(part, part->seek.err);
    partition_seek_end(&part->seek);
    part->seeking = false;
}

/* Turns the position into an offset. ERR_AGAIN: it takes a worker. */
static enum err part_resolve(struct fetch_part *part, struct partition *log)
{
    switch (part->from) {
    case FETCH_FROM_OFFSET:
        part->offset = part->value;
        return ERR_OK;
    case FETCH_FROM_EARLIEST:
        part->offset = partition_log_start(log);
        return ERR_OK;
    case FETCH_FROM_LATEST:
        part->offset = partition_next_offset(log);
        return ERR_OK;
    case FETCH_FROM_TIME:
        break;
    }
    part->seek = (struct partition_seek){
        .timestamp_ms = part->value,
        .done = seek_done,
        .ctx = part,
    };
    part->seeking = true;
    if (partition_seek(log, &part->seek) == ERR_AGAIN)
        return ERR_AGAIN;
    take_seek(part);
    return ERR_OK;
}

static bool settled_due(struct topic_reader *reader)
{
    struct fetch_part *part = CONTAINER_OF(reader, struct fetch_part, reader);

    return topic_partition_settled(part->tp, part->batch);
}

static void settled_wake(struct topic_reader *reader)
{
    advance(CONTAINER_OF(reader, struct fetch_part, reader)->fetch);
}

/* ERR_AGAIN: it waits, and calls `advance` then. */
static enum err part_settle(struct fetch_part *part)
{
    struct partition *log;

    if (part->tp == NULL) {
        part->fetch->failed |= part->err != ERR_OK;
        return ERR_OK;
    }
    if (part->settled) { /* by a worker */
        if (part->seeking)
            take_seek(part);
        return ERR_OK;
    }
    log = part_log(part);
    if (log == NULL)
        return ERR_OK;
    if (!topic_partition_settled(part->tp, part->batch)) {
        topic_reader_init(&part->reader, settled_due, settled_wake);
        topic_reader_wait(&part->reader, part->tp);
        return ERR_AGAIN;
    }
    return part_resolve(part, log);
}

/* --- reading --------------------------------------------------------------------------------- */

static void read_done(struct partition_read *read)
{
    advance(((struct fetch_part *)read->ctx)->fetch);
}

/* Those of a batch at or behind `offset`. Without holes that is known from its header. */
static size_t records_from(struct bytes batch, const struct batch_header *header, int64_t offset)
{
    int64_t after = batch_header_last_offset(header) - offset + 1;
    struct batch_iter it;
    struct record_view record;
    size_t count = 0;

    if (batch_header_is_dense(header) && after > 0)
        return (size_t)(after < header->record_count ? after : header->record_count);
    if (after <= 0 || batch_iter_init(&it, batch) != ERR_OK)
        return 0;
    while (batch_iter_next(&it, &record) == ERR_OK)
        count += record.offset >= offset;
    return count;
}

/* Counts records at or behind `offset` in whole batches, up to the batch that reaches `count_max`. Returns
 * the bytes of those batches; *last is the last offset in them. */
static size_t count_records(struct bytes batches, int64_t offset, size_t count_max, size_t *count,
                            int64_t *last)
{
    struct bytes rest = batches;
    struct batch_header header;

    *count = 0;
    *last = offset - 1;
    while (*count < count_max && rest.len > 0) {
        size_t len;

        if (batch_header_read(rest, INT32_MAX, &header) != ERR_OK)
            break;
        len = batch_header_len(&header);
        if (len > rest.len)
            break;
        *last = batch_header_last_offset(&header);
        *count += records_from(bytes_of(rest.data, len), &header, offset);
        rest = bytes_of(rest.data + len, rest.len - len);
    }
    return batches.len - rest.len;
}

/* False: compaction has left nothing from the offset on in what was read: it goes on behind that. */
static bool take_read(struct fetch_part *part)
{
    struct fetch *f = part->fetch;
    struct partition_read *read = &part->read;
    size_t count, len;
    int64_t last;

    if (read->err != ERR_OK) {
        part->corrupt_from = read->corrupt_from;
        part->corrupt_to = read->corrupt_to;
        part_fail(part, read->err);
        if (!part->tp->topic->deleted && part->tp->log != NULL)
            part_look(part, part->tp->log);
        return true;
    }
    len = count_records(read->batches, part->offset, f->count_max - f->records, &count, &last);
    if (count == 0 && last >= part->offset) {
        part->offset = last + 1;
        partition_read_end(read);
        part->reading = false;
        return false;
    }
    part->batches = bytes_of(read->batches.data, len);
    f->bytes += len;
    f->records += count;
    /* More is there than was taken, whatever the limit that cut it. */
    if (len > 0 && last + 1 < part->next_offset)
        f->full = true;
    return true;
}

/* What parts before this one have read may point into the tail, which is only good for this turn. */
static void keep_earlier(struct fetch *f)
{
    for (size_t i = 0; i < f->cursor; i++) {
        struct fetch_part *part = &f->parts[i];

        if (!part->reading)
            continue;
        if (part->batches.len > 0) {
            buf_append_bytes(&part->copy, part->batches);
            part->batches = buf_bytes(&part->copy);
        }
        partition_read_end(&part->read);
        part->reading = false;
    }
}

/* Retention was faster than a fetch that did not ask for this very offset: it begins at the new log
 * start. */
static bool overtaken(struct fetch_part *part)
{
    const struct partition *log = part->tp->log;

    if (part->read.err != ERR_RANGE || part->from == FETCH_FROM_OFFSET ||
        part->tp->topic->deleted || part->offset >= partition_log_start(log))
        return false;
    partition_read_end(&part->read);
    part->reading = false;
    part->offset = partition_log_start(log);
    return true;
}

static enum err part_read(struct fetch_part *part)
{
    struct fetch *f = part->fetch;
    struct partition *log;

    if (part->tp == NULL || part->err != ERR_OK)
        return ERR_OK;
    if (part->reading && !overtaken(part) && take_read(part)) /* by a worker, and done */
        return ERR_OK;
    log = part_log(part);
    if (log == NULL)
        return ERR_OK;
    part_look(part, log);
    part->bytes_seen = partition_bytes_total(log);
    part->next_seen = part->next_offset;
    if (part->from != FETCH_FROM_OFFSET && part->offset < part->log_start)
        part->offset = part->log_start; /* retention was faster than the fetch */
    if (part->offset < part->log_start || part->offset > part->next_offset) {
        part_fail(part, ERR_RANGE);
        return ERR_OK;
    }
    if (part->offset == part->next_offset)
        return ERR_OK;
    if (f->bytes >= f->bytes_max || f->records >= f->count_max) {
        f->full = true;
        return ERR_OK;
    }
    part->read = (struct partition_read){
        .offset = part->offset,
        .bytes_max = f->bytes_max - f->bytes,
        .records_max = f->count_max - f->records,
        .done = read_done,
        .ctx = part,
    };
    part->reading = true;
    if (partition_read(log, &part->read) == ERR_AGAIN) {
        keep_earlier(f);
        return ERR_AGAIN;
    }
    return overtaken(part) || !take_read(part) ? part_read(part) : ERR_OK;
}

/* --- parking --------------------------------------------------------------------------------- */

static void begin_reading(struct fetch *f)
{
    f->state = FETCH_READING;
    f->cursor = 0;
    f->bytes = f->records = 0;
    f->full = f->failed = false;
    for (size_t i = 0; i < f->part_count; i++) {
        part_release(&f->parts[i]);
        f->failed |= f->parts[i].err != ERR_OK;
    }
}

static void unpark(struct fetch *f)
{
    for (size_t i = 0; i < f->part_count; i++) {
        if (f->parts[i].tp != NULL)
            topic_reader_cancel(&f->parts[i].reader);
    }
}

/* Counts what has come to a part since the last look; whether it is time to read. */
static bool part_due(struct fetch_part *part)
{
    struct fetch *f = part->fetch;
    const struct partition *log = part->tp->log;
    uint64_t total;
    int64_t next;

    if (part->tp->topic->deleted || log == NULL || part->offset < partition_log_start(log))
        return true;
    total = partition_bytes_total(log);
    next = partition_next_offset(log);
    f->bytes_come += total - part->bytes_seen;
    if (next > part->next_seen)
        f->records_come += (uint64_t)(next - part->next_seen);
    part->bytes_seen = total;
    part->next_seen = next;
    return f->bytes + f->bytes_come >= f->bytes_min || f->records + f->records_come >= f->count_max;
}

static bool parked_due(struct topic_reader *reader)
{
    return part_due(CONTAINER_OF(reader, struct fetch_part, reader));
}

static void parked_wake(struct topic_reader *reader)
{
    struct fetch *f = CONTAINER_OF(reader, struct fetch_part, reader)->fetch;

    unpark(f);
    begin_reading(f);
    advance(f);
}

/* False: enough has come while the parts were read one after the other. */
static bool park(struct fetch *f)
{
    bool due = false;

    f->bytes_come = f->records_come = 0;
    for (size_t i = 0; i < f->part_count && !due; i++)
        due = f->parts[i].tp != NULL && part_due(&f->parts[i]);
    if (due)
        return false;
    f->state = FETCH_PARKED;
    for (size_t i = 0; i < f->part_count; i++) {
        struct fetch_part *part = &f->parts[i];

        part_release(part);
        if (part->tp == NULL)
            continue;
        topic_reader_init(&part->reader, parked_due, parked_wake);
        topic_reader_wait(&part->reader, part->tp);
    }
    if (f->wait_us > 0)
        timers_set(f->timers, &f->timer, f->deadline_us);
    return true;
}

static bool enough(const struct fetch *f)
{
    return f->wait_us == 0 || f->time_up || f->failed || f->full || f->bytes >= f->bytes_min ||
           f->records >= f->count_max || f->part_count == 0;
}

/* --- the whole ------------------------------------------------------------------------------- */

static void finish(struct fetch *f)
{
    f->state = FETCH_DONE;
    timers_cancel(f->timers, &f->timer);
    if (!f->in_start)
        f->done(f); /* the caller may end it in there */
}

/* Goes on from where the fetch stands until it waits or is done. The last thing whoever calls it does. */
static void advance(struct fetch *f)
{
    if (f->in_advance)
        return;
    f->in_advance = true;
    for (;;) {
        enum err err = ERR_OK;

        while (f->cursor < f->part_count && err == ERR_OK) {
            struct fetch_part *part = &f->parts[f->cursor];

            err = f->state == FETCH_SETTLING ? part_settle(part) : part_read(part);
            f->cursor += err == ERR_OK;
        }
        if (err != ERR_OK)
            break;
        if (f->state == FETCH_SETTLING) {
            begin_reading(f);
        } else if (enough(f)) {
            f->in_advance = false;
            finish(f);
            return;
        } else if (park(f)) {
            break;
        } else {
            begin_reading(f);
        }
    }
    f->in_advance = false;
}

static void timer_fired(struct timer *timer)
{
    fetch_time_up(CONTAINER_OF(timer, struct fetch, timer));
}

static void part_begin(struct fetch *f, struct fetch_part *part)
{
    part->fetch = f;
    part->batches = BYTES_NULL;
    part->end = INT64_MAX;
    topic_reader_init(&part->reader, settled_due, settled_wake);
    if (part->tp == NULL)
        return;
    topic_ref(part->tp->topic);
    part->err = ERR_OK;
    /* All of them now, so that they get written side by side. */
    if (part->tp->log == NULL || part->tp->topic->deleted)
        return;
    if (f->frozen)
        part->end = partition_append_offset(part->tp->log);
    part->batch = topic_partition_settle(part->tp);
}

enum err fetch_start(struct fetch *f)
{
    ASSERT(f->state == FETCH_IDLE);
    timer_init(&f->timer, timer_fired);
    if (f->bytes_min > f->bytes_max)
        f->bytes_min = f->bytes_max;
    if (f->bytes_min == 0)
        f->bytes_min = 1;
    if (f->wait_us > 0) {
        f->deadline_us = f->wait_us < INT64_MAX - f->clock->mono_us ? f->clock->mono_us + f->wait_us
                                                                    : INT64_MAX - 1;
    }
    f->state = FETCH_SETTLING;
    f->cursor = 0;
    f->in_start = true;
    for (size_t i = 0; i < f->part_count; i++)
        part_begin(f, &f->parts[i]);
    advance(f);
    f->in_start = false;
    return f->state == FETCH_DONE ? ERR_OK : ERR_AGAIN;
}

void fetch_time_up(struct fetch *f)
{
    f->time_up = true;
    if (f->state != FETCH_PARKED)
        return; /* it will not park any more */
    unpark(f);
    begin_reading(f);
    advance(f);
}

void fetch_end(struct fetch *f)
{
    if (f->state == FETCH_IDLE)
        return;
    f->state = FETCH_IDLE;
    timers_cancel(f->timers, &f->timer);
    for (size_t i = 0; i < f->part_count; i++) {
        struct fetch_part *part = &f->parts[i];

        if (part->seeking)
            partition_seek_end(&part->seek);
        part->seeking = false;
        part_release(part);
        topic_reader_cancel(&part->reader);
        if (part->tp != NULL)
            topic_unref(part->tp->topic);
    }
}

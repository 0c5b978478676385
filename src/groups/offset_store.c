/* SPDX-License-Identifier: BSD-3-Clause */
/* Committed offsets to and from the internal topic. What nobody waits for is followed here until it is
 * written: people must learn that offsets are not being kept before a restart shows it. */
#include "groups/offset_store.h"

#include "base/mem.h"
#include "topics/internal_topic.h"
#include <inttypes.h>

#define SCRATCH_BYTES_KEPT (64 * 1024)
#define UNHEARD_RECORDS_MAX 1000 /* in one batch: they fit whatever they say */
#define UNKNOWN_TRACED_MAX 10    /* records that were not understood, named one by one */

/* Two names, the longest metadata, and the numbers and lengths around them. */
#define CHANGE_BYTES_MAX (2 * TOPIC_NAME_BYTES_MAX + OFFSET_METADATA_BYTES_MAX + 128)
static_assert(UNHEARD_RECORDS_MAX <= OFFSET_RECORDS_MAX, "an unheard batch is a batch");
static_assert(UNHEARD_RECORDS_MAX * CHANGE_BYTES_MAX < INTERNAL_BATCH_BYTES_MAX, "and fits in one");

void offset_store_init(struct offset_store *s, struct catalog *catalog, const struct clock *clock,
                       struct trace *trace)
{
    *s = (struct offset_store){.catalog = catalog, .clock = clock, .trace = trace};
    list_init(&s->unheard);
}

/* --- unheard writes ---------------------------------------------------------------------------- */

/* A batch that holds changes nobody waits for. */
struct unheard {
    struct offset_store *store; /* borrowed */
    struct ack_wait wait;
    struct list in_store;
    enum ack ack;
};

static void forget(struct unheard *u)
{
    list_remove(&u->in_store);
    mem_free(u);
}

void offset_store_deinit(struct offset_store *s)
{
    LIST_EACH (it, &s->unheard) {
        struct unheard *u = CONTAINER_OF(it, struct unheard, in_store);

        ack_wait_cancel(&u->wait);
        forget(u);
    }
    buf_deinit(&s->scratch);
    buf_deinit(&s->headers);
    buf_deinit(&s->records);
    buf_deinit(&s->why);
}

static void note_failure(struct offset_store *s, enum err err)
{
    s->failures++;
    if (s->failing)
        return;
    s->failing = true;
    TRACE_WARN(s->trace,
               "Topic '" OFFSET_TOPIC
               "': committed offsets cannot be written: %s%s%.*s. Until they "
               "can, a restart makes groups read again what they had committed",
               err_text(err), s->why.len > 0 ? ": " : "", (int)s->why.len, buf_bytes(&s->why).data);
}

static void note_success(struct offset_store *s)
{
    if (!s->failing)
        return;
    s->failing = false;
    TRACE_NOTE(s->trace, "Topic '" OFFSET_TOPIC "': committed offsets are written again");
}

static void unheard_done(struct ack_wait *wait, enum err err)
{
    struct unheard *u = CONTAINER_OF(wait, struct unheard, wait);
    struct offset_store *s = u->store;

    forget(u);
    if (err == ERR_OK) {
        note_success(s);
        return;
    }
    buf_clear(&s->why);
    note_failure(s, err);
}

/* One wait is enough for all that is in a batch. */
static void follow(struct offset_store *s, struct topic_partition *tp, uint64_t batch, enum ack ack)
{
    struct unheard *u;

    if (!list_empty(&s->unheard)) {
        u = CONTAINER_OF(s->unheard.prev, struct unheard, in_store);
        if (u->wait.batch == batch && u->ack == ack)
            return;
    }
    u = mem_zalloc(1, sizeof(*u));
    u->store = s;
    u->ack = ack;
    u->wait.done = unheard_done;
    list_push_back(&s->unheard, &u->in_store);
    ack_wait_start(&u->wait, tp, batch, ack);
}

void offset_store_write_unheard(struct offset_store *s, const struct offset_change *changes,
                                size_t count, enum ack ack)
{
    for (size_t i = 0; i < count; i += UNHEARD_RECORDS_MAX) {
        size_t part = count - i < UNHEARD_RECORDS_MAX ? count - i : UNHEARD_RECORDS_MAX;
        struct topic_partition *tp;
        struct appended appended;
        enum err err = offset_store_write(s, changes + i, part, ack, &tp, &appended);

        if (err == ERR_OK)
            follow(s, tp, appended.batch, ack == ACK_SYNCED ? ACK_SYNCED : ACK_WRITTEN);
        else
            note_failure(s, err);
    }
}

/* --- writing --------------------------------------------------------------------------------- */

/* Encodes into the scratch; returns the record with lengths only, as the scratch may still move. A value
 * that is null stays so. */
static struct record encode(struct offset_store *s, const struct offset_change *change)
{
    struct record r = {.timestamp_ms = s->clock->wall_ms};
    size_t start = s->scratch.len;

    ASSERT(change->key.is_group ? change->offset == NULL : change->group == NULL);
    offset_key_write(&change->key, &s->scratch);
    r.key.len = s->scratch.len - start;
    start = s->scratch.len;
    if (change->offset != NULL)
        offset_value_write(change->offset, &s->scratch);
    else if (change->group != NULL)
        group_value_write(change->group, &s->scratch);
    r.value.len = s->scratch.len - start;
    return r;
}

static struct record *encode_all(struct offset_store *s, const struct offset_change *changes,
                                 size_t count)
{
    struct record *records;
    struct record_header *headers;
    const char *at;

    buf_clear(&s->scratch);
    buf_clear(&s->records);
    buf_clear(&s->headers);
    records = (void *)buf_reserve(&s->records, count * sizeof(*records));
    headers = (void *)buf_reserve(&s->headers, count * sizeof(*headers));
    for (size_t i = 0; i < count; i++) {
        const struct offset_value *value = changes[i].offset;

        records[i] = encode(s, &changes[i]);
        if (value == NULL || bytes_is_null(value->topic_id))
            continue;
        headers[i] = (struct record_header){BYTES_LITERAL(TOPIC_ID_HEADER), value->topic_id};
        records[i].headers = &headers[i];
        records[i].header_count = 1;
    }
    at = s->scratch.data;
    for (size_t i = 0; i < count; i++) {
        records[i].key.data = at;
        at += records[i].key.len;
        if (records[i].value.len > 0)
            records[i].value.data = at;
        at += records[i].value.len;
    }
    return records;
}

enum err offset_store_write(struct offset_store *s, const struct offset_change *changes,
                            size_t count, enum ack ack, struct topic_partition **where,
                            struct appended *result)
{
    struct topic *t;
    struct topic_partition *tp;
    enum err err;

    ASSERT(count > 0 && count <= OFFSET_RECORDS_MAX);
    buf_clear(&s->why);
    err = internal_topic(s->catalog, BYTES_LITERAL(OFFSET_TOPIC), &s->why, &t);
    if (err != ERR_OK)
        return err;
    tp = topic_partition(t, 0);
    err = topic_append(tp, encode_all(s, changes, count), count, ack, result);
    buf_clear(&s->scratch);
    buf_shrink(&s->scratch, SCRATCH_BYTES_KEPT);
    buf_shrink(&s->records, SCRATCH_BYTES_KEPT);
    buf_shrink(&s->headers, SCRATCH_BYTES_KEPT);
    if (err != ERR_OK)
        return err;
    s->records_written += count;
    *where = tp;
    return ERR_OK;
}

/* --- loading --------------------------------------------------------------------------------- */

struct loading {
    struct offset_store *s;
    const struct offset_reader *reader;
    uint64_t records, unknown;
};

static bool name_is_good(struct offset_store *s, struct bytes name)
{
    buf_clear(&s->why);
    return topic_check_name(name, &s->why) == ERR_OK;
}

/* Null when it does not say. */
static struct bytes topic_id_of(const struct record_view *record)
{
    struct bytes cursor = record->headers;
    struct record_header header;

    for (size_t i = 0; i < record->header_count; i++) {
        if (record_view_header(&cursor, &header) != ERR_OK)
            break;
        if (bytes_equal(header.name, BYTES_LITERAL(TOPIC_ID_HEADER)))
            return header.value;
    }
    return BYTES_NULL;
}

static enum err load_offset(struct loading *l, const struct offset_key *key,
                            const struct record_view *record)
{
    struct offset_value value;
    enum err err;

    if (bytes_is_null(record->value)) {
        l->reader->offset(l->reader->ctx, key, NULL);
        return ERR_OK;
    }
    err = offset_value_read(record->value, &value);
    value.topic_id = topic_id_of(record);
    if (err == ERR_OK)
        l->reader->offset(l->reader->ctx, key, &value);
    return err;
}

static enum err load_group(struct loading *l, const struct offset_key *key, struct bytes data)
{
    struct group_value value;
    enum err err;

    if (bytes_is_null(data)) {
        l->reader->group(l->reader->ctx, key, NULL);
        return ERR_OK;
    }
    err = group_value_read(data, &value);
    if (err == ERR_OK)
        l->reader->group(l->reader->ctx, key, &value);
    return err;
}

static enum err load(struct loading *l, const struct record_view *record)
{
    struct offset_key key;
    enum err err = offset_key_read(record->key, &key);

    if (err != ERR_OK)
        return err;
    if (!name_is_good(l->s, key.group) || (!key.is_group && !name_is_good(l->s, key.topic)))
        return ERR_INVALID;
    return key.is_group ? load_group(l, &key, record->value) : load_offset(l, &key, record);
}

static void load_record(void *ctx, const struct record_view *record)
{
    struct loading *l = ctx;
    enum err err = load(l, record);

    l->records++;
    if (err == ERR_OK)
        return;
    if (l->unknown++ < UNKNOWN_TRACED_MAX)
        TRACE_WARN(l->s->trace,
                   "Topic '" OFFSET_TOPIC "': the record at offset %" PRId64
                   " is skipped: it is %s",
                   record->offset,
                   err == ERR_UNSUPPORTED ? "of another version than this server knows"
                   : err == ERR_INVALID   ? "about a name that no group or topic can have"
                                          : "not a committed offset");
}

enum err offset_store_load(struct offset_store *s, const struct offset_reader *reader)
{
    struct loading l = {.s = s, .reader = reader};
    uint64_t damaged;
    enum err err =
        internal_topic_read(s->catalog, BYTES_LITERAL(OFFSET_TOPIC), load_record, &l, &damaged);

    if (l.unknown > UNKNOWN_TRACED_MAX)
        TRACE_WARN(s->trace, "Topic '" OFFSET_TOPIC "': %" PRIu64 " records in all are skipped",
                   l.unknown);
    TRACE_INFO(s->trace, "Topic '" OFFSET_TOPIC "': %" PRIu64 " records read", l.records);
    return err;
}

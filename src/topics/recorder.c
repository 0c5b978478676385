/* SPDX-License-Identifier: BSD-3-Clause */
/* Which topics record a channel, and appending to them. */
#include "topics/recorder.h"

#include "base/mem.h"
#include "pubsub/patterns.h"
#include "topics/topic_partition.h"

struct recording;

struct channel_glob {
    struct pattern pattern;
    struct recording *recording;
};

/* A topic that records. */
struct recording {
    struct topic *topic; /* borrowed: the catalog tells when it is deleted */
    char *text;          /* owned: the globs point into it */
    uint64_t found_by;   /* the last search that found it: several of its globs may match */
    size_t glob_count;
    struct channel_glob globs[];
};

struct recorder {
    struct catalog_observer observer;
    struct pubsub *ps;
    struct patterns globs;
    struct dict recordings; /* topic name -> struct recording, owned */
    struct outbox *outbox;  /* owned */
    uint64_t searches;
    uint64_t records_total;
    struct recorded *found; /* owned: where the present message is recorded */
    size_t found_count, found_cap;
};

/* --- which topics record ----------------------------------------------------------------------- */

/* The next word of text[*at..], and *at behind it; false when there is none. */
static bool next_glob(const char *text, size_t *at, struct bytes *glob)
{
    const char *from = text + *at + strspn(text + *at, " ");

    *glob = bytes_of(from, strcspn(from, " "));
    *at = (size_t)(from + glob->len - text);
    return glob->len > 0;
}

static void recording_free(struct recorder *r, struct recording *recording)
{
    for (size_t i = 0; i < recording->glob_count; i++)
        patterns_remove(&r->globs, &recording->globs[i].pattern);
    mem_free(recording->text);
    mem_free(recording);
}

static void stop_recording(struct recorder *r, const struct topic *t)
{
    struct recording *recording = dict_remove(&r->recordings, t->name);

    if (recording != NULL)
        recording_free(r, recording);
}

static void start_recording(struct recorder *r, struct topic *t)
{
    const char *text = t->config.record_channels;
    struct recording *recording;
    struct bytes glob;
    size_t count = 0, at = 0;

    while (next_glob(text, &at, &glob))
        count++;
    if (count == 0 || topic_is_internal(t->name))
        return;
    recording = mem_zalloc(1, sizeof(*recording) + count * sizeof(recording->globs[0]));
    recording->topic = t;
    recording->text = mem_strndup(text, strlen(text));
    recording->glob_count = count;
    at = 0;
    for (size_t i = 0; i < count && next_glob(recording->text, &at, &glob); i++) {
        recording->globs[i].recording = recording;
        patterns_add(&r->globs, &recording->globs[i].pattern, glob);
    }
    dict_add(&r->recordings, t->name, recording);
}

static struct recorder *recorder_of(struct catalog_observer *o)
{
    return CONTAINER_OF(o, struct recorder, observer);
}

static void on_created(struct catalog_observer *o, struct topic *t)
{
    start_recording(recorder_of(o), t);
}

static void on_grown(struct catalog_observer *o, struct topic *t, int32_t partitions_before)
{
    (void)o; /* the partition is looked for each time */
    (void)t;
    (void)partitions_before;
}

static void on_configured(struct catalog_observer *o, struct topic *t)
{
    stop_recording(recorder_of(o), t);
    start_recording(recorder_of(o), t);
}

static void on_deleted(struct catalog_observer *o, struct topic *t)
{
    stop_recording(recorder_of(o), t);
}

/* --- life ------------------------------------------------------------------------------------ */

struct recorder *recorder_create(struct catalog *catalog, struct pubsub *ps,
                                 const struct hash_key *key)
{
    struct recorder *r = mem_zalloc(1, sizeof(*r));

    r->ps = ps;
    patterns_init(&r->globs);
    dict_init(&r->recordings, key);
    r->outbox = outbox_create(ps, key);
    r->observer = (struct catalog_observer){.created = on_created,
                                            .grown = on_grown,
                                            .configured = on_configured,
                                            .deleted = on_deleted};
    list_init(&r->observer.link);
    if (catalog != NULL)
        catalog_observe(catalog, &r->observer);
    return r;
}

void recorder_destroy(struct recorder *r)
{
    struct dict_iter it;
    void *value;

    catalog_unobserve(&r->observer);
    outbox_destroy(r->outbox);
    dict_iter_init(&it, &r->recordings);
    while (dict_iter_next(&it, NULL, &value))
        recording_free(r, value);
    dict_deinit(&r->recordings);
    mem_free(r->found);
    mem_free(r);
}

void recorder_stats(const struct recorder *r, struct recorder_stats *stats)
{
    *stats = (struct recorder_stats){.records = r->records_total,
                                     .withdrawn = outbox_dropped_count(r->outbox),
                                     .waiting_bytes = outbox_bytes(r->outbox)};
}

bool recorder_idle(const struct recorder *r)
{
    return dict_count(&r->recordings) == 0 && outbox_idle(r->outbox);
}

/* --- publishing -------------------------------------------------------------------------------- */

struct search {
    struct recorder *r;
    struct bytes channel;
};

static void on_found(void *ctx, struct pattern *pattern)
{
    const struct search *search = ctx;
    struct recorder *r = search->r;
    struct recording *recording = CONTAINER_OF(pattern, struct channel_glob, pattern)->recording;

    if (recording->found_by == r->searches)
        return;
    recording->found_by = r->searches;
    if (r->found_count == r->found_cap) {
        r->found_cap = r->found_cap == 0 ? 4 : 2 * r->found_cap;
        r->found = mem_realloc(r->found, r->found_cap * sizeof(*r->found));
    }
    r->found[r->found_count++] =
        (struct recorded){.tp = topic_partition_for_key(recording->topic, search->channel),
                          .ack = (enum ack)recording->topic->config.ack};
}

static void find(struct recorder *r, struct bytes channel)
{
    struct search search = {r, channel};

    r->searches++;
    r->found_count = 0;
    patterns_match(&r->globs, channel, on_found, &search);
}

/* Whether every topic would take the record. */
static enum err check(struct recorder *r, const struct record *record, struct publication *p)
{
    p->batch_bytes = BATCH_HEADER_BYTES + record_bytes_max(record);
    for (size_t i = 0; i < r->found_count; i++) {
        const struct topic_partition *tp = p->refused_by = r->found[i].tp;

        if (p->batch_bytes > (size_t)tp->topic->config.max_message_bytes)
            return ERR_TOO_LARGE;
        if (tp->log == NULL)
            return tp->failed;
        if (topic_partition_log_error(tp) != ERR_OK)
            return ERR_FAILED;
    }
    return ERR_OK;
}

static enum err append(struct recorder *r, const struct record *record, struct publication *p)
{
    enum err err = check(r, record, p);
    struct appended appended;

    if (err != ERR_OK)
        return err;
    for (size_t i = 0; i < r->found_count; i++) {
        struct recorded *to = &r->found[i];

        p->refused_by = to->tp;
        err = topic_append(to->tp, record, 1, to->ack, &appended);
        if (err != ERR_OK)
            return err;
        to->batch = appended.batch;
        r->records_total++;
    }
    p->refused_by = NULL;
    return ERR_OK;
}

static void deliver_later_or_never(struct recorder *r, struct publication *p)
{
    const struct outbox_message *m = &p->message;

    p->receivers = pubsub_receiver_count(r->ps, m->kind, m->channel);
    p->waits = p->receivers > 0;
    if (p->waits)
        outbox_add(r->outbox, m, r->found, r->found_count);
    else
        pubsub_publish(r->ps, m->kind, m->channel, m->text); /* it counts as published */
}

enum err recorder_publish(struct recorder *r, struct publication *p)
{
    const struct outbox_message *m = &p->message;
    struct record record = {.timestamp_ms = p->timestamp_ms, .key = m->channel, .value = m->text};
    enum err err;

    find(r, m->channel);
    p->records = r->found;
    p->record_count = r->found_count;
    if (r->found_count == 0 && !outbox_must_wait(r->outbox, m)) {
        p->waits = false;
        p->receivers = pubsub_publish(r->ps, m->kind, m->channel, m->text);
        return ERR_OK;
    }
    err = append(r, &record, p);
    if (err == ERR_OK)
        deliver_later_or_never(r, p);
    return err;
}

void recorder_turn(struct recorder *r)
{
    outbox_turn(r->outbox);
}

bool recorder_pending(const struct recorder *r)
{
    return outbox_pending(r->outbox);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* PRODUCE and MPRODUCE. Everything is checked before anything is appended; the reply is written at once,
 * since the offset is known, and held until the batch has reached the level that was asked for. */
#include "commands/append_hold.h"
#include "commands/arguments.h"
#include "commands/errors.h"
#include "commands/handlers.h"

#include "base/mem.h"
#include "base/num.h"

#define OFFSET_UNKNOWN (-1) /* what a reply of level NONE says */
#define HEADERS_USUAL 8

/* --- where it goes -------------------------------------------------------------------------- */

/* Where records are to go. A topic that is not there yet is made only once the records are known to
 * fit, so that a refused command leaves nothing behind. */
struct destination {
    struct bytes name;
    struct topic *topic; /* NULL: to be created with the server's defaults */
    int64_t partitions;
    int64_t max_message_bytes;
    int64_t timestamp_after_max_ms;
    bool needs_key;
};

/* Whether a topic of that name may come into being by writing to it; answers if not. */
static bool may_be_created(struct call *c, struct bytes name)
{
    struct buf why = {0};
    bool good = topic_check_name(name, &why) == ERR_OK;
    if (!good)
        write_error(&c->w, "INVALIDTOPIC %.*s", (int)why.len, why.data);
    else if (!c->sv->config->auto_create_topics)
        reply_unknown_topic(c, name);
    buf_deinit(&why);
    return good && c->sv->config->auto_create_topics;
}

static bool find_destination(struct call *c, struct bytes name, struct destination *d)
{
    if (topic_is_internal(name)) {
        write_error(&c->w, "INVALIDTOPIC topic '%.*s' is internal and takes no writes",
                    (int)name.len, name.data);
        return false;
    }
    struct topic *t = catalog_find(c->sv->catalog, name);
    *d = (struct destination){.name = name, .topic = t};
    if (t != NULL) {
        d->partitions = t->partition_count;
        d->max_message_bytes = t->config.max_message_bytes;
        d->timestamp_after_max_ms = t->config.timestamp_after_max_ms;
        d->needs_key = (t->config.cleanup_policy & CLEANUP_COMPACT) != 0;
        return true;
    }
    d->partitions = c->sv->config->default_partitions;
    d->max_message_bytes = c->sv->config->message_max_bytes;
    d->timestamp_after_max_ms = TOPIC_TIMESTAMP_AFTER_MAX_MS;
    return may_be_created(c, name);
}

/* The topic itself, made now if need be; NULL with an answer when that is refused. */
static struct topic *destination_topic(struct call *c, struct destination *d)
{
    if (d->topic != NULL)
        return d->topic;
    struct buf why = {0};
    enum err err = catalog_create_topic(c->sv->catalog, d->name, d->partitions, NULL, 0, NULL, &why,
                                        &d->topic);
    if (err != ERR_OK)
        write_error(&c->w, "%s %.*s", error_code_refused(err), (int)why.len, why.data);
    buf_deinit(&why);
    return d->topic;
}

/* A partition that was asked for by number, or -1 with `given` null; answers if there is none. */
static bool check_partition(struct call *c, const struct destination *d, struct bytes given,
                            int64_t *number)
{
    *number = -1;
    if (bytes_is_null(given))
        return true;
    if (!num_parse_i64(given, number)) {
        reply_not_an_integer(c);
        return false;
    }
    if (*number >= 0 && *number < d->partitions)
        return true;
    reply_unknown_partition(c, d->name, d->partitions, given);
    return false;
}

static bool check_key(struct call *c, const struct destination *d, bool has_key)
{
    if (has_key || !d->needs_key)
        return true;
    write_error(&c->w, "ERR topic '%.*s' is compacted: every record needs a key", (int)d->name.len,
                d->name.data);
    return false;
}

/* Whether records of so many bytes fit into one batch of the topic; answers if not. */
static bool check_size(struct call *c, const struct destination *d, size_t records_bytes)
{
    size_t bytes = BATCH_HEADER_BYTES + records_bytes;
    if (bytes <= (size_t)d->max_message_bytes)
        return true;
    reply_too_large(c, d->name, bytes, d->max_message_bytes);
    return false;
}

static bool check_record_size(struct call *c, const struct destination *d, const struct record *r)
{
    size_t bound = BATCH_HEADER_BYTES + record_bytes_bound(r);
    return LIKELY(bound <= (size_t)d->max_message_bytes) || check_size(c, d, record_bytes_max(r));
}

/* --- PRODUCE -------------------------------------------------------------------------------- */

struct produce_options {
    struct record record;
    struct bytes partition; /* null: chosen by key */
    bool has_timestamp;
    bool tombstone;
    bool has_ack;
    enum ack ack;
    struct record_header few_headers[HEADERS_USUAL]; /* so that they take little of the stack */
    struct record_header *many_headers;              /* owned; NULL while there are few */
};

static bool read_timestamp(struct call *c, struct bytes text, struct produce_options *o)
{
    o->has_timestamp = true;
    return argument_int(c, text, "TIMESTAMP", 0, INT64_MAX, &o->record.timestamp_ms);
}

RARE static void make_room_for_headers(struct produce_options *o)
{
    o->many_headers = mem_alloc(RECORD_HEADERS_MAX * sizeof(*o->many_headers));
    memcpy(o->many_headers, o->few_headers, sizeof(o->few_headers));
    o->record.headers = o->many_headers;
}

OUT_OF_LINE static bool read_header(struct call *c, const struct bytes *words,
                                    struct produce_options *o)
{
    size_t count = o->record.header_count;
    if (count == RECORD_HEADERS_MAX) {
        write_error(&c->w, "ERR a record has at most %d headers", RECORD_HEADERS_MAX);
        return false;
    }
    if (count == HEADERS_USUAL)
        make_room_for_headers(o);
    struct record_header *headers = o->many_headers != NULL ? o->many_headers : o->few_headers;
    headers[count] = (struct record_header){.name = words[0], .value = words[1]};
    o->record.header_count++;
    return true;
}

/* One option at argv[*at]; moves *at behind it. */
static bool read_option(struct call *c, int *at, struct produce_options *o)
{
    struct bytes word = c->argv[*at];
    int values = c->argc - *at - 1;
    const struct bytes *value = &c->argv[*at + 1];
    if (bytes_is(word, "key") && values >= 1 && bytes_is_null(o->record.key)) {
        o->record.key = *value;
    } else if (bytes_is(word, "partition") && values >= 1 && bytes_is_null(o->partition)) {
        o->partition = *value;
    } else if (bytes_is(word, "timestamp") && values >= 1 && !o->has_timestamp) {
        if (!read_timestamp(c, *value, o))
            return false;
    } else if (bytes_is(word, "ack") && values >= 1 && !o->has_ack) {
        o->has_ack = true;
        if (!argument_ack(c, *value, &o->ack))
            return false;
    } else if (bytes_is(word, "header") && values >= 2) {
        if (!read_header(c, value, o))
            return false;
        *at += 1;
    } else if (bytes_is(word, "tombstone") && !o->tombstone) {
        o->tombstone = true;
        *at -= 1;
    } else {
        reply_syntax_error(c);
        return false;
    }
    *at += 2;
    return true;
}

static bool read_options(struct call *c, struct produce_options *o)
{
    o->record = (struct record){.value = c->argv[2], .headers = o->few_headers};
    o->many_headers = NULL;
    o->partition = BYTES_NULL;
    o->has_timestamp = o->tombstone = o->has_ack = false;
    for (int at = 3; at < c->argc;)
        if (!read_option(c, &at, o))
            return false;
    if (!o->tombstone)
        return true;
    if (bytes_is_null(o->record.key) || o->record.value.len > 0) {
        write_error(&c->w, "ERR TOMBSTONE needs a KEY, and an empty value in the value's place");
        return false;
    }
    o->record.value = BYTES_NULL;
    return true;
}

/* The record's time: the client's within what the topic allows, or the server's. */
static bool settle_timestamp(struct call *c, const struct destination *d, struct produce_options *o)
{
    int64_t now_ms = c->sv->clock->wall_ms;
    if (!o->has_timestamp)
        o->record.timestamp_ms = now_ms;
    if (o->record.timestamp_ms - now_ms <= d->timestamp_after_max_ms)
        return true;
    write_error(
        &c->w,
        "ERR TIMESTAMP %lld is more than message.timestamp.after.max.ms (%lld) ahead of the "
        "server's clock (%lld)",
        (long long)o->record.timestamp_ms, (long long)d->timestamp_after_max_ms, (long long)now_ms);
    return false;
}

static void append_record(struct call *c, const struct topic *t, struct topic_partition *tp,
                          const struct produce_options *o)
{
    enum ack ack = o->has_ack ? o->ack : (enum ack)t->config.ack;
    uint64_t from = c->w.out->pos_end;
    struct appended appended;
    enum err err = topic_append(tp, &o->record, 1, ack, &appended);
    if (err != ERR_OK) {
        reply_append_failed(c, tp, err);
        return;
    }
    int64_t place[] = {tp->number, ack == ACK_NONE ? OFFSET_UNKNOWN : appended.offset};
    write_ints(&c->w, place, COUNT_OF(place));
    append_hold(c, from, tp, appended.batch, ack);
}

static void produce(struct call *c, struct produce_options *o)
{
    struct destination d;
    int64_t number;
    if (!read_options(c, o) || !find_destination(c, c->argv[1], &d) ||
        !check_partition(c, &d, o->partition, &number) ||
        !check_key(c, &d, !bytes_is_null(o->record.key)) || !settle_timestamp(c, &d, o) ||
        !check_record_size(c, &d, &o->record))
        return;
    struct topic *t = destination_topic(c, &d);
    if (t == NULL)
        return;
    append_record(
        c, t, number >= 0 ? topic_partition(t, number) : topic_partition_for_key(t, o->record.key),
        o);
}

void cmd_produce(struct call *c)
{
    struct produce_options o;
    produce(c, &o);
    if (UNLIKELY(o.many_headers != NULL))
        mem_free(o.many_headers);
}

/* --- MPRODUCE ------------------------------------------------------------------------------- */

/* The records of one command for one partition; they stand together in `records`. */
struct share {
    size_t first, count;
    size_t bytes;
};

struct mproduce {
    struct bytes partition; /* null: by key */
    bool has_ack;
    enum ack ack;
    bool pairs;
    const struct bytes *words; /* behind VALUES or PAIRS */
    size_t count;              /* of records */
    struct share *shares;      /* owned; one per partition of the topic */
    size_t share_count;
    struct record *records; /* owned; sorted by share, in order within each */
};

/* Reads up to VALUES or PAIRS. */
static bool read_mproduce(struct call *c, struct mproduce *m)
{
    for (int at = 2; at < c->argc; at += 2) {
        struct bytes word = c->argv[at];
        int values = c->argc - at - 1;
        if ((bytes_is(word, "values") || bytes_is(word, "pairs")) && values >= 1) {
            m->pairs = bytes_is(word, "pairs");
            m->words = &c->argv[at + 1];
            m->count = (size_t)values / (m->pairs ? 2 : 1);
            if (m->pairs && values % 2 != 0)
                write_error(&c->w, "ERR PAIRS needs a value for every key");
            else if (m->pairs && !bytes_is_null(m->partition))
                write_error(&c->w, "ERR PARTITION goes with VALUES: keys choose their partition");
            else
                return true;
            return false;
        }
        if (bytes_is(word, "partition") && values >= 1 && bytes_is_null(m->partition)) {
            m->partition = c->argv[at + 1];
        } else if (bytes_is(word, "ack") && values >= 1 && !m->has_ack) {
            m->has_ack = true;
            if (!argument_ack(c, c->argv[at + 1], &m->ack))
                return false;
        } else {
            break;
        }
    }
    reply_syntax_error(c);
    return false;
}

static struct record record_at(const struct mproduce *m, size_t i, int64_t now_ms)
{
    if (m->pairs)
        return (struct record){
            .timestamp_ms = now_ms, .key = m->words[2 * i], .value = m->words[2 * i + 1]};
    return (struct record){.timestamp_ms = now_ms, .value = m->words[i]};
}

/* Where each record goes, when the topic has `partitions` of them; `sticky` takes those without a key. */
static void count_shares(struct mproduce *m, int64_t sticky, int64_t now_ms, int32_t *targets)
{
    for (size_t i = 0; i < m->count; i++) {
        struct record r = record_at(m, i, now_ms);
        targets[i] = bytes_is_null(r.key) ? (int32_t)sticky
                                          : partition_of_key(r.key, (int32_t)m->share_count);
        struct share *share = &m->shares[targets[i]];
        share->count++;
        share->bytes += record_bytes_max(&r);
    }
}

/* Sorts the records by partition, keeping their order within each. */
static void share_out(struct mproduce *m, int64_t now_ms, const int32_t *targets)
{
    size_t first = 0;
    for (size_t i = 0; i < m->share_count; i++) {
        m->shares[i].first = first;
        first += m->shares[i].count;
        m->shares[i].count = 0;
    }
    for (size_t i = 0; i < m->count; i++) {
        struct share *share = &m->shares[targets[i]];
        m->records[share->first + share->count++] = record_at(m, i, now_ms);
    }
}

static bool shares_fit(struct call *c, const struct destination *d, const struct mproduce *m)
{
    for (size_t i = 0; i < m->share_count; i++)
        if (m->shares[i].count > 0 && !check_size(c, d, m->shares[i].bytes))
            return false;
    return true;
}

/* One element of the reply, with a fate of its own. */
static void append_share(struct call *c, const struct mproduce *m, const struct share *share,
                         struct topic_partition *tp, enum ack ack)
{
    uint64_t from = c->w.out->pos_end;
    struct appended appended;
    enum err err = topic_append(tp, m->records + share->first, share->count, ack, &appended);
    if (err != ERR_OK) {
        reply_append_failed(c, tp, err);
        return;
    }
    int64_t places[] = {tp->number, ack == ACK_NONE ? OFFSET_UNKNOWN : appended.offset,
                        (int64_t)share->count};
    write_ints(&c->w, places, COUNT_OF(places));
    append_hold(c, from, tp, appended.batch, ack);
}

static void append_shares(struct call *c, struct topic *t, const struct mproduce *m)
{
    enum ack ack = m->has_ack ? m->ack : (enum ack)t->config.ack;
    size_t used = 0;
    for (size_t i = 0; i < m->share_count; i++)
        used += m->shares[i].count > 0;
    write_array(&c->w, used);
    for (size_t i = 0; i < m->share_count; i++)
        if (m->shares[i].count > 0)
            append_share(c, m, &m->shares[i], topic_partition(t, (int64_t)i), ack);
}

/* Shares the records out, checks them all, and only then appends. */
static void mproduce_to(struct call *c, struct destination *d, int64_t number, struct mproduce *m)
{
    int64_t now_ms = c->sv->clock->wall_ms;
    int64_t sticky = number >= 0 ? number : 0;
    if (number < 0 && !m->pairs && d->topic != NULL)
        sticky = topic_partition_for_key(d->topic, BYTES_NULL)->number;
    m->share_count = (size_t)d->partitions;
    m->shares = mem_zalloc(m->share_count, sizeof(*m->shares));
    m->records = mem_alloc(m->count * sizeof(*m->records));
    int32_t *targets = mem_alloc(m->count * sizeof(*targets));
    count_shares(m, sticky, now_ms, targets);
    struct topic *t = shares_fit(c, d, m) ? destination_topic(c, d) : NULL;
    if (t != NULL) {
        share_out(m, now_ms, targets);
        append_shares(c, t, m);
    }
    mem_free(targets);
    mem_free(m->records);
    mem_free(m->shares);
}

void cmd_mproduce(struct call *c)
{
    struct mproduce m = {.partition = BYTES_NULL};
    struct destination d;
    int64_t number;
    if (read_mproduce(c, &m) && find_destination(c, c->argv[1], &d) &&
        check_partition(c, &d, m.partition, &number) && check_key(c, &d, m.pairs))
        mproduce_to(c, &d, number, &m);
}

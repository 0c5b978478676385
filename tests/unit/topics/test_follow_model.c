/* SPDX-License-Identifier: BSD-3-Clause */
/* Followers that come, stall and go, against what was appended: while topics are produced to, rolled, trimmed,
 * expired, grown, deleted and made again, each follower's sequence is exactly the log's from where it
 * began. What is random comes from a seed, which is printed; ECHOLOG_SEED=n repeats a run. */
#include "base/frame.h"
#include "base/glob.h"
#include "base/mem.h"
#include "base/num.h"
#include "topics/ack.h"
#include "topics/follow.h"
#include "topics/topic_partition.h"
#include "unit/storage/fake_disk.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define TOPICS 3
#define COMPACTED "u"
#define PARTITIONS_MAX 4
#define FOLLOWERS 8
#define STEPS 1500
#define SEEDS 20
#define VALUE_BYTES_MAX 30000
#define SEGMENT_BYTES 50000
#define TAIL_BYTES 200000
#define RETENTION_MS 200000
#define RETENTION_ROUND_MS 10000
#define NOT_FOLLOWED (-1)
#define RECORD_MS 1700000000000

/* What was appended to a partition since its topic was made. */
struct history {
    struct buf keys; /* of each record its key's letter, or '-' */
    int64_t count;
};

struct tested {
    struct follower follower;
    struct model *model;
    struct follow_wish wish;
    bool follows;
    bool stalled;
    size_t room;                              /* frames it takes before it is full */
    int64_t expected[TOPICS][PARTITIONS_MAX]; /* the next offset, or NOT_FOLLOWED */
    uint64_t records, lost;
};

struct model {
    struct fake_disk *disk; /* its jobs run when chance says so */
    struct clock clock;
    struct timers timers;
    struct trace trace;
    struct random catalog_random;
    struct hash_key key;
    struct config config;
    struct storage *storage;
    struct catalog *catalog;
    struct follows *follows;
    struct random random;
    struct history histories[TOPICS][PARTITIONS_MAX];
    struct tested followers[FOLLOWERS];
    bool opened;
    uint64_t records, losses, ends, joins;
};

static const char *const names[TOPICS] = {"t.a", "t.b", COMPACTED};

static uint64_t chance(struct model *m, uint64_t bound)
{
    return random_below(&m->random, bound);
}

static int topic_number(const struct topic *t)
{
    for (int i = 0; i < TOPICS; i++) {
        if (bytes_is(t->name, names[i]))
            return i;
    }
    cr_assert(false, "an unknown topic");
    return 0;
}

static struct tested *tested_of(struct follower *f)
{
    return CONTAINER_OF(f, struct tested, follower);
}

static int64_t *expected_of(struct tested *f, const struct topic_partition *tp)
{
    return &f->expected[topic_number(tp->topic)][tp->number];
}

static bool has_key(const struct tested *f, char key)
{
    return bytes_is_null(f->wish.key) || f->wish.key.data[0] == key;
}

/* Whether a follower can do without a record: it is of another key, or a later one of its key is there. */
static bool may_miss(const struct tested *f, int topic, int partition, int64_t offset)
{
    const struct history *h = &f->model->histories[topic][partition];
    char key = h->keys.data[offset];

    if (!has_key(f, key))
        return true;
    return strcmp(names[topic], COMPACTED) == 0 &&
           memchr(h->keys.data + offset + 1, key, (size_t)(h->count - offset - 1)) != NULL;
}

/* --- what followers are told -------------------------------------------------------------------- */

static bool wants(struct follower *f)
{
    return !tested_of(f)->stalled && tested_of(f)->room > 0;
}

/* "topic partition offset key length;" */
static void encode(struct out *to, const struct follow_form *form, const struct topic_partition *tp,
                   const struct record_view *r)
{
    char text[128];
    int len =
        snprintf(text, sizeof(text), "%d %d %lld %c %zu;", topic_number(tp->topic), tp->number,
                 (long long)r->offset, bytes_is_null(r->key) ? '-' : r->key.data[0], r->value.len);

    (void)form;
    out_append(to, text, (size_t)len);
}

static void take_record(struct tested *f, int topic, int partition, long long offset, char key)
{
    const struct history *h = &f->model->histories[topic][partition];
    int64_t *expected = &f->expected[topic][partition];

    cr_assert_neq(*expected, NOT_FOLLOWED, "%s/%d@%lld", names[topic], partition, offset);
    cr_assert_lt(offset, h->count);
    cr_assert_eq(h->keys.data[offset], key);
    cr_assert(has_key(f, key));
    cr_assert_geq(offset, *expected, "%lld again", offset);
    for (int64_t i = *expected; i < offset; i++)
        cr_assert(may_miss(f, topic, partition, i), "%s/%d@%lld was left out", names[topic],
                  partition, (long long)i);
    *expected = offset + 1;
    f->records++;
    f->model->records++;
}

static void deliver(struct follower *follower, struct frame *frame)
{
    struct tested *f = tested_of(follower);
    const char *at = frame->data, *end = frame->data + frame->len;

    if (f->room > 0)
        f->room--;
    while (at < end) {
        int topic, partition;
        long long offset;
        char key;
        size_t len;
        char text[128];
        const char *behind = (const char *)memchr(at, ';', (size_t)(end - at)) + 1;

        memcpy(text, at, (size_t)(behind - at));
        text[behind - at] = '\0';
        cr_assert_eq(sscanf(text, "%d %d %lld %c %zu;", &topic, &partition, &offset, &key, &len),
                     5);
        take_record(f, topic, partition, offset, key);
        at = behind;
    }
}

/* Of what is said to be lost nothing may be there, and all before it came. */
static void check_loss(struct tested *f, const struct follow_loss *loss)
{
    int topic = topic_number(loss->tp->topic);
    int64_t expected = *expected_of(f, loss->tp);

    cr_assert_geq(loss->from, expected);
    for (int64_t i = expected; i < loss->from; i++)
        cr_assert(may_miss(f, topic, loss->tp->number, i));
}

static void lost(struct follower *follower, const struct follow_form *form,
                 const struct follow_loss *loss)
{
    struct tested *f = tested_of(follower);

    (void)form;
    check_loss(f, loss);
    cr_assert_eq(loss->why, ERR_RANGE);
    cr_assert_lt(loss->from, loss->to);
    cr_assert_leq(loss->to, partition_log_start(loss->tp->log));
    *expected_of(f, loss->tp) = loss->to;
    f->lost++;
    f->model->losses++;
}

static void joined(struct follower *follower, const struct follow_form *form,
                   const struct topic_partition *tp, int64_t offset)
{
    struct tested *f = tested_of(follower);

    (void)form;
    cr_assert_eq(*expected_of(f, tp), NOT_FOLLOWED);
    *expected_of(f, tp) = offset;
    f->model->joins++;
}

static void ended(struct follower *follower, const struct follow_form *form,
                  const struct follow_loss *loss)
{
    struct tested *f = tested_of(follower);

    (void)form;
    check_loss(f, loss);
    cr_assert_eq(loss->why, ERR_NOT_FOUND);
    *expected_of(f, loss->tp) = NOT_FOLLOWED;
    f->model->ends++;
}

static const struct follower_ops ops = {.wants = wants,
                                        .encode = encode,
                                        .deliver = deliver,
                                        .lost = lost,
                                        .joined = joined,
                                        .ended = ended};

/* --- what happens ---------------------------------------------------------------------------------- */

static struct topic *find(struct model *m, int topic)
{
    return catalog_find(m->catalog, bytes_of_string(names[topic]));
}

static void turn(struct model *m)
{
    m->clock.wall_ms++;
    m->clock.mono_us += 1000;
    catalog_begin_turn(m->catalog);
    for (uint64_t jobs = chance(m, 4); jobs > 0; jobs--)
        fake_disk_run_one(m->disk);
    disk_reap(&m->disk->disk);
    timers_run(&m->timers, m->clock.mono_us);
    catalog_commit(m->catalog);
    follows_turn(m->follows);
}

static void produce(struct model *m)
{
    static const char *const keys[] = {NULL, "a", "b"};
    static const char value[VALUE_BYTES_MAX] = {0};
    struct topic *t = find(m, (int)chance(m, TOPICS));
    size_t count = 1 + chance(m, 20);

    if (t == NULL || t->creating)
        return;
    for (size_t i = 0; i < count; i++) {
        struct topic_partition *tp = t->partitions[chance(m, (uint64_t)t->partition_count)];
        struct history *h = &m->histories[topic_number(t)][tp->number];
        bool compacted = strcmp(names[topic_number(t)], COMPACTED) == 0;
        const char *key = keys[compacted ? 1 + chance(m, 2) : chance(m, 3)];
        size_t len = chance(m, 10) == 0 ? chance(m, VALUE_BYTES_MAX) : chance(m, 100);
        struct record record = {.timestamp_ms = m->clock.wall_ms,
                                .key = key == NULL ? BYTES_NULL : bytes_of_string(key),
                                .value = bytes_of(value, len)};
        struct appended appended;

        cr_assert_eq(
            topic_append(tp, &record, 1, chance(m, 2) ? ACK_WRITTEN : ACK_SYNCED, &appended),
            ERR_OK);
        cr_assert_eq(appended.offset, h->count);
        buf_append_char(&h->keys, key == NULL ? '-' : key[0]);
        h->count++;
    }
}

static void begun(void *ctx, const struct topic_partition *tp, int64_t offset)
{
    struct tested *f = ctx;

    cr_assert_eq(*expected_of(f, tp), NOT_FOLLOWED);
    *expected_of(f, tp) = offset;
}

static void forget(struct tested *f)
{
    for (int i = 0; i < TOPICS; i++) {
        for (int j = 0; j < PARTITIONS_MAX; j++)
            f->expected[i][j] = NOT_FOLLOWED;
    }
    f->follows = false;
}

static void make_wish(struct model *m, struct follow_wish *w)
{
    static const enum fetch_from from[] = {FETCH_FROM_EARLIEST, FETCH_FROM_LATEST,
                                           FETCH_FROM_OFFSET, FETCH_FROM_TIME};
    int topic = (int)chance(m, TOPICS);

    *w = (struct follow_wish){.topic = bytes_of_string(names[topic]),
                              .partition = FOLLOW_ALL_PARTITIONS,
                              .from = from[chance(m, 4)]};
    if (chance(m, 3) == 0)
        w->key = BYTES_LITERAL("a");
    if (chance(m, 2) == 0) {
        w->pattern = BYTES_LITERAL("some pattern");
        if (chance(m, 2) == 0)
            w->topic = BYTES_LITERAL("t.*");
    }
    if (w->from == FETCH_FROM_OFFSET) {
        w->topic = bytes_of_string(names[topic]);
        w->partition = 0;
        w->value = (int64_t)chance(m, (uint64_t)m->histories[topic][0].count + 2);
    } else if (w->from == FETCH_FROM_TIME) {
        w->value = m->clock.wall_ms - (int64_t)chance(m, 20000);
    }
}

static void stall_or_drain(struct model *m)
{
    struct tested *f = &m->followers[chance(m, FOLLOWERS)];

    f->stalled = !f->stalled;
    f->room = 1 + chance(m, 10);
    if (!f->stalled)
        follower_drained(&f->follower);
}

/* As if each had a client that reads a little. */
static void make_room(struct model *m)
{
    for (int i = 0; i < FOLLOWERS; i++) {
        m->followers[i].room += chance(m, 3);
        follower_drained(&m->followers[i].follower);
    }
}

static void create(struct model *m, int topic)
{
    static const struct bytes compact[] = {{"cleanup.policy", 14},
                                           {"compact,delete", 14},
                                           {"min.cleanable.dirty.ratio", 25},
                                           {"0", 1}};
    struct buf why = {0};
    struct topic *t;

    for (int i = 0; i < PARTITIONS_MAX; i++) {
        buf_clear(&m->histories[topic][i].keys);
        m->histories[topic][i].count = 0;
    }
    cr_assert_eq(catalog_create_topic(
                     m->catalog, bytes_of_string(names[topic]), 1 + (int64_t)chance(m, 2), compact,
                     strcmp(names[topic], COMPACTED) == 0 ? COUNT_OF(compact) / 2 : 0, NULL, &why,
                     &t),
                 ERR_OK);
    buf_deinit(&why);
}

static void create_or_delete(struct model *m)
{
    int topic = (int)chance(m, TOPICS);
    struct topic *t = find(m, topic);

    if (t == NULL)
        create(m, topic);
    else if (!t->creating && chance(m, 4) == 0)
        catalog_delete_topic(m->catalog, t, NULL);
}

static void grow(struct model *m)
{
    struct topic *t = find(m, (int)chance(m, TOPICS));
    struct buf why = {0};
    enum err err;

    if (t == NULL || t->partition_count >= PARTITIONS_MAX)
        return;
    err = catalog_grow_topic(m->catalog, t, t->partition_count + 1, true, NULL, &why);
    (void)err; /* while an earlier growth is under way */
    buf_deinit(&why);
}

/* While the disk is asked where to begin. */
static void happen_meanwhile(struct model *m)
{
    switch (chance(m, 12)) {
    case 0:
        grow(m);
        break;
    case 1:
        create_or_delete(m);
        break;
    case 2:
    case 3:
        produce(m);
        break;
    default:
        break;
    }
}

/* It follows all partitions of the topics it is about. */
static void check_followed(struct model *m, struct tested *f)
{
    if (f->wish.partition != FOLLOW_ALL_PARTITIONS ||
        follower_topic_count(&f->follower) + follower_pattern_count(&f->follower) == 0)
        return;
    for (int i = 0; i < TOPICS; i++) {
        struct topic *t = find(m, i);

        if (t == NULL || t->creating || !glob_match(f->wish.topic, t->name))
            continue;
        for (int j = 0; j < t->partition_count; j++)
            cr_assert_neq(f->expected[i][j], NOT_FOLLOWED, "%s/%d", names[i], j);
    }
}

static void on_opened(struct follow_opening *o)
{
    struct tested *f = tested_of(o->follower);

    f->model->opened = true;
    if (o->refusal == FOLLOW_ACCEPTED) {
        follow_begin(o, 0, begun, f);
        f->follows = true;
        check_followed(f->model, f);
    } else {
        cr_assert(o->refusal == FOLLOW_NO_TOPIC || o->refusal == FOLLOW_PAST_END, "%d", o->refusal);
    }
}

static void follow(struct model *m, struct tested *f)
{
    struct follow_opening o = {
        .follower = &f->follower, .wishes = &f->wish, .wish_count = 1, .done = on_opened};

    make_wish(m, &f->wish);
    m->opened = false;
    if (follow_open(&o) == ERR_OK)
        on_opened(&o);
    while (!m->opened) {
        turn(m);
        happen_meanwhile(m);
    }
    follow_opening_end(&o);
}

static void stop_or_follow(struct model *m)
{
    struct tested *f = &m->followers[chance(m, FOLLOWERS)];

    if (f->follows) {
        check_followed(m, f);
        follower_deinit(&f->follower);
        follower_init(&f->follower, m->follows, &ops);
        forget(f);
    }
    follow(m, f);
}

static void trim(struct model *m)
{
    struct topic *t = find(m, (int)chance(m, TOPICS));
    struct topic_partition *tp;
    struct partition_trim trim = {0};

    if (t == NULL || t->creating)
        return;
    tp = t->partitions[chance(m, (uint64_t)t->partition_count)];
    trim.done = NULL;
    enum err err = partition_trim(
        tp->log, (int64_t)chance(m, (uint64_t)partition_next_offset(tp->log) + 1), &trim);
    if (err == ERR_AGAIN)
        partition_trim_end(&trim);
}

static void step(struct model *m)
{
    switch (chance(m, 40)) {
    case 0:
        create_or_delete(m);
        break;
    case 1:
        if (chance(m, 4) == 0)
            grow(m);
        break;
    case 2:
        trim(m);
        break;
    case 3:
    case 4:
        stop_or_follow(m);
        break;
    case 5:
    case 6:
        stall_or_drain(m);
        break;
    case 7:
        m->disk->cold = chance(m, 2) == 0;
        break;
    case 8: /* a round of retention and compaction is due */
        m->clock.wall_ms += RETENTION_ROUND_MS;
        m->clock.mono_us += RETENTION_ROUND_MS * 1000;
        break;
    default:
        if (chance(m, 2) == 0)
            produce(m);
        turn(m);
        make_room(m);
    }
}

/* --- the whole -------------------------------------------------------------------------------------- */

/* Everyone gets all there is. */
static void drain(struct model *m)
{
    for (int i = 0; i < FOLLOWERS; i++) {
        m->followers[i].stalled = false;
        m->followers[i].room = SIZE_MAX / 2;
        follower_drained(&m->followers[i].follower);
    }
    m->disk->hold = false;
    for (int quiet = 0; quiet < 10; quiet++) {
        turn(m);
        if (follows_pending(m->follows) || fake_disk_waiting(m->disk) > 0)
            quiet = 0;
    }
}

static void check_complete(struct model *m, struct tested *f)
{
    for (int i = 0; i < TOPICS; i++) {
        struct topic *t = find(m, i);

        for (int j = 0; j < PARTITIONS_MAX; j++) {
            const struct history *h = &m->histories[i][j];

            if (f->expected[i][j] == NOT_FOLLOWED)
                continue;
            cr_assert_not_null(t);
            for (int64_t at = f->expected[i][j]; at < h->count; at++)
                cr_assert(may_miss(f, i, j, at), "%s/%d@%lld is missing", names[i], j,
                          (long long)at);
        }
    }
}

static void stand_still(struct clock *clock)
{
    (void)clock;
}

static void no_sink(struct trace *t, enum trace_level level, const char *line)
{
    (void)t, (void)level, (void)line;
}

static void open_catalog(struct model *m)
{
    struct catalog_recovery recovery;

    m->disk = fake_disk_create();
    m->disk->hold = true;
    m->clock = (struct clock){.wall_ms = RECORD_MS, .mono_us = 1000000, .update = stand_still};
    m->trace = (struct trace){.level = TRACE_WARNING, .sink = no_sink};
    timers_init(&m->timers);
    random_seed(&m->catalog_random, 1);
    config_init(&m->config);
    m->config.log_segment_bytes = SEGMENT_BYTES;
    m->config.log_retention_ms = RETENTION_MS;
    m->storage = storage_create(&(struct storage_options){.disk = &m->disk->disk,
                                                          .clock = &m->clock,
                                                          .timers = &m->timers,
                                                          .trace = &m->trace,
                                                          .tail_bytes_max = TAIL_BYTES,
                                                          .files_max = 16});
    cr_assert_eq(catalog_open(&(struct catalog_options){.storage = m->storage,
                                                        .disk = &m->disk->disk,
                                                        .clock = &m->clock,
                                                        .timers = &m->timers,
                                                        .trace = &m->trace,
                                                        .random = &m->catalog_random,
                                                        .hash_key = &m->key,
                                                        .config = &m->config},
                              &recovery, &m->catalog),
                 ERR_OK);
}

static void close_catalog(struct model *m)
{
    cr_assert_eq(catalog_close(m->catalog), ERR_OK);
    storage_destroy(m->storage);
    timers_deinit(&m->timers);
    fake_disk_destroy(m->disk);
    config_deinit(&m->config);
}

static void run(uint64_t seed)
{
    struct model *m = mem_zalloc(1, sizeof(*m));

    random_seed(&m->random, seed);
    open_catalog(m);
    m->follows = follows_create(m->catalog, &m->key);
    for (int i = 0; i < FOLLOWERS; i++) {
        m->followers[i].model = m;
        follower_init(&m->followers[i].follower, m->follows, &ops);
        forget(&m->followers[i]);
    }
    for (int i = 0; i < TOPICS; i++)
        create(m, i);
    for (int i = 0; i < STEPS; i++)
        step(m);
    drain(m);
    for (int i = 0; i < FOLLOWERS; i++) {
        check_followed(m, &m->followers[i]);
        check_complete(m, &m->followers[i]);
        follower_deinit(&m->followers[i].follower);
    }
    (void)fprintf(stderr,
                  "follow_model: ECHOLOG_SEED=%llu: %llu records, %llu losses, %llu ends, %llu "
                  "joins, %llu stalls, %llu shared, %llu compactions\n",
                  (unsigned long long)seed, (unsigned long long)m->records,
                  (unsigned long long)m->losses, (unsigned long long)m->ends,
                  (unsigned long long)m->joins,
                  (unsigned long long)follows_stats(m->follows)->stalls,
                  (unsigned long long)follows_stats(m->follows)->frames_shared,
                  (unsigned long long)storage_stats(m->storage)->compactions);
    cr_assert(m->records > 0 && m->losses > 0 && m->ends > 0 && m->joins > 0);
    follows_destroy(m->follows);
    close_catalog(m);
    for (int i = 0; i < TOPICS; i++) {
        for (int j = 0; j < PARTITIONS_MAX; j++)
            buf_deinit(&m->histories[i][j].keys);
    }
    mem_free(m);
}

Test(follow_model, every_follower_gets_exactly_what_is_on_the_log)
{
    const char *given = getenv("ECHOLOG_SEED");
    uint64_t seed = 0;

    if (given != NULL && num_parse_u64(bytes_of_string(given), &seed)) {
        run(seed);
        return;
    }
    for (seed = 1; seed <= SEEDS; seed++)
        run(seed);
}

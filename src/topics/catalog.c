/* SPDX-License-Identifier: BSD-3-Clause */
/* All topics of a server: finding them, changing them, and the commit of a turn. What becomes of the files is
 * in catalog_jobs.c, catalog_removal.c and catalog_open.c. */
#include "base/mem.h"
#include "topics/catalog_private.h"
#include "topics/topic_config.h"
#include "topics/topic_partition.h"
#include <stdlib.h>

/* So many keep the workers busy, and have their files open. */
#define CLOSED_AT_ONCE 32

/* The log adds suffixes to a directory's name while it removes it; all of it has to fit in NAME_MAX. */
#define OWN_DIRECTORY_NAME_BYTES 230

/* --- names that something is in the way of ---------------------------------------------------- */

struct taken_name *catalog_take_name(struct catalog *c, struct bytes name)
{
    struct taken_name *taken = dict_find(&c->taken, name);

    if (taken == NULL) {
        taken = mem_zalloc(1, sizeof(*taken));
        dict_add(&c->taken, name, taken);
    }
    return taken;
}

bool catalog_name_has_meta(const struct catalog *c, struct bytes name)
{
    const struct taken_name *taken = dict_find(&c->taken, name);

    return taken != NULL && taken->meta;
}

bool catalog_name_has_directories(const struct catalog *c, struct bytes name)
{
    const struct taken_name *taken = dict_find(&c->taken, name);

    return taken != NULL && taken->directories > 0;
}

void catalog_take_directories(struct catalog *c, const struct topic *t)
{
    if (!t->own_directory)
        catalog_take_name(c, t->name)->directories++;
}

void catalog_release_directories(struct catalog *c, const struct topic *t)
{
    struct taken_name *taken;

    if (t->own_directory)
        return;
    taken = dict_find(&c->taken, t->name);
    ASSERT(taken != NULL && taken->directories > 0);
    taken->directories--;
    if (taken->directories == 0 && !taken->meta)
        mem_free(dict_remove(&c->taken, t->name));
}

/* --- who wants to know ------------------------------------------------------------------------ */

static struct catalog_observer *observer_of(struct list *link)
{
    return CONTAINER_OF(link, struct catalog_observer, link);
}

void catalog_tell_created(struct catalog *c, struct topic *t)
{
    LIST_EACH (it, &c->observers)
        observer_of(it)->created(observer_of(it), t);
}

static void tell_grown(struct catalog *c, struct topic *t, int32_t before)
{
    LIST_EACH (it, &c->observers)
        observer_of(it)->grown(observer_of(it), t, before);
}

void catalog_tell_configured(struct catalog *c, struct topic *t)
{
    LIST_EACH (it, &c->observers) {
        if (observer_of(it)->configured != NULL)
            observer_of(it)->configured(observer_of(it), t);
    }
}

static void tell_deleted(struct catalog *c, struct topic *t)
{
    LIST_EACH (it, &c->observers)
        observer_of(it)->deleted(observer_of(it), t);
}

void catalog_tell_gone(struct catalog *c, struct topic *t, enum err err)
{
    LIST_EACH (it, &c->observers) {
        if (observer_of(it)->gone != NULL)
            observer_of(it)->gone(observer_of(it), t, err);
    }
}

static void tell_one(void *ctx, struct topic *t)
{
    struct catalog_observer *o = ctx;

    if (!t->creating)
        o->created(o, t);
}

void catalog_observe(struct catalog *c, struct catalog_observer *o)
{
    catalog_each(c, tell_one, o);
    list_push_back(&c->observers, &o->link);
}

void catalog_unobserve(struct catalog_observer *o)
{
    list_remove(&o->link);
}

/* --- topics ---------------------------------------------------------------------------------- */

struct topic *catalog_make_topic(struct catalog *c, struct bytes name)
{
    struct topic *t = mem_zalloc(1, sizeof(*t));

    t->catalog = c;
    t->name = bytes_of(mem_strndup(name.data, name.len), name.len);
    t->refs = 1;
    t->sticky_partition = -1;
    list_init(&t->kept);
    list_init(&t->of_catalog.link);
    return t;
}

/* 16 random bytes; the first letter is none that a command line takes for an option. */
static void make_id(struct random *random, char id[TOPIC_ID_TEXT_BYTES + 1])
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    do {
        uint64_t high = random_next(random), low = random_next(random);

        for (int i = 0; i < TOPIC_ID_TEXT_BYTES; i++) {
            id[i] = letters[high >> 58];
            high = high << 6 | low >> 58;
            low <<= 6;
        }
    } while (id[0] == '-');
    id[TOPIC_ID_TEXT_BYTES] = '\0';
}

void catalog_add(struct catalog *c, struct topic *t)
{
    dict_add(&c->topics, t->name, t);
    roster_add(&c->roster, &t->of_catalog);
    c->partition_count += (size_t)t->partition_count;
    t->partitions_planned = t->partition_count;
    c->partitions_planned += (size_t)t->partition_count;
}

void catalog_install(struct catalog *c, struct topic *t, struct topic_partition **added,
                     int32_t count)
{
    int32_t before = t->partition_count, after = before + count;

    t->partitions = mem_realloc(t->partitions, (size_t)after * sizeof(*t->partitions));
    memcpy(t->partitions + before, added, (size_t)count * sizeof(*added));
    mem_free(added);
    t->partition_count = after;
    c->partition_count += (size_t)count;
    if (t->partitions_planned < after) {
        c->partitions_planned += (size_t)(after - t->partitions_planned);
        t->partitions_planned = after;
    }
    catalog_configure_logs(t);
    for (int32_t i = before; i < after; i++)
        topic_partition_made(t->partitions[i]);
    TRACE_NOTE(c->o.trace, "Topic '%s' has grown, partitions: %d", t->name.data, (int)after);
    tell_grown(c, t, before);
}

void catalog_forget(struct catalog *c, struct topic *t, enum err cause, struct topic_change *change)
{
    ASSERT(!t->deleted);
    t->deleted = true;
    dict_remove(&c->topics, t->name);
    roster_remove(&t->of_catalog);
    c->partition_count -= (size_t)t->partition_count;
    c->partitions_planned -= (size_t)t->partitions_planned;
    if (!t->creating)
        tell_deleted(c, t);
    for (int32_t i = 0; i < t->partition_count; i++) {
        list_remove(&t->partitions[i]->dirty);
        topic_partition_end_waits(t->partitions[i], cause);
    }
    catalog_take_directories(c, t);   /* until they are removed */
    catalog_job_remove(c, t, change); /* keeps it until its files are gone */
    topic_unref(t);
}

void catalog_configure_logs(struct topic *t)
{
    struct partition_config config;

    topic_config_for_log(&t->config, &config);
    for (int32_t i = 0; i < t->partition_count; i++) {
        if (t->partitions[i]->log != NULL)
            partition_configure(t->partitions[i]->log, &config);
    }
}

/* --- looking --------------------------------------------------------------------------------- */

size_t catalog_topic_count(const struct catalog *c)
{
    return dict_count(&c->topics);
}

size_t catalog_partition_count(const struct catalog *c)
{
    return c->partition_count;
}

struct topic *catalog_find(const struct catalog *c, struct bytes name)
{
    return dict_find(&c->topics, name);
}

static int compare_names(const void *a, const void *b)
{
    const struct topic *const *x = a, *const *y = b;

    return bytes_compare((*x)->name, (*y)->name);
}

struct topic **catalog_all_topics(const struct catalog *c, size_t *count)
{
    struct topic **topics = mem_zalloc(dict_count(&c->topics) + 1, sizeof(*topics));
    struct dict_iter it;
    void *value;

    *count = 0;
    dict_iter_init(&it, &c->topics);
    while (dict_iter_next(&it, NULL, &value))
        topics[(*count)++] = topic_ref(value);
    return topics;
}

void catalog_release_topics(struct topic **topics, size_t count)
{
    for (size_t i = 0; i < count; i++)
        topic_unref(topics[i]);
    mem_free(topics);
}

void catalog_each(const struct catalog *c, void (*fn)(void *ctx, struct topic *t), void *ctx)
{
    size_t count;
    struct topic **topics = catalog_all_topics(c, &count);

    qsort(topics, count, sizeof(*topics), compare_names);
    for (size_t i = 0; i < count; i++) {
        if (!topics[i]->deleted)
            fn(ctx, topics[i]);
    }
    catalog_release_topics(topics, count);
}

struct roster *catalog_roster(struct catalog *c)
{
    return &c->roster;
}

const struct catalog_stats *catalog_stats(const struct catalog *c)
{
    return &c->stats;
}

void catalog_count_read(struct topic *t, uint64_t records, uint64_t bytes)
{
    t->records_read += records;
    t->bytes_read += bytes;
    t->catalog->stats.records_read += records;
    t->catalog->stats.bytes_read += bytes;
}

/* --- changes --------------------------------------------------------------------------------- */

static enum err refuse_limit(struct buf *why)
{
    buf_printf(why, "All topics together can have at most %d partitions", TOPIC_PARTITIONS_MAX);
    return ERR_LIMIT;
}

static enum err check_creation(const struct catalog *c, struct bytes name, int64_t partitions,
                               struct buf *why)
{
    enum err err = topic_check_name(name, why);

    if (err != ERR_OK)
        return err;
    if (catalog_find(c, name) != NULL) {
        buf_append_string(why, "There is a topic ");
        topic_quote(why, name);
        buf_append_string(why, " already");
        return ERR_EXISTS;
    }
    if (catalog_name_has_meta(c, name)) {
        buf_append_string(why, "The file of an earlier topic ");
        topic_quote(why, name);
        buf_append_string(why, " is in the way: it could not be read or removed");
        return ERR_FAILED;
    }
    if (partitions < 1) {
        buf_printf(why, "A topic has at least 1 partition, not %lld", (long long)partitions);
        return ERR_INVALID;
    }
    if (partitions > TOPIC_PARTITIONS_MAX ||
        c->partitions_planned + (size_t)partitions > TOPIC_PARTITIONS_MAX)
        return refuse_limit(why);
    return ERR_OK;
}

static void make_partitions(struct topic *t, int32_t count)
{
    t->partition_count = count;
    t->partitions = mem_zalloc((size_t)count, sizeof(*t->partitions));
    for (int32_t i = 0; i < count; i++)
        t->partitions[i] = topic_partition_make(t, i);
}

enum err catalog_create_topic(struct catalog *c, struct bytes name, int64_t partitions,
                              const struct bytes *config_pairs, size_t pair_count,
                              struct topic_change *change, struct buf *why, struct topic **topic)
{
    enum err err = check_creation(c, name, partitions, why);
    struct topic_config config;
    uint64_t set_keys = 0;
    struct topic *t;

    if (err != ERR_OK)
        return err;
    topic_config_init(&config, c->o.config);
    err = topic_config_set(&config, &set_keys, config_pairs, pair_count, why);
    if (err != ERR_OK) {
        topic_config_deinit(&config);
        return err;
    }
    t = catalog_make_topic(c, name);
    make_id(c->o.random, t->id);
    t->config = config;
    t->set_keys = set_keys;
    t->creating = true;
    t->own_directory = name.len > OWN_DIRECTORY_NAME_BYTES || catalog_name_has_directories(c, name);
    make_partitions(t, (int32_t)partitions);
    catalog_add(c, t);
    TRACE_NOTE(c->o.trace, "Topic '%s' is created, partitions: %d", t->name.data,
               (int)t->partition_count);
    catalog_job_create(c, t, change);
    *topic = t;
    return ERR_OK;
}

bool catalog_may_hold_keys(const struct topic *t)
{
    for (int32_t i = 0; i < t->partition_count; i++) {
        if (t->partitions[i]->keyed || t->partitions[i]->log == NULL)
            return true;
    }
    return false;
}

enum err catalog_grow_topic(struct catalog *c, struct topic *t, int64_t partitions, bool remap,
                            struct topic_change *change, struct buf *why)
{
    if (t->deleted)
        return ERR_NOT_FOUND;
    if (partitions <= t->partitions_planned) {
        buf_printf(why, "Topic '%s' has %d partitions, and their number can only grow",
                   t->name.data, (int)t->partitions_planned);
        return ERR_INVALID;
    }
    if (partitions > TOPIC_PARTITIONS_MAX ||
        c->partitions_planned + (size_t)(partitions - t->partitions_planned) > TOPIC_PARTITIONS_MAX)
        return refuse_limit(why);
    if (!remap && catalog_may_hold_keys(t)) {
        buf_printf(why,
                   "Topic '%s' may hold records with keys, and keys would go to other partitions "
                   "than before; say REMAP to accept that",
                   t->name.data);
        return ERR_INVALID;
    }
    if (t->growth_undone) {
        buf_printf(why, "The files of a growth of topic '%s' that failed are still being removed",
                   t->name.data);
        return ERR_BUSY;
    }
    c->partitions_planned += (size_t)(partitions - t->partitions_planned);
    t->partitions_planned = (int32_t)partitions;
    catalog_job_grow(c, t, (int32_t)partitions, remap, change);
    return ERR_OK;
}

/* Tries it on a copy, and leaves the rest to a job. `words` are pairs, or, for a reset, names. */
static enum err configure(struct catalog *c, struct topic *t, bool reset, const struct bytes *words,
                          size_t count, struct topic_change *change, struct buf *why)
{
    struct topic_config trial;
    uint64_t set_keys = t->set_keys;
    enum err err;

    if (t->deleted)
        return ERR_NOT_FOUND;
    topic_config_copy(&trial, &t->config);
    if (reset)
        err = topic_config_reset(&trial, &set_keys, words, count, c->o.config, why);
    else
        err = topic_config_set(&trial, &set_keys, words, count / 2, why);
    topic_config_deinit(&trial);
    if (err == ERR_OK)
        catalog_job_configure(c, t, reset, words, count, change);
    return err;
}

enum err catalog_set_config(struct catalog *c, struct topic *t, const struct bytes *pairs,
                            size_t pair_count, struct topic_change *change, struct buf *why)
{
    return configure(c, t, false, pairs, 2 * pair_count, change, why);
}

enum err catalog_reset_config(struct catalog *c, struct topic *t, const struct bytes *names,
                              size_t count, struct topic_change *change, struct buf *why)
{
    return configure(c, t, true, names, count, change, why);
}

void catalog_delete_topic(struct catalog *c, struct topic *t, struct topic_change *change)
{
    ASSERT(!t->deleted);
    TRACE_NOTE(c->o.trace, "Topic '%s' is deleted", t->name.data);
    catalog_forget(c, t, ERR_NOT_FOUND, change);
}

void topic_config_get(const struct topic *t, const struct directive *d, struct buf *text,
                      bool *is_set)
{
    directive_get(d, &t->config, text);
    *is_set = (t->set_keys & topic_config_bit(d)) != 0;
}

/* --- the turn -------------------------------------------------------------------------------- */

void catalog_mark_dirty(struct catalog *c, struct topic_partition *tp)
{
    if (list_empty(&tp->dirty))
        list_push_back(&c->dirty, &tp->dirty);
}

static void commit_partition(struct topic_partition *tp)
{
    struct topic *t = topic_ref(tp->topic);

    if (tp->log != NULL && !t->deleted) {
        /* Before it is written: it may wait for a sync with others, and gather more until then. */
        if (tp->want_sync)
            partition_want_sync(tp->log);
        if (tp->log != NULL && !t->deleted)
            partition_commit(tp->log);
    }
    tp->want_sync = false;
    topic_partition_end_due(tp);
    topic_unref(t);
}

static void commit_dirty(struct catalog *c)
{
    while (!list_empty(&c->dirty)) {
        struct topic_partition *tp = CONTAINER_OF(c->dirty.next, struct topic_partition, dirty);

        list_remove(&tp->dirty);
        commit_partition(tp);
    }
}

void catalog_commit(struct catalog *c)
{
    do {
        commit_dirty(c);
        storage_sync(c->o.storage);
    } while (!list_empty(&c->dirty)); /* who waited with others is written now */
}

void catalog_begin_turn(struct catalog *c)
{
    c->turn++;
}

uint64_t catalog_turn(const struct catalog *c)
{
    return c->turn;
}

void catalog_defaults_changed(struct catalog *c)
{
    struct dict_iter it;
    void *value;

    dict_iter_init(&it, &c->topics);
    while (dict_iter_next(&it, NULL, &value)) {
        struct topic *t = value;

        if (topic_config_follow(&t->config, t->set_keys, c->o.config))
            catalog_configure_logs(t);
    }
    catalog_retention_arm(c);
}

/* --- life ------------------------------------------------------------------------------------ */

struct catalog *catalog_make(const struct catalog_options *options)
{
    struct catalog *c = mem_zalloc(1, sizeof(*c));

    c->o = *options;
    dict_init(&c->topics, options->hash_key);
    dict_remember(&c->topics, &c->recent_topics);
    dict_init(&c->taken, options->hash_key);
    roster_init(&c->roster);
    list_init(&c->dirty);
    list_init(&c->observers);
    list_init(&c->kept);
    list_init(&c->jobs);
    list_init(&c->removals);
    catalog_retention_init(c);
    return c;
}

/* Logs that are to be closed together. */
struct closing_logs {
    struct partition *logs[CLOSED_AT_ONCE];
    size_t count;
    enum err first; /* error */
};

static void close_logs(struct closing_logs *closing)
{
    enum err err = partition_close_all(closing->logs, closing->count);

    if (closing->first == ERR_OK)
        closing->first = err;
    closing->count = 0;
}

static void close_topic(struct topic *t, struct closing_logs *closing)
{
    for (int32_t i = 0; i < t->partition_count; i++) {
        struct topic_partition *tp = t->partitions[i];
        struct partition *log = tp->log;

        topic_partition_end_waits(tp, ERR_FAILED);
        tp->log = NULL;
        tp->failed = ERR_NOT_FOUND;
        if (log == NULL)
            continue;
        closing->logs[closing->count++] = log;
        if (closing->count == CLOSED_AT_ONCE)
            close_logs(closing);
    }
}

static enum err close_topics(struct catalog *c)
{
    size_t count;
    struct topic **topics = catalog_all_topics(c, &count);
    struct closing_logs closing = {.first = ERR_OK};

    for (size_t i = 0; i < count; i++) {
        topics[i]->deleted = true;
        close_topic(topics[i], &closing);
    }
    LIST_EACH (it, &c->kept)
        close_topic(CONTAINER_OF(it, struct topic, kept), &closing);
    close_logs(&closing); /* they tell no topic anything any more */
    for (size_t i = 0; i < count; i++)
        topic_unref(topics[i]);
    catalog_release_topics(topics, count);
    while (!list_empty(&c->kept)) {
        struct topic *t = CONTAINER_OF(c->kept.next, struct topic, kept);

        list_remove(&t->kept);
        topic_unref(t);
    }
    return closing.first;
}

enum err catalog_close(struct catalog *c)
{
    struct dict_iter it;
    void *value;
    enum err err;

    catalog_jobs_finish(c);
    catalog_removals_finish(c);
    catalog_retention_deinit(c);
    err = close_topics(c);
    dict_iter_init(&it, &c->taken);
    while (dict_iter_next(&it, NULL, &value))
        mem_free(value);
    dict_deinit(&c->taken);
    dict_deinit(&c->topics);
    mem_free(c);
    return err;
}

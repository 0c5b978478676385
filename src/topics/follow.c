/* SPDX-License-Identifier: BSD-3-Clause */
/* Followers and what they follow, and topics that come, grow and go under them. That is rare, so each such event
 * looks at all follows. */
#include "topics/follow.h"

#include "base/glob.h"
#include "base/mem.h"
#include "topics/follow_private.h"

#define POOL_CHUNKS_MAX 64

static struct follow *follow_at(struct list *link)
{
    return CONTAINER_OF(link, struct follow, of_follower);
}

static struct follow *follow_in_all(struct list *link)
{
    return CONTAINER_OF(link, struct follow, of_all);
}

/* --- names ----------------------------------------------------------------------------------- */

bool follow_is_glob(struct bytes topic)
{
    for (size_t i = 0; i < topic.len; i++) {
        if (strchr("*?[\\", topic.data[i]) != NULL && topic.data[i] != '\0')
            return true;
    }
    return false;
}

bool follow_covers(struct bytes glob, struct bytes topic)
{
    if (topic_is_internal(topic) && !bytes_starts_with(glob, "__"))
        return false;
    return glob_match(glob, topic);
}

bool follow_takes_in(struct follower *f, struct bytes glob, struct bytes topic)
{
    return follow_covers(glob, topic) && (f->ops->may_read == NULL || f->ops->may_read(f, topic));
}

struct frame *follow_key_copy(struct bytes key)
{
    struct frame *copy;

    if (bytes_is_null(key))
        return NULL;
    copy = frame_create(key.len);
    if (key.len > 0)
        memcpy(copy->data, key.data, key.len);
    return copy;
}

static struct follow_pattern *pattern_take(struct follows *fs, struct bytes text)
{
    struct follow_pattern *p = dict_find(&fs->patterns, text);

    if (p == NULL) {
        p = mem_zalloc(1, sizeof(*p));
        p->text = dict_add(&fs->patterns, text, p);
    }
    p->follows++;
    return p;
}

static void pattern_give(struct follows *fs, struct follow_pattern *p)
{
    ASSERT(p->follows > 0);
    if (--p->follows > 0)
        return;
    (void)dict_remove(&fs->patterns, p->text);
    mem_free(p);
}

/* --- one follow ------------------------------------------------------------------------------ */

struct follow *follow_create(struct follower *f, const struct follow_wish *wish)
{
    struct follows *fs = f->follows;
    struct follow *fw = mem_zalloc(1, sizeof(*fw));

    fw->follower = f;
    fw->topic = bytes_of(mem_strndup(wish->topic.data, wish->topic.len), wish->topic.len);
    fw->partition = FOLLOW_ALL_PARTITIONS;
    list_init(&fw->cursors);
    if (bytes_is_null(wish->pattern)) {
        f->topics++;
    } else {
        fw->pattern = pattern_take(fs, wish->pattern);
        fw->partition = wish->partition;
        f->patterns++;
    }
    list_push_back(&f->own, &fw->of_follower);
    list_push_back(&fs->all, &fw->of_all);
    return fw;
}

void follow_end(struct follow *fw)
{
    struct follower *f = fw->follower;

    while (!list_empty(&fw->cursors))
        follow_cursor_destroy(CONTAINER_OF(fw->cursors.next, struct follow_cursor, of_follow));
    list_remove(&fw->of_follower);
    list_remove(&fw->of_all);
    if (fw->pattern != NULL) {
        pattern_give(f->follows, fw->pattern);
        f->patterns--;
    } else {
        f->topics--;
    }
    if (fw->key != NULL)
        frame_unref(fw->key);
    mem_free((char *)(uintptr_t)fw->topic.data);
    mem_free(fw);
}

void follow_end_if_over(struct follow *fw)
{
    if (fw->pattern == NULL && list_empty(&fw->cursors))
        follow_end(fw);
}

struct follow_form follow_form_of(const struct follow *fw)
{
    return (struct follow_form){
        .proto = fw->follower->proto,
        .pattern = fw->pattern != NULL ? fw->pattern->text : BYTES_NULL,
    };
}

struct follow *follow_of_topic(const struct follower *f, struct bytes topic)
{
    for (struct list *it = f->own.next; it != &f->own; it = it->next) {
        struct follow *fw = follow_at(it);

        if (fw->pattern == NULL && bytes_equal(fw->topic, topic))
            return fw;
    }
    return NULL;
}

struct follow *follow_of_pattern(const struct follower *f, struct bytes pattern)
{
    for (struct list *it = f->own.next; it != &f->own; it = it->next) {
        struct follow *fw = follow_at(it);

        if (fw->pattern != NULL && bytes_equal(fw->pattern->text, pattern))
            return fw;
    }
    return NULL;
}

/* --- followers ------------------------------------------------------------------------------- */

void follower_init(struct follower *f, struct follows *fs, const struct follower_ops *ops)
{
    *f = (struct follower){.follows = fs, .ops = ops, .proto = 2};
    list_init(&f->own);
    list_init(&f->stalled);
}

/* Openings of it that are under way come to nothing. */
static void leave_openings(struct follower *f)
{
    LIST_EACH (it, &f->follows->openings) {
        struct follow_opening *o = CONTAINER_OF(it, struct follow_opening, link);

        if (o->follower == f)
            o->follower = NULL;
    }
}

void follower_deinit(struct follower *f)
{
    if (f->follows != NULL)
        leave_openings(f);
    while (!list_empty(&f->own))
        follow_end(follow_at(f->own.next));
    ASSERT(list_empty(&f->stalled));
    ASSERT(f->topics == 0 && f->patterns == 0 && f->partitions == 0);
}

void follower_drained(struct follower *f)
{
    if (!list_empty(&f->stalled))
        list_splice_back(&f->follows->history, &f->stalled);
}

bool follower_unfollow(struct follower *f, struct bytes topic, int64_t partition,
                       follow_partition_fn *fn, void *ctx)
{
    struct follow *fw = follow_of_topic(f, topic);
    bool found = false;

    if (fw == NULL)
        return false;
    LIST_EACH (it, &fw->cursors) {
        struct follow_cursor *c = CONTAINER_OF(it, struct follow_cursor, of_follow);
        struct topic *t = c->tp->topic;
        const struct topic_partition *tp = c->tp;
        int64_t offset = c->offset;

        if (partition != FOLLOW_ALL_PARTITIONS && tp->number != partition)
            continue;
        found = true;
        topic_ref(t);
        follow_cursor_destroy(c);
        fn(ctx, tp, offset);
        topic_unref(t);
    }
    follow_end_if_over(fw);
    return found;
}

bool follower_unfollow_pattern(struct follower *f, struct bytes pattern)
{
    struct follow *fw = follow_of_pattern(f, pattern);

    if (fw == NULL)
        return false;
    follow_end(fw);
    return true;
}

bool follower_has_pattern(const struct follower *f, struct bytes pattern)
{
    return follow_of_pattern(f, pattern) != NULL;
}

void follower_each_topic(const struct follower *f, void (*fn)(void *ctx, struct bytes topic),
                         void *ctx)
{
    for (struct list *it = f->own.next; it != &f->own; it = it->next) {
        struct follow *fw = follow_at(it);

        for (struct list *at = fw->cursors.next; at != &fw->cursors; at = at->next)
            fn(ctx, CONTAINER_OF(at, struct follow_cursor, of_follow)->tp->topic->name);
    }
}

bool follower_oldest_topic(const struct follower *f, struct bytes *topic)
{
    for (struct list *it = f->own.next; it != &f->own; it = it->next) {
        if (follow_at(it)->pattern == NULL) {
            *topic = follow_at(it)->topic;
            return true;
        }
    }
    return false;
}

bool follower_oldest_pattern(const struct follower *f, struct bytes *pattern)
{
    for (struct list *it = f->own.next; it != &f->own; it = it->next) {
        if (follow_at(it)->pattern != NULL) {
            *pattern = follow_at(it)->pattern->text;
            return true;
        }
    }
    return false;
}

/* --- what the catalog tells ------------------------------------------------------------------- */

/* Partitions of `t` from number `first` on join, from their start. */
static void join(struct follow *fw, struct topic *t, int32_t first)
{
    struct follower *f = fw->follower;
    const struct follow_form form = follow_form_of(fw);

    if (!fw->grows)
        return;
    for (int32_t i = first; i < t->partition_count; i++) {
        if (fw->partition != FOLLOW_ALL_PARTITIONS && fw->partition != i)
            continue;
        follow_cursor_create(fw, t->partitions[i], 0, fw->key);
        f->ops->joined(f, &form, t->partitions[i], 0);
    }
}

static void on_created(struct catalog_observer *o, struct topic *t)
{
    struct follows *fs = CONTAINER_OF(o, struct follows, observer);

    LIST_EACH (it, &fs->all) {
        struct follow *fw = follow_in_all(it);

        if (fw->pattern != NULL && follow_takes_in(fw->follower, fw->topic, t->name))
            join(fw, t, 0);
    }
    LIST_EACH (it, &fs->openings)
        follow_opening_created(CONTAINER_OF(it, struct follow_opening, link), t);
}

static bool covers(const struct follow *fw, const struct topic *t)
{
    if (fw->pattern != NULL)
        return follow_covers(fw->topic, t->name);
    return bytes_equal(fw->topic, t->name);
}

static void on_grown(struct catalog_observer *o, struct topic *t, int32_t partitions_before)
{
    struct follows *fs = CONTAINER_OF(o, struct follows, observer);

    LIST_EACH (it, &fs->all) {
        struct follow *fw = follow_in_all(it);

        if (fw->pattern == NULL ? covers(fw, t) : follow_takes_in(fw->follower, fw->topic, t->name))
            join(fw, t, partitions_before);
    }
    LIST_EACH (it, &fs->openings)
        follow_opening_grown(CONTAINER_OF(it, struct follow_opening, link), t, partitions_before);
}

static void end_cursors_of(struct follow *fw, const struct topic *t)
{
    LIST_EACH (it, &fw->cursors) {
        struct follow_cursor *c = CONTAINER_OF(it, struct follow_cursor, of_follow);

        if (c->tp->topic == t)
            follow_cursor_end(c, ERR_NOT_FOUND);
    }
    follow_end_if_over(fw);
}

/* Openings hear of it from the place they wait at, or look before they begin. */
static void on_deleted(struct catalog_observer *o, struct topic *t)
{
    struct follows *fs = CONTAINER_OF(o, struct follows, observer);

    LIST_EACH (it, &fs->all) {
        if (covers(follow_in_all(it), t))
            end_cursors_of(follow_in_all(it), t);
    }
}

/* --- all of them ------------------------------------------------------------------------------ */

struct follows *follows_create(struct catalog *catalog, const struct hash_key *key)
{
    struct follows *fs = mem_zalloc(1, sizeof(*fs));

    fs->catalog = catalog;
    list_init(&fs->all);
    list_init(&fs->openings);
    list_init(&fs->live);
    list_init(&fs->history);
    dict_init(&fs->patterns, key);
    out_pool_init(&fs->pool, POOL_CHUNKS_MAX);
    out_init(&fs->scratch, &fs->pool);
    fs->observer =
        (struct catalog_observer){.created = on_created, .grown = on_grown, .deleted = on_deleted};
    catalog_observe(catalog, &fs->observer);
    return fs;
}

void follows_destroy(struct follows *fs)
{
    ASSERT(list_empty(&fs->all) && list_empty(&fs->openings));
    ASSERT(fs->reads == 0 && fs->partition_count == 0);
    catalog_unobserve(&fs->observer);
    dict_deinit(&fs->patterns);
    out_deinit(&fs->scratch);
    out_pool_deinit(&fs->pool);
    mem_free(fs);
}

const struct follows_stats *follows_stats(const struct follows *fs)
{
    return &fs->stats;
}

size_t follows_partition_count(const struct follows *fs)
{
    return fs->partition_count;
}

size_t follows_pattern_count(const struct follows *fs)
{
    return fs == NULL ? 0 : dict_count(&fs->patterns);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Beginning to follow. A wish becomes parts, one per partition; each part asks where it would begin. That may take
 * the disk, and meanwhile topics may come, grow and go: what comes joins from its start, as it would when the follow
 * were there already. */
#include "base/mem.h"
#include "topics/follow_private.h"
#include "topics/topic_partition.h"

struct follow_part {
    struct list link;
    struct follow_opening *o;
    size_t wish;
    struct topic_partition *tp; /* with a reference to its topic */
    struct offset_query query;
    int64_t offset;
    bool joined; /* came meanwhile: from its start */
    bool only;   /* the one partition of a literal key: others do not join */
};

static struct follow_part *part_at(struct list *link)
{
    return CONTAINER_OF(link, struct follow_part, link);
}

static enum follow_refusal refuse(struct follow_opening *o, enum follow_refusal why, size_t wish,
                                  struct topic_partition *tp)
{
    o->refusal = why;
    o->wish = wish;
    o->tp = tp;
    return why;
}

/* --- what there is ---------------------------------------------------------------------------- */

static struct follow_part *add_part(struct follow_opening *o, size_t wish,
                                    struct topic_partition *tp)
{
    struct follow_part *part = mem_zalloc(1, sizeof(*part));

    part->o = o;
    part->wish = wish;
    part->tp = tp;
    topic_ref(tp->topic);
    list_push_back(&o->parts, &part->link);
    o->part_count++;
    return part;
}

static bool is_open_ended(const struct follow_wish *w)
{
    return !bytes_is_null(w->pattern) && follow_is_glob(w->topic);
}

static void add_partitions(struct follow_opening *o, size_t wish, struct topic *t, int32_t first,
                           bool joined)
{
    const struct follow_wish *w = &o->wishes[wish];

    for (int32_t i = first; i < t->partition_count; i++) {
        if (w->partition == FOLLOW_ALL_PARTITIONS || w->partition == i)
            add_part(o, wish, t->partitions[i])->joined = joined;
    }
}

struct expansion {
    struct follow_opening *o;
    size_t wish;
};

static void add_if_matches(void *ctx, struct topic *t)
{
    struct expansion *x = ctx;

    /* One that is not durable yet will be told as created. */
    if (!t->creating && follow_takes_in(x->o->follower, x->o->wishes[x->wish].topic, t->name))
        add_partitions(x->o, x->wish, t, 0, false);
}

/* An offset of a topic as a whole: it has one partition, or the key says which one is meant. */
static enum follow_refusal expand_offset(struct follow_opening *o, size_t wish, struct topic *t)
{
    struct bytes key = o->wishes[wish].key;
    int32_t number = 0;

    if (t->partition_count > 1) {
        if (bytes_is_null(key) || follow_is_glob(key))
            return refuse(o, FOLLOW_MANY_PARTITIONS, wish, NULL);
        number = partition_of_key(key, t->partition_count);
    }
    add_part(o, wish, t->partitions[number])->only = t->partition_count > 1;
    return FOLLOW_ACCEPTED;
}

static enum follow_refusal expand(struct follow_opening *o, size_t wish)
{
    const struct follow_wish *w = &o->wishes[wish];
    struct catalog *catalog = o->follower->follows->catalog;
    struct topic *t;

    if (is_open_ended(w)) {
        struct expansion x = {o, wish};

        if (w->from == FETCH_FROM_OFFSET)
            return refuse(o, FOLLOW_MANY_PARTITIONS, wish, NULL);
        catalog_each(catalog, add_if_matches, &x);
        return FOLLOW_ACCEPTED;
    }
    t = catalog_find(catalog, w->topic);
    if (t == NULL)
        return refuse(o, FOLLOW_NO_TOPIC, wish, NULL);
    if (w->partition != FOLLOW_ALL_PARTITIONS && topic_partition(t, w->partition) == NULL)
        return refuse(o, FOLLOW_NO_PARTITION, wish, NULL);
    if (w->from == FETCH_FROM_OFFSET && w->partition == FOLLOW_ALL_PARTITIONS)
        return expand_offset(o, wish, t);
    add_partitions(o, wish, t, 0, false);
    return FOLLOW_ACCEPTED;
}

/* A follower that has ended takes in nothing. */
static bool takes_in(const struct follow_opening *o, size_t wish, const struct topic *t)
{
    return o->follower != NULL && follow_takes_in(o->follower, o->wishes[wish].topic, t->name);
}

void follow_opening_created(struct follow_opening *o, struct topic *t)
{
    for (size_t i = 0; i < o->wish_count; i++) {
        if (is_open_ended(&o->wishes[i]) && takes_in(o, i, t))
            add_partitions(o, i, t, 0, true);
    }
}

static bool is_bound_to_one(const struct follow_opening *o, size_t wish)
{
    for (struct list *it = o->parts.next; it != &o->parts; it = it->next) {
        if (part_at(it)->wish == wish && part_at(it)->only)
            return true;
    }
    return false;
}

void follow_opening_grown(struct follow_opening *o, struct topic *t, int32_t partitions_before)
{
    for (size_t i = 0; i < o->wish_count; i++) {
        const struct follow_wish *w = &o->wishes[i];
        bool covered = is_open_ended(w) ? takes_in(o, i, t) : bytes_equal(w->topic, t->name);

        if (covered && !is_bound_to_one(o, i))
            add_partitions(o, i, t, partitions_before, true);
    }
}

/* --- where it begins --------------------------------------------------------------------------- */

/* Judges what a part was answered, and finds its offset. A topic that went meanwhile is not there for a
 * glob, and an error for a name. */
static enum follow_refusal judge(struct follow_part *part)
{
    struct follow_opening *o = part->o;
    const struct follow_wish *w = &o->wishes[part->wish];
    const struct offset_query *q = &part->query;

    if (part->tp->topic->deleted)
        return is_open_ended(w) ? FOLLOW_ACCEPTED : refuse(o, FOLLOW_NO_TOPIC, part->wish, NULL);
    if (part->joined)
        return FOLLOW_ACCEPTED;
    if (q->err != ERR_OK) {
        o->err = q->err;
        return refuse(o, FOLLOW_FAILED, part->wish, part->tp);
    }
    part->offset = q->offset;
    if (w->from != FETCH_FROM_OFFSET)
        return FOLLOW_ACCEPTED;
    if (w->value > q->offset) {
        o->log_start = partition_log_start(part->tp->log);
        o->next_offset = q->offset;
        return refuse(o, FOLLOW_PAST_END, part->wish, part->tp);
    }
    part->offset = w->value;
    return FOLLOW_ACCEPTED;
}

static void judge_all(struct follow_opening *o)
{
    if (o->follower == NULL)
        refuse(o, FOLLOW_GONE, 0, NULL);
    LIST_EACH (it, &o->parts) {
        if (o->refusal != FOLLOW_ACCEPTED || judge(part_at(it)) != FOLLOW_ACCEPTED)
            break;
    }
    list_remove(&o->link);
}

static void on_answer(struct offset_query *q)
{
    struct follow_opening *o = CONTAINER_OF(q, struct follow_part, query)->o;

    ASSERT(o->waiting > 0);
    if (--o->waiting > 0 || o->in_open)
        return;
    judge_all(o);
    o->done(o); /* who may end it in there */
}

static void ask(struct follow_part *part)
{
    const struct follow_wish *w = &part->o->wishes[part->wish];

    part->query = (struct offset_query){
        .tp = part->tp,
        .from = w->from == FETCH_FROM_OFFSET ? FETCH_FROM_LATEST : w->from,
        .value = w->value,
        .done = on_answer,
    };
    part->o->waiting++; /* the answer may come while it is being asked for others */
    if (offset_query_start(&part->query) == ERR_OK)
        part->o->waiting--;
}

enum err follow_open(struct follow_opening *o)
{
    list_init(&o->parts);
    list_init(&o->link);
    o->refusal = FOLLOW_ACCEPTED;
    for (size_t i = 0; i < o->wish_count; i++) {
        if (expand(o, i) != FOLLOW_ACCEPTED)
            return ERR_OK;
        if (o->part_count + o->follower->partitions > FOLLOW_PARTITIONS_MAX) {
            refuse(o, FOLLOW_LIMIT, i, NULL);
            return ERR_OK;
        }
    }
    o->in_open = true;
    list_push_back(&o->follower->follows->openings, &o->link);
    LIST_EACH (it, &o->parts)
        ask(part_at(it));
    o->in_open = false;
    if (o->waiting > 0)
        return ERR_AGAIN;
    judge_all(o);
    return ERR_OK;
}

/* --- the beginning ------------------------------------------------------------------------------ */

/* The log start as of now: what retention took before anything was said is no loss. */
static int64_t first_offset(const struct follow_part *part)
{
    const struct follow_wish *w = &part->o->wishes[part->wish];

    if (part->joined || w->from != FETCH_FROM_EARLIEST)
        return part->offset;
    partition_retain(part->tp->log);
    return partition_log_start(part->tp->log);
}

/* The follow that the wish begins, free of what it replaces. */
static struct follow *prepare(struct follower *f, const struct follow_wish *w)
{
    struct follow *fw =
        bytes_is_null(w->pattern) ? follow_of_topic(f, w->topic) : follow_of_pattern(f, w->pattern);

    if (fw != NULL && (fw->pattern != NULL || w->partition == FOLLOW_ALL_PARTITIONS)) {
        follow_end(fw);
        fw = NULL;
    }
    return fw != NULL ? fw : follow_create(f, w);
}

void follow_begin(struct follow_opening *o, size_t wish, follow_partition_fn *fn, void *ctx)
{
    const struct follow_wish *w = &o->wishes[wish];
    struct frame *key = follow_key_copy(w->key);
    struct follow *fw = prepare(o->follower, w);
    bool fresh = list_empty(&fw->cursors), bound = false;

    ASSERT(o->refusal == FOLLOW_ACCEPTED);
    LIST_EACH (it, &o->parts) {
        struct follow_part *part = part_at(it);
        struct follow_cursor *before;
        int64_t offset;

        if (part->wish != wish || part->tp->topic->deleted)
            continue;
        if (is_open_ended(w) && !takes_in(o, wish, part->tp->topic))
            continue; /* it was readable when it was looked for */
        before = fresh ? NULL : follow_cursor_of(fw, part->tp);
        if (before != NULL)
            follow_cursor_destroy(before);
        offset = first_offset(part);
        follow_cursor_create(fw, part->tp, offset, key);
        bound |= part->only;
        fn(ctx, part->tp, offset);
    }
    if (fw->pattern != NULL || (w->partition == FOLLOW_ALL_PARTITIONS && !bound)) {
        fw->grows = !bound;
        fw->key = key; /* with the reference */
    } else if (key != NULL) {
        frame_unref(key);
    }
}

void follow_opening_end(struct follow_opening *o)
{
    if (o->parts.next == NULL)
        return;
    list_remove(&o->link);
    LIST_EACH (it, &o->parts) {
        struct follow_part *part = part_at(it);

        offset_query_end(&part->query);
        topic_unref(part->tp->topic);
        mem_free(part);
    }
    o->parts.next = NULL;
}

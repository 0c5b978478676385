/* SPDX-License-Identifier: BSD-3-Clause */
/* Committing: what is to be committed is gathered and checked, written to the store as one batch, and only
 * then changed in memory. A crash before the batch is on the disk leaves the offsets of before, and
 * what was done since is delivered again. */
#include "groups/commit.h"

#include "base/mem.h"
#include "groups/group_private.h"
#include <inttypes.h>

/* --- in memory -------------------------------------------------------------------------------- */

void group_partition_clear_committed(struct group_partition *gp)
{
    if (gp->committed < 0)
        return;
    ASSERT(gp->topic->committed_count > 0);
    gp->topic->committed_count--;
    gp->committed = -1;
    gp->committed_ms = 0;
    gp->committed_epoch = -1;
    gp->stale = false;
    mem_free(gp->metadata);
    gp->metadata = NULL;
}

void group_partition_set_committed(struct group_partition *gp, const struct offset_value *value)
{
    ASSERT(value->offset >= 0);
    group_partition_clear_committed(gp);
    gp->topic->committed_count++;
    gp->committed = value->offset;
    gp->committed_ms = value->commit_ms;
    gp->committed_epoch = value->leader_epoch;
    if (value->metadata.len > 0)
        gp->metadata = mem_strndup(value->metadata.data, value->metadata.len);
}

/* --- gathering -------------------------------------------------------------------------------- */

void group_changes_init(struct group_changes *c, struct group *g, size_t cap)
{
    *c = (struct group_changes){.group = g, .cap = cap};
    c->items = mem_alloc((cap + 1) * sizeof(*c->items));
    c->values = mem_alloc((cap + 1) * sizeof(*c->values));
    c->partitions = mem_alloc((cap + 1) * sizeof(struct group_partition *));
}

void group_changes_deinit(struct group_changes *c)
{
    mem_free(c->items);
    mem_free(c->values);
    mem_free(c->partitions);
}

static struct offset_change *add(struct group_changes *c, struct group_partition *gp)
{
    struct offset_change *change = &c->items[c->count];

    ASSERT(c->count < c->cap);
    *change = (struct offset_change){.key = {.is_group = gp == NULL, .group = c->group->name}};
    if (gp != NULL) {
        change->key.topic = gp->topic->name;
        change->key.partition = gp->number;
    }
    c->partitions[c->count++] = gp;
    return change;
}

static int32_t leader_epoch(const struct group_partition *gp)
{
    const struct topic_partition *tp = group_partition_log(gp);
    struct partition_info info;

    if (tp == NULL || tp->log == NULL)
        return -1;
    partition_describe(tp->log, &info);
    return info.leader_epoch;
}

void group_changes_commit(struct group_changes *c, struct group_partition *gp, int64_t offset,
                          struct bytes metadata)
{
    struct offset_value *value = &c->values[c->count];

    *value = (struct offset_value){
        .offset = offset,
        .leader_epoch = leader_epoch(gp),
        .metadata = bytes_is_null(metadata) ? BYTES_LITERAL("") : metadata,
        .commit_ms = c->group->groups->clock->wall_ms,
        .topic_id = gp->topic->topic == NULL ? BYTES_NULL : bytes_of_string(gp->topic->topic->id),
    };
    add(c, gp)->offset = value;
}

void group_changes_forget(struct group_changes *c, struct group_partition *gp)
{
    add(c, gp);
}

void group_changes_record(struct group_changes *c)
{
    c->group_value = (struct group_value){.epoch_bound = c->group->epoch_bound,
                                          .empty_since_ms = c->group->empty_since_ms};
    add(c, NULL)->group = &c->group_value;
}

void group_changes_forget_record(struct group_changes *c)
{
    add(c, NULL);
}

static void apply(const struct group_changes *c, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        struct group_partition *gp = c->partitions[i];

        if (gp == NULL)
            continue;
        if (c->items[i].offset == NULL)
            group_partition_clear_committed(gp);
        else
            group_partition_set_committed(gp, c->items[i].offset);
    }
    /* Only now: one that is named twice is where the last of them says. */
    for (size_t i = from; i < to; i++) {
        struct group_partition *gp = c->partitions[i];

        if (gp != NULL && gp->position <= gp->committed)
            list_remove(&gp->handed);
    }
}

void group_changes_run(struct group_changes *c, enum ack ack)
{
    if (c->count > 0) {
        offset_store_write_unheard(&c->group->groups->store, c->items, c->count, ack);
        apply(c, 0, c->count);
    }
    group_changes_deinit(c);
}

/* --- writing and waiting ---------------------------------------------------------------------- */

static void say_failure(const struct groups *gs, enum err err, struct buf *why)
{
    buf_printf(why, "topic '" OFFSET_TOPIC "' does not take the offsets: %s%s%.*s", err_text(err),
               gs->store.why.len > 0 ? ": " : "", NAME(buf_bytes(&gs->store.why)));
}

enum err group_changes_write(struct group_changes *c, enum ack ack, struct buf *why,
                             struct commit_result *result)
{
    struct groups *gs = c->group->groups;

    result->where = NULL;
    for (size_t i = 0, part; i < c->count; i += part) {
        enum err err;

        part = c->count - i < OFFSET_RECORDS_MAX ? c->count - i : OFFSET_RECORDS_MAX;
        err = offset_store_write(&gs->store, c->items + i, part, ack, &result->where,
                                 &result->appended);
        if (err != ERR_OK) {
            say_failure(gs, err, why);
            return err;
        }
        apply(c, i, i + part);
    }
    return ERR_OK;
}

/* --- COMMIT with triples ---------------------------------------------------------------------- */

static enum err refuse_fenced(struct member *m, const struct commit *c, struct buf *why)
{
    const struct member *owner = c->gp == NULL ? NULL : c->gp->owner;

    m->group->groups->stats.commits_fenced++;
    buf_printf(why,
               "member '%.*s' of group '%.*s' does not own partition %" PRId64 " of topic '%.*s'",
               NAME(m->name), NAME(m->group->name), c->number, NAME(c->topic));
    if (c->gp != NULL)
        c->gp->fenced_commit_ms = m->group->groups->clock->wall_ms;
    if (owner != NULL)
        buf_printf(why, ": member '%.*s' does", NAME(owner->name));
    return ERR_FENCED;
}

/* Behind what is written and what the same turn has appended. */
static int64_t log_end(struct partition *log)
{
    partition_commit(log);
    return partition_next_offset(log);
}

static enum err check_commit(struct member *m, const struct commit *c, struct buf *why)
{
    struct topic_partition *tp;
    int64_t end;

    if (c->gp == NULL || c->gp->owner != m)
        return refuse_fenced(m, c, why);
    tp = group_partition_log(c->gp);
    ASSERT(tp != NULL);
    if (tp->log == NULL) {
        buf_printf(why, "partition %" PRId64 " of topic '%.*s' cannot be used: %s", c->number,
                   NAME(c->topic), err_text(tp->failed));
        return tp->failed;
    }
    end = log_end(tp->log);
    if (c->offset < 0 || c->offset > end) {
        buf_printf(why,
                   "offset %" PRId64 " cannot be committed for partition %" PRId64
                   " of topic '%.*s': the log ends before offset %" PRId64,
                   c->offset, c->number, NAME(c->topic), end);
        return ERR_RANGE;
    }
    if (c->offset < c->gp->committed) {
        buf_printf(why,
                   "offset %" PRId64 " of partition %" PRId64 " of topic '%.*s' is below %" PRId64
                   ", which group '%.*s' has committed; GROUP SEEK moves a group back",
                   c->offset, c->number, NAME(c->topic), c->gp->committed, NAME(m->group->name));
        return ERR_INVALID;
    }
    return ERR_OK;
}

static enum err check_size(const struct commit *commits, size_t count, struct buf *why)
{
    if (count > OFFSET_RECORDS_MAX) {
        buf_printf(why, "%zu offsets cannot be committed at once, %d can", count,
                   OFFSET_RECORDS_MAX);
        return ERR_TOO_LARGE;
    }
    for (size_t i = 0; i < count; i++) {
        if (commits[i].metadata.len <= OFFSET_METADATA_BYTES_MAX)
            continue;
        buf_printf(why,
                   "the metadata of partition %" PRId64 " of topic '%.*s' has %zu bytes, and may "
                   "have %d",
                   commits[i].number, NAME(commits[i].topic), commits[i].metadata.len,
                   OFFSET_METADATA_BYTES_MAX);
        return ERR_INVALID;
    }
    return ERR_OK;
}

static enum err write_commits(struct group *g, const struct commit *commits, size_t count,
                              enum ack ack, struct buf *why, struct commit_result *result)
{
    struct group_changes changes;
    enum err err;

    group_changes_init(&changes, g, count);
    for (size_t i = 0; i < count; i++)
        group_changes_commit(&changes, commits[i].gp, commits[i].offset, commits[i].metadata);
    err = group_changes_write(&changes, ack, why, result);
    if (err == ERR_OK)
        g->groups->stats.commits += count;
    group_changes_deinit(&changes);
    return err;
}

enum err commit_offsets(struct member *m, const struct commit *commits, size_t count, enum ack ack,
                        struct buf *why, struct commit_result *result)
{
    enum err err = check_size(commits, count, why);

    member_seen(m);
    for (size_t i = 0; i < count && err == ERR_OK; i++)
        err = check_commit(m, &commits[i], why);
    if (err != ERR_OK)
        return err;
    return write_commits(m->group, commits, count, ack, why, result);
}

/* --- what was handed out ---------------------------------------------------------------------- */

/* Whether the client may have read the last reply that handed out records. */
static bool may_be_done(const struct member *m, const struct group_client *client, uint64_t sent)
{
    return m->client == client && m->mark.pos <= sent && !list_empty(&m->handed);
}

static void gather_handed(struct member *m, struct group_changes *changes)
{
    group_changes_init(changes, m->group, m->owned_count);
    LIST_EACH (it, &m->handed) {
        struct group_partition *gp = CONTAINER_OF(it, struct group_partition, handed);

        ASSERT(gp->owner == m && gp->position > gp->committed);
        group_changes_commit(changes, gp, gp->position, BYTES_NULL);
    }
}

enum err commit_handed(struct member *m, const struct group_client *client, uint64_t sent,
                       enum ack ack, struct buf *why, struct commit_result *result)
{
    struct group_changes changes;
    enum err err;

    member_seen(m);
    result->where = NULL;
    if (!may_be_done(m, client, sent))
        return ERR_OK;
    gather_handed(m, &changes);
    err = group_changes_write(&changes, ack, why, result);
    if (err == ERR_OK)
        m->group->groups->stats.commits += changes.count;
    group_changes_deinit(&changes);
    return err;
}

void commit_handed_unheard(struct member *m, const struct group_client *client, uint64_t sent)
{
    struct group_changes changes;

    if (!may_be_done(m, client, sent))
        return;
    gather_handed(m, &changes);
    m->group->groups->stats.commits += changes.count;
    group_changes_run(&changes, ACK_WRITTEN);
}

/* --- without a member ------------------------------------------------------------------------- */

/* Finds the group's partitions, making those that it did not know. */
static enum err find_partitions(struct group *g, const struct commit *commits, size_t count,
                                struct commit *found, struct buf *why)
{
    for (size_t i = 0; i < count; i++) {
        found[i] = commits[i];
        if (found[i].gp == NULL)
            found[i].gp =
                group_partition(group_topic_ensure(g, commits[i].topic), commits[i].number);
        if (found[i].gp != NULL && group_partition_log(found[i].gp) != NULL)
            continue;
        buf_printf(why, "there is no partition %" PRId64 " of topic '%.*s'", commits[i].number,
                   NAME(commits[i].topic));
        return ERR_NOT_FOUND;
    }
    return ERR_OK;
}

enum err commit_seek(struct group *g, const struct commit *commits, size_t count, enum ack ack,
                     struct buf *why, struct commit_result *result)
{
    struct commit *found;
    enum err err = check_size(commits, count, why);

    if (err != ERR_OK)
        return err;
    if (g->member_count > 0) {
        buf_printf(why, "group '%.*s' has %zu member%s; its offsets move only without",
                   NAME(g->name), g->member_count, g->member_count == 1 ? "" : "s");
        return ERR_NOT_EMPTY;
    }
    found = mem_alloc((count + 1) * sizeof(*found));
    err = find_partitions(g, commits, count, found, why);
    if (err == ERR_OK)
        err = write_commits(g, found, count, ack, why, result);
    mem_free(found);
    group_prune_topics(g);
    return err;
}

void commit_start(struct group_partition *gp, int64_t offset)
{
    struct group_changes changes;

    group_changes_init(&changes, gp->topic->group, 1);
    group_changes_commit(&changes, gp, offset, BYTES_NULL);
    group_changes_run(&changes, ACK_SYNCED);
}

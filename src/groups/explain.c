/* SPDX-License-Identifier: BSD-3-Clause */
/* Each cause is a function that looks for it and says so. Sentences name what to do where something can be
 * done. */
#include "groups/explain.h"

#include "groups/group_private.h"
#include "groups/lag.h"

/* One that asked less long ago is at work. */
#define STALLED_US_MIN 1000000
/* Of several connections in turn a pool is the likely reason, of few a client that came back. */
#define CLIENT_CHANGES_MIN 3
/* A refused commit longer ago explains nothing. */
#define FENCED_MS_MAX (10 * 60 * 1000)

struct explaining {
    const struct group *g;
    void (*say)(void *ctx, struct bytes sentence);
    void *ctx;
    struct buf text;
    size_t said, unsaid;
    int64_t lag;       /* of all partitions together */
    size_t partitions; /* that somebody subscribes to */
};

static void say(struct explaining *x, const char *format, ...) PRINTF_LIKE(2, 3);
static void say(struct explaining *x, const char *format, ...)
{
    if (x->said >= EXPLAIN_SENTENCES_MAX - 1) {
        x->unsaid++;
        return;
    }
    va_list args;
    va_start(args, format);
    buf_clear(&x->text);
    buf_vprintf(&x->text, format, args);
    va_end(args);
    x->said++;
    x->say(x->ctx, buf_bytes(&x->text));
}

static void each_partition(struct explaining *x,
                           void (*look)(struct explaining *, const struct group_partition *))
{
    LIST_EACH (it, &x->g->topics) {
        const struct group_topic *gt = CONTAINER_OF(it, struct group_topic, in_group);
        for (int32_t i = 0; i < gt->partition_count; i++)
            look(x, gt->partitions[i]);
    }
}

static void each_member(struct explaining *x,
                        void (*look)(struct explaining *, const struct member *))
{
    LIST_EACH (it, &x->g->members)
        look(x, CONTAINER_OF(it, struct member, in_group));
}

static const char *plural(int64_t count)
{
    return count == 1 ? "" : "s";
}

static long long seconds_since(const struct explaining *x, int64_t mono_us)
{
    return (long long)((x->g->groups->clock->mono_us - mono_us) / 1000000);
}

static long long session_left_s(const struct member *m)
{
    const struct clock *clock = m->group->groups->clock;
    int64_t left_us = m->last_seen_us + m->session_ms * 1000 - clock->mono_us;
    return left_us > 0 ? (long long)((left_us + 999999) / 1000000) : 0;
}

static int64_t records_behind(const struct group_partition *gp)
{
    struct lag_part part;
    lag_of_partition(gp, &part);
    return part.records > 0 ? part.records : 0;
}

/* Records that the owner could be handed now. */
static int64_t records_to_read(const struct group_partition *gp)
{
    struct lag_part part;
    lag_of_partition(gp, &part);
    if (part.records < 0 || gp->state == POSITION_UNKNOWN)
        return part.records > 0 ? part.records : 0;
    return part.end > gp->position ? part.end - gp->position : 0;
}

/* --- the group ------------------------------------------------------------------------------- */

static void sum_up(struct explaining *x, const struct group_partition *gp)
{
    x->lag += records_behind(gp);
    x->partitions += gp->topic->subscriptions > 0;
}

static void explain_no_members(struct explaining *x)
{
    const struct group *g = x->g;
    if (g->member_count > 0)
        return;
    const char *since = g->last_rebalance == NULL ? "" : ", since ";
    const char *what = g->last_rebalance == NULL ? "" : g->last_rebalance;
    if (list_empty(&g->topics))
        say(x,
            "Group '%.*s' has no members%s%s: nobody reads, and nothing is committed. A CONSUME "
            "joins the "
            "group.",
            NAME(g->name), since, what);
    else
        say(x,
            "Group '%.*s' has no members%s%s: nobody reads. %lld record%s wait%s, and a CONSUME "
            "joins the "
            "group.",
            NAME(g->name), since, what, (long long)x->lag, plural(x->lag), x->lag == 1 ? "s" : "");
}

static void explain_idle_members(struct explaining *x)
{
    const struct group *g = x->g;
    size_t idle = 0;
    const struct member *one = NULL;
    LIST_EACH (it, &g->members) {
        const struct member *m = CONTAINER_OF(it, struct member, in_group);
        if (m->target_count == 0 && m->owned_count == 0) {
            idle++;
            one = m;
        }
    }
    if (idle == 0 || x->partitions == 0)
        return;
    say(x,
        "%zu of %zu members idle%s ('%.*s'%s): there %s %zu partition%s to share, and each "
        "goes to one member at a time.",
        idle, g->member_count, idle == 1 ? "s" : "", NAME(one->name),
        idle == 1 ? "" : " and others", x->partitions == 1 ? "is" : "are", x->partitions,
        plural((int64_t)x->partitions));
}

/* --- topics and partitions -------------------------------------------------------------------- */

static void explain_topics(struct explaining *x)
{
    LIST_EACH (it, &x->g->topics) {
        const struct group_topic *gt = CONTAINER_OF(it, struct group_topic, in_group);
        int64_t lag = 0;
        if (gt->topic == NULL && gt->subscriptions > 0)
            say(x,
                "Topic '%.*s', which %zu member%s subscribe%s to, does not exist: they wait for "
                "it.",
                NAME(gt->name), gt->subscriptions, plural((int64_t)gt->subscriptions),
                gt->subscriptions == 1 ? "s" : "");
        for (int32_t i = 0; i < gt->partition_count; i++)
            lag += records_behind(gt->partitions[i]);
        if (gt->subscriptions > 0 || lag == 0 || x->g->member_count == 0)
            continue;
        say(x,
            "No member subscribes to topic '%.*s', of which the group has read some: %lld record%s "
            "wait%s.",
            NAME(gt->name), (long long)lag, plural(lag), lag == 1 ? "s" : "");
    }
}

static void explain_log(struct explaining *x, const struct group_partition *gp)
{
    const struct topic_partition *tp = group_partition_log(gp);
    struct partition_info info;
    if (tp == NULL)
        return;
    if (tp->log == NULL) {
        say(x,
            "Partition %d of topic '%.*s' cannot be read: its log could not be opened (%s); see "
            "the "
            "server's log.",
            gp->number, NAME(gp->topic->name), err_text(tp->failed));
        return;
    }
    partition_describe(tp->log, &info);
    if (info.failed != ERR_OK)
        say(x,
            "Partition %d of topic '%.*s' takes no more records since a disk error (%s): what it "
            "has "
            "can be read, and nothing new comes.",
            gp->number, NAME(gp->topic->name), err_text(info.failed));
}

/* Where the group would go on, if that is known and not in the log. */
static void explain_lost(struct explaining *x, const struct group_partition *gp)
{
    struct lag_part part;
    lag_of_partition(gp, &part);
    int64_t next = gp->state != POSITION_UNKNOWN ? gp->position : gp->committed;
    if (part.records < 0 || next < 0 || (next >= part.log_start && next <= part.end))
        return;
    say(x,
        "Partition %d of topic '%.*s' stands: the group is to go on at offset %lld, and the log "
        "begins "
        "at %lld and ends before %lld. CONSUME with RESET EARLIEST or RESET LATEST goes on, and so "
        "does "
        "GROUP SEEK once there are no members.",
        gp->number, NAME(gp->topic->name), (long long)next, (long long)part.log_start,
        (long long)part.end);
}

static void explain_hand_over(struct explaining *x, const struct group_partition *gp)
{
    const struct member *from = gp->owner, *to = gp->target;
    if (from == to || to == NULL)
        return;
    if (from == NULL)
        say(x,
            "Partition %d of topic '%.*s' is free and waits for member '%.*s' to take it with its "
            "next "
            "CONSUME; that member was last seen %lld s ago.",
            gp->number, NAME(gp->topic->name), NAME(to->name), seconds_since(x, to->last_seen_us));
    else
        say(x,
            "Partition %d of topic '%.*s' waits for its old owner: member '%.*s' gives it up to "
            "'%.*s' "
            "with its next CONSUME, or when its session runs out in %lld s.",
            gp->number, NAME(gp->topic->name), NAME(from->name), NAME(to->name),
            session_left_s(from));
}

static void explain_fenced(struct explaining *x, const struct group_partition *gp)
{
    int64_t ago_ms = x->g->groups->clock->wall_ms - gp->fenced_commit_ms;
    if (gp->fenced_commit_ms == 0 || ago_ms > FENCED_MS_MAX)
        return;
    say(x,
        "A commit for partition %d of topic '%.*s' was refused (-FENCED) %lld s ago: it came from "
        "a "
        "member that does not own it, so the records it had worked on are handed out again.",
        gp->number, NAME(gp->topic->name), ago_ms > 0 ? (long long)(ago_ms / 1000) : 0);
}

/* --- members -------------------------------------------------------------------------------- */

static void explain_stalled(struct explaining *x, const struct member *m)
{
    const struct clock *clock = x->g->groups->clock;
    int64_t waiting = 0;
    if (m->asking != NULL)
        return;
    if (m->client != NULL && clock->mono_us - m->last_seen_us < STALLED_US_MIN)
        return;
    LIST_EACH (it, &m->owned)
        waiting += records_to_read(CONTAINER_OF(it, struct group_partition, of_owner));
    if (waiting == 0)
        return;
    say(x,
        "Member '%.*s' (%s) is stalled, or long at work: it was last seen %lld s ago, and %lld "
        "record%s "
        "wait%s in its partitions. Its session runs out in %lld s, and GROUP KICK ends it now.",
        NAME(m->name), m->client == NULL ? "disconnected" : m->address,
        seconds_since(x, m->last_seen_us), (long long)waiting, plural(waiting),
        waiting == 1 ? "s" : "", session_left_s(m));
}

static void explain_client_changes(struct explaining *x, const struct member *m)
{
    if (m->client_changes < CLIENT_CHANGES_MIN)
        return;
    say(x,
        "Member '%.*s' keeps changing connections, %llu times so far: each time what it did not "
        "commit is "
        "handed out again. A connection pool wants COMMIT MANUAL, and a COMMIT that names its "
        "offsets "
        "before the next CONSUME.",
        NAME(m->name), (unsigned long long)m->client_changes);
}

static void explain_uncommitted(struct explaining *x, const struct member *m)
{
    int64_t records = 0;
    LIST_EACH (it, &m->handed) {
        const struct group_partition *gp = CONTAINER_OF(it, struct group_partition, handed);
        int64_t from = gp->committed >= 0 ? gp->committed : 0;
        records += gp->position > from ? gp->position - from : 0;
    }
    if (records == 0)
        return;
    say(x, "Member '%.*s' was handed up to %lld record%s that it has not committed: %s.",
        NAME(m->name), (long long)records, plural(records),
        m->commit_mode == COMMIT_AUTO
            ? "its next CONSUME does (COMMIT AUTO)"
            : "it says COMMIT MANUAL, so it must COMMIT when it is done with them");
}

/* --- the whole ------------------------------------------------------------------------------- */

static void explain_rest(struct explaining *x)
{
    if (x->lag == 0 && x->partitions == 1)
        say(x, "There is nothing to read: the one partition is read and committed to its end.");
    else if (x->lag == 0 && x->partitions > 0)
        say(x, "There is nothing to read: all %zu partitions are read and committed to their ends.",
            x->partitions);
    else if (x->said == 0 && x->lag > 0)
        say(x, "The group is moving: %lld record%s wait%s, and no member has stopped asking.",
            (long long)x->lag, plural(x->lag), x->lag == 1 ? "s" : "");
    else if (x->said == 0)
        say(x, "There is nothing to read: no topic of the group has any partition.");
}

void group_explain(const struct group *g, void (*fn)(void *ctx, struct bytes sentence), void *ctx)
{
    struct explaining x = {.g = g, .say = fn, .ctx = ctx};
    each_partition(&x, sum_up);
    explain_no_members(&x);
    each_partition(&x, explain_log);
    each_partition(&x, explain_lost);
    explain_topics(&x);
    each_partition(&x, explain_hand_over);
    each_member(&x, explain_stalled);
    each_partition(&x, explain_fenced);
    each_member(&x, explain_client_changes);
    explain_idle_members(&x);
    each_member(&x, explain_uncommitted);
    explain_rest(&x);
    if (x.unsaid > 0) {
        buf_clear(&x.text);
        buf_printf(&x.text, "And %zu more of these.", x.unsaid);
        fn(ctx, buf_bytes(&x.text));
    }
    buf_deinit(&x.text);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* CONSUME. A position moves only when its records were written into a reply (consume_handed), so whatever ends
 * a CONSUME before that loses nothing and needs no undoing. */
#include "groups/consume.h"

#include "base/mem.h"
#include "groups/group_private.h"

/* --- the partitions to read ------------------------------------------------------------------ */

static void lose_member(struct consume *c)
{
    c->m->asking = c->m->parked = NULL;
    c->m = NULL;
}

/* Where the owner begins. LATEST is the end of what readers see now: what is being written is new. */
static void resolve_position(const struct member *m, struct group_partition *gp,
                             struct partition *log)
{
    if (gp->committed > gp->position &&
        (gp->state == POSITION_LOST || gp->position < partition_log_start(log)))
        gp->state = POSITION_UNKNOWN; /* a commit has said where to go on */
    if (gp->state != POSITION_UNKNOWN)
        return;
    if (gp->committed >= 0) {
        gp->position = gp->committed;
    } else if (m->reset == RESET_LATEST) {
        partition_commit(log);
        gp->position = partition_next_offset(log);
        commit_start(gp, gp->position);
    } else {
        partition_retain(log);
        gp->position = partition_log_start(log);
    }
    gp->state = POSITION_GOOD;
}

/* RESET LATEST means the end of when a partition is taken, not of when its turn to be read comes. */
static void begin_at_latest(const struct member *m)
{
    if (m->reset != RESET_LATEST)
        return;
    LIST_EACH (it, &m->owned) {
        struct group_partition *gp = CONTAINER_OF(it, struct group_partition, of_owner);
        const struct topic_partition *tp = group_partition_log(gp);
        if (tp != NULL && tp->log != NULL && !tp->topic->deleted)
            resolve_position(m, gp, tp->log);
    }
}

/* Whether a read gives something at once: records, or an error. */
static bool has_something(const struct group_partition *gp, const struct partition *log)
{
    return gp->position < partition_append_offset(log) || gp->position < partition_log_start(log) ||
           gp->position > partition_next_offset(log);
}

/* Lists what is to be read: all its partitions, or those that have something, of these at most `limit`. */
static void choose_reads(struct consume *c, bool all, size_t limit)
{
    const struct member *m = c->m;
    mem_free(c->reads);
    c->reads = mem_alloc((m->owned_count + 1) * sizeof(struct group_partition *));
    c->read_count = 0;
    c->cut = false;
    LIST_EACH (it, &m->owned) {
        struct group_partition *gp = CONTAINER_OF(it, struct group_partition, of_owner);
        const struct topic_partition *tp = group_partition_log(gp);
        if (c->read_count == limit) {
            c->cut = true;
            return;
        }
        if (tp == NULL || tp->topic->deleted)
            continue;
        if (tp->log != NULL)
            resolve_position(m, gp, tp->log);
        if (all || tp->log == NULL || has_something(gp, tp->log))
            c->reads[c->read_count++] = gp;
    }
}

static void end_fetch(struct consume *c)
{
    fetch_end(&c->fetch);
    c->fetch = (struct fetch){0};
    mem_free(c->fetch_parts);
    c->fetch_parts = NULL;
    mem_free(c->parts);
    c->parts = NULL;
    c->part_count = 0;
}

/* --- what came of it ------------------------------------------------------------------------- */

/* The position is not in the log any more. Counted and traced the first time. */
static void note_lost(struct consume *c, struct consume_part *part)
{
    struct group_partition *gp = part->gp;
    const struct fetch_part *fetched = part->fetched;
    struct groups *gs = c->groups;
    const struct bytes group = c->m->group->name, topic = gp->topic->name;
    part->lost_from = part->lost_to = gp->position;
    if (fetched->log_start > gp->position)
        part->lost_to = fetched->log_start;
    part->goes_on_at = -1;
    if (c->m->reset != RESET_NONE)
        part->goes_on_at =
            c->m->reset == RESET_EARLIEST ? fetched->log_start : fetched->next_offset;
    if (part->goes_on_at >= 0 && part->goes_on_at < gp->committed)
        part->goes_on_at = gp->committed;
    if (gp->state == POSITION_LOST)
        return;
    gp->state = POSITION_LOST;
    gs->stats.lost_ranges++;
    gs->stats.lost_records += (uint64_t)(part->lost_to - part->lost_from);
    TRACE_WARN(
        gs->trace,
        "Group '%.*s' cannot go on at offset %lld of topic '%.*s' partition %d: the log begins "
        "at %lld and ends before %lld, %lld records are lost to it",
        (int)group.len, group.data, (long long)gp->position, (int)topic.len, topic.data, gp->number,
        (long long)fetched->log_start, (long long)fetched->next_offset,
        (long long)(part->lost_to - part->lost_from));
}

/* Keeps the parts that have something to tell of partitions that are (still) the member's. */
static void take_parts(struct consume *c)
{
    c->parts = mem_alloc(c->read_count * sizeof(*c->parts));
    c->part_count = 0;
    for (size_t i = 0; i < c->read_count; i++) {
        struct fetch_part *fetched = &c->fetch_parts[i];
        struct group_partition *gp = c->reads[i];
        if (fetched->tp->topic->deleted || fetched->err == ERR_NOT_FOUND)
            continue; /* and so may be `gp` */
        if (gp->owner != c->m || gp->position != fetched->value)
            continue;
        if (fetched->err == ERR_OK && fetched->batches.len == 0)
            continue;
        struct consume_part *part = &c->parts[c->part_count++];
        *part = (struct consume_part){.gp = gp, .fetched = fetched, .goes_on_at = -1};
        if (fetched->err == ERR_RANGE)
            note_lost(c, part);
    }
}

static void tell(struct consume *c)
{
    c->told = true;
    c->done(c); /* which ends it */
}

/* --- reading and waiting ---------------------------------------------------------------------- */

static bool may_wait(const struct consume *c)
{
    if (c->options.wait_us == 0 || c->options.frozen || c->time_up)
        return false;
    return c->options.wait_us < 0 || c->groups->clock->mono_us < c->deadline_us;
}

static enum err read_on(struct consume *c, bool again);

static void on_fetched(struct fetch *f)
{
    struct consume *c = CONTAINER_OF(f, struct consume, fetch);
    take_parts(c);
    if (c->part_count == 0) {
        end_fetch(c);
        if (read_on(c, true) == ERR_AGAIN)
            return;
    }
    tell(c);
}

static enum err start_fetch(struct consume *c, bool wait)
{
    c->fetch_parts = mem_zalloc(c->read_count, sizeof(*c->fetch_parts));
    for (size_t i = 0; i < c->read_count; i++) {
        struct fetch_part *part = &c->fetch_parts[i];
        part->tp = group_partition_log(c->reads[i]);
        part->from = FETCH_FROM_OFFSET;
        part->value = c->reads[i]->position;
    }
    c->fetch = (struct fetch){.parts = c->fetch_parts,
                              .part_count = c->read_count,
                              .count_max = c->options.count_max,
                              .bytes_max = c->options.bytes_max,
                              .bytes_min = 1,
                              .frozen = c->options.frozen,
                              .timers = c->groups->timers,
                              .clock = c->groups->clock,
                              .done = on_fetched};
    if (wait)
        c->fetch.wait_us = c->options.wait_us < 0 ? -1 : c->deadline_us - c->groups->clock->mono_us;
    return fetch_start(&c->fetch);
}

static void on_timer(struct timer *timer)
{
    struct consume *c = CONTAINER_OF(timer, struct consume, timer);
    consume_time_up(c);
}

/* First of as many partitions as COUNT can serve; `again`, when they gave nothing (where a log has a gap at its
 * end, say), of all. ERR_OK: what there is to answer is there, which may be nothing; ERR_AGAIN: it waits. */
static enum err read_on(struct consume *c, bool again)
{
    for (;; again = true) {
        bool wait = again && may_wait(c);
        if (again && !wait && !c->cut)
            return ERR_OK;
        choose_reads(c, wait, again ? SIZE_MAX : c->options.count_max);
        if (c->read_count == 0) {
            if (!wait)
                continue;
            if (c->options.wait_us > 0)
                timers_set(c->groups->timers, &c->timer, c->deadline_us);
            return ERR_AGAIN;
        }
        if (start_fetch(c, wait) == ERR_AGAIN)
            return ERR_AGAIN;
        take_parts(c);
        if (c->part_count > 0)
            return ERR_OK;
        end_fetch(c);
    }
}

/* --- the member ------------------------------------------------------------------------------ */

static enum err check_names(const struct consume *c, struct buf *why)
{
    enum err err = groups_check_name("group", c->group, why);
    if (err == ERR_OK)
        err = groups_check_name("member", c->member, why);
    if (err == ERR_OK && c->topic_count > GROUP_TOPICS_MAX) {
        buf_printf(why, "a member may name %d topics, and %zu were given", GROUP_TOPICS_MAX,
                   c->topic_count);
        err = ERR_INVALID;
    }
    return err;
}

/* Whether this CONSUME may be of that member, which may not be there yet. */
static enum err check_member(const struct consume *c, struct group *g, const struct member *m,
                             struct buf *why)
{
    if (m == NULL && dict_remove(&g->kicked, c->member) != NULL) {
        buf_printf(why,
                   "member '%.*s' was removed from group '%.*s' by GROUP KICK; it joins again "
                   "with its next CONSUME",
                   (int)c->member.len, c->member.data, (int)g->name.len, g->name.data);
        return ERR_NOT_MEMBER;
    }
    if (c->options.assignor_given && g->member_count > 0 && c->options.assignor != g->assignor) {
        buf_printf(why, "group '%.*s' has members and uses the assignor %s, so it cannot be %s",
                   (int)g->name.len, g->name.data, assignor_name(g->assignor),
                   assignor_name(c->options.assignor));
        return ERR_INVALID;
    }
    if (m == NULL && c->groups->member_count >= GROUP_MEMBERS_MAX) {
        buf_printf(why, "there are %zu members in all groups, and may be %d",
                   c->groups->member_count, GROUP_MEMBERS_MAX);
        return ERR_LIMIT;
    }
    return ERR_OK;
}

/* The member asks over this connection from now on. What it was handed over another and did not commit goes
 * back. */
static void change_client(struct member *m, struct group_client *client, bool joined)
{
    if (m->client == client)
        return;
    if (!joined) {
        member_rewind(m);
        m->client_changes++;
    }
    out_mark_drop(&m->mark);
    list_remove(&m->of_client);
    list_push_back(&client->members, &m->of_client);
    m->client = client;
    mem_free(m->address);
    m->address = mem_strdup(client->address);
}

static void take_options(struct consume *c, struct member *m)
{
    const struct consume_options *o = &c->options;
    m->commit_mode = o->commit_mode;
    m->reset = o->reset;
    m->notify = o->notify;
    if (m->session_ms != o->session_ms) {
        m->session_ms = o->session_ms;
        timers_set(c->groups->timers, &m->session,
                   c->groups->clock->mono_us + o->session_ms * 1000);
    }
}

static struct member *join(struct consume *c, struct group *g)
{
    if (c->options.assignor_given)
        g->assignor = c->options.assignor;
    struct member *m = group_join(g, c->member, c->topics, c->topic_count);
    change_client(m, c->client, true);
    take_options(c, m);
    if (m->notify && list_empty(&m->in_tell)) /* its first assignment is news too */
        list_push_back(&g->groups->tell, &m->in_tell);
    return m;
}

/* One that is a member already asks again. */
static void ask_again(struct consume *c, struct member *m)
{
    if (m->asking != NULL)
        consume_fail(m->asking, ERR_FENCED,
                     m->client == c->client
                         ? "asked anew before this one was answered"
                         : "asked anew over another connection, which has taken the place of this "
                           "one");
    change_client(m, c->client, false);
    take_options(c, m);
    if (m->commit_mode == COMMIT_AUTO)
        commit_handed_unheard(m, c->client, c->sent);
    group_subscribe(m, c->topics, c->topic_count);
}

static enum err enter(struct consume *c)
{
    struct group *g;
    enum err err = check_names(c, &c->why);
    if (err == ERR_OK)
        err = groups_get(c->groups, c->group, &c->why, &g);
    if (err != ERR_OK)
        return err;
    struct member *m = group_find_member(g, c->member);
    err = check_member(c, g, m, &c->why);
    if (err != ERR_OK)
        return err;
    if (m == NULL)
        m = join(c, g);
    else
        ask_again(c, m);
    member_seen(m);
    member_release(m);
    if (member_take(m))
        begin_at_latest(m);
    c->m = m;
    m->asking = c;
    return ERR_OK;
}

/* --- the whole ------------------------------------------------------------------------------- */

enum err consume_start(struct consume *c)
{
    timer_init(&c->timer, on_timer);
    if (c->options.wait_us > 0)
        c->deadline_us = c->options.wait_us < INT64_MAX - c->groups->clock->mono_us
                             ? c->groups->clock->mono_us + c->options.wait_us
                             : INT64_MAX - 1;
    c->err = enter(c);
    if (c->err == ERR_OK && !c->options.mute) {
        if (may_wait(c))
            c->m->parked = c;
        if (read_on(c, false) == ERR_AGAIN)
            return ERR_AGAIN;
    }
    c->told = true;
    return ERR_OK;
}

void consume_handed(struct consume *c, struct consume_part *part, int64_t next)
{
    struct group_partition *gp = part->gp;
    /* Served last, also with an error: others come first the next time. */
    list_remove(&gp->of_owner);
    list_push_back(&c->m->owned, &gp->of_owner);
    switch (part->fetched->err) {
    case ERR_OK:
        break;
    case ERR_CORRUPT:
        next = part->fetched->corrupt_to;
        break;
    case ERR_RANGE:
        if (part->goes_on_at >= 0) {
            gp->position = part->goes_on_at;
            gp->state = POSITION_GOOD;
            list_remove(&gp->handed);
            commit_start(gp, gp->position);
        }
        return;
    default:
        return;
    }
    gp->position = next;
    if (list_empty(&gp->handed) && next > gp->committed)
        list_push_back(&c->m->handed, &gp->handed);
    c->gave_some = true;
}

void consume_answered(struct consume *c, struct out *out)
{
    if (c->m == NULL)
        return;
    if (c->gave_some)
        out_mark_set(out, &c->m->mark);
    member_seen(c->m);
    lose_member(c);
}

void consume_time_up(struct consume *c)
{
    c->time_up = true;
    timers_cancel(c->groups->timers, &c->timer);
    if (c->fetch_parts != NULL)
        fetch_time_up(&c->fetch); /* on_fetched follows */
    else
        tell(c);
}

void consume_give_up(struct consume *c)
{
    c->told = true;
    if (c->m == NULL)
        return;
    member_seen(c->m);
    lose_member(c);
}

void consume_end(struct consume *c)
{
    timers_cancel(c->groups->timers, &c->timer);
    end_fetch(c);
    struct member *m = c->m;
    if (m != NULL) {
        lose_member(c);
        if (!c->told) {
            c->groups->stats.leaves++;
            group_remove(m, ERR_OK,
                         "is gone: its connection closed while its CONSUME was under way");
        }
    }
    mem_free(c->reads);
    c->reads = NULL;
    buf_deinit(&c->why);
}

void consume_stir(struct consume *c)
{
    timers_cancel(c->groups->timers, &c->timer);
    end_fetch(c);
    begin_at_latest(c->m);
    if (read_on(c, false) == ERR_OK)
        tell(c);
}

void consume_fail(struct consume *c, enum err err, const char *what)
{
    const struct member *m = c->m;
    buf_printf(&c->why, "member '%.*s' of group '%.*s' %s", NAME(m->name), NAME(m->group->name),
               what);
    c->err = err;
    timers_cancel(c->groups->timers, &c->timer);
    end_fetch(c);
    lose_member(c);
    tell(c);
}

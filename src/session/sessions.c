/* SPDX-License-Identifier: BSD-3-Clause */
/* The set of sessions: coming, going, and the parts of a turn that concern them all. */
#include "session/sessions.h"

#include "base/check.h"
#include "base/mem.h"
#include "groups/groups.h"
#include "session/block.h"
#include "session/hold.h"
#include "session/output_limit.h"
#include "session/push.h"

#define POOL_CHUNKS_MAX 256
#define SWEEP_US 1000000
/* When more sessions are to be closed for the timeout, the others are served in between. */
#define IDLE_CLOSED_PER_SWEEP 128
#define SWEEP_AGAIN_US 1000
/* What the burial of one session costs, in subscriptions that are ended; and what is spent on burials in a turn:
 * when thousands are closed at once, or one that had a million subscriptions, the others go on meanwhile. */
#define BURIAL_COST 16
#define BURIAL_COST_BYTES (16 * 1024) /* of memory, for one more */
#define BURIAL_COST_PER_TURN 1024

static struct bytes id_key(const uint64_t *id)
{
    return bytes_of(id, sizeof(*id));
}

/* --- once a second, while there is something to look at ---------------------------------------- */

/* True when that was not all. */
static bool close_idle(struct sessions *all)
{
    int64_t timeout_us = all->config->timeout_s * 1000000;
    int closed = 0;
    if (timeout_us == 0)
        return false;
    LIST_EACH (it, &all->active) {
        struct session *s = CONTAINER_OF(it, struct session, in_active);
        if (all->clock->mono_us - s->last_active_us <= timeout_us)
            break;
        if (s->dead || s->blocker != NULL || session_is_postponed(s) || session_is_subscriber(s) ||
            session_is_monitor(s))
            continue;
        if (closed++ == IDLE_CLOSED_PER_SWEEP)
            return true;
        all->stats.timeouts++;
        client_log_add(s, CUT_OFF_TIMEOUT, "idle for more than %lld s",
                       (long long)all->config->timeout_s);
        session_close(s, NULL);
    }
    return false;
}

void sessions_sweep_soon(struct sessions *all)
{
    if (!timer_armed(&all->sweep_timer))
        timers_set(all->timers, &all->sweep_timer, all->clock->mono_us + SWEEP_US);
}

static void sweep(struct timer *timer)
{
    struct sessions *all = CONTAINER_OF(timer, struct sessions, sweep_timer);
    bool again = close_idle(all);
    LIST_EACH (it, &all->over_soft)
        output_limit_check(CONTAINER_OF(it, struct session, in_over_soft));
    if (again)
        timers_set(all->timers, timer, all->clock->mono_us + SWEEP_AGAIN_US);
    else if (all->config->timeout_s != 0 || !list_empty(&all->over_soft))
        sessions_sweep_soon(all);
}

/* --- life ----------------------------------------------------------------------------------- */

struct sessions *sessions_create(const struct sessions_options *options)
{
    struct sessions *all = mem_zalloc(1, sizeof(*all));
    all->owner = options->owner;
    all->config = options->config;
    all->clock = options->clock;
    all->timers = options->timers;
    all->trace = options->trace;
    all->users = options->users;
    all->pubsub = options->pubsub;
    all->follows = options->follows;
    all->follower_ops = options->follower_ops;
    out_pool_init(&all->pool, POOL_CHUNKS_MAX);
    out_init(&all->discard, &all->pool);
    waste_init(&all->waste);
    all->scratch = mem_alloc(SESSION_READ_BYTES);
    all->next_id = 1;
    list_init(&all->all);
    list_init(&all->active);
    list_init(&all->ready);
    list_init(&all->hungry);
    list_init(&all->paused);
    list_init(&all->flush_first);
    list_init(&all->flush);
    list_init(&all->flush_followed);
    list_init(&all->monitors);
    list_init(&all->over_soft);
    list_init(&all->dead);
    dict_init(&all->by_id, options->hash_key);
    pause_init(&all->pause);
    client_memory_init(&all->memory);
    client_log_init(&all->client_log);
    timer_init(&all->sweep_timer, sweep);
    sessions_configured(all);
    return all;
}

void sessions_configured(struct sessions *all)
{
    all->output_limit_least = output_limit_least(all->config);
    if (all->config->timeout_s != 0)
        sessions_sweep_soon(all);
    client_memory_configure(all);
}

void sessions_destroy(struct sessions *all)
{
    LIST_EACH (it, &all->all)
        session_close(CONTAINER_OF(it, struct session, in_all), NULL);
    while (!list_empty(&all->dead))
        sessions_bury(all);
    timers_cancel(all->timers, &all->sweep_timer);
    pause_deinit(&all->pause, all->timers);
    client_log_clear(&all->client_log);
    dict_deinit(&all->by_id);
    out_deinit(&all->discard);
    waste_deinit(&all->waste);
    out_pool_deinit(&all->pool);
    mem_free(all->scratch);
    mem_free(all);
}

static void on_ready(struct stream *stream, unsigned readiness)
{
    struct session *s = stream->owner;
    if (s->dead)
        return;
    if (readiness & STREAM_WRITABLE) {
        s->writable = true;
        if (out_len(&s->out) > 0 || s->closing)
            session_output_ready(s);
    }
    s->end_in_sight |= (readiness & STREAM_ENDED) != 0;
    if (readiness & STREAM_READABLE) {
        s->readable = true;
        session_wake(s);
    }
}

/* A message for a subscriber. */
static void on_deliver(struct subscriber *subscriber, struct frame *frame, size_t begin)
{
    push_shared(CONTAINER_OF(subscriber, struct session, subscriber), frame, begin);
}

static void write_targets(struct writer *w, const struct member *m)
{
    write_array(w, 2 * m->target_count);
    LIST_EACH (it, &m->targets) {
        const struct group_partition *gp = CONTAINER_OF(it, struct group_partition, of_target);
        write_bulk(w, gp->topic->name);
        write_int(w, gp->number);
    }
}

/* What a member is to read has changed: a push, which RESP2 has no room for. */
static void on_assigned(struct group_client *client, const struct member *m)
{
    struct session *s = CONTAINER_OF(client, struct session, group_client);
    struct push p;
    if (s->proto != 3 || session_is_mute(s) || !push_begin(&p, s))
        return;
    write_push(&p.w, 5);
    write_bulk_string(&p.w, "assignment");
    write_bulk(&p.w, m->group->name);
    write_bulk(&p.w, m->name);
    write_int(&p.w, m->group->epoch);
    write_targets(&p.w, m);
    push_end(&p);
}

static struct session *session_create(struct sessions *all, struct stream *stream)
{
    struct session *s = mem_zalloc(1, sizeof(*s));
    s->id = all->next_id++;
    s->sessions = all;
    s->stream = stream;
    s->writable = true;
    request_init(&s->request);
    out_init(&s->out, &all->pool);
    list_init(&s->holds);
    subscriber_init(&s->subscriber, all->pubsub, on_deliver);
    group_client_init(&s->group_client, stream->peer, on_assigned);
    follower_init(&s->follower, all->follows, all->follower_ops);
    session_set_proto(s, 2);
    session_log_out(s);
    s->request.bulk_bytes_max = all->config->proto_max_bulk_len;
    s->name = mem_strdup("");
    s->lib_name = mem_strdup("");
    s->lib_ver = mem_strdup("");
    s->created_us = s->last_active_us = all->clock->mono_us;
    s->last_command = "NULL";
    list_push_back(&all->all, &s->in_all);
    list_push_back(&all->active, &s->in_active);
    list_init(&s->in_ready);
    list_init(&s->in_flush);
    list_init(&s->in_monitors);
    list_init(&s->in_dead);
    list_init(&s->in_postponed);
    list_init(&s->in_over_soft);
    client_share_init(&s->share);
    dict_add(&all->by_id, id_key(&s->id), s);
    client_memory_update(s);
    return s;
}

static void session_free(struct session *s)
{
    struct sessions *all = s->sessions;
    ASSERT(s->dead && s->blocker == NULL && list_empty(&s->holds));
    stream_close(s->stream);
    subscriber_deinit(&s->subscriber);
    transaction_clear(&s->transaction);
    session_stop_tracking(s);
    request_deinit(&s->request);
    waste_take(&all->waste, &s->input);
    out_deinit(&s->out);
    list_remove(&s->in_all);
    list_remove(&s->in_active);
    list_remove(&s->in_ready);
    list_remove(&s->in_flush);
    dict_remove(&all->by_id, id_key(&s->id));
    mem_free(s->name);
    mem_free(s->lib_name);
    mem_free(s->lib_ver);
    mem_free(s);
}

static void refuse(struct stream *stream, const char *error)
{
    struct iovec iov = {.iov_base = (void *)(uintptr_t)error, .iov_len = strlen(error)};
    size_t put;
    enum err err = stream_write(stream, &iov, 1, &put);
    (void)err; /* the client is turned away either way */
    stream_close(stream);
}

static const char protected_mode_error[] =
    "-DENIED Echolog is running in protected mode because protected mode is enabled and no "
    "password is set for the default user. In this mode connections are only accepted from the "
    "loopback interface. If you want to connect from external computers to Echolog you may adopt "
    "one of the following solutions: 1) Just disable protected mode sending the command 'CONFIG "
    "SET protected-mode no' from the loopback interface by connecting to Echolog from the same "
    "host the server is running, however MAKE SURE Echolog is not publicly accessible from "
    "internet if you do so. Use CONFIG REWRITE to make this change permanent. 2) Alternatively you "
    "can just disable the protected mode by editing the Echolog configuration file, and setting "
    "the protected mode option to 'no', and then restarting the server. 3) If you started the "
    "server manually just for testing, restart it with the '--protected-mode no' option. 4) Setup "
    "a an authentication password for the default user. NOTE: You only need to do one of the above "
    "things in order for the server to start accepting connections from the outside.\r\n";

void sessions_accept(struct sessions *all, struct stream *stream)
{
    if (all->count >= (size_t)all->config->maxclients) {
        all->stats.rejected++;
        refuse(stream, "-ERR max number of clients reached\r\n");
        return;
    }
    if (all->config->protected_mode && users_default(all->users)->nopass && !stream->from_here) {
        all->stats.rejected++;
        refuse(stream, protected_mode_error);
        return;
    }
    struct session *s = session_create(all, stream);
    all->count++;
    all->stats.connections++;
    if (all->count > all->stats.peak_clients)
        all->stats.peak_clients = all->count;
    stream->owner = s;
    stream->ready = on_ready;
    all->owner.opened(all->owner.ctx, s);
}

struct session *sessions_find(const struct sessions *all, uint64_t id)
{
    struct session *s = dict_find(&all->by_id, id_key(&id));
    return s != NULL && !s->dead ? s : NULL;
}

/* --- the turn ------------------------------------------------------------------------------- */

static void run_one(struct list *from)
{
    struct session *s = CONTAINER_OF(from->next, struct session, in_ready);
    list_remove(&s->in_ready);
    session_run(s);
}

static uint64_t cost_of(const struct session *s)
{
    return s->bytes_in + s->out.pos_end + s->commands * SESSIONS_HUNGRY_COST_PER_COMMAND;
}

static void run_hungry(struct sessions *all, struct list *hungry)
{
    uint64_t cost = 0;
    while (!list_empty(hungry) && cost < SESSIONS_HUNGRY_COST_PER_TURN) {
        const struct session *s = CONTAINER_OF(hungry->next, struct session, in_ready);
        uint64_t before = cost_of(s);
        run_one(hungry);
        cost += cost_of(s) - before;
    }
    /* The others are the first in the next turn. */
    list_splice_back(hungry, &all->hungry);
    list_splice_back(&all->hungry, hungry);
}

void sessions_turn(struct sessions *all)
{
    /* Those that put themselves back in are for the next turn. */
    struct list ready, hungry;
    list_init(&ready);
    list_init(&hungry);
    list_splice_back(&ready, &all->ready);
    list_splice_back(&hungry, &all->hungry);
    while (!list_empty(&ready))
        run_one(&ready);
    run_hungry(all, &hungry);
}

void sessions_resume_paused(struct sessions *all)
{
    LIST_EACH (it, &all->paused) {
        struct session *s = CONTAINER_OF(it, struct session, in_ready);
        if (!session_must_pause(s))
            session_wake(s);
    }
}

bool sessions_pending(const struct sessions *all, bool executing)
{
    return (executing && (!list_empty(&all->ready) || !list_empty(&all->hungry))) ||
           !list_empty(&all->flush_first) || !list_empty(&all->flush) ||
           !list_empty(&all->flush_followed) || !list_empty(&all->dead) ||
           !waste_is_empty(&all->waste);
}

static uint64_t written(const struct sessions *all)
{
    return all->stats.bytes_out + all->stats.writes * SESSIONS_FOLLOWED_BYTES_PER_WRITE;
}

/* One that has more to send goes into the other list, so this comes to an end. */
static void flush_followed(struct sessions *all)
{
    uint64_t stop = written(all) + SESSIONS_FOLLOWED_BYTES_PER_TURN;
    while (!list_empty(&all->flush_followed) && written(all) < stop) {
        struct session *s = CONTAINER_OF(all->flush_followed.next, struct session, in_flush);
        list_remove(&s->in_flush);
        session_flush(s);
    }
}

void sessions_flush(struct sessions *all)
{
    struct list now;
    list_init(&now);
    list_splice_back(&now, &all->flush_first);
    list_splice_back(&now, &all->flush);
    while (!list_empty(&now)) {
        struct session *s = CONTAINER_OF(now.next, struct session, in_flush);
        list_remove(&s->in_flush);
        if (s->followed_bytes > 0)
            list_push_back(&all->flush_followed, &s->in_flush);
        else
            session_flush(s);
    }
    flush_followed(all);
    if (UNLIKELY(all->memory.limit != 0))
        client_memory_evict(all);
}

bool sessions_are_behind_with_followed(const struct sessions *all)
{
    return !list_empty(&all->flush_followed);
}

bool sessions_quiet(const struct sessions *all)
{
    LIST_EACH (it, &all->all) {
        const struct session *s = CONTAINER_OF(it, struct session, in_all);
        if (!s->dead && s->held_replies > 0 && s->blocker == NULL)
            return false;
        if (!s->dead && s->writable && out_len(&s->out) > 0 && list_empty(&s->holds))
            return false;
    }
    return true;
}

void sessions_bury(struct sessions *all)
{
    size_t budget = BURIAL_COST_PER_TURN;
    while (!list_empty(&all->dead)) {
        struct session *s = CONTAINER_OF(all->dead.next, struct session, in_dead);
        if (!subscriber_end(&s->subscriber, &budget) || budget < BURIAL_COST)
            break;
        size_t cost = BURIAL_COST + session_memory(s) / BURIAL_COST_BYTES;
        budget -= cost < budget ? cost : budget;
        list_remove(&s->in_dead);
        all->owner.closed(all->owner.ctx, s);
        session_free(s);
    }
    waste_turn(&all->waste);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* One connection: reading and executing, writing, closing. It must not know what a command means. */
#include "session/session.h"

#include "base/check.h"
#include "base/mem.h"
#include "groups/groups.h"
#include "session/block.h"
#include "session/hold.h"
#include "session/output_limit.h"
#include "session/push.h"
#include "session/sessions.h"

/* Of a large argument so much has to come before room is made for the rest of it: then all at once, for copying what
 * is there from a buffer into one twice as long takes long by then, and others wait meanwhile. */
#define INPUT_BYTES_TRUSTED (2 * 1024 * 1024)
/* What is kept for a session that may not execute. The end of a peer comes behind all it sent before, so of one
 * that waits for what may never come there is more: its place must not be kept for someone who is gone. */
#define INPUT_WHILE_PAUSED_MAX (64 * 1024)
#define INPUT_WHILE_BLOCKED_MAX (1024 * 1024)
/* What a session is read per turn inside a large argument, and written per turn. */
#define READ_BYTES_MAX (1024 * 1024)
#define FLUSH_BYTES_MAX (4 * 1024 * 1024)
/* A session whose replies of one turn come to so much goes on in the next one: others are served, and
 * what it has is sent, in between. */
#define REPLY_BYTES_PER_TURN (1024 * 1024)
/* A session with so much output waiting executes nothing more until its client has read some. */
#define OUTPUT_BYTES_PAUSE (256 * 1024 * 1024)
/* An input buffer larger than this is given back as soon as it is empty. */
#define INPUT_KEPT_BYTES_MAX (16 * 1024)

/* --- small questions ------------------------------------------------------------------------ */

/* What a mute session writes is dropped when the next one comes. */
RARE static struct out *nowhere(struct session *s)
{
    struct out *out = &s->sessions->discard;
    out_truncate(out, out->pos_start);
    return out;
}

struct writer session_writer(struct session *s)
{
    struct writer w = {.out = &s->out, .proto = s->proto, .counts = &s->sessions->errors};
    if (UNLIKELY(session_is_mute(s)))
        w.out = nowhere(s);
    else
        session_output_ready(s);
    return w;
}

bool session_is_subscriber(const struct session *s)
{
    for (int kind = 0; kind < PUBSUB_KIND_COUNT; kind++)
        if (pubsub_count(&s->subscriber, (enum pubsub_kind)kind) > 0)
            return true;
    return follower_topic_count(&s->follower) + follower_pattern_count(&s->follower) > 0;
}

enum config_client_class session_class(const struct session *s)
{
    return session_is_subscriber(s) || session_is_monitor(s) ? CONFIG_CLASS_PUBSUB
                                                             : CONFIG_CLASS_NORMAL;
}

size_t session_output_bytes(const struct session *s)
{
    size_t waiting = out_len(&s->out) - (size_t)s->held_bytes;
    return waiting > s->followed_bytes ? waiting - (size_t)s->followed_bytes : 0;
}

size_t session_input_bytes(const struct session *s)
{
    return s->input.len - s->input_pos;
}

size_t session_memory(const struct session *s)
{
    return sizeof(*s) + s->input.cap + s->out.memory_bytes + s->transaction.bytes +
           s->transaction.cap * sizeof(*s->transaction.items) + tracking_memory(&s->tracking) +
           pubsub_memory(&s->subscriber) + request_memory(&s->request);
}

static void replace_text(char **text, struct bytes value)
{
    mem_free(*text);
    *text = mem_strndup(value.len == 0 ? "" : value.data, value.len);
}

void session_set_name(struct session *s, struct bytes name)
{
    replace_text(&s->name, name);
}

void session_set_lib(struct session *s, struct bytes lib_name, struct bytes lib_ver)
{
    if (!bytes_is_null(lib_name))
        replace_text(&s->lib_name, lib_name);
    if (!bytes_is_null(lib_ver))
        replace_text(&s->lib_ver, lib_ver);
}

void session_set_proto(struct session *s, int proto)
{
    s->proto = s->subscriber.proto = s->follower.proto = proto;
}

void session_log_in(struct session *s, struct user *user)
{
    s->user = user;
    s->authenticated = s->request.authenticated = true;
}

void session_log_out(struct session *s)
{
    s->user = users_default(s->sessions->users);
    s->authenticated = s->request.authenticated = users_are_open(s->sessions->users);
}

void session_reset(struct session *s)
{
    transaction_clear(&s->transaction);
    session_stop_tracking(s);
    subscriber_deinit(&s->subscriber);
    subscriber_init(&s->subscriber, s->sessions->pubsub, s->subscriber.deliver);
    follower_deinit(&s->follower);
    group_client_closed(&s->group_client);
    session_set_name(s, BYTES_LITERAL(""));
    session_set_proto(s, 2);
    s->reply_mode = SESSION_REPLY_ON;
    session_log_out(s);
    list_remove(&s->in_monitors);
    s->no_touch = false; /* but NO-EVICT stays, as in Redis */
}

void session_stop_tracking(struct session *s)
{
    s->sessions->tracking -= s->tracking.on;
    tracking_stop(&s->tracking);
}

/* --- where a session stands ------------------------------------------------------------------ */

bool session_must_pause(const struct session *s)
{
    const struct sessions *all = s->sessions;
    if (s->held_replies >= (uint64_t)all->config->client_replies_max)
        return true;
    if (session_output_bytes(s) >= OUTPUT_BYTES_PAUSE)
        return true;
    return s->produces && all->owner.overloaded(all->owner.ctx);
}

void session_wait_for_room(struct session *s)
{
    s->produces = true;
    s->paused = true;
}

static bool may_execute(struct session *s)
{
    if (s->dead || s->closing || s->blocker != NULL || session_is_postponed(s))
        return false;
    s->paused = session_must_pause(s);
    return !s->paused;
}

static bool turn_is_used_up(const struct session *s)
{
    return s->out.pos_end >= s->turn_ends_at;
}

void session_wake(struct session *s)
{
    if (s->dead || s->hungry) /* that one comes to its turn, and no sooner for being told again */
        return;
    list_remove(&s->in_ready);
    list_push_back(&s->sessions->ready, &s->in_ready);
}

void session_output_ready(struct session *s)
{
    if (!s->dead && list_empty(&s->in_flush))
        list_push_back(&s->sessions->flush, &s->in_flush);
}

void session_output_first(struct session *s)
{
    if (s->dead)
        return;
    list_remove(&s->in_flush);
    list_push_back(&s->sessions->flush_first, &s->in_flush);
}

/* --- closing -------------------------------------------------------------------------------- */

static void abandon_holds(struct session *s)
{
    LIST_EACH (it, &s->holds) {
        struct hold *h = CONTAINER_OF(it, struct hold, link);
        list_remove(&h->link);
        h->session = NULL;
        h->abandoned(h);
    }
    s->held_bytes = 0;
    s->held_replies = 0;
}

void session_close(struct session *s, const char *why)
{
    if (s->dead)
        return;
    if (why != NULL)
        TRACE_INFO(s->sessions->trace, "Closing client id=%llu addr=%s name=%s: %s",
                   (unsigned long long)s->id, s->stream->peer, s->name, why);
    s->dead = s->subscriber.ended = true;
    list_remove(&s->in_active);
    list_remove(&s->in_ready);
    list_remove(&s->in_flush);
    list_remove(&s->in_monitors);
    list_remove(&s->in_over_soft);
    client_memory_forget(s);
    session_end_postponement(s);
    s->sessions->count--;
    list_push_back(&s->sessions->dead, &s->in_dead);
    session_end_block(s, BLOCK_CLOSED);
    abandon_holds(s);
    follower_deinit(&s->follower);
    group_client_closed(&s->group_client); /* last: those whose CONSUME was under way have left */
}

void session_close_after_replies(struct session *s)
{
    s->closing = true;
    session_output_ready(s);
}

/* --- reading and executing ------------------------------------------------------------------- */

RARE static void refuse_protocol(struct session *s)
{
    s->sessions->stats.protocol_errors++;
    client_log_add(s, CUT_OFF_PROTOCOL, "%s", s->request.error);
    struct writer w = session_writer(s);
    write_error(&w, "ERR %s", s->request.error);
    session_close_after_replies(s);
}

/* What follows from a command: `from` is where the output ended before it. */
static void executed(struct session *s, uint64_t from)
{
    if (s->out.pos_end > from) {
        out_end_message(&s->out);
        if (out_len(&s->out) >= s->sessions->output_limit_least && !s->dead)
            output_limit_check(s);
    }
    client_memory_update(s);
}

/* Executes what is complete at the front of `input`; returns how many bytes that were. */
static size_t execute_input(struct session *s, struct bytes input)
{
    struct sessions *all = s->sessions;
    size_t used = 0;
    all->mark_ns = clock_now_ns(all->clock);
    while (used < input.len && !turn_is_used_up(s) && may_execute(s)) {
        if (UNLIKELY(all->memory.limit != 0))
            client_memory_evict(all);
        if (s->dead)
            break;
        size_t len = 0;
        struct bytes rest = bytes_of(input.data + used, input.len - used);
        enum request_status status = request_read(&s->request, rest, &len);
        if (status == REQUEST_PARTIAL)
            break;
        if (status == REQUEST_ERROR) {
            refuse_protocol(s);
            used = input.len;
            break;
        }
        if (s->request.argc > 0) {
            uint64_t from = s->out.pos_end;
            all->owner.execute(all->owner.ctx, s, s->request.argc, s->request.argv);
            if (session_is_postponed(s) || s->paused)
                break; /* the command stays, and is read once more when its time comes */
            executed(s, from);
            s->commands++;
            all->stats.commands++;
        }
        used += len;
    }
    if (all->owner.input_done != NULL)
        all->owner.input_done(all->owner.ctx, s);
    return used;
}

/* Executes what was kept of earlier input. */
static void execute_kept(struct session *s)
{
    if (session_input_bytes(s) == 0)
        return;
    struct bytes kept = bytes_of(s->input.data + s->input_pos, session_input_bytes(s));
    s->input_pos += execute_input(s, kept);
    if (session_input_bytes(s) == 0) {
        s->input_pos = 0;
        buf_clear(&s->input);
        if (s->input.cap > INPUT_KEPT_BYTES_MAX)
            waste_take(&s->sessions->waste, &s->input);
    }
}

/* Something went in or out: it is not idle. */
static void session_is_active(struct session *s)
{
    s->last_active_us = s->sessions->clock->mono_us;
    list_remove(&s->in_active);
    list_push_back(&s->sessions->active, &s->in_active);
}

/* Reads once. ERR_AGAIN nothing more now; at_end is set at the end. */
static size_t read_stream(struct session *s, char *data, size_t len)
{
    struct sessions *all = s->sessions;
    size_t got = 0;
    if (session_input_bytes(s) == 0)
        s->sent_before_input = s->out.pos_start;
    enum err err = stream_read(s->stream, data, len, &got);
    all->stats.reads++;
    if (err == ERR_CLOSED)
        s->at_end = true;
    if (err != ERR_OK || got < len)
        s->readable = false;
    if (err != ERR_OK)
        return 0;
    session_is_active(s);
    s->bytes_in += got;
    all->stats.bytes_in += got;
    return got;
}

/* The common case: nothing is kept, so read into the shared buffer and execute from there. */
static void read_shared(struct session *s)
{
    char *scratch = s->sessions->scratch;
    size_t got = read_stream(s, scratch, SESSION_READ_BYTES);
    size_t used = execute_input(s, bytes_of(scratch, got));
    if (used < got && !s->dead)
        buf_append(&s->input, scratch + used, got - used);
}

/* How much to read behind what is kept: what a large argument still lacks, as it comes. */
static size_t read_len(const struct session *s)
{
    size_t have = session_input_bytes(s);
    size_t lacks = s->request.bytes_wanted > have ? s->request.bytes_wanted - have : 0;
    if (lacks <= SESSION_READ_BYTES)
        return SESSION_READ_BYTES;
    size_t most = have < SESSION_READ_BYTES ? SESSION_READ_BYTES : have;
    if (most > READ_BYTES_MAX)
        most = READ_BYTES_MAX;
    return lacks < most ? lacks : most;
}

static void read_kept(struct session *s)
{
    if (s->input_pos > 0) {
        buf_consume(&s->input, s->input_pos);
        s->input_pos = 0;
    }
    size_t len = read_len(s), have = session_input_bytes(s);
    if (have >= INPUT_BYTES_TRUSTED && s->request.bytes_wanted > have)
        buf_reserve_exactly(&s->input, s->request.bytes_wanted - have + SESSION_READ_BYTES);
    char *place = buf_reserve(&s->input, len);
    s->input.len += read_stream(s, place, len);
}

static void check_query_limit(struct session *s)
{
    size_t waiting = session_input_bytes(s) + s->transaction.bytes;
    if (s->dead || waiting <= (size_t)s->sessions->config->client_query_buffer_limit)
        return;
    s->sessions->stats.query_limit_disconnects++;
    client_log_add(s, CUT_OFF_QUERY, "%zu bytes not executed yet", waiting);
    session_close(s, NULL);
}

/* A session that may not execute is still read a little, so that the end of its peer is noticed. */
static void read_while_waiting(struct session *s)
{
    size_t most =
        s->blocker != NULL && s->blocker->waits ? INPUT_WHILE_BLOCKED_MAX : INPUT_WHILE_PAUSED_MAX;
    while (s->readable && !s->at_end && session_input_bytes(s) < most)
        read_kept(s);
    /* One that waits for the disk still gets its answer, as any that stops sending does. */
    if ((s->at_end || s->end_in_sight) && s->blocker != NULL && s->blocker->waits)
        session_close(s, "client closed connection while blocked");
}

/* There is more for it to do than its share of a turn. */
static void go_on_later(struct session *s)
{
    list_remove(&s->in_ready);
    list_push_back(&s->sessions->hungry, &s->in_ready);
    s->hungry = true;
}

/* What follows from where the session stands now. What is left of the input of a session that may go
 * on is the beginning of a command: it waits for the rest. */
static void settle(struct session *s)
{
    if (s->dead || s->closing)
        return;
    if (s->blocker != NULL || s->paused || session_is_postponed(s)) {
        read_while_waiting(s);
        if (s->paused && !s->dead) {
            list_remove(&s->in_ready);
            list_push_back(&s->sessions->paused, &s->in_ready);
        }
    } else if (turn_is_used_up(s)) {
        go_on_later(s);
    } else if (s->at_end) {
        session_close_after_replies(s);
    } else if (s->readable) {
        go_on_later(s);
    }
}

void session_run(struct session *s)
{
    ASSERT(list_empty(&s->in_ready));
    s->hungry = false;
    s->paused = false; /* unless it turns out that it has something to execute and may not */
    s->turn_ends_at = s->out.pos_end + REPLY_BYTES_PER_TURN;
    execute_kept(s);
    if (s->readable && !s->at_end && !turn_is_used_up(s) && may_execute(s)) {
        if (session_input_bytes(s) == 0) {
            read_shared(s);
        } else {
            read_kept(s);
            execute_kept(s);
        }
    }
    check_query_limit(s);
    if (!s->dead)
        output_limit_check(s);
    client_memory_update(s);
    settle(s);
}

/* --- writing -------------------------------------------------------------------------------- */

/* Up to where the output may go. */
static uint64_t flush_limit(const struct session *s)
{
    if (list_empty(&s->holds))
        return s->out.pos_end;
    return CONTAINER_OF(s->holds.next, struct hold, link)->from;
}

static bool write_once(struct session *s, uint64_t limit)
{
    struct sessions *all = s->sessions;
    struct iovec iov[STREAM_IOV_MAX];
    int count = out_peek(&s->out, limit, iov, STREAM_IOV_MAX);
    size_t put = 0;
    enum err err = stream_write(s->stream, iov, count, &put);
    all->stats.writes++;
    if (err == ERR_CLOSED) {
        session_close(s, "peer is gone");
        return false;
    }
    if (err == ERR_AGAIN) {
        s->writable = false;
        return false;
    }
    out_consume(&s->out, put);
    session_is_active(s);
    s->bytes_out += put;
    all->stats.bytes_out += put;
    return true;
}

void session_flush(struct session *s)
{
    uint64_t limit = flush_limit(s);
    uint64_t stop = s->out.pos_start + FLUSH_BYTES_MAX;
    while (s->writable && s->out.pos_start < limit && s->out.pos_start < stop)
        if (!write_once(s, limit))
            break;
    if (s->dead)
        return;
    output_limit_check(s);
    client_memory_update(s);
    if (s->dead)
        return;
    if (out_len(&s->out) == 0)
        s->followed_bytes = 0;
    if (out_len(&s->out) <= PUSH_FOLLOWED_BYTES_MAX / 2)
        follower_drained(&s->follower);
    if (s->writable && s->out.pos_start < limit)
        session_output_ready(s);
    if (s->closing && out_len(&s->out) == 0 && list_empty(&s->holds))
        session_close(s, NULL);
}

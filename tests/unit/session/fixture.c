/* SPDX-License-Identifier: BSD-3-Clause */
#include "fixture.h"

#include "base/check.h"
#include "base/frame.h"

/* --- the owner ------------------------------------------------------------------------------ */

static void on_abandoned(struct hold *hold)
{
    CONTAINER_OF(hold, struct test_hold, hold)->fixture->abandoned++;
}

static void on_block_ended(struct blocker *b, enum block_end how)
{
    struct fixture *f = CONTAINER_OF(b, struct fixture, blocker);
    f->blocks_ended++;
    f->last_end = how;
}

static void start_hold(struct fixture *f, struct session *s, uint64_t from)
{
    struct test_hold *h = &f->holds[f->hold_count++];
    h->fixture = f;
    hold_start(&h->hold, s, from, on_abandoned);
}

/* say X: replies X. hold X: replies X, held. more X: replies X into the last hold. later: a hold to be
 * filled. block: blocks. disk: blocks for the disk. big: replies FIXTURE_BIG_BYTES, all from one frame. queue: queues itself. quit: closes after its reply. */
static void execute(void *ctx, struct session *s, int argc, struct bytes *argv)
{
    struct fixture *f = ctx;
    for (int i = 0; i < argc; i++) {
        buf_append_bytes(&f->executed, argv[i]);
        buf_append_char(&f->executed, i + 1 < argc ? ' ' : ';');
    }
    f->session = s;
    struct writer w = session_writer(s);
    uint64_t from = w.out->pos_end;
    if (bytes_is(argv[0], "say")) {
        write_bulk(&w, argv[1]);
    } else if (bytes_is(argv[0], "hold")) {
        write_bulk(&w, argv[1]);
        start_hold(f, s, from);
    } else if (bytes_is(argv[0], "more")) {
        struct hold *last = &f->holds[f->hold_count - 1].hold;
        ASSERT(hold_is_last(last, from));
        write_bulk(&w, argv[1]);
        hold_extend(last);
    } else if (bytes_is(argv[0], "later")) {
        start_hold(f, s, from);
    } else if (bytes_is(argv[0], "block")) {
        session_block(s, &f->blocker, true, TIMERS_NONE, on_block_ended);
    } else if (bytes_is(argv[0], "disk")) {
        session_block(s, &f->blocker, false, TIMERS_NONE, on_block_ended);
    } else if (bytes_is(argv[0], "big")) {
        out_append_frame(w.out, f->big);
    } else if (bytes_is(argv[0], "queue")) {
        s->transaction.open = true;
        transaction_queue(&s->transaction, NULL, argc, argv);
    } else if (bytes_is(argv[0], "quit")) {
        write_ok(&w);
        session_close_after_replies(s);
    }
}

static void note_session(void *ctx, struct session *s)
{
    ((struct fixture *)ctx)->session = s;
}

static void forget_session(void *ctx, struct session *s)
{
    struct fixture *f = ctx;
    if (f->session == s)
        f->session = NULL;
}

static bool overloaded(void *ctx)
{
    return ((struct fixture *)ctx)->overloaded;
}

static void no_sink(struct trace *t, enum trace_level level, const char *line)
{
    (void)t;
    (void)level;
    (void)line;
}

/* --- the fixture ---------------------------------------------------------------------------- */

void fixture_init(struct fixture *f)
{
    memset(f, 0, sizeof(*f));
    config_init(&f->config);
    timers_init(&f->timers);
    f->trace = (struct trace){.level = TRACE_WARNING, .sink = no_sink};
    f->pubsub = pubsub_create(&f->hash_key);
    f->users = users_create(&f->vocabulary);
    f->clock.mono_us = 1000000;
    struct sessions_options options = {
        .owner = {f, execute, note_session, forget_session, overloaded},
        .config = &f->config,
        .clock = &f->clock,
        .timers = &f->timers,
        .trace = &f->trace,
        .users = f->users,
        .pubsub = f->pubsub,
        .hash_key = &f->hash_key,
    };
    f->big = frame_create(FIXTURE_BIG_BYTES);
    memset(f->big->data, 'x', FIXTURE_BIG_BYTES);
    f->all = sessions_create(&options);
    f->client = fixture_connect(f);
}

void fixture_deinit(struct fixture *f)
{
    sessions_destroy(f->all);
    users_destroy(f->users);
    pubsub_destroy(f->pubsub);
    timers_deinit(&f->timers);
    config_deinit(&f->config);
    buf_deinit(&f->executed);
    frame_unref(f->big);
    memory_client_destroy(f->client);
}

struct memory_client *fixture_connect(struct fixture *f)
{
    struct memory_client *client = memory_client_create();
    sessions_accept(f->all, &client->stream);
    return client;
}

void fixture_turn(struct fixture *f)
{
    memory_client_turn(f->client);
    timers_run(&f->timers, f->clock.mono_us);
    sessions_turn(f->all);
    sessions_flush(f->all);
    sessions_bury(f->all);
    sessions_resume_paused(f->all);
}

const char *fixture_received(struct fixture *f)
{
    return memory_client_received(f->client);
}

const char *fixture_executed(struct fixture *f)
{
    buf_append_char(&f->executed, '\0');
    buf_clear(&f->executed);
    return f->executed.data;
}

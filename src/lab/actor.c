/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/actor.h"
#include "base/mem.h"
#include "cli/interrupt.h"
#include "lab/wording.h"
#include <stdio.h>

struct actor *actor_create(struct stage *s, size_t lane)
{
    struct actor *a = mem_zalloc(1, sizeof(*a));

    a->stage = s;
    a->lane = lane;
    a->wire.connection.fd = -1;
    return a;
}

void actor_destroy(struct actor *a)
{
    wire_close(&a->wire);
    mem_free(a->pushes);
    mem_free(a);
}

bool actor_connect(struct actor *a)
{
    struct stage *s = a->stage;

    if (s->over)
        return false;
    if (wire_open(&a->wire, &s->target, s->learner->interrupt_fd) == ERR_OK) {
        a->lost = a->deaf = false;
        a->answer = NULL;
        return true;
    }
    s->learner->left |= interrupt_pending(s->learner->interrupt_fd);
    if (!s->learner->left)
        stage_expect(s, false, "a connection", "one",
                     stage_text(s, "%s", a->wire.connection.error));
    s->over = true;
    return false;
}

struct actor *actor_enter_silent(struct stage *s, const char *name)
{
    struct actor *a = actor_create(s, lanes_add(&s->lanes, name));

    s->actors[s->actor_count++] = a;
    return a;
}

struct actor *actor_enter(struct stage *s, const char *name)
{
    struct actor *a = actor_enter_silent(s, name);

    (void)actor_connect(a);
    return a;
}

/* --- asking --------------------------------------------------------------------------------------- */

static bool can_ask(struct actor *a)
{
    if (a->stage->over)
        return false;
    if (wire_is_open(&a->wire))
        return true;
    stage_expect(a->stage, false, "a connection to ask on", "that it stands",
                 "that the server has closed it");
    a->stage->over = true;
    return false;
}

void actor_send(struct actor *a, const char *format, va_list args, bool unseen)
{
    struct buf line = {0};

    if (!can_ask(a))
        return;
    struct words words = stage_words(a->stage, format, args, &line);
    a->answer = NULL;
    if (!unseen)
        stage_draw(a->stage, a, LANE_TYPED, buf_bytes(&line));
    wire_ask(&a->wire, &words, unseen);
    words_deinit(&words);
    buf_deinit(&line);
}

void actor_type(struct actor *a, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    actor_send(a, format, args, false);
    va_end(args);
}

static bool is_answered(const void *ctx)
{
    const struct actor *a = ctx;

    return a->wire.count == 0;
}

const struct reply *actor_answer(struct actor *a)
{
    struct stage *s = a->stage;

    if (s->over)
        return seen_null();
    if (!stage_wait(s, is_answered, a, STAGE_DEADLINE_MS) && !s->over) {
        stage_expect(s, false, "a command", "a reply within 20 s", "none");
        s->over = true;
    }
    return a->answer != NULL ? a->answer : seen_null();
}

const struct reply *actor_ask(struct actor *a, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    actor_send(a, format, args, false);
    va_end(args);
    return actor_answer(a);
}

const struct reply *actor_ask_unseen(struct actor *a, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    actor_send(a, format, args, true);
    va_end(args);
    return actor_answer(a);
}

bool actor_waits(struct actor *a)
{
    while (!a->stage->over && actor_take(a))
        ;
    return a->wire.count > 0;
}

void actor_settle(struct actor *a)
{
    const struct reply *answer = a->answer;

    (void)actor_ask_unseen(a, "PING");
    a->answer = answer;
}

/* --- what comes ----------------------------------------------------------------------------------- */

static void show(struct actor *a, struct bytes command, enum lane_kind kind,
                 const struct reply *reply)
{
    struct buf text = {0};

    if (a->lane == LANES_MAX)
        return;
    wording_reply(&text, command, reply);
    stage_draw(a->stage, a, reply->kind == REPLY_ERROR ? LANE_TROUBLE : kind, buf_bytes(&text));
    buf_deinit(&text);
}

static void keep_push(struct actor *a, const struct reply *push)
{
    if (a->push_count == a->push_cap) {
        a->push_cap = a->push_cap == 0 ? 16 : a->push_cap * 2;
        a->pushes = mem_realloc(a->pushes, a->push_cap * sizeof(struct reply *));
    }
    a->pushes[a->push_count++] = push;
}

static void take_loss(struct actor *a)
{
    struct bytes why = bytes_of_string(a->wire.connection.error);

    a->lost = true;
    stage_draw(a->stage, a, LANE_TROUBLE, why);
    wire_close(&a->wire);
}

bool actor_take(struct actor *a)
{
    struct reply *reply = NULL;
    struct wire_asked answered;

    if (!wire_is_open(&a->wire) || a->deaf)
        return false;
    switch (wire_take(&a->wire, &reply, &answered)) {
    case WIRE_REPLY:
        a->answer = stage_keep(a->stage, reply);
        if (!answered.unseen)
            show(a, bytes_of_string(answered.command), LANE_REPLY, a->answer);
        return true;
    case WIRE_PUSH:
        keep_push(a, stage_keep(a->stage, reply));
        if (!a->hides)
            show(a, BYTES_NULL, LANE_PUSH, reply);
        return true;
    case WIRE_LOST:
        take_loss(a);
        return true;
    case WIRE_NOTHING:
        break;
    }
    return false;
}

static bool is_kind(const struct reply *push, const char *kind)
{
    return push->count > 0 && bytes_is(push->items[0].text, kind);
}

size_t actor_heard(const struct actor *a, const char *kind)
{
    size_t count = 0;

    for (size_t i = 0; i < a->push_count; i++)
        count += is_kind(a->pushes[i], kind);
    return count;
}

const struct reply *actor_heard_at(const struct actor *a, const char *kind, size_t i)
{
    for (size_t at = 0; at < a->push_count; at++)
        if (is_kind(a->pushes[at], kind) && i-- == 0)
            return a->pushes[at];
    return seen_null();
}

struct awaited {
    const struct actor *actor;
    const char *kind;
    size_t count;
};

static bool has_heard(const void *ctx)
{
    const struct awaited *awaited = ctx;

    return actor_heard(awaited->actor, awaited->kind) >= awaited->count || awaited->actor->lost;
}

size_t actor_await(struct actor *a, const char *kind, size_t count)
{
    const struct awaited awaited = {a, kind, count};

    (void)stage_wait(a->stage, has_heard, &awaited, STAGE_DEADLINE_MS);
    return actor_heard(a, kind);
}

/* --- coming and going ----------------------------------------------------------------------------- */

void actor_crash(struct actor *a, const char *how)
{
    if (a->stage->over)
        return;
    wire_close(&a->wire);
    stage_draw(a->stage, a, LANE_TROUBLE, bytes_of_string(how));
}

void actor_return(struct actor *a)
{
    (void)actor_connect(a);
}

void actor_stop_reading(struct actor *a)
{
    a->deaf = true;
}

void actor_read_on(struct actor *a)
{
    a->deaf = false;
}

void actor_hide_pushes(struct actor *a)
{
    a->hides = true;
}

void actor_show_pushes(struct actor *a)
{
    a->hides = false;
}

static bool is_lost(const void *ctx)
{
    const struct actor *a = ctx;

    return a->lost;
}

bool actor_await_loss(struct actor *a)
{
    return stage_wait(a->stage, is_lost, a, STAGE_DEADLINE_MS);
}

void actor_note(struct actor *a, const char *format, ...)
{
    struct buf text = {0};
    va_list args;

    if (a->stage->over)
        return;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    stage_draw(a->stage, a, LANE_NOTE, buf_bytes(&text));
    buf_deinit(&text);
}

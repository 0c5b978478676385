/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/stage.h"
#include "base/mem.h"
#include "lab/actor.h"
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#define BACKSTAGE 0
/* What the server says to several in one turn comes to them a moment apart. When something has come, a moment passes
 * before all are looked at, so that it is shown in the order of the lanes. */
#define TURN_US 1000

static struct actor *backstage(struct stage *s)
{
    if (s->actor_count == 0) {
        s->actors[s->actor_count++] = actor_create(s, LANES_MAX);
        (void)actor_connect(s->actors[BACKSTAGE]);
    }
    return s->actors[BACKSTAGE];
}

void stage_init(struct stage *s, struct learner *learner, struct host *host,
                const struct connection_target *target, const char *prefix)
{
    *s = (struct stage){.learner = learner, .host = host, .target = *target};
    s->lanes.style = learner_style(learner);
    if (host == NULL)
        snprintf(s->prefix, sizeof(s->prefix), "%s", prefix);
    (void)backstage(s);
}

/* --- cleaning up ---------------------------------------------------------------------------------- */

/* Members stay for their session, also without a connection, and a group with members cannot be deleted. */
static void kick_members(struct stage *s, struct bytes group)
{
    const struct reply *members = stage_ask(s, "GROUP MEMBERS %.*s", (int)group.len, group.data);

    for (size_t i = 0; i < members->count; i++) {
        struct bytes name = seen_text(seen_field(&members->items[i], "name"));

        stage_ask(s, "GROUP KICK %.*s %.*s", (int)group.len, group.data, (int)name.len, name.data);
    }
}

static void delete_groups(struct stage *s)
{
    const struct reply *names = stage_ask(s, "GROUP LIST MATCH %s*", s->prefix);

    for (size_t i = 0; i < names->count; i++) {
        struct bytes name = seen_text(&names->items[i]);

        kick_members(s, name);
        stage_ask(s, "GROUP DELETE %.*s", (int)name.len, name.data);
    }
}

static void delete_topics(struct stage *s)
{
    const struct reply *names = stage_ask(s, "TOPIC LIST MATCH %s*", s->prefix);

    for (size_t i = 0; i < names->count; i++) {
        struct bytes name = seen_text(&names->items[i]);

        stage_ask(s, "TOPIC DELETE %.*s", (int)name.len, name.data);
    }
}

/* Whatever came before, backstage has a new connection. */
static void stage_clean(struct stage *s)
{
    for (size_t i = 0; i < s->actor_count; i++)
        actor_destroy(s->actors[i]);
    s->actor_count = 0;
    if (s->host != NULL)
        return;
    s->over = false;
    (void)backstage(s);
    delete_groups(s);
    delete_topics(s);
    actor_destroy(s->actors[BACKSTAGE]);
    s->actor_count = 0;
}

void stage_deinit(struct stage *s)
{
    stage_clean(s);
    for (size_t i = 0; i < s->reply_count; i++)
        reply_free(s->replies[i]);
    mem_free(s->replies);
    for (size_t i = 0; i < s->text_count; i++)
        mem_free(s->texts[i]);
    mem_free(s->texts);
}

/* --- keeping -------------------------------------------------------------------------------------- */

const struct reply *stage_keep(struct stage *s, struct reply *reply)
{
    if (s->reply_count == s->reply_cap) {
        s->reply_cap = s->reply_cap == 0 ? 64 : s->reply_cap * 2;
        s->replies = mem_realloc(s->replies, s->reply_cap * sizeof(struct reply *));
    }
    s->replies[s->reply_count++] = reply;
    return reply;
}

/* Takes over the text and ends it. */
static const char *keep_text(struct stage *s, struct buf *text)
{
    if (s->text_count == s->text_cap) {
        s->text_cap = s->text_cap == 0 ? 16 : s->text_cap * 2;
        s->texts = mem_realloc(s->texts, s->text_cap * sizeof(char *));
    }
    s->texts[s->text_count] = mem_strndup(buf_bytes(text).data, text->len);
    buf_deinit(text);
    return s->texts[s->text_count++];
}

const char *stage_text(struct stage *s, const char *format, ...)
{
    struct buf text = {0};
    va_list args;

    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    return keep_text(s, &text);
}

/* --- names ---------------------------------------------------------------------------------------- */

/* "$orders" becomes the run's own name; a lone "$" stays. */
static void append_named(const struct stage *s, struct buf *out, struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        bool name =
            text.data[i] == '$' && i + 1 < text.len && isalpha((unsigned char)text.data[i + 1]);

        if (name)
            buf_append_string(out, s->prefix);
        else
            buf_append_char(out, text.data[i]);
    }
}

struct words stage_words(struct stage *s, const char *format, va_list args, struct buf *line)
{
    struct words words = {0};
    struct buf raw = {0};

    buf_vprintf(&raw, format, args);
    append_named(s, line, buf_bytes(&raw));
    buf_deinit(&raw);
    bool good = words_split(&words, buf_bytes(line));
    ASSERT(good && words.count > 0);
    return words;
}

/* --- telling -------------------------------------------------------------------------------------- */

void stage_say(struct stage *s, const char *format, ...)
{
    struct buf text = {0}, named = {0};
    va_list args;

    if (s->over)
        return;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    append_named(s, &named, buf_bytes(&text));
    fputc('\n', s->learner->out);
    learner_prose(s->learner, "", buf_bytes(&named));
    fputc('\n', s->learner->out);
    lanes_interrupted(&s->lanes);
    buf_deinit(&named);
    buf_deinit(&text);
    if (!learner_pause(s->learner, 2 * s->learner->pace_ms))
        s->over = true;
}

void stage_draw(struct stage *s, const struct actor *a, enum lane_kind kind, struct bytes text)
{
    struct buf out = {0};

    if (a->lane == LANES_MAX || s->learner->left)
        return;
    s->lanes.style = learner_style(s->learner);
    lanes_put(&s->lanes, &out, a->lane, kind, text);
    learner_print(s->learner, &out);
    buf_deinit(&out);
    if (!learner_pause(s->learner, s->learner->pace_ms))
        s->over = true;
}

/* --- expecting ------------------------------------------------------------------------------------ */

bool stage_expect(struct stage *s, bool held, const char *what, const char *expected,
                  const char *seen)
{
    struct buf text = {0};

    if (held || s->over)
        return held;
    buf_printf(&text, "The broker contradicts this lesson: %s: expected %s, saw %s.", what,
               expected, seen);
    const char *trouble = keep_text(s, &text);
    if (s->trouble_count < STAGE_TROUBLES_MAX)
        s->troubles[s->trouble_count++] = trouble;
    learner_prose(s->learner, "! ", bytes_of_string(trouble));
    lanes_interrupted(&s->lanes);
    return false;
}

bool stage_expect_number(struct stage *s, const char *what, int64_t expected, int64_t seen)
{
    char wanted[32], got[32];

    snprintf(wanted, sizeof(wanted), "%lld", (long long)expected);
    snprintf(got, sizeof(got), "%lld", (long long)seen);
    return stage_expect(s, expected == seen, what, wanted, seen == SEEN_NOTHING ? "none" : got);
}

bool stage_expect_text(struct stage *s, const char *what, const char *expected, struct bytes seen)
{
    bool none = bytes_is_null(seen);
    const char *wanted = stage_text(s, "'%s'", expected);
    const char *got = none ? "nothing" : stage_text(s, "'%.*s'", (int)seen.len, seen.data);

    return stage_expect(s, bytes_equal(seen, bytes_of_string(expected)) && !none, what, wanted,
                        got);
}

/* --- time goes on --------------------------------------------------------------------------------- */

/* Takes what came, from all. False: nothing. */
static bool stage_take(struct stage *s)
{
    bool any = false;

    for (size_t i = 0; i < s->actor_count && !s->over; i++)
        any |= actor_take(s->actors[i]);
    return any;
}

/* Waits for something to come, at most so long. */
static void stage_poll(struct stage *s, int64_t ms)
{
    struct pollfd polled[LANES_MAX + 2];
    size_t count = 0;

    polled[count++] = (struct pollfd){.fd = s->learner->interrupt_fd, .events = POLLIN};
    for (size_t i = 0; i < s->actor_count; i++) {
        const struct actor *a = s->actors[i];
        bool sends = a->wire.connection.out_pos < a->wire.connection.out.len;

        if (wire_is_open(&a->wire) && !a->deaf)
            polled[count++] = (struct pollfd){.fd = a->wire.connection.fd,
                                              .events = (short)(POLLIN | (sends ? POLLOUT : 0))};
    }
    if (poll(polled, count, ms < 0 ? 0 : (int)ms) <= 0)
        return;
    if (polled[0].revents != 0) {
        s->learner->left = true;
        s->over = true;
    }
    usleep(TURN_US);
}

bool stage_wait(struct stage *s, stage_done *done, const void *ctx, int64_t deadline_ms)
{
    int64_t end_ms = connection_now_ms() + deadline_ms;

    while (!s->over) {
        while (stage_take(s) && !s->over)
            ;
        if (done(ctx))
            return true;
        int64_t left = end_ms - connection_now_ms();
        if (left < 0)
            return false;
        if (!s->over)
            stage_poll(s, left + 1);
    }
    return done(ctx);
}

/* --- backstage ------------------------------------------------------------------------------------ */

static const struct reply *ask_backstage(struct stage *s, const char *format, va_list args)
{
    struct actor *a = backstage(s);

    if (s->over)
        return seen_null();
    actor_send(a, format, args, true);
    return actor_answer(a);
}

const struct reply *stage_ask(struct stage *s, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    const struct reply *reply = ask_backstage(s, format, args);
    va_end(args);
    return reply;
}

static bool never(const void *ctx)
{
    (void)ctx;
    return false;
}

const struct reply *stage_until(struct stage *s, const char *what, stage_is *is, const void *ctx,
                                const char *format, ...)
{
    int64_t end_ms = connection_now_ms() + STAGE_DEADLINE_MS;
    const struct reply *reply;

    for (;;) {
        va_list args;

        va_start(args, format);
        reply = ask_backstage(s, format, args);
        va_end(args);
        if (s->over || is(reply, ctx))
            return reply;
        if (connection_now_ms() > end_ms)
            break;
        (void)stage_wait(s, never, NULL, STAGE_LOOK_MS);
    }
    stage_expect(s, false, "what one waits for", what, "that it did not happen in 20 s");
    s->over = true;
    return reply;
}

static void lose_server(struct stage *s)
{
    for (size_t i = 1; i < s->actor_count; i++)
        if (wire_is_open(&s->actors[i]->wire))
            (void)actor_await_loss(s->actors[i]);
    actor_destroy(s->actors[BACKSTAGE]);
    s->actors[BACKSTAGE] = actor_create(s, LANES_MAX);
}

void stage_kill_server(struct stage *s)
{
    ASSERT(s->host != NULL);
    host_kill(s->host);
    lose_server(s);
}

void stage_stop_server(struct stage *s)
{
    ASSERT(s->host != NULL);
    host_stop(s->host);
    lose_server(s);
}

void stage_start_server(struct stage *s)
{
    ASSERT(s->host != NULL);
    if (s->over)
        return;
    if (host_start(s->host, s->learner->interrupt_fd) != ERR_OK) {
        stage_expect(s, false, "a new start of the server", "that it takes connections",
                     s->host->why);
        s->over = true;
        return;
    }
    (void)actor_connect(s->actors[BACKSTAGE]);
}

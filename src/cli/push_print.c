/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/push_print.h"
#include "cli/text.h"

static void put_name(struct buf *out, const struct reply *name)
{
    if (name->kind == REPLY_NULL)
        buf_append_string(out, "(none)");
    else
        buf_append_bytes(out, name->text);
}

static void put_message(struct buf *out, const struct reply *push)
{
    put_name(out, &push->items[1]);
    buf_append_string(out, "  ");
    text_append_quoted(out, push->items[2].text);
}

static void put_pattern_message(struct buf *out, const struct reply *push)
{
    put_name(out, &push->items[2]);
    buf_append_string(out, " (");
    put_name(out, &push->items[1]);
    buf_append_string(out, ")  ");
    text_append_quoted(out, push->items[3].text);
}

/* A name, and how many there are now. */
static void put_change(struct buf *out, const struct reply *push, const char *what)
{
    buf_append_string(out, what);
    put_name(out, &push->items[1]);
    buf_printf(out, " (%lld in all)", (long long)push->items[2].integer);
}

/* group, member, epoch, [topic, partition, ...] */
static void put_assignment(struct buf *out, const struct reply *push)
{
    const struct reply *targets = &push->items[4];

    buf_append_string(out, "group ");
    put_name(out, &push->items[1]);
    buf_append_string(out, ": ");
    put_name(out, &push->items[2]);
    buf_append_string(out, " now has ");
    if (targets->count == 0)
        buf_append_string(out, "nothing");
    for (size_t i = 0; i + 1 < targets->count; i += 2) {
        bool same = i > 0 && bytes_equal(targets->items[i - 2].text, targets->items[i].text);

        if (i > 0)
            buf_append_char(out, same ? ',' : ' ');
        if (!same) {
            put_name(out, &targets->items[i]);
            buf_append_char(out, '/');
        }
        buf_printf(out, "%lld", (long long)targets->items[i + 1].integer);
    }
}

static const struct {
    const char *word;
    size_t count;
    void (*put)(struct buf *out, const struct reply *push);
} lines[] = {
    {"message", 3, put_message},
    {"smessage", 3, put_message},
    {"pmessage", 4, put_pattern_message},
    {"assignment", 5, put_assignment},
};

static const struct {
    const char *word;
    const char *what;
} changes[] = {
    {"subscribe", "listening to channel "},
    {"psubscribe", "listening to pattern "},
    {"ssubscribe", "listening to shard channel "},
    {"unsubscribe", "no longer listening to channel "},
    {"punsubscribe", "no longer listening to pattern "},
    {"sunsubscribe", "no longer listening to shard channel "},
};

static bool put_line(struct buf *out, const struct reply *push)
{
    struct bytes word = push->items[0].text;

    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        if (lines[i].count == push->count && bytes_is(word, lines[i].word)) {
            lines[i].put(out, push);
            return true;
        }
    }
    for (size_t i = 0; push->count == 3 && i < COUNT_OF(changes); i++) {
        if (bytes_is(word, changes[i].word)) {
            put_change(out, push, changes[i].what);
            return true;
        }
    }
    return false;
}

bool push_print(struct buf *out, const struct reply *push)
{
    if (push->kind != REPLY_PUSH || push->count == 0 || bytes_is_null(push->items[0].text) ||
        !put_line(out, push))
        return false;
    buf_append_char(out, '\n');
    return true;
}

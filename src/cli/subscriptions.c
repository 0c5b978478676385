/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/subscriptions.h"
#include "base/mem.h"
#include "base/num.h"
#include <stdio.h>

#define NO_PARTITION (-1)

struct subscription {
    const char *command; /* that brings it back; static */
    char *name;          /* owned */
    size_t name_len;
    int64_t partition; /* of FOLLOW, or NO_PARTITION */
    int64_t next;      /* of FOLLOW: the offset to go on from */
};

/* --- the list ------------------------------------------------------------------------------------- */

static struct subscription *find(struct subscriptions *s, const char *command, struct bytes name,
                                 int64_t partition)
{
    for (size_t i = 0; i < s->count; i++) {
        struct subscription *it = &s->items[i];

        if (it->command == command && it->partition == partition &&
            bytes_equal(bytes_of(it->name, it->name_len), name))
            return it;
    }
    return NULL;
}

static struct subscription *add(struct subscriptions *s, const char *command, struct bytes name,
                                int64_t partition)
{
    struct subscription *it = find(s, command, name, partition);

    if (it != NULL)
        return it;
    if (s->count == s->cap) {
        s->cap = s->cap == 0 ? 8 : 2 * s->cap;
        s->items = mem_realloc(s->items, s->cap * sizeof(*s->items));
    }
    it = &s->items[s->count++];
    *it = (struct subscription){.command = command,
                                .name = mem_strndup(name.len == 0 ? "" : name.data, name.len),
                                .name_len = name.len,
                                .partition = partition};
    return it;
}

static void drop(struct subscriptions *s, const char *command, struct bytes name, int64_t partition)
{
    struct subscription *it = find(s, command, name, partition);

    if (it == NULL)
        return;
    mem_free(it->name);
    s->count--;
    memmove(it, it + 1, (size_t)(s->items + s->count - it) * sizeof(*it));
}

void subscriptions_clear(struct subscriptions *s)
{
    for (size_t i = 0; i < s->count; i++)
        mem_free(s->items[i].name);
    mem_free(s->items);
    *s = (struct subscriptions){0};
}

/* --- what the server says ------------------------------------------------------------------------- */

static const char follow_command[] = "FOLLOW";

static const struct {
    const char *begins, *ends;
    const char *command;
} kinds[] = {
    {"subscribe", "unsubscribe", "SUBSCRIBE"},
    {"psubscribe", "punsubscribe", "PSUBSCRIBE"},
    {"ssubscribe", "sunsubscribe", "SSUBSCRIBE"},
};

static void note_follow(struct subscriptions *s, const struct reply *m)
{
    struct bytes what = m->items[0].text, topic = m->items[1].text;
    int64_t partition = m->items[2].integer, offset = m->items[3].integer;

    if (bytes_is(what, "follow"))
        add(s, follow_command, topic, partition)->next = offset;
    else if (bytes_is(what, "unfollow"))
        drop(s, follow_command, topic, partition);
    struct subscription *it = find(s, follow_command, topic, partition);
    if (it != NULL && bytes_is(what, "record"))
        it->next = offset + 1;
    else if (it != NULL && bytes_is(what, "lost") && m->count > 4)
        it->next = m->items[4].integer;
}

void subscriptions_note(struct subscriptions *s, const struct reply *m)
{
    bool is_message = m->kind == REPLY_ARRAY || m->kind == REPLY_PUSH;

    if (!is_message || m->count < 3 || bytes_is_null(m->items[0].text))
        return;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (bytes_is(m->items[0].text, kinds[i].begins))
            add(s, kinds[i].command, m->items[1].text, NO_PARTITION);
        else if (bytes_is(m->items[0].text, kinds[i].ends) && m->items[1].kind == REPLY_BULK)
            drop(s, kinds[i].command, m->items[1].text, NO_PARTITION);
    }
    if (m->count >= 4 && m->items[2].kind == REPLY_INT && m->items[3].kind == REPLY_INT)
        note_follow(s, m);
}

size_t subscriptions_ask(const struct subscriptions *s, struct connection *c)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct subscription *it = &s->items[i];
        struct buf place = {0};

        if (it->partition == NO_PARTITION) {
            connection_begin_command(c, 2);
            connection_add_string(c, it->command);
            connection_add_word(c, bytes_of(it->name, it->name_len));
            continue;
        }
        buf_append(&place, it->name, it->name_len);
        buf_printf(&place, "/%lld", (long long)it->partition);
        connection_begin_command(c, 4);
        connection_add_string(c, it->command);
        connection_add_word(c, buf_bytes(&place));
        connection_add_string(c, "FROM");
        connection_add_number(c, it->next);
        buf_deinit(&place);
    }
    return s->count;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/follow_call.h"

#include "commands/errors.h"

#include "base/mem.h"
#include "base/num.h"
#include "topics/catalog.h"

#define SHOWN_BYTES_MAX 128 /* of what was typed, in an error */

static int shown(struct bytes text)
{
    return text.len < SHOWN_BYTES_MAX ? (int)text.len : SHOWN_BYTES_MAX;
}

/* --- reading arguments ------------------------------------------------------------------------ */

static struct bytes part_of(struct bytes text, size_t from, size_t to)
{
    return bytes_of(text.data + from, to - from);
}

/* The place of a byte, or the length when it is not there. */
static size_t first_of(struct bytes text, char c)
{
    const char *at = text.len == 0 ? NULL : memchr(text.data, c, text.len);
    return at == NULL ? text.len : (size_t)(at - text.data);
}

static size_t last_of(struct bytes text, char c)
{
    for (size_t i = text.len; i > 0; i--)
        if (text.data[i - 1] == c)
            return i - 1;
    return text.len;
}

bool read_followed_topic(struct call *c, struct bytes text, struct bytes *topic, int64_t *partition)
{
    size_t slash = last_of(text, '/');
    *topic = part_of(text, 0, slash);
    *partition = FOLLOW_ALL_PARTITIONS;
    if (slash == text.len)
        return true;
    struct bytes number = part_of(text, slash + 1, text.len);
    if (num_parse_i64(number, partition) && *partition >= 0)
        return true;
    write_error(&c->w, "ERR invalid partition '%.*s' in '%.*s': it is a number", shown(number),
                number.data, shown(text), text.data);
    return false;
}

static bool read_position(struct bytes text, struct follow_wish *wish)
{
    bool in_ms = text.len > 2 && bytes_is(part_of(text, text.len - 2, text.len), "ms");
    wish->value = 0;
    if (bytes_is(text, "earliest")) {
        wish->from = FETCH_FROM_EARLIEST;
        return true;
    }
    if (bytes_is(text, "latest")) {
        wish->from = FETCH_FROM_LATEST;
        return true;
    }
    wish->from = in_ms ? FETCH_FROM_TIME : FETCH_FROM_OFFSET;
    return num_parse_i64(part_of(text, 0, text.len - (in_ms ? 2 : 0)), &wish->value) &&
           wish->value >= 0;
}

bool is_follow_pattern(const struct config *config, struct bytes pattern)
{
    return config->follow_prefix[0] != '\0' && bytes_starts_with(pattern, config->follow_prefix) &&
           last_of(pattern, '@') < pattern.len;
}

/* What stands between the prefix and the position; *at is where the position is led in. */
static struct bytes read_what(const struct config *config, struct bytes pattern, size_t *at)
{
    size_t prefix = strlen(config->follow_prefix);
    *at = last_of(pattern, '@');
    if (*at < prefix)
        *at = prefix;
    return part_of(pattern, prefix, *at);
}

struct bytes follow_pattern_topic(const struct config *config, struct bytes pattern)
{
    size_t at;
    struct bytes what = read_what(config, pattern, &at);
    struct bytes topic = part_of(what, 0, first_of(what, '#'));
    return part_of(topic, 0, last_of(topic, '/'));
}

bool read_follow_pattern(struct call *c, struct bytes pattern, struct follow_wish *wish)
{
    size_t at;
    struct bytes what = read_what(c->sv->config, pattern, &at);
    struct bytes position = part_of(pattern, at < pattern.len ? at + 1 : at, pattern.len);
    size_t hash = first_of(what, '#');
    *wish = (struct follow_wish){.pattern = pattern, .key = BYTES_NULL};
    if (hash < what.len)
        wish->key = part_of(what, hash + 1, what.len);
    if (!read_position(position, wish)) {
        write_error(&c->w,
                    "ERR invalid position '%.*s' in '%.*s': it is an offset, earliest, latest or "
                    "<ms>ms",
                    shown(position), position.data, shown(pattern), pattern.data);
        return false;
    }
    return read_followed_topic(c, part_of(what, 0, hash), &wish->topic, &wish->partition);
}

/* --- refusals --------------------------------------------------------------------------------- */

static void refuse_place(struct writer *w, const struct follow_opening *o)
{
    const struct follow_wish *wish = &o->wishes[o->wish];
    struct bytes topic = o->tp->topic->name;
    if (o->refusal == FOLLOW_PAST_END)
        write_error(w,
                    "OFFSETOUTOFRANGE topic '%.*s' partition %d has no offset %lld: it begins at "
                    "%lld and ends before %lld",
                    (int)topic.len, topic.data, o->tp->number, (long long)wish->value,
                    (long long)o->log_start, (long long)o->next_offset);
    else
        write_error(w, "%s topic '%.*s' partition %d cannot be read: %s", error_code(o->err),
                    (int)topic.len, topic.data, o->tp->number, err_text(o->err));
}

static void write_refusal(struct writer *w, const struct follow_call *f)
{
    const struct follow_opening *o = &f->opening;
    struct bytes topic = f->wishes[o->wish].topic;
    switch (o->refusal) {
    case FOLLOW_NO_TOPIC:
        write_unknown_topic(w, catalog_name_has_meta(f->sv->catalog, topic), topic);
        break;
    case FOLLOW_NO_PARTITION:
        write_error(w, "UNKNOWNPARTITION topic '%.*s' has no partition %lld", shown(topic),
                    topic.data, (long long)f->wishes[o->wish].partition);
        break;
    case FOLLOW_MANY_PARTITIONS:
        write_error(
            w,
            "ERR offset %lld is a place in one partition: '%.*s' may have more, so name the "
            "partition (topic/partition) or a literal key, or follow from earliest, latest "
            "or a time",
            (long long)f->wishes[o->wish].value, shown(topic), topic.data);
        break;
    case FOLLOW_LIMIT:
        write_error(w, "ERR a connection can begin to follow partitions while they are at most %d",
                    FOLLOW_PARTITIONS_MAX);
        break;
    case FOLLOW_GONE:
        write_error(w, "ERR the connection was reset before it could follow anything");
        break;
    case FOLLOW_PAST_END:
    case FOLLOW_FAILED:
    case FOLLOW_ACCEPTED:
        refuse_place(w, o);
        break;
    }
}

/* --- running ---------------------------------------------------------------------------------- */

struct follow_call *follow_call_create(struct call *c,
                                       void (*begin)(struct follow_call *f, struct writer *w))
{
    struct follow_call *f = mem_zalloc(1, sizeof(*f));
    size_t bytes = 0;
    for (int i = 0; i < c->argc; i++)
        bytes += c->argv[i].len;
    f->sv = c->sv;
    f->session = c->session;
    f->command = c->command;
    f->begin = begin;
    f->argc = c->argc;
    f->argv = mem_alloc((size_t)c->argc * sizeof(*f->argv) + bytes);
    char *to = (char *)&f->argv[c->argc];
    for (int i = 0; i < c->argc; i++) {
        memcpy(to, c->argv[i].data, c->argv[i].len);
        f->argv[i] = bytes_of(to, c->argv[i].len);
        to += c->argv[i].len;
    }
    f->wishes = mem_zalloc((size_t)c->argc, sizeof(*f->wishes));
    return f;
}

void follow_call_free(struct follow_call *f)
{
    follow_opening_end(&f->opening);
    mem_free(f->wishes);
    mem_free(f->argv);
    mem_free(f);
}

/* Confirmations are pushed as messages are: CLIENT REPLY does not silence them. */
static void finish(struct follow_call *f, struct writer *w)
{
    if (f->denial != ACCESS_GRANTED)
        write_denial(w, f->command, f->denial);
    else if (f->opening.refusal == FOLLOW_ACCEPTED)
        f->begin(f, w);
    else
        write_refusal(w, f);
}

static void render(struct late_reply *l, struct writer *w)
{
    finish(CONTAINER_OF(l, struct follow_call, reply), w);
}

static void release(struct late_reply *l)
{
    follow_call_free(CONTAINER_OF(l, struct follow_call, reply));
}

static void on_done(struct follow_opening *o)
{
    struct follow_call *f = CONTAINER_OF(o, struct follow_call, opening);
    /* What the client may read can have changed since he asked. */
    if (o->refusal != FOLLOW_GONE)
        f->denial = permission_of(f->sv, f->session, f->command, f->argc, f->argv);
    if (f->reply.mute && f->denial == ACCESS_GRANTED && o->refusal == FOLLOW_ACCEPTED) {
        struct writer w = {.out = &f->session->out,
                           .proto = f->session->proto,
                           .counts = &f->session->sessions->errors};
        session_output_ready(f->session);
        f->begin(f, &w);
    }
    late_reply_answer(&f->reply);
}

void follow_call_run(struct call *c, struct follow_call *f)
{
    f->opening = (struct follow_opening){.follower = &c->session->follower,
                                         .wishes = f->wishes,
                                         .wish_count = f->wish_count,
                                         .done = on_done};
    if (follow_open(&f->opening) == ERR_AGAIN) {
        f->reply = (struct late_reply){.render = render, .release = release};
        late_reply_start(&f->reply, c, true);
        return;
    }
    struct writer w = c->w;
    if (f->opening.refusal == FOLLOW_ACCEPTED) {
        w.out = &c->session->out;
        session_output_ready(c->session);
    }
    finish(f, &w);
    c->w.errors = w.errors;
    follow_call_free(f);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* CONSUME: joins a group and reads. The work is done in groups/consume.h; here are its options and its
 * answer: an array of [topic, partition, records or error], of those partitions that have any. */
#include "commands/arguments.h"
#include "commands/errors.h"
#include "commands/handlers.h"
#include "commands/late_reply.h"
#include "commands/record_reply.h"

#include "base/mem.h"
#include "groups/consume.h"

struct consume_call {
    struct consume consume;
    struct late_reply reply;
};

/* --- options -------------------------------------------------------------------------------- */

static bool refuse_word(struct call *c, const char *option, const char *words, struct bytes given)
{
    write_error(&c->w, "ERR %s must be %s, and is '%.*s'", option, words,
                given.len < 64 ? (int)given.len : 64, given.data);
    return false;
}

static bool read_reset(struct call *c, struct bytes word, struct consume_options *o)
{
    if (bytes_is(word, "earliest"))
        o->reset = RESET_EARLIEST;
    else if (bytes_is(word, "latest"))
        o->reset = RESET_LATEST;
    else
        return refuse_word(c, "RESET", "EARLIEST or LATEST", word);
    return true;
}

static bool read_commit(struct call *c, struct bytes word, struct consume_options *o)
{
    if (bytes_is(word, "auto"))
        o->commit_mode = COMMIT_AUTO;
    else if (bytes_is(word, "manual"))
        o->commit_mode = COMMIT_MANUAL;
    else
        return refuse_word(c, "COMMIT", "AUTO or MANUAL", word);
    return true;
}

static bool read_assignor(struct call *c, struct bytes word, struct consume_options *o)
{
    static const enum assignor kinds[] = {ASSIGNOR_STICKY, ASSIGNOR_RANGE, ASSIGNOR_ROUNDROBIN};
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (bytes_is(word, assignor_name(kinds[i]))) {
            o->assignor = kinds[i];
            o->assignor_given = true;
            return true;
        }
    }
    return refuse_word(c, "ASSIGNOR", "STICKY, RANGE or ROUNDROBIN", word);
}

/* An option with its value; false with an answer. */
static bool read_option(struct call *c, struct bytes word, struct bytes value,
                        struct consume_options *o)
{
    if (bytes_is(word, "count"))
        return argument_size(c, value, "COUNT", INT32_MAX, &o->count_max);
    if (bytes_is(word, "maxbytes"))
        return argument_size(c, value, "MAXBYTES", FETCH_BYTES_MAX, &o->bytes_max);
    if (bytes_is(word, "block"))
        return argument_block(c, value, &o->wait_us);
    if (bytes_is(word, "session"))
        return argument_int(c, value, "SESSION", 1, GROUP_SESSION_MS_MAX, &o->session_ms);
    if (bytes_is(word, "reset"))
        return read_reset(c, value, o);
    if (bytes_is(word, "commit"))
        return read_commit(c, value, o);
    if (bytes_is(word, "assignor"))
        return read_assignor(c, value, o);
    reply_syntax_error(c);
    return false;
}

/* Returns the place of the first topic; 0 with an answer. */
static int read_options(struct call *c, struct consume_options *o)
{
    *o = (struct consume_options){.count_max = FETCH_COUNT_DEFAULT,
                                  .bytes_max = FETCH_BYTES_DEFAULT,
                                  .session_ms = GROUP_SESSION_MS_DEFAULT};
    for (int at = 3; at < c->argc;) {
        struct bytes word = c->argv[at];
        if (bytes_is(word, "topics") && at + 1 < c->argc)
            return at + 1;
        if (bytes_is(word, "notify")) {
            o->notify = true;
            at++;
        } else if (at + 1 >= c->argc) {
            break;
        } else if (read_option(c, word, c->argv[at + 1], o)) {
            at += 2;
        } else {
            return 0;
        }
    }
    write_error(&c->w, "ERR CONSUME ends with TOPICS topic [topic ...]");
    return 0;
}

/* The topics need not be there yet, but must be able to be; false with an answer. A group on the topic of
 * committed offsets would feed itself with its own commits. */
static bool check_topics(struct call *c, int first)
{
    struct buf why = {0};
    enum err err = ERR_OK;
    for (int at = first; at < c->argc && err == ERR_OK; at++) {
        err = topic_check_name(c->argv[at], &why);
        if (err == ERR_OK && topic_is_internal(c->argv[at])) {
            buf_printf(&why, "topic '%.*s' is internal and not for groups: read it with FETCH",
                       (int)c->argv[at].len, c->argv[at].data);
            err = ERR_INVALID;
        }
    }
    if (err != ERR_OK)
        write_error(&c->w, "INVALIDTOPIC %.*s", (int)why.len, why.data);
    buf_deinit(&why);
    return err == ERR_OK;
}

/* --- the answer ----------------------------------------------------------------------------- */

static void write_lost(struct writer *w, const struct consume_part *part)
{
    const struct bytes group = part->gp->topic->group->name, topic = part->gp->topic->name;
    const struct fetch_part *fetched = part->fetched;
    struct buf text = {0};
    buf_printf(&text, "OFFSETOUTOFRANGE group '%.*s' ", (int)group.len, group.data);
    if (part->lost_to > part->lost_from)
        buf_printf(&text, "has lost offsets %lld to %lld", (long long)part->lost_from,
                   (long long)part->lost_to - 1);
    else
        buf_printf(&text, "cannot go on at offset %lld", (long long)part->lost_from);
    buf_printf(&text, " of topic '%.*s' partition %d, which begins at %lld and ends before %lld",
               (int)topic.len, topic.data, part->gp->number, (long long)fetched->log_start,
               (long long)fetched->next_offset);
    if (part->goes_on_at >= 0)
        buf_printf(&text, ": it goes on at %lld", (long long)part->goes_on_at);
    else
        buf_printf(&text, ": say RESET EARLIEST or RESET LATEST to go on");
    write_error(w, "%.*s", (int)text.len, buf_bytes(&text).data);
    buf_deinit(&text);
}

static void write_part(struct writer *w, struct consume_part *part,
                       const struct record_slice *slice)
{
    write_array(w, 3);
    write_bulk(w, part->gp->topic->name);
    write_int(w, part->gp->number);
    if (part->fetched->err == ERR_RANGE)
        write_lost(w, part);
    else
        reply_slice(w, part->fetched, slice);
}

static void write_answer(struct writer *w, struct consume *consume)
{
    if (consume->err != ERR_OK) {
        write_group_error(w, consume->err, &consume->why);
        return;
    }
    struct record_budget budget = {.count = consume->options.count_max,
                                   .bytes = consume->options.bytes_max};
    struct record_slice *slices = mem_alloc((consume->part_count + 1) * sizeof(*slices));
    size_t elements = 0;
    for (size_t i = 0; i < consume->part_count; i++) {
        slices[i] = slice_records(consume->parts[i].fetched, &budget);
        elements += consume->parts[i].fetched->err != ERR_OK || slices[i].count > 0;
    }
    write_array(w, elements);
    for (size_t i = 0; i < consume->part_count; i++) {
        struct consume_part *part = &consume->parts[i];
        bool tells = part->fetched->err != ERR_OK || slices[i].count > 0;
        if (tells)
            write_part(w, part, &slices[i]);
        /* Batches that compaction has emptied say nothing, and are behind us. */
        if (tells || slices[i].next > part->fetched->offset)
            consume_handed(consume, part, slices[i].next);
    }
    mem_free(slices);
}

/* --- answering later -------------------------------------------------------------------------- */

static struct consume *consume_of(struct late_reply *l)
{
    return &CONTAINER_OF(l, struct consume_call, reply)->consume;
}

static void render(struct late_reply *l, struct writer *w)
{
    write_answer(w, consume_of(l));
}

static void filled(struct late_reply *l, struct out *out)
{
    consume_answered(consume_of(l), out);
}

static void release(struct late_reply *l)
{
    if (!l->client_gone)
        consume_give_up(consume_of(l)); /* harmless when it was answered */
    consume_end(consume_of(l));
    mem_free(CONTAINER_OF(l, struct consume_call, reply));
}

static void time_up(struct late_reply *l)
{
    consume_time_up(consume_of(l));
}

static void on_done(struct consume *consume)
{
    late_reply_answer(&CONTAINER_OF(consume, struct consume_call, consume)->reply);
}

void cmd_consume(struct call *c)
{
    struct consume_options options;
    int first = read_options(c, &options);
    if (first == 0 || !check_topics(c, first))
        return;
    if (c->session->transaction.running) {
        options.wait_us = 0; /* inside EXEC nothing waits, and later commands are not seen */
        options.frozen = true;
    }
    options.mute = session_is_mute(c->session);
    struct consume_call *call = mem_zalloc(1, sizeof(*call));
    call->consume = (struct consume){.groups = c->sv->groups,
                                     .group = c->argv[1],
                                     .member = c->argv[2],
                                     .topics = &c->argv[first],
                                     .topic_count = (size_t)(c->argc - first),
                                     .options = options,
                                     .client = &c->session->group_client,
                                     .sent = c->session->sent_before_input,
                                     .done = on_done};
    if (consume_start(&call->consume) == ERR_OK) {
        write_answer(&c->w, &call->consume);
        consume_answered(&call->consume, c->w.out);
        consume_end(&call->consume);
        mem_free(call);
        return;
    }
    call->reply = (struct late_reply){.render = render,
                                      .filled = filled,
                                      .release = release,
                                      .time_up = options.wait_us != 0 ? time_up : NULL};
    late_reply_start(&call->reply, c, true);
}

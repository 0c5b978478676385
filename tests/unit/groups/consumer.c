/* SPDX-License-Identifier: BSD-3-Clause */
#include "consumer.h"

#include "base/mem.h"
#include <criterion/criterion.h>
#include <stdio.h>

#define TOPICS_MAX 8

void group_rig_open(struct group_rig *b)
{
    rig_open(&b->rig);
    group_rig_open_groups(b);
}

void group_rig_open_groups(struct group_rig *b)
{
    struct groups_options options = {.catalog = b->rig.catalog,
                                     .config = &b->rig.config,
                                     .clock = &b->rig.clock,
                                     .timers = &b->rig.timers,
                                     .trace = &b->rig.trace,
                                     .hash_key = &b->rig.key};
    cr_assert_eq(groups_open(&options, &b->groups), ERR_OK);
}

void group_rig_close(struct group_rig *b)
{
    groups_close(b->groups);
    rig_close(&b->rig);
}

void group_rig_turn(struct group_rig *b)
{
    groups_settle(b->groups);
    rig_turn_and_wait(&b->rig);
}

void group_rig_pass_ms(struct group_rig *b, int64_t ms)
{
    b->rig.clock.mono_us += ms * 1000;
    b->rig.clock.wall_ms += ms;
    b->rig.clock.wall_us += ms * 1000;
    groups_settle(b->groups);
    rig_turn(&b->rig);
    groups_settle(b->groups);
}

struct group_partition *group_rig_partition(struct group_rig *b, const char *group,
                                            const char *topic, int partition)
{
    struct group *g = groups_find(b->groups, bytes_of_string(group));
    cr_assert_not_null(g);
    struct group_topic *gt = group_topic(g, bytes_of_string(topic));
    cr_assert_not_null(gt);
    struct group_partition *gp = group_partition(gt, partition);
    cr_assert_not_null(gp);
    return gp;
}

/* --- connections ----------------------------------------------------------------------------- */

static void on_assigned(struct group_client *client, const struct member *m)
{
    (void)m;
    CONTAINER_OF(client, struct connection, client)->told++;
}

void connection_open(struct connection *k)
{
    *k = (struct connection){.address = "client"};
    out_pool_init(&k->pool, 4);
    out_init(&k->out, &k->pool);
    group_client_init(&k->client, k->address, on_assigned);
}

void connection_receive(struct connection *k)
{
    out_consume(&k->out, out_len(&k->out));
}

void connection_close(struct connection *k)
{
    group_client_closed(&k->client);
    out_deinit(&k->out);
    out_pool_deinit(&k->pool);
}

/* --- asking ---------------------------------------------------------------------------------- */

static const char *error_word(enum err err)
{
    switch (err) {
    case ERR_FENCED:
        return "-FENCED";
    case ERR_NOT_MEMBER:
        return "-UNKNOWNMEMBER";
    case ERR_INVALID:
        return "-INVALID";
    case ERR_CORRUPT:
        return "-CORRUPT";
    default:
        return err_text(err);
    }
}

/* What a whole part goes up to. */
static int64_t next_of(const struct fetch_part *part)
{
    int64_t next = part->offset;
    struct bytes rest = part->batches;
    while (rest.len > 0) {
        struct batch_header header;
        cr_assert_eq(batch_header_read(rest, INT32_MAX, &header), ERR_OK);
        next = batch_header_last_offset(&header) + 1;
        size_t len = batch_header_len(&header);
        rest = bytes_of(rest.data + len, rest.len - len);
    }
    return next;
}

static void add_part(struct buf *text, const struct consume_part *part)
{
    const struct bytes name = part->gp->topic->name;
    buf_printf(text, "%s%.*s/%d=", text->len > 0 ? " | " : "", (int)name.len, name.data,
               part->gp->number);
    if (part->fetched->err == ERR_OK) {
        char *values = rig_values(part->fetched);
        buf_append_string(text, values);
        mem_free(values);
    } else if (part->fetched->err == ERR_RANGE) {
        buf_printf(text, "-RANGE %lld..%lld at %lld", (long long)part->lost_from,
                   (long long)part->lost_to, (long long)part->goes_on_at);
    } else {
        buf_append_string(text, error_word(part->fetched->err));
    }
}

static void take_answer(struct asked *a)
{
    struct consume *c = &a->consume;
    struct buf text = {0};
    if (c->err != ERR_OK) {
        cr_expect_gt(c->why.len, 0);
        buf_append_string(&text, error_word(c->err));
    }
    for (size_t i = 0; i < c->part_count; i++) {
        add_part(&text, &c->parts[i]);
        consume_handed(c, &c->parts[i], next_of(c->parts[i].fetched));
    }
    out_append(&a->connection->out, "reply", 5);
    consume_answered(c, &a->connection->out);
    consume_end(c);
    buf_append_char(&text, '\0');
    a->text = text.data;
    a->done = true;
}

static void on_done(struct consume *c)
{
    take_answer(CONTAINER_OF(c, struct asked, consume));
}

static size_t split(const char *words, struct bytes *items)
{
    size_t count = 0;
    while (*words != '\0') {
        size_t len = strcspn(words, " ");
        cr_assert_lt(count, TOPICS_MAX);
        items[count++] = bytes_of(words, len);
        words += len + (words[len] == ' ');
    }
    return count;
}

void ask(struct group_rig *b, struct connection *k, struct asked *a, const char *member,
         const struct consume_options *options, const char *topics)
{
    struct bytes names[TOPICS_MAX];
    *a = (struct asked){.connection = k};
    a->consume = (struct consume){.groups = b->groups,
                                  .group = BYTES_LITERAL("g"),
                                  .member = bytes_of_string(member),
                                  .topics = names,
                                  .topic_count = split(topics, names),
                                  .client = &k->client,
                                  .sent = k->out.pos_start,
                                  .done = on_done};
    if (options != NULL)
        a->consume.options = *options;
    struct consume_options *o = &a->consume.options;
    o->count_max = o->count_max == 0 ? FETCH_COUNT_DEFAULT : o->count_max;
    o->bytes_max = o->bytes_max == 0 ? FETCH_BYTES_DEFAULT : o->bytes_max;
    o->session_ms = o->session_ms == 0 ? GROUP_SESSION_MS_DEFAULT : o->session_ms;
    if (consume_start(&a->consume) == ERR_OK)
        take_answer(a);
}

void asked_end(struct asked *a)
{
    if (!a->done)
        consume_end(&a->consume);
    mem_free(a->text);
    *a = (struct asked){0};
}

const char *answer_to(struct group_rig *b, struct connection *k, const char *member,
                      const struct consume_options *options, const char *topics)
{
    static char text[1024];
    struct asked a;
    ask(b, k, &a, member, options, topics);
    rig_until(&b->rig, &a.done);
    snprintf(text, sizeof(text), "%s", a.text);
    asked_end(&a);
    return text;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "crash/check.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLY_S 30
#define SEEKS 20 /* single records asked for at random */

struct check {
    struct ledger *ledger;
    const struct process *process;
    enum check_kind kind;
    struct random *random;
    redisContext *context;
};

static redisReply *ask(struct check *k, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    redisReply *reply = redisvCommand(k->context, format, args);
    va_end(args);
    if (reply == NULL)
        ledger_fail(k->ledger, LEVEL_ALL, "the check got no answer: %s", k->context->errstr);
    return reply;
}

static bool is_error(const redisReply *reply, const char *code)
{
    return reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, code, strlen(code)) == 0;
}

static void add_damage(struct ledger *l, const struct damage *d)
{
    l->damages = realloc(l->damages, (l->damage_count + 1) * sizeof(*d));
    l->damages[l->damage_count++] = *d;
}

/* --- topics --------------------------------------------------------------------------------- */

static bool is_listed(const redisReply *list, const char *name)
{
    for (size_t i = 0; i < list->elements; i++)
        if (strcmp(list->element[i]->str, name) == 0)
            return true;
    return false;
}

/* A topic that is not there. */
static void topic_missing(struct check *k, struct topic *t)
{
    char file[64];
    snprintf(file, sizeof(file), "%s.meta", t->name);
    if (k->kind == CHECK_DAMAGED) {
        /* Its file is damaged: the trace and a reader are told. */
        redisReply *reply = ask(k, "FETCH %s 0 0", t->name);
        if (reply == NULL || !is_error(reply, "LOGERROR") || strstr(reply->str, t->name) == NULL ||
            !process_printed(k->process, file))
            ledger_fail(k->ledger, LEVEL_ALL, "topic %s is not there, and that is not said: %s",
                        t->name, reply != NULL && reply->str != NULL ? reply->str : "");
        freeReplyObject(reply);
        add_damage(k->ledger,
                   &(struct damage){(uint32_t)(t - k->ledger->topics), -1, 0, INT64_MAX});
        return;
    }
    if (t->state == TOPIC_LIVE)
        ledger_fail(k->ledger, LEVEL_ALL, "topic %s was created and is not there", t->name);
    t->state = TOPIC_GONE;
}

/* How large a topic is after a change that was not answered. */
static void settle_size(struct check *k, struct topic *t)
{
    redisReply *reply = ask(k, "TOPIC OFFSETS %s", t->name);
    if (reply == NULL)
        return;
    int32_t count = reply->type == REDIS_REPLY_ARRAY ? (int32_t)reply->elements : -1;
    if (count != t->partitions && count != t->partitions_asked)
        ledger_fail(k->ledger, LEVEL_ALL, "topic %s has %d partitions, %d or %d are due: %s",
                    t->name, count, t->partitions, t->partitions_asked,
                    reply->type == REDIS_REPLY_ERROR ? reply->str : "");
    else
        t->partitions = t->partitions_asked = count;
    freeReplyObject(reply);
}

static void settle_topics(struct check *k)
{
    struct ledger *l = k->ledger;
    redisReply *list = ask(k, "TOPIC LIST");
    if (list == NULL)
        return;
    for (uint32_t i = 0; i < l->topic_count; i++) {
        struct topic *t = &l->topics[i];
        if (t->state == TOPIC_GONE)
            continue;
        if (!is_listed(list, t->name)) {
            topic_missing(k, t);
            continue;
        }
        t->state = TOPIC_LIVE;
        settle_size(k, t);
    }
    for (size_t i = 0; i < list->elements; i++)
        if (ledger_topic_named(l, list->element[i]->str) == NULL)
            ledger_fail(l, LEVEL_ALL, "topic %s is there, and should not be",
                        list->element[i]->str);
    freeReplyObject(list);
}

/* --- one partition -------------------------------------------------------------------------------- */

struct scan {
    uint32_t topic;
    int32_t partition;
    int64_t next;
    uint32_t expected[WRITERS_MAX];                  /* a writer's sequences only grow */
    uint32_t group_writer, group_first, group_count; /* the command whose records are being read */
};

/* The records of one command for one partition come together, and all of them. */
static void check_group_end(struct check *k, const struct scan *s)
{
    struct ledger *l = k->ledger;
    if (s->group_count == 0)
        return;
    const struct sent *sent = ledger_sent(l, s->group_writer, s->group_first);
    const struct topic *t = &l->topics[s->topic];
    uint32_t due = 0;
    if (!(sent->flags & SENT_KEYED) && s->group_count == sent->count)
        return;
    for (int32_t n = sent->partitions; (sent->flags & SENT_KEYED) && n <= t->partitions; n++) {
        due = 0;
        for (uint32_t i = 0; i < sent->count; i++) {
            item_make(l->seed, s->group_writer, s->group_first + i, &l->item);
            due += item_partition(l->item.key, l->item.key_len, n) == s->partition;
        }
        if (due == s->group_count || sent->count == 1)
            return;
    }
    if (k->kind != CHECK_DAMAGED)
        ledger_fail(l, sent->level, "%s-%d: only %u records of command %u/%u are there, not all",
                    t->name, s->partition, s->group_count, s->group_writer, s->group_first);
}

static void check_order(struct check *k, struct scan *s, const struct sent *sent, uint32_t writer,
                        uint32_t sequence)
{
    if (sequence < s->expected[writer])
        ledger_fail(k->ledger, sent->level, "%s-%d offset %lld: record %u/%u comes after %u",
                    k->ledger->topics[s->topic].name, s->partition, (long long)sent->offset, writer,
                    sequence, s->expected[writer] - 1);
    s->expected[writer] = sequence + 1;
    if (s->group_count == 0 || s->group_writer != writer || s->group_first != sent->first) {
        check_group_end(k, s);
        s->group_writer = writer;
        s->group_first = sent->first;
        s->group_count = 0;
    }
    s->group_count++;
}

/* False: nothing more can be read. */
static bool take_records(struct check *k, struct scan *s, const redisReply *reply)
{
    struct ledger *l = k->ledger;
    for (size_t i = 0; i < reply->elements; i++) {
        uint32_t writer, sequence;
        struct sent *sent =
            ledger_judge(l, s->topic, s->partition, s->next, reply->element[i], &writer, &sequence);
        if (sent == NULL)
            return false;
        if (sent->checked == l->check)
            ledger_fail(l, sent->level, "%s-%d offset %lld: record %u/%u is there twice",
                        l->topics[s->topic].name, s->partition, (long long)sent->offset, writer,
                        sequence);
        sent->checked = l->check;
        l->found++;
        check_order(k, s, sent, writer, sequence);
        s->next = sent->offset + 1;
    }
    return reply->elements > 0;
}

/* An error while everything is read: damage that is said, or a failure. True: it goes on behind. */
static bool take_error(struct check *k, struct scan *s, const redisReply *reply)
{
    struct ledger *l = k->ledger;
    const char *name = l->topics[s->topic].name;
    long long from, to, next;
    const char *where = strstr(reply->str, "offsets ");
    if (k->kind != CHECK_DAMAGED) {
        ledger_fail(l, LEVEL_ALL, "%s-%d: FETCH from %lld: -%s", name, s->partition,
                    (long long)s->next, reply->str);
        return false;
    }
    if (!is_error(reply, "CORRUPT") || where == NULL ||
        sscanf(where, "offsets %lld to %lld are damaged; the next readable offset is %lld", &from,
               &to, &next) != 3 ||
        from > s->next || next <= s->next || to != next - 1) {
        ledger_fail(l, LEVEL_ALL, "%s-%d: FETCH from %lld does not say how to go on: -%s", name,
                    s->partition, (long long)s->next, reply->str);
        return false;
    }
    add_damage(l, &(struct damage){s->topic, s->partition, from, next});
    s->next = next;
    return true;
}

static void scan_partition(struct check *k, uint32_t topic, int32_t partition)
{
    struct scan s = {.topic = topic, .partition = partition};
    bool more = true;
    while (more) {
        redisReply *reply =
            ask(k, "FETCH %s %d %lld COUNT %u MAXBYTES %u", k->ledger->topics[topic].name,
                partition, (long long)s.next, random_between(k->random, 100, 1000),
                random_between(k->random, 1000, 1000000));
        if (reply == NULL)
            return;
        if (reply->type == REDIS_REPLY_ARRAY)
            more = take_records(k, &s, reply);
        else
            more = reply->type == REDIS_REPLY_ERROR && take_error(k, &s, reply);
        freeReplyObject(reply);
    }
    check_group_end(k, &s);
    k->ledger->topics[topic].readable[partition] = s.next;
}

/* --- what is missing ------------------------------------------------------------------------------ */

static bool is_damaged(const struct ledger *l, const struct sent *s)
{
    for (size_t i = 0; i < l->damage_count; i++) {
        const struct damage *d = &l->damages[i];
        if (d->topic == s->topic && (d->partition == s->partition || d->partition == -1) &&
            s->offset >= d->from && s->offset < d->to)
            return true;
    }
    return false;
}

/* A tail that looks torn is cut when nothing good follows; the trace says so. */
static bool is_cut(const struct check *k, const struct sent *s)
{
    const struct topic *t = &k->ledger->topics[s->topic];
    char *text = process_output(k->process);
    char dir[32];
    bool said = false;
    snprintf(dir, sizeof(dir), " %s-%d/", t->name, s->partition);
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
        said |= strstr(line, dir) != NULL && strstr(line, "cut a torn tail") != NULL;
    free(text);
    return said && s->offset >= t->readable[s->partition];
}

static void check_present(struct check *k, struct sent *s, uint32_t writer, uint32_t sequence)
{
    struct ledger *l = k->ledger;
    const struct topic *t = &l->topics[s->topic];
    bool answered = s->flags & SENT_ACKED;
    if (s->checked == l->check || t->state != TOPIC_LIVE)
        return;
    if (s->flags & SENT_PLACED) {
        if (k->kind != CHECK_DAMAGED || !(is_damaged(l, s) || is_cut(k, s)))
            ledger_fail(l, s->level,
                        "%s-%d: record %u/%u of level %s is LOST, it was at offset %lld%s", t->name,
                        s->partition, writer, sequence, level_names[s->level], (long long)s->offset,
                        s->flags & SENT_ACKED ? ", acknowledged" : ", seen");
    } else if (k->kind == CHECK_STOPPED && answered && !(s->flags & SENT_GONE)) {
        ledger_fail(l, s->level,
                    "%s: record %u/%u of level %s was accepted, and a clean stop lost it", t->name,
                    writer, sequence, level_names[s->level]);
    }
    if (k->kind != CHECK_DAMAGED)
        s->flags |= SENT_GONE;
}

/* Records by their offset, one at a time: through the indexes. */
static void seek_some(struct check *k)
{
    struct ledger *l = k->ledger;
    for (int i = 0; i < SEEKS; i++) {
        uint32_t writer = random_below(k->random, WRITERS_MAX), got_writer, got_sequence;
        if (l->writers[writer].count == 0)
            continue;
        uint32_t sequence = random_below(k->random, l->writers[writer].count);
        struct sent *s = ledger_sent(l, writer, sequence);
        if (l->topics[s->topic].state != TOPIC_LIVE || s->checked != l->check)
            continue;
        redisReply *reply = ask(k, "FETCH %s %d %lld COUNT 1", l->topics[s->topic].name,
                                s->partition, (long long)s->offset);
        if (reply == NULL)
            return;
        if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 1 ||
            ledger_judge(l, s->topic, s->partition, s->offset, reply->element[0], &got_writer,
                         &got_sequence) != s)
            ledger_fail(l, s->level, "%s-%d: FETCH from %lld COUNT 1 gives another record: %s",
                        l->topics[s->topic].name, s->partition, (long long)s->offset,
                        reply->type == REDIS_REPLY_ERROR ? reply->str : "");
        freeReplyObject(reply);
    }
}

/* --- what the server says ----------------------------------------------------------------------- */

static void check_trace(struct check *k)
{
    static const char *const never[] = {
        "damaged",        "cannot be opened", "could not be opened", "belong to no topic",
        "cannot be read", "cannot be removed"};
    static const char *const not_clean[] = {"The last stop was not clean",
                                            "not as the clean stop left them", "torn tail"};
    char *text = process_output(k->process);
    for (size_t i = 0; i < sizeof(never) / sizeof(*never) && k->kind != CHECK_DAMAGED; i++)
        if (strstr(text, never[i]) != NULL)
            ledger_fail(k->ledger, LEVEL_ALL, "the start says '%s':\n%s", never[i], text);
    for (size_t i = 0; i < sizeof(not_clean) / sizeof(*not_clean) && k->kind == CHECK_STOPPED; i++)
        if (strstr(text, not_clean[i]) != NULL)
            ledger_fail(k->ledger, LEVEL_ALL, "after a clean stop the start says '%s':\n%s",
                        not_clean[i], text);
    free(text);
}

bool is_readable(const struct ledger *l, uint32_t topic)
{
    for (size_t i = 0; i < l->damage_count; i++)
        if (l->damages[i].topic == topic && l->damages[i].partition == -1)
            return false;
    return l->topics[topic].state == TOPIC_LIVE;
}

void check(struct ledger *l, const struct process *p, enum check_kind kind, struct random *r)
{
    struct check k = {l, p, kind, r, NULL};
    struct timeval limit = {.tv_sec = REPLY_S};
    k.context = redisConnectWithTimeout("127.0.0.1", p->port, limit);
    if (k.context == NULL || k.context->err != 0) {
        ledger_fail(l, LEVEL_ALL, "the check cannot connect");
    } else {
        redisSetTimeout(k.context, limit);
        l->check++;
        l->found = 0;
        l->damage_count = 0;
        settle_topics(&k);
        for (uint32_t i = 0; i < l->topic_count; i++)
            for (int32_t n = 0; is_readable(l, i) && n < l->topics[i].partitions; n++)
                scan_partition(&k, i, n);
        for (uint32_t w = 0; w < WRITERS_MAX; w++)
            for (uint32_t s = 0; s < l->writers[w].count; s++)
                check_present(&k, ledger_sent(l, w, s), w, s);
        seek_some(&k);
        check_trace(&k);
    }
    if (k.context != NULL)
        redisFree(k.context);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "crash/ledger.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAILURES_SHOWN 12

const char *const level_names[LEVEL_COUNT] = {"NONE", "WRITTEN", "SYNCED"};

void ledger_init(struct ledger *l, uint64_t seed)
{
    memset(l, 0, sizeof(*l));
    l->seed = seed;
}

void ledger_deinit(struct ledger *l)
{
    for (size_t i = 0; i < WRITERS_MAX; i++)
        free(l->writers[i].sent);
    free(l->topics);
    free(l->damages);
}

uint64_t ledger_failures(const struct ledger *l)
{
    uint64_t sum = 0;
    for (size_t i = 0; i <= LEVEL_COUNT; i++)
        sum += l->failures[i];
    return sum;
}

void ledger_fail(struct ledger *l, enum level level, const char *format, ...)
{
    uint64_t before = ledger_failures(l);
    l->failures[level]++;
    if (before == FAILURES_SHOWN)
        printf("    … and more\n");
    if (before >= FAILURES_SHOWN)
        return;
    va_list args;
    va_start(args, format);
    printf("    FAILED: ");
    vprintf(format, args);
    printf("\n");
    va_end(args);
}

/* --- topics --------------------------------------------------------------------------------- */

struct topic *ledger_topic_named(struct ledger *l, const char *name)
{
    for (uint32_t i = 0; i < l->topic_count; i++)
        if (l->topics[i].state != TOPIC_GONE && strcmp(l->topics[i].name, name) == 0)
            return &l->topics[i];
    return NULL;
}

struct topic *ledger_topic_add(struct ledger *l, const char *name, int32_t partitions)
{
    l->topics = realloc(l->topics, (l->topic_count + 1) * sizeof(*l->topics));
    struct topic *t = &l->topics[l->topic_count++];
    *t = (struct topic){.partitions = partitions, .partitions_asked = partitions};
    snprintf(t->name, sizeof(t->name), "%s", name);
    return t;
}

struct topic *ledger_topic_draw(struct ledger *l, struct random *r)
{
    struct topic *live[TOPIC_NAMES];
    uint32_t count = 0;
    for (uint32_t i = 0; i < l->topic_count; i++)
        if (l->topics[i].state == TOPIC_LIVE)
            live[count++] = &l->topics[i];
    return count > 0 ? live[random_below(r, count)] : NULL;
}

/* --- records -------------------------------------------------------------------------------- */

uint32_t ledger_send(struct ledger *l, uint32_t writer, const struct sent *like, uint32_t count)
{
    struct writer_book *book = &l->writers[writer];
    uint32_t first = book->count;
    if (first + count > book->cap) {
        book->cap = 2 * (first + count);
        book->sent = realloc(book->sent, book->cap * sizeof(*book->sent));
    }
    for (uint32_t i = 0; i < count; i++) {
        struct sent *s = &book->sent[book->count++];
        *s = *like;
        s->first = first;
        s->count = (uint16_t)count;
    }
    return first;
}

/* Whether a key can be in that partition, for what the topic's size was or can be by now. */
static bool fits_key(const struct ledger *l, const struct sent *s, int32_t partition)
{
    const struct topic *t = &l->topics[s->topic];
    for (int32_t n = s->partitions; n <= t->partitions_asked; n++)
        if (item_partition(l->item.key, l->item.key_len, n) == partition)
            return true;
    return false;
}

static void place(struct ledger *l, struct sent *s, int32_t partition, int64_t offset)
{
    int64_t *end = &l->topics[s->topic].ends[partition];
    s->partition = partition;
    s->offset = offset;
    s->flags |= SENT_PLACED;
    if (offset >= *end)
        *end = offset + 1;
}

void ledger_acknowledge(struct ledger *l, uint32_t writer, uint32_t sequence, int64_t partition,
                        int64_t offset)
{
    struct sent *s = ledger_sent(l, writer, sequence);
    const struct topic *t = &l->topics[s->topic];
    s->flags |= SENT_ACKED;
    l->acknowledged[s->level]++;
    if (s->level == LEVEL_NONE) {
        if (offset != -1)
            ledger_fail(l, s->level, "an acknowledgement at NONE names offset %lld",
                        (long long)offset);
        return;
    }
    if (offset < 0 || partition < 0 || partition >= t->partitions_asked) {
        ledger_fail(l, s->level, "an acknowledgement names partition %lld, offset %lld",
                    (long long)partition, (long long)offset);
        return;
    }
    bool moved = s->partition != -1 && s->partition != partition;
    if (moved || ((s->flags & SENT_PLACED) && s->offset != offset)) {
        ledger_fail(l, s->level,
                    "%s: record %u/%u was seen or wanted at %d:%lld, acknowledged at %lld:%lld",
                    t->name, writer, sequence, s->partition, (long long)s->offset,
                    (long long)partition, (long long)offset);
        return;
    }
    place(l, s, (int32_t)partition, offset);
}

/* Whether key, value and headers are what was sent. */
static bool is_as_sent(struct ledger *l, const struct sent *s, const redisReply *record,
                       uint32_t writer, uint32_t sequence)
{
    const redisReply *key = record->element[2], *value = record->element[3];
    const redisReply *headers = record->element[4];
    struct item *item = &l->item;
    item_make(l->seed, writer, sequence, item);
    if (value->len != item->value_len || memcmp(value->str, item->value, item->value_len) != 0)
        return false;
    if (!(s->flags & SENT_KEYED)) {
        if (key->type != REDIS_REPLY_NIL)
            return false;
    } else if (key->type != REDIS_REPLY_STRING || key->len != item->key_len ||
               memcmp(key->str, item->key, item->key_len) != 0) {
        return false;
    }
    if (!(s->flags & SENT_HEADER))
        return headers->elements == 0;
    return headers->elements == 2 && strcmp(headers->element[0]->str, "writer") == 0 &&
           atoi(headers->element[1]->str) == (int)writer;
}

static bool is_record(const redisReply *r)
{
    return r->type == REDIS_REPLY_ARRAY && r->elements == 5 &&
           r->element[0]->type == REDIS_REPLY_INTEGER &&
           r->element[3]->type == REDIS_REPLY_STRING && r->element[4]->type == REDIS_REPLY_ARRAY;
}

struct sent *ledger_judge(struct ledger *l, uint32_t topic, int32_t partition, int64_t from,
                          const redisReply *record, uint32_t *writer, uint32_t *sequence)
{
    const char *name = l->topics[topic].name;
    if (!is_record(record)) {
        ledger_fail(l, LEVEL_ALL, "%s-%d: what was read is not a record that anyone sent", name,
                    partition);
        return NULL;
    }
    long long offset = record->element[0]->integer;
    const redisReply *value = record->element[3];
    if (offset < from) {
        ledger_fail(l, LEVEL_ALL, "%s-%d: offset %lld came, %lld or later was due", name, partition,
                    offset, (long long)from);
        return NULL;
    }
    if (!item_sender(value->str, value->len, writer, sequence) || *writer >= WRITERS_MAX ||
        *sequence >= l->writers[*writer].count) {
        ledger_fail(l, LEVEL_ALL, "%s-%d: nobody sent the record at offset %lld", name, partition,
                    offset);
        return NULL;
    }
    struct sent *s = ledger_sent(l, *writer, *sequence);
    const char *wrong = NULL;
    if (!is_as_sent(l, s, record, *writer, *sequence))
        wrong = "is not as it was sent";
    else if (s->topic != topic)
        wrong = "was sent to another topic";
    else if (s->flags & SENT_GONE)
        wrong = "was not there after a restart and is back";
    else if (s->partition != -1 && s->partition != partition)
        wrong = "is in another partition than it was";
    else if ((s->flags & SENT_PLACED) && s->offset != offset)
        wrong = "is at another offset than it was";
    else if (s->partition == -1 && (s->flags & SENT_KEYED) && !fits_key(l, s, partition))
        wrong = "is in a partition that is not its key's";
    if (wrong != NULL) {
        ledger_fail(l, s->level, "%s-%d offset %lld, record %u/%u of level %s: %s", name, partition,
                    offset, *writer, *sequence, level_names[s->level], wrong);
        return NULL;
    }
    place(l, s, partition, offset);
    return s;
}

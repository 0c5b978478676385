/* SPDX-License-Identifier: BSD-3-Clause */
/* One connection sends records with few keys, in bursts, to a topic of small segments that is compacted all the
 * time, and now and then a trim. The kill comes while replies are on their way. A record says its number in a
 * header, so that a tombstone has one too. */
#include "crash/compaction.h"
#include "crash/process.h"
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#define KEYS 40
#define NUMBERS_MAX 40000 /* of a data directory */
#define BURST_MAX 64
#define ROUNDS_PER_DATA 6
#define LOAD_MS_MAX 150
#define REPLY_S 30
#define FAILURES_SHOWN_MAX 20

/* One record that was sent. */
struct kept {
    int64_t offset; /* acknowledged, or read after a restart: it must stay there; -1 unknown */
    uint8_t key;
    bool tombstone;
    bool trim; /* no record: a trim before `offset` */
    enum level level;
};

struct keyed {
    struct process process;
    struct random random;
    redisContext *client;
    struct kept sent[NUMBERS_MAX];
    uint32_t count;
    int64_t end;                   /* behind the greatest offset that is known to be taken */
    int64_t trimmed, trim_asked;   /* before which offset: acknowledged, at most sent */
    bool tombstones_go;            /* at once, else never */
    int64_t last[KEYS], found_end; /* by the check: the last offset of each key, and behind all */
    uint64_t found, failures;
};

static void __attribute__((format(printf, 2, 3))) fail(struct keyed *k, const char *format, ...)
{
    va_list args;
    if (++k->failures > FAILURES_SHOWN_MAX)
        return;
    va_start(args, format);
    printf("    FAILED: ");
    vprintf(format, args);
    printf("\n");
    va_end(args);
}

static void fail_with_output(struct keyed *k, const char *what)
{
    char *text = process_output(&k->process);
    fail(k, "%s:\n%s", what, text);
    free(text);
}

static bool connect_client(struct keyed *k)
{
    struct timeval limit = {.tv_sec = REPLY_S};
    k->client = redisConnectWithTimeout("127.0.0.1", k->process.port, limit);
    if (k->client == NULL || k->client->err != 0) {
        fail(k, "the server does not accept connections");
        return false;
    }
    redisSetTimeout(k->client, limit);
    return true;
}

static void disconnect(struct keyed *k)
{
    if (k->client != NULL)
        redisFree(k->client);
    k->client = NULL;
}

/* --- load ------------------------------------------------------------------------------------- */

static void send_record(struct keyed *k, struct kept *sent)
{
    struct random *r = &k->random;
    char value[300];
    size_t len = random_below(r, sizeof(value));
    memset(value, 'v', sizeof(value));
    sent->key = (uint8_t)(random_chance(r, 70) ? random_below(r, 5) : random_below(r, KEYS));
    sent->tombstone = random_chance(r, 10);
    sent->level = random_chance(r, 50) ? LEVEL_SYNCED : LEVEL_WRITTEN;
    if (sent->tombstone)
        redisAppendCommand(k->client, "PRODUCE keyed %s KEY k%d HEADER n %d ACK %s TOMBSTONE", "",
                           sent->key, (int)(sent - k->sent), level_names[sent->level]);
    else
        redisAppendCommand(k->client, "PRODUCE keyed %b KEY k%d HEADER n %d ACK %s", value, len,
                           sent->key, (int)(sent - k->sent), level_names[sent->level]);
}

static void send_trim(struct keyed *k, struct kept *sent)
{
    sent->trim = true;
    sent->offset = k->trimmed + (int64_t)random_below(&k->random, (uint32_t)(k->end - k->trimmed));
    if (sent->offset > k->trim_asked)
        k->trim_asked = sent->offset;
    redisAppendCommand(k->client, "TOPIC TRIM keyed 0 BEFORE %lld", (long long)sent->offset);
}

static uint32_t send_burst(struct keyed *k)
{
    uint32_t first = k->count, count = random_between(&k->random, 1, BURST_MAX);
    int done = 0;
    while (k->count < NUMBERS_MAX && k->count < first + count) {
        struct kept *sent = &k->sent[k->count++];
        *sent = (struct kept){.offset = -1};
        if (k->end > k->trimmed && random_below(&k->random, 1000) == 0)
            send_trim(k, sent);
        else
            send_record(k, sent);
    }
    while (!done && redisBufferWrite(k->client, &done) == REDIS_OK)
        ;
    return first;
}

static void take_reply(struct keyed *k, struct kept *sent, const redisReply *reply)
{
    if (reply->type == REDIS_REPLY_ERROR) {
        fail(k, "number %d: -%s", (int)(sent - k->sent), reply->str);
    } else if (sent->trim) {
        if (sent->offset > k->trimmed)
            k->trimmed = sent->offset;
    } else if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 2) {
        sent->offset = reply->element[1]->integer;
        if (sent->offset < k->end)
            fail(k, "offset %lld was given away twice", (long long)sent->offset);
        k->end = sent->offset + 1;
    }
}

/* Takes up to `count` replies to what was sent from `*next` on. False: the connection has ended. */
static bool take_replies(struct keyed *k, uint32_t *next, uint32_t count)
{
    void *reply;
    while (count-- > 0 && *next < k->count) {
        if (redisGetReply(k->client, &reply) != REDIS_OK)
            return false;
        take_reply(k, &k->sent[(*next)++], reply);
        freeReplyObject(reply);
    }
    return true;
}

static void load_and_kill(struct keyed *k)
{
    double until = now_ms() + random_between(&k->random, 2, LOAD_MS_MAX);
    uint32_t next = k->count;
    bool open = true;
    while (open && now_ms() < until) {
        next = send_burst(k);
        open = take_replies(k, &next, BURST_MAX);
    }
    if (!open)
        fail_with_output(k, "the server ended by itself");
    next = send_burst(k);
    take_replies(k, &next, random_below(&k->random, BURST_MAX));
    process_kill(&k->process);
    take_replies(k, &next, BURST_MAX); /* what came before the end counts */
    disconnect(k);
}

/* --- check ------------------------------------------------------------------------------------ */

/* The number that a record says; NULL when it is none of ours. */
static struct kept *sent_as(struct keyed *k, const redisReply *record)
{
    if (record->type != REDIS_REPLY_ARRAY || record->elements != 5 ||
        record->element[4]->elements != 2 || record->element[2]->type != REDIS_REPLY_STRING)
        return NULL;
    uint32_t number = (uint32_t)strtoul(record->element[4]->element[1]->str, NULL, 10);
    char key[16];
    if (number >= k->count || k->sent[number].trim)
        return NULL;
    struct kept *sent = &k->sent[number];
    snprintf(key, sizeof(key), "k%d", sent->key);
    bool null = record->element[3]->type == REDIS_REPLY_NIL;
    return strcmp(key, record->element[2]->str) == 0 && null == sent->tombstone ? sent : NULL;
}

static bool check_record(struct keyed *k, const redisReply *record)
{
    struct kept *sent = sent_as(k, record);
    if (sent == NULL) {
        fail(k, "behind offset %lld is a record that was never sent so", (long long)k->found_end);
        return false;
    }
    int64_t offset = record->element[0]->integer;
    if (sent->offset != -1 && sent->offset != offset)
        fail(k, "number %d was at offset %lld and is at %lld", (int)(sent - k->sent),
             (long long)sent->offset, (long long)offset);
    if (offset < k->found_end || offset < k->trimmed)
        fail(k, "offset %lld comes behind %lld, trimmed before %lld", (long long)offset,
             (long long)k->found_end - 1, (long long)k->trimmed);
    sent->offset = offset;
    k->last[sent->key] = offset;
    k->found_end = offset + 1;
    k->found++;
    return true;
}

static void read_all(struct keyed *k)
{
    bool more = true;
    for (int key = 0; key < KEYS; key++)
        k->last[key] = -1;
    redisReply *start = redisCommand(k->client, "TOPIC OFFSETS keyed 0 EARLIEST");
    if (start != NULL && start->elements == 1 && start->element[0]->elements == 3)
        k->found_end = start->element[0]->element[1]->integer;
    else
        fail(k, "there is no answer where the log begins");
    freeReplyObject(start);
    if (k->found_end < k->trimmed || k->found_end > k->trim_asked)
        fail(k, "the log begins at %lld, trimmed before %lld, at most %lld",
             (long long)k->found_end, (long long)k->trimmed, (long long)k->trim_asked);
    k->trimmed = k->found_end; /* a trim that was not answered may hold, and then for good */
    while (more) {
        redisReply *reply =
            redisCommand(k->client, "FETCH keyed 0 %lld COUNT 500", (long long)k->found_end);
        more = reply != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements > 0;
        if (reply == NULL || reply->type == REDIS_REPLY_ERROR)
            fail(k, "FETCH from %lld: %s", (long long)k->found_end,
                 reply == NULL ? k->client->errstr : reply->str);
        for (size_t i = 0; more && i < reply->elements; i++)
            more = check_record(k, reply->element[i]);
        freeReplyObject(reply);
    }
}

/* The last of each key is there, or went with a trim, or was a tombstone that may go. Nothing older is the
 * last. */
static void check_keys(struct keyed *k)
{
    const struct kept *due[KEYS] = {0};
    for (uint32_t i = 0; i < k->count; i++) {
        const struct kept *sent = &k->sent[i];
        if (!sent->trim && (due[sent->key] == NULL || sent->offset > due[sent->key]->offset))
            due[sent->key] = sent;
    }
    for (int key = 0; key < KEYS; key++) {
        const struct kept *d = due[key];
        if (d == NULL || d->offset < k->trimmed || k->last[key] >= d->offset)
            continue;
        if (k->last[key] != -1 || !d->tombstone || !k->tombstones_go)
            fail(k, "key k%d: offset %lld of level %s is LOST, the last one there is %lld", key,
                 (long long)d->offset, level_names[d->level], (long long)k->last[key]);
    }
    if (k->found_end > k->end)
        k->end = k->found_end;
}

/* --- rounds ----------------------------------------------------------------------------------- */

static void begin(struct keyed *k, uint64_t seed)
{
    *k = (struct keyed){.random = {seed}};
    process_init(&k->process);
    const char *arguments[] = {"--log-retention-check-ms", "2", "--auto-create-topics", "no"};
    memcpy(k->process.arguments, arguments, sizeof(arguments));
    k->tombstones_go = random_chance(&k->random, 50);
    if (!process_start(&k->process)) {
        fail_with_output(k, "the server does not start");
        return;
    }
    if (!connect_client(k))
        return;
    redisReply *reply = redisCommand(
        k->client,
        "TOPIC CREATE keyed CONFIG cleanup.policy compact segment.bytes %s "
        "min.cleanable.dirty.ratio 0 delete.retention.ms %s",
        random_chance(&k->random, 50) ? "4096" : "16384", k->tombstones_go ? "0" : "86400000");
    if (reply == NULL || reply->type == REDIS_REPLY_ERROR)
        fail(k, "the topic cannot be created: %s", reply == NULL ? k->client->errstr : reply->str);
    freeReplyObject(reply);
}

static void end(struct keyed *k, bool keep)
{
    disconnect(k);
    if (k->process.pid != 0)
        process_kill(&k->process);
    if (keep && k->failures > 0)
        printf("    kept: %s\n", k->process.scratch);
    else
        process_deinit(&k->process);
}

static void run_round(struct keyed *k, struct sums *sums)
{
    load_and_kill(k);
    sums->kills++;
    while (random_chance(&k->random, 25)) { /* in the middle of the next start too */
        process_spawn(&k->process);
        sleep_ms((double)random_below(&k->random, 12000) / 1e3);
        process_kill(&k->process);
        sums->kills++;
    }
    k->found = 0;
    if (!process_start(&k->process))
        fail_with_output(k, "the server does not start again");
    else if (connect_client(k)) {
        read_all(k);
        check_keys(k);
    }
}

static uint64_t count_records(const struct keyed *k, enum level level)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < k->count; i++)
        count += !k->sent[i].trim && k->sent[i].offset != -1 && k->sent[i].level == level;
    return count;
}

void run_compactions(uint64_t seed, uint64_t rounds, bool keep, struct sums *sums)
{
    struct random r = {seed};
    struct keyed *k = malloc(sizeof(*k));
    for (uint64_t i = 0; i < rounds; i++) {
        if (i % ROUNDS_PER_DATA == 0)
            begin(k, random_next(&r));
        uint64_t failures = k->failures;
        if (k->client != NULL && k->failures == 0)
            run_round(k, sums);
        uint64_t all = count_records(k, LEVEL_SYNCED) + count_records(k, LEVEL_WRITTEN);
        printf(
            "compacted topic, round %llu: of %llu records %llu are left, the log begins at %lld\n",
            (unsigned long long)i + 1, (unsigned long long)all, (unsigned long long)k->found,
            (long long)k->trimmed);
        sums->lost[LEVEL_ALL] += k->failures - failures;
        sums->found += k->found;
        if (k->failures == 0)
            sums->passed++;
        else
            sums->failed++;
        if (i + 1 == rounds || (i + 1) % ROUNDS_PER_DATA == 0) {
            sums->acknowledged[LEVEL_SYNCED] += count_records(k, LEVEL_SYNCED);
            sums->acknowledged[LEVEL_WRITTEN] += count_records(k, LEVEL_WRITTEN);
            end(k, keep);
        }
    }
    free(k);
}

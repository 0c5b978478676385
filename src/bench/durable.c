/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/durable.h"

#include "bench/rate.h"
#include "bench/topic.h"
#include <inttypes.h>
#include <stdio.h>

#define WORDS_MAX 12
#define NUMBER_BYTES 40
#define REPLY_BYTES_DEFAULT (1 << 20) /* that FETCH answers at most unless it is told */
#define RECORD_ROOM_BYTES 128         /* of a record, beside its value */
#define READERS_DEFAULT 1
#define READERS_DEPTH_DEFAULT 4 /* so that the server need not wait for the reader */

/* --- writing ---------------------------------------------------------------------------------- */

bool durable_produce(struct run *run)
{
    const struct options *o = run->options;
    char topic[TOPIC_NAME_BYTES], partition[NUMBER_BYTES], values[NUMBER_BYTES];
    const char *words[WORDS_MAX] = {o->batch > 1 ? "MPRODUCE" : "PRODUCE", topic};
    size_t count = 2;
    struct rate_plan plan = rate_plan_of(o);

    topic_name(o, -1, o->topics, o->partitions, topic);
    snprintf(partition, sizeof(partition), "{i%%%" PRId64 "}", o->partitions);
    snprintf(values, sizeof(values), "{payload*%" PRId64 "}", o->batch);
    if (o->batch == 1)
        words[count++] = "{payload}";
    if (o->partitions > 1) {
        words[count++] = "PARTITION";
        words[count++] = partition;
    }
    if (o->ack != NULL) {
        words[count++] = "ACK";
        words[count++] = o->ack;
    }
    if (o->batch > 1) {
        words[count++] = "VALUES";
        words[count++] = values;
    }
    plan.requests.words = words;
    plan.requests.word_count = count;
    plan.requests.names = o->topics * o->partitions;
    rate_title(run, &plan, "produce, ack %s, %" PRId64 " topics of %" PRId64 " partitions",
               o->ack != NULL ? o->ack : "of the topic", o->topics, o->partitions);
    if (!topic_make(run, o->topics, o->partitions) || !rate_run(run, &plan))
        return false;
    run->messages *= (uint64_t)o->batch;
    return topic_remove(run, o->topics);
}

bool durable_xadd(struct run *run)
{
    const struct options *o = run->options;
    char stream[TOPIC_NAME_BYTES];
    const char *words[] = {"XADD", stream, "*", "v", "{payload}"};
    struct rate_plan plan = rate_plan_of(o);

    topic_name(o, -1, o->topics, 1, stream);
    plan.requests.words = words;
    plan.requests.word_count = COUNT_OF(words);
    plan.requests.names = o->topics;
    rate_title(run, &plan, "xadd, %" PRId64 " streams", o->topics);
    return stream_make(run, o->topics) && rate_run(run, &plan) && stream_remove(run, o->topics);
}

/* --- reading ---------------------------------------------------------------------------------- */

/* All records, `count` of them with each request. The words are the caller's. */
static bool read_all(struct run *run, const char *const *words, size_t word_count, int count_at)
{
    const struct options *o = run->options;
    struct rate_plan plan = rate_plan_of(o);

    plan.requests.words = words;
    plan.requests.word_count = word_count;
    plan.requests.names = o->records / o->count;
    plan.connections = o->connections != OPTIONS_SCENARIO_OWN ? o->connections : READERS_DEFAULT;
    plan.requests.depth = o->depth != OPTIONS_SCENARIO_OWN ? o->depth : READERS_DEPTH_DEFAULT;
    plan.total = o->requests != OPTIONS_SCENARIO_OWN ? o->requests : plan.requests.names;
    plan.count_at = count_at;
    plan.one_by_one = true;
    rate_title(run, &plan, "%s, %" PRId64 " records by %" PRId64, o->scenario, o->records,
               o->count);
    if (!rate_run(run, &plan))
        return false;
    if (run->errors > 0 || run->messages == (uint64_t)(plan.total * o->count))
        return true;
    snprintf(run->why, RUN_WHY_BYTES,
             "asked for %" PRId64 " records and got %" PRIu64 ": is that what is stored?",
             plan.total * o->count, run->messages);
    return false;
}

static bool whole_requests(struct run *run)
{
    if (run->options->records % run->options->count == 0)
        return true;
    snprintf(run->why, RUN_WHY_BYTES, "--records has to be a multiple of --count");
    return false;
}

bool durable_fetch(struct run *run)
{
    const struct options *o = run->options;
    int64_t bytes = o->count * (o->size + RECORD_ROOM_BYTES);
    char topic[TOPIC_NAME_BYTES], from[NUMBER_BYTES], count[NUMBER_BYTES], most[NUMBER_BYTES];
    const char *words[] = {"FETCH", topic, "0", from, "COUNT", count, "MAXBYTES", most};

    topic_name(o, 0, 1, 1, topic);
    snprintf(from, sizeof(from), "{i*%" PRId64 "}", o->count);
    snprintf(count, sizeof(count), "%" PRId64, o->count);
    snprintf(most, sizeof(most), "%" PRId64, bytes);
    return whole_requests(run) && topic_make(run, 1, 1) && topic_fill(run, 1) &&
           read_all(run, words, bytes > REPLY_BYTES_DEFAULT ? 8 : 6, 1) && topic_remove(run, 1);
}

bool durable_xread(struct run *run)
{
    const struct options *o = run->options;
    char stream[TOPIC_NAME_BYTES], from[NUMBER_BYTES], count[NUMBER_BYTES];
    const char *words[] = {"XREAD", "COUNT", count, "STREAMS", stream, from};

    topic_name(o, 0, 1, 1, stream);
    snprintf(from, sizeof(from), "1-{i*%" PRId64 "}", o->count);
    snprintf(count, sizeof(count), "%" PRId64, o->count);
    return whole_requests(run) && stream_make(run, 1) && stream_fill(run) &&
           read_all(run, words, COUNT_OF(words), 3) && stream_remove(run, 1);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/topic.h"

#include "bench/rate.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define OWN_NAME "echolog-bench"
#define FILL_BATCH_BYTES (64 << 10) /* of values in one request */
#define FILL_BATCH_MAX 500
#define FILL_DEPTH 4

void topic_name(const struct options *o, int64_t n, int64_t count, int64_t per_topic,
                char name[TOPIC_NAME_BYTES])
{
    const char *own = o->topic != NULL ? o->topic : OWN_NAME;

    if (count == 1)
        snprintf(name, TOPIC_NAME_BYTES, "%s", own);
    else if (n >= 0)
        snprintf(name, TOPIC_NAME_BYTES, "%s-%" PRId64, own, n);
    else
        snprintf(name, TOPIC_NAME_BYTES, "%s-{i/%" PRId64 "}", own, per_topic);
}

/* --- topics --------------------------------------------------------------------------------------- */

static bool remove_one(struct run *run, const char *name)
{
    return RUN_ASK(run, true, "TOPIC", "DELETE", name);
}

bool topic_make(struct run *run, int64_t count, int64_t partitions)
{
    char name[TOPIC_NAME_BYTES], number[24];

    if (run->options->topic != NULL)
        return true;
    snprintf(number, sizeof(number), "%" PRId64, partitions);
    for (int64_t i = 0; i < count; i++) {
        topic_name(run->options, i, count, 1, name);
        if (!remove_one(run, name) ||
            !RUN_ASK(run, false, "TOPIC", "CREATE", name, "PARTITIONS", number))
            return false;
    }
    return true;
}

bool topic_remove(struct run *run, int64_t count)
{
    char name[TOPIC_NAME_BYTES];

    if (run->options->topic != NULL)
        return true;
    for (int64_t i = 0; i < count; i++) {
        topic_name(run->options, i, count, 1, name);
        if (!remove_one(run, name))
            return false;
    }
    return true;
}

/* A load that is not measured. An error in it is a failure. */
static bool fill(struct run *run, const struct rate_plan *plan)
{
    struct run filling = {.options = run->options};
    bool good = rate_run(&filling, plan);

    if (!good)
        memcpy(run->why, filling.why, RUN_WHY_BYTES);
    else if (filling.errors > 0)
        snprintf(run->why, RUN_WHY_BYTES, "filling: the server says: %s", filling.first_error);
    good = good && filling.errors == 0;
    run_deinit(&filling);
    return good;
}

/* How many values fit into a request, when all requests are to be alike. */
static int64_t fill_batch(const struct options *o)
{
    int64_t batch = FILL_BATCH_BYTES / (o->size + 1);

    if (batch > FILL_BATCH_MAX)
        batch = FILL_BATCH_MAX;
    while (batch > 1 && o->records % batch != 0)
        batch--;
    return batch > 0 ? batch : 1;
}

bool topic_fill(struct run *run, int64_t partitions)
{
    const struct options *o = run->options;
    int64_t batch = fill_batch(o);
    char name[TOPIC_NAME_BYTES], values[40];
    const char *words[] = {"MPRODUCE", name,      "PARTITION", "{i}",
                           "ACK",      "WRITTEN", "VALUES",    values};
    const struct rate_plan plan = {.requests = {.words = words,
                                                .word_count = COUNT_OF(words),
                                                .names = partitions,
                                                .keys = 1,
                                                .size = o->size,
                                                .depth = FILL_DEPTH},
                                   .connections = 1,
                                   .total = o->records / batch};

    if (o->topic != NULL)
        return true;
    topic_name(o, 0, 1, 1, name);
    snprintf(values, sizeof(values), "{payload*%" PRId64 "}", batch);
    return fill(run, &plan);
}

/* --- streams -------------------------------------------------------------------------------------- */

bool stream_make(struct run *run, int64_t count)
{
    return stream_remove(run, count);
}

bool stream_remove(struct run *run, int64_t count)
{
    char name[TOPIC_NAME_BYTES];

    if (run->options->topic != NULL)
        return true;
    for (int64_t i = 0; i < count; i++) {
        topic_name(run->options, i, count, 1, name);
        if (!RUN_ASK(run, false, "DEL", name))
            return false;
    }
    return true;
}

bool stream_fill(struct run *run)
{
    const struct options *o = run->options;
    char name[TOPIC_NAME_BYTES];
    const char *words[] = {"XADD", name, "1-{i}", "v", "{payload}"};
    const struct rate_plan plan = {.requests = {.words = words,
                                                .word_count = COUNT_OF(words),
                                                .names = o->records + 1,
                                                .keys = 1,
                                                .size = o->size,
                                                .depth = FILL_BATCH_MAX},
                                   .connections = 1,
                                   .total = o->records + 1};

    if (o->topic != NULL)
        return true;
    topic_name(o, 0, 1, 1, name);
    return fill(run, &plan);
}

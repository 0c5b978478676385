/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/group.h"

#include "base/mem.h"
#include "bench/requests.h"
#include "bench/topic.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RECORDS_AT 3    /* [[topic, partition, [record, ...]], ...] */
#define BLOCK_MS "1000" /* who has nothing to read waits */
#define NAME_BYTES 64
#define NUMBER_BYTES 32

struct group {
    struct run *run; /* borrowed */
    struct peers peers;
    struct requests *requests; /* owned; what each member asks */
    char name[NAME_BYTES];
    char topic[TOPIC_NAME_BYTES];
    uint64_t records; /* that have come */
    uint64_t wanted;
};

static bool group_ask(struct group *g, struct peer *p)
{
    p->sent_ns = run_now_ns();
    return peer_send(&g->peers, p, requests_take(&g->requests[p->number], 1));
}

static bool group_on_bytes(void *context, struct peer *p, struct bytes data)
{
    struct group *g = context;
    uint64_t replies = p->scan.replies, items = p->scan.items;

    if (!peers_scan(&g->peers, p, data))
        return false;
    g->records += p->scan.items - items;
    if (p->scan.replies == replies)
        return true;
    if (p->scan.errors > 0) {
        snprintf(g->peers.why, PEERS_WHY_BYTES, "CONSUME: the server says: %s",
                 p->scan.first_error);
        return false;
    }
    histogram_add(&g->run->latency, (uint64_t)(run_now_ns() - p->sent_ns));
    return g->records >= g->wanted || group_ask(g, p);
}

static bool group_prepare(struct group *g)
{
    const struct options *o = g->run->options;
    char count[NUMBER_BYTES], member[NUMBER_BYTES];
    const char *words[] = {"CONSUME", g->name,  member,   "COUNT", count,
                           "BLOCK",   BLOCK_MS, "TOPICS", g->topic};
    const struct request_plan plan = {
        .words = words, .word_count = COUNT_OF(words), .names = 1, .keys = 1, .depth = 1};

    snprintf(count, sizeof(count), "%" PRId64, o->count);
    for (size_t i = 0; i < g->peers.count; i++) {
        snprintf(member, sizeof(member), "member-%zu", i);
        g->peers.items[i].number = i;
        g->peers.items[i].scan.count_at = RECORDS_AT;
        if (!requests_build(&g->requests[i], &plan, g->peers.why))
            return false;
    }
    return true;
}

static bool group_measure(struct group *g)
{
    if (!group_prepare(g))
        return false;
    run_begin(g->run);
    for (size_t i = 0; i < g->peers.count; i++)
        if (!group_ask(g, &g->peers.items[i]))
            return false;
    while (g->records < g->wanted)
        if (!peers_turn(&g->peers, -1, group_on_bytes, g))
            return false;
    run_end(g->run);
    g->run->messages = g->records;
    return true;
}

static bool group_read(struct group *g)
{
    const struct options *o = g->run->options;
    size_t members = (size_t)o->members;
    bool good;

    g->requests = mem_zalloc(members, sizeof(*g->requests));
    if (peers_open(&g->peers, o->host, o->port, members))
        (void)group_measure(g); /* what went wrong stands with the peers */
    good = run_close(g->run, &g->peers);
    for (size_t i = 0; i < members; i++)
        requests_deinit(&g->requests[i]);
    mem_free(g->requests);
    return good;
}

/* Those that were not blocked in the end are members still. */
static bool group_remove(struct group *g)
{
    char member[NUMBER_BYTES];

    for (int64_t i = 0; i < g->run->options->members; i++) {
        snprintf(member, sizeof(member), "member-%" PRId64, i);
        if (!RUN_ASK(g->run, true, "GROUP", "LEAVE", g->name, member))
            return false;
    }
    return RUN_ASK(g->run, true, "GROUP", "DELETE", g->name);
}

bool group_run(struct run *run)
{
    const struct options *o = run->options;
    struct group g = {.run = run, .wanted = (uint64_t)o->records};

    snprintf(g.name, sizeof(g.name), "echolog-bench-%ld", (long)getpid());
    topic_name(o, 0, 1, 1, g.topic);
    snprintf(run->title, RUN_TITLE_BYTES,
             "consume, %" PRId64 " members, %" PRId64 " partitions, %" PRId64 " records of %" PRId64
             " bytes by %" PRId64,
             o->members, o->partitions, o->records, o->size, o->count);
    return topic_make(run, 1, o->partitions) && topic_fill(run, o->partitions) && group_read(&g) &&
           group_remove(&g) && topic_remove(run, 1);
}

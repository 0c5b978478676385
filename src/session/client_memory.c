/* SPDX-License-Identifier: BSD-3-Clause */
#include "session/client_memory.h"

#include "base/check.h"
#include "session/client_log.h"
#include "session/session.h"
#include "session/sessions.h"

#define NO_BUCKET (-1)

void client_memory_init(struct client_memory *m)
{
    *m = (struct client_memory){0};
    for (size_t i = 0; i < CLIENT_MEMORY_BUCKETS; i++)
        list_init(&m->buckets[i]);
}

void client_share_init(struct client_share *share)
{
    *share = (struct client_share){.bucket = NO_BUCKET};
    list_init(&share->link);
}

size_t client_memory_limit(const struct config *config)
{
    int64_t bytes = config->maxmemory_clients;
    if (bytes < 0)
        bytes = (int64_t)((double)config->maxmemory * (double)-bytes / 100);
    if (bytes > 0 && bytes < CLIENT_MEMORY_BYTES_MIN)
        bytes = CLIENT_MEMORY_BYTES_MIN;
    return (size_t)bytes;
}

static int bucket_of(size_t bytes)
{
    int log2 = bytes == 0 ? 0 : 64 - __builtin_clzll(bytes);
    if (log2 > CLIENT_MEMORY_LOG2_MAX)
        log2 = CLIENT_MEMORY_LOG2_MAX;
    return log2 < CLIENT_MEMORY_LOG2_MIN ? 0 : log2 - CLIENT_MEMORY_LOG2_MIN;
}

static void put_in(struct client_memory *m, struct client_share *share, int bucket)
{
    if (bucket == share->bucket)
        return;
    share->bucket = bucket;
    list_remove(&share->link);
    if (bucket != NO_BUCKET)
        list_push_back(&m->buckets[bucket], &share->link);
}

void client_memory_count(struct session *s)
{
    struct client_memory *m = &s->sessions->memory;
    if (s->dead)
        return;
    size_t bytes = session_memory(s);
    m->bytes += bytes - s->share.bytes;
    s->share.bytes = bytes;
    put_in(m, &s->share, s->no_evict ? NO_BUCKET : bucket_of(bytes));
}

void client_memory_forget(struct session *s)
{
    struct client_memory *m = &s->sessions->memory;
    ASSERT(m->bytes >= s->share.bytes);
    m->bytes -= s->share.bytes;
    s->share.bytes = 0;
    put_in(m, &s->share, NO_BUCKET);
}

void client_memory_configure(struct sessions *all)
{
    struct client_memory *m = &all->memory;
    bool before = m->limit != 0;
    m->limit = client_memory_limit(all->config);
    m->over_it = false;
    if (before == (m->limit != 0))
        return;
    LIST_EACH (it, &all->all) {
        struct session *s = CONTAINER_OF(it, struct session, in_all);
        if (m->limit != 0)
            client_memory_count(s);
        else
            client_memory_forget(s);
    }
}

/* Of the largest, the one that has been so large for the longest time. */
static struct session *largest(struct client_memory *m)
{
    for (int i = CLIENT_MEMORY_BUCKETS - 1; i >= 0; i--)
        if (!list_empty(&m->buckets[i]))
            return CONTAINER_OF(m->buckets[i].next, struct session, share.link);
    return NULL;
}

void client_memory_evict(struct sessions *all)
{
    struct client_memory *m = &all->memory;
    while (m->limit != 0 && m->bytes >= m->limit) {
        struct session *s = largest(m);
        if (s == NULL) {
            if (!m->over_it)
                TRACE_WARN(all->trace,
                           "Over client maxmemory after evicting all evictable clients");
            m->over_it = true;
            return;
        }
        all->stats.evicted++;
        client_log_add(s, CUT_OFF_EVICTED, "%zu bytes, of %zu that all clients hold",
                       s->share.bytes, m->bytes);
        session_close(s, NULL);
    }
    m->over_it = false;
}

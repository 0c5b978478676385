/* SPDX-License-Identifier: BSD-3-Clause */
#include "session/tracking.h"

#include "base/check.h"
#include "base/mem.h"

void tracking_start(struct tracking *t, unsigned options, uint64_t redirect)
{
    t->on = true;
    t->options = options;
    t->redirect = redirect;
}

static int order(struct bytes a, struct bytes b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int by_bytes = len == 0 ? 0 : memcmp(a.data, b.data, len);
    return by_bytes != 0 ? by_bytes : (a.len > b.len) - (a.len < b.len);
}

void tracking_add_prefix(struct tracking *t, struct bytes prefix)
{
    size_t at = 0;
    ASSERT(t->on);
    ASSERT(t->prefix_count < TRACKING_PREFIXES_MAX);
    while (at < t->prefix_count && order(tracking_prefix(t, at), prefix) < 0)
        at++;
    if (at < t->prefix_count && bytes_equal(tracking_prefix(t, at), prefix))
        return;
    t->prefixes = mem_realloc(t->prefixes, (t->prefix_count + 1) * sizeof(*t->prefixes));
    memmove(t->prefixes + at + 1, t->prefixes + at, (t->prefix_count - at) * sizeof(*t->prefixes));
    t->prefixes[at] = (struct buf){0};
    buf_append_bytes(&t->prefixes[at], prefix);
    t->prefix_count++;
}

struct bytes tracking_prefix(const struct tracking *t, size_t index)
{
    ASSERT(index < t->prefix_count);
    return buf_bytes(&t->prefixes[index]);
}

size_t tracking_memory(const struct tracking *t)
{
    size_t bytes = t->prefix_count * sizeof(*t->prefixes);
    for (size_t i = 0; i < t->prefix_count; i++)
        bytes += t->prefixes[i].cap;
    return bytes;
}

void tracking_stop(struct tracking *t)
{
    for (size_t i = 0; i < t->prefix_count; i++)
        buf_deinit(&t->prefixes[i]);
    mem_free(t->prefixes);
    *t = (struct tracking){0};
}

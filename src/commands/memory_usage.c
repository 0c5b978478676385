/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/memory_usage.h"

#include <string.h>

#define MB (1024 * 1024)

/* --- single things -------------------------------------------------------------------------- */

size_t topic_memory(const struct topic *t, int64_t samples)
{
    size_t bytes = sizeof(*t) + t->name.len + 1 + strlen(t->config.record_channels) + 1;
    size_t sampled = 0;
    int32_t count = samples < t->partition_count ? (int32_t)samples : t->partition_count;
    for (int32_t n = 0; n < count; n++) {
        const struct topic_partition *tp = t->partitions[n];
        sampled += sizeof(*tp) + sizeof(tp) + (tp->log != NULL ? partition_memory(tp->log) : 0);
    }
    if (count > 0)
        bytes += (size_t)((double)sampled / count * t->partition_count);
    return bytes;
}

static size_t member_memory(const struct member *m)
{
    return sizeof(*m) + m->name.len + 1 + m->topic_count * sizeof(*m->topics) +
           (m->address != NULL ? strlen(m->address) + 1 : 0);
}

static size_t group_topic_memory(const struct group_topic *gt, int64_t samples)
{
    size_t sampled = 0;
    int32_t count = samples < gt->partition_count ? (int32_t)samples : gt->partition_count;
    for (int32_t n = 0; n < count; n++) {
        const struct group_partition *gp = gt->partitions[n];
        sampled += sizeof(*gp) + sizeof(gp);
        sampled += gp->metadata != NULL ? strlen(gp->metadata) + 1 : 0;
    }
    size_t all = count > 0 ? (size_t)((double)sampled / count * gt->partition_count) : 0;
    return sizeof(*gt) + gt->name.len + 1 + all;
}

size_t group_memory(const struct group *g, int64_t samples)
{
    size_t bytes = sizeof(*g) + g->name.len + 1 + dict_memory(&g->members_by_name) +
                   dict_memory(&g->topics_by_name) + dict_memory(&g->kicked);
    LIST_EACH (it, &g->members)
        bytes += member_memory(CONTAINER_OF(it, struct member, in_group));
    LIST_EACH (it, &g->topics)
        bytes += group_topic_memory(CONTAINER_OF(it, struct group_topic, in_group), samples);
    return bytes;
}

/* --- the whole ------------------------------------------------------------------------------ */

/* Below this there is nothing to judge. */
#define JUDGED_BYTES_MIN (5 * MB)
#define NOTABLE_BYTES (10 * MB)
#define CLIENT_BYTES_NOTABLE ((size_t)200 * 1024)

static bool exceeds(size_t more, size_t less, double ratio)
{
    return less > 0 && more > less + NOTABLE_BYTES && (double)more / (double)less > ratio;
}

void memory_report(struct buf *text, const struct process_figures *process,
                   const struct memory_overview *m, size_t clients)
{
    if (m->used < JUDGED_BYTES_MIN) {
        buf_append_string(text,
                          "This server uses so little memory that there is nothing to judge.\n");
        return;
    }
    size_t before = text->len;
    if (exceeds(m->peak, m->used, 1.5))
        buf_append_string(text,
                          "- Peak: more than one and a half times of what is used now has been "
                          "used before. The allocator may keep the difference for a while; "
                          "MEMORY PURGE gives it back.\n");
    if (exceeds(process->memory_active, process->memory_allocated, 1.1))
        buf_append_string(text,
                          "- Fragmentation: much of the memory in use has holes. It passes as "
                          "topics and connections come and go; MEMORY MALLOC-STATS shows "
                          "where.\n");
    if (exceeds(process->memory_mapped, process->memory_active, 1.1))
        buf_append_string(text, "- Kept by the allocator: it holds pages without anything in them. "
                                "MEMORY PURGE gives them back.\n");
    if (exceeds(process->memory_resident, process->memory_mapped, 1.1) &&
        process->memory_mapped > 0)
        buf_append_string(text, "- Outside of the allocator: the process has more memory than was "
                                "allocated, such as stacks of threads and mapped files.\n");
    if (clients > 0 && m->clients / clients > CLIENT_BYTES_NOTABLE)
        buf_append_string(text,
                          "- Clients: their buffers take more than 200 kB each on the average. "
                          "CLIENT LIST shows whose (tot-mem); client-output-buffer-limit bounds "
                          "them.\n");
    if (m->log_pending > NOTABLE_BYTES)
        buf_append_string(text, "- Records that wait to be written: the disk does not keep up with "
                                "producers. pending-bytes-max bounds it.\n");
    if (text->len == before)
        buf_append_string(text, "No problem was found in how memory is used.\n");
}

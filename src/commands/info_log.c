/* SPDX-License-Identifier: BSD-3-Clause */
/* The sections of INFO about the log, its topics and its groups. */
#include "commands/info.h"

#include "groups/lag.h"

/* --- the log -------------------------------------------------------------------------------- */

void info_log(struct info *i)
{
    const struct storage_stats *s = storage_stats(i->sv->storage);
    info_field(i, "topics", catalog_topic_count(i->sv->catalog));
    info_field(i, "partitions", catalog_partition_count(i->sv->catalog));
    info_field(i, "records_appended", s->records_appended);
    info_field(i, "batches_written", s->batches_written);
    info_field(i, "batches_refused", s->batches_refused);
    info_field(i, "log_bytes_written", s->bytes_written);
    info_field(i, "log_writes", s->writes);
    info_field(i, "log_write_errors", s->write_errors);
    info_field(i, "log_syncs", s->syncs);
    info_field(i, "log_sync_usec", s->sync_us);
    info_field(i, "log_journal_syncs", s->journal_syncs);
    info_field(i, "log_journal_bytes", s->journal_bytes);
    info_field(i, "log_write_usec", s->write_ns / 1000);
    info_field(i, "log_sync_errors", s->sync_errors);
    info_field(i, "log_pending_bytes", s->pending_bytes);
    info_field(i, "log_tail_bytes", s->tail_bytes);
    info_field(i, "log_reads_tail", s->reads_tail);
    info_field(i, "log_reads_cached", s->reads_cached);
    info_field(i, "log_reads_cold", s->reads_cold);
    info_field(i, "log_corrupt_ranges", s->corrupt_ranges);
    info_field(i, "log_segments_removed", s->segments_removed);
    info_field(i, "log_compactions", s->compactions);
    info_field(i, "log_compaction_bytes_before", s->compaction_bytes_before);
    info_field(i, "log_compaction_bytes_after", s->compaction_bytes_after);
    info_field(i, "log_open_files", s->open_files);
}

/* Of topics that are listed; each is in TOPIC DESCRIBE. */
#define TOPICS_LISTED_MAX 100
#define TOPIC_PARTITIONS_LISTED_MAX 10000

struct topics_listing {
    struct info *info;
    size_t topics, partitions, left_out;
};

static void write_topic(void *ctx, struct topic *t)
{
    struct topics_listing *l = ctx;
    uint64_t bytes = 0, offsets = 0, failed = 0;
    if (l->topics >= TOPICS_LISTED_MAX || l->partitions >= TOPIC_PARTITIONS_LISTED_MAX) {
        l->left_out++;
        return;
    }
    for (int32_t n = 0; n < t->partition_count; n++) {
        const struct topic_partition *tp = t->partitions[n];
        struct partition_info info = {.failed = tp->failed};
        if (tp->log != NULL)
            partition_describe(tp->log, &info);
        bytes += (uint64_t)info.bytes;
        offsets += (uint64_t)(info.next_offset - info.log_start);
        failed += info.failed != ERR_OK;
    }
    l->topics++;
    l->partitions += (size_t)t->partition_count;
    buf_printf(&l->info->text,
               "topic_%.*s:partitions=%d,offsets=%llu,bytes=%llu,failed_partitions=%llu\r\n",
               (int)t->name.len, t->name.data, t->partition_count, (unsigned long long)offsets,
               (unsigned long long)bytes, (unsigned long long)failed);
}

void info_topics(struct info *i)
{
    struct topics_listing listing = {.info = i};
    catalog_each(i->sv->catalog, write_topic, &listing);
    info_field(i, "topics_not_listed", listing.left_out);
}

/* --- groups --------------------------------------------------------------------------------- */

/* Of groups that are listed; one by one and with all partitions they are in GROUP DESCRIBE and GROUP LAG. */
#define GROUPS_LISTED_MAX 100
#define GROUP_PARTITIONS_LISTED_MAX 10000

struct groups_listing {
    struct info *info;
    size_t groups, partitions, left_out;
};

static void write_group(void *ctx, struct group *g)
{
    struct groups_listing *l = ctx;
    int64_t lag = 0;
    size_t partitions = 0;
    if (l->groups >= GROUPS_LISTED_MAX || l->partitions >= GROUP_PARTITIONS_LISTED_MAX) {
        l->left_out++;
        return;
    }
    LIST_EACH (it, &g->topics) {
        const struct group_topic *gt = CONTAINER_OF(it, struct group_topic, in_group);
        for (int32_t n = 0; n < gt->partition_count; n++) {
            struct lag_part part;
            lag_of_partition(gt->partitions[n], &part);
            lag += part.records > 0 ? part.records : 0;
            partitions++;
        }
    }
    l->groups++;
    l->partitions += partitions;
    buf_printf(&l->info->text,
               "group_%.*s:state=%s,members=%zu,epoch=%d,partitions=%zu,unsettled=%zu,lag=%lld\r\n",
               (int)g->name.len, g->name.data, group_state_text(group_state(g)), g->member_count,
               g->epoch, partitions, g->unsettled, (long long)lag);
}

void info_groups(struct info *i)
{
    const struct groups *gs = i->sv->groups;
    const struct groups_stats *s = &gs->stats;
    struct groups_listing listing = {.info = i};
    info_field(i, "groups", groups_count(gs));
    info_field(i, "group_members", gs->member_count);
    info_field(i, "group_joins", s->joins);
    info_field(i, "group_leaves", s->leaves);
    info_field(i, "group_kicks", s->kicks);
    info_field(i, "group_expired_sessions", s->expired_sessions);
    info_field(i, "group_rebalances", s->rebalances);
    info_field(i, "group_commits", s->commits);
    info_field(i, "group_commits_fenced", s->commits_fenced);
    info_field(i, "group_expired_offsets", s->expired_offsets);
    info_field(i, "group_lost_ranges", s->lost_ranges);
    info_field(i, "group_lost_records", s->lost_records);
    info_field(i, "group_offset_records_written", gs->store.records_written);
    info_field(i, "group_offset_write_failures", gs->store.failures);
    groups_each(gs, write_group, &listing);
    info_field(i, "groups_not_listed", listing.left_out);
}

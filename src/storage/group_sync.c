/* SPDX-License-Identifier: BSD-3-Clause */
#include "storage/group_sync.h"

#include "base/mem.h"
#include "storage/journal.h"
#include "storage/partition_internal.h"
#include <inttypes.h>

/* So many jobs that sync logs keep the workers busy. */
#define ALONE_MAX 8
/* Of one log in one round: for more, a sync of its own costs less than writing it twice. */
#define ENTRY_BYTES_MAX ((size_t)256 * 1024)
#define ROUND_BYTES_MAX ((size_t)4 * 1024 * 1024)
#define IMAGE_KEPT_BYTES_MAX ((size_t)512 * 1024)
/* Of logs that have time, so many at once (unless the journal waits for them), looking at so many in a turn. */
#define SETTLE_MAX 1
#define SETTLE_LOOKS 16
#define RETRY_US (60 * 1000000LL)

void group_sync_init(struct storage *st)
{
    struct group_sync *g = &st->group;
    list_init(&g->waiting);
    list_init(&g->unsynced);
    list_init(&g->settling);
}

void group_sync_ready(struct storage *st, uint64_t next_sequence)
{
    st->group.next_sequence = next_sequence + st->options.journal_skip;
    st->group.ready = st->options.journal_bytes_max > 0;
}

/* --- the files ------------------------------------------------------------------------------- */

static void removal_run(struct disk_job *job)
{
    struct journal_removal *r = CONTAINER_OF(job, struct journal_removal, job);
    char path[DISK_PATH_BYTES_MAX + 1];
    journal_path(path, r->file_first);
    enum err err = disk_unlink(r->disk, path);
    if (err == ERR_OK)
        err = disk_sync_dir(r->disk, JOURNAL_DIR);
    (void)err; /* else the next start reads it, to no effect */
}

static void removal_done(struct disk_job *job)
{
    struct journal_removal *r = CONTAINER_OF(job, struct journal_removal, job);
    r->under_way = false;
}

static void start_removal(struct storage *st, uint64_t file_first)
{
    struct journal_removal *r = &st->group.removal;
    ASSERT(!r->under_way);
    *r = (struct journal_removal){.under_way = true, .disk = st->options.disk};
    r->file_first = file_first;
    r->job = (struct disk_job){.run = removal_run, .done = removal_done};
    list_init(&r->job.link);
    disk_submit(r->disk, DISK_LANE_BULK, &r->job);
}

/* The oldest file that somebody's unsynced log needs; UINT64_MAX: none. */
static uint64_t oldest_needed(const struct group_sync *g)
{
    if (list_empty(&g->unsynced))
        return UINT64_MAX;
    return CONTAINER_OF(g->unsynced.next, struct partition, unsynced_link)->journal_file;
}

static void remove_unneeded(struct storage *st)
{
    struct group_sync *g = &st->group;
    if (g->removal.under_way || g->old_first == 0 || oldest_needed(g) <= g->old_first || g->kept)
        return;
    start_removal(st, g->old_first);
    g->old_first = 0;
}

static void settle_all(struct group_sync *g)
{
    LIST_EACH (it, &g->unsynced)
        group_sync_settle(CONTAINER_OF(it, struct partition, unsynced_link));
}

/* What is written to becomes the one before, and soon nobody needs it any more. */
static void end_file(struct group_sync *g)
{
    settle_all(g);
    ASSERT(g->old_first == 0);
    g->old_first = g->file_first;
    disk_close(g->file);
    g->file = NULL;
    g->file_first = g->file_pos = 0;
}

static bool file_full(const struct storage *st)
{
    return st->group.file_pos >= st->options.journal_bytes_max / 2;
}

/* Whether no round can be written until logs are synced. */
static bool waits_for_logs(const struct storage *st)
{
    const struct group_sync *g = &st->group;
    return g->failed || (g->old_first != 0 && file_full(st));
}

/* Whether a round may be written now. After a failure only anew, when nobody needs anything of what there is. */
static bool may_write(struct storage *st)
{
    struct group_sync *g = &st->group;
    if (!g->ready)
        return false;
    if (g->failed && (st->options.clock->mono_us < g->not_before_us || !list_empty(&g->unsynced)))
        return false;
    if (!g->failed && !file_full(st))
        return true;
    remove_unneeded(st);
    if (g->old_first != 0)
        return false;
    if (g->file_first != 0)
        end_file(g);
    if (g->failed)
        remove_unneeded(st);
    if (g->failed && (g->old_first != 0 || g->removal.under_way))
        return false;
    g->failed = false;
    return true;
}

void group_sync_deinit(struct storage *st)
{
    struct group_sync *g = &st->group;
    ASSERT(!g->write.under_way && list_empty(&g->waiting) && list_empty(&g->unsynced));
    while (g->removal.under_way)
        disk_wait(st->options.disk);
    disk_close(g->file);
    const uint64_t files[] = {g->old_first, g->file_first};
    for (size_t i = 0; i < COUNT_OF(files) && !g->kept; i++) {
        g->removal = (struct journal_removal){.disk = st->options.disk, .file_first = files[i]};
        if (files[i] != 0)
            removal_run(&g->removal.job);
    }
    buf_deinit(&g->write.image);
    mem_free(g->members);
}

/* --- writing a round -------------------------------------------------------------------------- */

/* And the directory, should it not be there, or not be there any more. */
static enum err make_file(struct journal_write *w)
{
    char path[DISK_PATH_BYTES_MAX + 1];
    enum err err = disk_mkdir(w->disk, JOURNAL_DIR);
    if (err != ERR_OK && err != ERR_EXISTS)
        return err;
    journal_path(path, w->file_first);
    err = disk_open(w->disk, path, DISK_WRITE | DISK_CREATE | DISK_EXCLUSIVE, &w->file);
    if (err == ERR_OK)
        err = disk_sync_dir(w->disk, JOURNAL_DIR);
    if (err == ERR_OK)
        err = disk_sync_dir(w->disk, "");
    return err;
}

static void write_run(struct disk_job *job)
{
    struct journal_write *w = CONTAINER_OF(job, struct journal_write, job);
    journal_round_end(&w->image, w->sequence);
    w->err = w->file == NULL ? make_file(w) : ERR_OK;
    if (w->err == ERR_OK && !disk_is_linked(w->file))
        w->err = ERR_NOT_FOUND;
    if (w->err == ERR_OK)
        w->err = disk_write_all(w->file, w->image.data, w->image.len, w->pos);
    if (w->err == ERR_OK)
        w->err = disk_sync(w->file);
}

static void take_result(struct storage *st)
{
    struct group_sync *g = &st->group;
    const struct journal_write *w = &g->write;
    g->file = w->file;
    g->file_first = w->file_first;
    g->file_pos = w->pos + w->image.len;
    g->next_sequence++;
    if (w->err == ERR_OK) {
        st->stats.journal_syncs++;
        st->stats.journal_bytes += w->image.len;
        return;
    }
    g->failed = true;
    settle_all(g);
    g->not_before_us = st->options.clock->mono_us + RETRY_US;
    TRACE_WARN(st->options.trace,
               JOURNAL_DIR "/%020" PRIu64 JOURNAL_SUFFIX
                           ": cannot be written: %s: for a minute at least every log is synced "
                           "by itself",
               w->file_first, err_text(w->err));
}

static void write_done(struct disk_job *job)
{
    struct group_sync *g = CONTAINER_OF(job, struct group_sync, write.job);
    struct storage *st = CONTAINER_OF(g, struct storage, group);
    take_result(st);
    buf_clear(&g->write.image);
    buf_shrink(&g->write.image, IMAGE_KEPT_BYTES_MAX);
    for (size_t i = 0; i < g->member_count; i++)
        work_journal_done(g->members[i], g->write.err);
    g->member_count = 0;
    g->write.under_way = false;
    group_sync_go_on(st);
}

static void start_write(struct storage *st)
{
    struct group_sync *g = &st->group;
    struct journal_write *w = &g->write;
    w->under_way = true;
    w->disk = st->options.disk;
    w->file = g->file;
    w->file_first = g->file == NULL ? g->next_sequence : g->file_first;
    w->pos = g->file_pos;
    w->sequence = g->next_sequence;
    w->job = (struct disk_job){.run = write_run, .done = write_done};
    list_init(&w->job.link);
    disk_submit(w->disk, DISK_LANE_SYNC, &w->job);
}

/* --- forming it ------------------------------------------------------------------------------- */

/* Whether the round may acknowledge what this one wrote. The log is in the file up to its end, so what is not durable
 * yet are the newest batches. */
static bool fits(const struct partition *p, size_t *first)
{
    *first = p->tail.count - p->tail.waiting; /* none, if nothing is written yet */
    return !p->closing && p->failed == ERR_OK && p->id[0] != '\0' && partition_ready(p) &&
           p->bytes_total - p->durable_bytes_total <= ENTRY_BYTES_MAX &&
           !partition_reserve_low(p) &&
           (p->batch_synced == p->batch_written ||
            tail_find_pos(&p->tail, p->durable_bytes_total, first));
}

static void add_member(struct group_sync *g, struct partition *p, size_t first)
{
    const struct segment *s = partition_active(p);
    size_t len = (size_t)(p->bytes_total - p->durable_bytes_total);
    struct journal_entry entry = {
        .id = bytes_of_string(p->id),
        .dir = bytes_of_string(p->dir),
        .segment_base = s->base_offset,
        .pos = s->bytes - len,
        .leader_epoch = p->leader_epoch,
        .bytes = bytes_of(NULL, len),
    };
    ASSERT(s->bytes >= len);
    journal_round_add(&g->write.image, &entry);
    for (size_t i = first; i < p->tail.count - p->tail.waiting; i++)
        buf_append_bytes(&g->write.image, buf_bytes(&tail_at(&p->tail, i)->buf));
    if (g->member_count == g->member_cap) {
        g->member_cap = g->member_cap == 0 ? 16 : g->member_cap * 2;
        g->members = mem_realloc(g->members, g->member_cap * sizeof(struct partition *));
    }
    g->members[g->member_count++] = p;
    work_start_journal(p);
}

static struct partition *take_first(struct list *list)
{
    struct partition *p = CONTAINER_OF(list->next, struct partition, sync_link);
    group_sync_forget(p);
    return p;
}

static void put_back(struct group_sync *g, struct partition *p)
{
    list_push_back(&g->waiting, &p->sync_link);
    g->waiting_count++;
}

/* What came since they began to wait is written, and goes with it. */
static void write_gathered(struct storage *st)
{
    struct group_sync *g = &st->group;
    struct list before;
    list_init(&before);
    list_splice_back(&before, &g->waiting);
    while (!list_empty(&before)) {
        struct partition *p = take_first(&before);
        if (partition_dirty(p))
            partition_commit(p); /* comes here again by itself */
        else
            put_back(g, p);
    }
}

static void sync_alone(struct partition *p)
{
    p->sync_alone = true;
    if (partition_dirty(p))
        partition_commit(p);
    else
        partition_advance(p);
}

static void form_round(struct storage *st)
{
    struct group_sync *g = &st->group;
    g->forming = true;
    write_gathered(st);
    journal_round_begin(&g->write.image);
    while (!list_empty(&g->waiting) && g->write.image.len < ROUND_BYTES_MAX) {
        struct partition *p = take_first(&g->waiting);
        size_t first;
        if (fits(p, &first))
            add_member(g, p, first);
        else
            sync_alone(p);
    }
    g->forming = false;
    if (g->member_count > 0)
        start_write(st);
}

/* Syncs logs, few at a time, of partitions that nothing else happens to. */
static void settle_some(struct storage *st)
{
    struct group_sync *g = &st->group;
    unsigned most = waits_for_logs(st) ? ALONE_MAX : SETTLE_MAX; /* then before those that wait */
    for (int n = 0; n < SETTLE_LOOKS && g->alone < most && !list_empty(&g->settling); n++) {
        struct list *first = g->settling.next;
        struct partition *p = CONTAINER_OF(first, struct partition, settle_link);
        list_remove(first);
        if (p->work.kind == WORK_NONE) {
            group_sync_forget(p);
            sync_alone(p);
        } else {
            list_push_back(&g->settling, first);
        }
    }
}

/* --- whose turn it is --------------------------------------------------------------------------- */

void group_sync_go_on(struct storage *st)
{
    struct group_sync *g = &st->group;
    if (g->forming)
        return;
    settle_some(st);
    if (g->write.under_way)
        return;
    if (g->waiting_count >= st->options.journal_group_min && may_write(st))
        form_round(st);
    while (!g->write.under_way && !list_empty(&g->waiting) && g->alone < ALONE_MAX)
        sync_alone(take_first(&g->waiting));
}

void group_sync_add(struct partition *p)
{
    struct group_sync *g = &p->st->group;
    size_t first;
    if (!g->ready || (!g->forming && !fits(p, &first))) {
        work_start_sync(p);
        return;
    }
    put_back(g, p); /* storage_sync or the end of a job goes on */
}

bool group_sync_gathers(struct partition *p)
{
    struct group_sync *g = &p->st->group;
    size_t first;
    if (!g->write.under_way || p->work.kind != WORK_NONE || p->sync_alone || !p->created ||
        !fits(p, &first))
        return false;
    put_back(g, p);
    return true;
}

bool group_sync_waits(const struct partition *p)
{
    return !list_empty(&p->sync_link);
}

void group_sync_forget(struct partition *p)
{
    if (list_empty(&p->sync_link))
        return;
    list_remove(&p->sync_link);
    ASSERT(p->st->group.waiting_count > 0);
    p->st->group.waiting_count--;
}

void group_sync_alone_over(struct storage *st)
{
    ASSERT(st->group.alone > 0);
    st->group.alone--;
    group_sync_go_on(st);
}

void group_sync_journaled(struct partition *p)
{
    if (!list_empty(&p->unsynced_link))
        return;
    p->journal_file = p->st->group.file_first;
    list_push_back(&p->st->group.unsynced, &p->unsynced_link);
}

void group_sync_settle(struct partition *p)
{
    if (list_empty(&p->settle_link))
        list_push_back(&p->st->group.settling, &p->settle_link);
}

void group_sync_log_synced(struct partition *p)
{
    list_remove(&p->unsynced_link);
    list_remove(&p->settle_link);
    remove_unneeded(p->st);
}

void group_sync_leave(struct partition *p)
{
    group_sync_forget(p);
    if (!list_empty(&p->unsynced_link) && !p->deleted)
        p->st->group.kept = true;
    list_remove(&p->unsynced_link);
    list_remove(&p->settle_link);
}
